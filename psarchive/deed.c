// SPDX-License-Identifier: Apache-2.0
#include "psarchive/deed.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "psarchive/rest.h"

// --- its life

static void deed_free(struct deed *d)
{
    struct site *s = d->site;

    put_free(d->put);
    ps_jdoc_free(d->doc);
    meta_unref(d->meta);
    free(d);
    site_job_end(s);
}

static bool is_json(const struct ps_http_req *req)
{
    static const char json[] = "application/json";
    const char *type = ps_http_header(req, "Content-Type");

    return !type || strncasecmp(type, json, sizeof json - 1) == 0;
}

struct deed *deed_new(struct site *s, struct ps_http_req *req, struct meta *meta)
{
    struct deed *d = is_json(req) ? calloc(1, sizeof *d) : NULL;

    if (!d) {
        if (is_json(req))
            rest_no_memory(req);
        else
            ps_http_reply_error(req, 415, "The body has to be application/json");
        meta_unref(meta);
        return NULL;
    }
    d->site = s;
    d->req = req;
    d->meta = meta;
    site_job_begin(s);
    return d;
}

// --- answers to what did not work

static void refuse_conflict(struct deed *d)
{
    const struct put *p = d->put;

    if (p->conflict_event < 0) {
        ps_http_reply_error(d->req, 409, "A different document already exists at time %lld",
                            (long long)p->conflict_ts);
        return;
    }
    ps_http_reply_error(d->req, 409, "A different value already exists with event type %s at time %lld",
                        es_event_name(p->conflict_event), (long long)p->conflict_ts);
}

static void refuse_full(struct deed *d)
{
    ps_http_add(d->req, "Retry-After", "60");
    ps_http_reply_error(d->req, 507, "The archive has too little disk space to write");
}

static void refuse_busy(struct deed *d)
{
    ps_http_add(d->req, "Retry-After", "5");
    ps_http_reply_error(d->req, 503, "The archive has too much to write: try again later");
}

static void refuse_broken(struct deed *d)
{
    ps_log(d->site->log, PS_LOG_WARN, "store", "cannot write: %s", ps_strerror(d->err));
    ps_http_reply_error(d->req, 500, "The archive cannot write: %s", ps_strerror(d->err));
}

static void refuse_future(struct deed *d)
{
    char why[PUT_WHY_SIZE];

    ps_http_reply_error(d->req, 400, "%s", put_why(d->put, why));
}

// What the writer says.
static void refuse_written(struct deed *d)
{
    if (d->err == PS_EDUPLICATE)
        refuse_conflict(d);
    else if (d->err == PS_ERANGE && d->put->ahead > 0)
        refuse_future(d);
    else if (d->err == PS_ENOTFOUND)
        ps_http_reply_error(d->req, 404, "There is no metadata of this key (any more)");
    else if (d->err == PS_EUNKNOWN)
        ps_http_reply_error(d->req, 400, "An event type is not registered for this metadata");
    else if (d->err == -ENOSPC || d->err == -EDQUOT)
        refuse_full(d);
    else if (d->err == PS_ELIMIT || d->err == PS_ESTATE)
        refuse_busy(d);
    else
        refuse_broken(d);
}

void deed_refuse(struct deed *d)
{
    if (d->err == -ENOMEM)
        rest_no_memory(d->req);
    else if (d->fault.text[0])
        ps_http_reply_error(d->req, d->err == PS_ERESOLVE ? 503 : 400, "%s", d->fault.text);
    else
        refuse_written(d);
    deed_free(d);
}

void deed_answer(struct deed *d, int status, const char *json)
{
    ps_http_reply(d->req, status, REST_JSON, json, strlen(json));
    deed_free(d);
}

// --- reading

static void parse(void *ctx)
{
    struct deed *d = ctx;
    size_t len;
    const char *body = ps_http_body(d->req, &len);

    d->err = ps_jdoc_parse_foreign(&d->doc, NULL, body, len, &d->fault);
    if (!d->err && d->read)
        d->err = d->read(d, ps_jdoc_root(d->doc));
}

void deed_read(struct deed *d, void (*next)(void *deed))
{
    size_t len;

    (void)ps_http_body(d->req, &len);
    site_work(d->site, len, parse, next, d);
}

// --- writing

static void written(void *ctx, struct put *p)
{
    struct deed *d = ctx;

    d->err = p->err;
    if (d->err) {
        deed_refuse(d);
        return;
    }
    d->answer(d);
    deed_free(d);
}

void deed_write(struct deed *d)
{
    d->put->done = written;
    d->put->ctx = d;
    d->err = port_put(d->site->port, d->put);
    if (d->err)
        deed_refuse(d);
}

static void was_read(void *ctx)
{
    struct deed *d = ctx;

    if (d->err)
        deed_refuse(d);
    else
        deed_write(d);
}

void deed_begin(struct site *s, struct ps_http_req *req, struct meta *meta, int event,
                int (*read)(struct deed *d, struct ps_jnode root), void (*answer)(struct deed *d))
{
    struct deed *d = deed_new(s, req, meta);

    if (!d)
        return;
    d->event = event;
    d->read = read;
    d->answer = answer;
    deed_read(d, was_read);
}
