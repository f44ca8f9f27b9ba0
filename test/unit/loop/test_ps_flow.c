// SPDX-License-Identifier: Apache-2.0
// Which flows share a socket, which ports they get, and what is refused.
#include "pump_fix.h"
#include <errno.h>

#define LOCAL "127.0.0.1"

static void flows_of_different_peers_share_a_socket(void **state)
{
    struct fix *f = *state;
    struct end e[3] = {{0}, {0}, {0}};

    assert_int_equal(end_open(&e[0], f->a, address(LOCAL, 0), address("127.0.0.2", 0)), 0);
    assert_int_equal(end_open(&e[1], f->a, address(LOCAL, 0), address("127.0.0.3", 9)), 0);
    assert_int_equal(end_open(&e[2], f->a, address(LOCAL, 0), address("127.0.0.3", 10)), 0);
    assert_int_equal(ps_flow_port(e[1].flow), ps_flow_port(e[0].flow));
    assert_int_equal(ps_flow_port(e[2].flow), ps_flow_port(e[0].flow));
    assert_int_equal(stats_of(f->a).sockets, 1);
    assert_int_equal(stats_of(f->a).flows, 3);
    ends_close(f, e, 3);
    assert_int_equal(stats_of(f->a).flows, 0);
}

static void flows_of_one_peer_do_not_share_a_socket(void **state)
{
    struct fix *f = *state;
    struct end e[2] = {{0}, {0}};

    assert_int_equal(end_open(&e[0], f->a, address(LOCAL, 0), address("127.0.0.2", 9)), 0);
    assert_int_equal(end_open(&e[1], f->a, address(LOCAL, 0), address("127.0.0.2", 9)), 0);
    assert_int_not_equal(ps_flow_port(e[1].flow), ps_flow_port(e[0].flow));
    ends_close(f, e, 2);
}

static void an_unknown_port_reserves_the_whole_peer_until_it_is_known(void **state)
{
    struct fix *f = *state;
    struct end e[4] = {{0}, {0}, {0}, {0}};

    assert_int_equal(end_open(&e[0], f->a, address(LOCAL, 0), address("127.0.0.2", 0)), 0);
    assert_int_equal(end_open(&e[1], f->a, address(LOCAL, 0), address("127.0.0.2", 9)), 0);
    assert_int_not_equal(ps_flow_port(e[1].flow), ps_flow_port(e[0].flow));
    assert_int_equal(ps_flow_set_peer_port(e[0].flow, 5), 0);
    assert_int_equal(end_open(&e[2], f->a, address(LOCAL, 0), address("127.0.0.2", 9)), 0);
    assert_int_equal(ps_flow_port(e[2].flow), ps_flow_port(e[0].flow));
    assert_int_equal(end_open(&e[3], f->a, address(LOCAL, 0), address("127.0.0.2", 0)), 0);
    assert_int_equal(ps_flow_port(e[3].flow), ps_flow_port(e[0].flow)); // no other's port is open there
    ends_close(f, e, 4);
}

static void few_flows_of_a_host_that_chooses_its_ports_share_a_socket(void **state)
{
    struct fix *f = *state;
    enum { SHARE = 128 };
    struct end e[SHARE + 1] = {{0}};

    for (int i = 0; i <= SHARE; i++) {
        assert_int_equal(end_open(&e[i], f->a, address(LOCAL, 0), address("127.0.0.2", 0)), 0);
        assert_int_equal(ps_flow_set_peer_port(e[i].flow, (uint16_t)(1000 + i)), 0);
        if (i < SHARE)
            assert_int_equal(ps_flow_port(e[i].flow), ps_flow_port(e[0].flow));
    }
    assert_int_not_equal(ps_flow_port(e[SHARE].flow), ps_flow_port(e[0].flow));
    ends_close(f, e, SHARE + 1);
}

