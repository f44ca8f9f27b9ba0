// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include "ep_fix.h"

// A session long under way: ten packets 100 s apart, the last due 50 s ago, timeout 600 s. At its
// beginning 0 to 3 (due 950 to 650 s ago) are lost, 4 to 9 may still come.
struct old {
    struct ow_request req;
    struct ow_slot slot;
    ps_ntp now;
};

static struct old old_session(struct fix *f)
{
    struct old o = {.slot = every(SECONDS(100)), .now = now(f)};
    o.req = a_request(o.now - SECONDS(1050), 10, SECONDS(600));
    return o;
}

static ps_ntp due(const struct old *o, uint32_t seq)
{
    return o->req.start + (seq + (ps_ntp)1) * SECONDS(100);
}

static void send_range(struct fix *f, struct ep_receiver *r, const struct old *o, uint32_t first,
                       uint32_t last)
{
    uint32_t highest;
    for (uint32_t seq = first; seq <= last; seq++)
        send_packet(f, r, seq, due(o, seq));
    RUN_UNTIL(f, ep_receiver_highest(r, &highest) && highest == last);
}

static struct ow_stop_rec told(uint32_t next_seqno)
{
    struct ow_stop_rec rec = {.next_seqno = next_seqno};
    memcpy(rec.sid, the_sid, 16);
    return rec;
}

static void it_is_complete_as_soon_as_all_have_come(void **state)
{
    struct fix *f = *state;
    const struct ow_request req = a_request(now(f), 10, SECONDS(300));
    const struct ow_slot slot = every(SECONDS(1) / 1000);
    const struct ow_stop_rec rec = told(10);
    struct ep_receiver *r = run_receiver(f, &req, &slot);
    for (uint32_t seq = 0; seq < 9; seq++)
        send_packet(f, r, seq, now(f));
    RUN_UNTIL(f, ep_receiver_file_size(r) == ow_file_data_offset(1) + 9 * OW_REC_LEN);
    assert_int_equal(f->complete, 0);
    assert_false(ep_receiver_is_complete(r));
    send_packet(f, r, 9, now(f));
    RUN_UNTIL(f, f->complete == 1);
    assert_true(ep_receiver_is_complete(r));
    assert_int_equal(ep_receiver_finish(r, EP_END_STOPPED, now(f), &rec), 0);
    struct seen s = read_file(r);
    assert_int_equal(s.finished, OW_FIN_NORMAL);
    assert_int_equal(s.next_seqno, 10);
    assert_int_equal(s.n, 10);
    assert_int_equal(count_lost(&s), 0);
    assert_int_equal(s.recs[9].seq, 9);
    assert_int_equal(s.recs[9].ttl, 64);
    assert_int_equal(s.recs[9].send_err, ERR);
    assert_true(ow_err_valid(s.recs[9].recv_err));
    assert_true(ep_receiver_ignored(r) == 0);
    ep_receiver_close(r);
    assert_int_equal(f->complete, 1);
}

static void packets_that_never_come_complete_it_too(void **state)
{
    struct fix *f = *state;
    const struct ow_request req = a_request(now(f), 10, SECONDS(1) / 10);
    const struct ow_slot slot = every(SECONDS(1) / 1000);
    const struct ow_stop_rec rec = told(10);
    struct ep_receiver *r = run_receiver(f, &req, &slot);
    uint32_t highest;
    RUN_UNTIL(f, f->complete == 1);
    assert_int_equal(ep_receiver_finish(r, EP_END_STOPPED, now(f), &rec), 0);
    struct seen s = read_file(r);
    assert_int_equal(s.n, 10);
    assert_int_equal(count_lost(&s), 10);
    assert_int_equal(s.finished, OW_FIN_NORMAL);
    assert_false(ep_receiver_highest(r, &highest));
    ep_receiver_close(r);
}

static void the_limit_of_the_sender_completes_it(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    const struct ow_stop_rec rec = told(6);
    struct ep_receiver *r = run_receiver(f, &o.req, &o.slot);
    send_range(f, r, &o, 4, 5);
    assert_int_equal(f->complete, 0);
    ep_receiver_limit(r, 6);
    RUN_UNTIL(f, f->complete == 1);
    assert_int_equal(ep_receiver_finish(r, EP_END_STOPPED, now(f), &rec), 0);
    struct seen s = read_file(r);
    assert_int_equal(s.n, 6);
    assert_int_equal(count_lost(&s), 4);
    assert_int_equal(s.next_seqno, 6);
    ep_receiver_close(r);
}

