// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_latency.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "tool/tl_spec.h"

#define TTLS 256

struct tl_latency {
    double width;
    bool raw;
    struct tl_packet *packets;
    size_t n, cap;
};

struct tl_latency *tl_latency_new(double bucket_width, bool raw)
{
    struct tl_latency *l = calloc(1, sizeof *l);

    if (l) {
        l->width = bucket_width > 0 && isfinite(bucket_width) ? bucket_width : 0.001;
        l->raw = raw;
    }
    return l;
}

void tl_latency_free(struct tl_latency *l)
{
    if (!l)
        return;
    free(l->packets);
    free(l);
}

int tl_latency_add(struct tl_latency *l, const struct tl_packet *p)
{
    if (l->n == TL_LATENCY_PACKETS)
        return PS_ELIMIT;
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 256;
        struct tl_packet *more = realloc(l->packets, cap * sizeof *more);
        if (!more)
            return -ENOMEM;
        l->packets = more;
        l->cap = cap;
    }
    l->packets[l->n++] = *p;
    return 0;
}

size_t tl_latency_packets(const struct tl_latency *l)
{
    return l->n;
}

// --- counting

struct count {
    uint64_t sent, received, lost, duplicated, reordered;
    double error;     // seconds
    int64_t *buckets; // of the first copy of each packet that came, in hundredths of the width
    size_t nbuckets;
    uint64_t ttls[TTLS];
};

static int by_seq(const void *a, const void *b)
{
    const struct tl_packet *const *p = a, *const *q = b;

    if ((*p)->seq != (*q)->seq)
        return (*p)->seq < (*q)->seq ? -1 : 1;
    return *p < *q ? -1 : *p > *q;
}

static int by_bucket(const void *a, const void *b)
{
    const int64_t *p = a, *q = b;

    return *p < *q ? -1 : *p > *q;
}

// The bucket is the delay in widths, rounded to two decimals.
static int64_t bucket_of(const struct tl_latency *l, const struct tl_packet *p)
{
    double delay = ps_ntpdiff_to_double(ps_ntp_diff(p->received, p->sent)) / l->width * 100;

    if (!(fabs(delay) < 9e17))
        return delay < 0 ? -(int64_t)9e17 : (int64_t)9e17;
    return llround(delay);
}

static void count_first(const struct tl_latency *l, struct count *c, const struct tl_packet *p)
{
    double error = p->sent_err + p->received_err;

    c->received++;
    c->buckets[c->nbuckets++] = bucket_of(l, p);
    c->ttls[p->ttl % TTLS]++;
    if (error > c->error)
        c->error = error;
}

// Copies of a packet stand together, in the order of arrival; a record that it was lost yields to one that it came.
static void count_packets(const struct tl_latency *l, struct count *c, const struct tl_packet **sorted)
{
    for (size_t i = 0, end; i < l->n; i = end) {
        const struct tl_packet *first = NULL;
        for (end = i; end < l->n && sorted[end]->seq == sorted[i]->seq; end++) {
            if (!sorted[end]->received)
                continue;
            if (first)
                c->duplicated++;
            else
                first = sorted[end];
        }
        c->sent++;
        if (first)
            count_first(l, c, first);
        else
            c->lost++;
    }
}

static void count_order(const struct tl_latency *l, struct count *c)
{
    const struct tl_packet *before = NULL;

    for (size_t i = 0; i < l->n; i++) {
        if (!l->packets[i].received)
            continue;
        if (before && l->packets[i].seq < before->seq)
            c->reordered++;
        before = &l->packets[i];
    }
}

static bool count(const struct tl_latency *l, struct count *c)
{
    const struct tl_packet **sorted = calloc(l->n + 1, sizeof *sorted);

    memset(c, 0, sizeof *c);
    c->buckets = calloc(l->n + 1, sizeof *c->buckets);
    if (sorted && c->buckets) {
        for (size_t i = 0; i < l->n; i++)
            sorted[i] = &l->packets[i];
        qsort(sorted, l->n, sizeof *sorted, by_seq);
        count_packets(l, c, sorted);
        count_order(l, c);
        qsort(c->buckets, c->nbuckets, sizeof *c->buckets, by_bucket);
    }
    free(sorted);
    return sorted && c->buckets;
}

// --- writing

static void put_buckets(const struct count *c, struct ps_json *j)
{
    char key[40];

    ps_json_put_open(j, "histogram-latency", '{');
    for (size_t i = 0, end; i < c->nbuckets; i = end) {
        int64_t b = c->buckets[i], whole;
        for (end = i; end < c->nbuckets && c->buckets[end] == b; end++)
            ;
        whole = b < 0 ? -b : b;
        snprintf(key, sizeof key, "%s%" PRId64 ".%02" PRId64, b < 0 ? "-" : "", whole / 100, whole % 100);
        ps_json_put_u64(j, key, end - i);
    }
    ps_json_close(j, '}');
}

static void put_ttls(const struct count *c, struct ps_json *j)
{
    char key[8];

    ps_json_put_open(j, "histogram-ttl", '{');
    for (unsigned i = 0; i < TTLS; i++) {
        if (!c->ttls[i])
            continue;
        snprintf(key, sizeof key, "%u", i);
        ps_json_put_u64(j, key, c->ttls[i]);
    }
    ps_json_close(j, '}');
}

static void put_packet(const struct tl_packet *p, struct ps_json *j)
{
    ps_json_open(j, '{');
    ps_json_put_u64(j, "seq-num", p->seq);
    ps_json_put_u64(j, "src-ts", p->sent);
    ps_json_put_bool(j, "src-clock-sync", p->sent_synced);
    ps_json_put_double(j, "src-clock-err", p->sent_err);
    ps_json_put_u64(j, "dst-ts", p->received);
    ps_json_put_bool(j, "dst-clock-sync", p->received_synced);
    ps_json_put_double(j, "dst-clock-err", p->received_err);
    ps_json_put_u64(j, "ip-ttl", p->ttl);
    ps_json_close(j, '}');
}

static void put_counts(const struct count *c, struct ps_json *j)
{
    ps_json_put_u64(j, "packets-sent", c->sent);
    ps_json_put_u64(j, "packets-received", c->received);
    ps_json_put_u64(j, "packets-lost", c->lost);
    ps_json_put_u64(j, "packets-duplicated", c->duplicated);
    ps_json_put_u64(j, "packets-reordered", c->reordered);
    if (c->received)
        ps_json_put_double(j, "max-clock-error", round(c->error * 1e5) / 100);
}

void tl_latency_put(struct tl_latency *l, struct ps_json *j)
{
    struct count c;

    if (count(l, &c)) {
        put_counts(&c, j);
        put_buckets(&c, j);
        put_ttls(&c, j);
    }
    free(c.buckets);
    if (!l->raw)
        return;
    ps_json_put_open(j, "raw-packets", '[');
    for (size_t i = 0; i < l->n; i++)
        put_packet(&l->packets[i], j);
    ps_json_close(j, ']');
}
