// SPDX-License-Identifier: Apache-2.0
#include "report/ow_result.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "report/report_impl.h"
#include "report/report_put.h"

struct result {
    struct ow_file *file;
    const struct ow_file_head *head;
    const struct ow_result_meta *meta;
    struct ow_stats *stats;
    struct ow_summary sum;
    struct report_clock source, dest;
    bool any; // a packet came: the two below are set
    uint32_t last_seq;
    double clock_error; // seconds
    uint64_t reordered;
};

__attribute__((format(printf, 3, 4))) static int tell(struct ps_fault *fault, int err, const char *fmt, ...)
{
    if (!fault)
        return err;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(fault->text, sizeof fault->text, fmt, ap);
    va_end(ap);
    return err;
}

// --- counting

static void note_first_copy(struct result *r, const struct ow_rec *rec)
{
    double error = ow_err_seconds(rec->send_err) + ow_err_seconds(rec->recv_err);
    if (r->any && rec->seq < r->last_seq)
        r->reordered++;
    if (!r->any || error > r->clock_error)
        r->clock_error = error;
    r->last_seq = rec->seq;
    r->any = true;
}

static int count_record(struct result *r, const struct ow_rec *rec)
{
    bool lost = ow_rec_lost(rec), first = !lost && !ow_stats_arrived(r->stats, rec->seq);
    int err = ow_stats_covers(r->stats, rec->seq) ? ow_stats_add(r->stats, rec) : 1;
    if (err)
        return err < 0 ? err : 0;
    if (first)
        note_first_copy(r, rec);
    if (!lost)
        report_clock_note(&r->source, rec->send_err);
    report_clock_note(&r->dest, rec->recv_err);
    return 0;
}

static int count_records(struct result *r, struct ps_fault *fault)
{
    struct ow_rec rec;
    int got = ow_file_seek(r->file, r->meta->from_record);
    if (got)
        return tell(fault, got, "it has no record %" PRIu64, r->meta->from_record);
    while ((got = ow_file_next(r->file, &rec)) == 1) {
        int err = count_record(r, &rec);
        if (err == PS_EMALFORMED)
            return tell(fault, err, "packet %" PRIu32 " is recorded as lost and as received", rec.seq);
        if (err)
            return tell(fault, err, "cannot count packets: %s", ps_strerror(err));
    }
    return got ? tell(fault, got, "cannot read the records: %s", ps_strerror(got)) : 0;
}

static int count(struct result *r, uint32_t first, uint32_t end, struct ps_fault *fault)
{
    const struct ow_request *q = &r->head->request;
    struct ow_stats_conf conf = {
        .slots = ow_file_slots(r->file),
        .nslots = q->nslots,
        .npackets = q->npackets,
        .start = q->start,
        .bucket_width = r->meta->bucket_width,
        .keep_delays = true,
    };
    if (!r->head->has_request)
        return tell(fault, PS_EVERSION, "a file of version %" PRIu32 " tells nothing of its session",
                    r->head->version);
    if (!q->nslots)
        return tell(fault, PS_EMALFORMED, "the session has no schedule");
    memcpy(conf.sid, q->sid, sizeof conf.sid);
    conf.skips = ow_file_skips(r->file, &conf.nskips);
    int err = ow_stats_new(&r->stats, &conf);
    if (err)
        return tell(fault, err, "cannot count packets: %s", ps_strerror(err));
    err = ow_stats_range(r->stats, first, end);
    if (err)
        return tell(fault, err, "packets %" PRIu32 " to %" PRIu32 " of %" PRIu32 ": %s", first, end,
                    q->npackets, ps_strerror(err));
    err = count_records(r, fault);
    if (err)
        return err;
    err = ow_stats_get(r->stats, &r->sum);
    return err ? tell(fault, err, "cannot count packets: %s", ps_strerror(err)) : 0;
}

// --- writing

static void put_times(struct ps_json *j, ps_ntp start, ps_ntp end)
{
    char text[48];
    ps_ntp_format_utc(start, text, sizeof text);
    ps_json_put_str(j, "start", text);
    ps_ntp_format_utc(end, text, sizeof text);
    ps_json_put_str(j, "end", text);
    ps_json_put_u64(j, "start-ntp", start);
    ps_json_put_u64(j, "end-ntp", end);
}

static void put_kind(struct ps_json *j, const char *type, bool succeeded, const struct ow_result_meta *meta)
{
    ps_json_put_str(j, "type", type);
    ps_json_put_u64(j, "schema", 1);
    ps_json_put_bool(j, "succeeded", succeeded);
    ps_json_put_str(j, "stream", meta->stream);
}

static void put_host(struct ps_json *j, const char *key, const char *host)
{
    ps_json_put_open(j, key, '{');
    ps_json_put_str(j, "host", host);
    ps_json_close(j, '}');
}