static void when_all_is_decided_a_stop_cuts_nothing(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    struct ow_skip skip = {1, 2};
    struct ow_stop_rec rec = told(10);
    rec.skips = &skip;
    rec.nskips = 1;
    struct ep_receiver *r = run_receiver(f, &o.req, &o.slot);
    send_range(f, r, &o, 4, 9);
    // No limit was told, nor had the timer to tick: the losses are written by the end itself.
    assert_int_equal(ep_receiver_finish(r, EP_END_STOPPED, now(f), &rec), 0);
    struct seen s = read_file(r);
    assert_int_equal(s.n, 10);
    assert_int_equal(count_lost(&s), 4);
    assert_int_equal(s.nskips, 1);
    assert_int_equal(s.finished, OW_FIN_NORMAL);
    ep_receiver_close(r);
}

static void an_undecided_tail_is_cut_with_all_that_was_sent_in_its_time(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    const struct ow_stop_rec rec = told(10);
    struct ep_receiver *r = run_receiver(f, &o.req, &o.slot);
    send_range(f, r, &o, 4, 8); // 9 has neither come nor timed out
    assert_int_equal(ep_receiver_finish(r, EP_END_STOPPED, o.now, &rec), 0);
    struct seen s = read_file(r);
    assert_int_equal(s.n, 4);
    assert_int_equal(count_lost(&s), 4);
    assert_int_equal(s.next_seqno, 10);
    assert_int_equal(s.finished, OW_FIN_NORMAL);
    ep_receiver_close(r);
}

static void a_cut_leaves_no_packet_undecided_before_it(void **state)
{
    struct fix *f = *state;
    // Packets 40 ms apart, about the time at which a stop half a minute from now will cut. Every other
    // one came, and in time.
    const ps_ntp stop = now(f) + SECONDS(30), distance = SECONDS(1) / 25;
    const struct ow_request req = a_request(stop - SECONDS(601), 50, SECONDS(600));
    const struct ow_slot slot = every(distance);
    const struct ow_stop_rec rec = told(50);
    struct ep_receiver *r = run_receiver(f, &req, &slot);
    uint32_t highest;
    bool seen[50] = {false};
    for (uint32_t seq = 0; seq < 50; seq += 2)
        send_packet(f, r, seq, req.start + (seq + 1) * distance);
    RUN_UNTIL(f, ep_receiver_highest(r, &highest) && highest == 48);
    assert_int_equal(ep_receiver_finish(r, EP_END_STOPPED, stop, &rec), 0);
    struct seen s = read_file(r);
    assert_in_range(s.n, 10, 25);
    for (uint32_t i = 0; i < s.n; i++)
        seen[s.recs[i].seq] = true;
    for (uint32_t seq = 0; seq < s.n; seq++)
        if (!seen[seq])
            fail_msg("%u records, and none of packet %u", s.n, seq);
    ep_receiver_close(r);
}

static void records_beyond_the_last_packet_sent_are_dropped(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    const struct ow_stop_rec rec = told(2);
    struct ep_receiver *r = run_receiver(f, &o.req, &o.slot);
    // 0 to 3 are called lost; then the sender says that it sent two.
    RUN_UNTIL(f, ep_receiver_file_size(r) == ow_file_data_offset(1) + 4 * OW_REC_LEN);
    assert_int_equal(ep_receiver_finish(r, EP_END_STOPPED, now(f), &rec), 0);
    struct seen s = read_file(r);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.recs[1].seq, 1);
    ep_receiver_close(r);
}

static void a_broken_session_keeps_what_is_decided_up_to_the_highest_that_came(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    struct ep_receiver *r = run_receiver(f, &o.req, &o.slot);
    send_range(f, r, &o, 4, 6);
    // A moment at which the time of 4 is over, too.
    assert_int_equal(ep_receiver_finish(r, EP_END_BROKEN, o.now + SECONDS(100), NULL), 0);
    struct seen s = read_file(r);
    assert_int_equal(s.finished, OW_FIN_INCOMPLETE);
    assert_int_equal(s.n, 5);
    assert_int_equal(count_lost(&s), 4);
    assert_int_equal(s.recs[4].seq, 4);
    ep_receiver_close(r);
}

static void a_broken_session_to_which_nothing_came_has_no_records(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    struct ep_receiver *r = run_receiver(f, &o.req, &o.slot);
    RUN_UNTIL(f, ep_receiver_file_size(r) == ow_file_data_offset(1) + 4 * OW_REC_LEN);
    assert_int_equal(ep_receiver_finish(r, EP_END_BROKEN, now(f), NULL), 0);
    struct seen s = read_file(r);
    assert_int_equal(s.finished, OW_FIN_INCOMPLETE);
    assert_int_equal(s.n, 0);
    ep_receiver_close(r);
}

