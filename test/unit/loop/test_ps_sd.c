// SPDX-License-Identifier: Apache-2.0
// A datagram socket stands in for systemd.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "loop/ps_sd.h"

struct manager {
    char dir[32];
    char path[64];
    int fd;
};

static int listen_at(const char *name, size_t n)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    memcpy(sa.sun_path, name, n);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
    return fd;
}

static int setup(void **state)
{
    struct manager *m = calloc(1, sizeof *m);

    assert_non_null(m);
    strcpy(m->dir, "/tmp/test_ps_sd.XXXXXX");
    assert_non_null(mkdtemp(m->dir));
    snprintf(m->path, sizeof m->path, "%s/notify", m->dir);
    m->fd = listen_at(m->path, strlen(m->path));
    setenv("NOTIFY_SOCKET", m->path, 1);
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    struct manager *m = *state;

    unsetenv("NOTIFY_SOCKET");
    close(m->fd);
    unlink(m->path);
    rmdir(m->dir);
    free(m);
    return 0;
}

static void assert_told(int fd, const char *want)
{
    char got[256];
    ssize_t n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);

    assert_true(n >= 0);
    got[n] = '\0';
    assert_string_equal(got, want);
}

static void a_state_arrives_as_one_datagram(void **state)
{
    struct manager *m = *state;

    assert_int_equal(ps_sd_notify("READY=1"), 0);
    assert_int_equal(ps_sd_notify("RELOADING=1\nMONOTONIC_USEC=17"), 0);
    assert_told(m->fd, "READY=1");
    assert_told(m->fd, "RELOADING=1\nMONOTONIC_USEC=17");
}

static void a_reload_says_when_it_began(void **state)
{
    struct manager *m = *state;
    struct timespec before, after;
    long long at;
    char got[256] = "";

    clock_gettime(CLOCK_MONOTONIC, &before);
    ps_sd_reloading();
    assert_true(recv(m->fd, got, sizeof got - 1, MSG_DONTWAIT) > 0);
    assert_int_equal(sscanf(got, "RELOADING=1\nMONOTONIC_USEC=%lld", &at), 1);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_in_range(at, before.tv_sec * 1000000LL + before.tv_nsec / 1000,
                    after.tv_sec * 1000000LL + after.tv_nsec / 1000);
}

static void without_a_socket_nothing_happens(void **state)
{
    struct manager *m = *state;
    char c;

    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(ps_sd_notify("READY=1"), 0);
    setenv("NOTIFY_SOCKET", "", 1);
    assert_int_equal(ps_sd_notify("READY=1"), 0);
    assert_int_equal(recv(m->fd, &c, 1, MSG_DONTWAIT), -1);
}

static void an_abstract_name_is_understood(void **state)
{
    char name[64];
    int n = snprintf(name, sizeof name, "@test_ps_sd.%ld", (long)getpid());
    int fd;

    (void)state;
    setenv("NOTIFY_SOCKET", name, 1);
    name[0] = '\0';
    fd = listen_at(name, (size_t)n);
    assert_int_equal(ps_sd_notify("STOPPING=1"), 0);
    assert_told(fd, "STOPPING=1");
    close(fd);
}

static void a_socket_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
    assert_int_equal(ps_sd_notify("READY=1"), -ENOENT);
}

static void addresses_of_other_kinds_are_refused(void **state)
{
    (void)state;
    setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
    assert_int_equal(ps_sd_notify("READY=1"), -EAFNOSUPPORT);
    setenv("NOTIFY_SOCKET", "relative/path", 1);
    assert_int_equal(ps_sd_notify("READY=1"), -EAFNOSUPPORT);
}

static void a_path_too_long_is_refused(void **state)
{
    char path[300];

    (void)state;
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    setenv("NOTIFY_SOCKET", path, 1);
    assert_int_equal(ps_sd_notify("READY=1"), -ENAMETOOLONG);
}

static void a_manager_that_does_not_read_holds_nobody_up(void **state)
{
    struct timespec begin, end;
    int rc = 0;

    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < 100000 && rc == 0; i++)
        rc = ps_sd_notify("STATUS=busy");
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_int_equal(rc, -EAGAIN);
    assert_in_range(end.tv_sec - begin.tv_sec, 0, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_state_arrives_as_one_datagram),
        TEST(a_reload_says_when_it_began),
        TEST(without_a_socket_nothing_happens),
        TEST(an_abstract_name_is_understood),
        TEST(a_socket_that_is_not_there_is_an_error),
        TEST(addresses_of_other_kinds_are_refused),
        TEST(a_path_too_long_is_refused),
        TEST(a_manager_that_does_not_read_holds_nobody_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
