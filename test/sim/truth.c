// SPDX-License-Identifier: Apache-2.0
// What must be reported, from the log of what happened: written for clarity, not for speed, and
// without the machines' code.
#include "world.h"

struct judge {
    struct sim_session *ss;
    bool *came;
    struct sim_copy *kept; // those that count, as they arrived
    size_t nkept;
    uint64_t further; // copies of packets that came
    uint64_t first;   // first copies
    int64_t *delays;  // of the first copies
};

__attribute__((format(printf, 4, 5))) static void same(const struct sim_session *ss, int64_t got,
                                                       int64_t want, const char *fmt, ...)
{
    char what[80];
    va_list ap;
    if (got == want)
        return;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    fail_msg("seed %llu, session %d: %s: reported %lld, in truth %lld",
             (unsigned long long)ss->sim->conf.seed, (int)(ss - ss->sim->sessions), what, (long long)got,
             (long long)want);
}

// --- the log

// Even schedules by arithmetic; random ones are held to the RFC's vectors elsewhere.
static void schedule(const struct sim_session *ss, ps_ntp *sched)
{
    const struct sim_session_conf *c = ss->conf;
    struct ow_sched *gen;
    bool fixed = true;
    ps_ntp t = ss->req.start;
    assert_true(c->nslots > 0);
    assert_int_equal(ow_sched_new(&gen, ss->req.sid, c->slots, c->nslots, c->npackets, t), 0);
    for (uint32_t i = 0; i < c->nslots; i++)
        fixed &= c->slots[i].type == OW_SLOT_FIXED;
    for (uint32_t seq = 0; seq < c->npackets; seq++) {
        t += c->slots[c->nslots > 1 ? seq % c->nslots : 0].value;
        sched[seq] = fixed ? t : ow_sched_next(gen);
    }
    ow_sched_free(gen);
}

void truth_init(struct sim_session *ss)
{
    struct sim_truth *t = &ss->truth;
    const uint32_t n = ss->conf->npackets;
    t->sched = sim_alloc(n, sizeof *t->sched);
    t->left = sim_alloc(n, sizeof *t->left);
    t->skipped = sim_alloc(n, sizeof *t->skipped);
    for (uint32_t seq = 0; seq < n; seq++)
        t->left[seq] = -1;
    schedule(ss, t->sched);
}

void truth_fini(struct sim_truth *t)
{
    free(t->sched);
    free(t->left);
    free(t->skipped);
    free(t->copies);
}

void truth_copy(struct sim_truth *t, const struct sim_copy *copy)
{
    if (t->ncopies == t->cap) {
        t->cap = t->cap > 0 ? 2 * t->cap : 256;
        t->copies = realloc(t->copies, t->cap * sizeof *t->copies);
        assert_non_null(t->copies);
    }
    t->copies[t->ncopies++] = *copy;
}

// --- which copies count

// Times of a host's clock, and of the schedule, as counts from the world's beginning.
static sim_time shown(const struct sim_host *h, sim_time t)
{
    return t + sim_clock_ahead(&h->clock, t);
}

static sim_time from_epoch(const struct sim_session *ss, ps_ntp t)
{
    return ps_ntp_diff(t, ss->sender->clock.epoch);
}

static sim_time due(const struct sim_session *ss, uint32_t seq)
{
    return from_epoch(ss, ss->truth.sched[seq]);
}

// The furthest that the clock has shown until then: it may have been set back.
static sim_time furthest(const struct sim_host *h, sim_time t)
{
    sim_time now = shown(h, t), before;
    if (h->conf->step == 0 || h->conf->step_at > t)
        return now;
    before = shown(h, h->conf->step_at - 1);
    return before > now ? before : now;
}

static sim_time arrival(const struct sim_copy *c)
{
    return c->sent + c->delay;
}

// As the two clocks measure it.
static int64_t measured(const struct sim_session *ss, const struct sim_copy *c)
{
    return c->delay + sim_clock_ahead(&ss->receiver->clock, arrival(c)) -
           sim_clock_ahead(&ss->sender->clock, c->sent);
}

static bool counts(const struct judge *j, const struct sim_copy *c)
{
    const struct sim_session *ss = j->ss;
    const sim_time timeout = ss->conf->timeout, planned = due(ss, c->seq);
    const sim_time late = shown(ss->sender, c->sent) - planned;
    const sim_time seen = furthest(ss->receiver, arrival(c));
    if (llabs(measured(ss, c)) > timeout || llabs(late) > timeout)
        return false;
    return seen <= planned + timeout;
}

static bool undecided(const struct judge *j, uint32_t seq)
{
    return !j->came[seq] &&
           furthest(j->ss->receiver, j->ss->ended_at) <= due(j->ss, seq) + j->ss->conf->timeout;
}

