// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "loop/ps_dgram.h"

// Two sockets at one address.
struct pair {
    int a, b;
    struct ps_addr at_a, at_b;
    struct ps_dgram_batch *batch;
};

static struct ps_addr address(const char *text, uint16_t port)
{
    struct ps_addr a;

    assert_int_equal(ps_addr_parse(text, port, &a), 0);
    return a;
}

static ps_ns now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

static void pair_open(struct pair *p, const char *host, int rcvbuf)
{
    struct ps_dgram_conf conf = {.local = address(host, 0), .rcvbuf = rcvbuf};

    assert_int_equal(ps_dgram_open(&conf, &p->a, &p->at_a), 0);
    assert_int_equal(ps_dgram_open(&conf, &p->b, &p->at_b), 0);
    assert_int_equal(ps_dgram_batch_new(&p->batch), 0);
}

static void pair_close(struct pair *p)
{
    close(p->a);
    close(p->b);
    ps_dgram_batch_free(p->batch);
}

static void send_ok(const struct pair *p, const void *data, size_t n)
{
    assert_int_equal(ps_dgram_send(p->a, &p->at_b, 0, data, n), 0);
}

static int recv_some(struct pair *p, struct ps_dgram_in **in)
{
    struct pollfd pf = {.fd = p->b, .events = POLLIN};

    assert_int_equal(poll(&pf, 1, 10000), 1);
    return ps_dgram_recv(p->batch, p->b, in, NULL);
}

static void tells_source_stamp_ttl_and_octets(const char *host)
{
    struct pair p;
    struct ps_dgram_in *in = NULL;
    ps_ns before;

    pair_open(&p, host, 0);
    before = now();
    send_ok(&p, "hello", 5);
    assert_int_equal(recv_some(&p, &in), 1);
    assert_true(ps_addr_equal(&in->from, &p.at_a));
    assert_true(in->stamp >= before && in->stamp <= now());
    assert_int_equal(in->ttl, 255);
    assert_int_equal(in->len, 5);
    assert_memory_equal(in->head, "hello", 5);
    pair_close(&p);
}

static void an_ipv4_datagram_comes_with_source_stamp_and_ttl(void **state)
{
    (void)state;
    tells_source_stamp_ttl_and_octets("127.0.0.1");
}

static void an_ipv6_datagram_comes_with_source_stamp_and_hop_limit(void **state)
{
    (void)state;
    tells_source_stamp_ttl_and_octets("::1");
}

static void the_kernel_tells_when_a_datagram_left(const char *host, uint8_t dscp)
{
    struct pair p;
    struct ps_dgram_left left;
    struct pollfd pf;
    ps_ns before;

    pair_open(&p, host, 0);
    if (!ps_dgram_stamps_sends(p.a))
        skip();
    pf = (struct pollfd){.fd = p.a};
    for (uint32_t i = 0; i < 3; i++) {
        send_ok(&p, "unasked", 7);
        assert_int_equal(ps_dgram_left(p.a, &left), 0);
        before = now();
        assert_int_equal(ps_dgram_send_stamped(p.a, &p.at_b, dscp, "asked", 5), 0);
        assert_int_equal(poll(&pf, 1, 10000), 1);
        assert_int_equal(pf.revents, POLLERR);
        assert_int_equal(ps_dgram_left(p.a, &left), 1);
        assert_int_equal(left.id, i);
        assert_true(left.stamp >= before && left.stamp <= now());
        assert_int_equal(ps_dgram_left(p.a, &left), 0);
        assert_int_equal(poll(&pf, 1, 0), 0);
    }
    pair_close(&p);
}

static void the_kernel_tells_when_an_ipv4_datagram_left(void **state)
{
    (void)state;
    the_kernel_tells_when_a_datagram_left("127.0.0.1", 0);
    the_kernel_tells_when_a_datagram_left("127.0.0.1", 46);
}

static void the_kernel_tells_when_an_ipv6_datagram_left(void **state)
{
    (void)state;
    the_kernel_tells_when_a_datagram_left("::1", 46);
}

static void a_ttl_that_is_not_255_is_told(void **state)
{
    struct pair p;
    struct ps_dgram_in *in = NULL;
    int ttl = 64;

    (void)state;
    pair_open(&p, "127.0.0.1", 0);
    assert_int_equal(setsockopt(p.a, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl), 0);
    send_ok(&p, "x", 1);
    assert_int_equal(recv_some(&p, &in), 1);
    assert_int_equal(in->ttl, 64);
    pair_close(&p);
}

