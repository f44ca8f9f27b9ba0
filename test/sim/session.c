// SPDX-License-Identifier: Apache-2.0
// The two ends of a session, on the clocks of their hosts.
#include "world.h"
#include <sys/mman.h>
#include <unistd.h>

#define SENDER_ERR 0x8801
#define RECEIVER_ERR 0x8902
#define LEAD (3 * SIM_SEC)
#define HANDING_OVER (SIM_SEC / 10)

static ps_ntp now_at(const struct sim_host *h)
{
    return sim_clock_read(&h->clock, h->sim->now);
}

// --- sending

static void send_arm(struct sim_session *ss)
{
    struct sim *s = ss->sim;
    const struct sim_host_conf *host = ss->sender->conf;
    ps_ntp due;
    sim_cancel(s, &ss->due);
    if (!ow_send_due(ss->send, &due)) {
        ss->sending = false;
        host_progress(ss->sender);
        return;
    }
    sim_time when = sim_clock_when(&ss->sender->clock, due, s->now);
    if (when > s->now)
        when += sim_upto(s, host->late);
    if (sim_within(&host->busy, when))
        when = host->busy.to;
    sim_at(s, &ss->due, when);
}

// The truth of what is skipped is in the times, not in what the machine answers.
static bool too_late(const struct sim_session *ss, uint32_t seq)
{
    return ps_ntp_diff(now_at(ss->sender), ss->truth.sched[seq]) > ss->conf->timeout;
}

static void send_due(void *ctx)
{
    struct sim_session *ss = ctx;
    uint8_t data[SIM_HEAD + 2000];
    const uint32_t seq = ow_send_next_seqno(ss->send);
    int n = ow_send_fill(ss->send, now_at(ss->sender), SENDER_ERR, data, sizeof data);
    assert_true(n >= 0);
    ss->truth.skipped[seq] = too_late(ss, seq);
    assert_int_equal(n > 0, !ss->truth.skipped[seq]);
    if (n > 0 && sim_within(&ss->sender->conf->down, ss->sim->now)) {
        assert_int_equal(ow_send_failed(ss->send), 0);
        ss->truth.skipped[seq] = true;
    } else if (n > 0) {
        ss->truth.left[seq] = ss->sim->now;
        sim_path_send(ss, seq, data);
    }
    send_arm(ss);
}

void session_prepare_send(struct sim_session *ss, const struct ow_slot *slots, const struct ow_keys *keys)
{
    const struct ow_request *req = &ss->req;
    struct ow_send_conf conf = {.mode = host_mode(ss->sim),
                                .keys = keys,
                                .slots = slots,
                                .nslots = req->nslots,
                                .npackets = req->npackets,
                                .start = req->start,
                                .timeout = req->timeout,
                                .padding = req->padding};
    memcpy(conf.sid, req->sid, OW_SID_LEN);
    assert_int_equal(ow_send_new(&ss->send, &conf), 0);
    truth_init(ss);
}

void session_start_send(struct sim_session *ss)
{
    ss->sending = true;
    send_arm(ss);
}

void session_stop_send(struct sim_session *ss)
{
    ss->sending = false;
    sim_cancel(ss->sim, &ss->due);
}

// --- receiving

static int to_file(void *ctx, const struct ow_rec *rec)
{
    struct sim_session *ss = ctx;
    return ow_writer_add(ss->writer, rec);
}

void session_prepare_recv(struct sim_session *ss, const struct ow_slot *slots, const struct ow_keys *keys)
{
    const struct ow_request *req = &ss->req;
    struct ow_recv_conf conf = {.slots = slots,
                                .nslots = req->nslots,
                                .npackets = req->npackets,
                                .start = req->start,
                                .timeout = req->timeout,
                                .max_window = 1u << 20};
    memcpy(conf.sid, req->sid, OW_SID_LEN);
    ss->fd = memfd_create("session", MFD_CLOEXEC);
    assert_true(ss->fd >= 0);
    assert_int_equal(ow_writer_new(&ss->writer, ss->fd, req, slots), 0);
    assert_int_equal(ow_test_new(&ss->test, host_mode(ss->sim), keys, req->sid), 0);
    assert_int_equal(ow_recv_new(&ss->recv, &conf, to_file, ss), 0);
    session_tick(ss);
}

// As the programs do, a host gives arrivals a moment to be handed over before it calls a packet lost:
// whether one came in time is a matter of the stamps. Not where the clock is set, for then that moment
// would decide.
static sim_time handing_over(const struct sim_session *ss)
{
    return ss->receiver->conf->step == 0 ? HANDING_OVER : 0;
}

static void expire(struct sim_session *ss, ps_ntp now)
{
    ps_ntp when;
    do
        assert_int_equal(ow_recv_expire(ss->recv, now, RECEIVER_ERR), 0);
    while (ow_recv_deadline(ss->recv, &when) && ps_ntp_before(when, now));
}

void session_tick(struct sim_session *ss)
{
    ps_ntp when;
    if (ss->recv == NULL || ss->ended)
        return;
    const ps_ntp moment = (ps_ntp)handing_over(ss);
    expire(ss, now_at(ss->receiver) - moment);
    sim_cancel(ss->sim, &ss->expiry);
    // Lost is what has not come when its time is past.
    if (ow_recv_deadline(ss->recv, &when))
        sim_at(ss->sim, &ss->expiry, sim_clock_when(&ss->receiver->clock, when + moment + 1, ss->sim->now));
    if (ow_recv_complete(ss->recv))
        host_progress(ss->receiver);
}

