// SPDX-License-Identifier: Apache-2.0
// The interface, its clock and its stamps are made up here: ioctl, open and recvmmsg are this program's own.
#include "pump_fix.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/ptp_clock.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>

#define TAI (37 * PS_SEC)
#define EARLIER (5 * PS_USEC) // the interface sees a packet before the kernel does

static struct {
    uint32_t can, filters;
    int index, cannot_ask;
    int filter, cannot_switch, switched;
    int cannot_open;
    ps_ns reading_takes, ahead;
    int readings;
    _Atomic bool stamps;
    _Atomic ps_ns wrong; // by so much stamps are off
} nic;

static const char phc_path[] = "/dev/ptp7";

static ps_ns now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

static struct ptp_clock_time ptp_time(ps_ns t)
{
    return (struct ptp_clock_time){.sec = t / PS_SEC, .nsec = (uint32_t)(t % PS_SEC)};
}

static int refuse(int err)
{
    errno = err;
    return err ? -1 : 0;
}

static int give_info(struct ethtool_ts_info *info)
{
    info->so_timestamping = nic.can;
    info->rx_filters = nic.filters;
    info->phc_index = nic.index;
    return refuse(nic.cannot_ask);
}

static int give_config(struct hwtstamp_config *c)
{
    c->rx_filter = nic.filter;
    c->tx_type = HWTSTAMP_TX_ON;
    return 0;
}

static int take_config(const struct hwtstamp_config *c)
{
    assert_int_equal(c->rx_filter, HWTSTAMP_FILTER_ALL);
    assert_int_equal(c->tx_type, HWTSTAMP_TX_ON); // somebody else's
    nic.switched++;
    return refuse(nic.cannot_switch);
}

static int give_offset(struct ptp_sys_offset_extended *o)
{
    ps_ns t = now();

    for (unsigned i = 0; i < o->n_samples; i++) {
        o->ts[i][0] = ptp_time(t);
        o->ts[i][1] = ptp_time(t + nic.reading_takes / 2 + nic.ahead);
        o->ts[i][2] = ptp_time(t + nic.reading_takes);
    }
    nic.readings++;
    return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list ap;
    void *arg;

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    switch (request) {
    case SIOCETHTOOL:
        return give_info((void *)((struct ifreq *)arg)->ifr_data);
    case SIOCGHWTSTAMP:
        return give_config((void *)((struct ifreq *)arg)->ifr_data);
    case SIOCSHWTSTAMP:
        return take_config((void *)((struct ifreq *)arg)->ifr_data);
    case PTP_SYS_OFFSET_EXTENDED:
        return give_offset(arg);
    default:
        return (int)syscall(SYS_ioctl, fd, request, arg);
    }
}

int open(const char *path, int flags, ...)
{
    if (strcmp(path, phc_path) != 0)
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
    if (nic.cannot_open)
        return refuse(nic.cannot_open);
    return (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", flags, 0);
}

static void forge(struct msghdr *h)
{
    struct scm_timestamping ts;
    ps_ns t;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPING)
            continue;
        memcpy(&ts, CMSG_DATA(c), sizeof ts);
        t = (ps_ns)ts.ts[0].tv_sec * PS_SEC + ts.ts[0].tv_nsec + nic.ahead - EARLIER + nic.wrong;
        ts.ts[2].tv_sec = t / PS_SEC;
        ts.ts[2].tv_nsec = t % PS_SEC;
        memcpy(CMSG_DATA(c), &ts, sizeof ts);
    }
}

int recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *timeout)
{
    int got = (int)syscall(SYS_recvmmsg, fd, m, n, flags, timeout);

    for (int i = 0; nic.stamps && i < got; i++)
        forge(&m[i].msg_hdr);
    return got;
}

static int setup(void **state)
{
    (void)state;
    nic.can = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
    nic.filters = 1u << HWTSTAMP_FILTER_ALL | 1u << HWTSTAMP_FILTER_NONE;
    nic.index = 7;
    nic.filter = HWTSTAMP_FILTER_NONE;
    nic.cannot_ask = nic.cannot_switch = nic.cannot_open = nic.switched = nic.readings = 0;
    nic.reading_takes = PS_USEC;
    nic.ahead = TAI;
    nic.stamps = false;
    nic.wrong = 0;
    return 0;
}

// an interface

static void refuses(const char *why)
{
    struct ps_hwstamp *h;
    struct ps_fault fault = {""};
    char text[200];

    assert_true(ps_hwstamp_open("eth0", &h, &fault) < 0);
    snprintf(text, sizeof text, "eth0: no hardware receive stamps: %s", why);
    assert_string_equal(fault.text, text);
    setup(NULL);
}

static void an_interface_that_makes_no_such_stamps_is_refused_with_the_reason(void **state)
{
    (void)state;
    nic.cannot_ask = ENODEV;
    refuses("it cannot be asked: No such device");
    nic.can = SOF_TIMESTAMPING_RX_HARDWARE;
    refuses("it makes none");
    nic.filters = 1u << HWTSTAMP_FILTER_PTP_V2_EVENT;
    refuses("it stamps packets of PTP alone");
    nic.index = -1;
    refuses("its clock cannot be read");
    nic.cannot_switch = EPERM;
    refuses("they cannot be switched on: Operation not permitted");
    nic.cannot_open = EACCES;
    refuses("/dev/ptp7: Permission denied");
    nic.reading_takes = 10 * PS_USEC;
    refuses("reading its clock takes too long to be exact");
}