static void put_wire_end(struct ps_json *j, const char *key, const char *host, int ipvn,
                         const uint8_t addr[16], uint16_t port)
{
    struct ps_addr a;
    if (ps_addr_from_wire(ipvn, addr, port, &a))
        a.len = 0;
    put_end(j, key, host, &a);
}

static void put_session(struct ps_json *j, const struct result *r)
{
    const struct ow_request *q = &r->head->request;
    const struct ow_result_meta *m = r->meta;
    char sid[2 * OW_SID_LEN + 1];
    uint8_t dscp;
    ps_num_to_hex(q->sid, sizeof q->sid, sid);
    ps_json_put_str(j, "sid", sid);
    put_wire_end(j, "source", m->from_host, q->ipvn, q->sender_addr, q->sender_port);
    put_wire_end(j, "dest", m->to_host, q->ipvn, q->receiver_addr, q->receiver_port);
    ps_json_put_str(j, "direction", m->direction);
    ps_json_put_str(j, "mode", m->mode);
    put_count(j, "dscp", ow_typep_dscp(q->typep, &dscp) ? -1 : dscp);
    ps_json_put_u64(j, "padding", q->padding);
    put_double(j, "timeout", true, ps_ntpdur_to_double(q->timeout));
    ps_json_put_u64(j, "session-packets", q->npackets);
    ps_json_put_bool(j, "finished", r->head->finished == OW_FIN_NORMAL);
    ps_json_put_str(j, "reason", m->reason);
    put_count(j, "host-dropped", m->host_dropped);
    put_count(j, "ignored", m->ignored);
    put_count(j, "clock-steps", m->clock_steps);
}

static void put_range(struct ps_json *j, const struct result *r)
{
    const struct ow_summary *s = &r->sum;
    bool any = s->end_seq > s->first_seq;
    uint64_t skipped = ow_stats_skipped(r->stats);
    uint64_t unrecorded = (uint64_t)s->end_seq - s->first_seq - skipped - s->sent;
    put_times(j, s->first_time, s->last_time);
    put_count(j, "first-seq", any ? (int64_t)s->first_seq : -1);
    put_count(j, "last-seq", any ? (int64_t)s->end_seq - 1 : -1);
    ps_json_put_u64(j, "packets-skipped", skipped);
    ps_json_put_u64(j, "packets-unrecorded", unrecorded);
    ps_json_put_bool(j, "complete", unrecorded == 0);
}

static double two_decimals(double v)
{
    char text[400];
    snprintf(text, sizeof text, "%.2f", v);
    return strtod(text, NULL);
}

static void put_packets(struct ps_json *j, const struct result *r)
{
    ps_json_put_u64(j, "packets-sent", r->sum.sent);
    ps_json_put_u64(j, "packets-received", r->sum.sent - r->sum.lost);
    ps_json_put_u64(j, "packets-lost", r->sum.lost);
    ps_json_put_u64(j, "packets-duplicated", r->sum.dups);
    ps_json_put_u64(j, "packets-reordered", r->reordered);
    if (r->any)
        put_double(j, "max-clock-error", true, two_decimals(r->clock_error / 0.001));
}

static void bucket_name(int64_t delay, double width, char *out, size_t size)
{
    snprintf(out, size, "%.2f", ps_ntpdiff_to_double(delay) / width);
    if (strcmp(out, "-0.00") == 0)
        memmove(out, out + 1, strlen(out));
}

// The delays are in order: equal names stand together.
static void put_histogram(struct ps_json *j, const struct result *r)
{
    size_t n, next;
    const int64_t *delays = ow_stats_delays(r->stats, &n);
    char name[400], other[400];
    ps_json_put_open(j, "histogram-latency", '{');
    for (size_t i = 0; i < n; i = next) {
        bucket_name(delays[i], r->meta->bucket_width, name, sizeof name);
        for (next = i + 1; next < n; next++) {
            bucket_name(delays[next], r->meta->bucket_width, other, sizeof other);
            if (strcmp(name, other) != 0)
                break;
        }
        ps_json_put_u64(j, name, next - i);
    }
    ps_json_close(j, '}');
}

static void put_ttl(struct ps_json *j, const struct ow_summary *s)
{
    ps_json_put_open(j, "histogram-ttl", '{');
    for (unsigned ttl = 0; ttl < 256; ttl++) {
        char name[12];
        snprintf(name, sizeof name, "%u", ttl);
        if (s->ttl[ttl])
            ps_json_put_u64(j, name, s->ttl[ttl]);
    }
    ps_json_close(j, '}');
}

static void put_percentile(struct ps_json *j, const char *key, const struct result *r, double p)
{
    int64_t delay = 0;
    bool defined = ow_stats_exact_percentile(r->stats, p, &delay);
    put_double(j, key, defined, ps_ntpdiff_to_double(delay));
}

