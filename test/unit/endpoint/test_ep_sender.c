// SPDX-License-Identifier: Apache-2.0
#include "ep_fix.h"

// What came to the plain socket.
struct got {
    unsigned n, wrong;
    bool seen[64];
};

static struct ow_test *reader(uint32_t mode)
{
    struct ow_test *t;
    assert_int_equal(ow_test_new(&t, mode, mode == OW_MODE_OPEN ? NULL : &the_keys, the_sid), 0);
    return t;
}

static void drain(struct fix *f, uint32_t mode, struct got *g)
{
    struct ow_test *t = reader(mode);
    struct ow_test_packet p;
    uint8_t in[256];
    ssize_t n;
    while ((n = recv(f->fd, in, sizeof in, 0)) >= 0) {
        g->n++;
        if ((size_t)n != ow_test_header_len(mode) + 7 || ow_test_unpack(t, in, (size_t)n, &p) != 0 ||
            p.seq >= 64 || g->seen[p.seq] || !ow_err_valid(p.err))
            g->wrong++;
        else
            g->seen[p.seq] = true;
    }
    ow_test_free(t);
}

static struct ep_sender *run_sender(struct fix *f, const struct ps_addr *to, const struct ow_request *req,
                                    ps_ntp distance, uint32_t mode)
{
    struct ep_sender *s = open_sender(f, to);
    const struct ow_slot slot = every(distance);
    const struct ow_keys *keys = mode == OW_MODE_OPEN ? NULL : &the_keys;
    assert_int_equal(ep_sender_ready(s, req, &slot, mode, keys, 0), 0);
    assert_int_equal(ep_sender_start(s), 0);
    return s;
}

static void a_session_is_sent_once_in_every_mode(void **state)
{
    struct fix *f = *state;
    for (uint32_t mode = OW_MODE_OPEN; mode <= OW_MODE_ENC; mode *= 2) {
        const struct ow_request req = a_request(now(f), 20, SECONDS(30));
        struct got g = {0};
        struct ow_stop_rec rec;
        f->done = 0;
        struct ep_sender *s = run_sender(f, &f->addr, &req, SECONDS(1) / 1000, mode);
        RUN_UNTIL(f, f->done == 1);
        assert_true(ep_sender_idle(s));
        RUN_UNTIL(f, (drain(f, mode, &g), g.n) >= 20);
        assert_int_equal(g.n, 20);
        assert_int_equal(g.wrong, 0);
        ep_sender_result(s, &rec);
        assert_memory_equal(rec.sid, the_sid, 16);
        assert_int_equal(rec.next_seqno, 20);
        assert_int_equal(rec.nskips, 0);
        assert_true(ep_sender_last_time(s) == req.start + 20 * (SECONDS(1) / 1000));
        ep_sender_close(s);
    }
}

static void a_sender_that_is_not_ready_does_not_start(void **state)
{
    struct fix *f = *state;
    struct ep_sender *s = open_sender(f, &f->addr);
    struct ow_stop_rec rec;
    assert_int_equal(ep_sender_start(s), PS_ESTATE);
    ep_sender_stop(s);
    assert_true(ep_sender_idle(s));
    ep_sender_result(s, &rec);
    assert_int_equal(rec.next_seqno, 0);
    assert_int_equal(rec.nskips, 0);
    assert_true(ep_sender_last_time(s) == 0);
    assert_true(ep_sender_port(s) != 0);
    ep_sender_close(s);
    ep_sender_close(NULL);
    assert_int_equal(f->done, 0);
}

static void a_stop_ends_it_and_done_follows_once(void **state)
{
    struct fix *f = *state;
    const struct ow_request req = a_request(now(f), 60, SECONDS(3000));
    struct ep_sender *s = run_sender(f, &f->addr, &req, SECONDS(1000), OW_MODE_OPEN);
    struct ow_stop_rec rec;
    assert_false(ep_sender_idle(s));
    assert_int_equal(ep_sender_start(s), PS_ESTATE);
    ep_sender_stop(s);
    ep_sender_stop(s);
    RUN_UNTIL(f, f->done > 0);
    assert_true(ep_sender_idle(s));
    ep_sender_result(s, &rec);
    assert_int_equal(rec.next_seqno, 0);
    ep_sender_stop(s);
    ps_loop_poll(f->loop);
    assert_int_equal(f->done, 1);
    ep_sender_close(s);
}