static void a_check_asks_what_it_can_do_and_changes_nothing(void **state)
{
    struct ps_fault fault = {""};

    (void)state;
    assert_int_equal(ps_hwstamp_check("eth0", &fault), 0);
    assert_int_equal(nic.switched, 0);
    assert_int_equal(nic.readings, 0);
    nic.can = 0;
    assert_true(ps_hwstamp_check("eth0", &fault) < 0);
    assert_string_equal(fault.text, "eth0: no hardware receive stamps: it makes none");
}

static void an_interface_that_stamps_already_is_left_alone(void **state)
{
    struct ps_hwstamp *h;
    struct ps_fault fault;

    (void)state;
    nic.filter = HWTSTAMP_FILTER_ALL;
    nic.cannot_switch = EPERM;
    assert_int_equal(ps_hwstamp_open("eth0", &h, &fault), 0);
    assert_int_equal(nic.switched, 0);
    ps_hwstamp_free(h);
}

static void a_name_that_is_too_long_is_refused(void **state)
{
    struct ps_hwstamp *h;
    struct ps_fault fault;
    char name[200];

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(ps_hwstamp_open(name, &h, &fault), -ENODEV);
}

// pure

static struct ps_phc phc_of(ps_ns hw_second)
{
    struct ps_phc c = {.known = false};

    ps_phc_update(&c, &(struct ps_phc_point){TAI + 100 * PS_SEC, 100 * PS_SEC});
    ps_phc_update(&c, &(struct ps_phc_point){TAI + 100 * PS_SEC + hw_second, 101 * PS_SEC});
    return c;
}

static void the_narrowest_sample_counts(void **state)
{
    struct ps_phc_sample s[] = {{0, 1000, 1900}, {5000, 6000, 5400}, {9000, 9500, 10500}, {9, 9, 8}};
    struct ps_phc_point p;

    (void)state;
    assert_true(ps_phc_pick(s, 4, &p));
    assert_int_equal(p.hw, 6000);
    assert_int_equal(p.sys, 5200);
    s[1].after = 9000;
    s[0].after = 2001;
    assert_true(ps_phc_pick(s, 3, &p));
    assert_int_equal(p.sys, 9750);
    s[2].after = 11001;
    assert_false(ps_phc_pick(s, 4, &p));
    assert_false(ps_phc_pick(s, 0, &p));
}

static void stamps_are_converted_by_offset_and_rate(void **state)
{
    struct ps_phc c = phc_of(PS_SEC - 20 * PS_USEC); // ours runs 20 ppm faster
    ps_ns sys;

    (void)state;
    assert_true(ps_phc_to_sys(&c, c.at.hw, &sys));
    assert_int_equal(sys, 101 * PS_SEC);
    assert_true(ps_phc_to_sys(&c, c.at.hw + PS_SEC, &sys));
    assert_in_range(sys, 102 * PS_SEC + 19 * PS_USEC, 102 * PS_SEC + 21 * PS_USEC);
    assert_true(ps_phc_to_sys(&c, c.at.hw - PS_SEC, &sys));
    assert_in_range(sys, 100 * PS_SEC - 21 * PS_USEC, 100 * PS_SEC - 19 * PS_USEC);
}

static void without_a_recent_reading_and_a_rate_nothing_is_converted(void **state)
{
    struct ps_phc c = {.known = false};
    struct ps_phc_point p = {TAI, 0};
    ps_ns sys;

    (void)state;
    assert_false(ps_phc_to_sys(&c, TAI, &sys));
    ps_phc_update(&c, &p);
    assert_false(ps_phc_to_sys(&c, TAI, &sys));
    c = phc_of(PS_SEC);
    assert_false(ps_phc_to_sys(&c, c.at.hw + 11 * PS_SEC, &sys));
    assert_false(ps_phc_to_sys(&c, c.at.hw - 11 * PS_SEC, &sys));
    assert_false(ps_phc_to_sys(&c, INT64_MIN, &sys));
}

static void a_clock_that_was_set_gets_a_new_rate_first(void **state)
{
    struct ps_phc c = phc_of(PS_SEC);
    struct ps_phc_point p = {c.at.hw + PS_SEC, c.at.sys + 4 * PS_SEC};
    ps_ns sys;

    (void)state;
    ps_phc_update(&c, &p);
    assert_false(ps_phc_to_sys(&c, p.hw, &sys));
    p.hw += PS_SEC;
    p.sys += PS_SEC;
    ps_phc_update(&c, &p);
    assert_true(ps_phc_to_sys(&c, p.hw, &sys));
    assert_int_equal(sys, p.sys);
    p.hw -= 100 * PS_SEC; // the interface's was set back
    ps_phc_update(&c, &p);
    assert_false(ps_phc_to_sys(&c, p.hw, &sys));
}

