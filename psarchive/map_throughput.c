// SPDX-License-Identifier: Apache-2.0
// pScheduler's throughput: the whole, its intervals, and the same of each stream.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "psarchive/map_impl.h"

struct figure {
    const char *field, *event, *intervals, *streams, *streams_intervals;
    bool tcp; // of TCP alone
};

static const struct figure figures[] = {
    {"throughput-bits", "throughput", "throughput-subintervals", "streams-throughput",
     "streams-throughput-subintervals", false},
    {"retransmits", "packet-retransmits", "packet-retransmits-subintervals", "streams-packet-retransmits",
     "streams-packet-retransmits-subintervals", true},
    {"rtt", "packet-rtt", "packet-rtt-subintervals", "streams-packet-rtt", "streams-packet-rtt-subintervals",
     true},
    {"tcp-window-size", "tcp-windowsize", "tcp-windowsize-subintervals", "streams-tcp-windowsize",
     "streams-tcp-windowsize-subintervals", true},
};
#define FIGURES (sizeof figures / sizeof figures[0])

static bool is_udp(const struct map *m)
{
    return map_truth(ps_jnode_member(m->spec, "udp"));
}

static bool is_parallel(const struct map *m)
{
    return map_number(ps_jnode_member(m->spec, "parallel"), 1) > 1;
}

void map_throughput_registration(struct map_writer *w)
{
    bool udp = is_udp(w->map), parallel = is_parallel(w->map);

    map_param_text(w, "ip-transport-protocol", udp ? "udp" : "tcp");
    for (size_t i = 0; i < FIGURES; i++) {
        const struct figure *f = &figures[i];
        if (udp && f->tcp)
            continue;
        map_event(w, f->event);
        map_event(w, f->intervals);
        if (parallel) {
            map_event(w, f->streams);
            map_event(w, f->streams_intervals);
        }
    }
    if (udp) {
        map_event(w, "packet-loss-rate");
        map_event(w, "packet-count-lost");
        map_event(w, "packet-count-sent");
    }
}

// --- streams, in the order of their names

struct entry {
    struct ps_jnode stream;
    struct ps_jnode id;
    size_t order;
};

struct entries {
    struct entry *at;
    size_t n, cap;
};

static int compare_ids(struct ps_jnode a, struct ps_jnode b)
{
    size_t la, lb;
    const char *ta = ps_jnode_raw(a, &la), *tb = ps_jnode_raw(b, &lb);
    int c;

    // Numbers without signs and such are in order when the shorter is the less.
    if (ps_jnode_type(a) == PS_JTYPE_NUMBER && ps_jnode_type(b) == PS_JTYPE_NUMBER && la != lb)
        return la < lb ? -1 : 1;
    c = memcmp(ta, tb, la < lb ? la : lb);
    return c ? c : (la > lb) - (la < lb);
}

static int compare(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    int c = compare_ids(a->id, b->id);

    return c ? c : (a->order > b->order) - (a->order < b->order);
}

static int add(struct entries *e, struct ps_jnode stream)
{
    struct ps_jnode id = map_member(stream, "stream-id");
    enum ps_jtype type = ps_jnode_type(id);

    if (type != PS_JTYPE_NUMBER && type != PS_JTYPE_STRING)
        return 0;
    if (e->n == e->cap) {
        size_t cap = e->cap ? 2 * e->cap : 64;
        struct entry *more = realloc(e->at, cap * sizeof *more);
        if (!more)
            return -ENOMEM;
        e->at = more;
        e->cap = cap;
    }
    e->at[e->n] = (struct entry){stream, id, e->n};
    e->n++;
    return 0;
}