static void a_peer_port_that_is_taken_on_the_socket_is_refused(void **state)
{
    struct fix *f = *state;
    struct end e[2] = {{0}, {0}};

    assert_int_equal(end_open(&e[0], f->a, address(LOCAL, 0), address("127.0.0.2", 9)), 0);
    assert_int_equal(end_open(&e[1], f->a, address(LOCAL, 0), address("127.0.0.2", 10)), 0);
    assert_int_equal(ps_flow_set_peer_port(e[1].flow, 9), -EADDRINUSE);
    assert_int_equal(ps_flow_set_peer_port(e[1].flow, 10), 0);
    assert_int_equal(ps_flow_set_peer_port(e[1].flow, 0), -EINVAL);
    ends_close(f, e, 2);
}

static void a_host_with_one_port_for_all_gets_a_socket_for_each_flow(void **state)
{
    struct fix *f = *state;
    struct end e[4] = {{0}, {0}, {0}, {0}};

    assert_int_equal(end_open(&e[0], f->a, address(LOCAL, 0), address("127.0.0.2", 0)), 0);
    assert_int_equal(ps_flow_set_peer_port(e[0].flow, 9), 0);
    assert_int_equal(end_open(&e[1], f->a, address(LOCAL, 0), address("127.0.0.2", 0)), 0);
    assert_int_equal(ps_flow_port(e[1].flow), ps_flow_port(e[0].flow));
    assert_int_equal(ps_flow_set_peer_port(e[1].flow, 9), -EADDRINUSE);
    ps_flow_close(e[1].flow, end_closed);
    UNTIL(f, e[1].closed);
    for (int i = 2; i < 4; i++) {
        assert_int_equal(end_open(&e[i], f->a, address(LOCAL, 0), address("127.0.0.2", 0)), 0);
        assert_int_not_equal(ps_flow_port(e[i].flow), ps_flow_port(e[0].flow));
        assert_int_equal(ps_flow_set_peer_port(e[i].flow, 9), 0);
    }
    assert_int_not_equal(ps_flow_port(e[2].flow), ps_flow_port(e[3].flow));
    ends_close(f, e, 4);
}

// A range of two ports that are free now.
static struct ps_portrange two_ports(void)
{
    for (unsigned low = 20000; low < 60000; low += 2) {
        struct ps_addr a = address(LOCAL, (uint16_t)low), b = address(LOCAL, (uint16_t)(low + 1));
        int fd_a = socket(AF_INET, SOCK_DGRAM, 0), fd_b = socket(AF_INET, SOCK_DGRAM, 0);
        bool both = bind(fd_a, &a.sa, a.len) == 0 && bind(fd_b, &b.sa, b.len) == 0;
        close(fd_a);
        close(fd_b);
        if (both)
            return (struct ps_portrange){(uint16_t)low, (uint16_t)(low + 1)};
    }
    fail_msg("no two free ports");
    return (struct ps_portrange){0, 0};
}

static void a_range_is_used_up_and_becomes_free_again(void **state)
{
    struct fix *f = *state;
    struct ps_portrange range = two_ports();
    struct ps_pump *p = pump_with(f, range);
    struct end e[4] = {{0}, {0}, {0}, {0}};

    for (int i = 0; i < 2; i++) {
        assert_int_equal(end_open(&e[i], p, address(LOCAL, 0), address("127.0.0.2", 0)), 0);
        assert_in_range(ps_flow_port(e[i].flow), range.low, range.high);
    }
    assert_int_equal(end_open(&e[2], p, address(LOCAL, 0), address("127.0.0.2", 0)), -EADDRINUSE);
    assert_int_equal(end_open(&e[3], p, address(LOCAL, 0), address("127.0.0.3", 0)), 0);
    ps_flow_close(e[1].flow, end_closed);
    UNTIL(f, e[1].closed);
    assert_int_equal(end_open(&e[2], p, address(LOCAL, 0), address("127.0.0.2", 0)), 0);
    ps_flow_close(e[0].flow, end_closed);
    ps_flow_close(e[2].flow, end_closed);
    ps_flow_close(e[3].flow, end_closed);
    UNTIL(f, e[0].closed && e[2].closed && e[3].closed);
    ps_pump_free(p);
}

