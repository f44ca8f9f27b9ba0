// SPDX-License-Identifier: Apache-2.0
// Results of rtt, latency and latencybg.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "spec/sp_put.h"
#include "spec/sp_stats.h"
#include "spec/sp_texts.h"

#define LABEL_WIDTH 24
#define BUCKET_DEFAULT 0.001 // seconds
#define BINS_MAX 100000
#define MODES_SHOWN 5
#define NTP_SECOND 4294967296.0

static double ms(ps_ns d)
{
    return (double)d / (double)PS_MSEC;
}

// rtt

static void put_trip(struct sp_text_of *t, struct ps_jnode trip)
{
    const char *ip = NULL, *name = NULL, *error;
    uint64_t seq = 0, v;
    ps_ns rtt;

    (void)sp_get_count(trip, "seq", &seq);
    sp_put(t, "%-8" PRIu64, seq);
    (void)sp_get_text(trip, "ip", &ip);
    if (sp_get_text(trip, "hostname", &name)) {
        sp_put_clean(t, name);
        sp_put(t, ip ? " (" : "");
    }
    sp_put_clean(t, ip ? ip : "");
    sp_put(t, name && ip ? ")  " : ip || name ? "  " : "");
    if (sp_get_text(trip, "error", &error)) {
        sp_put_clean(t, error);
    } else if (sp_get_duration(trip, "rtt", &rtt)) {
        if (sp_get_count(trip, "length", &v))
            sp_put(t, "%" PRIu64 " Bytes  ", v);
        if (sp_get_count(trip, "ttl", &v))
            sp_put(t, "TTL %" PRIu64 "  ", v);
        sp_put(t, "RTT %8.4f ms", ms(rtt));
    } else {
        sp_put(t, "No Response");
    }
    sp_put(t, "\n");
}

static void put_trip_figures(struct sp_text_of *t)
{
    static const char *const keys[] = {"min", "mean", "max", "stddev"};
    double loss;
    ps_ns d;

    if (sp_get_double(t->result, "loss", &loss))
        sp_put(t, "%g%% Packet Loss", round(loss * 1e6) / 1e4);
    if (!sp_get_duration(t->result, "min", &d)) {
        sp_put(t, "\n");
        return;
    }
    sp_put(t, "  RTT Min/Mean/Max/StdDev = ");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        bool there = sp_get_duration(t->result, keys[i], &d);
        sp_put(t, there ? "%s%f" : "%s?", i ? "/" : "", there ? ms(d) : 0);
    }
    sp_put(t, " ms\n");
}

void sp_text_rtt(struct sp_text_of *t)
{
    uint64_t n;

    for (struct ps_jnode trip = ps_jnode_first(ps_jnode_member(t->result, "roundtrips"));
         ps_jnode_there(trip); trip = ps_jnode_next(trip))
        put_trip(t, trip);
    sp_put(t, "\n");
    put_trip_figures(t);
    if (sp_get_count(t->result, "duplicates", &n) && n > 0)
        sp_put(t, "%" PRIu64 " Duplicate%s\n", n, n == 1 ? "" : "s");
    if (sp_get_count(t->result, "reorders", &n) && n > 0)
        sp_put(t, "%" PRIu64 " Reordered\n", n);
}

// latency

static void put_packets(struct sp_text_of *t)
{
    static const struct {
        const char *label, *key;
    } counts[] = {
        {"Packets Sent", "packets-sent"},           {"Packets Received", "packets-received"},
        {"Packets Lost", "packets-lost"},           {"Packets Duplicated", "packets-duplicated"},
        {"Packets Reordered", "packets-reordered"},
    };
    uint64_t n;

    sp_put_heading(t, "Packet Statistics");
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (!sp_get_count(t->result, counts[i].key, &n))
            continue;
        sp_put_label(t, counts[i].label, LABEL_WIDTH);
        sp_put(t, "%" PRIu64 " packet%s\n", n, n == 1 ? "" : "s");
    }
}

// The members of a histogram {"VALUE": COUNT}, each value times scale; *out is the caller's to free.
static size_t read_bins(struct ps_jnode histogram, double scale, struct sp_bin **out)
{
    size_t count = ps_jnode_count(histogram), n = 0;

    count = count < BINS_MAX ? count : BINS_MAX;
    *out = count ? calloc(count, sizeof **out) : NULL;
    for (struct ps_jnode m = ps_jnode_first(histogram); *out && n < count && ps_jnode_there(m);
         m = ps_jnode_next(m)) {
        const char *key = ps_jnode_key(m);
        double value;
        if (!key || ps_num_double(key, -1e12, 1e12, &value) != 0 ||
            ps_jnode_u64(m, 0, UINT32_MAX, &(*out)[n].count, NULL) != 0)
            continue;
        (*out)[n++].value = value * scale;
    }
    return sp_bins_sort(*out, n);
}

static void put_value(struct sp_text_of *t, const char *label, double value, const char *unit)
{
    sp_put_label(t, label, LABEL_WIDTH);
    sp_put(t, "%.2f%s\n", value, unit);
}

static void put_modes(struct sp_text_of *t, const char *label, const struct sp_bin *bins, size_t n,
                      size_t nmodes, const char *unit)
{
    for (size_t i = 0; i < nmodes && i < MODES_SHOWN; i++)
        put_value(t, label, sp_bins_mode(bins, n, i), unit);
    if (nmodes > MODES_SHOWN) {
        sp_put_label(t, label, LABEL_WIDTH);
        sp_put(t, "and %zu more\n", nmodes - MODES_SHOWN);
    }
}

