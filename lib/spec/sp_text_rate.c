// SPDX-License-Identifier: Apache-2.0
// Results of throughput: a table of intervals for each stream, what each made, what all made.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "spec/sp_put.h"
#include "spec/sp_texts.h"

#define STREAMS_MAX 128 // that are shown
#define COLUMN "%-15s"

// What items of this result have, which is what columns there are.
struct columns {
    bool udp, retransmits, window, receiver, jitter;
};

static bool has(struct ps_jnode n, const char *key)
{
    return ps_jnode_type(ps_jnode_member(n, key)) == PS_JTYPE_NUMBER;
}

static struct columns columns_of(struct ps_jnode summary)
{
    struct columns c = {.udp = has(summary, "sent"), .receiver = has(summary, "receiver-throughput-bits")};

    c.retransmits = !c.udp && has(summary, "retransmits");
    c.window = !c.udp && has(summary, "tcp-window-size");
    c.jitter = c.udp && has(summary, "jitter");
    return c;
}

static void put_head(struct sp_text_of *t, const struct columns *c)
{
    sp_put(t, COLUMN COLUMN, "Interval", "Throughput");
    if (c->udp)
        sp_put(t, COLUMN, "Lost / Sent");
    if (c->retransmits)
        sp_put(t, COLUMN, "Retransmits");
    if (c->window)
        sp_put(t, COLUMN, "Current Window");
    if (c->receiver)
        sp_put(t, COLUMN, "Receiver");
    if (c->jitter)
        sp_put(t, COLUMN, "Jitter");
    sp_put(t, "\n");
}

// A cell of a table, made apart to be padded.
static void put_cell(struct sp_text_of *t, bool there, double value, const char *unit)
{
    struct ps_buf cell;
    struct sp_text_of inner = {.out = &cell};

    ps_buf_init(&cell, 0);
    if (there)
        sp_put_scaled(&inner, value, unit);
    sp_put(&inner, there ? "" : "-");
    sp_put(t, "%-*.*s", 15, (int)ps_buf_len(&cell), (const char *)ps_buf_head(&cell));
    ps_buf_fini(&cell);
}

static void put_number_cell(struct sp_text_of *t, struct ps_jnode item, const char *key, const char *unit)
{
    double v = 0;
    bool there = sp_get_double(item, key, &v);

    put_cell(t, there, v, unit);
}

static void put_lost(struct sp_text_of *t, struct ps_jnode item)
{
    uint64_t lost = 0, sent = 0;
    char cell[48], of[24] = "-";

    (void)sp_get_count(item, "sent", &sent);
    if (sp_get_count(item, "lost", &lost))
        snprintf(of, sizeof of, "%" PRIu64, lost);
    snprintf(cell, sizeof cell, "%s / %" PRIu64, of, sent);
    sp_put(t, COLUMN, cell);
}

static void put_retransmits(struct sp_text_of *t, struct ps_jnode item)
{
    uint64_t n = 0;
    char cell[24] = "-";

    if (sp_get_count(item, "retransmits", &n))
        snprintf(cell, sizeof cell, "%" PRIu64, n);
    sp_put(t, COLUMN, cell);
}

static void put_item(struct sp_text_of *t, const struct columns *c, struct ps_jnode item)
{
    double start = 0, end = 0, jitter = 0;
    bool omitted = false;
    char range[48];

    (void)sp_get_double(item, "start", &start);
    (void)sp_get_double(item, "end", &end);
    snprintf(range, sizeof range, "%.1f - %.1f", start, end);
    sp_put(t, COLUMN, range);
    put_number_cell(t, item, "throughput-bits", "bps");
    if (c->udp)
        put_lost(t, item);
    if (c->retransmits)
        put_retransmits(t, item);
    if (c->window)
        put_number_cell(t, item, "tcp-window-size", "Bytes");
    if (c->receiver)
        put_number_cell(t, item, "receiver-throughput-bits", "bps");
    if (c->jitter && sp_get_double(item, "jitter", &jitter))
        sp_put(t, "%.3f ms", jitter);
    (void)ps_jnode_bool(ps_jnode_member(item, "omitted"), &omitted, NULL);
    sp_put(t, omitted ? " (omitted)\n" : "\n");
}

static struct ps_jnode stream_of(struct ps_jnode interval, double id)
{
    struct ps_jnode n = ps_jnode_first(ps_jnode_member(interval, "streams"));
    double v;

    while (ps_jnode_there(n) && !(sp_get_double(n, "stream-id", &v) && v >= id && v <= id))
        n = ps_jnode_next(n);
    return n;
}

static void put_stream(struct sp_text_of *t, double id)
{
    struct ps_jnode n = ps_jnode_first(ps_jnode_member(t->result, "intervals"));
    struct columns c = columns_of(stream_of(n, id));

    sp_put(t, "* Stream ID %.0f\n", id);
    put_head(t, &c);
    for (; ps_jnode_there(n); n = ps_jnode_next(n)) {
        struct ps_jnode item = stream_of(n, id);
        if (ps_jnode_there(item))
            put_item(t, &c, item);
    }
    sp_put(t, "\n");
}

// Streams of the first interval; the others have the same.
static void put_streams(struct sp_text_of *t)
{
    struct ps_jnode first = ps_jnode_first(ps_jnode_member(t->result, "intervals"));
    struct ps_jnode n = ps_jnode_first(ps_jnode_member(first, "streams"));
    double id;

    for (size_t i = 0; i < STREAMS_MAX && ps_jnode_there(n); i++, n = ps_jnode_next(n))
        if (sp_get_double(n, "stream-id", &id))
            put_stream(t, id);
}

static void put_summaries(struct sp_text_of *t, struct ps_jnode streams)
{
    double id;

    if (ps_jnode_count(streams) < 2)
        return;
    sp_put(t, "Stream Summaries\n");
    for (struct ps_jnode n = ps_jnode_first(streams); ps_jnode_there(n); n = ps_jnode_next(n)) {
        struct columns c = columns_of(n);
        if (sp_get_double(n, "stream-id", &id))
            sp_put(t, "* Stream ID %.0f\n", id);
        put_head(t, &c);
        put_item(t, &c, n);
    }
    sp_put(t, "\n");
}

static void put_sizes(struct sp_text_of *t)
{
    static const struct {
        const char *label, *key;
    } sizes[] = {
        {"Max Segment Size", "mss"},
        {"Path MTU", "mtu"},
        {"TCP Window Size", "tcp-window-size"},
        {"Requested TCP Window Size", "requested-tcp-window-size"},
    };
    double v;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (sp_get_double(t->result, sizes[i].key, &v))
            sp_put(t, "%s: %.0f bytes\n", sizes[i].label, v);
}

void sp_text_throughput(struct sp_text_of *t)
{
    struct ps_jnode summary = ps_jnode_member(t->result, "summary");
    struct ps_jnode all = ps_jnode_member(summary, "summary");
    struct columns c = columns_of(all);

    put_streams(t);
    put_summaries(t, ps_jnode_member(summary, "streams"));
    sp_put(t, "Summary\n");
    c.window = false; // all streams together have none
    put_head(t, &c);
    put_item(t, &c, all);
    put_sizes(t);
}
