// SPDX-License-Identifier: Apache-2.0
// pScheduler's throughput: the whole, its intervals, and the same of each stream.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "esmond/es_map_impl.h"

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

static bool is_udp(const struct es_map *m)
{
    return es_map_truth(ps_jnode_member(m->spec, "udp"));
}

static bool is_parallel(const struct es_map *m)
{
    return es_map_number(ps_jnode_member(m->spec, "parallel"), 1) > 1;
}

void es_map_throughput_registration(struct es_map_writer *w)
{
    bool udp = is_udp(w->map), parallel = is_parallel(w->map);

    es_map_param_text(w, "ip-transport-protocol", udp ? "udp" : "tcp");
    for (size_t i = 0; i < FIGURES; i++) {
        const struct figure *f = &figures[i];
        if (udp && f->tcp)
            continue;
        es_map_event(w, f->event);
        es_map_event(w, f->intervals);
        if (parallel) {
            es_map_event(w, f->streams);
            es_map_event(w, f->streams_intervals);
        }
    }
    if (udp) {
        es_map_event(w, "packet-loss-rate");
        es_map_event(w, "packet-count-lost");
        es_map_event(w, "packet-count-sent");
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
    struct ps_jnode id = es_map_member(stream, "stream-id");
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
    ps_json_double(j, es_map_number(n, 0));
}

static bool is_figure(struct ps_jnode n)
{
    return ps_jnode_type(n) == PS_JTYPE_NUMBER;
}

// {start, duration, val}; false: it lacks one of them.
static bool write_interval(struct ps_json *j, struct ps_jnode n, const char *field)
{
    struct ps_jnode start = es_map_member(n, "start"), end = es_map_member(n, "end"),
                    val = es_map_member(n, field);

    if (!is_figure(start) || !is_figure(end) || !is_figure(val))
        return false;
    ps_json_open(j, '{');
    ps_json_key(j, "start");
    write_raw(j, start);
    ps_json_put_double(j, "duration", es_map_number(end, 0) - es_map_number(start, 0));
    ps_json_key(j, "val");
    write_raw(j, val);
    ps_json_close(j, '}');
    return true;
}

static void put_intervals(struct es_map_writer *w, struct ps_jnode intervals, const struct figure *f)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    bool any = false;

    ps_json_open(j, '[');
    for (struct ps_jnode m = ps_jnode_first(intervals); ps_jnode_there(m); m = ps_jnode_next(m))
        any |= write_interval(j, es_map_member(m, "summary"), f->field);
    ps_json_close(j, ']');
    es_map_value_text(w, f->intervals, &t, any);
}

// A list for each stream.
static void put_stream_intervals(struct es_map_writer *w, const struct entries *e, const struct figure *f)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    bool any = false;

    ps_json_open(j, '[');
    for (size_t i = 0; i < e->n; i++) {
        if (i == 0 || compare_ids(e->at[i - 1].id, e->at[i].id) != 0)
            ps_json_open(j, '[');
        any |= write_interval(j, e->at[i].stream, f->field);
        if (i + 1 == e->n || compare_ids(e->at[i].id, e->at[i + 1].id) != 0)
            ps_json_close(j, ']');
    }
    ps_json_close(j, ']');
    es_map_value_text(w, f->streams_intervals, &t, any);
}

// A figure for each stream; null where one has none.
static void put_stream_figures(struct es_map_writer *w, const struct entries *e, const struct figure *f)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    bool any = false;

    ps_json_open(j, '[');
    for (size_t i = 0; i < e->n; i++) {
        struct ps_jnode n = es_map_member(e->at[i].stream, f->field);
        any |= is_figure(n);
        if (is_figure(n))
            write_raw(j, n);
        else
            ps_json_null(j);
    }
    ps_json_close(j, ']');
    es_map_value_text(w, f->streams, &t, any);
}

typedef void put_entries(struct es_map_writer *w, const struct entries *e, const struct figure *f);

static void put_sorted(struct es_map_writer *w, struct entries *e, put_entries *put)
{
    if (e->n)
        qsort(e->at, e->n, sizeof *e->at, compare);
    for (size_t i = 0; e->n && i < FIGURES; i++)
        if (!is_udp(w->map) || !figures[i].tcp)
            put(w, e, &figures[i]);
    free(e->at);
}

static void put_streams(struct es_map_writer *w, struct ps_jnode intervals)
{
    struct entries whole = {NULL, 0, 0}, parts = {NULL, 0, 0};
    int err = add_all(&whole, es_map_member(w->map->outcome, "summary/streams"));

    for (struct ps_jnode m = ps_jnode_first(intervals); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = add_all(&parts, es_map_member(m, "streams"));
    if (!w->err)
        w->err = err;
    put_sorted(w, &whole, put_stream_figures);
    put_sorted(w, &parts, put_stream_intervals);
}

// Where packets overtake each other iperf3 counts fewer than none as lost, or more than all: that says nothing of
// the throughput.
static void put_packets(struct es_map_writer *w, struct ps_jnode sent, struct ps_jnode lost)
{
    double below = es_map_number(sent, -1), above = es_map_number(lost, -1);

    if (below >= 0)
        es_map_value(w, "packet-count-sent", sent);
    if (above < 0 || (below >= 0 && above > below))
        return;
    es_map_value(w, "packet-count-lost", lost);
    if (below >= 0)
        es_map_value_ratio(w, "packet-loss-rate", lost, sent);
}

void es_map_throughput_values(struct es_map_writer *w)
{
    struct ps_jnode whole = es_map_member(w->map->outcome, "summary/summary");
    struct ps_jnode intervals = ps_jnode_member(w->map->outcome, "intervals");
    bool udp = is_udp(w->map);

    for (size_t i = 0; i < FIGURES; i++) {
        if (udp && figures[i].tcp)
            continue;
        es_map_value(w, figures[i].event, es_map_member(whole, figures[i].field));
        put_intervals(w, intervals, &figures[i]);
    }
    if (udp)
        put_packets(w, es_map_member(whole, "sent"), es_map_member(whole, "lost"));
    if (is_parallel(w->map))
        put_streams(w, intervals);
}