static void one_port_serves_one_session_after_the_other(void **state)
{
    struct fix *f = *state;
    struct ps_portrange range = two_ports();
    struct ps_pump *p = pump_with(f, (struct ps_portrange){range.low, range.low});

    for (int i = 0; i < 50; i++) {
        struct end e = {0};
        assert_int_equal(end_open(&e, p, address(LOCAL, 0), address("127.0.0.2", 0)), 0);
        assert_int_equal(ps_flow_port(e.flow), range.low);
        ends_close(f, &e, 1);
    }
    ps_pump_free(p);
}

static void a_port_that_is_asked_for_is_the_one_given(void **state)
{
    struct fix *f = *state;
    uint16_t port = two_ports().low;
    struct end e[4] = {{0}, {0}, {0}, {0}};

    assert_int_equal(end_open(&e[0], f->a, address(LOCAL, port), address("127.0.0.2", 9)), 0);
    assert_int_equal(ps_flow_port(e[0].flow), port);
    assert_int_equal(end_open(&e[1], f->a, address(LOCAL, port), address("127.0.0.2", 10)), 0);
    assert_int_equal(ps_flow_port(e[1].flow), port);
    assert_int_equal(end_open(&e[2], f->a, address(LOCAL, port), address("127.0.0.2", 9)), -EADDRINUSE);
    assert_int_equal(end_open(&e[2], f->a, address(LOCAL, 0), address("127.0.0.4", 9)), 0);
    assert_int_not_equal(ps_flow_port(e[2].flow), port);
    assert_int_equal(end_open(&e[3], f->b, address(LOCAL, port), address("127.0.0.5", 9)), -EADDRINUSE);
    ends_close(f, e, 3);
}

static void each_local_address_has_its_own_socket(void **state)
{
    struct fix *f = *state;
    struct end e[3] = {{0}, {0}, {0}};

    assert_int_equal(end_open(&e[0], f->a, address(LOCAL, 0), address("127.0.0.9", 9)), 0);
    assert_int_equal(end_open(&e[1], f->a, address("127.0.0.2", 0), address("127.0.0.9", 9)), 0);
    assert_int_equal(end_open(&e[2], f->a, address("::1", 0), address("::1", 9)), 0);
    assert_int_equal(stats_of(f->a).sockets, 3);
    ends_close(f, e, 3);
}

static void an_address_that_is_not_here_is_refused(void **state)
{
    struct fix *f = *state;
    struct end e = {0};

    assert_int_equal(end_open(&e, f->a, address("192.0.2.1", 0), address("127.0.0.2", 9)), -EADDRNOTAVAIL);
    assert_int_equal(end_open(&e, f->a, address("2001:db8::1", 0), address("::1", 9)), -EADDRNOTAVAIL);
    assert_int_equal(end_open(&e, f->a, address(LOCAL, 0), address("::1", 9)), -EAFNOSUPPORT);
    assert_int_equal(stats_of(f->a).sockets, 0);
}

static void a_range_does_not_hide_other_errors(void **state)
{
    struct fix *f = *state;
    struct ps_pump *p = pump_with(f, (struct ps_portrange){1024, 65535});
    struct end e = {0};

    assert_int_equal(end_open(&e, p, address("192.0.2.1", 0), address("127.0.0.2", 9)), -EADDRNOTAVAIL);
    ps_pump_free(p);
}

static void a_device_that_is_not_there_is_refused(void **state)
{
    struct fix *f = *state;
    struct ps_pump_conf conf = {.loop = f->loop, .clock = f->clock, .device = "nosuchdevice0"};
    struct ps_pump *p;
    struct end e = {0};

    assert_int_equal(ps_pump_new(&p, &conf), 0);
    assert_int_equal(end_open(&e, p, address(LOCAL, 0), address("127.0.0.2", 9)), -ENODEV);
    ps_pump_free(p);
}

