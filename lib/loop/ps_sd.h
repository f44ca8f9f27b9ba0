// SPDX-License-Identifier: Apache-2.0
// systemd's readiness protocol: one datagram to $NOTIFY_SOCKET; nothing where it is unset.
#pragma once

// "READY=1", "RELOADING=1\nMONOTONIC_USEC=...", "STOPPING=1", "STATUS=..." 0 or -errno.
int ps_sd_notify(const char *state);
