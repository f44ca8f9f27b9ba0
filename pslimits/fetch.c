// SPDX-License-Identifier: Apache-2.0
#include "pslimits/fetch.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_list.h"
#include "http/ps_url.h"

#define HEADERS_MAX 64
#define ANSWER_MAX ((size_t)1 << 20)
#define REDIRECTS 10
#define UNDER_WAY 64     // at most
#define OF_ONE_SERVER 16 // of these
#define WAITING 20000
#define WAIT (5 * PS_SEC)

// The client's own queue would count against a request's time, so that it gets no more than can be sent at once.
struct fetch {
    struct ps_httpc *http;
    struct ps_timer *tick;
    struct ps_list under_way, waiting;
    size_t nunder_way, nwaiting;
};

// One question, with copies of its own: who asked may be gone when its turn comes.
struct call {
    struct ps_list link;
    struct fetch *fetch;
    struct question *question;
    char *url, *bind, *headers[HEADERS_MAX];
    size_t nheaders, server; // server: octets of the URL that name it
    ps_ns timeout, since;
    bool follow, verify;
};

// A value as text: strings without quotes, others as they are written.
static const char *value_of(struct ps_jnode n, size_t *len)
{
    const char *s;
    if (ps_jnode_str(n, 0, SIZE_MAX, &s, NULL) != 0)
        return ps_jnode_raw(n, len);
    *len = strlen(s);
    return s;
}

// before: "", "?" or "&"
static int put_param(struct ps_buf *out, const char *before, struct ps_jnode n)
{
    const char *key = ps_jnode_key(n);
    size_t len;
    const char *value = value_of(n, &len);
    int err = ps_buf_append(out, before, strlen(before));
    if (!err)
        err = ps_url_escape(out, key, strlen(key));
    if (!err)
        err = ps_buf_append(out, "=", 1);
    return err ? err : ps_url_escape(out, value, len);
}

int fetch_url(const char *url, struct ps_jnode params, struct ps_buf *out)
{
    size_t base = strcspn(url, "#");
    const char *mark = memchr(url, '?', base);
    const char *before = !mark ? "?" : mark + 1 == url + base ? "" : "&";
    int err = ps_buf_append(out, url, base);
    for (struct ps_jnode n = ps_jnode_first(params); ps_jnode_there(n) && !err; n = ps_jnode_next(n)) {
        if (ps_jnode_key(n)[0] == '#')
            continue;
        err = put_param(out, before, n);
        before = "&";
    }
    return err ? err : ps_buf_append(out, "", 1);
}

static char *header_of(struct ps_jnode n)
{
    size_t len;
    const char *value = value_of(n, &len);
    char *line;
    return asprintf(&line, "%s: %.*s", ps_jnode_key(n), (int)len, value) < 0 ? NULL : line;
}

static size_t make_headers(struct ps_jnode object, char *lines[HEADERS_MAX])
{
    size_t n = 0;
    for (struct ps_jnode m = ps_jnode_first(object); ps_jnode_there(m) && n < HEADERS_MAX;
         m = ps_jnode_next(m))
        if (ps_jnode_key(m)[0] != '#' && (lines[n] = header_of(m)) != NULL)
            n++;
    return n;
}

static void call_free(struct call *c)
{
    for (size_t i = 0; i < c->nheaders; i++)
        free(c->headers[i]);
    free(c->url);
    free(c->bind);
    free(c);
}

static int call_new(struct fetch *f, const struct lim_ask *ask, struct question *q, struct call **out)
{
    struct call *c = calloc(1, sizeof *c);
    struct ps_buf url;
    if (!c)
        return -ENOMEM;
    *c = (struct call){.fetch = f,
                       .question = q,
                       .timeout = ask->timeout,
                       .follow = ask->fetch->follow,
                       .verify = ask->fetch->verify,
                       .since = ps_loop_mono()};
    c->nheaders = make_headers(ask->headers, c->headers);
    ps_buf_init(&url, PS_URL_MAX);
    int err = fetch_url(ask->url, ask->params, &url);
    c->url = err ? NULL : strdup((const char *)ps_buf_head(&url));
    ps_buf_fini(&url);
    c->bind = strdup(ask->fetch->bind);
    if (!err && (!c->url || !c->bind))
        err = -ENOMEM;
    if (err) {
        call_free(c);
        return err;
    }
    const char *host = strstr(c->url, "://");
    c->server = host ? (size_t)(host - c->url) + 3 + strcspn(host + 3, "/?#") : strlen(c->url);
    *out = c;
    return 0;
}

static void start_waiting(struct fetch *f);