static void ipv4_mapped_addresses_are_ipv4(void **state)
{
    struct fix *f = *state;
    struct end e[2] = {{0}, {0}};

    assert_int_equal(end_open(&e[0], f->a, address("::ffff:127.0.0.1", 0), address("::ffff:127.0.0.2", 9)),
                     0);
    assert_int_equal(end_open(&e[1], f->a, address(LOCAL, 0), address("127.0.0.2", 9)), 0);
    assert_int_not_equal(ps_flow_port(e[0].flow), ps_flow_port(e[1].flow));
    ends_close(f, e, 2);
}

static void sockets_without_flows_are_closed_but_for_one(void **state)
{
    struct fix *f = *state;
    static struct end e[20];

    memset(e, 0, sizeof e);
    for (int i = 0; i < 20; i++)
        assert_int_equal(end_open(&e[i], f->a, address(LOCAL, 0), address("127.0.0.2", 0)), 0);
    assert_int_equal(stats_of(f->a).sockets, 20);
    ends_close(f, e, 20);
    UNTIL(f, stats_of(f->a).sockets == 1);
}

static void spare_sockets_of_many_addresses_are_bounded(void **state)
{
    struct fix *f = *state;
    static struct end e[60];
    char host[32];

    memset(e, 0, sizeof e);
    for (int i = 0; i < 60; i++) {
        snprintf(host, sizeof host, "127.0.1.%d", i + 1);
        assert_int_equal(end_open(&e[i], f->a, address(host, 0), address("127.0.0.2", 0)), 0);
    }
    ends_close(f, e, 60);
    UNTIL(f, stats_of(f->a).sockets <= 16);
}

static void what_is_not_ready_is_refused(void **state)
{
    struct fix *f = *state;
    struct ps_flow_conf deaf = {.local = address(LOCAL, 0), .peer = address("127.0.0.3", 9)};
    struct ps_flow *d;
    struct end e = {0};

    assert_int_equal(end_open(&e, f->a, address(LOCAL, 0), address("127.0.0.2", 0)), 0);
    assert_int_equal(ps_flow_send(e.flow, &end_ops), PS_ESTATE);
    assert_int_equal(ps_flow_receive(e.flow), PS_ESTATE);
    assert_int_equal(ps_flow_open(f->a, &deaf, &d), 0);
    assert_int_equal(ps_flow_receive(d), PS_ESTATE);
    ps_flow_close(d, NULL);
    ends_close(f, &e, 1);
    UNTIL(f, stats_of(f->a).flows == 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fix_setup, fix_teardown)
    const struct CMUnitTest tests[] = {
        TEST(flows_of_different_peers_share_a_socket),
        TEST(flows_of_one_peer_do_not_share_a_socket),
        TEST(an_unknown_port_reserves_the_whole_peer_until_it_is_known),
        TEST(few_flows_of_a_host_that_chooses_its_ports_share_a_socket),
        TEST(a_host_with_one_port_for_all_gets_a_socket_for_each_flow),
        TEST(a_peer_port_that_is_taken_on_the_socket_is_refused),
        TEST(a_range_is_used_up_and_becomes_free_again),
        TEST(one_port_serves_one_session_after_the_other),
        TEST(a_port_that_is_asked_for_is_the_one_given),
        TEST(each_local_address_has_its_own_socket),
        TEST(an_address_that_is_not_here_is_refused),
        TEST(a_range_does_not_hide_other_errors),
        TEST(a_device_that_is_not_there_is_refused),
        TEST(ipv4_mapped_addresses_are_ipv4),
        TEST(sockets_without_flows_are_closed_but_for_one),
        TEST(spare_sockets_of_many_addresses_are_bounded),
        TEST(what_is_not_ready_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
