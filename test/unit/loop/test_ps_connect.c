// SPDX-License-Identifier: Apache-2.0
#include "stream_fix.h"

#define SHORT (50 * PS_MSEC)

// A port of the loopback at which nobody listens.
static struct ps_addr refusing(void)
{
    struct ps_addr a = address("127.0.0.1", 0);
    socklen_t len = a.len;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &a.sa, a.len), 0);
    assert_int_equal(getsockname(fd, &a.sa, &len), 0);
    close(fd);
    return a;
}

#define FILL 4

// A port that answers nothing: a listener whose queue is full drops what comes.
struct silent {
    int fd;
    int fill[FILL];
    struct ps_addr addr;
};

static void silent_open(struct silent *s)
{
    socklen_t len;

    s->addr = address("127.0.0.1", 0);
    len = s->addr.len;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, &s->addr.sa, len), 0);
    assert_int_equal(listen(s->fd, 0), 0);
    assert_int_equal(getsockname(s->fd, &s->addr.sa, &len), 0);
    for (int i = 0; i < FILL; i++) {
        s->fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(s->fill[i] >= 0);
        connect(s->fill[i], &s->addr.sa, len);
    }
}

static void silent_close(struct silent *s)
{
    for (int i = 0; i < FILL; i++)
        close(s->fill[i]);
    close(s->fd);
}

static struct ps_connecting *begin(struct fix *f, const struct ps_addr *addrs, size_t n,
                                   const struct ps_addr *local, ps_ns timeout)
{
    struct ps_connecting *c;

    f->connects = 0;
    assert_int_equal(ps_connect(f->loop, addrs, n, local, NULL, timeout, fix_connected, f, &c), 0);
    assert_int_equal(f->connects, 0); // never from inside the call
    return c;
}

static int outcome(struct fix *f, const struct ps_addr *addrs, size_t n, const struct ps_addr *local,
                   ps_ns timeout)
{
    begin(f, addrs, n, local, timeout);
    RUN_UNTIL(f, f->connects);
    assert_int_equal(f->connects, 1);
    assert_true((f->connect_err == 0) == (f->connected != NULL));
    return f->connect_err;
}

static void a_listener_is_reached(void **state)
{
    struct fix *f = *state;
    struct ps_addr a = *ps_listener_addr(f->listener);

    assert_int_equal(outcome(f, &a, 1, NULL, GUARD), 0);
    assert_true(ps_addr_equal(ps_stream_peer(f->connected), &a));
    RUN_UNTIL(f, f->accepted);
    assert_true(ps_addr_equal(ps_stream_peer(f->accepted), ps_stream_local(f->connected)));
    fix_start(f);
    assert_int_equal(ps_stream_write(f->connected, "hello", 5), 0);
    RUN_UNTIL(f, f->received == 5);
    assert_string_equal(f->text, "hello");
}

static void without_a_timeout_of_ours_the_kernels_counts(void **state)
{
    struct fix *f = *state;

    assert_int_equal(outcome(f, ps_listener_addr(f->listener), 1, NULL, 0), 0);
}

static void a_refused_connection_is_told(void **state)
{
    struct fix *f = *state;
    struct ps_addr a = refusing();

    assert_int_equal(outcome(f, &a, 1, NULL, GUARD), -ECONNREFUSED);
}

static void a_silent_host_times_out(void **state)
{
    struct fix *f = *state;
    struct silent s;
    ps_ns start = ps_loop_mono();

    silent_open(&s);
    assert_int_equal(outcome(f, &s.addr, 1, NULL, SHORT), PS_ETIMEOUT);
    assert_true(ps_loop_mono() - start >= SHORT);
    silent_close(&s);
}

static void the_first_address_that_answers_is_taken(void **state)
{
    struct fix *f = *state;
    struct silent s;
    struct ps_addr addrs[5];

    silent_open(&s);
    addrs[0] = refusing();
    addrs[1] = s.addr;
    addrs[2] = address("0.0.0.0", 0);
    addrs[3] = *ps_listener_addr(f->listener);
    addrs[4] = s.addr;
    assert_int_equal(outcome(f, addrs, 5, NULL, SHORT), 0);
    assert_true(ps_addr_equal(ps_stream_peer(f->connected), &addrs[3]));
    silent_close(&s);
}

static void the_timeout_is_for_each_address(void **state)
{
    struct fix *f = *state;
    struct silent s;
    ps_ns start = ps_loop_mono();

    silent_open(&s);
    assert_int_equal(outcome(f, (struct ps_addr[]){s.addr, s.addr}, 2, NULL, SHORT), PS_ETIMEOUT);
    assert_true(ps_loop_mono() - start >= 2 * SHORT);
    silent_close(&s);
}

static void the_last_error_is_the_one_told(void **state)
{
    struct fix *f = *state;
    struct ps_addr dead = refusing();
    struct silent s;

    silent_open(&s);
    assert_int_equal(outcome(f, (struct ps_addr[]){dead, s.addr}, 2, NULL, SHORT), PS_ETIMEOUT);
    assert_int_equal(outcome(f, (struct ps_addr[]){s.addr, dead}, 2, NULL, SHORT), -ECONNREFUSED);
    silent_close(&s);
}

