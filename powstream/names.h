// SPDX-License-Identifier: Apache-2.0
// Host names to addresses for many streams: one look-up for all who ask for the same name at a time, and
// its answer kept for a minute, so that a resolver that hangs holds up only who needs it.
#pragma once
#include "loop/ps_loop.h"

struct names;
struct name_query;
// Good during the call. err: n is 0 and `why` tells.
typedef void (*name_cb)(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n);

int names_new(struct names **out, struct ps_loop *loop);
void names_free(struct names *n); // NULL is fine; queries are forgotten
// Always answers later, from the loop. -ENOMEM.
int names_find(struct names *n, const char *host, uint16_t port, int family, name_cb cb, void *ctx,
               struct name_query **out);
// The name of an address, or the address as text until its name is known. Good as long as the names are.
const char *names_of(struct names *n, const struct ps_addr *addr);
void names_cancel(struct name_query *q); // NULL is fine; not after it was answered
