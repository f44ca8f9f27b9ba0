// SPDX-License-Identifier: Apache-2.0
// A request by HTTP, for which there is nothing else to do meanwhile.
#pragma once
#include "base/ps_time.h"
#include "http/ps_httpc.h"

struct fetched {
    int err; // as in ps_httpc_answer
    char why[512];
    int status;
    ps_ns took;           // until the answer was there
    ps_ns sent, came;     // of the clock on the wall
    char *body, *headers; // NUL behind; owned
    size_t len;
};

// 0, or an error for which there is no answer at all (-ENOMEM, ...), told in why.
int fetch(const struct ps_httpc_ask *ask, struct fetched *out);
void fetched_fini(struct fetched *f);
// "https://HOST[:PORT]/pscheduler" and path, of a host that may bring its port; brackets around IPv6.
int fetch_pscheduler_url(const char *host, const char *path, char *out, size_t size);
