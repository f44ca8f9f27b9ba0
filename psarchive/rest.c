// SPDX-License-Identifier: Apache-2.0
#include "psarchive/rest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/ask.h"
#include "psarchive/door.h"

#define REGISTER_MAX ((size_t)1 << 20) // octets of a registration

static const char *const roots[] = {"/esmond/perfsonar/archive", "/perfsonar/archive"};

// --- routes

struct entry {
    unsigned methods;
    const char *behind; // the root
    ps_http_handler handler;
};

static const struct entry entries[] = {
    {PS_HTTP_GET, "", rest_list},
    {PS_HTTP_GET, ".json", rest_list},
    {PS_HTTP_POST, "", rest_register},
    {PS_HTTP_POST, ".json", rest_register},
    {PS_HTTP_GET, "/{key}", rest_one},
    {PS_HTTP_PUT, "/{key}", rest_bulk},
    {PS_HTTP_GET, "/{key}/{event}", rest_event_type},
    {PS_HTTP_POST, "/{key}/{event}", rest_ignored},
    {PS_HTTP_GET, "/{key}/{event}/base", rest_series},
    {PS_HTTP_POST, "/{key}/{event}/base", rest_single},
    {PS_HTTP_GET, "/{key}/{event}/base/0", rest_series},
    {PS_HTTP_POST, "/{key}/{event}/base/0", rest_single},
    {PS_HTTP_GET, "/{key}/{event}/{summary}", rest_summaries},
    {PS_HTTP_GET, "/{key}/{event}/{summary}/{window}", rest_series},
};

static int add(struct site *s, const char *root, const struct entry *e)
{
    bool reads = e->methods == PS_HTTP_GET;
    char pattern[128];
    struct ps_http_route r = {
        .methods = e->methods,
        .pattern = pattern,
        .handler = e->handler,
        .gate = reads ? door_read : door_write,
        .ctx = s,
        .body_max = reads ? 0 : (size_t)s->settings->body,
        .flags = reads ? PS_HTTP_ANY_ORIGIN | PS_HTTP_GZIP : 0,
    };

    snprintf(pattern, sizeof pattern, "%s%s", root, e->behind);
    if (e->handler == rest_register && r.body_max > REGISTER_MAX)
        r.body_max = REGISTER_MAX;
    return ps_httpd_route(s->httpd, &r);
}

int rest_routes(struct site *s)
{
    int err = 0;

    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
        for (size_t k = 0; !err && k < sizeof entries / sizeof entries[0]; k++)
            err = add(s, roots[i], &entries[k]);
    return err;
}

// --- what handlers share

int rest_place(const struct ps_http_req *req, struct rest_place *p)
{
    int err;

    ps_buf_init(&p->origin, 0);
    err = ps_http_origin(req, &p->origin);
    if (!err)
        err = ps_buf_append(&p->origin, "", 1);
    p->at.origin = err ? "" : (const char *)ps_buf_head(&p->origin);
    p->at.path = strncmp(ps_http_path(req), "/esmond/", 8) == 0 ? roots[0] : roots[1];
    return err;
}

void rest_place_fini(struct rest_place *p)
{
    ps_buf_fini(&p->origin);
}

struct meta *rest_meta(struct site *s, struct ps_http_req *req)
{
    static const char suffix[] = ".json";
    const char *arg = ps_http_arg(req, "key");
    char key[2 * ES_REG_KEY_LEN + sizeof suffix];
    struct meta *m = NULL;
    size_t len = strlen(arg);

    if (len < sizeof key) {
        memcpy(key, arg, len + 1);
        if (len > sizeof suffix - 1 && strcmp(key + len - (sizeof suffix - 1), suffix) == 0)
            key[len - (sizeof suffix - 1)] = '\0';
        m = catalog_find(s->catalog, key);
    }
    if (!m)
        ps_http_reply_error(req, 404, "There is no metadata of this key");
    return m;
}

int rest_event(const struct ps_http_req *req)
{
    int event = es_event_find(ps_http_arg(req, "event"));

    return event < 0 ? -1 : event;
}

bool rest_refuses_format(struct ps_http_req *req)
{
    if (ask_format_known(ps_http_query(req)))
        return false;
    ps_http_reply_error(req, 404,
                        "This archive answers in JSON (format=json), series also as CSV (format=csv)");
    return true;
}

void rest_no_memory(struct ps_http_req *req)
{
    ps_http_add(req, "Retry-After", "10");
    ps_http_reply_error(req, 503, "The archive is out of memory");
}

void rest_reply(struct ps_http_req *req, int status, struct jtext *j)
{
    if (j->err)
        rest_no_memory(req);
    else
        ps_http_reply(req, status, REST_JSON, ps_buf_head(j->out), ps_buf_len(j->out));
}

// --- one meta, and what it has

// Writes one thing about the meta that the path names.
typedef void rest_write(struct jtext *j, const struct meta *m, const struct ps_http_req *req,
                        const struct answer_place *at);

static void answer_about(struct site *s, struct ps_http_req *req, rest_write *write)
{
    struct meta *m = rest_refuses_format(req) ? NULL : rest_meta(s, req);
    struct rest_place place;
    struct ps_buf buf;
    struct jtext j = {.out = &buf};

    if (!m)
        return;
    ps_buf_init(&buf, 0);
    j.err = rest_place(req, &place);
    write(&j, m, req, &place.at);
    rest_reply(req, 200, &j);
    rest_place_fini(&place);
    ps_buf_fini(&buf);
    meta_unref(m);
}

static void write_one(struct jtext *j, const struct meta *m, const struct ps_http_req *req,
                      const struct answer_place *at)
{
    (void)req;
    answer_meta(j, m, at, NULL, NULL);
}

void rest_one(void *site, struct ps_http_req *req)
{
    answer_about(site, req, write_one);
}

static void write_event(struct jtext *j, const struct meta *m, const struct ps_http_req *req,
                        const struct answer_place *at)
{
    int event = rest_event(req);

    jtext_put(j, "[");
    if (event >= 0 && meta_has_event(m, event))
        answer_event(j, m, event, at);
    jtext_put(j, "]");
}

void rest_event_type(void *site, struct ps_http_req *req)
{
    answer_about(site, req, write_event);
}

static void write_summaries(struct jtext *j, const struct meta *m, const struct ps_http_req *req,
                            const struct answer_place *at)
{
    enum es_summary_type type = ES_SUMMARY_BASE;

    (void)es_summary_find(ps_http_arg(req, "summary"), true, &type); // known by now
    answer_summaries(j, m, rest_event(req), type, at);
}

void rest_summaries(void *site, struct ps_http_req *req)
{
    enum es_summary_type type;

    if (es_summary_find(ps_http_arg(req, "summary"), true, &type))
        ps_http_reply_error(req, 404, "There are base, aggregations, averages and statistics");
    else if (rest_event(req) < 0)
        ps_http_reply_error(req, 404, "There is no such event type");
    else
        answer_about(site, req, write_summaries);
}