static void a_long_datagram_tells_its_length_and_an_empty_one_too(void **state)
{
    struct pair p;
    struct ps_dgram_in *in = NULL;
    uint8_t data[9000];

    (void)state;
    memset(data, 0xa5, sizeof data);
    pair_open(&p, "127.0.0.1", 0);
    send_ok(&p, data, sizeof data);
    send_ok(&p, data, 0);
    assert_int_equal(recv_some(&p, &in), 2);
    assert_int_equal(in[0].len, sizeof data);
    assert_memory_equal(in[0].head, data, PS_DGRAM_HEAD);
    assert_int_equal(in[1].len, 0);
    pair_close(&p);
}

static void more_than_a_batch_comes_in_several_and_then_nothing(void **state)
{
    struct pair p;
    struct ps_dgram_in *in = NULL;
    int next = 0, n;

    (void)state;
    pair_open(&p, "127.0.0.1", 1 << 20);
    for (int i = 0; i < 3 * PS_DGRAM_BATCH / 2; i++)
        send_ok(&p, &i, sizeof i);
    while ((n = ps_dgram_recv(p.batch, p.b, &in, NULL)) > 0) {
        for (int i = 0; i < n; i++, next++) {
            assert_memory_equal(in[i].head, &next, sizeof next);
            assert_int_equal(in[i].ttl, 255);
            assert_true(in[i].stamp > 0);
            assert_true(ps_addr_equal(&in[i].from, &p.at_a));
        }
    }
    assert_int_equal(n, 0);
    assert_int_equal(next, 3 * PS_DGRAM_BATCH / 2);
    pair_close(&p);
}

// One batch serves sockets of both families, one after the other.
static void a_batch_can_change_families(void **state)
{
    struct pair four, six;
    struct ps_dgram_in *in = NULL;

    (void)state;
    pair_open(&four, "127.0.0.1", 0);
    pair_open(&six, "::1", 0);
    for (int i = 0; i < 3; i++) {
        send_ok(&six, "six", 3);
        assert_int_equal(ps_dgram_recv(four.batch, six.b, &in, NULL), 1);
        assert_true(ps_addr_equal(&in->from, &six.at_a));
        send_ok(&four, "four", 4);
        assert_int_equal(ps_dgram_recv(four.batch, four.b, &in, NULL), 1);
        assert_true(ps_addr_equal(&in->from, &four.at_a));
    }
    pair_close(&four);
    pair_close(&six);
}

static void drops_in_this_host_are_counted_both_ways(void **state)
{
    struct pair p;
    struct ps_dgram_in *in = NULL;
    uint32_t told = 0, drops = 0;
    int sent = 0, got = 0, n;

    (void)state;
    pair_open(&p, "127.0.0.1", 4096);
    for (; sent < 1000; sent++)
        send_ok(&p, "x", 1);
    while ((n = ps_dgram_recv(p.batch, p.b, &in, &told)) > 0)
        got += n;
    assert_int_equal(ps_dgram_drops(p.b, &drops), 0);
    assert_true(drops > 0);
    assert_int_equal(got + (int)drops, sent);
    send_ok(&p, "x", 1);
    assert_int_equal(ps_dgram_recv(p.batch, p.b, &in, &told), 1);
    assert_int_equal(told, drops);
    pair_close(&p);
}

static void the_buffer_may_pass_the_system_limit_where_allowed(void **state)
{
    struct pair small, large;
    int got_small = 0, got_large = 0;
    socklen_t len = sizeof got_small;

    (void)state;
    pair_open(&small, "127.0.0.1", 0);
    pair_open(&large, "127.0.0.1", 1 << 24);
    assert_int_equal(getsockopt(small.a, SOL_SOCKET, SO_RCVBUF, &got_small, &len), 0);
    assert_int_equal(getsockopt(large.a, SOL_SOCKET, SO_RCVBUF, &got_large, &len), 0);
    assert_true(got_large > got_small);
    if (geteuid() == 0)
        assert_true(got_large >= 1 << 24);
    pair_close(&small);
    pair_close(&large);
}

