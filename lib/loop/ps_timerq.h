// SPDX-License-Identifier: Apache-2.0
// Send times: one heap of CLOCK_REALTIME instants and one timer descriptor that becomes readable
// when the first is due, or when somebody sets the clock.
#pragma once
#include "base/ps_heap.h"
#include "base/ps_time.h"

struct ps_timerq {
    struct ps_heap heap;
    int fd;
    ps_ns armed; // what the timer stands at; 0: off, -1: must be set anew
};

// 0 or -errno. On failure fini is not needed.
int ps_timerq_init(struct ps_timerq *q);
void ps_timerq_fini(struct ps_timerq *q);
// Enters or moves. 0 or -ENOMEM (only on entering).
int ps_timerq_set(struct ps_timerq *q, struct ps_heap_node *n, ps_ns when);
void ps_timerq_remove(struct ps_timerq *q, struct ps_heap_node *n);
// The first that is due at now, or NULL.
struct ps_heap_node *ps_timerq_due(const struct ps_timerq *q, ps_ns now);
// The descriptor was readable. It stays so until ps_timerq_arm.
void ps_timerq_fired(struct ps_timerq *q);
// Sets the timer for `lead` before the first instant, but not before not_before.
void ps_timerq_arm(struct ps_timerq *q, ps_ns not_before, ps_ns lead);
