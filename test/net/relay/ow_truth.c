// SPDX-License-Identifier: Apache-2.0
// Holds what a session's receiver reported against the relay's log of the same packets. Prints
// lines of NAME, what was reported, what is true; equality is judged by the reader.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_time.h"

#define LINE_MAX_LEN 512
#define REORDER_MAX 64
#define REORDER_TEXT 2048
#define INTERRUPTED (25 * PS_USEC)

// One packet's arrival, or its loss (time 0).
struct event {
    uint32_t seq;
    unsigned ttl;
    ps_ns delay, spread; // it took delay at least, and delay + spread at most
    bool lost;
};

struct events {
    struct event *v;
    size_t n, cap;
};

struct report { // of the machine-readable summary
    unsigned from_port, to_port;
    uint64_t sent, lost, dups;
    char reorder[REORDER_TEXT];
};

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *fmt, ...)
{
    va_list ap;

    fputs("ow_truth: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    putc('\n', stderr);
    exit(4);
}

static FILE *open_text(const char *path)
{
    FILE *f = fopen(path, "re");

    if (!f)
        die("%s: %s", path, strerror(errno));
    return f;
}

static void add(struct events *e, struct event one)
{
    if (e->n == e->cap) {
        e->cap = e->cap ? 2 * e->cap : 1024;
        e->v = realloc(e->v, e->cap * sizeof *e->v);
        if (!e->v)
            die("no memory");
    }
    e->v[e->n++] = one;
}

// owstats -R
static void read_records(const char *path, struct events *out)
{
    char line[LINE_MAX_LEN];
    FILE *f = open_text(path);

    while (fgets(line, sizeof line, f)) {
        struct event e = {0};
        uint64_t sent, received;
        if (sscanf(line, "%" SCNu32 " %" SCNu64 " %*d %*s %" SCNu64 " %*d %*s %u", &e.seq, &sent, &received,
                   &e.ttl) != 4)
            die("%s: not a record: %s", path, line);
        e.lost = received == 0;
        e.delay = e.lost ? 0 : (ps_ns)llround((double)ps_ntp_diff(received, sent) * 1e9 / 4294967296.0);
        add(out, e);
    }
    fclose(f);
}

static void read_log(const char *path, const char *direction, const struct report *of, struct events *out)
{
    char line[LINE_MAX_LEN], name[16];
    FILE *f = open_text(path);

    while (fgets(line, sizeof line, f)) {
        struct event e = {0};
        unsigned sport, dport;
        int64_t entry, leaves, left;
        if (sscanf(line, "%15s %*d %u %u %" SCNu32 " %*u %u %" SCNd64 " %" SCNd64 " %" SCNd64, name, &sport,
                   &dport, &e.seq, &e.ttl, &entry, &leaves, &left) != 8)
            die("%s: not a line of the log: %s", path, line);
        if (strcmp(name, direction) != 0 || sport != of->from_port || dport != of->to_port)
            continue;
        e.lost = leaves == 0;
        e.delay = e.lost ? 0 : leaves - entry;
        e.spread = left - leaves;
        add(out, e);
    }
    fclose(f);
}

static void add_reorder(char *text, unsigned n, uint64_t count)
{
    size_t len = strlen(text);

    if (count)
        snprintf(text + len, REORDER_TEXT - len, "%s%u:%" PRIu64, len ? "," : "", n, count);
}

// owping -M
static void read_report(const char *path, struct report *r)
{
    char line[LINE_MAX_LEN];
    FILE *f = open_text(path);
    bool reorder = false;
    unsigned n;
    uint64_t count;

    *r = (struct report){0};
    while (fgets(line, sizeof line, f)) {
        if (strncmp(line, "<NREORDERING>", 13) == 0)
            reorder = true;
        else if (reorder && sscanf(line, " %u %" SCNu64, &n, &count) == 2)
            add_reorder(r->reorder, n, count);
        else if (sscanf(line, "FROM_PORT %u", &r->from_port) == 1 ||
                 sscanf(line, "TO_PORT %u", &r->to_port) == 1 ||
                 sscanf(line, "SENT %" SCNu64, &r->sent) == 1 || sscanf(line, "DUPS %" SCNu64, &r->dups) == 1)
            continue;
        else
            (void)sscanf(line, "LOST %" SCNu64, &r->lost);
    }
    fclose(f);
}

// What must be reported of such arrivals and losses. RFC 4737: an arrival is n-reordered when each
// of the n arrivals before it has a greater sequence number.
static void conclude(const struct events *e, struct report *out)
{
    uint64_t reorder[REORDER_MAX] = {0}, arrivals = 0;
    uint32_t top = 0;
    uint32_t *order = calloc(e->n + 1, sizeof *order);

    for (size_t i = 0; i < e->n; i++)
        top = e->v[i].seq > top ? e->v[i].seq : top;
    bool *seen = calloc((size_t)top + 1, sizeof *seen);
    if (!order || !seen)
        die("no memory");
    for (size_t i = 0; i < e->n; i++) {
        const struct event *p = &e->v[i];
        out->sent += !seen[p->seq];
        out->lost += p->lost && !seen[p->seq];
        out->dups += seen[p->seq];
        seen[p->seq] = true;
        if (p->lost)
            continue;
        for (size_t n = 1; n <= arrivals && n <= REORDER_MAX && order[arrivals - n] > p->seq; n++)
            reorder[n - 1]++;
        order[arrivals++] = p->seq;
    }
    for (unsigned n = 1; n <= REORDER_MAX; n++)
        add_reorder(out->reorder, n, reorder[n - 1]);
    free(order);
    free(seen);
}

static int seq_order(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    return (x->seq > y->seq) - (x->seq < y->seq);
}

// The arrivals (or the losses, in order of their numbers) of a list.
static void select_events(const struct events *from, bool lost, struct events *out)
{
    for (size_t i = 0; i < from->n; i++)
        if (from->v[i].lost == lost)
            add(out, from->v[i]);
    if (lost && out->n)
        qsort(out->v, out->n, sizeof *out->v, seq_order);
}

// Where a list differs: " PLACE:SEQ/TTL".
static void print_from(const struct events *e, size_t i)
{
    if (i < e->n)
        printf(" %zu:%" PRIu32 "/%u", i, e->v[i].seq, e->v[i].ttl);
    else
        printf(" %zu:end", i);
}

static void compare_lists(const char *name, const struct events *got, const struct events *is, bool ttl)
{
    size_t i = 0, most = got->n < is->n ? got->n : is->n;

    while (i < most && got->v[i].seq == is->v[i].seq && (!ttl || got->v[i].ttl == is->v[i].ttl))
        i++;
    if (i == got->n && i == is->n) {
        printf("%s %zu %zu\n", name, got->n, is->n);
        return;
    }
    printf("%s", name);
    print_from(got, i);
    print_from(is, i);
    putchar('\n');
}

static int ns_order(const void *a, const void *b)
{
    const ps_ns *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

// How far a reported delay is from the true one; below 0: too short. A packet leaves at the beginning
// of the relay's call, but when that took so long that something came between, at any time of it.
static ps_ns off_by(const struct event *got, const struct event *is)
{
    ps_ns d = got->delay - is->delay;

    if (got->seq != is->seq)
        return PS_SEC;
    if (d < 0 || is->spread < INTERRUPTED)
        return d;
    return d > is->spread ? d - is->spread : 0;
}

// How far the reported delays are from the true ones, in microseconds.
static void compare_delays(const struct events *got, const struct events *is)
{
    size_t n = got->n < is->n ? got->n : is->n;
    ps_ns *off = calloc(n + 1, sizeof *off), least = INT64_MAX;

    if (!off)
        die("no memory");
    for (size_t i = 0; i < n; i++) {
        ps_ns d = off_by(&got->v[i], &is->v[i]);
        least = d < least ? d : least;
        off[i] = d < 0 ? -d : d;
    }
    qsort(off, n, sizeof *off, ns_order);
    if (n) {
        size_t p99 = (n * 99 + 99) / 100 - 1, middle = n / 2;
        printf("off_us %.1f %.1f %.1f %.1f\n", (double)off[p99] / 1e3, (double)least / 1e3,
               (double)off[middle] / 1e3, (double)off[n - 1] / 1e3);
    }
    free(off);
}

static void compare_events(const struct events *got, const struct events *is)
{
    struct events a = {0}, b = {0}, c = {0}, d = {0};

    select_events(got, false, &a);
    select_events(is, false, &b);
    compare_lists("arrivals", &a, &b, true);
    compare_delays(&a, &b);
    select_events(got, true, &c);
    select_events(is, true, &d);
    compare_lists("losses", &c, &d, false);
    free(a.v);
    free(b.v);
    free(c.v);
    free(d.v);
}

int main(int argc, char **argv)
{
    struct report reported, truth = {0};
    struct events records = {0}, log = {0};

    if (argc != 5) {
        fputs("Usage: ow_truth LOG there|back SUMMARY RECORDS\n"
              "Compares the relay's LOG with a session's SUMMARY (owping -M) and RECORDS (owstats -R).\n"
              "Lines: NAME REPORTED TRUE; off_us: 99th percentile, least, median, greatest of\n"
              "reported less true delay.\n",
              stderr);
        return 2;
    }
    read_report(argv[3], &reported);
    read_log(argv[1], argv[2], &reported, &log);
    read_records(argv[4], &records);
    conclude(&log, &truth);
    printf("sent %" PRIu64 " %" PRIu64 "\n", reported.sent, truth.sent);
    printf("lost %" PRIu64 " %" PRIu64 "\n", reported.lost, truth.lost);
    printf("duplicates %" PRIu64 " %" PRIu64 "\n", reported.dups, truth.dups);
    printf("reordering %s %s\n", *reported.reorder ? reported.reorder : "none",
           *truth.reorder ? truth.reorder : "none");
    compare_events(&records, &log);
    free(records.v);
    free(log.v);
    return 0;
}
