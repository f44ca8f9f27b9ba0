// SPDX-License-Identifier: Apache-2.0
// Who sends Stop-Sessions when, and what the peer's one does.
#include "endpoint/ep_trial.h"
#include "ep_fix.h"

#define SHORT (SECONDS(1) / 5)

struct rig {
    struct fix *f;
    struct ep_trial trial;
    struct ep_party party[3];
    unsigned nparties;
    // what the trial told its owner
    int stops, concluded;
    uint8_t accept;
    struct ow_stop_rec rec; // the first of our stop, without its list
    uint32_t nrecs;
    ps_ns stop_at;
    int stop_err; // send_stop's answer
};

static int on_stop(void *ctx, uint8_t accept, const struct ow_stop_rec *recs, uint32_t n)
{
    struct rig *g = ctx;
    g->stops++;
    g->accept = accept;
    g->nrecs = n;
    g->stop_at = ps_clock_now(g->f->clock);
    if (n > 0)
        g->rec = recs[0];
    g->rec.skips = NULL;
    ps_loop_stop(g->f->loop);
    return g->stop_err;
}

static void on_concluded(void *ctx)
{
    struct rig *g = ctx;
    g->concluded++;
    assert_false(g->trial.testing);
    ps_loop_stop(g->f->loop);
}

static void on_progress(void *ctx)
{
    struct rig *g = ctx;
    ep_trial_progress(&g->trial);
    ps_loop_stop(g->f->loop);
}

static void on_failed(void *ctx, int err)
{
    struct rig *g = ctx;
    (void)err;
    for (unsigned i = 0; i < g->nparties; i++)
        g->party[i].failed = g->party[i].receiver != NULL;
    on_progress(ctx);
}

static void rig_up(struct rig *g, struct fix *f, ps_ns enddelay)
{
    memset(g, 0, sizeof *g);
    g->f = f;
    assert_int_equal(ep_trial_init(&g->trial, f->loop, f->clock, enddelay), 0);
    g->trial.ctx = g;
    g->trial.send_stop = on_stop;
    g->trial.concluded = on_concluded;
}

static void rig_down(struct rig *g)
{
    for (unsigned i = 0; i < g->nparties; i++) {
        ep_sender_close(g->party[i].sender);
        ep_receiver_close(g->party[i].receiver);
    }
    ep_trial_fini(&g->trial);
}

static struct ep_party *add_party(struct rig *g, const struct ow_request *req)
{
    struct ep_party *p = &g->party[g->nparties];
    p->req = *req;
    p->req.sid[15] = (uint8_t)g->nparties++;
    ep_trial_add(&g->trial, p);
    return p;
}

static struct ep_party *add_sender(struct rig *g, const struct ow_request *req, ps_ntp distance)
{
    const struct ow_slot slot = every(distance);
    struct ep_party *p = add_party(g, req);
    struct ep_sender_conf conf = {
        .pump = g->f->pump, .local = g->f->here, .peer = g->f->addr, .ctx = g, .done = on_progress};
    assert_int_equal(ep_sender_open(&p->sender, &conf), 0);
    assert_int_equal(ep_sender_ready(p->sender, &p->req, &slot, OW_MODE_OPEN, NULL, 0), 0);
    assert_int_equal(ep_sender_start(p->sender), 0);
    return p;
}

static struct ep_party *add_receiver(struct rig *g, const struct ow_request *req, ps_ntp distance)
{
    const struct ow_slot slot = every(distance);
    struct ep_party *p = add_party(g, req);
    struct ep_receiver_conf conf = {.loop = g->f->loop,
                                    .pump = g->f->pump,
                                    .clock = g->f->clock,
                                    .local = g->f->here,
                                    .peer = g->f->addr,
                                    .ctx = g,
                                    .complete = on_progress,
                                    .failed = on_failed};
    assert_int_equal(ep_receiver_open(&p->receiver, &conf), 0);
    assert_int_equal(ep_receiver_ready(p->receiver, &p->req, &slot, OW_MODE_OPEN, NULL, 0, memory_file()), 0);
    assert_int_equal(ep_receiver_start(p->receiver), 0);
    return p;
}

// The peer's stop, of one session.
static const char *peer_stops(struct rig *g, const struct ep_party *p, uint32_t next_seqno)
{
    struct ow_stop_rec rec = {.next_seqno = next_seqno};
    struct ow_stop stop = {.nrecs = 1, .recs = &rec};
    memcpy(rec.sid, p->req.sid, sizeof rec.sid);
    return ep_trial_peer_stop(&g->trial, &stop);
}

