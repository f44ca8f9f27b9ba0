// SPDX-License-Identifier: Apache-2.0
// Statistics of a session, or of a range of its packets, from its records in arrival order (fact
// sheet 3.2). Delays are exact counts of 2^-32 s; only printing rounds.
#pragma once
#include "owamp/ow_rec.h"
#include "owamp/ow_sched.h"

// The schedule is generated for so many packets, and OW_STATS_DRAWS_RECORD more for each record; times
// beyond are told from the slots' means. A header alone cannot make us work for minutes.
#define OW_STATS_DRAWS (1u << 24)
#define OW_STATS_DRAWS_RECORD 64u

#define OW_REORDER_MAX 64 // n-reordering is counted for n up to this; beyond: "not handled"

struct ow_stats_conf {
    uint8_t sid[16];
    const struct ow_slot *slots; // copied
    uint32_t nslots, npackets;
    ps_ntp start;
    const struct ow_skip *skips; // copied
    uint32_t nskips;
    double bucket_width; // seconds, > 0
    bool keep_delays;    // remember each first copy's delay: exact percentiles
};

struct ow_bucket {
    int64_t index;
    uint64_t count;
};

// What was counted. Arrays belong to the ow_stats and are good until it is fed or freed.
struct ow_summary {
    uint32_t first_seq, end_seq; // the range: first_seq <= seq < end_seq
    // Schedule times of first_seq and end_seq - 1; estimated where the session has far more packets
    // than there are records (OW_STATS_DRAWS).
    ps_ntp first_time, last_time;
    uint64_t sent, lost, dups, arrivals; // arrivals include duplicates
    bool synced;                         // no packet was stamped by an unsynchronised clock
    bool have_delay;                     // at least one packet came: min and max are set
    int64_t min, max;                    // 2^-32 s, duplicates included
    double mean;                         // seconds, first copies only; set when have_delay
    double max_error;                    // seconds: greatest sum of both errors (lost: receive error alone)
    const struct ow_bucket *buckets;     // ascending index; first copies only
    size_t nbuckets;
    uint64_t ttl[256];                // first copies by TTL
    uint64_t ttl_reports;             // first copies counted in ttl
    uint64_t reorder[OW_REORDER_MAX]; // [n-1]: n-reordered arrivals
};

struct ow_stats;
int ow_stats_new(struct ow_stats **out, const struct ow_stats_conf *conf);
void ow_stats_free(struct ow_stats *s);
// Begins a new range and forgets what was counted. PS_ERANGE unless first < end <= npackets
// (first == end == 0 is allowed for a session of no packets).
int ow_stats_range(struct ow_stats *s, uint32_t first, uint32_t end);
// One record; those outside the range or in a skipped one are ignored. PS_EMALFORMED for a packet
// that is both lost and received, PS_ELIMIT when the delays fall into too many buckets.
int ow_stats_add(struct ow_stats *s, const struct ow_rec *rec);
// Whether a record of this sequence number counts: in the range and not skipped.
bool ow_stats_covers(const struct ow_stats *s, uint32_t seq);
// Whether a record was added that says this packet arrived.
bool ow_stats_arrived(const struct ow_stats *s, uint32_t seq);
// How many packets of the range were skipped.
uint32_t ow_stats_skipped(const struct ow_stats *s);
int ow_stats_get(struct ow_stats *s, struct ow_summary *out);
// Percentile p (0..1) by buckets: the value (index * width) of the first bucket at which the
// cumulative count reaches p * sent. False if never reached (lost packets count as infinite). The value is
// the far end of the bucket: up to a width above the delays in it, and so above max. What is printed for
// people and machines has it so on purpose (fact sheet 3.2); JSON has the exact one.
bool ow_summary_percentile(const struct ow_summary *s, double bucket_width, double p, double *seconds);
// The same from the delays themselves (keep_delays): the nearest-rank delay, 2^-32 s.
bool ow_stats_exact_percentile(struct ow_stats *s, double p, int64_t *delay);
// All of them in ascending order; good until the next record (keep_delays).
const int64_t *ow_stats_delays(struct ow_stats *s, size_t *n);
// The delay of a record that is not lost, 2^-32 s.
int64_t ow_rec_delay(const struct ow_rec *r);
