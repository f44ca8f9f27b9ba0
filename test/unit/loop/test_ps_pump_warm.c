// SPDX-License-Identifier: Apache-2.0
// sendmsg is this program's own: it tells what a socket sends to itself from what goes to a peer.
#include "pump_fix.h"
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fix_teardown)

static _Atomic unsigned warmings, packets, unprepared;
static _Atomic int warm_fd;
static _Atomic bool unreachable; // what a socket sends to itself does not leave
static bool was_warming;         // the packet thread's: what was sent last

static bool to_itself(int fd, const struct msghdr *h)
{
    struct sockaddr_storage own;
    socklen_t len = sizeof own;

    return getsockname(fd, (struct sockaddr *)&own, &len) == 0 && len == h->msg_namelen &&
           memcmp(&own, h->msg_name, len) == 0;
}

ssize_t sendmsg(int fd, const struct msghdr *h, int flags)
{
    bool warming = to_itself(fd, h);

    if (warming) {
        warmings++;
        warm_fd = fd;
    } else {
        packets++;
        unprepared += !was_warming;
    }
    was_warming = warming;
    if (warming && unreachable) {
        errno = ENETUNREACH;
        return -1;
    }
    return syscall(SYS_sendmsg, fd, h, flags);
}

static int setup(void **state)
{
    warmings = packets = unprepared = 0;
    unreachable = was_warming = false;
    warm_fd = -1;
    return fix_setup(state);
}

// So many packets at once to another pump. They have all arrived then.
static void send_some(struct fix *f, const char *host, unsigned n)
{
    struct end e[2] = {{0}, {0}};

    pair_open(f, &e[0], host, &e[1], host);
    e[1].expect_id = 7;
    end_plan(&e[0], f, 7, n, 0);
    assert_int_equal(ps_flow_send(e[0].flow, &end_ops), 0);
    UNTIL(f, e[1].arrivals == n);
    assert_int_equal(e[1].wrong, 0);
    ends_close(f, e, 2);
}

static void send_with_pauses(struct fix *f, const char *host)
{
    for (int i = 0; i < 5; i++) {
        send_some(f, host, 1);
        usleep(3000);
    }
    assert_int_equal(packets, 5);
}

static void each_packet_after_a_pause_has_one_go_ahead(void **state)
{
    send_with_pauses(*state, "127.0.0.1");
    assert_int_equal(warmings, 5);
    assert_int_equal(unprepared, 0);
}

static void so_it_is_with_ipv6(void **state)
{
    send_with_pauses(*state, "::1");
    assert_int_equal(warmings, 5);
    assert_int_equal(unprepared, 0);
}

static void what_went_ahead_is_read_again(void **state)
{
    int octets = -1;

    send_with_pauses(*state, "127.0.0.1");
    assert_int_equal(ioctl(warm_fd, FIONREAD, &octets), 0);
    assert_int_equal(octets, 0);
}

static void packets_that_follow_at_once_have_none(void **state)
{
    send_some(*state, "127.0.0.1", 20);
    assert_int_equal(packets, 20);
    assert_int_equal(warmings, 1);
}

static void where_none_can_be_sent_packets_leave_all_the_same(void **state)
{
    unreachable = true;
    send_with_pauses(*state, "127.0.0.1");
    assert_int_equal(warmings, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_packet_after_a_pause_has_one_go_ahead),
        TEST(so_it_is_with_ipv6),
        TEST(what_went_ahead_is_read_again),
        TEST(packets_that_follow_at_once_have_none),
        TEST(where_none_can_be_sent_packets_leave_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
