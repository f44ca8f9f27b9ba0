// SPDX-License-Identifier: Apache-2.0
// The packets of a session of a stream: both ends, on their clocks, over the path.
#include "day.h"
#include <sys/mman.h>
#include <unistd.h>

#define GRACE (SIM_SEC / 10)
#define ERR 0x8801

static ps_ntp sender_clock(const struct day_session *ss)
{
    return ss->d->conf.to ? day_clock(ss->d) : day_server_clock(ss->d);
}

static ps_ntp receiver_clock(const struct day_session *ss)
{
    return ss->d->conf.to ? day_server_clock(ss->d) : day_clock(ss->d);
}

// --- the path

struct flight {
    struct sim_event event;
    struct day *d;
    unsigned lane;
    uint32_t id, seq;
    uint8_t data[OW_TEST_OPEN_LEN];
};

// Not: ours was set a moment ago, which must not look like loss.
static bool clocks_apart(const struct day *d)
{
    sim_time apart = ps_ntp_diff(day_clock(d), day_server_clock(d)) - d->ahead + d->seen_ahead;
    return d->ahead == d->seen_ahead || llabs(apart) > d->conf.timeout - SIM_SEC;
}

static void lands(void *ctx)
{
    struct flight *f = ctx;
    struct day_session *ss = f->d->lanes[f->lane].session;
    struct ow_test_packet p;
    if (ss != NULL && ss->id == f->id && ss->writer != NULL) {
        assert_int_equal(ow_test_unpack(ss->test, f->data, sizeof f->data, &p), 0);
        assert_int_equal(p.seq, f->seq);
        int verdict = ow_recv_packet(ss->recv, &p, receiver_clock(ss), ERR, 250);
        assert_true(verdict >= 0);
        if (verdict != OW_RECV_NEW && clocks_apart(f->d))
            ss->fate[f->seq] = FATE_LOST;
    }
    free(f);
}

static void carry(struct day_session *ss, uint32_t seq, const uint8_t *data)
{
    struct day *d = ss->d;
    struct flight *f = sim_alloc(1, sizeof *f);
    f->d = d;
    f->lane = ss->lane;
    f->id = ss->id;
    f->seq = seq;
    memcpy(f->data, data, sizeof f->data);
    sim_event_init(&f->event, lands, f);
    sim_at(&d->sim, &f->event, d->sim.now + d->conf.rtt / 2);
}

// --- sending

static void arm(struct day_session *ss)
{
    ps_ntp due;
    if (!ow_send_due(ss->send, &due)) {
        ss->sending = false;
        ss->sent_all_at = ss->d->sim.now;
        sim_at(&ss->d->sim, &ss->ends, ss->d->sim.now + ss->d->conf.rtt / 2);
        return;
    }
    sim_time wait = ps_ntp_diff(due, sender_clock(ss));
    sim_at(&ss->d->sim, &ss->sends, ss->d->sim.now + (wait > 0 ? wait : 0));
}

static void send_next(void *ctx)
{
    struct day_session *ss = ctx;
    uint8_t data[64];
    ps_ntp due;
    if (ow_send_due(ss->send, &due) && ps_ntp_before(sender_clock(ss), due)) {
        arm(ss); // the clock drifts
        return;
    }
    const uint32_t seq = ow_send_next_seqno(ss->send);
    int n = ow_send_fill(ss->send, sender_clock(ss), ERR, data, sizeof data);
    assert_true(n >= 0);
    ss->fate[seq] = n == 0 ? FATE_SKIPPED : FATE_SENT;
    if (n > 0 && day_fault(ss->d, DAY_CUT) == NULL && !sim_chance(&ss->d->sim, ss->d->conf.loss))
        carry(ss, seq, data);
    else if (n > 0)
        ss->fate[seq] = FATE_LOST;
    arm(ss);
}

void day_session_begin(struct day_session *ss)
{
    ss->sending = true;
    arm(ss);
    sim_at(&ss->d->sim, &ss->expires, ss->d->sim.now + SIM_SEC);
}

void day_session_stop(struct day_session *ss)
{
    sim_cancel(&ss->d->sim, &ss->sends);
    ss->sending = false;
    if (ss->sent_all_at == 0)
        ss->sent_all_at = ss->d->sim.now;
    ss->stopping = true;
}

void day_session_clock_set(struct day_session *ss)
{
    if (ss->sending)
        arm(ss);
}

// --- receiving

static int to_file(void *ctx, const struct ow_rec *rec)
{
    struct day_session *ss = ctx;
    return ow_writer_add(ss->writer, rec);
}

