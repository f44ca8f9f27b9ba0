// SPDX-License-Identifier: Apache-2.0
#include "pslimits/fetch.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "http/ps_url.h"

#define HEADERS_MAX 64
#define ANSWER_MAX ((size_t)1 << 20)
#define REDIRECTS 10

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

static void came(void *ctx, const struct ps_httpc_answer *h)
{
    struct lim_answer a = {.err = h->err, .why = h->why, .text = h->body, .len = h->len, .status = h->status};
    question_answer(ctx, &a);
}

static int send_request(struct ps_httpc *http, const struct lim_ask *ask, const char *url, struct question *q)
{
    char *lines[HEADERS_MAX];
    size_t n = make_headers(ask->headers, lines);
    struct ps_httpc_ask what = {
        .method = "GET",
        .url = url,
        .headers = (const char *const *)lines,
        .nheaders = n,
        .timeout = ask->timeout,
        .answer_max = ANSWER_MAX,
        .redirects = ask->fetch->follow ? REDIRECTS : 0,
        .insecure = !ask->fetch->verify,
        .bind = ask->fetch->bind[0] ? ask->fetch->bind : NULL,
        .proxy = PS_HTTPC_ENV_PROXY,
    };
    int err = ps_httpc_ask(http, &what, came, q, NULL);
    for (size_t i = 0; i < n; i++)
        free(lines[i]);
    return err;
}

void fetch_ask(struct ps_httpc *http, const struct lim_ask *ask, struct question *q)
{
    struct ps_buf url;
    ps_buf_init(&url, PS_URL_MAX);
    int err = fetch_url(ask->url, ask->params, &url);
    if (!err)
        err = send_request(http, ask, (const char *)ps_buf_head(&url), q);
    ps_buf_fini(&url);
    if (err)
        question_fail(q, err, ps_strerror(err));
}
