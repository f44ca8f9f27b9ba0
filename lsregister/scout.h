// SPDX-License-Identifier: Apache-2.0
// How far lookup servers are: the time that a connection to each takes.
#pragma once
#include "loop/ps_loop.h"
#include "lsregister/choice.h"

#define SCOUT_PATIENCE (5500 * PS_MSEC)

struct scout;
// Called once, when the last one has answered or nobody waits any more: the list with rtt filled in, good during the
// call.
typedef void (*scout_cb)(void *ctx, const struct choice_list *list);
// Connects to each server of the list, which is copied. family: AF_UNSPEC, AF_INET, AF_INET6. 0 or -ENOMEM.
int scout_start(struct ps_loop *l, const struct choice_list *list, int family, scout_cb cb, void *ctx,
                struct scout **out);
void scout_cancel(struct scout *s); // cb is not called; NULL is fine
