// SPDX-License-Identifier: Apache-2.0
// The question of a limit url-fetch, by HTTP.
#pragma once
#include "base/ps_buf.h"
#include "http/ps_httpc.h"
#include "pslimits/witness.h"

void fetch_ask(struct ps_httpc *http, const struct lim_ask *ask, struct question *q);
// Appends url with params (an object of strings, numbers, true, false; or none) in its query, and a NUL. 0, -ENOMEM
// or PS_ELIMIT.
int fetch_url(const char *url, struct ps_jnode params, struct ps_buf *out);