static void what_is_later_than_the_timeout_is_skipped(void **state)
{
    struct fix *f = *state;
    // Due 950, 850, ... 50 s ago: five are more than 500 s late.
    const struct ow_request req = a_request(now(f) - SECONDS(1050), 10, SECONDS(500));
    struct ep_sender *s = run_sender(f, &f->addr, &req, SECONDS(100), OW_MODE_OPEN);
    struct ow_stop_rec rec;
    struct got g = {0};
    RUN_UNTIL(f, f->done == 1);
    RUN_UNTIL(f, (drain(f, OW_MODE_OPEN, &g), g.n) >= 5);
    ep_sender_result(s, &rec);
    assert_int_equal(rec.next_seqno, 10);
    assert_int_equal(rec.nskips, 1);
    assert_int_equal(rec.skips[0].first, 0);
    assert_int_equal(rec.skips[0].last, 4);
    assert_int_equal(g.n, 5);
    assert_false(g.seen[4]);
    assert_true(g.seen[5]);
    ep_sender_close(s);
}

static void many_skipped_packets_do_not_hold_it_up(void **state)
{
    struct fix *f = *state;
    const struct ow_request req = a_request(now(f) - SECONDS(3000000), 1000001, SECONDS(100));
    struct ep_sender *s = run_sender(f, &f->addr, &req, SECONDS(2), OW_MODE_OPEN);
    struct ow_stop_rec rec;
    RUN_UNTIL(f, f->done == 1);
    ep_sender_result(s, &rec);
    assert_int_equal(rec.next_seqno, 1000001);
    assert_int_equal(rec.nskips, 1);
    assert_int_equal(rec.skips[0].last, 1000000);
    ep_sender_close(s);
}

static void a_packet_that_did_not_leave_is_skipped_and_the_error_is_told(void **state)
{
    struct fix *f = *state;
    const struct ow_request req = a_request(now(f), 3, SECONDS(30));
    struct ps_addr far;
    struct ow_stop_rec rec;
    uint64_t count;
    // From the loopback address nothing goes to the outside.
    assert_int_equal(ps_addr_parse("192.0.2.1", 9, &far), 0);
    struct ep_sender *s = run_sender(f, &far, &req, SECONDS(1) / 1000, OW_MODE_OPEN);
    RUN_UNTIL(f, f->done == 1);
    assert_true(ep_sender_send_error(s, &count) < 0);
    assert_int_equal(count, 3);
    ep_sender_result(s, &rec);
    assert_int_equal(rec.next_seqno, 3);
    assert_int_equal(rec.nskips, 1);
    assert_int_equal(rec.skips[0].last, 2);
    ep_sender_close(s);
}

static void without_packets_it_is_done_at_once(void **state)
{
    struct fix *f = *state;
    const struct ow_request req = a_request(now(f), 0, SECONDS(1));
    struct ep_sender *s = run_sender(f, &f->addr, &req, SECONDS(1), OW_MODE_OPEN);
    RUN_UNTIL(f, f->done == 1);
    assert_true(ep_sender_last_time(s) == req.start);
    ep_sender_close(s);
}

static void it_may_be_closed_while_it_sends(void **state)
{
    struct fix *f = *state;
    const struct ow_request req = a_request(now(f), 60000, SECONDS(30));
    struct ep_sender *s = run_sender(f, &f->addr, &req, SECONDS(1) / 20000, OW_MODE_ENC);
    struct got g = {0};
    RUN_UNTIL(f, (drain(f, OW_MODE_ENC, &g), g.n) > 0);
    ep_sender_close(s);
    RUN_UNTIL(f, true);
    assert_int_equal(f->done, 0);
}

static void it_may_be_closed_from_its_own_callback(void **state)
{
    struct fix *f = *state;
    const struct ow_request req = a_request(now(f), 1, SECONDS(30));
    f->close_sender = run_sender(f, &f->addr, &req, 0, OW_MODE_OPEN);
    RUN_UNTIL(f, f->done == 1);
}

static void the_peers_port_may_come_with_the_agreement(void **state)
{
    struct fix *f = *state;
    const struct ow_request req = a_request(now(f), 2, SECONDS(30));
    const struct ow_slot slot = every(0);
    struct ep_sender *s = open_sender(f, &f->here);
    struct got g = {0};
    assert_int_equal(ep_sender_ready(s, &req, &slot, OW_MODE_OPEN, NULL, ps_addr_port(&f->addr)), 0);
    assert_int_equal(ep_sender_start(s), 0);
    RUN_UNTIL(f, (drain(f, OW_MODE_OPEN, &g), g.n) == 2);
    RUN_UNTIL(f, f->done == 1);
    ep_sender_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_is_sent_once_in_every_mode),
        TEST(a_sender_that_is_not_ready_does_not_start),
        TEST(a_stop_ends_it_and_done_follows_once),
        TEST(what_is_later_than_the_timeout_is_skipped),
        TEST(many_skipped_packets_do_not_hold_it_up),
        TEST(a_packet_that_did_not_leave_is_skipped_and_the_error_is_told),
        TEST(without_packets_it_is_done_at_once),
        TEST(it_may_be_closed_while_it_sends),
        TEST(it_may_be_closed_from_its_own_callback),
        TEST(the_peers_port_may_come_with_the_agreement),
    };
    return cmocka_run_group_tests_name("ep_sender", tests, NULL, NULL);
}