void session_clock_set(struct sim_session *ss)
{
    if (ss->recv != NULL && !ss->ended)
        expire(ss, sim_clock_read(&ss->receiver->clock, ss->sim->now - 1));
    session_tick(ss);
}

static void expiry_fires(void *ctx)
{
    session_tick(ctx);
}

void session_arrival(struct sim_session *ss, const struct sim_copy *copy, const uint8_t *data)
{
    struct ow_test_packet p;
    if (ss->ended || ss->recv == NULL)
        return;
    truth_copy(&ss->truth, copy);
    assert_int_equal(ow_test_unpack(ss->test, data, SIM_HEAD, &p), 0);
    assert_int_equal(p.seq, copy->seq);
    int verdict = ow_recv_packet(ss->recv, &p, now_at(ss->receiver), RECEIVER_ERR, copy->ttl);
    assert_true(verdict >= 0);
    session_tick(ss);
}

void session_limit(struct sim_session *ss, const struct ow_stop_rec *rec)
{
    assert_true(rec->next_seqno <= ss->conf->npackets);
    ss->result.next_seqno = rec->next_seqno;
    ss->nskips = rec->nskips;
    ss->skips = sim_alloc(rec->nskips, sizeof *ss->skips);
    if (rec->nskips > 0)
        memcpy(ss->skips, rec->skips, rec->nskips * sizeof *ss->skips);
    ss->stop = now_at(ss->receiver);
    ow_recv_limit(ss->recv, rec->next_seqno);
}

// The rule of a stop: an undecided tail is dropped.
void session_end(struct sim_session *ss)
{
    expire(ss, now_at(ss->receiver));
    ss->cut = !ow_recv_complete(ss->recv);
    struct ow_file_end end = {.finished = OW_FIN_NORMAL,
                              .next_seqno = ss->result.next_seqno,
                              .skips = ss->skips,
                              .nskips = ss->nskips,
                              .end_seq = ss->result.next_seqno,
                              .cut = ss->cut,
                              .cut_time = ss->stop - (ps_ntp)ss->conf->timeout};
    assert_int_equal(ow_writer_finish(ss->writer, &end), 0);
    sim_cancel(ss->sim, &ss->expiry);
    ss->ended = true;
    ss->ended_at = ss->sim->now;
}

// --- what is reported

void session_keep(struct sim_session *ss, const struct ow_rec *rec)
{
    if (ss->nrecs == ss->recs_cap) {
        ss->recs_cap = ss->recs_cap > 0 ? 2 * ss->recs_cap : 256;
        ss->recs = realloc(ss->recs, ss->recs_cap * sizeof *ss->recs);
        assert_non_null(ss->recs);
    }
    ss->recs[ss->nrecs++] = *rec;
}

void session_keep_file(struct sim_session *ss)
{
    struct ps_fault fault = {0};
    struct ow_file *f;
    struct ow_rec rec;
    int err = ow_file_new(&f, ss->fd, "session", &fault);
    if (err != 0)
        fail_msg("%s", fault.text);
    while ((err = ow_file_next(f, &rec)) > 0)
        session_keep(ss, &rec);
    assert_int_equal(err, 0);
    assert_int_equal(ow_file_head(f)->finished, OW_FIN_NORMAL);
    assert_int_equal(ow_file_count(f), ss->nrecs);
    ow_file_free(f);
}

// --- the whole

void session_init(struct sim_session *ss, struct sim *s, const struct sim_session_conf *conf)
{
    ss->sim = s;
    ss->conf = conf;
    ss->sender = conf->up ? &s->client : &s->server;
    ss->receiver = conf->up ? &s->server : &s->client;
    ss->fd = -1;
    sim_event_init(&ss->due, send_due, ss);
    sim_event_init(&ss->expiry, expiry_fires, ss);
}

struct ow_request session_request(struct sim_session *ss)
{
    const struct sim_session_conf *c = ss->conf;
    struct ow_request req = {.ipvn = 4,
                             .conf_sender = !c->up,
                             .conf_receiver = c->up,
                             .nslots = c->nslots,
                             .npackets = c->npackets,
                             .sender_port = 9001,
                             .receiver_port = 9002,
                             .sender_addr = {192, 0, 2, 1},
                             .receiver_addr = {192, 0, 2, 2},
                             .padding = c->padding,
                             .start = now_at(&ss->sim->client) + LEAD,
                             .timeout = (ps_ntp)c->timeout};
    if (!c->up)
        ps_rand_fill(&ss->sim->rand, req.sid, sizeof req.sid);
    return req;
}

void session_fini(struct sim_session *ss)
{
    ow_send_free(ss->send);
    ow_recv_free(ss->recv);
    ow_test_free(ss->test);
    ow_writer_free(ss->writer);
    ow_stats_free(ss->stats);
    free(ss->recs);
    free(ss->skips);
    truth_fini(&ss->truth);
    if (ss->fd >= 0)
        close(ss->fd);
}
