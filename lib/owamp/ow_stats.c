// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_stats.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "owamp/ow_test.h"

#define PAGE_SEQS 2048u // two bits each: 512 octets
#define PAGE_LEN (PAGE_SEQS / 4)
#define MAX_BUCKETS (1u << 24)
#define FIRST_BUCKETS 64u
#define TICKS 4294967296.0 // in a second

enum seen { UNSEEN, SEEN, LOST };

struct ow_stats {
    struct ow_stats_conf conf; // slots and skips are our copies
    struct ow_slot *slots;
    struct ow_skip *skips; // ascending, apart from each other
    struct ow_sched *sched;
    ps_ntp sched_time;       // of the packet before ow_sched_index()
    uint64_t draws, records; // of the schedule; that were fed

    struct ow_summary sum;
    uint8_t **pages; // what has been seen of the range, allocated where something was
    size_t npages;
    __int128 total; // of the first copies' delays
    uint64_t received;

    struct ow_bucket *table; // open addressing; count 0: free
    size_t table_cap, table_used;
    struct ow_bucket *sorted;

    int64_t *delays;
    size_t ndelays, delays_cap;
    bool delays_sorted;

    uint32_t ring[OW_REORDER_MAX]; // the last arrivals' sequence numbers
};

// --- skipped ranges

