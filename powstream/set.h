// SPDX-License-Identifier: Apache-2.0
// The streams of a process.
#pragma once
#include "powstream/stream.h"

struct set;
// finished(ctx) is called when the last stream of a set that is to be finished has ended.
int set_new(struct set **out, const struct stream_env *env, void *ctx, void (*finished)(void *ctx));
void set_free(struct set *s); // NULL is fine
// Begins a stream. PS_EDUPLICATE for a name that is there already; errors have their fault told.
int set_add(struct set *s, const struct stream_conf *conf, struct ps_fault *fault);
// Ends one: its results so far are given. PS_ENOTFOUND.
int set_remove(struct set *s, const char *name);
// Makes the streams those n: ends who is not among them or differs, begins who is new or differs, leaves the
// others alone. Returns how many could not be begun; each is told on the log, and set_retry tries it again.
size_t set_replace(struct set *s, const struct stream_conf *confs, size_t n);
void set_retry(struct set *s);
void set_reset(struct set *s);
// Ends all; `finished` follows.
void set_finish(struct set *s);
// While they end: without waiting for servers any more.
void set_abandon(struct set *s);
void set_clock_set(struct set *s, ps_ntp last_good, ps_ntp before, ps_ntp after);
size_t set_count(const struct set *s, size_t *measuring);
// Each stream as an object in an open array: configuration and figures.
void set_list(const struct set *s, struct ps_json *j);
void set_sum(const struct set *s, struct output_counts *sum);
