// SPDX-License-Identifier: Apache-2.0
// Requests that change one record: register, renew, remove. What they change is written first; the answer, and what
// others see, wait until that is durable.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "lsregister/dir_rest.h"
#include "lsregister/dir_terms.h"
#include "lsregister/dir_uuid.h"

struct deed {
    struct dir_write write;
    struct dir_site *site;
    struct ps_http_req *req;
    bool adopted; // a registration that has become a renewal
};

static void deed_free(struct deed *d)
{
    struct dir_site *s = d->site;

    dir_write_fini(&d->write);
    free(d);
    dir_job_end(s);
}

static struct deed *deed_new(struct dir_site *s, struct ps_http_req *req, enum dir_write_kind kind)
{
    struct deed *d = calloc(1, sizeof *d);

    if (d && dir_write_init(&d->write, s->store, kind, 1)) {
        free(d);
        d = NULL;
    }
    if (!d) {
        dir_refuse_store(s, req, -ENOMEM);
        return NULL;
    }
    d->site = s;
    d->req = req;
    dir_job_begin(s);
    return d;
}

static void refuse_body(struct dir_site *s, struct ps_http_req *req, int status, const struct ps_fault *fault)
{
    s->counts.refused++;
    if (status == -ENOMEM)
        dir_refuse_store(s, req, status);
    else
        dir_refuse(req, status, "%s", fault->text);
}

// --- renewing

static void renewed(struct dir_write *w)
{
    struct deed *d = PS_CONTAINER(w, struct deed, write);
    struct dir_site *s = d->site;
    struct dir_lease_row *row = w->rows;
    struct dir_rec *rec = dir_index_by_uuid(s->index, row->uuid);

    if (w->job.err) {
        dir_refuse_store(s, d->req, w->job.err);
    } else if (row->missing || !rec) {
        dir_refuse(d->req, 404, "The record has gone in the meantime");
    } else {
        dir_lease_take(rec, row);
        s->counts.renewed++;
        s->counts.adopted += d->adopted;
        dir_answer_record(s, d->req, rec, NULL);
    }
    deed_free(d);
}

static void write_renewal(struct dir_site *s, struct ps_http_req *req, const struct dir_rec *rec,
                          int64_t ttl_s, bool adopted)
{
    struct deed *d = deed_new(s, req, DIR_WRITE_LEASES);
    struct dir_lease_row *row;
    int err;

    if (!d)
        return;
    row = d->write.rows;
    memcpy(row->uuid, rec->uuid, DIR_UUID);
    row->id = rec->id;
    row->expires_ms = dir_now_ms() + dir_lease_grant(&s->settings->lease, ttl_s) * 1000;
    row->ttl_s = ttl_s == DIR_TTL_NONE && !adopted ? DIR_TTL_EMPTY : dir_lease_kept(ttl_s);
    d->adopted = adopted;
    d->write.done = renewed;
    err = dir_way_of(req, &row->way);
    if (!err)
        err = dir_write_put(&d->write);
    if (err) {
        dir_refuse_store(s, req, err);
        deed_free(d);
    }
}

static void renew(struct dir_site *s, struct ps_http_req *req, const struct dir_rec *rec, int64_t ttl_s,
                  bool adopted)
{
    if (dir_way_idle(rec, ps_http_header(req, DIR_WAY_HEADER)))
        dir_answer_record(s, req, rec, NULL);
    else
        write_renewal(s, req, rec, ttl_s, adopted);
}

// --- registering

static void registered(struct dir_write *w)
{
    struct deed *d = PS_CONTAINER(w, struct deed, write);
    struct dir_site *s = d->site;
    struct dir_rec *rec = dir_index_by_uuid(s->index, w->rows->uuid);

    if (w->job.err) {
        dir_index_remove(s->index, rec);
        dir_refuse_store(s, d->req, w->job.err);
    } else {
        rec->pending = false;
        s->counts.registered++;
        dir_answer_record(s, d->req, rec, NULL);
    }
    deed_free(d);
}

// The record as the store keeps it: what was registered, without what the lease says.
static int write_body(struct dir_write *w, const struct dir_draft *draft)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    dir_draft_write(draft, j);
    ps_json_close(j, '}');
    w->body = ps_text_close(&t, &w->body_len);
    return w->body ? 0 : -ENOMEM;
}

