// SPDX-License-Identifier: Apache-2.0
// recvmsg, which reads error queues, is this program's own: answers come when a test says so. So is the
// kernel's opinion of its clock.
#include "pump_fix.h"
#include <errno.h>
#include <sys/syscall.h>
#include <sys/timex.h>

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fix_teardown)

#define KERNEL_ERROR (250 * PS_USEC)

static _Atomic unsigned looks;
static _Atomic bool belated; // each first look finds nothing
static _Atomic bool silent;  // the kernel never answers
static _Atomic bool unaskable;
static ps_ns told; // the least error of a clock that a packet was given

ssize_t recvmsg(int fd, struct msghdr *h, int flags)
{
    unsigned n = looks++;
    ssize_t got;

    if (belated && n % 3 == 0) {
        errno = EAGAIN;
        return -1;
    }
    got = syscall(SYS_recvmsg, fd, h, flags);
    if (silent && got >= 0) {
        errno = EAGAIN;
        got = -1;
    }
    return got;
}

int adjtimex(struct timex *tx)
{
    *tx = (struct timex){.esterror = KERNEL_ERROR / PS_USEC, .maxerror = 4000};
    return TIME_OK;
}

// Refuses to be asked, when told to.
ssize_t sendmsg(int fd, const struct msghdr *h, int flags)
{
    if (unaskable && h->msg_controllen > 0) {
        errno = EINVAL;
        return -1;
    }
    return syscall(SYS_sendmsg, fd, h, flags);
}

static int setup(void **state)
{
    looks = 0;
    belated = silent = unaskable = false;
    told = INT64_MAX;
    return fix_setup(state);
}

static int fill(void *ctx, ps_ns now, const struct ps_clock_state *clock, uint8_t *buf, size_t cap)
{
    if (clock->error < told)
        told = clock->error;
    return end_fill(ctx, now, clock, buf, cap);
}

// A second and a half of packets, 100 in each.
static void send_for_a_while(struct fix *f, struct ps_self_delay *d)
{
    static const struct ps_sender_ops ops = {end_due, fill, end_failed};
    struct end e[2] = {{0}};

    pair_open(f, &e[0], "127.0.0.1", &e[1], "127.0.0.2");
    end_plan(&e[0], f, 7, 150, 10 * PS_MSEC);
    e[1].expect_id = 7;
    assert_int_equal(ps_flow_send(e[0].flow, &ops), 0);
    UNTIL(f, e[0].stopped == 1 && e[1].arrivals == 150);
    assert_int_equal(e[1].wrong, 0);
    ps_pump_self_delay(f->a, d);
    ends_close(f, e, 2);
}

static void some_packets_tell_how_late_they_left(void **state)
{
    struct fix *f = *state;
    struct ps_self_delay d;

    send_for_a_while(f, &d);
    assert_in_range(d.samples, 20, 40); // 25 a second
    assert_in_range(d.median, 1, d.p99);
    assert_true(d.p99 < PS_SEC);
    assert_true(d.bound > 0);
    assert_true(looks < 150);
    assert_true(told > KERNEL_ERROR &&
                told <= KERNEL_ERROR + (d.bound > PS_SELFDELAY_UNKNOWN ? d.bound : PS_SELFDELAY_UNKNOWN));
}

static void answers_that_come_late_are_read_and_keep_nobody_awake(void **state)
{
    struct fix *f = *state;
    struct ps_self_delay d;

    belated = true;
    send_for_a_while(f, &d);
    assert_in_range(d.samples, 10, 40);
    assert_true(stats_of(f->a).wakes < 400);
}

static void without_answers_a_bound_is_assumed(void **state)
{
    struct fix *f = *state;
    struct ps_self_delay d;

    silent = true;
    send_for_a_while(f, &d);
    assert_int_equal(d.samples, 0);
    assert_int_equal(d.bound, PS_SELFDELAY_UNKNOWN);
    assert_int_equal(told, KERNEL_ERROR + PS_SELFDELAY_UNKNOWN);
}

static void a_kernel_that_refuses_to_be_asked_loses_no_packet(void **state)
{
    struct fix *f = *state;
    struct ps_self_delay d;

    unaskable = true;
    send_for_a_while(f, &d); // all arrive
    assert_int_equal(d.bound, PS_SELFDELAY_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(some_packets_tell_how_late_they_left),
        TEST(answers_that_come_late_are_read_and_keep_nobody_awake),
        TEST(without_answers_a_bound_is_assumed),
        TEST(a_kernel_that_refuses_to_be_asked_loses_no_packet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
