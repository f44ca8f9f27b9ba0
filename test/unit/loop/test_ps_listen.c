// SPDX-License-Identifier: Apache-2.0
#include "stream_fix.h"
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static void port_zero_becomes_a_real_port(void **state)
{
    struct fix *f = *state;
    struct ps_addr a = address("127.0.0.1", 0);

    assert_true(fix_port(f) != 0);
    assert_true(ps_addr_same_host(ps_listener_addr(f->listener), &a));
}

static void every_connection_is_handed_over(void **state)
{
    struct fix *f = *state;
    int fds[10];

    for (int i = 0; i < 10; i++)
        fds[i] = plain_connect(f, "127.0.0.1");
    RUN_UNTIL(f, f->accepts == 10);
    for (int i = 0; i < 10; i++)
        close(fds[i]);
}

static void an_ipv6_listener_serves_ipv4_under_its_own_address(void **state)
{
    struct fix *f = *state;
    struct ps_addr home = address("127.0.0.1", 0);
    int fd;

    assert_int_equal(fix_listen(f, "::", 16), 0);
    fd = plain_connect(f, "127.0.0.1");
    RUN_UNTIL(f, f->accepted);
    assert_int_equal(ps_addr_version(ps_stream_peer(f->accepted)), 4);
    assert_true(ps_addr_same_host(ps_stream_peer(f->accepted), &home));
    assert_true(ps_addr_same_host(ps_stream_local(f->accepted), &home));
    close(fd);
}

// Where the host has no IPv6 the refusal has to say that.
static void an_explicit_ipv6_address_works(void **state)
{
    struct fix *f = *state;
    int rc = fix_listen(f, "::1", 16);
    int fd;

    if (rc) {
        assert_true(rc == -EADDRNOTAVAIL || rc == -EAFNOSUPPORT);
        return;
    }
    fd = plain_connect(f, "::1");
    RUN_UNTIL(f, f->accepted);
    assert_int_equal(ps_addr_version(ps_stream_peer(f->accepted)), 6);
    close(fd);
}

static void a_mapped_address_is_listened_on_as_ipv4(void **state)
{
    struct fix *f = *state;

    assert_int_equal(fix_listen(f, "::ffff:127.0.0.1", 16), 0);
    assert_int_equal(ps_addr_version(ps_listener_addr(f->listener)), 4);
}

