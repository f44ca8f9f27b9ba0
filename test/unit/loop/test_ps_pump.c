// SPDX-License-Identifier: Apache-2.0
// Packets on their way through the pump: sent, received, stopped, closed. (Which socket and port a flow
// gets: test_ps_flow.c.)
#include "pump_fix.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include "loop/ps_pump_impl.h"

#define FLOWS 200
#define PACKETS 50

static void check_received(const struct end *s, const struct end *r, uint32_t n)
{
    assert_int_equal(r->arrivals, n);
    assert_int_equal(r->wrong, 0);
    assert_int_equal(s->failures, 0);
    assert_true(s->early >= 0);
}

static void every_packet_of_many_flows_reaches_its_flow(void **state)
{
    static struct end s[FLOWS], r[FLOWS];
    struct fix *f = *state;
    char host[32];

    memset(s, 0, sizeof s);
    memset(r, 0, sizeof r);
    for (uint32_t i = 0; i < FLOWS; i++) {
        snprintf(host, sizeof host, "127.0.0.%u", i + 2);
        pair_open(f, &s[i], host, &r[i], "127.0.0.1");
        r[i].expect_id = i;
        end_plan(&s[i], f, i, PACKETS, 2 * PS_MSEC);
    }
    assert_int_equal(stats_of(f->b).sockets, 1);
    for (uint32_t i = 0; i < FLOWS; i++)
        assert_int_equal(ps_flow_send(s[i].flow, &end_ops), 0);
    for (uint32_t i = 0; i < FLOWS; i++)
        UNTIL(f, s[i].stopped && r[i].arrivals == PACKETS);
    ends_close(f, s, FLOWS);
    ends_close(f, r, FLOWS);
    for (uint32_t i = 0; i < FLOWS; i++)
        check_received(&s[i], &r[i], PACKETS);
    assert_int_equal(stats_of(f->a).sent, FLOWS * PACKETS);
    assert_int_equal(stats_of(f->b).received, FLOWS * PACKETS);
    assert_int_equal(stats_of(f->b).unmatched, 0);
}

static void ipv6_flows_of_one_host_within_one_pump(void **state)
{
    static struct end s[20], r[20];
    struct fix *f = *state;
    struct ps_pump *b = f->b;

    memset(s, 0, sizeof s);
    memset(r, 0, sizeof r);
    f->b = f->a;
    for (uint32_t i = 0; i < 20; i++) {
        pair_open(f, &s[i], "::1", &r[i], "::1");
        r[i].expect_id = i;
        end_plan(&s[i], f, i, PACKETS, PS_MSEC);
        assert_int_equal(ps_flow_send(s[i].flow, &end_ops), 0);
    }
    f->b = b;
    for (uint32_t i = 0; i < 20; i++)
        UNTIL(f, s[i].stopped && r[i].arrivals == PACKETS);
    ends_close(f, s, 20);
    ends_close(f, r, 20);
    for (uint32_t i = 0; i < 20; i++)
        check_received(&s[i], &r[i], PACKETS);
}

static void a_flow_sends_and_receives_at_once(void **state)
{
    struct fix *f = *state;
    struct end e[2] = {{.expect_id = 1}, {.expect_id = 0}};

    pair_open(f, &e[0], "127.0.0.1", &e[1], "127.0.0.2");
    assert_int_equal(ps_flow_receive(e[0].flow), 0);
    for (uint32_t i = 0; i < 2; i++) {
        end_plan(&e[i], f, i, PACKETS, PS_MSEC);
        assert_int_equal(ps_flow_send(e[i].flow, &end_ops), 0);
    }
    UNTIL(f, e[0].arrivals == PACKETS && e[1].arrivals == PACKETS && e[0].stopped && e[1].stopped);
    ends_close(f, e, 2);
    check_received(&e[0], &e[1], PACKETS);
    check_received(&e[1], &e[0], PACKETS);
}

