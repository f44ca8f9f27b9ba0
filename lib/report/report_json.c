// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "report/report_impl.h"
#include "report/report_put.h"

static void put_ntp(struct ps_json *j, const char *key, ps_ntp t)
{
    char text[24];
    snprintf(text, sizeof text, "%020" PRIu64, t);
    ps_json_put_str(j, key, text);
}

static void put_time(struct ps_json *j, const char *key, ps_ntp t)
{
    char text[48];
    ps_ntp_format_utc(t, text, sizeof text);
    ps_json_put_open(j, key, '{');
    put_ntp(j, "ntp", t);
    ps_json_put_str(j, "time", text);
    ps_json_close(j, '}');
}

static void put_session(struct report *r, struct ps_json *j)
{
    const struct ow_request *q = &r->head->request;
    uint8_t dscp;
    ps_json_put_str(j, "sid", r->sid);
    ps_json_put_str(j, "direction", r->extra ? r->extra->direction : NULL);
    ps_json_put_str(j, "mode", r->extra ? r->extra->mode : NULL);
    put_end(j, "from", r->from_host, &r->from);
    put_end(j, "to", r->to_host, &r->to);
    put_count(j, "dscp", ow_typep_dscp(q->typep, &dscp) ? -1 : dscp);
    ps_json_put_u64(j, "padding", q->padding);
    put_double(j, "timeout", true, ps_ntpdur_to_double(q->timeout));
    ps_json_put_u64(j, "session_packets", q->npackets);
    ps_json_put_bool(j, "finished", r->head->finished == OW_FIN_NORMAL);
    put_count(j, "host_dropped", r->extra ? r->extra->host_dropped : -1);
    put_count(j, "ignored", r->extra ? r->extra->ignored : -1);
    put_count(j, "clock_steps", r->extra ? r->extra->clock_steps : -1);
}

static void put_range(const struct ow_summary *s, struct ps_json *j)
{
    bool any = s->end_seq > s->first_seq;
    put_count(j, "first_seq", any ? (int64_t)s->first_seq : -1);
    put_count(j, "last_seq", any ? (int64_t)s->end_seq - 1 : -1);
    ps_json_put_u64(j, "sample_packets", s->end_seq - s->first_seq);
    put_time(j, "start", s->first_time);
    put_time(j, "end", s->last_time);
}

static void put_packets(const struct ow_summary *s, struct ps_json *j)
{
    ps_json_put_open(j, "packets", '{');
    ps_json_put_u64(j, "sent", s->sent);
    ps_json_put_u64(j, "received", s->sent - s->lost);
    ps_json_put_u64(j, "lost", s->lost);
    put_double(j, "loss_ratio", s->sent > 0, s->sent ? (double)s->lost / (double)s->sent : 0);
    ps_json_put_u64(j, "duplicates", s->dups);
    ps_json_put_u64(j, "reordered", s->reorder[0]);
    ps_json_close(j, '}');
}

static void put_percentile(struct report *r, struct ps_json *j, const char *key, double p)
{
    int64_t delay = 0;
    bool defined = ow_stats_exact_percentile(r->stats, p, &delay);
    put_double(j, key, defined, ps_ntpdiff_to_double(delay));
}

// A delay that cannot be told from none.
static void put_below_error(struct report *r, struct ps_json *j)
{
    int64_t median = 0;
    ps_json_key(j, "below_error");
    if (ow_stats_exact_percentile(r->stats, 0.5, &median))
        ps_json_bool(j, fabs(ps_ntpdiff_to_double(median)) < r->sum.max_error);
    else
        ps_json_null(j);
}