static const char *peer_stops_all(struct rig *g)
{
    const struct ow_stop none = {0};
    return ep_trial_peer_stop(&g->trial, &none);
}

// A session of n packets that are due now and stay valid for the rest of the test.
static struct ow_request long_lived(const struct rig *g, uint32_t n)
{
    return a_request(now(g->f), n, SECONDS(1000));
}

// --- who stops when

static void ending_early_a_sender_stops_when_its_last_packet_has_left(void **state)
{
    struct rig g;
    rig_up(&g, *state, 1000 * PS_SEC);
    const struct ow_request req = long_lived(&g, 5);
    add_sender(&g, &req, 0);
    ep_trial_begin(&g.trial, true);
    RUN_UNTIL(g.f, g.stops == 1);
    assert_int_equal(g.accept, OW_ACCEPT_OK);
    assert_int_equal(g.nrecs, 1);
    assert_memory_equal(g.rec.sid, g.party[0].req.sid, 16);
    assert_int_equal(g.rec.next_seqno, 5);
    assert_int_equal(g.concluded, 0);
    assert_null(peer_stops_all(&g));
    assert_int_equal(g.concluded, 1);
    assert_int_equal(g.stops, 1);
    rig_down(&g);
}

static void by_the_rfcs_timing_a_sender_waits_for_timeout_and_enddelay(void **state)
{
    struct rig g;
    rig_up(&g, *state, 100 * PS_MSEC);
    const struct ow_request req = a_request(now(g.f), 5, SHORT);
    struct ep_party *p = add_sender(&g, &req, 0);
    ep_trial_begin(&g.trial, false);
    RUN_UNTIL(g.f, ep_sender_idle(p->sender));
    RUN_UNTIL(g.f, g.stops == 1);
    ps_ns last = ps_ntp_to_ns(ep_sender_last_time(p->sender));
    assert_true(g.stop_at >= last + ps_ntpdur_to_ns(SHORT) + 100 * PS_MSEC);
    rig_down(&g);
}

static void with_receivers_only_it_stops_at_once_when_they_are_complete(void **state)
{
    struct rig g;
    for (int early = 0; early < 2; early++) {
        rig_up(&g, *state, 1000 * PS_SEC);
        const struct ow_request req = long_lived(&g, 0);
        add_receiver(&g, &req, 0);
        ep_trial_begin(&g.trial, early != 0);
        assert_int_equal(g.stops, 1);
        assert_int_equal(g.nrecs, 0);
        assert_null(peer_stops(&g, &g.party[0], 0));
        assert_int_equal(g.concluded, 1);
        rig_down(&g);
    }
}

static void a_receiver_keeps_the_senders_stop_back_until_it_is_complete(void **state)
{
    struct rig g;
    rig_up(&g, *state, 0);
    const struct ow_request req = long_lived(&g, 1);
    struct ep_party *s = add_sender(&g, &req, 0), *r = add_receiver(&g, &req, 0);
    uint8_t out[OW_TEST_OPEN_LEN + 7] = {0};
    const struct ow_test_packet packet = {0, now(g.f), ERR};
    struct ow_test *t;
    ep_trial_begin(&g.trial, true);
    RUN_UNTIL(g.f, ep_sender_idle(s->sender));
    assert_int_equal(g.stops, 0);
    assert_int_equal(ow_test_new(&t, OW_MODE_OPEN, NULL, the_sid), 0);
    assert_int_equal(ow_test_pack(t, &packet, out), 0);
    ow_test_free(t);
    send_octets(g.f, ep_receiver_port(r->receiver), out, sizeof out);
    RUN_UNTIL(g.f, g.stops == 1);
    assert_int_equal(g.nrecs, 1);
    rig_down(&g);
}

static void nothing_is_sent_before_the_test_begins(void **state)
{
    struct rig g;
    rig_up(&g, *state, 0);
    const struct ow_request req = long_lived(&g, 1);
    struct ep_party *p = add_sender(&g, &req, 0);
    RUN_UNTIL(g.f, ep_sender_idle(p->sender));
    ep_trial_progress(&g.trial);
    assert_int_equal(g.stops, 0);
    ep_trial_begin(&g.trial, true);
    assert_int_equal(g.stops, 1);
    ep_trial_progress(&g.trial);
    assert_int_equal(g.stops, 1);
    rig_down(&g);
}

// --- the peer's stop first

