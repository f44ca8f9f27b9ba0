// SPDX-License-Identifier: Apache-2.0
#include "psarchive/remote.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_list.h"
#include "base/ps_num.h"
#include "base/ps_rand.h"
#include "http/ps_httpc.h"
#include "http/ps_url.h"

#define ANSWER_MAX ((size_t)256 << 20)
#define FIRST_WAIT (250 * PS_MSEC)
#define LAST_WAIT (60 * PS_SEC)

struct remote {
    struct ps_loop *loop;
    struct ps_httpc *http;
    struct remote_conf conf;
    struct ps_url url;
    char *auth; // a header; NULL: none
    struct ps_list asks;
    struct ps_rand rand;
    struct remote_stats stats;
};

struct ask {
    struct ps_list link;
    struct remote *r;
    char *url, *name; // name: without a password
    struct ps_timer *timer;
    struct ps_httpc_call *call;
    ps_ns failed; // the first time; 0: never
    ps_ns wait;
    remote_cb cb;
    void *ctx;
};

// --- life

static int set_auth(struct remote *r)
{
    size_t size = r->conf.token != NULL ? strlen(r->conf.token) + 32 : 0;
    if (size == 0)
        return 0;
    r->auth = malloc(size);
    if (r->auth == NULL)
        return -ENOMEM;
    snprintf(r->auth, size, "Authorization: Token %s", r->conf.token);
    return 0;
}

// A list's URL ends in "/", so that references are below it.
static int set_url(struct remote *r, struct ps_fault *fault)
{
    struct ps_buf b;
    const char *text = r->conf.url;
    size_t len = strcspn(text, "?#");
    ps_buf_init(&b, PS_URL_MAX);
    int err = ps_buf_append(&b, text, len);
    if (err == 0 && len > 0 && text[len - 1] != '/')
        err = ps_buf_append(&b, "/", 1);
    if (err == 0)
        err = ps_url_parse(&r->url, (const char *)ps_buf_head(&b), ps_buf_len(&b));
    ps_buf_fini(&b);
    if (err == 0 && strcmp(r->url.scheme, "http") != 0 && strcmp(r->url.scheme, "https") != 0)
        err = PS_EUNSUPPORTED;
    if (err != 0)
        ps_fault_set(fault, NULL, 0,
                     "wants a URL of http or https, as in https://host/esmond/perfsonar/archive");
    return err;
}

int remote_new(struct remote **out, struct ps_loop *l, const struct remote_conf *conf, struct ps_fault *fault)
{
    struct remote *r = calloc(1, sizeof *r);
    uint64_t seed = 0;
    if (r == NULL)
        return -ENOMEM;
    r->loop = l;
    r->conf = *conf;
    ps_list_init(&r->asks);
    (void)ps_rand_bytes(&seed, sizeof seed);
    ps_rand_seed(&r->rand, seed);
    const struct ps_httpc_conf http = {conf->connections, conf->connections, "psarchive"};
    int err = set_url(r, fault);
    if (err == 0 && ((err = set_auth(r)) != 0 || (err = ps_httpc_new(l, &http, &r->http)) != 0))
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(err));
    if (err != 0)
        remote_free(r);
    else
        *out = r;
    return err;
}

static void free_ask(struct ask *a)
{
    ps_list_remove(&a->link);
    ps_httpc_cancel(a->call);
    ps_timer_free(a->timer);
    free(a->url);
    free(a->name);
    free(a);
}

void remote_free(struct remote *r)
{
    if (r == NULL)
        return;
    PS_LIST_EACH_SAFE(it, &r->asks)
        free_ask(PS_CONTAINER(it, struct ask, link));
    ps_httpc_free(r->http);
    ps_url_fini(&r->url);
    free(r->auth);
    free(r);
}

void remote_look(const struct remote *r, struct remote_stats *out)
{
    *out = r->stats;
}

// --- asking

static void tell(struct ask *a, const struct remote_answer *answer)
{
    remote_cb cb = a->cb;
    void *ctx = a->ctx;
    a->call = NULL;
    free_ask(a);
    cb(ctx, answer);
}

// A quarter of a second, half of one, one, two ... and up to half as much more, so that many do not come back together.
static void fail(struct ask *a, ps_ns wait, const char *why)
{
    struct remote *r = a->r;
    ps_ns now = ps_loop_mono();
    r->stats.failures++;
    a->call = NULL;
    if (a->failed == 0)
        a->failed = now;
    a->wait = a->wait == 0 ? FIRST_WAIT : a->wait < LAST_WAIT / 2 ? 2 * a->wait : LAST_WAIT;
    ps_ns next = a->wait + (ps_ns)(ps_rand_double(&r->rand) * (double)a->wait / 2);
    next = next < wait ? wait : next;
    if (now + next - a->failed > r->conf.patience)
        tell(a, &(struct remote_answer){.why = why});
    else
        ps_timer_start(a->timer, next);
}

