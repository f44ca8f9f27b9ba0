// SPDX-License-Identifier: Apache-2.0
// One end of the relay: a TUN device in a network namespace, and a tap on it. The kernel stamps
// each packet at the tap as it enters the device, so that how soon the relay is woken to read it is
// no part of its true times.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/ps_time.h"

#define DOOR_DEVICE "path0"

struct door {
    int tun, tap;
    uint64_t unstamped; // packets whose stamp was not found: the time of reading stands for it
};

// Opens the device in the namespace that `ip netns add` made. 0 or -errno; *what then says which
// step failed.
int door_open(struct door *d, const char *netns, const char **what);
void door_close(struct door *d);
// The next packet that left the namespace, and when it entered the device. Its length, 0 when there
// is none, or -errno.
int door_read(struct door *d, uint8_t *data, size_t cap, ps_ns *entry);
// 0 or -errno.
int door_write(struct door *d, const uint8_t *data, size_t n);
ps_ns door_now(void);
