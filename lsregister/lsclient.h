// SPDX-License-Identifier: Apache-2.0
// Requests to lookup servers over HTTP.
#pragma once
#include "http/ps_httpc.h"
#include "lsregister/lswire.h"

#define LSCLIENT_TIMEOUT (30 * PS_SEC)

struct lsclient {
    struct ps_httpc *http;
    int ip_version;      // 0: either
    const char *ca_file; // NULL: the system's
    const char *token;   // of what is registered, renewed and deleted; NULL: none
};

// The reply is good during the call. Who wants to keep it moves it out and leaves it empty.
typedef void (*lsclient_cb)(void *ctx, struct lswire_reply *reply);
struct lsclient_call;
// cb is called once, from the loop, unless it is cancelled before. 0 or -ENOMEM; out may be NULL.
int lsclient_ask(const struct lsclient *c, const struct lswire_ask *ask, lsclient_cb cb, void *ctx,
                 struct lsclient_call **out);
void lsclient_cancel(struct lsclient_call *call); // NULL is fine