static ps_ns retry_after(const struct ps_httpc_answer *a)
{
    char text[32];
    uint64_t s;
    if (ps_httpc_header(a, "Retry-After", text, sizeof text) == NULL ||
        ps_num_u64(text, 10, 0, 3600, &s) != 0)
        return 0;
    return (ps_ns)s * PS_SEC;
}

static void take_document(struct ask *a, const struct ps_httpc_answer *answer)
{
    char why[800];
    struct ps_fault fault = {""};
    struct ps_jdoc *doc = NULL;
    int err = ps_jdoc_parse_foreign(&doc, NULL, answer->body, answer->len, &fault);
    if (err == 0)
        err = ps_jnode_want(ps_jdoc_root(doc), PS_JTYPE_ARRAY, &fault);
    if (err != 0) {
        snprintf(why, sizeof why, "%s: is no answer of an archive: %s", a->name, fault.text);
        fail(a, 0, why);
    } else
        tell(a, &(struct remote_answer){.root = ps_jdoc_root(doc)});
    ps_jdoc_free(doc);
}

static void answered(void *ctx, const struct ps_httpc_answer *answer)
{
    struct ask *a = ctx;
    char why[800];
    int status = answer->status;
    if (answer->err != 0) {
        fail(a, 0, answer->why);
        return;
    }
    if (status == 200) {
        take_document(a, answer);
        return;
    }
    snprintf(why, sizeof why, "%s: %d: %.200s", a->name, status, answer->body);
    if (status >= 500 || status == 408 || status == 429)
        fail(a, retry_after(answer), why);
    else
        tell(a, &(struct remote_answer){.missing = status == 404, .why = why});
}

static void ask_again(void *ctx)
{
    struct ask *a = ctx;
    struct remote *r = a->r;
    const char *headers[] = {"Accept: application/json", r->auth};
    const struct ps_httpc_ask ask = {
        .method = "GET",
        .url = a->url,
        .headers = headers,
        .nheaders = r->auth != NULL ? 2 : 1,
        .timeout = r->conf.timeout,
        .answer_max = ANSWER_MAX,
        .insecure = r->conf.insecure,
        .ca_file = r->conf.ca_file,
        .bind = r->conf.bind,
    };
    r->stats.requests++;
    int err = ps_httpc_ask(r->http, &ask, answered, a, &a->call);
    if (err != 0)
        tell(a, &(struct remote_answer){.why = ps_strerror(err)});
}

static int copy_text(struct ps_buf *b, char **out)
{
    int err = ps_buf_append(b, "", 1);
    *out = err == 0 ? strdup((const char *)ps_buf_head(b)) : NULL;
    ps_buf_clear(b);
    return err == 0 && *out == NULL ? -ENOMEM : err;
}

static bool is_ours(const struct remote *r, const struct ps_url *u)
{
    return strcmp(u->host, r->url.host) == 0 && strcmp(u->scheme, r->url.scheme) == 0 &&
           ps_url_port(u) == ps_url_port(&r->url);
}

// Another host's URL is not asked.
static int set_place(struct ask *a, const char *ref)
{
    struct ps_buf b;
    struct ps_url u;
    ps_buf_init(&b, PS_URL_MAX);
    int err = ps_url_join(&a->r->url, ref, &b);
    if (err == 0)
        err = ps_url_parse(&u, (const char *)ps_buf_head(&b), ps_buf_len(&b));
    if (err == 0) {
        err = is_ours(a->r, &u) ? copy_text(&b, &a->url) : PS_EREFUSED;
        if (err == 0)
            err = ps_url_format(&u, true, &b);
        if (err == 0)
            err = copy_text(&b, &a->name);
        ps_url_fini(&u);
    }
    ps_buf_fini(&b);
    return err;
}

int remote_get(struct remote *r, const char *ref, remote_cb cb, void *ctx)
{
    struct ask *a = calloc(1, sizeof *a);
    if (a == NULL)
        return -ENOMEM;
    a->r = r;
    a->cb = cb;
    a->ctx = ctx;
    ps_list_append(&r->asks, &a->link);
    int err = set_place(a, ref);
    if (err == 0)
        err = ps_timer_new(r->loop, &a->timer, ask_again, a);
    if (err != 0)
        free_ask(a);
    else
        ps_timer_start(a->timer, 0);
    return err;
}
