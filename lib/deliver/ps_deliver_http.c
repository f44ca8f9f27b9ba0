// SPDX-License-Identifier: Apache-2.0
// The archiver "http".
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "deliver/ps_deliver_web.h"

#define SCHEMA 4
#define HEADERS_MAX 64
#define HEADER_MAX 8192 // octets of a line
#define TIMEOUT (30 * PS_SEC)
#define TIMEOUT_MAX (86400 * PS_SEC)

struct target {
    struct ps_deliver_web web;
    const char *method;
    ps_ns timeout;
    char *headers[HEADERS_MAX + 1];
    size_t nheaders;
};

struct post {
    struct ps_deliver_call *call;
    const struct target *target;
    struct ps_httpc_call *request;
};

// --- data

static void drop(void *target)
{
    struct target *t = target;

    for (size_t i = 0; i < t->nheaders; i++)
        free(t->headers[i]);
    ps_deliver_web_drop(&t->web);
}

static bool is_token(const char *text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    size_t n = 0;

    for (; text[n]; n++)
        if (!(text[n] >= 'a' && text[n] <= 'z') && !(text[n] >= 'A' && text[n] <= 'Z') &&
            !(text[n] >= '0' && text[n] <= '9') && !strchr(others, text[n]))
            return false;
    return n > 0;
}

// The value as text: strings, and numbers and truth values as they are written.
static const char *value_of(struct ps_jnode n, char out[64])
{
    enum ps_jtype type = ps_jnode_type(n);
    const char *text, *raw;
    size_t len;

    if (type == PS_JTYPE_NULL)
        return "";
    if (type == PS_JTYPE_STRING)
        return ps_jnode_str(n, 0, HEADER_MAX, &text, NULL) ? NULL : text;
    raw = ps_jnode_raw(n, &len);
    if ((type != PS_JTYPE_NUMBER && type != PS_JTYPE_BOOL) || len >= 64)
        return NULL;
    memcpy(out, raw, len);
    out[len] = '\0';
    return out;
}

static int add_header(struct target *t, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 3;
    char *line = malloc(size);

    if (!line)
        return -ENOMEM;
    snprintf(line, size, *value ? "%s: %s" : "%s:", name, value);
    t->headers[t->nheaders++] = line;
    return 0;
}

static void read_header(struct ps_jget *g, struct ps_jnode n, struct target *t)
{
    char number[64];
    const char *name = ps_jnode_key(n), *value = value_of(n, number);

    if (t->nheaders == HEADERS_MAX)
        ps_deliver_web_fail(g, "_headers", PS_ELIMIT, "at most 64 headers");
    else if (!is_token(name) || strlen(name) > 256)
        ps_deliver_web_fail(g, "_headers", PS_EMALFORMED, "names of headers without blanks and colons");
    else if (!value || !ps_deliver_web_printable(value))
        ps_deliver_web_fail(g, "_headers", PS_EMALFORMED, "strings of at most 8192 octets in one line each");
    else if (add_header(t, name, value))
        ps_deliver_web_fail(g, "_headers", -ENOMEM, "more memory than there is");
}

static void read_headers(struct ps_jget *g, struct target *t)
{
    struct ps_jnode list = ps_jget_object(g, "_headers");
    bool typed = false;

    for (struct ps_jnode n = ps_jnode_first(list); !g->err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        typed = typed || strcasecmp(ps_jnode_key(n), "Content-Type") == 0;
        read_header(g, n, t);
    }
    if (!g->err && !typed && add_header(t, "Content-Type", "application/json"))
        ps_deliver_web_fail(g, NULL, -ENOMEM, "more memory than there is");
}

static int read_data(struct ps_jget *g, void *target, struct ps_deliver_retry *retry)
{
    static const char *const ops[] = {"post", "put"}, *const methods[] = {"POST", "PUT"};
    static const char *const secret[] = {"_url", "_headers"};
    struct target *t = target;
    unsigned schema = ps_deliver_schema(g, SCHEMA);

    ps_deliver_since(g, "_headers", schema, 2);
    ps_deliver_since(g, "verify-ssl", schema, 3);
    ps_deliver_since(g, "timeout", schema, 4);
    ps_deliver_web_url(g, "_url", &t->web);
    t->method = methods[ps_jget_word(g, "op", ops, 2, 0)];
    read_headers(g, t);
    ps_deliver_web_ways(g, &t->web);
    t->timeout = ps_deliver_duration(g, "timeout", PS_MSEC, TIMEOUT_MAX, TIMEOUT);
    ps_deliver_retry_policy(g, retry);
    return ps_deliver_data_end(g, secret, 2);
}

// --- sending

static void answered(void *ctx, const struct ps_httpc_answer *a)
{
    struct post *p = ctx;
    struct ps_deliver_call *call = p->call;
    char words[PS_DELIVER_WEB_WORDS];

    if (ps_deliver_web_good(a))
        ps_deliver_done(call);
    else
        ps_deliver_failed(call, ps_deliver_web_wait(a), "%s%s", p->target->web.label,
                          ps_deliver_web_words(a, words));
    free(p);
}

static int send_post(void *state, void *target, struct ps_deliver_call *call,
                     const struct ps_deliver_job *job, void **own, struct ps_fault *fault)
{
    const struct target *t = target;
    struct post *p = calloc(1, sizeof *p);
    const struct ps_httpc_ask ask = {
        .method = t->method,
        .url = t->web.url,
        .headers = (const char *const *)t->headers,
        .nheaders = t->nheaders,
        .body = job->doc,
        .body_len = job->len,
        .timeout = t->timeout,
        .answer_max = PS_DELIVER_ANSWER_MAX,
        .insecure = t->web.insecure,
        .bind = t->web.bind,
    };
    int err;

    if (!p) {
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    p->call = call;
    p->target = t;
    err = ps_httpc_ask(state, &ask, answered, p, &p->request);
    if (err) {
        ps_fault_set(fault, NULL, 0, "%s: %s", t->web.label, ps_strerror(err));
        free(p);
        return err;
    }
    *own = p;
    return 0;
}

static void cancel(void *own)
{
    struct post *p = own;

    ps_httpc_cancel(p->request);
    free(p);
}

const struct ps_deliver_kind ps_deliver_http = {
    .name = "http",
    .target_size = sizeof(struct target),
    .read = read_data,
    .drop = drop,
    .open = ps_deliver_web_open,
    .close = ps_deliver_web_close,
    .send = send_post,
    .cancel = cancel,
};
