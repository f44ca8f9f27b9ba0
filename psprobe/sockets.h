// SPDX-License-Identifier: Apache-2.0
// What the tools with sockets of their own share.
#pragma once
#include "base/ps_addr.h"
#include "psprobe/probe.h"

// The addresses of "dest" and of "source" (len 0: not told), of one family. false: the answer says why not.
bool probe_ends(struct probe *p, int socktype, unsigned port, struct ps_addr *dest, struct ps_addr *source);
// Waits for events (POLLIN, POLLOUT) until a time of probe_mono. false: the time is over.
bool probe_wait(int fd, short events, ps_ns until);