// What a plain socket sees as the DSCP octet of a datagram sent with dscp.
static int seen_tos(const char *host, uint8_t dscp)
{
    struct ps_dgram_conf conf = {.local = address(host, 0)};
    bool v4 = ps_addr_version(&conf.local) == 4;
    struct ps_addr at_a, at_b;
    char data[8], control[64];
    struct iovec iov = {data, sizeof data};
    struct msghdr h = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int a, b, one = 1, tos = -1;

    assert_int_equal(ps_dgram_open(&conf, &a, &at_a), 0);
    b = socket(conf.local.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(b >= 0);
    assert_int_equal(
        setsockopt(b, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVTOS : IPV6_RECVTCLASS, &one, sizeof one),
        0);
    at_b = conf.local;
    assert_int_equal(bind(b, &at_b.sa, at_b.len), 0);
    assert_int_equal(getsockname(b, &at_b.sa, &at_b.len), 0);
    assert_int_equal(ps_dgram_send(a, &at_b, dscp, "tos", 3), 0);
    assert_int_equal(recvmsg(b, &h, 0), 3);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c))
        tos = *CMSG_DATA(c);
    close(a);
    close(b);
    return tos;
}

static void dscp_is_set_per_datagram(void **state)
{
    (void)state;
    assert_int_equal(seen_tos("127.0.0.1", 46), 46 << 2);
    assert_int_equal(seen_tos("127.0.0.1", 63), 63 << 2);
    assert_int_equal(seen_tos("127.0.0.1", 0), 0);
    assert_int_equal(seen_tos("::1", 46), 46 << 2);
    assert_int_equal(seen_tos("::1", 63), 63 << 2);
    assert_int_equal(seen_tos("::1", 0), 0);
}

static int open_error(const char *host, uint16_t port, const char *device)
{
    struct ps_dgram_conf conf = {.local = address(host, port), .device = device};
    struct ps_addr bound;
    int fd = -1, rc = ps_dgram_open(&conf, &fd, &bound);

    if (rc == 0)
        close(fd);
    return rc;
}

static void addresses_and_devices_that_are_not_here_are_refused(void **state)
{
    struct ps_dgram_conf none = {.local = {.len = 0}};
    struct ps_addr bound;
    struct pair p;
    int fd;

    (void)state;
    pair_open(&p, "127.0.0.1", 0);
    assert_int_equal(open_error("192.0.2.1", 0, NULL), -EADDRNOTAVAIL);
    assert_int_equal(open_error("2001:db8::1", 0, NULL), -EADDRNOTAVAIL);
    assert_int_equal(open_error("127.0.0.1", ps_addr_port(&p.at_a), NULL), -EADDRINUSE);
    assert_int_equal(open_error("127.0.0.1", 0, "nosuchdevice0"), -ENODEV);
    assert_int_equal(ps_dgram_open(&none, &fd, &bound), -EAFNOSUPPORT);
    pair_close(&p);
}

static void a_send_that_cannot_be_tells_why(void **state)
{
    struct pair p;
    struct ps_addr six = address("::1", 9);
    static const char big[65535];

    (void)state;
    pair_open(&p, "127.0.0.1", 0);
    assert_int_equal(ps_dgram_send(p.a, &p.at_b, 0, big, sizeof big), -EMSGSIZE);
    assert_int_equal(ps_dgram_send(p.a, &six, 0, big, 1), -EAFNOSUPPORT);
    assert_int_equal(ps_dgram_send(-1, &p.at_b, 0, big, 1), -EBADF);
    pair_close(&p);
}

static void a_bad_descriptor_is_an_error_and_an_empty_queue_none(void **state)
{
    struct pair p;
    struct ps_dgram_in *in;

    (void)state;
    pair_open(&p, "127.0.0.1", 0);
    assert_int_equal(ps_dgram_recv(p.batch, p.b, &in, NULL), 0);
    assert_int_equal(ps_dgram_recv(p.batch, -1, &in, NULL), -EBADF);
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_datagram_comes_with_source_stamp_and_ttl),
        cmocka_unit_test(an_ipv6_datagram_comes_with_source_stamp_and_hop_limit),
        cmocka_unit_test(the_kernel_tells_when_an_ipv4_datagram_left),
        cmocka_unit_test(the_kernel_tells_when_an_ipv6_datagram_left),
        cmocka_unit_test(a_ttl_that_is_not_255_is_told),
        cmocka_unit_test(a_long_datagram_tells_its_length_and_an_empty_one_too),
        cmocka_unit_test(more_than_a_batch_comes_in_several_and_then_nothing),
        cmocka_unit_test(a_batch_can_change_families),
        cmocka_unit_test(drops_in_this_host_are_counted_both_ways),
        cmocka_unit_test(the_buffer_may_pass_the_system_limit_where_allowed),
        cmocka_unit_test(dscp_is_set_per_datagram),
        cmocka_unit_test(addresses_and_devices_that_are_not_here_are_refused),
        cmocka_unit_test(a_send_that_cannot_be_tells_why),
        cmocka_unit_test(a_bad_descriptor_is_an_error_and_an_empty_queue_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
