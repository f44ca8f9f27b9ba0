// SPDX-License-Identifier: Apache-2.0
// Renewing many records with one request. (Fact sheet of the lookup service, 1.5.) The answer is 200 whatever became of
// each; its counts are strings, and three arrays tell of those that were not renewed.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "lsregister/dir_rest.h"

// What became of a uri: renewed, left as it is (dir_way_idle), or a failure.
enum outcome { RENEWED, IDLE, EXPIRED, NOT_FOUND, NOT_OWNED };

static const struct {
    const char *code, *message;
} failures[] = {
    [EXPIRED] = {"21", "expired"}, [NOT_FOUND] = {"22", "notfound"}, [NOT_OWNED] = {"23", "notowner"}};

struct bulk {
    struct dir_write write; // its rows are of those that are renewed, in the order of uris
    struct dir_site *site;
    struct ps_http_req *req;
    struct ps_jdoc *doc;
    size_t n;
    struct {
        const char *uri; // the document's
        enum outcome outcome;
    } * uris;
};

static void bulk_free(struct bulk *b)
{
    struct dir_site *s = b->site;

    dir_write_fini(&b->write);
    ps_jdoc_free(b->doc);
    free(b->uris);
    free(b);
    dir_job_end(s);
}

// --- the answer

static void put_count(struct ps_json *j, const char *key, size_t n)
{
    char text[24];

    snprintf(text, sizeof text, "%zu", n);
    ps_json_put_str(j, key, text);
}

static size_t count_failed(const struct bulk *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        n += b->uris[i].outcome >= EXPIRED;
    return n;
}

static void put_failed(const struct bulk *b, struct ps_json *j, const char *key)
{
    ps_json_put_open(j, key, '[');
    for (size_t i = 0; i < b->n; i++) {
        enum outcome f = b->uris[i].outcome;

        if (f < EXPIRED)
            continue;
        if (strcmp(key, "failed-uris") == 0)
            ps_json_str(j, b->uris[i].uri);
        else
            ps_json_str(j, strcmp(key, "error-code") == 0 ? failures[f].code : failures[f].message);
    }
    ps_json_close(j, ']');
}

static void answer(const struct bulk *b)
{
    size_t failed = count_failed(b);
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    put_count(j, "total", b->n);
    put_count(j, "renewed", b->n - failed);
    put_count(j, "failure", failed);
    put_failed(b, j, "failed-uris");
    put_failed(b, j, "error-code");
    put_failed(b, j, "error-message");
    ps_json_close(j, '}');
    dir_answer(b->req, &t);
}

// --- renewing

static bool apply(struct bulk *b, struct dir_lease_row *row)
{
    struct dir_rec *rec = row->missing ? NULL : dir_index_by_uuid(b->site->index, row->uuid);

    if (!rec)
        return false;
    dir_lease_take(rec, row);
    b->site->counts.renewed++;
    return true;
}

static void written(struct dir_write *w)
{
    struct bulk *b = PS_CONTAINER(w, struct bulk, write);
    size_t row = 0;

    if (w->job.err) {
        dir_refuse_store(b->site, b->req, w->job.err);
    } else {
        for (size_t i = 0; i < b->n; i++)
            if (b->uris[i].outcome == RENEWED && !apply(b, &w->rows[row++]))
                b->uris[i].outcome = NOT_FOUND;
        answer(b);
    }
    bulk_free(b);
}

static enum outcome judge(const struct bulk *b, const struct dir_claim *c, const struct dir_rec *rec,
                          int64_t now_ms)
{
    if (!rec || rec->leaving)
        return NOT_FOUND;
    if (dir_lease_gone(&b->site->settings->lease, rec->expires_ms, now_ms))
        return EXPIRED;
    if (dir_claim_refuses(b->site, c, rec))
        return NOT_OWNED;
    return dir_way_idle(rec, ps_http_header(b->req, DIR_WAY_HEADER)) ? IDLE : RENEWED;
}

