// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include "report/report_impl.h"

#define VALUE_LEN 32
#define HALF_MS UINT64_C(2147484) // 0.5 ms in 2^-32 s

static void print_port(const struct ps_addr *a, FILE *out)
{
    if (a->len)
        fprintf(out, "%u", ps_addr_port(a));
}

void report_human_head(const struct report *r, FILE *out)
{
    fprintf(out, "\n--- owping statistics from [%s]:", r->from_host);
    print_port(&r->from, out);
    fprintf(out, " to [%s]:", r->to_host);
    print_port(&r->to, out);
    fprintf(out, " ---\nSID:\t%s\n", r->sid);
}

static void print_unix_record(const struct report *r, const struct ow_rec *rec, double delay, double error,
                              FILE *out)
{
    fprintf(out, "seq_no=%" PRIu32 " delay=%e %s (sync, err=%.3g %s) sent=%f recv=%f\n", rec->seq, delay,
            r->unit, error, r->unit, report_unix(rec->send), report_unix(rec->recv));
}

void report_human_record(const struct report *r, const struct ow_rec *rec, FILE *out)
{
    if (ow_rec_lost(rec)) {
        fprintf(out, "seq_no=%-10" PRIu32 " *LOST*\n", rec->seq);
        return;
    }
    double delay = ps_ntpdiff_to_double(ow_rec_delay(rec)) * r->factor;
    double error = (ow_err_seconds(rec->send_err) + ow_err_seconds(rec->recv_err)) * r->factor;
    bool synced = ow_err_synced(rec->send_err) && ow_err_synced(rec->recv_err);
    if (synced && r->opts->unix_times) {
        print_unix_record(r, rec, delay, error, out);
        return;
    }
    fprintf(out, "seq_no=%-10" PRIu32 " delay=%.3g %s\t", rec->seq, delay, r->unit);
    if (synced)
        fprintf(out, "(sync, err=%.3g %s)\n", error, r->unit);
    else
        fprintf(out, "(unsync)\n");
}

// Three digits in the unit asked for; "nan" when it is not defined, whatever its sign bit.
static const char *value(const struct report *r, bool defined, double seconds, char out[VALUE_LEN])
{
    if (!defined)
        return "nan";
    snprintf(out, VALUE_LEN, "%.3g", seconds * r->factor);
    return out;
}

static const char *percentile(const struct report *r, double p, char out[VALUE_LEN])
{
    double seconds = 0;
    bool defined = ow_summary_percentile(&r->sum, r->opts->bucket_width, p, &seconds);
    return value(r, defined, seconds, out);
}

static void print_time(const char *label, ps_ntp t, FILE *out)
{
    char text[48];
    ps_ntp_format_local(t + HALF_MS, text, sizeof text);
    fprintf(out, "%s:\t%s\n", label, text);
}

static void print_counts(const struct ow_summary *s, FILE *out)
{
    double ratio = s->sent ? (double)s->lost / (double)s->sent : 0;
    fprintf(out, "%" PRIu64 " sent, %" PRIu64 " lost (%.3f%%), %" PRIu64 " duplicates\n", s->sent, s->lost,
            100 * ratio, s->dups);
}

static void print_delay(const struct report *r, FILE *out)
{
    const struct ow_summary *s = &r->sum;
    char min[VALUE_LEN], median[VALUE_LEN], max[VALUE_LEN];
    fprintf(out, "one-way delay min/median/max = %s/%s/%s %s, ",
            value(r, s->have_delay, ps_ntpdiff_to_double(s->min), min), percentile(r, 0.5, median),
            value(r, s->have_delay, ps_ntpdiff_to_double(s->max), max), r->unit);
    if (s->synced)
        fprintf(out, "(err=%.3g %s)\n", s->max_error * r->factor, r->unit);
    else
        fprintf(out, "(unsync)\n");
}

static void print_jitter(const struct report *r, FILE *out)
{
    double p95 = 0, p50 = 0, width = r->opts->bucket_width;
    char text[VALUE_LEN];
    bool defined =
        ow_summary_percentile(&r->sum, width, 0.95, &p95) && ow_summary_percentile(&r->sum, width, 0.5, &p50);
    fprintf(out, "one-way jitter = %s %s (P95-P50)\n", value(r, defined, p95 - p50, text), r->unit);
}

static void print_percentiles(const struct report *r, FILE *out)
{
    char text[VALUE_LEN];
    if (r->opts->npercentiles)
        fprintf(out, "Percentiles:\n");
    for (uint32_t i = 0; i < r->opts->npercentiles; i++) {
        double p = r->opts->percentiles[i];
        fprintf(out, "\t%.1f: %s %s\n", p, percentile(r, p / 100, text), r->unit);
    }
}

static void print_hops(const struct ow_summary *s, FILE *out)
{
    int values = 0, low = 255, high = 0;
    for (int ttl = 0; ttl < 256; ttl++) {
        if (!s->ttl[ttl])
            continue;
        values++;
        low = ttl < low ? ttl : low;
        high = ttl;
    }
    if (values == 0)
        fprintf(out, "TTL not reported\n");
    else if (values == 1)
        fprintf(out, "hops = %d (consistently)\n", 255 - low);
    else
        fprintf(out, "hops takes %d values; min hops = %d, max hops = %d\n", values, 255 - high, 255 - low);
}

static void print_reordering(const struct ow_summary *s, FILE *out)
{
    int n = 0;
    for (; n < OW_REORDER_MAX && s->reorder[n]; n++)
        fprintf(out, "%d-reordering = %f%%\n", n + 1, 100.0 * (double)s->reorder[n] / (double)s->arrivals);
    if (n == 0)
        fprintf(out, "no reordering\n");
    else if (n < OW_REORDER_MAX)
        fprintf(out, "no %d-reordering\n", n + 1);
    else
        fprintf(out, "%d-reordering not handled\n", n + 1);
}

// The delays themselves: those of the buckets are rounded up.
static void note_error(const struct report *r, FILE *out)
{
    int64_t median = 0;
    if (r->sum.synced && ow_stats_exact_percentile(r->stats, 0.5, &median) &&
        fabs(ps_ntpdiff_to_double(median)) < r->sum.max_error)
        fprintf(out, "note: the median delay is less than its error\n");
}

static void note_steps(const struct report *r, FILE *out)
{
    int64_t steps = r->extra ? r->extra->clock_steps : 0;
    if (steps > 0)
        fprintf(out,
                "note: this host's clock was set during the test (%" PRId64
                "x): delays across that are wrong\n",
                steps);
}

void report_human(const struct report *r, FILE *out)
{
    report_human_head(r, out);
    print_time("first", r->sum.first_time, out);
    print_time("last", r->sum.last_time, out);
    print_counts(&r->sum, out);
    print_delay(r, out);
    print_jitter(r, out);
    print_percentiles(r, out);
    print_hops(&r->sum, out);
    print_reordering(&r->sum, out);
    // Behind all lines of the form that scripts know.
    note_error(r, out);
    note_steps(r, out);
    fprintf(out, "\n");
}