static void by_the_rfcs_timing_the_peers_stop_ends_the_test(void **state)
{
    struct rig g;
    rig_up(&g, *state, 1000 * PS_SEC);
    const struct ow_request req = long_lived(&g, 60);
    struct ep_party *r = add_receiver(&g, &req, SECONDS(10));
    add_sender(&g, &req, SECONDS(10));
    ep_trial_begin(&g.trial, false);
    assert_null(peer_stops(&g, r, 7));
    RUN_UNTIL(g.f, g.concluded == 1); // the sender is stopped first
    assert_int_equal(g.stops, 1);
    assert_int_equal(g.nrecs, 1);
    assert_int_equal(g.rec.next_seqno, 0);
    assert_int_equal(ep_trial_finish_file(&g.trial, r), 0);
    struct seen s = read_file(r->receiver);
    assert_int_equal(s.finished, OW_FIN_NORMAL);
    assert_int_equal(s.next_seqno, 7);
    assert_int_equal(s.n, 0);
    rig_down(&g);
}

static void ending_early_receivers_wait_for_what_is_on_its_way(void **state)
{
    struct rig g;
    rig_up(&g, *state, 0);
    const struct ow_request req = long_lived(&g, 5);
    struct ep_party *r = add_receiver(&g, &req, 0);
    ep_trial_begin(&g.trial, true);
    send_packet(g.f, r->receiver, 0, now(g.f));
    assert_null(peer_stops(&g, r, 2));
    assert_int_equal(g.stops, 0);
    send_packet(g.f, r->receiver, 1, now(g.f));
    RUN_UNTIL(g.f, g.concluded == 1);
    assert_int_equal(g.stops, 1);
    assert_int_equal(ep_trial_finish_file(&g.trial, r), 0);
    struct seen s = read_file(r->receiver);
    assert_int_equal(s.next_seqno, 2);
    assert_int_equal(s.n, 2);
    assert_int_equal(count_lost(&s), 0);
    rig_down(&g);
}

static void ending_early_what_was_lost_is_waited_for_no_longer_than_its_timeout(void **state)
{
    struct rig g;
    rig_up(&g, *state, 0);
    const struct ow_request req = a_request(now(g.f), 5, SHORT);
    struct ep_party *r = add_receiver(&g, &req, 0);
    ep_trial_begin(&g.trial, true);
    assert_null(peer_stops(&g, r, 3));
    RUN_UNTIL(g.f, g.concluded == 1);
    assert_int_equal(ep_trial_finish_file(&g.trial, r), 0);
    struct seen s = read_file(r->receiver);
    assert_int_equal(s.n, 3);
    assert_int_equal(count_lost(&s), 3);
    rig_down(&g);
}

static void a_peer_whose_clock_is_ahead_is_not_waited_for_as_long(void **state)
{
    struct rig g;
    rig_up(&g, *state, 0);
    // By our clock the session is due in an hour, but the peer says that it is over.
    const struct ow_request req = a_request(now(g.f) + SECONDS(3600), 5, SHORT);
    struct ep_party *r = add_receiver(&g, &req, 0);
    ep_trial_begin(&g.trial, true);
    assert_null(peer_stops(&g, r, 5));
    RUN_UNTIL(g.f, g.concluded == 1);
    assert_int_equal(ep_trial_finish_file(&g.trial, r), 0);
    struct seen s = read_file(r->receiver);
    assert_int_equal(s.n, 0);
    assert_int_equal(s.finished, OW_FIN_NORMAL);
    rig_down(&g);
}

// --- cut short

static void an_interrupted_sender_stops_and_says_how_far_it_came(void **state)
{
    struct rig g;
    rig_up(&g, *state, 1000 * PS_SEC);
    struct ow_request req = long_lived(&g, 60);
    // Due 150 and 50 s ago, and so on; two leave at once.
    req.start -= SECONDS(250);
    struct ep_party *s = add_sender(&g, &req, SECONDS(100));
    struct ep_party *r = add_receiver(&g, &req, SECONDS(100));
    uint8_t in[64];
    unsigned n = 0;
    ep_trial_begin(&g.trial, false);
    RUN_UNTIL(g.f, (n += recv(g.f->fd, in, sizeof in, 0) > 0) == 2);
    ep_trial_interrupt(&g.trial);
    RUN_UNTIL(g.f, g.stops == 1);
    assert_true(ep_sender_idle(s->sender));
    assert_int_equal(g.rec.next_seqno, 2);
    assert_int_equal(g.accept, OW_ACCEPT_OK);
    // The peer's stop concludes it, whether the receiver is complete or not.
    assert_null(peer_stops(&g, r, 60));
    assert_int_equal(g.concluded, 1);
    rig_down(&g);
}