static void put_histogram(struct sp_text_of *t, const struct sp_bin *bins, size_t n, const char *unit,
                          int decimals)
{
    sp_put(t, "Histogram:\n");
    for (size_t i = 0; i < n; i++)
        sp_put(t, "    %.*f%s: %" PRIu64 " packet%s\n", decimals, bins[i].value, unit, bins[i].count,
               bins[i].count == 1 ? "" : "s");
}

static void put_clock_error(struct sp_text_of *t)
{
    double error;

    if (sp_get_double(t->result, "max-clock-error", &error))
        put_value(t, "Max Clock Error", error, " ms");
}

static void put_delay(struct sp_text_of *t, const struct sp_bin *bins, size_t n)
{
    struct sp_stats s;

    sp_bins_stats(bins, n, &s);
    put_value(t, "Delay Median", s.median, " ms");
    put_value(t, "Delay Minimum", s.min, " ms");
    put_value(t, "Delay Maximum", s.max, " ms");
    put_value(t, "Delay Mean", s.mean, " ms");
    put_modes(t, "Delay Mode", bins, n, s.nmodes, " ms");
    put_value(t, "Delay 25th Percentile", s.p25, " ms");
    put_value(t, "Delay 75th Percentile", s.p75, " ms");
    put_value(t, "Delay 95th Percentile", s.p95, " ms");
    put_clock_error(t);
    sp_put(t, "Common Jitter Measurements:\n");
    put_value(t, "    P95 - P50", s.p95 - s.median, " ms");
    put_value(t, "    P75 - P25", s.p75 - s.p25, " ms");
    put_value(t, "    Variance", s.variance, " ms^2");
    put_value(t, "    Std Deviation", s.stddev, " ms");
    put_histogram(t, bins, n, " ms", 2);
}

static void put_latency(struct sp_text_of *t)
{
    double width = BUCKET_DEFAULT;
    struct sp_bin *bins;

    (void)sp_get_double(t->spec, "bucket-width", &width);
    size_t n = read_bins(ps_jnode_member(t->result, "histogram-latency"), width * 1e3, &bins);
    sp_put(t, "\n");
    sp_put_heading(t, "One-way Latency Statistics");
    if (n > 0) {
        put_delay(t, bins, n);
    } else {
        sp_put(t, "No packet arrived.\n");
        put_clock_error(t);
    }
    free(bins);
}

static void put_ttl(struct sp_text_of *t)
{
    struct sp_stats s;
    struct sp_bin *bins;

    size_t n = read_bins(ps_jnode_member(t->result, "histogram-ttl"), 1, &bins);
    if (n > 0) {
        sp_bins_stats(bins, n, &s);
        sp_put(t, "\n");
        sp_put_heading(t, "TTL Statistics");
        put_value(t, "TTL Median", s.median, "");
        put_value(t, "TTL Minimum", s.min, "");
        put_value(t, "TTL Maximum", s.max, "");
        put_value(t, "TTL Mean", s.mean, "");
        put_modes(t, "TTL Mode", bins, n, s.nmodes, "");
        put_value(t, "TTL 25th Percentile", s.p25, "");
        put_value(t, "TTL 75th Percentile", s.p75, "");
        put_value(t, "TTL 95th Percentile", s.p95, "");
        put_histogram(t, bins, n, "", 0);
    }
    free(bins);
}

static const char *sync_word(struct ps_jnode packet, const char *key)
{
    bool synced = false;

    (void)ps_jnode_bool(ps_jnode_member(packet, key), &synced, NULL);
    return synced ? "sync" : "unsync";
}

static void put_packet(struct sp_text_of *t, struct ps_jnode p)
{
    uint64_t seq = 0, src = 0, dst = 0, ttl = 0;
    double src_err = 0, dst_err = 0;

    (void)sp_get_count(p, "seq-num", &seq);
    (void)sp_get_count(p, "src-ts", &src);
    (void)sp_get_count(p, "dst-ts", &dst);
    (void)sp_get_count(p, "ip-ttl", &ttl);
    (void)sp_get_double(p, "src-clock-err", &src_err);
    (void)sp_get_double(p, "dst-clock-err", &dst_err);
    if (dst == 0) {
        sp_put(t, "seq_no=%-6" PRIu64 " *LOST*\n", seq);
        return;
    }
    double delay = (double)(int64_t)(dst - src) / NTP_SECOND * 1e3;
    sp_put(t, "seq_no=%-6" PRIu64 " delay=%.4f ms (%s, %s, err=%.4g ms) ttl=%" PRIu64 "\n", seq, delay,
           sync_word(p, "src-clock-sync"), sync_word(p, "dst-clock-sync"), (src_err + dst_err) * 1e3, ttl);
}

static void put_raw_packets(struct sp_text_of *t)
{
    struct ps_jnode raw = ps_jnode_member(t->result, "raw-packets");

    if (ps_jnode_count(raw) == 0)
        return;
    sp_put(t, "\n");
    sp_put_heading(t, "Raw Packets");
    for (struct ps_jnode p = ps_jnode_first(raw); ps_jnode_there(p); p = ps_jnode_next(p))
        put_packet(t, p);
}

void sp_text_latency(struct sp_text_of *t)
{
    put_packets(t);
    put_latency(t);
    put_ttl(t);
    put_raw_packets(t);
}