static uint64_t file_lost(const struct ep_receiver *r)
{
    struct ow_file *file;
    struct ow_rec rec;
    uint64_t lost = 0;
    assert_int_equal(ow_file_new(&file, ep_receiver_fd(r), "file", NULL), 0);
    while (ow_file_next(file, &rec) > 0)
        lost += ow_rec_lost(&rec);
    ow_file_free(file);
    return lost;
}

// The packet thread reads without the loop, which stands still meanwhile.
static void wait_received(struct fix *f, uint64_t n)
{
    struct ps_pump_stats st;
    for (int i = 0; i < 20000; i++) {
        ps_pump_get_stats(f->pump, &st);
        if (st.received >= n)
            return;
        usleep(500);
    }
}

// As many as the loop takes in several turns, while it is held up for much longer than the timeout.
static void what_came_while_the_loop_was_held_up_is_not_lost(void **state)
{
    enum { PACKETS = 20000 };
    struct fix *f = *state;
    const struct ow_request req = a_request(now(f), PACKETS, SECONDS(4)); // a slow machine sends for so long
    const struct ow_slot slot = every(SECONDS(1) / 100000);
    struct ep_receiver *r = run_receiver(f, &req, &slot);
    RUN_UNTIL(f, ps_pump_delivered(f->pump) > ps_ntp_to_ns(req.start)); // it receives
    for (uint32_t seq = 0; seq < PACKETS; seq++) {
        send_packet(f, r, seq, req.start + (seq + (ps_ntp)1) * slot.value);
        if (seq % 100 == 0)
            wait_received(f, seq + 1);
    }
    sleep(5);
    RUN_UNTIL(f, f->complete == 1);
    assert_int_equal(ep_receiver_ignored(r) + ep_receiver_host_dropped(r), 0);
    const struct ow_stop_rec rec = told(PACKETS);
    assert_int_equal(ep_receiver_finish(r, EP_END_STOPPED, now(f), &rec), 0);
    assert_int_equal(file_lost(r), 0);
    ep_receiver_close(r);
}

static void it_ends_once(void **state)
{
    struct fix *f = *state;
    const struct ow_stop_rec rec = told(4);
    struct old o = old_session(f);
    struct ep_receiver *r = open_receiver(f);
    assert_int_equal(ep_receiver_start(r), PS_ESTATE);
    assert_int_equal(ep_receiver_finish(r, EP_END_STOPPED, o.now, &rec), PS_ESTATE);
    assert_int_equal(ep_receiver_flush(r), 0);
    assert_true(ep_receiver_file_size(r) == 0);
    assert_false(ep_receiver_is_complete(r));
    assert_int_equal(ep_receiver_ready(r, &o.req, &o.slot, OW_MODE_OPEN, NULL, 0, memory_file()), 0);
    assert_int_equal(ep_receiver_start(r), 0);
    assert_int_equal(ep_receiver_start(r), PS_ESTATE);
    assert_int_equal(ep_receiver_finish(r, EP_END_STOPPED, o.now, &rec), 0);
    assert_int_equal(ep_receiver_finish(r, EP_END_STOPPED, o.now, &rec), PS_ESTATE);
    ep_receiver_close(r);
    ep_receiver_close(NULL);
}

static void what_is_no_packet_of_the_session_is_counted_and_ignored(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    uint8_t junk[OW_TEST_OPEN_LEN + 7] = {0, 0, 0, 5}; // error estimate with a multiplier of zero
    struct ep_receiver *r = run_receiver(f, &o.req, &o.slot);
    send_octets(f, ep_receiver_port(r), junk, 3);
    send_octets(f, ep_receiver_port(r), junk, sizeof junk - 1);
    send_octets(f, ep_receiver_port(r), junk, sizeof junk);
    send_packet(f, r, 10, due(&o, 9));
    send_packet(f, r, 9, due(&o, 0));
    send_packet(f, r, 1, due(&o, 1));
    RUN_UNTIL(f, ep_receiver_ignored(r) == 6);
    assert_int_equal(ep_receiver_finish(r, EP_END_BROKEN, o.now, NULL), 0);
    struct seen s = read_file(r);
    assert_int_equal(s.n, 0);
    ep_receiver_close(r);
}