static void a_foreign_source_is_ignored_and_counted(void **state)
{
    struct fix *f = *state;
    struct ps_addr friend_at, other_port, other_host;
    int friendly = plain_socket("127.0.0.2", &friend_at), port = plain_socket("127.0.0.2", &other_port),
        host = plain_socket("127.0.0.3", &other_host);
    struct end r = {.expect_id = 7};
    uint16_t to;

    assert_int_equal(end_open(&r, f->a, address("127.0.0.1", 0), friend_at), 0);
    assert_int_equal(ps_flow_receive(r.flow), 0);
    to = ps_flow_port(r.flow);
    plain_send(port, "127.0.0.1", to, 7, 0);
    plain_send(host, "127.0.0.1", to, 7, 0);
    UNTIL(f, stats_of(f->a).unmatched == 2);
    plain_send(friendly, "127.0.0.1", to, 7, 0);
    UNTIL(f, r.arrivals == 1);
    assert_int_equal(r.wrong, 0);
    assert_int_equal(stats_of(f->a).received, 1);
    ends_close(f, &r, 1);
    close(friendly);
    close(port);
    close(host);
}

static void what_comes_before_receive_is_not_kept(void **state)
{
    struct fix *f = *state;
    struct ps_addr at;
    int fd = plain_socket("127.0.0.2", &at);
    struct end r = {.expect_id = 1, .unordered = true};

    assert_int_equal(end_open(&r, f->a, address("127.0.0.1", 0), at), 0);
    plain_send(fd, "127.0.0.1", ps_flow_port(r.flow), 1, 5);
    UNTIL(f, stats_of(f->a).unmatched == 1);
    assert_int_equal(ps_flow_receive(r.flow), 0);
    assert_int_equal(ps_flow_receive(r.flow), 0);
    UNTIL(f, (plain_send(fd, "127.0.0.1", ps_flow_port(r.flow), 1, 0), r.arrivals > 0));
    assert_int_equal(r.wrong, 0);
    ends_close(f, &r, 1);
    close(fd);
}

static void a_changed_peer_port_is_followed(void **state)
{
    struct fix *f = *state;
    struct ps_addr old, new;
    int fd_old = plain_socket("127.0.0.2", &old), fd_new = plain_socket("127.0.0.2", &new);
    struct end r = {.expect_id = 1, .unordered = true};

    assert_int_equal(end_open(&r, f->a, address("127.0.0.1", 0), old), 0);
    assert_int_equal(ps_flow_receive(r.flow), 0);
    UNTIL(f, (plain_send(fd_old, "127.0.0.1", ps_flow_port(r.flow), 1, 0), r.arrivals > 0));
    assert_int_equal(ps_flow_set_peer_port(r.flow, ps_addr_port(&new)), 0);
    UNTIL(f, (plain_send(fd_old, "127.0.0.1", ps_flow_port(r.flow), 1, 0), stats_of(f->a).unmatched > 0));
    r.arrivals = 0;
    UNTIL(f, (plain_send(fd_new, "127.0.0.1", ps_flow_port(r.flow), 1, 0), r.arrivals > 0));
    assert_int_equal(r.wrong, 0);
    ends_close(f, &r, 1);
    close(fd_old);
    close(fd_new);
}

// A sender towards a socket that nobody reads.
static void sender_open(struct fix *f, struct end *s, uint32_t npackets, ps_ns gap, int *sink)
{
    struct ps_addr at;

    *sink = plain_socket("127.0.0.2", &at);
    assert_int_equal(end_open(s, f->a, address("127.0.0.1", 0), at), 0);
    end_plan(s, f, 1, npackets, gap);
}