static bool cut_off(const struct sim_session *ss, sim_time sent)
{
    return ss->cut && sent > from_epoch(ss, ss->stop) - ss->conf->timeout;
}

static void judge_copies(struct judge *j)
{
    const struct sim_truth *t = &j->ss->truth;
    const uint64_t most = (uint64_t)j->ss->conf->npackets * OW_RECV_COPIES + OW_RECV_COPIES_MORE;
    for (size_t i = 0; i < t->ncopies; i++) {
        const struct sim_copy *c = &t->copies[i];
        if (!counts(j, c) || (j->came[c->seq] && j->further++ >= most))
            continue;
        j->came[c->seq] = true;
        j->kept[j->nkept++] = *c;
    }
    j->ss->result.copies = t->ncopies;
    j->ss->result.uncounted = t->ncopies - j->nkept;
}

// Drops the tail that was not decided when the sender stopped.
static void judge_cut(struct judge *j)
{
    struct sim_session *ss = j->ss;
    size_t kept = 0;
    bool cut = false;
    for (uint32_t seq = 0; seq < ss->result.next_seqno; seq++)
        cut |= undecided(j, seq);
    same(ss, ss->cut, cut, "whether it was cut short");
    for (size_t i = 0; i < j->nkept; i++)
        if (!cut_off(ss, shown(ss->sender, j->kept[i].sent)))
            j->kept[kept++] = j->kept[i];
    j->nkept = kept;
}

static bool is_lost(const struct judge *j, uint32_t seq)
{
    return seq < j->ss->result.next_seqno && !j->ss->truth.skipped[seq] && !j->came[seq] &&
           !undecided(j, seq) && !cut_off(j->ss, due(j->ss, seq));
}

// --- holding the report to it

static void check_skips(struct sim_session *ss)
{
    const struct sim_truth *t = &ss->truth;
    bool *told = sim_alloc(ss->conf->npackets, sizeof *told);
    for (uint32_t i = 0; i < ss->nskips; i++)
        for (uint32_t seq = ss->skips[i].first; seq <= ss->skips[i].last; seq++)
            told[seq] = true;
    for (uint32_t seq = 0; seq < ss->conf->npackets; seq++) {
        same(ss, told[seq], t->skipped[seq], "packet %u skipped", seq);
        same(ss, seq < ss->result.next_seqno, t->skipped[seq] || t->left[seq] >= 0, "packet %u handled", seq);
        ss->result.skipped += t->skipped[seq];
        ss->result.filled += t->left[seq] >= 0;
    }
    free(told);
}

static void check_arrival(const struct judge *j, const struct ow_rec *rec, size_t i)
{
    const struct sim_session *ss = j->ss;
    const struct sim_copy *c = &j->kept[i];
    if (i >= j->nkept)
        fail_msg("seed %llu: more arrivals than there were: packet %u",
                 (unsigned long long)ss->sim->conf.seed, rec->seq);
    same(ss, rec->seq, c->seq, "arrival %zu", i);
    same(ss, ow_rec_delay(rec), measured(ss, c), "delay of packet %u", rec->seq);
    same(ss, (int64_t)rec->send, (int64_t)sim_clock_read(&ss->sender->clock, c->sent), "stamp of packet %u",
         rec->seq);
    same(ss, rec->ttl, c->ttl, "TTL of packet %u", rec->seq);
}

// What readers of a file count on, as long as nobody sets the clock.
static void check_order(const struct sim_session *ss)
{
    sim_time last = INT64_MIN;
    for (size_t i = 0; i < ss->nrecs && ss->receiver->conf->step == 0; i++) {
        const struct ow_rec *rec = &ss->recs[i];
        sim_time t =
            ow_rec_lost(rec) ? from_epoch(ss, rec->send) + ss->conf->timeout : from_epoch(ss, rec->recv);
        if (t < last)
            fail_msg("seed %llu: record %zu is of a time before the last one's",
                     (unsigned long long)ss->sim->conf.seed, i);
        last = t;
    }
}

static void check_records(const struct judge *j)
{
    const struct sim_session *ss = j->ss;
    bool *lost = sim_alloc(ss->conf->npackets, sizeof *lost);
    size_t arrivals = 0;
    for (size_t i = 0; i < ss->nrecs; i++) {
        const struct ow_rec *rec = &ss->recs[i];
        assert_true(rec->seq < ss->conf->npackets);
        if (!ow_rec_lost(rec)) {
            check_arrival(j, rec, arrivals++);
            continue;
        }
        same(ss, (int64_t)rec->send, (int64_t)ss->truth.sched[rec->seq], "time of packet %u", rec->seq);
        same(ss, lost[rec->seq], false, "packet %u called lost before", rec->seq);
        lost[rec->seq] = true;
    }
    same(ss, (int64_t)arrivals, (int64_t)j->nkept, "arrivals");
    for (uint32_t seq = 0; seq < ss->conf->npackets; seq++)
        if (!ss->truth.skipped[seq])
            same(ss, lost[seq], is_lost(j, seq), "packet %u lost", seq);
    free(lost);
}