static void lose(struct day_session *ss, ps_ntp now)
{
    ps_ntp when;
    do
        assert_int_equal(ow_recv_expire(ss->recv, now, ERR), 0);
    while (ow_recv_deadline(ss->recv, &when) && ps_ntp_before(when, now));
}

static void expire(void *ctx)
{
    struct day_session *ss = ctx;
    lose(ss, receiver_clock(ss) - GRACE);
    if (!ow_recv_complete(ss->recv)) {
        sim_at(&ss->d->sim, &ss->expires, ss->d->sim.now + SIM_SEC);
    } else if (ss->sending) { // by its clock nothing is to come any more: it stops the sender
        sim_cancel(&ss->d->sim, &ss->sends);
        ss->sending = false;
        ss->sent_all_at = ss->d->sim.now;
        sim_at(&ss->d->sim, &ss->ends, ss->d->sim.now + ss->d->conf.rtt);
    }
}

bool day_session_complete(struct day_session *ss)
{
    ow_recv_limit(ss->recv, ow_send_next_seqno(ss->send));
    lose(ss, receiver_clock(ss) - GRACE);
    return ow_recv_complete(ss->recv);
}

// --- its end

static void finish_file(struct day_session *ss, bool broken)
{
    struct ow_file_end end = {.finished = broken ? OW_FIN_INCOMPLETE : OW_FIN_NORMAL};
    ps_ntp stop = ss->cut ? ss->cut_at : receiver_clock(ss);
    uint32_t highest;
    if (!broken)
        ow_recv_limit(ss->recv, ow_send_next_seqno(ss->send));
    lose(ss, stop - GRACE);
    end.cut = broken || !ow_recv_complete(ss->recv);
    end.cut_time = stop - GRACE - (ps_ntp)ss->d->conf.timeout;
    end.next_seqno = end.end_seq = ow_send_next_seqno(ss->send);
    if (broken)
        end.end_seq = ow_recv_highest(ss->recv, &highest) ? highest + 1 : 0;
    if (!broken)
        end.skips = ow_send_skips(ss->send, &end.nskips);
    assert_int_equal(ow_writer_finish(ss->writer, &end), 0);
}

// Records of packets that were due when the clock was right.
static bool counts(const struct day_session *ss, const struct ow_rec *rec)
{
    return rec->seq < ss->d->conf.count && !(ss->cut && ps_ntp_before(ss->cut_at, ss->due[rec->seq]));
}

// Each packet up to the last one that is told of was passed over, or stands there as it fared.
static void add_up(struct day_session *ss, const bool *there, uint32_t end)
{
    struct day *d = ss->d;
    for (uint32_t seq = 0; seq < d->conf.count; seq++) {
        const enum day_fate fate = ss->fate[seq];
        d->came += seq < end && fate == FATE_CAME;
        d->lost += seq < end && fate == FATE_LOST;
        d->skipped += seq < end && fate == FATE_SKIPPED;
        d->unsent += seq >= end;
        if (seq < end && (there[seq] ? fate != FATE_CAME && fate != FATE_LOST : fate != FATE_SKIPPED))
            fail_msg("seed %llu: packet %u of %u up to %u in session %u: %s in its file, fate %d",
                     (unsigned long long)d->conf.seed, seq, d->conf.count, end, ss->id,
                     there[seq] ? "is" : "is not", fate);
    }
}

static uint32_t read_file(struct day_session *ss, bool *there, bool broken)
{
    struct ps_fault fault = {""};
    struct ow_file *f;
    struct ow_rec rec;
    uint32_t end = 0;
    int err = ow_file_new(&f, ss->fd, "session", &fault);
    if (err != 0)
        fail_msg("seed %llu: %s", (unsigned long long)ss->d->conf.seed, fault.text);
    while (ow_file_next(f, &rec) > 0) {
        if (!counts(ss, &rec))
            continue;
        const bool lost = ow_rec_lost(&rec);
        there[rec.seq] = true;
        end = rec.seq >= end ? rec.seq + 1 : end;
        // What was passed over is called lost until the sender tells, which it may not come to.
        if (lost && (ss->fate[rec.seq] == FATE_SKIPPED || (broken && ss->fate[rec.seq] == FATE_NONE) ||
                     (ss->blinked && ss->fate[rec.seq] == FATE_SENT)))
            ss->fate[rec.seq] = FATE_LOST;
        if (lost != (ss->fate[rec.seq] == FATE_LOST))
            fail_msg("seed %llu: packet %u of session %u, due at %.3f, is told as %s at %.3f, its fate is %d",
                     (unsigned long long)ss->d->conf.seed, rec.seq, ss->id,
                     ps_ntpdiff_to_double(ps_ntp_diff(ss->due[rec.seq], SIM_EPOCH)),
                     lost ? "lost" : "arrived", ps_ntpdiff_to_double(ss->d->sim.now), ss->fate[rec.seq]);
        ss->fate[rec.seq] = lost ? FATE_LOST : FATE_CAME;
    }
    ow_file_free(f);
    return end;
}