static void put_delay(struct ps_json *j, const struct result *r)
{
    const struct ow_summary *s = &r->sum;
    ps_json_put_open(j, "delay", '{');
    put_double(j, "min", s->have_delay, ps_ntpdiff_to_double(s->min));
    put_double(j, "mean", s->have_delay, s->mean);
    put_percentile(j, "median", r, 0.5);
    put_double(j, "max", s->have_delay, ps_ntpdiff_to_double(s->max));
    put_percentile(j, "p25", r, 0.25);
    put_percentile(j, "p75", r, 0.75);
    put_percentile(j, "p95", r, 0.95);
    put_percentile(j, "p99", r, 0.99);
    ps_json_close(j, '}');
}

static void put_clocks(struct ps_json *j, const struct result *r)
{
    const struct ow_result_meta *m = r->meta;
    bool to = direction_is(m->direction, "to"), from = direction_is(m->direction, "from");
    static const struct report_keys keys = {"self-delay", "clock-source"};
    ps_json_put_bool(j, "synced", r->sum.synced);
    ps_json_put_open(j, "clock", '{');
    put_clock(j, "source", &r->source, &keys, here_if(to, &m->here));
    put_clock(j, "dest", &r->dest, &keys, here_if(from, &m->here));
    ps_json_close(j, '}');
}

static void put_raw_packet(struct ps_json *j, const struct ow_rec *rec)
{
    ps_json_open(j, '{');
    ps_json_put_u64(j, "seq-num", rec->seq);
    ps_json_put_u64(j, "src-ts", rec->send);
    ps_json_put_bool(j, "src-clock-sync", ow_err_synced(rec->send_err));
    put_double(j, "src-clock-err", true, ow_err_seconds(rec->send_err));
    ps_json_put_u64(j, "dst-ts", rec->recv);
    ps_json_put_bool(j, "dst-clock-sync", ow_err_synced(rec->recv_err));
    put_double(j, "dst-clock-err", true, ow_err_seconds(rec->recv_err));
    ps_json_put_u64(j, "ip-ttl", rec->ttl);
    ps_json_close(j, '}');
}

// The array is closed after an error too: what was written stays well-formed.
static int put_raw(struct ps_json *j, const struct result *r, struct ps_fault *fault)
{
    struct ow_rec rec;
    int got = ow_file_seek(r->file, r->meta->from_record);
    if (got)
        return tell(fault, got, "it has no record %" PRIu64, r->meta->from_record);
    ps_json_put_open(j, "raw-packets", '[');
    while ((got = ow_file_next(r->file, &rec)) == 1)
        if (ow_stats_covers(r->stats, rec.seq))
            put_raw_packet(j, &rec);
    ps_json_close(j, ']');
    return got ? tell(fault, got, "cannot read the records: %s", ps_strerror(got)) : 0;
}

static int put_measurement(struct ps_json *j, const struct result *r, struct ps_fault *fault)
{
    ps_json_open(j, '{');
    put_kind(j, "measurement", true, r->meta);
    put_range(j, r);
    put_packets(j, r);
    put_histogram(j, r);
    put_ttl(j, &r->sum);
    put_double(j, "bucket-width", true, r->meta->bucket_width);
    put_delay(j, r);
    put_clocks(j, r);
    put_session(j, r);
    int err = r->meta->raw ? put_raw(j, r, fault) : 0;
    ps_json_close(j, '}');
    return err;
}

int ow_result_write(struct ow_file *file, uint32_t first, uint32_t end, const struct ow_result_meta *meta,
                    struct ps_json *json, struct ps_fault *fault)
{
    struct result r = {.file = file, .head = ow_file_head(file), .meta = meta};
    int err = count(&r, first, end, fault);
    if (!err)
        err = put_measurement(json, &r, fault);
    ow_stats_free(r.stats);
    return err;
}

// --- what was not measured

static void put_unmeasured(struct ps_json *j, const char *type, const struct ow_result_meta *meta,
                           ps_ntp from, ps_ntp to)
{
    put_kind(j, type, false, meta);
    put_times(j, from, to);
    put_host(j, "source", meta->from_host);
    put_host(j, "dest", meta->to_host);
    ps_json_put_str(j, "direction", meta->direction);
    ps_json_put_str(j, "reason", meta->reason);
}

void ow_result_gap(struct ps_json *json, const struct ow_result_meta *meta, ps_ntp from, ps_ntp to)
{
    ps_json_open(json, '{');
    put_unmeasured(json, "gap", meta, from, to);
    put_double(json, "seconds", true, ps_ntpdiff_to_double(ps_ntp_diff(to, from)));
    ps_json_close(json, '}');
}

void ow_result_step(struct ps_json *json, const struct ow_result_meta *meta, ps_ntp from, ps_ntp to)
{
    ps_json_open(json, '{');
    put_unmeasured(json, "step", meta, from, to);
    put_double(json, "step", true, ps_ntpdiff_to_double(ps_ntp_diff(to, from)));
    ps_json_close(json, '}');
}
