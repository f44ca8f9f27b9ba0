// SPDX-License-Identifier: Apache-2.0
// POST and PUT of esmond's API. (Fact sheet of the archive, 1.3 and 1.7.)
#include <errno.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "psarchive/deed.h"
#include "psarchive/param.h"
#include "psarchive/rest.h"

// --- registering

static int read_registration(struct deed *d, struct ps_jnode root)
{
    struct registration r;
    int err;

    registration_init(&r);
    err = param_registration(&r, root, &d->fault);
    if (!err)
        err = registration_check(&r, &d->fault);
    if (!err) {
        d->put = put_new(NULL);
        err = d->put ? 0 : -ENOMEM;
    }
    if (!err)
        put_register(d->put, &r);
    registration_fini(&r);
    return err;
}

static void answer_registered(struct deed *d)
{
    struct rest_place place;
    struct ps_buf buf;
    struct jtext j = {.out = &buf};

    ps_buf_init(&buf, 0);
    j.err = rest_place(d->req, &place);
    answer_meta(&j, d->put->meta, &place.at, NULL);
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

static int need(struct ps_jnode object, const char *key, struct ps_jnode *out, struct ps_fault *fault)
{
    int err = ps_jnode_want(object, PS_JTYPE_OBJECT, fault);

    if (err)
        return err;
    *out = ps_jnode_member(object, key);
    if (ps_jnode_there(*out))
        return 0;
    ps_jnode_fault(object, fault, "'%s' is missing", key);
    return PS_EMALFORMED;
}

static int need_array(struct ps_jnode object, const char *key, struct ps_jnode *out, struct ps_fault *fault)
{
    int err = need(object, key, out, fault);

    return err ? err : ps_jnode_want(*out, PS_JTYPE_ARRAY, fault);
}

// Seconds: a number, of which the whole part counts, or its text.
static int need_ts(struct ps_jnode object, int64_t *ts, struct ps_fault *fault)
{
    struct ps_jnode n;
    const char *text;
    double seconds;
    int err = need(object, "ts", &n, fault);

    if (err)
        return err;
    if (ps_jnode_str(n, 1, 40, &text, NULL) == 0)
        err = ps_num_double(text, 0, (double)PUT_TS_MAX, &seconds);
    else
        err = ps_jnode_double(n, 0, (double)PUT_TS_MAX, &seconds, NULL);
    if (err)
        ps_jnode_fault(n, fault, "wants whole seconds since 1970, from 0 to %lld", (long long)PUT_TS_MAX);
    else
        *ts = (int64_t)seconds;
    return err;
}

static int read_value(struct deed *d, int64_t ts, int event, struct ps_jnode val)
{
    struct value v = {.form = VALUE_NONE};
    int err;

    // A client of perfSONAR's ends at null.
    if (ps_jnode_type(val) == PS_JTYPE_NULL) {
        ps_jnode_fault(val, &d->fault, "null is no value");
        return PS_EMALFORMED;
    }
    err = value_from_json(event_kind(event), val, &v, &d->fault);
    if (err)
        return err;
    err = put_value(d->put, ts, event, &v);
    if (err)
        deed_put_fault(&d->fault, err, event, ts);
    return err;
}

static int read_single(struct deed *d, struct ps_jnode root)
{
    struct ps_jnode val;
    int64_t ts;
    int err = need_ts(root, &ts, &d->fault);

    if (!err)
        err = need(root, "val", &val, &d->fault);
    if (err)
        return err;
    d->put = put_new(d->meta);
    return d->put ? read_value(d, ts, d->event, val) : -ENOMEM;
}

static int read_item(struct deed *d, int64_t ts, struct ps_jnode item)
{
    struct ps_jnode type, val;
    const char *name;
    int event, err = need(item, "event-type", &type, &d->fault);

    if (!err)
        err = ps_jnode_str(type, 1, 100, &name, &d->fault);
    if (!err)
        err = need(item, "val", &val, &d->fault);
    if (err)
        return err;
    event = event_find(name);
    if (event >= 0)
        return read_value(d, ts, event, val);
    ps_jnode_fault(type, &d->fault, "there is no event type '%s'", name);
    return PS_EUNKNOWN;
}

static int read_point(struct deed *d, struct ps_jnode point)
{
    struct ps_jnode items;
    int64_t ts;
    int err = need_ts(point, &ts, &d->fault);

    if (!err)
        err = need_array(point, "val", &items, &d->fault);
    if (err)
        return err;
    for (struct ps_jnode m = ps_jnode_first(items); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = read_item(d, ts, m);
    return err;
}

static int read_bulk(struct deed *d, struct ps_jnode root)
{
    struct ps_jnode data;
    int err = need_array(root, "data", &data, &d->fault);

    if (err)
        return err;
    d->put = put_new(d->meta);
    if (!d->put)
        return -ENOMEM;
    for (struct ps_jnode m = ps_jnode_first(data); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = read_point(d, m);
    return err;
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
