// SPDX-License-Identifier: Apache-2.0
// GET /lookup/records: an array of the records that a query finds, written as the client takes it.
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "lsregister/dir_rest.h"

struct list {
    struct dir_site *site;
    struct dir_hits hits;
    bool begun;
};

static void list_end(void *ctx)
{
    struct list *l = ctx;
    struct dir_site *s = l->site;

    s->hits_octets -= l->hits.n * sizeof *l->hits.nums;
    dir_hits_fini(&l->hits);
    free(l);
    dir_job_end(s);
}

static void put_record(struct list *l, struct ps_json *j, const struct dir_rec *rec)
{
    ps_json_raw(j, l->begun ? ",\n" : "[", l->begun ? 2 : 1);
    l->begun = true;
    ps_json_open(j, '{');
    dir_index_write(l->site->index, rec, NULL, j);
    ps_json_close(j, '}');
}

static int list_pull(void *ctx, struct ps_buf *out)
{
    struct list *l = ctx;
    const struct dir_rec *rec = NULL;
    int64_t now = dir_now_ms();
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    int err;

    while (!j->bad && ftell(j->file) < PS_HTTP_PIECE && (rec = dir_hits_next(l->site->index, &l->hits, now)))
        put_record(l, j, rec);
    if (!rec)
        ps_json_raw(j, l->begun ? "]\n" : "[]\n", l->begun ? 2 : 3);
    err = ps_text_append(&t, out);
    return err ? err : rec ? PS_HTTP_MORE : PS_HTTP_DONE;
}

static void answer(struct list *l, struct ps_http_req *req)
{
    static const struct ps_http_source source = {list_pull, list_end};
    size_t octets = l->hits.n * sizeof *l->hits.nums;

    l->site->hits_octets += octets;
    dir_job_begin(l->site);
    if (l->site->hits_octets > DIR_HITS_MAX) {
        ps_http_add(req, "Retry-After", "5");
        dir_refuse(req, 503,
                   "Too many large queries are being answered: try again later, or narrow the query");
        list_end(l);
        return;
    }
    ps_http_reply_stream(req, 200, DIR_JSON, PS_HTTP_SIZE_UNKNOWN, &source, l);
}

void dir_rest_query(void *site, struct ps_http_req *req)
{
    struct dir_site *s = site;
    struct list *l = calloc(1, sizeof *l);
    struct dir_query q = {.n = 0};
    struct ps_fault fault = {""};
    int err = l ? dir_query_read(&q, ps_http_query(req), &fault) : -ENOMEM;

    s->counts.queries++;
    if (!err)
        err = dir_index_search(s->index, &q, dir_now_ms(), &l->hits);
    dir_query_fini(&q);
    if (!err) {
        l->site = s;
        answer(l, req);
        return;
    }
    free(l);
    if (fault.text[0])
        dir_refuse(req, 400, "%s", fault.text);
    else
        dir_refuse_store(s, req, err);
}