static int set_token(uint8_t **out, const struct dir_claim *c)
{
    if (!c->has_token)
        return 0;
    *out = malloc(DIR_TOKEN);
    if (!*out)
        return -ENOMEM;
    memcpy(*out, c->token, DIR_TOKEN);
    return 0;
}

static int enter(struct deed *d, const struct dir_draft *draft, const struct dir_claim *c)
{
    struct dir_site *s = d->site;
    struct dir_lease_row *row = d->write.rows;
    struct dir_rec *rec;
    int err = dir_uuid_make(row->uuid);

    if (!err)
        err = write_body(&d->write, draft);
    if (!err)
        err = set_token(&d->write.token, c);
    if (!err)
        err = dir_index_add(s->index, draft, row->uuid, &rec);
    if (err)
        return err;
    row->id = rec->id = dir_store_next_id(s->store);
    row->expires_ms = rec->expires_ms =
        dir_now_ms() + dir_lease_grant(&s->settings->lease, draft->ttl_s) * 1000;
    row->ttl_s = rec->ttl_s;
    (void)strcpy(d->write.type, draft->type);
    rec->pending = true;
    err = set_token(&rec->token, c);
    if (!err)
        err = dir_way_of(d->req, &row->way);
    if (!err)
        err = dir_way_of(d->req, &rec->way);
    if (!err)
        err = dir_write_put(&d->write);
    if (err)
        dir_index_remove(s->index, rec);
    return err;
}

// Told once until there is some room again.
static bool is_full(struct dir_site *s)
{
    uint64_t max = s->settings->records_max, n = dir_index_count(s->index);

    if (n >= max && !s->full)
        ps_log(s->log, PS_LOG_WARN, "records",
               "the directory is full: it keeps %llu (\"records\"), and takes no more",
               (unsigned long long)max);
    s->full = n >= max || (s->full && n > max - max / 10);
    return n >= max;
}

static void add(struct dir_site *s, struct ps_http_req *req, const struct dir_draft *draft,
                const struct dir_claim *c)
{
    struct deed *d;
    int err;

    if (is_full(s)) {
        s->counts.refused++;
        ps_http_add(req, "Retry-After", "600");
        dir_refuse(req, 503, "The directory is full: it keeps %llu records",
                   (unsigned long long)s->settings->records_max);
        return;
    }
    d = deed_new(s, req, DIR_WRITE_ADD);
    if (!d)
        return;
    d->write.done = registered;
    err = enter(d, draft, c);
    if (err == PS_ERANGE)
        dir_refuse(req, 503,
                   "The directory's records have %d different keys together, and there is no room for more",
                   DIR_KEYS_ALL);
    else if (err)
        dir_refuse_store(s, req, err);
    if (err)
        deed_free(d);
}

// --- a record that is there already (fact sheet 1.6)

static void refuse_twin(struct dir_site *s, struct ps_http_req *req, const struct dir_rec *twin,
                        const char *why)
{
    char uri[DIR_URI_MAX];

    s->counts.refused++;
    dir_refuse(req, 403, "This record already exists: %s%s%s", dir_index_uri(s->index, twin, uri),
               why ? ": " : "", why ? why : "");
}

static void add_or_adopt(struct dir_site *s, struct ps_http_req *req, const struct dir_draft *draft,
                         const struct dir_claim *c)
{
    const struct dir_rec *twin = dir_index_by_identity(s->index, draft->identity);
    bool adopt = s->settings->duplicates == DIR_ADOPT && draft->client;
    int64_t now = dir_now_ms();
    const char *why;

    if (!twin || twin->leaving || dir_lease_gone(&s->settings->lease, twin->expires_ms, now) ||
        (!adopt && dir_lease_over(twin->expires_ms, now))) {
        add(s, req, draft, c);
        return;
    }
    why = dir_claim_refuses(s, c, twin);
    if (why || !adopt)
        refuse_twin(s, req, twin, why);
    else
        renew(s, req, twin, draft->ttl_s, true);
}