static void came(void *ctx, const struct ps_httpc_answer *h)
{
    struct lim_answer a = {.err = h->err, .why = h->why, .text = h->body, .len = h->len, .status = h->status};
    struct call *c = ctx;
    struct fetch *f = c->fetch;
    struct question *q = c->question;
    ps_list_remove(&c->link);
    f->nunder_way--;
    call_free(c);
    start_waiting(f);
    question_answer(q, &a);
}

static int send_request(struct call *c)
{
    struct ps_httpc_ask what = {
        .method = "GET",
        .url = c->url,
        .headers = (const char *const *)c->headers,
        .nheaders = c->nheaders,
        .timeout = c->timeout,
        .answer_max = ANSWER_MAX,
        .redirects = c->follow ? REDIRECTS : 0,
        .insecure = !c->verify,
        .bind = c->bind[0] ? c->bind : NULL,
        .proxy = PS_HTTPC_ENV_PROXY,
    };
    return ps_httpc_ask(c->fetch->http, &what, came, c, NULL);
}

static void start(struct call *c)
{
    struct fetch *f = c->fetch;
    struct question *q = c->question;
    int err = send_request(c);
    if (err) {
        call_free(c);
        question_fail(q, err, ps_strerror(err));
        return;
    }
    ps_list_append(&f->under_way, &c->link);
    f->nunder_way++;
}

static bool may_start(const struct fetch *f, const struct call *c)
{
    size_t same = 0;
    PS_LIST_EACH(it, &f->under_way) {
        const struct call *other = PS_CONTAINER(it, struct call, link);
        same += other->server == c->server && strncmp(other->url, c->url, c->server) == 0;
    }
    return f->nunder_way < UNDER_WAY && same < OF_ONE_SERVER;
}

static struct call *next_waiting(const struct fetch *f)
{
    PS_LIST_EACH(it, &f->waiting) {
        struct call *c = PS_CONTAINER(it, struct call, link);
        if (may_start(f, c))
            return c;
    }
    return NULL;
}

static void leave_queue(struct call *c)
{
    ps_list_remove(&c->link);
    c->fetch->nwaiting--;
}

static void start_waiting(struct fetch *f)
{
    for (struct call *c; f->nunder_way < UNDER_WAY && (c = next_waiting(f));) {
        leave_queue(c);
        start(c);
    }
}

// The oldest first. An answer may lead to another question, which comes last.
static void ticked(void *ctx)
{
    struct fetch *f = ctx;
    ps_ns before = ps_loop_mono() - WAIT;
    while (!ps_list_empty(&f->waiting)) {
        struct call *c = PS_CONTAINER(f->waiting.next, struct call, link);
        struct question *q = c->question;
        if (c->since > before) {
            ps_timer_start(f->tick, c->since - before);
            break;
        }
        leave_queue(c);
        call_free(c);
        question_fail(q, PS_ESTATE, "it waited longer than 5 s for others to be answered");
    }
}

static int wait_for_turn(struct call *c)
{
    struct fetch *f = c->fetch;
    if (f->nwaiting == WAITING)
        return PS_ELIMIT;
    if (ps_list_empty(&f->waiting))
        ps_timer_start(f->tick, WAIT);
    ps_list_append(&f->waiting, &c->link);
    f->nwaiting++;
    return 0;
}

void fetch_ask(struct fetch *f, const struct lim_ask *ask, struct question *q)
{
    struct call *c;
    int err = call_new(f, ask, q, &c);
    if (!err && may_start(f, c)) {
        start(c);
        return;
    }
    if (!err && (err = wait_for_turn(c)) != 0)
        call_free(c);
    if (err)
        question_fail(q, err, err == PS_ELIMIT ? "too many questions wait to be sent" : ps_strerror(err));
}

int fetch_new(struct ps_loop *l, struct ps_httpc *http, struct fetch **out)
{
    struct fetch *f = calloc(1, sizeof *f);
    if (!f)
        return -ENOMEM;
    f->http = http;
    ps_list_init(&f->under_way);
    ps_list_init(&f->waiting);
    int err = ps_timer_new(l, &f->tick, ticked, f);
    if (err)
        free(f);
    else
        *out = f;
    return err;
}

void fetch_free(struct fetch *f)
{
    if (!f)
        return;
    PS_LIST_EACH_SAFE(it, &f->waiting)
        call_free(PS_CONTAINER(it, struct call, link));
    PS_LIST_EACH_SAFE(it, &f->under_way)
        call_free(PS_CONTAINER(it, struct call, link));
    ps_timer_free(f->tick);
    free(f);
}