// From here on the kernel has no IPv6 for this process.
static int forbid_ipv6(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = {.len = sizeof code / sizeof code[0], .filter = code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0 ? -errno : 0;
}

static int listen_without_ipv6(void)
{
    struct ps_addr any = address("::", 0), one = address("::1", 0);
    struct ps_listener *ln;
    struct ps_loop *l;

    if (forbid_ipv6() || ps_loop_new(&l))
        return 1;
    if (ps_listen(l, &any, NULL, 16, fix_accept, NULL, &ln))
        return 2;
    if (ps_addr_version(ps_listener_addr(ln)) != 4 || ps_addr_port(ps_listener_addr(ln)) == 0)
        return 3;
    ps_listener_close(ln);
    if (ps_listen(l, &one, NULL, 16, fix_accept, NULL, &ln) != -EAFNOSUPPORT)
        return 4;
    ps_loop_free(l);
    return 0;
}

static void without_ipv6_any_means_any_ipv4(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(listen_without_ipv6());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_port_in_use_is_refused(void **state)
{
    struct fix *f = *state;
    struct ps_listener *ln;

    assert_int_equal(ps_listen(f->loop, ps_listener_addr(f->listener), NULL, 16, fix_accept, f, &ln),
                     -EADDRINUSE);
}

static void an_address_of_another_host_is_refused(void **state)
{
    struct fix *f = *state;

    assert_int_equal(fix_listen(f, "192.0.2.1", 16), -EADDRNOTAVAIL);
}

static void a_listener_can_be_bound_to_an_interface(void **state)
{
    struct fix *f = *state;
    struct ps_addr a = address("127.0.0.1", 0);
    struct ps_listener *ln;

    assert_int_equal(ps_listen(f->loop, &a, "lo", 16, fix_accept, f, &ln), 0);
    ps_listener_close(ln);
    assert_int_equal(ps_listen(f->loop, &a, "no-such-if", 16, fix_accept, f, &ln), -ENODEV);
    assert_int_equal(ps_listen(f->loop, &a, "a-name-longer-than-any-interface", 16, fix_accept, f, &ln),
                     -ENODEV);
}

static void a_port_can_be_taken_again_after_its_connections(void **state)
{
    struct fix *f = *state;
    struct ps_addr a = *ps_listener_addr(f->listener);
    int fd = accepted_pair(f);

    ps_stream_close(f->accepted, 0); // our end closes first: TIME_WAIT is here
    f->accepted = NULL;
    ps_listener_close(f->listener);
    f->listener = NULL;
    ps_loop_poll(f->loop);
    close(fd);
    assert_int_equal(ps_listen(f->loop, &a, NULL, 16, fix_accept, f, &f->listener), 0);
}

static void a_closed_listener_refuses_at_once(void **state)
{
    struct fix *f = *state;
    struct ps_addr a = *ps_listener_addr(f->listener);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ps_listener_close(f->listener);
    f->listener = NULL;
    assert_int_equal(connect(fd, &a.sa, a.len), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
}

static void accept_and_close_listener(void *ctx, struct ps_stream *s)
{
    struct fix *f = ctx;

    fix_accept(ctx, s);
    ps_listener_close(f->listener);
    f->listener = NULL;
}

static void a_listener_may_be_closed_from_its_own_callback(void **state)
{
    struct fix *f = *state;
    struct ps_addr a = address("127.0.0.1", 0);
    int one, two;

    ps_listener_close(f->listener);
    assert_int_equal(ps_listen(f->loop, &a, NULL, 16, accept_and_close_listener, f, &f->listener), 0);
    one = plain_connect(f, "127.0.0.1");
    two = plain_connect(f, "127.0.0.1");
    RUN_UNTIL(f, f->accepted);
    ps_loop_poll(f->loop);
    assert_int_equal(f->accepts, 1);
    close(one);
    close(two);
}

static void a_connection_reset_before_accept_harms_nobody(void **state)
{
    struct fix *f = *state;
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    int bad = plain_connect(f, "127.0.0.1");
    int good;

    setsockopt(bad, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(bad);
    good = plain_connect(f, "127.0.0.1");
    RUN_UNTIL(f, f->accepted);
    ps_loop_poll(f->loop);
    assert_int_equal(f->accepts, 1);
    close(good);
}

// want of descriptors

#define HOARD 4096

struct hoard {
    struct rlimit before;
    int fds[HOARD];
    int n;
};

static void take_all_descriptors(struct hoard *h)
{
    struct rlimit few;
    int fd;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &h->before), 0);
    few = h->before;
    few.rlim_cur = 256;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    h->n = 0;
    while (h->n < HOARD && (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        h->fds[h->n++] = fd;
    assert_int_equal(errno, EMFILE);
}

static void give_descriptors_back(struct hoard *h)
{
    while (h->n > 0)
        close(h->fds[--h->n]);
    setrlimit(RLIMIT_NOFILE, &h->before);
}

static void stop_loop(void *ctx)
{
    struct fix *f = ctx;

    ps_loop_stop(f->loop);
}

static void run_for(struct fix *f, ps_ns time)
{
    struct ps_timer *t;

    assert_int_equal(ps_timer_new(f->loop, &t, stop_loop, f), 0);
    ps_timer_start(t, time);
    ps_loop_run(f->loop);
    ps_timer_free(t);
}

static void without_descriptors_the_listener_waits_and_loses_nobody(void **state)
{
    struct fix *f = *state;
    struct hoard h;
    int fd = plain_connect(f, "127.0.0.1");
    clock_t busy;

    take_all_descriptors(&h);
    busy = clock();
    run_for(f, 250 * PS_MSEC);
    busy = clock() - busy;
    assert_int_equal(f->accepts, 0);
    give_descriptors_back(&h);
    assert_true(busy < CLOCKS_PER_SEC / 10); // it did not spin
    RUN_UNTIL(f, f->accepts == 1);
    close(fd);
}

static void a_listener_may_be_closed_while_it_waits_for_descriptors(void **state)
{
    struct fix *f = *state;
    struct hoard h;
    int fd = plain_connect(f, "127.0.0.1");

    take_all_descriptors(&h);
    ps_loop_poll(f->loop);
    ps_listener_close(f->listener);
    f->listener = NULL;
    give_descriptors_back(&h);
    run_for(f, 150 * PS_MSEC);
    assert_int_equal(f->accepts, 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(port_zero_becomes_a_real_port),
        TEST(every_connection_is_handed_over),
        TEST(an_ipv6_listener_serves_ipv4_under_its_own_address),
        TEST(an_explicit_ipv6_address_works),
        TEST(a_mapped_address_is_listened_on_as_ipv4),
        TEST(without_ipv6_any_means_any_ipv4),
        TEST(a_port_in_use_is_refused),
        TEST(an_address_of_another_host_is_refused),
        TEST(a_listener_can_be_bound_to_an_interface),
        TEST(a_port_can_be_taken_again_after_its_connections),
        TEST(a_closed_listener_refuses_at_once),
        TEST(a_listener_may_be_closed_from_its_own_callback),
        TEST(a_connection_reset_before_accept_harms_nobody),
        TEST(without_descriptors_the_listener_waits_and_loses_nobody),
        TEST(a_listener_may_be_closed_while_it_waits_for_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
