// SPDX-License-Identifier: Apache-2.0
// POST and PUT of esmond's API. (Fact sheet of the archive, 1.3 and 1.7.)
#include <errno.h>
#include "base/ps_err.h"
#include "psarchive/deed.h"
#include "esmond/es_param.h"
#include "psarchive/points.h"
#include "psarchive/rest.h"

// --- registering

static int read_registration(struct deed *d, struct ps_jnode root)
{
    struct es_reg r;
    int err;

    es_reg_init(&r);
    err = es_param_registration(&r, root, &d->fault);
    if (!err)
        err = es_reg_check(&r, &d->fault);
    if (!err) {
        d->put = put_new(NULL);
        err = d->put ? 0 : -ENOMEM;
    }
    if (!err)
        put_register(d->put, &r);
    es_reg_fini(&r);
    return err;
}

static void answer_registered(struct deed *d)
{
    struct rest_place place;
    struct ps_buf buf;
    struct jtext j = {.out = &buf};

    ps_buf_init(&buf, 0);
    j.err = rest_place(d->req, &place);
    answer_meta(&j, d->put->meta, &place.at, NULL, NULL);
    rest_reply(d->req, 201, &j);
    rest_place_fini(&place);
    ps_buf_fini(&buf);
}

void rest_register(void *site, struct ps_http_req *req)
{
    deed_begin(site, req, NULL, 0, read_registration, answer_registered);
}

// --- points

static void answer_written(struct deed *d)
{
    ps_http_reply(d->req, 201, REST_JSON, "\"\"", 2);
}

static int read_single(struct deed *d, struct ps_jnode root)
{
    d->put = put_new(d->meta);
    return d->put ? points_single(d->put, d->event, root, &d->fault) : -ENOMEM;
}

static int read_bulk(struct deed *d, struct ps_jnode root)
{
    d->put = put_new(d->meta);
    return d->put ? points_bulk(d->put, root, &d->fault) : -ENOMEM;
}

void rest_bulk(void *site, struct ps_http_req *req)
{
    struct meta *m = rest_meta(site, req);

    if (m)
        deed_begin(site, req, m, 0, read_bulk, answer_written);
}

static void no_event(struct ps_http_req *req, struct meta *m)
{
    ps_http_reply_error(req, 404, "This event type is not registered for this metadata");
    meta_unref(m);
}

void rest_single(void *site, struct ps_http_req *req)
{
    struct meta *m = rest_meta(site, req);
    int event = rest_event(req);

    if (m && event >= 0 && meta_has_event(m, event))
        deed_begin(site, req, m, event, read_single, answer_written);
    else if (m)
        no_event(req, m);
}

// esmond takes it and does nothing, and so do its clients count on that.
void rest_ignored(void *site, struct ps_http_req *req)
{
    struct meta *m = rest_meta(site, req);
    int event = rest_event(req);

    if (m && event >= 0 && meta_has_event(m, event)) {
        ps_http_reply(req, 201, REST_JSON, "\"\"", 2);
        meta_unref(m);
    } else if (m) {
        no_event(req, m);
    }
}
