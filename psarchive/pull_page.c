// SPDX-License-Identifier: Apache-2.0
// A page of points or sums: read, and stored as a whole. When something of it is refused, one by one.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "psarchive/pull_impl.h"
#include "psarchive/ratio.h"

// How many packets were sent, for shares of them: what was stored before, ascending like the page.
struct counts {
    struct series *series;
    const struct point *now;
    bool any;
};

// --- shares

static void counts_open(struct counts *c, struct pull *p, const struct pull_page *page)
{
    int lost, sent;
    *c = (struct counts){0};
    if (es_event_kind(page->series.event) != ES_EVENT_PERCENTAGE ||
        !ratio_of_counts(page->series.event, &lost, &sent))
        return;
    if (series_open(&c->series, p->w->reader, page->meta, sent, (enum es_summary_type)page->series.type,
                    page->series.window, page->first, page->last) != 0)
        c->series = NULL;
    else
        c->any = series_next(c->series, &c->now) > 0;
}

static double counts_at(struct counts *c, int64_t ts)
{
    while (c->any && c->now->ts < ts)
        c->any = series_next(c->series, &c->now) > 0;
    return c->any && c->now->ts == ts && c->now->value.form == ES_VALUE_NUMBER ? c->now->value.number : 0;
}

static void counts_close(struct counts *c)
{
    if (c->series != NULL)
        series_close(c->series);
}

// The simplest fraction that is the number, by its continued fraction.
static int simplest(double r, struct es_value *out)
{
    double x = r, n0 = 0, n1 = 1, d0 = 1, d1 = 0;
    for (int i = 0; i < 40; i++) {
        double a = floor(x), n = a * n1 + n0, d = a * d1 + d0;
        if (n > 1e12 || d > 1e12)
            break;
        n0 = n1, n1 = n, d0 = d1, d1 = d;
        if (n1 / d1 == r || x - a < 1e-12)
            break;
        x = 1 / (x - a);
    }
    return es_value_ratio((uint64_t)n1, (uint64_t)d1, out);
}

// A share comes as a number alone. Of what, the packets that were sent tell, so that shares are weighed as they were.
static int read_share(struct counts *c, int64_t ts, struct ps_jnode val, struct es_value *out,
                      struct ps_fault *fault)
{
    double r, sent;
    int err = ps_jnode_double(val, 0, 1, &r, fault);
    if (err != 0)
        return err;
    sent = counts_at(c, ts);
    double lost = round(r * sent);
    if (sent >= 1 && sent < (double)ES_VALUE_RATIO_MAX && fabs(lost / sent - r) < 1e-9)
        return es_value_ratio((uint64_t)lost, (uint64_t)sent, out);
    return simplest(r, out);
}

// --- points

static int read_value(const struct pull_page *page, struct counts *c, int64_t ts, struct ps_jnode val,
                      struct es_value *out, struct ps_fault *fault)
{
    enum es_event_kind kind = es_event_kind(page->series.event);
    *out = (struct es_value){0};
    if (kind == ES_EVENT_PERCENTAGE && ps_jnode_type(val) == PS_JTYPE_NUMBER)
        return read_share(c, ts, val, out, fault);
    return es_value_from_json(kind, val, out, fault);
}

static int add_point(const struct pull_page *page, struct put *put, struct counts *c, struct ps_jnode n,
                     struct ps_fault *fault)
{
    int64_t ts;
    struct es_value v;
    int err = ps_jnode_i64(ps_jnode_member(n, "ts"), 0, PUT_TS_MAX, &ts, fault);
    if (err == 0)
        err = read_value(page, c, ts, ps_jnode_member(n, "val"), &v, fault);
    if (err != 0)
        return err;
    err = page->series.type == ES_SUMMARY_BASE
              ? put_value(put, ts, page->series.event, &v)
              : put_sum(put, ts, page->series.event, page->series.window, &v);
    if (err != 0)
        ps_jnode_fault(n, fault, "%s", ps_strerror(err));
    return err;
}

// --- storing

