// SPDX-License-Identifier: Apache-2.0
// Listeners that hand out sockets, on TCP and on Unix sockets.
#include "loop_fix.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "loop/ps_stream.h"

struct taken {
    struct fix *f;
    int n, fd; // the last one
    struct ps_addr peer;
};

static void take(void *ctx, int fd, const struct ps_addr *peer)
{
    struct taken *t = ctx;

    if (t->n++ > 0)
        close(t->fd);
    t->fd = fd;
    t->peer = *peer;
    ps_loop_stop(t->f->loop);
}

static int connected(const struct sockaddr *sa, socklen_t len)
{
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, sa, len), 0);
    return fd;
}

static void check_socket(int fd)
{
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void a_socket_comes_with_its_peer(void **state)
{
    struct fix *f = *state;
    struct taken t = {.f = f};
    struct ps_listener *ln;
    struct ps_addr any, own;
    socklen_t len = sizeof own.in;
    int fd;

    assert_int_equal(ps_addr_parse("127.0.0.1", 0, &any), 0);
    assert_int_equal(ps_listen_fd(f->loop, &any, 8, take, &t, &ln), 0);
    fd = connected(&ps_listener_addr(ln)->sa, ps_listener_addr(ln)->len);
    run_guarded(f);
    check_socket(t.fd);
    assert_int_equal(getsockname(fd, &own.sa, &len), 0);
    own.len = len;
    assert_true(ps_addr_equal(&t.peer, &own));
    ps_listener_close(ln);
    close(fd);
    close(t.fd);
}

static void a_unix_socket_is_made_and_removed(void **state)
{
    struct fix *f = *state;
    struct taken t = {.f = f};
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct ps_listener *ln, *second;
    struct ps_fault fault;
    struct stat st;
    int fd;

    snprintf(sa.sun_path, sizeof sa.sun_path, "/tmp/ps_listen.%ld", (long)getpid());
    assert_int_equal(ps_listen_unix(f->loop, sa.sun_path, 0600, take, &t, &ln, &fault), 0);
    assert_int_equal(stat(sa.sun_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(ps_listen_unix(f->loop, sa.sun_path, 0600, take, &t, &second, &fault), -EADDRINUSE);
    assert_non_null(strstr(fault.text, "another process serves this socket"));
    fd = connected((struct sockaddr *)&sa, sizeof sa);
    while (t.n < 2) // the first is that of the one who asked whether somebody serves it
        run_guarded(f);
    check_socket(t.fd);
    assert_int_equal(t.peer.len, 0);
    ps_listener_close(ln);
    assert_int_equal(stat(sa.sun_path, &st), -1);
    close(fd);
    close(t.fd);
}

static void a_file_at_the_path_stays(void **state)
{
    struct fix *f = *state;
    char path[] = "/tmp/ps_listen.XXXXXX";
    struct ps_listener *ln;
    struct ps_fault fault;
    int fd = mkstemp(path);

    assert_int_equal(ps_listen_unix(f->loop, path, 0600, take, NULL, &ln, &fault), -EEXIST);
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_socket_comes_with_its_peer),
        TEST(a_unix_socket_is_made_and_removed),
        TEST(a_file_at_the_path_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