static void an_interruption_does_not_outlive_its_test(void **state)
{
    struct rig g;
    rig_up(&g, *state, 0);
    ep_trial_begin(&g.trial, true);
    ep_trial_interrupt(&g.trial);
    assert_null(peer_stops_all(&g));
    assert_int_equal(g.concluded, 1);
    const struct ow_request req = long_lived(&g, 5);
    struct ep_party *r = add_receiver(&g, &req, 0);
    g.stops = 0;
    ep_trial_begin(&g.trial, true);
    assert_int_equal(g.stops, 0);
    assert_null(peer_stops(&g, r, 5));
    assert_int_equal(g.stops, 0);
    rig_down(&g);
}

static void a_receiver_that_cannot_record_is_told_as_a_failure(void **state)
{
    struct rig g;
    rig_up(&g, *state, 0);
    const struct ow_request req = long_lived(&g, 5);
    struct ep_party *r = add_receiver(&g, &req, 0);
    ep_trial_begin(&g.trial, true);
    r->failed = true;
    ep_trial_progress(&g.trial);
    assert_int_equal(g.stops, 1);
    assert_int_equal(g.accept, OW_ACCEPT_FAILURE);
    rig_down(&g);
}

static void one_failed_receiver_does_not_end_the_others(void **state)
{
    struct rig g;
    rig_up(&g, *state, 0);
    const struct ow_request req = long_lived(&g, 5);
    struct ep_party *a = add_receiver(&g, &req, 0), *b = add_receiver(&g, &req, 0);
    ep_trial_begin(&g.trial, true);
    a->failed = true;
    ep_trial_progress(&g.trial);
    assert_int_equal(g.stops, 0);
    ep_receiver_limit(b->receiver, 0);
    RUN_UNTIL(g.f, g.stops == 1);
    assert_int_equal(g.accept, OW_ACCEPT_OK);
    rig_down(&g);
}

static void a_stop_that_could_not_be_sent_concludes_nothing(void **state)
{
    struct rig g;
    rig_up(&g, *state, 0);
    g.stop_err = PS_ECLOSED;
    const struct ow_request req = long_lived(&g, 5);
    struct ep_party *r = add_receiver(&g, &req, 0);
    ep_trial_begin(&g.trial, false);
    assert_null(peer_stops(&g, r, 0));
    assert_int_equal(g.stops, 1);
    assert_int_equal(g.concluded, 0);
    rig_down(&g);
}

// --- what is wrong with a peer's stop

