// SPDX-License-Identifier: Apache-2.0
// Counts over the records of many sessions.
#pragma once
#include "owamp/ow_rec.h"

// A heap of values, nanoseconds.
struct load_dist {
    int64_t *at;
    size_t n, cap;
    bool sorted;
};

int load_dist_add(struct load_dist *d, int64_t value);
// The value of nearest rank to p (0..1); 0 when there are none.
int64_t load_dist_percentile(struct load_dist *d, double p);

struct load_counts {
    uint64_t sent, lost, dups;
    struct load_dist delay; // from the sender's stamp to the receiver's
    struct load_dist late;  // from the schedule to the sender's stamp
};
void load_counts_free(struct load_counts *c);

// The records of one session, in any order.
struct load_tally;
int load_tally_new(struct load_tally **out, const struct ow_request *req, const struct ow_slot *slots);
void load_tally_free(struct load_tally *t);
int load_tally_add(struct load_tally *t, const struct ow_rec *rec, struct load_counts *c);
// The sender sent the numbers below next_seqno but for the skipped ones.
void load_tally_sent(struct load_tally *t, uint32_t next_seqno, const struct ow_skip *skips, uint32_t nskips);
// All its records are in.
void load_tally_end(const struct load_tally *t, struct load_counts *c);
