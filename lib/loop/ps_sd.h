// SPDX-License-Identifier: Apache-2.0
// systemd's readiness protocol: one datagram to $NOTIFY_SOCKET; nothing where it is unset.
#pragma once

// "READY=1", "RELOADING=1\nMONOTONIC_USEC=...", "STOPPING=1", "STATUS=..." 0 or -errno.
int ps_sd_notify(const char *state);
// The configuration is being read anew, as Type=notify-reload wants to be told; READY=1 is to follow.
void ps_sd_reloading(void);
