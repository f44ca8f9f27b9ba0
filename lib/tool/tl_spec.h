// SPDX-License-Identifier: Apache-2.0
// Reading the spec of a test that is known to be valid. What is of the wrong type counts as not there.
#pragma once
#include <stdbool.h>
#include "base/ps_out.h"
#include "base/ps_time.h"
#include "json/ps_jdoc.h"

bool tl_spec_has(struct ps_jnode spec, const char *key);
const char *tl_spec_str(struct ps_jnode spec, const char *key); // NULL: not there
bool tl_spec_flag(struct ps_jnode spec, const char *key, bool otherwise);
// false: not there, *out is left alone. Booleans are no numbers.
bool tl_spec_u64(struct ps_jnode spec, const char *key, uint64_t *out);
uint64_t tl_spec_count(struct ps_jnode spec, const char *key, uint64_t otherwise);
double tl_spec_double(struct ps_jnode spec, const char *key, double otherwise);
#define TL_SPEC_LONGEST (10 * 365 * 86400 * PS_SEC) // longer durations count as this
// An ISO 8601 duration; otherwise -1 or what the caller likes.
ps_ns tl_spec_duration(struct ps_jnode spec, const char *key, ps_ns otherwise);
// "4", "6" or 0 for "ip-version".
int tl_spec_family(struct ps_jnode spec);
// The end that the test goes to, and the one that it comes from (NULL: not told): "dest" and "source", or, where the
// test is flipped, the other way round.
const char *tl_spec_far(struct ps_jnode spec);
const char *tl_spec_near(struct ps_jnode spec);

// Whole seconds, rounded up.
ps_ns tl_round_up(ps_ns t);
// The member "test": its type and its specification.
struct tl_test;
void tl_put_test(struct ps_json *j, const struct tl_test *test);
// A member that is an ISO 8601 duration.
void tl_put_duration(struct ps_json *j, const char *key, ps_ns d);
// A member that is a number.