// It stays with who waits for it.
static void keep_put(void *ctx, struct put *put)
{
    (void)ctx;
    (void)put;
}

int pull_put(struct pull *p, struct put *put)
{
    put->done = keep_put;
    int err = port_put(p->w->port, put);
    if (err == 0)
        port_wait(p->w->port, 0);
    return err != 0 ? err : put->err;
}

static void count(struct pull *p, const struct put *put)
{
    p->tally.stored += put->created + put->replaced;
    p->tally.known += put->same;
    p->tally.purged += put->purged + put->expired;
}

static bool is_fatal(int err)
{
    return err == -ENOSPC || err == -EIO || err == -EROFS || err == -EBUSY || err == PS_ESTATE ||
           err == -ENOMEM;
}

static int fail(struct pull *p, int err)
{
    pull_fail(p, EXIT_SYSTEM, "%s: %s", store_path(p->w->store), ps_strerror(err));
    return EXIT_SYSTEM;
}

static void refuse(struct pull *p, const struct pull_page *page, struct ps_jnode n, int err, const char *why)
{
    char key[2 * ES_REG_KEY_LEN + 1];
    int64_t ts = -1;
    (void)ps_jnode_i64(ps_jnode_member(n, "ts"), INT64_MIN, INT64_MAX, &ts, NULL);
    meta_key_text(page->meta, key);
    pull_refuse(p, "%s %s at %lld: %s", key, es_event_name(page->series.event), (long long)ts,
                err == PS_EDUPLICATE ? "there is another value already"
                : why[0] != '\0'     ? why
                                     : ps_strerror(err));
}

static int store_single(struct pull *p, const struct pull_page *page, struct counts *c, struct ps_jnode n)
{
    struct ps_fault fault = {""};
    struct put *put = put_new(page->meta);
    int err = put == NULL ? -ENOMEM : add_point(page, put, c, n, &fault);
    if (err == 0)
        err = pull_put(p, put);
    if (err == PS_ERANGE && put->ahead > 0)
        (void)put_why(put, fault.text);
    if (err == 0)
        count(p, put);
    else if (!is_fatal(err))
        refuse(p, page, n, err, fault.text);
    put_free(put);
    return err != 0 && is_fatal(err) ? fail(p, err) : 0;
}

static int store_singly(struct pull *p, const struct pull_page *page)
{
    struct counts c;
    int status = 0;
    counts_open(&c, p, page);
    for (struct ps_jnode n = ps_jnode_first(page->points); status == 0 && ps_jnode_there(n);
         n = ps_jnode_next(n))
        status = store_single(p, page, &c, n);
    counts_close(&c);
    return status;
}

static void measure(struct pull_page *page)
{
    page->n = 0;
    page->first = INT64_MAX;
    page->last = -1;
    for (struct ps_jnode n = ps_jnode_first(page->points); ps_jnode_there(n); n = ps_jnode_next(n)) {
        int64_t ts;
        page->n++;
        if (ps_jnode_i64(ps_jnode_member(n, "ts"), 0, PUT_TS_MAX, &ts, NULL) != 0)
            continue;
        page->first = ts < page->first ? ts : page->first;
        page->last = ts > page->last ? ts : page->last;
    }
}

int pull_page_store(struct pull *p, struct pull_page *page)
{
    struct ps_fault fault = {""};
    struct counts c;
    measure(page);
    if (page->last < 0)
        return 0;
    struct put *put = put_new(page->meta);
    int err = put == NULL ? -ENOMEM : 0;
    counts_open(&c, p, page);
    for (struct ps_jnode n = ps_jnode_first(page->points); err == 0 && ps_jnode_there(n);
         n = ps_jnode_next(n))
        err = add_point(page, put, &c, n, &fault);
    counts_close(&c);
    if (err == 0)
        err = pull_put(p, put);
    if (err == 0)
        count(p, put);
    put_free(put);
    if (err == 0)
        return 0;
    return is_fatal(err) ? fail(p, err) : store_singly(p, page);
}