static void stopping_ends_sending_once_and_it_can_begin_again(void **state)
{
    struct fix *f = *state;
    struct end s = {0};
    int sink;

    sender_open(f, &s, UINT32_MAX, PS_MSEC, &sink);
    assert_int_equal(ps_flow_send(s.flow, &end_ops), 0);
    assert_int_equal(ps_flow_send(s.flow, &end_ops), PS_ESTATE);
    UNTIL(f, stats_of(f->a).sent > 3);
    ps_flow_stop(s.flow);
    ps_flow_stop(s.flow);
    UNTIL(f, s.stopped == 1);
    ps_flow_stop(s.flow);
    s.npackets = s.next + 3;
    assert_int_equal(ps_flow_send(s.flow, &end_ops), 0);
    UNTIL(f, s.stopped == 2);
    assert_int_equal(s.next, s.npackets);
    ends_close(f, &s, 1);
    assert_int_equal(s.stopped, 2);
    close(sink);
}

static void send_five_more(struct end *e)
{
    e->on_stopped = NULL;
    e->npackets += 5;
    assert_int_equal(ps_flow_send(e->flow, &end_ops), 0);
}

// The order to stop is given when the thread has ended the first run already and the loop has not heard.
static void a_belated_stop_does_not_end_the_next_run(void **state)
{
    struct fix *f = *state;
    struct end s = {.on_stopped = send_five_more};
    ps_ns limit = ps_loop_mono() + GUARD;
    int sink;

    sender_open(f, &s, 1, 0, &sink);
    assert_int_equal(ps_flow_send(s.flow, &end_ops), 0);
    while (stats_of(f->a).sent < 1 && ps_loop_mono() < limit)
        usleep(100);
    ps_flow_stop(s.flow);
    UNTIL(f, s.stopped == 2);
    assert_int_equal(s.next, 6);
    ends_close(f, &s, 1);
    close(sink);
}

static void a_sender_with_nothing_to_send_stops_at_once(void **state)
{
    struct fix *f = *state;
    struct end s = {0};
    int sink;

    sender_open(f, &s, 0, 0, &sink);
    assert_int_equal(ps_flow_send(s.flow, &end_ops), 0);
    UNTIL(f, s.stopped == 1);
    ends_close(f, &s, 1);
    close(sink);
}

static void closing_stops_first(void **state)
{
    struct fix *f = *state;
    struct end s[3] = {{0}, {0}, {0}};
    int sink[3];

    for (int i = 0; i < 3; i++) {
        sender_open(f, &s[i], UINT32_MAX, PS_MSEC, &sink[i]);
        assert_int_equal(ps_flow_send(s[i].flow, &end_ops), 0);
    }
    UNTIL(f, stats_of(f->a).sent > 10);
    ps_flow_stop(s[1].flow);
    ends_close(f, s, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(s[i].stopped, 1);
        close(sink[i]);
    }
}

static void a_flow_closed_at_once_was_never_begun(void **state)
{
    struct fix *f = *state;
    struct end s[2] = {{0}, {0}};
    int sink[2];

    sender_open(f, &s[0], 10, PS_SEC, &sink[0]);
    sender_open(f, &s[1], 10, PS_SEC, &sink[1]);
    assert_int_equal(ps_flow_send(s[0].flow, &end_ops), 0);
    ends_close(f, s, 2);
    assert_int_equal(s[0].stopped, 1);
    assert_int_equal(s[1].stopped, 0);
    close(sink[0]);
    close(sink[1]);
}

static void close_in_arrival(struct end *e)
{
    if (e->arrivals == 20) {
        ps_flow_close(e->flow, end_closed);
        e->flow = NULL;
    }
}

static void nothing_arrives_after_closing_while_packets_fly(void **state)
{
    static struct end s[20], r[20];
    struct fix *f = *state;
    char host[32];

    memset(s, 0, sizeof s);
    memset(r, 0, sizeof r);
    for (uint32_t i = 0; i < 20; i++) {
        snprintf(host, sizeof host, "127.0.0.%u", i + 2);
        pair_open(f, &s[i], host, &r[i], "127.0.0.1");
        r[i].on_arrival = close_in_arrival;
        r[i].expect_id = i;
        end_plan(&s[i], f, i, UINT32_MAX, 200 * PS_USEC);
        assert_int_equal(ps_flow_send(s[i].flow, &end_ops), 0);
    }
    for (uint32_t i = 0; i < 20; i++)
        UNTIL(f, r[i].closed == 1);
    UNTIL(f, stats_of(f->b).unmatched > 20);
    ends_close(f, s, 20);
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(r[i].arrivals, 20);
        assert_int_equal(r[i].after_close, 0);
        assert_int_equal(r[i].wrong, 0);
    }
}