static void put_delay(struct report *r, struct ps_json *j)
{
    const struct ow_summary *s = &r->sum;
    ps_json_put_open(j, "delay", '{');
    put_double(j, "min", s->have_delay, ps_ntpdiff_to_double(s->min));
    put_double(j, "mean", s->have_delay, s->mean);
    put_percentile(r, j, "median", 0.5);
    put_double(j, "max", s->have_delay, ps_ntpdiff_to_double(s->max));
    put_percentile(r, j, "p25", 0.25);
    put_percentile(r, j, "p75", 0.75);
    put_percentile(r, j, "p95", 0.95);
    put_percentile(r, j, "p99", 0.99);
    put_below_error(r, j);
    ps_json_put_open(j, "percentiles", '[');
    for (uint32_t i = 0; i < r->opts->npercentiles; i++) {
        ps_json_open(j, '{');
        put_double(j, "percentile", true, r->opts->percentiles[i]);
        put_percentile(r, j, "value", r->opts->percentiles[i] / 100);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
    ps_json_close(j, '}');
}

static void put_jitter(struct report *r, struct ps_json *j)
{
    int64_t p95 = 0, p50 = 0;
    bool defined =
        ow_stats_exact_percentile(r->stats, 0.95, &p95) && ow_stats_exact_percentile(r->stats, 0.5, &p50);
    put_double(j, "jitter", defined, ps_ntpdiff_to_double(p95) - ps_ntpdiff_to_double(p50));
}

// The bucket width is a float, so that delays fall into the buckets of the program we stand in for;
// it is shown as it was written: 0.0001, not 9.999999747378752e-05.
static double rounded(double v, int digits)
{
    char text[40];
    snprintf(text, sizeof text, "%.*g", digits, v);
    return strtod(text, NULL);
}

static double shown_width(double width)
{
    double v = rounded(width, 7);
    return (double)(float)v == width ? v : width;
}

static void put_histogram(const struct report *r, struct ps_json *j)
{
    double width = shown_width(r->opts->bucket_width);
    ps_json_put_open(j, "histogram", '{');
    put_double(j, "bucket_width", true, width);
    ps_json_put_open(j, "buckets", '[');
    for (size_t i = 0; i < r->sum.nbuckets; i++) {
        const struct ow_bucket *b = &r->sum.buckets[i];
        ps_json_open(j, '{');
        ps_json_put_i64(j, "index", b->index);
        put_double(j, "value", true, rounded((double)b->index * width, 15));
        ps_json_put_u64(j, "count", b->count);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
    ps_json_close(j, '}');
}

static void put_ttl(const struct ow_summary *s, struct ps_json *j)
{
    int low = 255, high = 0;
    for (int ttl = 255; ttl >= 0; ttl--) {
        if (s->ttl[ttl]) {
            low = ttl;
            high = ttl > high ? ttl : high;
        }
    }
    ps_json_put_open(j, "hops", '{');
    put_count(j, "min", s->ttl_reports ? 255 - high : -1);
    put_count(j, "max", s->ttl_reports ? 255 - low : -1);
    ps_json_close(j, '}');
    ps_json_put_open(j, "ttl", '[');
    for (unsigned ttl = 0; ttl < 256; ttl++) {
        if (!s->ttl[ttl])
            continue;
        ps_json_open(j, '{');
        ps_json_put_u64(j, "ttl", ttl);
        ps_json_put_u64(j, "count", s->ttl[ttl]);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
}

static void put_reordering(const struct ow_summary *s, struct ps_json *j)
{
    ps_json_put_open(j, "reordering", '[');
    for (unsigned n = 0; n < OW_REORDER_MAX && s->reorder[n]; n++) {
        ps_json_open(j, '{');
        ps_json_put_u64(j, "n", n + 1);
        ps_json_put_u64(j, "count", s->reorder[n]);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
}

static void put_clocks(const struct report *r, struct ps_json *j)
{
    static const struct ow_report_extra none = {.direction = NULL};
    const struct ow_report_extra *x = r->extra ? r->extra : &none;
    bool to = direction_is(x->direction, "to"), from = direction_is(x->direction, "from");
    static const struct report_keys keys = {"self_delay", "clock_source"};
    ps_json_put_open(j, "clock", '{');
    put_clock(j, "sender", &r->sender, &keys, here_if(to, &x->here));
    put_clock(j, "receiver", &r->receiver, &keys, here_if(from, &x->here));
    ps_json_close(j, '}');
}

static void put_summary(struct report *r, struct ps_json *j)
{
    const struct ow_summary *s = &r->sum;
    put_range(s, j);
    ps_json_put_bool(j, "synced", s->synced);
    put_double(j, "max_error", true, s->max_error);
    put_packets(s, j);
    put_delay(r, j);
    put_jitter(r, j);
    put_histogram(r, j);
    put_ttl(s, j);
    put_reordering(s, j);
    put_clocks(r, j);
}

static void put_record(const struct ow_rec *rec, struct ps_json *j)
{
    bool lost = ow_rec_lost(rec);
    ps_json_open(j, '{');
    ps_json_put_u64(j, "seq", rec->seq);
    ps_json_put_bool(j, "lost", lost);
    put_double(j, "delay", !lost, ps_ntpdiff_to_double(ow_rec_delay(rec)));
    put_ntp(j, "send", rec->send);
    ps_json_put_bool(j, "send_synced", ow_err_synced(rec->send_err));
    put_double(j, "send_error", true, ow_err_seconds(rec->send_err));
    if (lost)
        ps_json_put_str(j, "recv", NULL);
    else
        put_ntp(j, "recv", rec->recv);
    ps_json_put_bool(j, "recv_synced", ow_err_synced(rec->recv_err));
    put_double(j, "recv_error", true, ow_err_seconds(rec->recv_err));
    put_count(j, "ttl", lost ? -1 : rec->ttl);
    ps_json_close(j, '}');
}

// The array is closed after an error too: what was written stays well-formed.
static int put_records(struct report *r, struct ps_json *j)
{
    struct ow_rec rec;
    int got = ow_file_seek(r->file, 0);
    ps_json_put_open(j, "records", '[');
    for (uint64_t i = 0; i < r->records && got >= 0; i++) {
        got = ow_file_next(r->file, &rec);
        if (got == 1)
            put_record(&rec, j);
    }
    ps_json_close(j, ']');
    return got < 0 ? report_tell(r, got, "cannot read the records: %s", ps_strerror(got)) : 0;
}

static int put_samples(struct report *r, struct ps_json *j)
{
    struct report_part *parts;
    size_t n;
    int err = report_parts(r, &parts, &n);
    if (err)
        return err;
    ps_json_put_open(j, "samples", '[');
    for (size_t i = 0; i < n && !err; i++) {
        err = report_count(r, &parts[i], NULL);
        if (err)
            break;
        ps_json_open(j, '{');
        put_summary(r, j);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
    free(parts);
    return err;
}

int report_json(struct report *r)
{
    struct ps_json *j = r->json;
    struct report_part whole = report_whole(r);
    int err = report_count(r, &whole, NULL);
    if (err)
        return err;
    ps_json_open(j, '{');
    put_session(r, j);
    put_summary(r, j);
    if (r->opts->raw || r->opts->verbose)
        err = put_records(r, j);
    if (!err && r->opts->sub)
        err = put_samples(r, j);
    ps_json_close(j, '}');
    return err;
}