static int add_row(struct bulk *b, const struct dir_rec *rec, int64_t expires_ms, int64_t ttl_s)
{
    struct dir_lease_row *row = &b->write.rows[b->write.n++];

    memcpy(row->uuid, rec->uuid, DIR_UUID);
    row->id = rec->id;
    row->expires_ms = expires_ms;
    row->ttl_s = ttl_s == DIR_TTL_NONE ? DIR_TTL_EMPTY : dir_lease_kept(ttl_s);
    return dir_way_of(b->req, &row->way);
}

static void renew(struct bulk *b, const struct dir_claim *c, int64_t ttl_s)
{
    int64_t now = dir_now_ms(), expires = now + dir_lease_grant(&b->site->settings->lease, ttl_s) * 1000;
    int err = 0;

    b->write.n = 0;
    for (size_t i = 0; !err && i < b->n; i++) {
        const struct dir_rec *rec = dir_index_by_uri(b->site->index, b->uris[i].uri);

        b->uris[i].outcome = judge(b, c, rec, now);
        if (b->uris[i].outcome == RENEWED)
            err = add_row(b, rec, expires, ttl_s);
    }
    b->write.done = written;
    if (!err && b->write.n)
        err = dir_write_put(&b->write);
    if (err)
        dir_refuse_store(b->site, b->req, err);
    else if (!b->write.n)
        answer(b);
    if (err || !b->write.n)
        bulk_free(b);
}

// --- the request

static int read_uris(struct bulk *b, struct ps_jnode list, struct ps_fault *fault)
{
    int err = 0;

    for (struct ps_jnode n = ps_jnode_first(list); !err && ps_jnode_there(n); n = ps_jnode_next(n))
        err = ps_jnode_str(n, 0, SIZE_MAX, &b->uris[b->n++].uri, fault);
    return err;
}

static int check_list(struct ps_jnode list, struct ps_fault *fault)
{
    size_t n = ps_jnode_count(list);

    if (ps_jnode_type(list) != PS_JTYPE_ARRAY || n == 0)
        ps_fault_set(fault, NULL, 0, "record-uris wants an array of uris to be renewed");
    else if (n > DIR_BULK_MAX)
        ps_fault_set(fault, NULL, 0, "record-uris has more than %d uris", DIR_BULK_MAX);
    else
        return 0;
    return 400;
}

// 0, or the status with the fault told. The document becomes the bulk's.
static int read_bulk(struct bulk *b, struct ps_jdoc *doc, struct dir_claim *c, int64_t *ttl_s,
                     struct ps_fault *fault)
{
    struct ps_jnode root = {0}, list;
    int status;

    b->doc = doc;
    if (doc)
        root = ps_jdoc_root(doc);
    list = ps_jnode_member(root, "record-uris");
    status = check_list(list, fault);
    if (status)
        return status;
    b->uris = calloc(ps_jnode_count(list), sizeof *b->uris);
    if (!b->uris || dir_write_init(&b->write, b->site->store, DIR_WRITE_LEASES, ps_jnode_count(list)))
        return -ENOMEM;
    if (read_uris(b, list, fault) || dir_claim_read(c, b->req, root, fault))
        return 400;
    return dir_draft_ttl(ps_jnode_member(root, "ttl"), ttl_s, fault) ? 403 : 0;
}

static void refuse(struct bulk *b, int status, const struct ps_fault *fault)
{
    b->site->counts.refused++;
    if (status == -ENOMEM)
        dir_refuse_store(b->site, b->req, -ENOMEM);
    else
        dir_refuse(b->req, status, "%s", fault->text);
    bulk_free(b);
}

void dir_rest_bulk(void *site, struct ps_http_req *req)
{
    struct bulk *b = calloc(1, sizeof *b);
    struct ps_fault fault = {""};
    struct dir_claim claim;
    struct ps_jdoc *doc = NULL;
    int64_t ttl_s;
    int status;

    if (!b) {
        dir_refuse_store(site, req, -ENOMEM);
        return;
    }
    b->site = site;
    b->req = req;
    dir_job_begin(b->site);
    status = dir_body_read(req, &doc, &fault);
    if (!status)
        status = read_bulk(b, doc, &claim, &ttl_s, &fault);
    if (status)
        refuse(b, status, &fault);
    else
        renew(b, &claim, ttl_s);
}