void dir_rest_register(void *site, struct ps_http_req *req)
{
    struct dir_site *s = site;
    struct ps_fault fault = {""};
    struct ps_jdoc *doc;
    struct dir_draft draft = {0};
    struct dir_claim claim;
    int err, status = dir_body_read(req, &doc, &fault);

    if (!status && !doc) {
        ps_fault_set(&fault, NULL, 0, "a record is a JSON object; got nothing");
        status = 400;
    }
    if (!status) {
        err = dir_draft_read(&draft, ps_jdoc_root(doc), &fault);
        status = err == PS_ERANGE ? 403 : err == -ENOMEM ? err : err ? 400 : 0;
    }
    if (!status && dir_claim_read(&claim, req, ps_jdoc_root(doc), &fault))
        status = 400;
    if (status)
        refuse_body(s, req, status, &fault);
    else
        add_or_adopt(s, req, &draft, &claim);
    dir_draft_fini(&draft);
    ps_jdoc_free(doc);
}

// --- one that is named

// NULL: 404 or 403 was answered.
static struct dir_rec *named(struct dir_site *s, struct ps_http_req *req, struct ps_jnode body)
{
    const char *type = ps_http_arg(req, "type"), *uuid = ps_http_arg(req, "uuid"), *why;
    struct dir_rec *rec = dir_index_by_path(s->index, type, uuid);
    struct ps_fault fault = {""};
    struct dir_claim claim;

    if (!rec || rec->leaving) {
        dir_refuse(req, 404, "There is no record lookup/%.64s/%.64s (any more)", type, uuid);
        return NULL;
    }
    if (dir_claim_read(&claim, req, body, &fault)) {
        refuse_body(s, req, 400, &fault);
        return NULL;
    }
    why = dir_claim_refuses(s, &claim, rec);
    if (!why)
        return rec;
    s->counts.refused++;
    dir_refuse(req, 403, "The record cannot be changed: %s", why);
    return NULL;
}

void dir_rest_renew(void *site, struct ps_http_req *req)
{
    struct dir_site *s = site;
    struct ps_fault fault = {""};
    struct ps_jdoc *doc;
    const struct dir_rec *rec;
    struct ps_jnode body = {0};
    int64_t ttl_s = DIR_TTL_NONE;
    int status = dir_body_read(req, &doc, &fault);

    if (doc)
        body = ps_jdoc_root(doc);
    if (!status && dir_draft_ttl(ps_jnode_member(body, "ttl"), &ttl_s, &fault))
        status = 403;
    if (status)
        refuse_body(s, req, status, &fault);
    rec = status ? NULL : named(s, req, body);
    if (rec && dir_lease_gone(&s->settings->lease, rec->expires_ms, dir_now_ms())) {
        dir_refuse(req, 403, "The record's lease has ended: register it again");
        rec = NULL;
    }
    if (rec)
        renew(s, req, rec, ttl_s, false);
    ps_jdoc_free(doc);
}

// --- removing

static void removed(struct dir_write *w)
{
    struct deed *d = PS_CONTAINER(w, struct deed, write);
    struct dir_site *s = d->site;
    struct dir_rec *rec = dir_index_by_uuid(s->index, w->rows->uuid);

    if (w->job.err) {
        rec->leaving = false;
        dir_refuse_store(s, d->req, w->job.err);
    } else {
        s->counts.removed++;
        dir_answer_record(s, d->req, rec, "deleted");
        dir_index_remove(s->index, rec);
    }
    deed_free(d);
}

static void take_away(struct dir_site *s, struct ps_http_req *req, struct dir_rec *rec)
{
    struct deed *d = deed_new(s, req, DIR_WRITE_REMOVE);
    int err;

    if (!d)
        return;
    memcpy(d->write.rows->uuid, rec->uuid, DIR_UUID);
    d->write.rows->id = rec->id;
    d->write.done = removed;
    err = dir_write_put(&d->write);
    rec->leaving = !err;
    if (err) {
        dir_refuse_store(s, req, err);
        deed_free(d);
    }
}

void dir_rest_delete(void *site, struct ps_http_req *req)
{
    struct dir_site *s = site;
    struct ps_fault fault = {""};
    struct ps_jdoc *doc;
    struct dir_rec *rec;
    struct ps_jnode body = {0};
    int status = dir_body_read(req, &doc, &fault);

    if (doc)
        body = ps_jdoc_root(doc);
    if (status)
        refuse_body(s, req, status, &fault);
    rec = status ? NULL : named(s, req, body);
    if (rec && dir_way_idle(rec, ps_http_header(req, DIR_WAY_HEADER))) {
        dir_refuse(req, 403, "The record cannot be removed: its host registers it here itself");
        rec = NULL;
    }
    if (rec)
        take_away(s, req, rec);
    ps_jdoc_free(doc);
}