// A receiver to which packet 3 of 10 has come, and what the trial says to a stop.
static void assert_fault(struct fix *f, const struct ow_stop_rec *recs, uint32_t n, const char *part)
{
    struct ow_stop_rec copies[2] = {0};
    struct ow_stop stop = {.nrecs = n, .recs = copies};
    struct rig g;
    uint32_t highest;
    rig_up(&g, f, 0);
    const struct ow_request req = long_lived(&g, 10);
    struct ep_party *r = add_receiver(&g, &req, 0);
    ep_trial_begin(&g.trial, true);
    send_packet(f, r->receiver, 3, now(f));
    RUN_UNTIL(f, ep_receiver_highest(r->receiver, &highest));
    for (uint32_t i = 0; i < n; i++) {
        copies[i] = recs[i];
        memcpy(copies[i].sid, r->req.sid, 15); // the last octet tells sessions apart
    }
    const char *fault = ep_trial_peer_stop(&g.trial, &stop);
    if (fault == NULL || strstr(fault, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", fault != NULL ? fault : "(no fault)", part);
    assert_int_equal(g.stops, 0);
    assert_int_equal(g.concluded, 0);
    // The owner drops the connection; the file ends as incomplete.
    ep_trial_abort(&g.trial);
    assert_int_equal(ep_trial_finish_file(&g.trial, r), 0);
    assert_int_equal(read_file(r->receiver).finished, OW_FIN_INCOMPLETE);
    rig_down(&g);
}

static void a_stop_that_leaves_a_session_out_is_a_fault(void **state)
{
    assert_fault(*state, NULL, 0, "says nothing of a session");
}

static void a_stop_for_an_unknown_session_is_a_fault(void **state)
{
    const struct ow_stop_rec other = {.sid = {[15] = 99}, .next_seqno = 5};
    const struct ow_stop_rec both[2] = {{.next_seqno = 5}, other};
    assert_fault(*state, &other, 1, "says nothing of a session");
    assert_fault(*state, both, 2, "not the peer's to send");
}

static void a_next_seqno_beyond_the_session_is_a_fault(void **state)
{
    const struct ow_stop_rec rec = {.next_seqno = 11};
    assert_fault(*state, &rec, 1, "beyond the session's packets");
}

static void a_skip_beyond_next_seqno_is_a_fault(void **state)
{
    struct ow_skip skip = {2, 5};
    const struct ow_stop_rec rec = {.next_seqno = 5, .nskips = 1, .skips = &skip};
    assert_fault(*state, &rec, 1, "skip range");
}

static void denying_a_packet_that_came_is_a_fault(void **state)
{
    const struct ow_stop_rec rec = {.next_seqno = 3};
    assert_fault(*state, &rec, 1, "packets came");
}

// --- the rest

static void without_a_stop_a_file_ends_as_incomplete(void **state)
{
    struct rig g;
    rig_up(&g, *state, 0);
    const struct ow_request req = long_lived(&g, 5);
    struct ep_party *r = add_receiver(&g, &req, 0);
    ep_trial_begin(&g.trial, false);
    ep_trial_abort(&g.trial);
    assert_false(g.trial.testing);
    assert_int_equal(ep_trial_finish_file(&g.trial, r), 0);
    assert_int_equal(read_file(r->receiver).finished, OW_FIN_INCOMPLETE);
    assert_int_equal(g.stops + g.concluded, 0);
    rig_down(&g);
}

static void the_skips_of_the_peers_stop_stand_in_the_file(void **state)
{
    struct rig g;
    rig_up(&g, *state, 0);
    const struct ow_request req = long_lived(&g, 5);
    struct ep_party *r = add_receiver(&g, &req, 0);
    struct ow_skip skips[2] = {{0, 1}, {4, 4}};
    struct ow_stop_rec rec = {.next_seqno = 5, .nskips = 2, .skips = skips};
    struct ow_stop stop = {.accept = OW_ACCEPT_FAILURE, .nrecs = 1, .recs = &rec};
    memcpy(rec.sid, r->req.sid, 16);
    ep_trial_begin(&g.trial, false);
    assert_null(ep_trial_peer_stop(&g.trial, &stop));
    memset(skips, 0xff, sizeof skips); // the machine's list is gone by now
    assert_int_equal(g.trial.peer_accept, OW_ACCEPT_FAILURE);
    assert_int_equal(ep_trial_finish_file(&g.trial, r), 0);
    assert_int_equal(read_file(r->receiver).nskips, 2);
    rig_down(&g);
}

static void patience_grows_with_the_longest_timeout(void **state)
{
    struct rig g;
    rig_up(&g, *state, 0);
    const ps_ns least = ep_trial_patience(&g.trial);
    assert_true(least >= 10 * PS_SEC);
    struct ow_request req = long_lived(&g, 0);
    add_receiver(&g, &req, 0);
    assert_true(ep_trial_patience(&g.trial) == least + 1000 * PS_SEC);
    req.timeout = UINT64_MAX;
    add_receiver(&g, &req, 0);
    assert_true(ep_trial_patience(&g.trial) > least + 1000 * PS_SEC);
    rig_down(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ending_early_a_sender_stops_when_its_last_packet_has_left),
        TEST(by_the_rfcs_timing_a_sender_waits_for_timeout_and_enddelay),
        TEST(with_receivers_only_it_stops_at_once_when_they_are_complete),
        TEST(a_receiver_keeps_the_senders_stop_back_until_it_is_complete),
        TEST(nothing_is_sent_before_the_test_begins),
        TEST(by_the_rfcs_timing_the_peers_stop_ends_the_test),
        TEST(ending_early_receivers_wait_for_what_is_on_its_way),
        TEST(ending_early_what_was_lost_is_waited_for_no_longer_than_its_timeout),
        TEST(a_peer_whose_clock_is_ahead_is_not_waited_for_as_long),
        TEST(an_interrupted_sender_stops_and_says_how_far_it_came),
        TEST(an_interruption_does_not_outlive_its_test),
        TEST(a_receiver_that_cannot_record_is_told_as_a_failure),
        TEST(one_failed_receiver_does_not_end_the_others),
        TEST(a_stop_that_could_not_be_sent_concludes_nothing),
        TEST(a_stop_that_leaves_a_session_out_is_a_fault),
        TEST(a_stop_for_an_unknown_session_is_a_fault),
        TEST(a_next_seqno_beyond_the_session_is_a_fault),
        TEST(a_skip_beyond_next_seqno_is_a_fault),
        TEST(denying_a_packet_that_came_is_a_fault),
        TEST(without_a_stop_a_file_ends_as_incomplete),
        TEST(the_skips_of_the_peers_stop_stand_in_the_file),
        TEST(patience_grows_with_the_longest_timeout),
    };
    return cmocka_run_group_tests_name("ep_trial", tests, NULL, NULL);
}
