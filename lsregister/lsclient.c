// SPDX-License-Identifier: Apache-2.0
#include "lsregister/lsclient.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"

#define DATE_MAX INT64_C(7258118400)   // 2200
#define ANSWER_MAX ((size_t)256 << 20) // all there is on a large server

struct lsclient_call {
    enum lswire_verb verb;
    lsclient_cb cb;
    void *ctx;
    struct ps_httpc_call *http;
};

// RFC 9110, 5.6.7; the two older forms are not told from none.
static ps_ns date_of(const struct ps_httpc_answer *a)
{
    char text[64];
    struct tm tm = {0};
    if (!ps_httpc_header(a, "Date", text, sizeof text) || !strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm))
        return 0;
    time_t t = timegm(&tm);
    return t > 0 && t < DATE_MAX ? (ps_ns)t * PS_SEC : 0;
}

static void came(void *ctx, const struct ps_httpc_answer *a)
{
    struct lsclient_call *call = ctx;
    struct lswire_reply reply;
    int err = 0;
    if (a->err)
        lswire_none(a->err != PS_EREFUSED && a->err != PS_ERESOLVE && a->err != PS_EAUTH &&
                        a->err != PS_ESYNTAX && a->err != PS_EUNSUPPORTED,
                    a->why, &reply);
    else
        err = lswire_read(call->verb, a->status, a->body, a->len, &reply);
    if (err) {
        lswire_reply_fini(&reply);
        lswire_none(true, ps_strerror(err), &reply);
    }
    reply.date = a->err ? 0 : date_of(a);
    call->cb(call->ctx, &reply);
    lswire_reply_fini(&reply);
    free(call);
}

static int send_it(const struct lsclient *c, const struct lswire_http *h, struct lsclient_call *call)
{
    char *token = NULL;
    bool secret = c->token && call->verb != LS_QUERY;
    if (secret && asprintf(&token, "Authorization: Bearer %s", c->token) < 0)
        return -ENOMEM;
    const char *const headers[] = {"Content-Type: application/json", "Accept: application/json", token};
    struct ps_httpc_ask ask = {
        .method = h->method,
        .url = (const char *)ps_buf_head(&h->url),
        .headers = headers,
        .nheaders = secret ? 3 : 2,
        .body = ps_buf_head(&h->body),
        .body_len = ps_buf_len(&h->body),
        .timeout = LSCLIENT_TIMEOUT,
        .answer_max = ANSWER_MAX,
        .ca_file = c->ca_file,
        .proxy = PS_HTTPC_ENV_PROXY,
        .ip_version = c->ip_version,
    };
    int err = ps_httpc_ask(c->http, &ask, came, call, &call->http);
    free(token);
    return err;
}

int lsclient_ask(const struct lsclient *c, const struct lswire_ask *ask, lsclient_cb cb, void *ctx,
                 struct lsclient_call **out)
{
    struct lswire_http h = {0};
    struct lsclient_call *call = calloc(1, sizeof *call);
    int err = call ? lswire_write(ask, &h) : -ENOMEM;
    if (!err) {
        *call = (struct lsclient_call){ask->verb, cb, ctx, NULL};
        err = send_it(c, &h, call);
    }
    lswire_http_fini(&h);
    if (err)
        free(call);
    else if (out)
        *out = call;
    return err;
}

void lsclient_cancel(struct lsclient_call *call)
{
    if (!call)
        return;
    ps_httpc_cancel(call->http);
    free(call);
}