static void flows_closed_in_any_order_while_they_work(void **state)
{
    static struct end s[30], r[30];
    struct fix *f = *state;
    char host[32], here[32];

    memset(s, 0, sizeof s);
    memset(r, 0, sizeof r);
    for (int round = 0; round < 5; round++) {
        // An address for each round: what the former one still had on its way is not for this one.
        snprintf(here, sizeof here, "127.0.1.%d", round + 1);
        for (uint32_t i = 0; i < 30; i++) {
            s[i] = r[i] = (struct end){.expect_id = i};
            snprintf(host, sizeof host, "127.0.0.%u", i + 2);
            pair_open(f, &s[i], host, &r[i], here);
            end_plan(&s[i], f, i, UINT32_MAX, PS_MSEC);
            assert_int_equal(ps_flow_send(s[i].flow, &end_ops), 0);
        }
        UNTIL(f, r[round].arrivals > 3);
        for (uint32_t i = 0; i < 30; i++) {
            struct end *e = (i + (uint32_t)round) % 2 ? &s[(i * 7) % 30] : &r[(i * 7) % 30];
            ps_flow_close(e->flow, end_closed);
            e->flow = NULL;
        }
        for (uint32_t i = 0; i < 30; i++) {
            if (s[i].flow)
                ps_flow_close(s[i].flow, end_closed);
            if (r[i].flow)
                ps_flow_close(r[i].flow, end_closed);
        }
        for (uint32_t i = 0; i < 30; i++) {
            UNTIL(f, s[i].closed == 1 && r[i].closed == 1);
            assert_int_equal(s[i].stopped, 1);
            assert_int_equal(r[i].wrong, 0);
        }
    }
}

static void packets_long_overdue_neither_hang_nor_flood(void **state)
{
    struct fix *f = *state;
    struct end late = {0}, s = {0}, r = {.expect_id = 2};
    int sink;

    sender_open(f, &late, 100000, 10, &sink);
    late.first -= 3600 * PS_SEC;
    late.too_late = PS_SEC;
    pair_open(f, &s, "127.0.0.3", &r, "127.0.0.4");
    end_plan(&s, f, 2, PACKETS, PS_MSEC);
    assert_int_equal(ps_flow_send(late.flow, &end_ops), 0);
    assert_int_equal(ps_flow_send(s.flow, &end_ops), 0);
    UNTIL(f, late.stopped && s.stopped && r.arrivals == PACKETS);
    assert_int_equal(late.passed_over, 100000);
    assert_int_equal(stats_of(f->a).sent, PACKETS);
    ends_close(f, &late, 1);
    ends_close(f, &s, 1);
    ends_close(f, &r, 1);
    check_received(&s, &r, PACKETS);
    close(sink);
}

static void extreme_times_are_taken(void **state)
{
    struct fix *f = *state;
    struct end never = {0}, ever = {0};
    int sink[2];

    sender_open(f, &never, 3, 0, &sink[0]);
    sender_open(f, &ever, 3, 0, &sink[1]);
    never.first = INT64_MAX;
    ever.first = -1000 * PS_SEC;
    assert_int_equal(ps_flow_send(never.flow, &end_ops), 0);
    assert_int_equal(ps_flow_send(ever.flow, &end_ops), 0);
    UNTIL(f, ever.stopped == 1);
    assert_int_equal(ever.next, 3);
    assert_int_equal(never.stopped, 0);
    ends_close(f, &never, 1);
    ends_close(f, &ever, 1);
    assert_int_equal(never.next, 0);
    assert_int_equal(never.stopped, 1);
    close(sink[0]);
    close(sink[1]);
}

