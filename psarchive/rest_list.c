// SPDX-License-Identifier: Apache-2.0
// GET ROOT: the list of metadata, streamed.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "http/ps_url.h"
#include "psarchive/ask.h"
#include "psarchive/rest.h"

#define BATCH 16

struct list {
    struct site *site;
    struct ps_http_req *req;
    struct ask ask;
    enum ask_end looking; // whose address is being looked up
    struct rest_place place;
    struct ps_buf previous, next; // URLs; empty: none
    struct answer_total total;
    struct search search;
    struct shapes shapes;
    size_t left;                     // to be written
    const struct meta *batch[BATCH]; // read and not written
    size_t nbatch, at;
    bool begun, later; // later: not the first any more
};

static void list_free(struct list *l)
{
    for (; l->at < l->nbatch; l->at++)
        meta_unref(l->batch[l->at]);
    rest_place_fini(&l->place);
    ps_buf_fini(&l->previous);
    ps_buf_fini(&l->next);
    shapes_fini(&l->shapes);
    free(l);
}

// --- links to the other pages

static int put_param(struct ps_buf *b, char before, const char *name, const char *value)
{
    int err = ps_buf_append(b, &before, 1);

    if (!err)
        err = ps_url_escape(b, name, strlen(name));
    if (!err)
        err = ps_buf_append(b, "=", 1);
    return err ? err : ps_url_escape(b, value, strlen(value));
}

static int put_page(struct list *l, struct ps_buf *b, size_t offset)
{
    const struct ps_query *q = ps_http_query(l->req);
    int err = ps_buf_printf(b, "%s%s/?limit=%zu&offset=%zu", l->place.at.origin, l->place.at.path,
                            l->ask.limit, offset);

    for (size_t i = 0; !err && i < q->n; i++)
        if (strcmp(q->params[i].name, "limit") != 0 && strcmp(q->params[i].name, "offset") != 0)
            err = put_param(b, '&', q->params[i].name, q->params[i].value);
    return err ? err : ps_buf_append(b, "", 1);
}

static int put_pages(struct list *l)
{
    size_t offset = l->ask.offset, limit = l->ask.limit;
    int err = 0;

    if (offset > 0)
        err = put_page(l, &l->previous, offset > limit ? offset - limit : 0);
    if (!err && offset < l->total.count && l->total.count - offset > limit)
        err = put_page(l, &l->next, offset + limit);
    l->total.previous = ps_buf_len(&l->previous) ? (const char *)ps_buf_head(&l->previous) : NULL;
    l->total.next = ps_buf_len(&l->next) ? (const char *)ps_buf_head(&l->next) : NULL;
    return err;
}

// --- the stream

static bool next_meta(struct list *l)
{
    if (l->at == l->nbatch) {
        l->at = 0;
        l->nbatch = search_next(&l->search, l->batch, l->left < BATCH ? l->left : BATCH);
    }
    return l->at < l->nbatch;
}

static int pull(void *ctx, struct ps_buf *out)
{
    struct list *l = ctx;
    struct jtext j = {.out = out};
    size_t enough = ps_buf_len(out) + PS_HTTP_PIECE;

    if (!l->begun)
        jtext_put(&j, "[");
    l->begun = true;
    while (l->left > 0 && ps_buf_len(out) < enough) {
        if (!next_meta(l)) {
            l->left = 0;
            break;
        }
        if (l->later)
            jtext_put(&j, ",");
        answer_meta(&j, l->batch[l->at], &l->place.at, l->later ? NULL : &l->total, &l->shapes);
        meta_unref(l->batch[l->at++]);
        l->later = true;
        l->left--;
    }
    if (l->left == 0)
        jtext_put(&j, "]");
    if (j.err)
        return j.err;
    return l->left ? PS_HTTP_MORE : PS_HTTP_DONE;
}

static void ended(void *ctx)
{
    list_free(ctx);
}

static void start(struct list *l)
{
    static const struct ps_http_source source = {pull, ended};

    if (!l->ask.nothing)
        l->total.count = catalog_matches(l->site->catalog, &l->ask.filter);
    if (put_pages(l)) {
        rest_no_memory(l->req);
        list_free(l);
        return;
    }
    if (l->ask.offset < l->total.count) {
        l->left = l->total.count - l->ask.offset;
        l->left = l->left < l->ask.limit ? l->left : l->ask.limit;
        search_begin(&l->search, l->site->catalog, &l->ask.filter);
        search_skip(&l->search, l->ask.offset);
    }
    ps_http_reply_stream(l->req, 200, REST_JSON, PS_HTTP_SIZE_UNKNOWN, &source, l);
}

// --- names first

static void refuse(struct list *l, int err, const struct ps_fault *fault)
{
    if (err == -ENOMEM)
        rest_no_memory(l->req);
    else
        ps_http_reply_error(l->req, 400, "%s", fault->text);
    list_free(l);
}

static void look_up(struct list *l);

static void resolved(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct list *l = ctx;
    struct site *s = l->site;
    struct ps_fault fault = {""};

    (void)why;
    err = ask_found(&l->ask, l->looking, addrs, err ? 0 : n, &fault);
    if (err)
        refuse(l, err, &fault);
    else
        look_up(l);
    site_job_end(s);
}

static void look_up(struct list *l)
{
    for (int i = 0; i < ASK_ENDS; i++) {
        struct ask_host *h = &l->ask.host[i];
        if (!h->text || h->known)
            continue;
        l->looking = (enum ask_end)i;
        site_job_begin(l->site);
        if (ps_resolve(l->site->loop, h->text, 0, AF_UNSPEC, resolved, l) == 0)
            return;
        rest_no_memory(l->req);
        site_job_end(l->site);
        list_free(l);
        return;
    }
    start(l);
}

void rest_list(void *site, struct ps_http_req *req)
{
    struct list *l = rest_refuses_format(req) ? NULL : calloc(1, sizeof *l);
    struct ps_fault fault = {""};
    int err;

    if (!l) {
        if (ask_format_known(ps_http_query(req)))
            rest_no_memory(req);
        return;
    }
    l->site = site;
    l->req = req;
    ps_buf_init(&l->previous, 0);
    ps_buf_init(&l->next, 0);
    err = rest_place(req, &l->place);
    if (!err)
        err = ask_parse(&l->ask, ps_http_query(req), site_now(), &fault);
    if (err)
        refuse(l, err, &fault);
    else
        look_up(l);
}
