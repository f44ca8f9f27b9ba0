// SPDX-License-Identifier: Apache-2.0
#include "psarchive/points.h"
#include <errno.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

static int need_array(struct ps_jnode object, const char *key, struct ps_jnode *out, struct ps_fault *fault)
{
    int err = ps_jnode_need(object, key, out, fault);

    return err ? err : ps_jnode_want(*out, PS_JTYPE_ARRAY, fault);
}

// Seconds: a number, of which the whole part counts, or its text.
static int need_ts(struct ps_jnode object, int64_t *ts, struct ps_fault *fault)
{
    struct ps_jnode n;
    const char *text;
    double seconds;
    int err = ps_jnode_need(object, "ts", &n, fault);

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

static void tell(struct ps_fault *fault, int err, int event, int64_t ts)
{
    const char *why = ps_strerror(err);

    if (err == -ENOMEM)
        return;
    if (err == PS_EUNKNOWN)
        why = "this event type is not registered for this metadata";
    else if (err == PS_ELIMIT)
        why = "too many values in one request";
    ps_fault_set(fault, NULL, 0, "%s at time %lld: %s", es_event_name(event), (long long)ts, why);
}

static int read_value(struct put *p, int64_t ts, int event, struct ps_jnode val, struct ps_fault *fault)
{
    struct es_value v = {.form = ES_VALUE_NONE};
    int err;

    // A client of perfSONAR's ends at null.
    if (ps_jnode_type(val) == PS_JTYPE_NULL) {
        ps_jnode_fault(val, fault, "null is no value");
        return PS_EMALFORMED;
    }
    err = es_value_from_json(es_event_kind(event), val, &v, fault);
    if (err)
        return err;
    err = put_value(p, ts, event, &v);
    if (err)
        tell(fault, err, event, ts);
    return err;
}

int points_single(struct put *p, int event, struct ps_jnode root, struct ps_fault *fault)
{
    struct ps_jnode val;
    int64_t ts;
    int err = need_ts(root, &ts, fault);

    if (!err)
        err = ps_jnode_need(root, "val", &val, fault);
    return err ? err : read_value(p, ts, event, val, fault);
}

// A bulk write on its way.
struct bulk {
    struct put *put;
    int stranger; // the first event type that is not registered, with its time; -1: all are
    int64_t stranger_ts;
};

// As esmond does: pScheduler's archiver sends what it does not register (packet-rtt), takes any refusal of a bulk for
// the end of it, and says that it has succeeded.
static void pass_over(struct bulk *b, int64_t ts, int event)
{
    if (b->stranger >= 0)
        return;
    b->stranger = event;
    b->stranger_ts = ts;
}

static int read_item(struct bulk *b, int64_t ts, struct ps_jnode item, struct ps_fault *fault)
{
    struct ps_jnode type, val;
    const char *name;
    int event, err = ps_jnode_need(item, "event-type", &type, fault);

    if (!err)
        err = ps_jnode_str(type, 1, 100, &name, fault);
    if (!err)
        err = ps_jnode_need(item, "val", &val, fault);
    if (err)
        return err;
    event = es_event_find(name);
    if (event < 0) {
        ps_jnode_fault(type, fault, "there is no event type '%s'", name);
        return PS_EUNKNOWN;
    }
    if (meta_has_event(b->put->meta, event))
        return read_value(b->put, ts, event, val, fault);
    pass_over(b, ts, event);
    return 0;
}

static int read_point(struct bulk *b, struct ps_jnode point, struct ps_fault *fault)
{
    struct ps_jnode items;
    int64_t ts;
    int err = need_ts(point, &ts, fault);

    if (!err)
        err = need_array(point, "val", &items, fault);
    if (err)
        return err;
    for (struct ps_jnode m = ps_jnode_first(items); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = read_item(b, ts, m, fault);
    return err;
}

int points_bulk(struct put *p, struct ps_jnode root, struct ps_fault *fault)
{
    struct bulk b = {.put = p, .stranger = -1};
    struct ps_jnode data;
    int err = need_array(root, "data", &data, fault);

    if (err)
        return err;
    for (struct ps_jnode m = ps_jnode_first(data); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = read_point(&b, m, fault);
    if (!err && p->nvalues == 0 && b.stranger >= 0) {
        err = PS_EUNKNOWN;
        tell(fault, err, b.stranger, b.stranger_ts);
    }
    return err;
}