static void hardware_and_kernel_must_agree(void **state)
{
    struct ps_phc c = phc_of(PS_SEC);
    ps_ns hw = c.at.hw, sys = c.at.sys, stamp;

    (void)state;
    assert_true(ps_hwstamp_choose(&c, sys + 40 * PS_USEC, hw, &stamp));
    assert_int_equal(stamp, sys);
    assert_true(ps_hwstamp_choose(&c, sys + 10 * PS_MSEC, hw, &stamp));
    assert_true(ps_hwstamp_choose(&c, sys - PS_HWSTAMP_ERROR, hw, &stamp));
    assert_false(ps_hwstamp_choose(&c, sys + 10 * PS_MSEC + 1, hw, &stamp));
    assert_int_equal(stamp, sys + 10 * PS_MSEC + 1);
    assert_false(ps_hwstamp_choose(&c, sys - PS_HWSTAMP_ERROR - 1, hw, &stamp));
    assert_false(ps_hwstamp_choose(&c, sys, hw + PS_SEC, &stamp));
    assert_int_equal(stamp, sys);
}

// the pump

static struct {
    unsigned hardware, kernel;
} came;

static void on_arrival(void *ctx, const struct ps_arrival *a)
{
    struct end *e = ctx;

    came.hardware += a->hardware_stamp;
    came.kernel += !a->hardware_stamp && a->kernel_stamp;
    e->arrivals++;
}

// Packets over two seconds: in the first one there is no rate yet.
static void receive_some(struct fix *f, struct ps_hwstamp *h)
{
    struct ps_pump_conf conf = {.loop = f->loop, .clock = f->clock, .hw = h};
    struct end e[2] = {{0}};
    struct ps_flow_conf fc = {.local = address("127.0.0.2", 0),
                              .peer = address("127.0.0.1", 0),
                              .ctx = &e[1],
                              .arrival = on_arrival};
    struct ps_pump *p;

    came.hardware = came.kernel = 0;
    assert_int_equal(ps_pump_new(&p, &conf), 0);
    assert_int_equal(end_open(&e[0], f->a, address("127.0.0.1", 0), address("127.0.0.2", 0)), 0);
    assert_int_equal(ps_flow_open(p, &fc, &e[1].flow), 0);
    assert_int_equal(ps_flow_set_peer_port(e[0].flow, ps_flow_port(e[1].flow)), 0);
    assert_int_equal(ps_flow_set_peer_port(e[1].flow, ps_flow_port(e[0].flow)), 0);
    assert_int_equal(ps_flow_receive(e[1].flow), 0);
    end_plan(&e[0], f, 1, 220, 10 * PS_MSEC);
    assert_int_equal(ps_flow_send(e[0].flow, &end_ops), 0);
    UNTIL(f, e[1].arrivals == 220);
    assert_int_equal(came.kernel, stats_of(p).unagreed);
    ends_close(f, e, 2);
    ps_pump_free(p);
}

static void with_a_pump(ps_ns wrong)
{
    void *state;
    struct ps_hwstamp *h;
    struct ps_fault fault;

    assert_int_equal(fix_setup(&state), 0);
    assert_int_equal(ps_hwstamp_open("eth0", &h, &fault), 0);
    nic.stamps = true;
    nic.wrong = wrong;
    receive_some(state, h);
    nic.stamps = false;
    ps_hwstamp_free(h);
    fix_teardown(&state);
}

static void arrivals_have_the_hardwares_stamp_once_there_is_a_rate(void **state)
{
    (void)state;
    with_a_pump(0);
    assert_int_equal(nic.switched, 1);
    assert_in_range(nic.readings, 3, 5);
    assert_in_range(came.hardware, 60, 150);
    assert_int_equal(came.hardware + came.kernel, 220);
}

static void stamps_that_do_not_agree_are_counted_and_not_used(void **state)
{
    (void)state;
    with_a_pump(PS_SEC);
    assert_int_equal(came.hardware, 0);
    assert_int_equal(came.kernel, 220);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_interface_that_makes_no_such_stamps_is_refused_with_the_reason, setup),
        cmocka_unit_test_setup(a_check_asks_what_it_can_do_and_changes_nothing, setup),
        cmocka_unit_test_setup(an_interface_that_stamps_already_is_left_alone, setup),
        cmocka_unit_test_setup(a_name_that_is_too_long_is_refused, setup),
        cmocka_unit_test_setup(the_narrowest_sample_counts, setup),
        cmocka_unit_test_setup(stamps_are_converted_by_offset_and_rate, setup),
        cmocka_unit_test_setup(without_a_recent_reading_and_a_rate_nothing_is_converted, setup),
        cmocka_unit_test_setup(a_clock_that_was_set_gets_a_new_rate_first, setup),
        cmocka_unit_test_setup(hardware_and_kernel_must_agree, setup),
        cmocka_unit_test_setup(arrivals_have_the_hardwares_stamp_once_there_is_a_rate, setup),
        cmocka_unit_test_setup(stamps_that_do_not_agree_are_counted_and_not_used, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