static void a_failed_send_is_told_and_the_next_goes_on(void **state)
{
    struct fix *f = *state;
    struct end s = {0};
    int sink;

    sender_open(f, &s, 3, PS_MSEC, &sink);
    s.size = 65530;
    assert_int_equal(ps_flow_send(s.flow, &end_ops), 0);
    UNTIL(f, s.stopped == 1);
    assert_int_equal(s.failures, 3);
    assert_int_equal(s.failure, -EMSGSIZE);
    assert_int_equal(stats_of(f->a).sent, 0);
    ends_close(f, &s, 1);
    close(sink);
}

static void a_sender_that_cannot_go_on_is_stopped(void **state)
{
    struct fix *f = *state;
    struct end s = {0};
    int sink;

    sender_open(f, &s, 3, 0, &sink);
    s.size = SIZE_MAX;
    assert_int_equal(ps_flow_send(s.flow, &end_ops), 0);
    UNTIL(f, s.stopped == 1);
    assert_int_equal(s.next, 1);
    ends_close(f, &s, 1);
    close(sink);
}

static int received_tos(int fd, bool v4)
{
    char data[64], control[64];
    struct iovec iov = {data, sizeof data};
    struct msghdr h = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int tos = -1;

    assert_int_equal(recvmsg(fd, &h, 0), 41);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c))
        if (c->cmsg_level == (v4 ? IPPROTO_IP : IPPROTO_IPV6))
            tos = *CMSG_DATA(c);
    return tos;
}

static void dscp_reaches_the_wire(struct fix *f, const char *host, uint8_t dscp)
{
    struct ps_addr at;
    int fd = plain_socket(host, &at), one = 1;
    bool v4 = ps_addr_version(&at) == 4;
    struct end s = {0};
    struct ps_flow_conf conf = {
        .local = address(host, 0), .peer = at, .dscp = dscp, .ctx = &s, .stopped = end_stopped};

    assert_int_equal(
        setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVTOS : IPV6_RECVTCLASS, &one, sizeof one),
        0);
    assert_int_equal(ps_flow_open(f->a, &conf, &s.flow), 0);
    end_plan(&s, f, 1, 1, 0);
    assert_int_equal(ps_flow_send(s.flow, &end_ops), 0);
    UNTIL(f, s.stopped == 1);
    assert_int_equal(received_tos(fd, v4), dscp << 2);
    ends_close(f, &s, 1);
    close(fd);
}

static void each_flow_has_its_own_dscp(void **state)
{
    dscp_reaches_the_wire(*state, "127.0.0.1", 46);
    dscp_reaches_the_wire(*state, "127.0.0.1", 0);
    dscp_reaches_the_wire(*state, "::1", 8);
    dscp_reaches_the_wire(*state, "::1", 0);
}

static void a_burst_arrives_in_order_or_is_counted_as_dropped_here(void **state)
{
    enum { BURST = 30000 };
    struct fix *f = *state;
    struct ps_addr at;
    int fd = plain_socket("127.0.0.2", &at);
    struct end r = {.expect_id = 3, .unordered = true};

    assert_int_equal(end_open(&r, f->a, address("127.0.0.1", 0), at), 0);
    assert_int_equal(ps_flow_receive(r.flow), 0);
    for (uint32_t i = 0; i < BURST; i++) {
        plain_send(fd, "127.0.0.1", ps_flow_port(r.flow), 3, i);
        if (i % 1000 == 0)
            ps_loop_poll(f->loop);
    }
    UNTIL(f, r.arrivals + stats_of(f->a).unmatched + ps_flow_host_dropped(r.flow) == BURST);
    assert_int_equal(r.wrong, 0);
    assert_int_equal(stats_of(f->a).host_dropped, ps_flow_host_dropped(r.flow));
    ends_close(f, &r, 1);
    close(fd);
}

