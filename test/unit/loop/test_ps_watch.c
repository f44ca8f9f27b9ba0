// SPDX-License-Identifier: Apache-2.0
#include "loop_fix.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "loop/ps_watch.h"

struct seen {
    struct ps_loop *loop;
    struct ps_watch *watch;
    int calls, bits;
    int free_at; // frees itself at that call
};

static void saw(void *ctx, int bits)
{
    struct seen *s = ctx;

    s->calls++;
    s->bits = bits;
    if (s->calls == s->free_at)
        ps_watch_free(s->watch);
    ps_loop_stop(s->loop);
}

static void what_is_wanted_is_told_as_long_as_it_holds(void **state)
{
    struct fix *f = *state;
    struct seen s = {.loop = f->loop};
    int p[2];

    assert_int_equal(pipe(p), 0);
    assert_int_equal(ps_watch_new(f->loop, p[0], saw, &s, &s.watch), 0);
    assert_int_equal(write(p[1], "x", 1), 1);
    ps_loop_poll(f->loop);
    assert_int_equal(s.calls, 0);
    ps_watch_set(s.watch, PS_WATCH_READ);
    run_guarded(f);
    run_guarded(f);
    assert_int_equal(s.calls, 2);
    assert_int_equal(s.bits, PS_WATCH_READ);
    ps_watch_set(s.watch, 0);
    ps_loop_poll(f->loop);
    assert_int_equal(s.calls, 2);
    ps_watch_free(s.watch);
    close(p[0]);
    close(p[1]);
}

static void room_to_write_is_told(void **state)
{
    struct fix *f = *state;
    struct seen s = {.loop = f->loop};
    int p[2];

    assert_int_equal(pipe(p), 0);
    assert_int_equal(ps_watch_new(f->loop, p[1], saw, &s, &s.watch), 0);
    ps_watch_set(s.watch, PS_WATCH_READ | PS_WATCH_WRITE);
    run_guarded(f);
    assert_true(s.bits & PS_WATCH_WRITE);
    ps_watch_free(s.watch);
    close(p[0]);
    close(p[1]);
}

static void the_other_ends_close_is_told(void **state)
{
    struct fix *f = *state;
    struct seen s = {.loop = f->loop};
    int p[2];

    assert_int_equal(pipe(p), 0);
    assert_int_equal(ps_watch_new(f->loop, p[0], saw, &s, &s.watch), 0);
    ps_watch_set(s.watch, PS_WATCH_READ);
    close(p[1]);
    run_guarded(f);
    assert_true(s.bits & PS_WATCH_READ);
    ps_watch_free(s.watch);
    close(p[0]);
}

static void it_may_be_freed_from_inside_and_the_number_used_again(void **state)
{
    struct fix *f = *state;
    struct seen a = {.loop = f->loop, .free_at = 1}, b = {.loop = f->loop};
    int p[2], fd;

    assert_int_equal(pipe(p), 0);
    assert_int_equal(write(p[1], "x", 1), 1);
    assert_int_equal(ps_watch_new(f->loop, p[0], saw, &a, &a.watch), 0);
    ps_watch_set(a.watch, PS_WATCH_READ);
    run_guarded(f);
    fd = dup(p[0]);
    close(p[0]);
    assert_int_equal(dup2(fd, p[0]), p[0]);
    close(fd);
    assert_int_equal(ps_watch_new(f->loop, p[0], saw, &b, &b.watch), 0);
    ps_watch_set(b.watch, PS_WATCH_READ);
    run_guarded(f);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 1);
    ps_watch_free(b.watch);
    close(p[0]);
    close(p[1]);
}

static void a_regular_file_cannot_be_watched(void **state)
{
    struct fix *f = *state;
    struct ps_watch *w;
    int fd = open("/proc/self/exe", O_RDONLY);

    assert_int_equal(ps_watch_new(f->loop, fd, saw, NULL, &w), -EPERM);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_wanted_is_told_as_long_as_it_holds),
        TEST(room_to_write_is_told),
        TEST(the_other_ends_close_is_told),
        TEST(it_may_be_freed_from_inside_and_the_number_used_again),
        TEST(a_regular_file_cannot_be_watched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