static void a_packet_with_a_wrong_hmac_is_ignored(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    struct ep_receiver *r = open_receiver(f);
    const struct ow_test_packet p = {7, due(&o, 7), ERR};
    uint8_t out[OW_TEST_AUTH_LEN + 7] = {0};
    uint32_t highest;
    struct ow_test *t;
    assert_int_equal(ep_receiver_ready(r, &o.req, &o.slot, OW_MODE_AUTH, &the_keys, 0, memory_file()), 0);
    assert_int_equal(ep_receiver_start(r), 0);
    assert_int_equal(ow_test_new(&t, OW_MODE_AUTH, &the_keys, the_sid), 0);
    assert_int_equal(ow_test_pack(t, &p, out), 0);
    ow_test_free(t);
    out[3] ^= 1;
    send_octets(f, ep_receiver_port(r), out, sizeof out);
    RUN_UNTIL(f, ep_receiver_ignored(r) == 1);
    out[3] ^= 1;
    send_octets(f, ep_receiver_port(r), out, sizeof out);
    RUN_UNTIL(f, ep_receiver_highest(r, &highest));
    assert_int_equal(highest, 7);
    assert_int_equal(ep_receiver_ignored(r), 1);
    ep_receiver_close(r);
}

static void a_file_that_cannot_be_written_ends_the_recording(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    const struct ow_stop_rec rec = told(10);
    struct ep_receiver *r = run_receiver(f, &o.req, &o.slot);
    assert_int_equal(fcntl(ep_receiver_fd(r), F_ADD_SEALS, F_SEAL_GROW), 0);
    send_packet(f, r, 5, due(&o, 5));
    RUN_UNTIL(f, f->failed == 1);
    assert_int_equal(f->failed_err, -EPERM);
    send_packet(f, r, 6, due(&o, 6));
    assert_int_equal(ep_receiver_finish(r, EP_END_STOPPED, o.now, &rec), -EPERM);
    assert_int_equal(f->failed, 1);
    assert_int_equal(f->complete, 0);
    ep_receiver_close(r);
}

static void a_file_that_cannot_be_begun_is_told_at_once(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    struct ep_receiver *r = open_receiver(f);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(ep_receiver_ready(r, &o.req, &o.slot, OW_MODE_OPEN, NULL, 0, fd), -EBADF);
    assert_int_equal(ep_receiver_start(r), PS_ESTATE);
    ep_receiver_close(r);
}

static void it_may_be_closed_from_its_own_callbacks(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    struct ow_request none = o.req;
    none.npackets = 0;
    f->close_receiver = run_receiver(f, &none, &o.slot);
    RUN_UNTIL(f, f->complete == 1);
    f->close_receiver = run_receiver(f, &o.req, &o.slot);
    assert_int_equal(fcntl(ep_receiver_fd(f->close_receiver), F_ADD_SEALS, F_SEAL_GROW), 0);
    RUN_UNTIL(f, f->failed == 1);
}

static void it_may_be_closed_with_a_callback_on_its_way(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    o.req.npackets = 0;
    struct ep_receiver *r = run_receiver(f, &o.req, &o.slot);
    ep_receiver_close(r);
    RUN_UNTIL(f, true);
    ps_loop_poll(f->loop);
    assert_int_equal(f->complete, 0);
}

static void a_reader_finds_the_records_in_time_without_asking(void **state)
{
    struct fix *f = *state;
    struct old o = old_session(f);
    struct ep_receiver *r = run_receiver(f, &o.req, &o.slot);
    send_packet(f, r, 8, due(&o, 8));
    RUN_UNTIL(f, lseek(ep_receiver_fd(r), 0, SEEK_END) ==
                     (off_t)(ow_file_data_offset(1) + (uint64_t)5 * OW_REC_LEN));
    struct seen s = read_file(r);
    assert_int_equal(s.finished, OW_FIN_INCOMPLETE);
    assert_int_equal(s.n, 5);
    ep_receiver_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_complete_as_soon_as_all_have_come),
        TEST(packets_that_never_come_complete_it_too),
        TEST(the_limit_of_the_sender_completes_it),
        TEST(when_all_is_decided_a_stop_cuts_nothing),
        TEST(an_undecided_tail_is_cut_with_all_that_was_sent_in_its_time),
        TEST(a_cut_leaves_no_packet_undecided_before_it),
        TEST(records_beyond_the_last_packet_sent_are_dropped),
        TEST(a_broken_session_keeps_what_is_decided_up_to_the_highest_that_came),
        TEST(a_broken_session_to_which_nothing_came_has_no_records),
        TEST(what_came_while_the_loop_was_held_up_is_not_lost),
        TEST(it_ends_once),
        TEST(what_is_no_packet_of_the_session_is_counted_and_ignored),
        TEST(a_packet_with_a_wrong_hmac_is_ignored),
        TEST(a_file_that_cannot_be_written_ends_the_recording),
        TEST(a_file_that_cannot_be_begun_is_told_at_once),
        TEST(it_may_be_closed_from_its_own_callbacks),
        TEST(it_may_be_closed_with_a_callback_on_its_way),
        TEST(a_reader_finds_the_records_in_time_without_asking),
    };
    return cmocka_run_group_tests_name("ep_receiver", tests, NULL, NULL);
}