// RFC 4737: an arrival is n-reordered if the n arrivals just before it all have a greater number.
static void check_reordering(const struct judge *j, const struct ow_summary *sum)
{
    uint64_t want[OW_REORDER_MAX] = {0};
    for (size_t i = 0; i < j->nkept; i++)
        for (size_t n = 1; n <= OW_REORDER_MAX && n <= i && j->kept[i - n].seq > j->kept[i].seq; n++)
            want[n - 1]++;
    for (size_t n = 1; n <= OW_REORDER_MAX; n++)
        same(j->ss, (int64_t)sum->reorder[n - 1], (int64_t)want[n - 1], "%zu-reordered", n);
}

static int ascending(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void check_delays(const struct judge *j, const struct sim_result *r)
{
    const struct sim_session *ss = j->ss;
    int64_t min = INT64_MAX, max = INT64_MIN;
    const uint64_t middle = (r->sum.sent + 1) / 2; // lost packets take for ever
    for (size_t i = 0; i < j->nkept; i++) {
        const int64_t d = measured(ss, &j->kept[i]);
        min = d < min ? d : min;
        max = d > max ? d : max;
    }
    qsort(j->delays, j->first, sizeof *j->delays, ascending);
    same(ss, r->sum.have_delay, j->nkept > 0, "that there are delays");
    if (j->nkept > 0) {
        same(ss, r->sum.min, min, "minimum");
        same(ss, r->sum.max, max, "maximum");
    }
    same(ss, r->have_median, middle > 0 && middle <= j->first, "that there is a median");
    if (r->have_median)
        same(ss, r->median, j->delays[middle - 1], "median");
}

static void check_summary(struct judge *j)
{
    const struct sim_session *ss = j->ss;
    const struct ow_summary *sum = &ss->result.sum;
    bool *before = sim_alloc(ss->conf->npackets, sizeof *before);
    uint64_t lost = 0, ttl[256] = {0};
    for (size_t i = 0; i < j->nkept; i++) {
        if (before[j->kept[i].seq])
            continue;
        before[j->kept[i].seq] = true;
        ttl[j->kept[i].ttl]++;
        j->delays[j->first++] = measured(ss, &j->kept[i]);
    }
    for (uint32_t seq = 0; seq < ss->conf->npackets; seq++)
        lost += is_lost(j, seq);
    free(before);
    same(ss, (int64_t)sum->sent, (int64_t)(j->first + lost), "sent");
    same(ss, (int64_t)sum->lost, (int64_t)lost, "lost");
    same(ss, (int64_t)sum->dups, (int64_t)(j->nkept - j->first), "duplicates");
    same(ss, (int64_t)sum->arrivals, (int64_t)j->nkept, "arrivals in the summary");
    for (int i = 0; i < 256; i++)
        same(ss, (int64_t)sum->ttl[i], (int64_t)ttl[i], "packets with TTL %d", i);
    check_reordering(j, sum);
    check_delays(j, &ss->result);
}

static void summarise(struct sim_session *ss)
{
    struct ow_stats_conf conf = {.slots = ss->conf->slots,
                                 .nslots = ss->conf->nslots,
                                 .npackets = ss->conf->npackets,
                                 .start = ss->req.start,
                                 .skips = ss->skips,
                                 .nskips = ss->nskips,
                                 .bucket_width = 0.0001,
                                 .keep_delays = true};
    memcpy(conf.sid, ss->req.sid, OW_SID_LEN);
    assert_int_equal(ow_stats_new(&ss->stats, &conf), 0);
    for (size_t i = 0; i < ss->nrecs; i++)
        assert_int_equal(ow_stats_add(ss->stats, &ss->recs[i]), 0);
    assert_int_equal(ow_stats_get(ss->stats, &ss->result.sum), 0);
    ss->result.have_median = ow_stats_exact_percentile(ss->stats, 0.5, &ss->result.median);
}

void truth_check(struct sim_session *ss)
{
    struct judge j = {.ss = ss};
    j.came = sim_alloc(ss->conf->npackets, sizeof *j.came);
    j.kept = sim_alloc(ss->truth.ncopies, sizeof *j.kept);
    j.delays = sim_alloc(ss->truth.ncopies, sizeof *j.delays);
    summarise(ss);
    check_skips(ss);
    judge_copies(&j);
    judge_cut(&j);
    check_records(&j);
    check_order(ss);
    check_summary(&j);
    free(j.came);
    free(j.kept);
    free(j.delays);
}