static int add_all(struct entries *e, struct ps_jnode streams)
{
    int err = 0;

    if (ps_jnode_type(streams) != PS_JTYPE_ARRAY)
        return 0;
    for (struct ps_jnode m = ps_jnode_first(streams); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = add(e, m);
    return err;
}

// --- writing

static void write_raw(struct ps_json *j, struct ps_jnode n)
{
    ps_json_double(j, map_number(n, 0));
}

static bool is_figure(struct ps_jnode n)
{
    return ps_jnode_type(n) == PS_JTYPE_NUMBER;
}

// {start, duration, val}; false: it lacks one of them.
static bool write_interval(struct ps_json *j, struct ps_jnode n, const char *field)
{
    struct ps_jnode start = map_member(n, "start"), end = map_member(n, "end"), val = map_member(n, field);

    if (!is_figure(start) || !is_figure(end) || !is_figure(val))
        return false;
    ps_json_open(j, '{');
    ps_json_key(j, "start");
    write_raw(j, start);
    ps_json_key(j, "duration");
    ps_json_double(j, map_number(end, 0) - map_number(start, 0));
    ps_json_key(j, "val");
    write_raw(j, val);
    ps_json_close(j, '}');
    return true;
}

static void put_intervals(struct map_writer *w, struct ps_jnode intervals, const struct figure *f)
{
    struct map_text t;
    bool any = false;

    if (!map_text_begin(w, &t))
        return;
    ps_json_open(&t.json, '[');
    for (struct ps_jnode m = ps_jnode_first(intervals); ps_jnode_there(m); m = ps_jnode_next(m))
        any |= write_interval(&t.json, map_member(m, "summary"), f->field);
    ps_json_close(&t.json, ']');
    map_text_end(w, &t, f->intervals, any);
}

// A list for each stream.
static void put_stream_intervals(struct map_writer *w, const struct entries *e, const struct figure *f)
{
    struct map_text t;
    bool any = false;

    if (!map_text_begin(w, &t))
        return;
    ps_json_open(&t.json, '[');
    for (size_t i = 0; i < e->n; i++) {
        if (i == 0 || compare_ids(e->at[i - 1].id, e->at[i].id) != 0)
            ps_json_open(&t.json, '[');
        any |= write_interval(&t.json, e->at[i].stream, f->field);
        if (i + 1 == e->n || compare_ids(e->at[i].id, e->at[i + 1].id) != 0)
            ps_json_close(&t.json, ']');
    }
    ps_json_close(&t.json, ']');
    map_text_end(w, &t, f->streams_intervals, any);
}

// A figure for each stream; null where one has none.
static void put_stream_figures(struct map_writer *w, const struct entries *e, const struct figure *f)
{
    struct map_text t;
    bool any = false;

    if (!map_text_begin(w, &t))
        return;
    ps_json_open(&t.json, '[');
    for (size_t i = 0; i < e->n; i++) {
        struct ps_jnode n = map_member(e->at[i].stream, f->field);
        any |= is_figure(n);
        if (is_figure(n))
            write_raw(&t.json, n);
        else
            ps_json_null(&t.json);
    }
    ps_json_close(&t.json, ']');
    map_text_end(w, &t, f->streams, any);
}

typedef void put_entries(struct map_writer *w, const struct entries *e, const struct figure *f);

static void put_sorted(struct map_writer *w, struct entries *e, put_entries *put)
{
    if (e->n)
        qsort(e->at, e->n, sizeof *e->at, compare);
    for (size_t i = 0; e->n && i < FIGURES; i++)
        if (!is_udp(w->map) || !figures[i].tcp)
            put(w, e, &figures[i]);
    free(e->at);
}

static void put_streams(struct map_writer *w, struct ps_jnode intervals)
{
    struct entries whole = {NULL, 0, 0}, parts = {NULL, 0, 0};
    int err = add_all(&whole, map_member(w->map->outcome, "summary/streams"));

    for (struct ps_jnode m = ps_jnode_first(intervals); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = add_all(&parts, map_member(m, "streams"));
    if (!w->err)
        w->err = err;
    put_sorted(w, &whole, put_stream_figures);
    put_sorted(w, &parts, put_stream_intervals);
}

// Where packets overtake each other iperf3 counts fewer than none as lost, or more than all: that says nothing of
// the throughput.
static void put_packets(struct map_writer *w, struct ps_jnode sent, struct ps_jnode lost)
{
    double below = map_number(sent, -1), above = map_number(lost, -1);

    if (below >= 0)
        map_value(w, "packet-count-sent", sent);
    if (above < 0 || (below >= 0 && above > below))
        return;
    map_value(w, "packet-count-lost", lost);
    if (below >= 0)
        map_value_ratio(w, "packet-loss-rate", lost, sent);
}

void map_throughput_values(struct map_writer *w)
{
    struct ps_jnode whole = map_member(w->map->outcome, "summary/summary");
    struct ps_jnode intervals = ps_jnode_member(w->map->outcome, "intervals");
    bool udp = is_udp(w->map);

    for (size_t i = 0; i < FIGURES; i++) {
        if (udp && figures[i].tcp)
            continue;
        map_value(w, figures[i].event, map_member(whole, figures[i].field));
        put_intervals(w, intervals, &figures[i]);
    }
    if (udp)
        put_packets(w, map_member(whole, "sent"), map_member(whole, "lost"));
    if (is_parallel(w->map))
        put_streams(w, intervals);
}
