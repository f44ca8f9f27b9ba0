// SPDX-License-Identifier: Apache-2.0
// What is wrong with the daemon itself, as its status tells: its state, the limits, the certificate. What begins and
// ends is logged once.
#pragma once
#include "psched/site.h"

struct health;

// Where there are limits they are asked now and then how they are, so that it is known before a task is.
int health_new(struct health **out, struct site *s);
void health_free(struct health *h); // NULL is fine
// The limits gave no answer, and why; NULL: they did. NULL for h is fine.
void health_limits(struct health *h, const char *why);
// The certificate that is in use.
void health_certificate(struct health *h, const char *file, ps_ns until);
// All that is wrong, in one line; "": nothing.
void health_words(const struct site *s, char *out, size_t size);