static void datagrams_for_which_the_loop_leaves_no_room_are_dropped_here(void **state)
{
    struct fix *f = *state;
    struct pump_block **held = calloc(PUMP_BLOCKS_MAX + 1, sizeof *held);
    struct ps_addr at;
    int fd = plain_socket("127.0.0.2", &at);
    struct end r = {.expect_id = 3};
    size_t n = 0;

    assert_non_null(held);
    while (n <= PUMP_BLOCKS_MAX && (held[n] = pump_block_get(f->a)))
        n++;
    assert_int_equal(n, PUMP_BLOCKS_MAX);
    assert_int_equal(end_open(&r, f->a, address("127.0.0.1", 0), at), 0);
    assert_int_equal(ps_flow_receive(r.flow), 0);
    UNTIL(f, (plain_send(fd, "127.0.0.1", ps_flow_port(r.flow), 3, 0), ps_flow_host_dropped(r.flow) > 0));
    assert_int_equal(r.arrivals, 0);
    ends_close(f, &r, 1);
    while (n > 0)
        free(held[--n]);
    free(held);
    close(fd);
}

#define OFFSET (-12345 * PS_SEC)

static int setup_with_offset(void **state)
{
    return fix_setup_offset(state, OFFSET);
}

static void the_clock_offset_holds_for_times_and_stamps(void **state)
{
    struct fix *f = *state;
    struct end s = {0}, r = {.expect_id = 1};

    pair_open(f, &s, "127.0.0.1", &r, "127.0.0.2");
    end_plan(&s, f, 1, PACKETS, PS_MSEC);
    r.not_after = ps_clock_now(f->clock) + GUARD;
    assert_int_equal(ps_flow_send(s.flow, &end_ops), 0);
    UNTIL(f, s.stopped && r.arrivals == PACKETS);
    ends_close(f, &s, 1);
    ends_close(f, &r, 1);
    check_received(&s, &r, PACKETS);
}

static void wanting_realtime_never_fails(void **state)
{
    struct fix *f = *state;
    struct ps_pump_conf conf = {.loop = f->loop, .clock = f->clock, .realtime = true};
    struct end s = {0}, r = {.expect_id = 1};
    struct ps_pump *plain = f->a;

    assert_int_equal(ps_pump_new(&f->a, &conf), 0);
    pair_open(f, &s, "127.0.0.1", &r, "127.0.0.2");
    end_plan(&s, f, 1, PACKETS, PS_MSEC);
    assert_int_equal(ps_flow_send(s.flow, &end_ops), 0);
    UNTIL(f, s.stopped && r.arrivals == PACKETS);
    ends_close(f, &s, 1);
    ends_close(f, &r, 1);
    ps_pump_free(f->a);
    f->a = plain;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fix_setup, fix_teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_packet_of_many_flows_reaches_its_flow),
        TEST(ipv6_flows_of_one_host_within_one_pump),
        TEST(a_flow_sends_and_receives_at_once),
        TEST(a_foreign_source_is_ignored_and_counted),
        TEST(what_comes_before_receive_is_not_kept),
        TEST(a_changed_peer_port_is_followed),
        TEST(stopping_ends_sending_once_and_it_can_begin_again),
        TEST(a_belated_stop_does_not_end_the_next_run),
        TEST(a_sender_with_nothing_to_send_stops_at_once),
        TEST(closing_stops_first),
        TEST(a_flow_closed_at_once_was_never_begun),
        TEST(nothing_arrives_after_closing_while_packets_fly),
        TEST(flows_closed_in_any_order_while_they_work),
        TEST(packets_long_overdue_neither_hang_nor_flood),
        TEST(extreme_times_are_taken),
        TEST(a_failed_send_is_told_and_the_next_goes_on),
        TEST(a_sender_that_cannot_go_on_is_stopped),
        TEST(each_flow_has_its_own_dscp),
        TEST(a_burst_arrives_in_order_or_is_counted_as_dropped_here),
        TEST(datagrams_for_which_the_loop_leaves_no_room_are_dropped_here),
        cmocka_unit_test_setup_teardown(the_clock_offset_holds_for_times_and_stamps, setup_with_offset,
                                        fix_teardown),
        TEST(wanting_realtime_never_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