ps_ntp day_session_end(struct day_session *ss, bool broken, bool *whole)
{
    const uint32_t n = ss->d->conf.count;
    bool *there = sim_alloc(n, sizeof *there);
    broken |= ss->cut && !ss->d->conf.to;
    finish_file(ss, broken);
    ow_writer_free(ss->writer);
    ss->writer = NULL;
    uint32_t end = read_file(ss, there, broken);
    *whole = !broken && !ss->cut && ow_send_next_seqno(ss->send) == n && ow_recv_complete(ss->recv);
    add_up(ss, there, *whole ? n : end);
    free(there);
    if (*whole)
        return ss->end;
    return end > 0 ? ss->due[end - 1] : 0;
}

// --- the whole

static void schedule(struct day_session *ss, const struct ow_slot *slot)
{
    struct ow_sched *s;
    const uint32_t n = ss->d->conf.count;
    ss->due = sim_alloc(n, sizeof *ss->due);
    ss->fate = sim_alloc(n, 1);
    assert_int_equal(ow_sched_new(&s, ss->req.sid, slot, 1, n, ss->start), 0);
    for (uint32_t seq = 0; seq < n; seq++)
        ss->due[seq] = ow_sched_next(s);
    ow_sched_free(s);
    ss->end = ss->due[n - 1];
}

static void make_ends(struct day_session *ss, const struct ow_slot *slot)
{
    const struct day_conf *c = &ss->d->conf;
    struct ow_send_conf sc = {.mode = OW_MODE_OPEN,
                              .slots = slot,
                              .nslots = 1,
                              .npackets = c->count,
                              .start = ss->start,
                              .timeout = (ps_ntp)c->timeout};
    struct ow_recv_conf rc = {.slots = slot,
                              .nslots = 1,
                              .npackets = c->count,
                              .start = ss->start,
                              .timeout = (ps_ntp)c->timeout,
                              .max_window = 1u << 20};
    memcpy(sc.sid, ss->req.sid, sizeof sc.sid);
    memcpy(rc.sid, ss->req.sid, sizeof rc.sid);
    assert_int_equal(ow_send_new(&ss->send, &sc), 0);
    assert_int_equal(ow_writer_new(&ss->writer, ss->fd, &ss->req, slot), 0);
    assert_int_equal(ow_test_new(&ss->test, OW_MODE_OPEN, NULL, ss->req.sid), 0);
    assert_int_equal(ow_recv_new(&ss->recv, &rc, to_file, ss), 0);
}

struct day_session *day_session_new(struct day *d, unsigned lane, ps_ntp start)
{
    const struct day_conf *c = &d->conf;
    struct ow_slot slot = {c->random ? OW_SLOT_EXP : OW_SLOT_FIXED, (ps_ntp)c->interval};
    struct day_session *ss = sim_alloc(1, sizeof *ss);
    ss->d = d;
    ss->lane = lane;
    ss->id = ++d->sessions;
    ss->start = start;
    ss->req = (struct ow_request){.ipvn = 4,
                                  .conf_sender = !c->to,
                                  .conf_receiver = c->to,
                                  .nslots = 1,
                                  .npackets = c->count,
                                  .sender_port = 9001,
                                  .receiver_port = 9002,
                                  .sender_addr = {192, 0, 2, 1},
                                  .receiver_addr = {192, 0, 2, 2},
                                  .start = start,
                                  .timeout = (ps_ntp)c->timeout};
    ps_rand_fill(&d->sim.rand, ss->req.sid, OW_SID_LEN);
    ss->fd = memfd_create("session", MFD_CLOEXEC);
    assert_true(ss->fd >= 0);
    schedule(ss, &slot);
    make_ends(ss, &slot);
    sim_event_init(&ss->sends, send_next, ss);
    sim_event_init(&ss->expires, expire, ss);
    return ss;
}

void day_session_free(struct day_session *ss)
{
    if (ss == NULL)
        return;
    sim_cancel(&ss->d->sim, &ss->sends);
    sim_cancel(&ss->d->sim, &ss->expires);
    sim_cancel(&ss->d->sim, &ss->ends);
    ow_send_free(ss->send);
    ow_recv_free(ss->recv);
    ow_test_free(ss->test);
    ow_writer_free(ss->writer);
    close(ss->fd);
    free(ss->due);
    free(ss->fate);
    free(ss);
}
