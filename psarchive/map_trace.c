// SPDX-License-Identifier: Apache-2.0
// pScheduler's trace: paths, hop by hop.
#include <math.h>
#include <string.h>
#include "psarchive/iso.h"
#include "psarchive/map_impl.h"

static bool is_paris(const struct map *m)
{
    const char *algorithm = map_str(ps_jnode_member(m->spec, "algorithm"));

    return algorithm && strcmp(algorithm, "paris-traceroute") == 0;
}

void map_trace_registration(struct map_writer *w)
{
    if (is_paris(w->map))
        map_event(w, "packet-trace-multi");
}

// The least MTU so far, and the latest one, which holds for the hops behind it. 0: none is known.
struct mtu {
    double now, least;
};

static void note_mtu(struct mtu *mtu, struct ps_jnode n)
{
    double v = map_number(n, 0);

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
    ps_json_key(j, key);
    ps_json_str(j, value);
}

static void write_number(struct ps_json *j, const char *key, double value)
{
    ps_json_key(j, key);
    ps_json_double(j, value);
}

static void write_as(struct ps_json *j, struct ps_jnode n)
{
    if (ps_jnode_type(n) != PS_JTYPE_OBJECT)
        return;
    ps_json_key(j, "as");
    ps_json_open(j, '{');
    if (ps_jnode_type(map_member(n, "number")) == PS_JTYPE_NUMBER)
        write_number(j, "number", map_number(map_member(n, "number"), 0));
    write_str(j, "owner", map_str(map_member(n, "owner")));
    ps_json_close(j, '}');
}

static void write_rtt(struct ps_json *j, struct ps_jnode n)
{
    const char *text = map_str(n);
    double seconds;

    // Nanoseconds are what is left of it.
    if (text && iso_duration(text, &seconds) == 0)
        write_number(j, "rtt", round(seconds * 1e9) / 1e6);
}

static void write_hop(struct ps_json *j, struct ps_jnode hop, int ttl, struct mtu *mtu)
{
    const char *error = map_str(map_member(hop, "error"));

    ps_json_open(j, '{');
    write_number(j, "ttl", ttl);
    write_number(j, "query", 1);
    write_number(j, "success", error ? 0 : 1);
    write_str(j, "error-message", error);
    write_str(j, "ip", map_str(map_member(hop, "ip")));
    write_str(j, "hostname", map_str(map_member(hop, "hostname")));
    write_as(j, map_member(hop, "as"));
    write_rtt(j, map_member(hop, "rtt"));
    note_mtu(mtu, map_member(hop, "mtu"));
    if (mtu->now > 0)
        write_number(j, "mtu", mtu->now);
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
static struct mtu put_trace(struct map_writer *w, struct ps_jnode paths)
{
    struct ps_jnode path = ps_jnode_first(paths);
    struct mtu mtu = {0, 0};
    struct map_text t;

    while (ps_jnode_there(path) && ps_jnode_count(path) == 0)
        path = ps_jnode_next(path);
    if (!ps_jnode_there(path) || !map_text_begin(w, &t))
        return mtu;
    write_path(&t.json, path, &mtu);
    map_text_end(w, &t, "packet-trace", true);
    return mtu;
}

static struct mtu put_multi(struct map_writer *w, struct ps_jnode paths)
{
    struct mtu mtu = {0, 0};
    struct map_text t;

    if (ps_jnode_count(paths) == 0 || !map_text_begin(w, &t))
        return mtu;
    ps_json_open(&t.json, '[');
    for (struct ps_jnode m = ps_jnode_first(paths); ps_jnode_there(m); m = ps_jnode_next(m)) {
        mtu.now = 0;
        write_path(&t.json, m, &mtu);
    }
    ps_json_close(&t.json, ']');
    map_text_end(w, &t, "packet-trace-multi", is_paris(w->map));
    return mtu;
}

void map_trace_values(struct map_writer *w)
{
    struct ps_jnode paths = ps_jnode_member(w->map->outcome, "paths");
    struct value v = {0};
    struct mtu mtu;

    if (ps_jnode_type(paths) != PS_JTYPE_ARRAY)
        return;
    (void)put_trace(w, paths);
    mtu = put_multi(w, paths);
    if (!w->err && mtu.least > 0)
        w->err = value_number(mtu.least, &v);
    if (v.form != VALUE_NONE)
        map_value_take(w, "path-mtu", &v);
}
