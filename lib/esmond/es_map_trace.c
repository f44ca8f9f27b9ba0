// SPDX-License-Identifier: Apache-2.0
// pScheduler's trace: paths, hop by hop.
#include <math.h>
#include <string.h>
#include "esmond/es_iso.h"
#include "esmond/es_map_impl.h"

static bool is_paris(const struct es_map *m)
{
    const char *algorithm = es_map_str(ps_jnode_member(m->spec, "algorithm"));

    return algorithm && strcmp(algorithm, "paris-traceroute") == 0;
}

void es_map_trace_registration(struct es_map_writer *w)
{
    if (is_paris(w->map))
        es_map_event(w, "packet-trace-multi");
}

// The least MTU so far, and the latest one, which holds for the hops behind it. 0: none is known.
struct mtu {
    double now, least;
};

static void note_mtu(struct mtu *mtu, struct ps_jnode n)
{
    double v = es_map_number(n, 0);

    if (v < 1)
        return;
    mtu->now = v;
    if (mtu->least == 0 || v < mtu->least)
        mtu->least = v;
}

static void write_str(struct ps_json *j, const char *key, const char *value)
{
    if (!value)
        return;
    ps_json_put_str(j, key, value);
}

static void write_as(struct ps_json *j, struct ps_jnode n)
{
    if (ps_jnode_type(n) != PS_JTYPE_OBJECT)
        return;
    ps_json_put_open(j, "as", '{');
    if (ps_jnode_type(es_map_member(n, "number")) == PS_JTYPE_NUMBER)
        ps_json_put_double(j, "number", es_map_number(es_map_member(n, "number"), 0));
    write_str(j, "owner", es_map_str(es_map_member(n, "owner")));
    ps_json_close(j, '}');
}

static void write_rtt(struct ps_json *j, struct ps_jnode n)
{
    const char *text = es_map_str(n);
    double seconds;

    // Nanoseconds are what is left of it.
    if (text && es_iso_duration(text, &seconds) == 0)
        ps_json_put_double(j, "rtt", round(seconds * 1e9) / 1e6);
}

static void write_hop(struct ps_json *j, struct ps_jnode hop, int ttl, struct mtu *mtu)
{
    const char *error = es_map_str(es_map_member(hop, "error"));

    ps_json_open(j, '{');
    ps_json_put_double(j, "ttl", ttl);
    ps_json_put_double(j, "query", 1);
    ps_json_put_double(j, "success", error ? 0 : 1);
    write_str(j, "error-message", error);
    write_str(j, "ip", es_map_str(es_map_member(hop, "ip")));
    write_str(j, "hostname", es_map_str(es_map_member(hop, "hostname")));
    write_as(j, es_map_member(hop, "as"));
    write_rtt(j, es_map_member(hop, "rtt"));
    note_mtu(mtu, es_map_member(hop, "mtu"));
    if (mtu->now > 0)
        ps_json_put_double(j, "mtu", mtu->now);
    ps_json_close(j, '}');
}

static void write_path(struct ps_json *j, struct ps_jnode path, struct mtu *mtu)
{
    int ttl = 1;

    ps_json_open(j, '[');
    for (struct ps_jnode m = ps_jnode_first(path); ps_jnode_there(m); m = ps_jnode_next(m))
        write_hop(j, m, ttl++, mtu);
    ps_json_close(j, ']');
}

// The first path that has hops.
static struct mtu put_trace(struct es_map_writer *w, struct ps_jnode paths)
{
    struct ps_jnode path = ps_jnode_first(paths);
    struct mtu mtu = {0, 0};
    struct ps_text t;

    while (ps_jnode_there(path) && ps_jnode_count(path) == 0)
        path = ps_jnode_next(path);
    if (!ps_jnode_there(path))
        return mtu;
    write_path(ps_text_open(&t), path, &mtu);
    es_map_value_text(w, "packet-trace", &t, true);
    return mtu;
}

static struct mtu put_multi(struct es_map_writer *w, struct ps_jnode paths)
{
    struct mtu mtu = {0, 0};
    struct ps_text t;
    struct ps_json *j;

    if (ps_jnode_count(paths) == 0)
        return mtu;
    j = ps_text_open(&t);
    ps_json_open(j, '[');
    for (struct ps_jnode m = ps_jnode_first(paths); ps_jnode_there(m); m = ps_jnode_next(m)) {
        mtu.now = 0;
        write_path(j, m, &mtu);
    }
    ps_json_close(j, ']');
    es_map_value_text(w, "packet-trace-multi", &t, is_paris(w->map));
    return mtu;
}

void es_map_trace_values(struct es_map_writer *w)
{
    struct ps_jnode paths = ps_jnode_member(w->map->outcome, "paths");
    struct es_value v = {0};
    struct mtu mtu;

    if (ps_jnode_type(paths) != PS_JTYPE_ARRAY)
        return;
    (void)put_trace(w, paths);
    mtu = put_multi(w, paths);
    if (!w->err && mtu.least > 0)
        w->err = es_value_number(mtu.least, &v);
    if (v.form != ES_VALUE_NONE)
        es_map_value_take(w, "path-mtu", &v);
}