static int skip_order(const void *a, const void *b)
{
    const struct ow_skip *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

// Sorts them and joins those that overlap, for a search by halves: a foreign file may hold them in
// any order.
static uint32_t skips_normalise(struct ow_skip *skips, uint32_t n)
{
    uint32_t kept = 0;
    qsort(skips, n, sizeof *skips, skip_order);
    for (uint32_t i = 0; i < n; i++) {
        if (kept && skips[i].first <= skips[kept - 1].last) {
            if (skips[i].last > skips[kept - 1].last)
                skips[kept - 1].last = skips[i].last;
        } else if (skips[i].first <= skips[i].last) {
            skips[kept++] = skips[i];
        }
    }
    return kept;
}

static bool skipped(const struct ow_stats *s, uint32_t seq)
{
    uint32_t low = 0, high = s->conf.nskips;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (s->skips[mid].last < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low < s->conf.nskips && s->skips[low].first <= seq;
}

// --- which sequence numbers have been seen

static int seen_get(const struct ow_stats *s, uint32_t seq)
{
    uint32_t i = seq - s->sum.first_seq;
    const uint8_t *page = s->pages[i / PAGE_SEQS];
    uint32_t in = i % PAGE_SEQS;
    return page ? page[in / 4] >> in % 4 * 2 & 3 : UNSEEN;
}

// For one that is UNSEEN.
static int seen_set(struct ow_stats *s, uint32_t seq, enum seen what)
{
    uint32_t i = seq - s->sum.first_seq;
    uint8_t **page = &s->pages[i / PAGE_SEQS];
    uint32_t in = i % PAGE_SEQS;
    if (!*page && !(*page = calloc(1, PAGE_LEN)))
        return -ENOMEM;
    (*page)[in / 4] |= (uint8_t)(what << in % 4 * 2);
    return 0;
}

static void seen_free(struct ow_stats *s)
{
    for (size_t i = 0; i < s->npages; i++)
        free(s->pages[i]);
    free(s->pages);
    s->pages = NULL;
    s->npages = 0;
}

static int seen_reset(struct ow_stats *s, uint32_t span)
{
    seen_free(s);
    size_t n = span / PAGE_SEQS + 1;
    s->pages = calloc(n, sizeof *s->pages);
    if (!s->pages)
        return -ENOMEM;
    s->npages = n;
    return 0;
}

// --- the histogram

static int64_t bucket_index(int64_t delay, double width)
{
    double b = (double)delay / TICKS / width;
    b = b < 0 ? floor(b) : ceil(b);
    if (b >= 9.2e18)
        return INT64_MAX;
    return b <= -9.2e18 ? -INT64_MAX : (int64_t)b;
}

static struct ow_bucket *bucket_place(struct ow_bucket *table, size_t cap, int64_t index)
{
    uint64_t h = (uint64_t)index * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (h ^ h >> 32) & (cap - 1);
    while (table[at].count && table[at].index != index)
        at = (at + 1) & (cap - 1);
    return &table[at];
}

static int table_grow(struct ow_stats *s)
{
    size_t cap = s->table_cap ? s->table_cap * 2 : FIRST_BUCKETS;
    struct ow_bucket *table = calloc(cap, sizeof *table);
    if (!table)
        return -ENOMEM;
    for (size_t i = 0; i < s->table_cap; i++)
        if (s->table[i].count)
            *bucket_place(table, cap, s->table[i].index) = s->table[i];
    free(s->table);
    s->table = table;
    s->table_cap = cap;
    return 0;
}

static int bucket_count(struct ow_stats *s, int64_t delay)
{
    if (2 * (s->table_used + 1) > s->table_cap) {
        int err = s->table_used >= MAX_BUCKETS ? PS_ELIMIT : table_grow(s);
        if (err)
            return err;
    }
    int64_t index = bucket_index(delay, s->conf.bucket_width);
    struct ow_bucket *b = bucket_place(s->table, s->table_cap, index);
    if (!b->count)
        s->table_used++;
    b->index = index;
    b->count++;
    return 0;
}

static int bucket_order(const void *a, const void *b)
{
    const struct ow_bucket *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

static int buckets_sort(struct ow_stats *s)
{
    free(s->sorted);
    s->sorted = malloc((s->table_used + 1) * sizeof *s->sorted);
    if (!s->sorted)
        return -ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < s->table_cap; i++)
        if (s->table[i].count)
            s->sorted[n++] = s->table[i];
    qsort(s->sorted, n, sizeof *s->sorted, bucket_order);
    s->sum.buckets = s->sorted;
    s->sum.nbuckets = n;
    return 0;
}

// --- exact delays

static int delay_keep(struct ow_stats *s, int64_t delay)
{
    if (s->ndelays == s->delays_cap) {
        size_t cap = s->delays_cap ? s->delays_cap * 2 : 256;
        int64_t *more = realloc(s->delays, cap * sizeof *more);
        if (!more)
            return -ENOMEM;
        s->delays = more;
        s->delays_cap = cap;
    }
    s->delays[s->ndelays++] = delay;
    s->delays_sorted = false;
    return 0;
}

static int delay_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

const int64_t *ow_stats_delays(struct ow_stats *s, size_t *n)
{
    if (!s->delays_sorted && s->ndelays > 0)
        qsort(s->delays, s->ndelays, sizeof *s->delays, delay_order);
    s->delays_sorted = true;
    *n = s->ndelays;
    return s->delays;
}

bool ow_stats_exact_percentile(struct ow_stats *s, double p, int64_t *delay)
{
    size_t n;
    const int64_t *delays = ow_stats_delays(s, &n);
    // Less a little, for 0.07 * 100 is more than 7 in binary.
    double rank = ceil(p * (double)s->sum.sent * (1 - 1e-12));
    if (rank < 1)
        rank = 1;
    if (!(rank <= (double)n))
        return false;
    *delay = delays[(size_t)rank - 1];
    return true;
}

// --- schedule

static int sched_restart(struct ow_stats *s)
{
    const struct ow_stats_conf *c = &s->conf;
    ow_sched_free(s->sched);
    s->sched = NULL;
    s->sched_time = c->start;
    s->draws = 0;
    return ow_sched_new(&s->sched, c->sid, c->slots, c->nslots, c->npackets, c->start);
}

// The time that n packets from the schedule's next one on take on average.
static ps_ntp mean_time(const struct ow_stats *s, uint32_t n)
{
    uint32_t nslots = s->conf.nslots, slot = ow_sched_index(s->sched) % nslots;
    ps_ntp cycle = 0, rest = 0;
    for (uint32_t i = 0; i < nslots; i++)
        cycle += s->slots[i].value;
    for (uint32_t i = 0; i < n % nslots; i++)
        rest += s->slots[(slot + i) % nslots].value;
    return n / nslots * cycle + rest;
}

// The time of packet seq, no earlier than the one last asked for.
static ps_ntp sched_time(struct ow_stats *s, uint32_t seq)
{
    uint64_t most = OW_STATS_DRAWS + s->records * OW_STATS_DRAWS_RECORD;
    uint32_t end = seq < s->conf.npackets ? seq + 1 : s->conf.npackets;
    while (ow_sched_index(s->sched) < end) {
        if (s->draws >= most)
            return s->sched_time + mean_time(s, end - ow_sched_index(s->sched));
        s->sched_time = ow_sched_next(s->sched);
        s->draws++;
    }
    return s->sched_time;
}

// --- the whole

static int copy_lists(struct ow_stats *s, const struct ow_stats_conf *conf)
{
    s->slots = calloc((size_t)conf->nslots + 1, sizeof *s->slots);
    s->skips = calloc((size_t)conf->nskips + 1, sizeof *s->skips);
    if (!s->slots || !s->skips)
        return -ENOMEM;
    if (conf->nslots)
        memcpy(s->slots, conf->slots, conf->nslots * sizeof *s->slots);
    if (conf->nskips)
        memcpy(s->skips, conf->skips, conf->nskips * sizeof *s->skips);
    s->conf.slots = s->slots;
    s->conf.skips = s->skips;
    s->conf.nskips = skips_normalise(s->skips, conf->nskips);
    return 0;
}

int ow_stats_new(struct ow_stats **out, const struct ow_stats_conf *conf)
{
    if (!(conf->bucket_width > 0))
        return PS_ERANGE;
    struct ow_stats *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->conf = *conf;
    int err = copy_lists(s, conf);
    if (!err)
        err = sched_restart(s);
    if (!err)
        err = ow_stats_range(s, 0, conf->npackets);
    if (err) {
        ow_stats_free(s);
        return err;
    }
    *out = s;
    return 0;
}

void ow_stats_free(struct ow_stats *s)
{
    if (!s)
        return;
    seen_free(s);
    ow_sched_free(s->sched);
    free(s->slots);
    free(s->skips);
    free(s->table);
    free(s->sorted);
    free(s->delays);
    free(s);
}

int ow_stats_range(struct ow_stats *s, uint32_t first, uint32_t end)
{
    bool none = first == 0 && end == 0 && s->conf.npackets == 0;
    if (!none && (first >= end || end > s->conf.npackets))
        return PS_ERANGE;
    int err = ow_sched_index(s->sched) > first + 1 ? sched_restart(s) : 0;
    if (!err)
        err = seen_reset(s, end - first);
    if (err)
        return err;
    s->sum = (struct ow_summary){.first_seq = first, .end_seq = end, .synced = true};
    s->sum.first_time = sched_time(s, first);
    s->total = 0;
    s->received = 0;
    if (s->table_cap)
        memset(s->table, 0, s->table_cap * sizeof *s->table);
    s->table_used = 0;
    s->ndelays = 0;
    s->delays_sorted = true;
    return 0;
}

static void note_error(struct ow_stats *s, double seconds)
{
    if (seconds > s->sum.max_error)
        s->sum.max_error = seconds;
}

static int add_lost(struct ow_stats *s, const struct ow_rec *rec, int before)
{
    if (before == SEEN)
        return PS_EMALFORMED;
    if (!ow_err_synced(rec->recv_err))
        s->sum.synced = false;
    note_error(s, ow_err_seconds(rec->recv_err));
    if (before == LOST)
        return 0;
    s->sum.sent++;
    s->sum.lost++;
    return seen_set(s, rec->seq, LOST);
}

// This arrival is n-reordered for each n up to the number of arrivals just before it that all have
// a greater sequence number (RFC 4737 section 5.1).
static void note_arrival(struct ow_stats *s, uint32_t seq)
{
    uint64_t n = s->sum.arrivals;
    for (uint64_t k = 1; k <= n && k <= OW_REORDER_MAX; k++) {
        if (s->ring[(n - k) % OW_REORDER_MAX] <= seq)
            break;
        s->sum.reorder[k - 1]++;
    }
    s->ring[n % OW_REORDER_MAX] = seq;
    s->sum.arrivals++;
}

static void note_delay(struct ow_stats *s, int64_t delay)
{
    if (!s->sum.have_delay || delay < s->sum.min)
        s->sum.min = delay;
    if (!s->sum.have_delay || delay > s->sum.max)
        s->sum.max = delay;
    s->sum.have_delay = true;
}

static int add_first(struct ow_stats *s, const struct ow_rec *rec, int64_t delay)
{
    s->sum.sent++;
    s->received++;
    s->total += delay;
    s->sum.ttl[rec->ttl]++;
    s->sum.ttl_reports++;
    int err = seen_set(s, rec->seq, SEEN);
    if (!err)
        err = bucket_count(s, delay);
    return err || !s->conf.keep_delays ? err : delay_keep(s, delay);
}

static int add_arrival(struct ow_stats *s, const struct ow_rec *rec, int before)
{
    if (before == LOST)
        return PS_EMALFORMED;
    int64_t delay = ow_rec_delay(rec);
    note_arrival(s, rec->seq);
    note_delay(s, delay);
    note_error(s, ow_err_seconds(rec->send_err) + ow_err_seconds(rec->recv_err));
    if (!ow_err_synced(rec->send_err) || !ow_err_synced(rec->recv_err))
        s->sum.synced = false;
    if (before == UNSEEN)
        return add_first(s, rec, delay);
    s->sum.dups++;
    return 0;
}

bool ow_stats_covers(const struct ow_stats *s, uint32_t seq)
{
    return seq >= s->sum.first_seq && seq < s->sum.end_seq && !skipped(s, seq);
}

bool ow_stats_arrived(const struct ow_stats *s, uint32_t seq)
{
    return ow_stats_covers(s, seq) && seen_get(s, seq) == SEEN;
}

uint32_t ow_stats_skipped(const struct ow_stats *s)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < s->conf.nskips; i++) {
        uint64_t first = s->skips[i].first, end = (uint64_t)s->skips[i].last + 1;
        first = first > s->sum.first_seq ? first : s->sum.first_seq;
        end = end < s->sum.end_seq ? end : s->sum.end_seq;
        if (first < end)
            sum += (uint32_t)(end - first);
    }
    return sum;
}

int ow_stats_add(struct ow_stats *s, const struct ow_rec *rec)
{
    s->records++;
    if (!ow_stats_covers(s, rec->seq))
        return 0;
    int before = seen_get(s, rec->seq);
    return ow_rec_lost(rec) ? add_lost(s, rec, before) : add_arrival(s, rec, before);
}

int ow_stats_get(struct ow_stats *s, struct ow_summary *out)
{
    uint32_t end = s->sum.end_seq;
    s->sum.last_time = end ? sched_time(s, end - 1) : s->sum.first_time;
    if (s->received)
        s->sum.mean = (double)s->total / (double)s->received / TICKS;
    int err = buckets_sort(s);
    if (!err)
        *out = s->sum;
    return err;
}

bool ow_summary_percentile(const struct ow_summary *s, double bucket_width, double p, double *seconds)
{
    double need = p * (double)s->sent, sum = 0;
    for (size_t i = 0; i < s->nbuckets; i++) {
        sum += (double)s->buckets[i].count;
        if (sum >= need) {
            *seconds = (double)s->buckets[i].index * bucket_width;
            return true;
        }
    }
    return false;
}

int64_t ow_rec_delay(const struct ow_rec *r)
{
    return ps_ntp_diff(r->recv, r->send);
}