static void no_address_at_all_is_a_mistake(void **state)
{
    struct fix *f = *state;
    struct ps_connecting *c;

    assert_int_equal(ps_connect(f->loop, NULL, 0, NULL, NULL, GUARD, fix_connected, f, &c), -EINVAL);
}

// the local end

static void the_local_address_is_bound(void **state)
{
    struct fix *f = *state;
    struct ps_addr local = address("127.0.0.2", 0);

    assert_int_equal(outcome(f, ps_listener_addr(f->listener), 1, &local, GUARD), 0);
    assert_true(ps_addr_same_host(ps_stream_local(f->connected), &local));
}

static void a_local_address_of_the_other_family_does_not_fit(void **state)
{
    struct fix *f = *state;
    struct ps_addr local = address("::1", 0);

    assert_int_equal(outcome(f, ps_listener_addr(f->listener), 1, &local, GUARD), -EAFNOSUPPORT);
}

static void addresses_of_the_other_family_are_passed_over(void **state)
{
    struct fix *f = *state;
    struct ps_addr local = address("127.0.0.1", 0);
    struct ps_addr addrs[2] = {address("::1", 9), *ps_listener_addr(f->listener)};

    assert_int_equal(outcome(f, addrs, 2, &local, GUARD), 0);
    assert_true(ps_addr_equal(ps_stream_peer(f->connected), &addrs[1]));
}

static void a_local_address_of_another_host_is_refused(void **state)
{
    struct fix *f = *state;
    struct ps_addr local = address("192.0.2.1", 0);

    assert_int_equal(outcome(f, ps_listener_addr(f->listener), 1, &local, GUARD), -EADDRNOTAVAIL);
}

static int outcome_on(struct fix *f, const char *device)
{
    struct ps_connecting *c;
    int rc = ps_connect(f->loop, ps_listener_addr(f->listener), 1, NULL, device, GUARD, fix_connected, f, &c);

    if (rc)
        return rc;
    RUN_UNTIL(f, f->connects);
    return f->connect_err;
}

static void the_interface_is_bound(void **state)
{
    struct fix *f = *state;

    assert_int_equal(outcome_on(f, "lo"), 0);
}

static void an_interface_that_is_not_there_is_an_error(void **state)
{
    struct fix *f = *state;

    assert_int_equal(outcome_on(f, "no-such-if"), -ENODEV);
    assert_int_equal(outcome_on(f, "a-name-longer-than-any-interface"), -ENODEV);
}

// cancelling

static void assert_quiet_for(struct fix *f, ps_ns time)
{
    ps_ns end = ps_loop_mono() + time;

    while (ps_loop_mono() < end)
        ps_loop_poll(f->loop);
    assert_int_equal(f->connects, 0);
}

static void a_cancelled_connect_is_never_told(void **state)
{
    struct fix *f = *state;
    struct ps_addr dead = refusing();
    struct silent s;
    struct ps_connecting *c;

    silent_open(&s);
    ps_connect_cancel(begin(f, &dead, 1, NULL, SHORT)); // before it began
    c = begin(f, &s.addr, 1, NULL, SHORT);
    ps_loop_poll(f->loop);
    ps_connect_cancel(c); // under way
    c = begin(f, ps_listener_addr(f->listener), 1, NULL, SHORT);
    ps_loop_poll(f->loop);
    if (f->connects == 0)
        ps_connect_cancel(c);
    f->connects = 0;
    assert_quiet_for(f, 2 * SHORT);
    silent_close(&s);
}

static void the_loop_can_be_freed_right_after_a_cancel(void **state)
{
    struct fix *f = *state;
    struct ps_connecting *c;
    struct silent s;

    silent_open(&s);
    c = begin(f, &s.addr, 1, NULL, 3600 * PS_SEC);
    ps_loop_poll(f->loop);
    ps_connect_cancel(c); // the fixture's teardown frees the loop
    silent_close(&s);
}

// ended connections

static void many_connections_come_and_go(void **state)
{
    struct fix *f = *state;

    for (int i = 1; i <= 100; i++) {
        assert_int_equal(outcome(f, ps_listener_addr(f->listener), 1, NULL, GUARD), 0);
        RUN_UNTIL(f, f->accepts == i);
        ps_stream_close(f->connected, i % 2 ? 0 : PS_SEC);
        f->connected = NULL;
        f->ends = 0;
        fix_start(f);
        RUN_UNTIL(f, f->ends == 1);
        assert_int_equal(f->end_err, PS_ECLOSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_listener_is_reached),
        TEST(without_a_timeout_of_ours_the_kernels_counts),
        TEST(a_refused_connection_is_told),
        TEST(a_silent_host_times_out),
        TEST(the_first_address_that_answers_is_taken),
        TEST(the_timeout_is_for_each_address),
        TEST(the_last_error_is_the_one_told),
        TEST(no_address_at_all_is_a_mistake),
        TEST(the_local_address_is_bound),
        TEST(a_local_address_of_the_other_family_does_not_fit),
        TEST(addresses_of_the_other_family_are_passed_over),
        TEST(a_local_address_of_another_host_is_refused),
        TEST(the_interface_is_bound),
        TEST(an_interface_that_is_not_there_is_an_error),
        TEST(a_cancelled_connect_is_never_told),
        TEST(the_loop_can_be_freed_right_after_a_cancel),
        TEST(many_connections_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
