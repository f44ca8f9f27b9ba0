// SPDX-License-Identifier: Apache-2.0
// The questions of limits url-fetch, by HTTP: 64 at a time, 16 of one server. Others wait for their turn, five seconds
// at most; the timeout of each begins when it is sent.
#pragma once
#include "base/ps_buf.h"
#include "http/ps_httpc.h"
#include "pslimits/witness.h"

struct fetch;

// http stays the caller's. 0 or -ENOMEM.
int fetch_new(struct ps_loop *l, struct ps_httpc *http, struct fetch **out);
// What is under way or waits gets no answer. After the client is freed, so that none can come. NULL is fine.
void fetch_free(struct fetch *f);
// Copies what it needs of ask. Of one that had no turn the answer is PS_ESTATE, of one too many PS_ELIMIT.
void fetch_ask(struct fetch *f, const struct lim_ask *ask, struct question *q);
// Appends url with params (an object of strings, numbers, true, false; or none) in its query, and a NUL. 0, -ENOMEM
// or PS_ELIMIT.
int fetch_url(const char *url, struct ps_jnode params, struct ps_buf *out);
