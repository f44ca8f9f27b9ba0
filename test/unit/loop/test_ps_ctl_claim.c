// SPDX-License-Identifier: Apache-2.0
#include "ctl_fix.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>

#define STARTERS 8
#define SWAPS 1000

struct starter {
    pthread_t thread;
    const char *path;
    pthread_barrier_t *barrier;
    int err;
};

// A daemon that starts together with others, and stays until all have tried.
static void *starter_run(void *arg)
{
    struct starter *s = arg;
    struct ps_fault fault;
    struct ps_loop *loop;
    struct ps_ctl *ctl = NULL;

    pthread_barrier_wait(s->barrier);
    s->err = ps_loop_new(&loop);
    if (s->err == 0)
        s->err = ps_ctl_listen(loop, s->path, PS_CTL_MODE, fix_request, NULL, &ctl, &fault);
    pthread_barrier_wait(s->barrier);
    ps_ctl_close(ctl);
    ps_loop_free(loop);
    return NULL;
}

// Puts the text of a fault behind the path of the fixture.
static void check_fault(const struct fix *f, const char *text)
{
    char expected[512];

    snprintf(expected, sizeof expected, "%s: %s", f->path, text);
    assert_string_equal(f->fault.text, expected);
}

// What a process that was killed leaves behind.
static void leave_stale(const struct fix *f)
{
    struct sockaddr_un sa = address(f->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    close(fd);
}

static void the_mode_is_as_asked(void **state)
{
    struct fix *f = *state;
    mode_t old;
    struct stat st;

    assert_int_equal(lstat(f->path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0660);
    fix_close(f);
    old = umask(0777);
    assert_int_equal(ps_ctl_listen(f->loop, f->path, 0606, fix_request, f, &f->ctl, &f->fault), 0);
    assert_int_equal(umask(old), 0777);
    assert_int_equal(lstat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0606);
}

struct swapper {
    pthread_t thread;
    char path[64], link[64], victim[64];
    atomic_bool over;
};

// Whose folder it is puts a link to another file in the socket's place, again and again.
static void *swap(void *arg)
{
    struct swapper *s = arg;

    while (!atomic_load(&s->over))
        if (symlink(s->victim, s->link) == 0)
            rename(s->link, s->path);
    unlink(s->path);
    return NULL;
}

static void swapper_start(struct swapper *s, const struct fix *f)
{
    int fd;

    snprintf(s->path, sizeof s->path, "%s", f->path);
    snprintf(s->link, sizeof s->link, "%s.link", f->path);
    snprintf(s->victim, sizeof s->victim, "%s.victim", f->path);
    fd = open(s->victim, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(pthread_create(&s->thread, NULL, swap, s), 0);
}

static void a_link_that_takes_its_place_meanwhile_is_not_followed(void **state)
{
    struct fix *f = *state;
    struct swapper s = {.over = false};
    struct stat st = {.st_mode = 0600};

    fix_close(f);
    swapper_start(&s, f);
    for (int i = 0; i < SWAPS; i++) {
        unlink(f->path);
        if (ps_ctl_listen(f->loop, f->path, 0666, fix_request, f, &f->ctl, &f->fault) == 0)
            fix_close(f);
        ps_loop_poll(f->loop);
    }
    atomic_store(&s.over, true);
    pthread_join(s.thread, NULL);
    assert_int_equal(lstat(s.victim, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    unlink(s.victim);
}

static void a_socket_that_is_served_is_refused(void **state)
{
    struct fix *f = *state;
    struct ps_ctl *second = NULL;
    int fd;

    assert_int_equal(ps_ctl_listen(f->loop, f->path, 0600, fix_request, f, &second, &f->fault), -EADDRINUSE);
    check_fault(f, "another process serves this socket");
    assert_null(second);
    fd = client(f);
    f->echo = true;
    say(fd, "unharmed\n");
    check_heard(f, fd, "unharmed\n");
    close(fd);
}

static void a_socket_of_a_process_that_is_gone_is_replaced(void **state)
{
    struct fix *f = *state;
    int fd;

    fix_close(f);
    leave_stale(f);
    assert_int_equal(fix_listen(f), 0);
    fd = client(f);
    f->echo = true;
    say(fd, "mine\n");
    check_heard(f, fd, "mine\n");
    close(fd);
}

static void of_many_that_start_at_once_one_gets_the_socket(void **state)
{
    struct fix *f = *state;
    struct starter s[STARTERS];
    pthread_barrier_t barrier;
    int served = 0, refused = 0;

    fix_close(f);
    leave_stale(f);
    pthread_barrier_init(&barrier, NULL, STARTERS);
    for (size_t i = 0; i < STARTERS; i++) {
        s[i] = (struct starter){.path = f->path, .barrier = &barrier};
        assert_int_equal(pthread_create(&s[i].thread, NULL, starter_run, &s[i]), 0);
    }
    for (size_t i = 0; i < STARTERS; i++) {
        pthread_join(s[i].thread, NULL);
        served += s[i].err == 0;
        refused += s[i].err == -EADDRINUSE;
    }
    pthread_barrier_destroy(&barrier);
    assert_int_equal(served, 1);
    assert_int_equal(refused, STARTERS - 1);
}

static void what_is_no_socket_stays(void **state)
{
    struct fix *f = *state;
    struct stat st;
    int fd;

    fix_close(f);
    fd = open(f->path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(fix_listen(f), -EEXIST);
    check_fault(f, "is something else than a socket, and stays; remove it or choose another path");
    assert_int_equal(lstat(f->path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
}

static void a_link_stays_wherever_it_leads(void **state)
{
    struct fix *f = *state;
    struct stat st;

    fix_close(f);
    assert_int_equal(symlink("/nonexistent/control", f->path), 0);
    assert_int_equal(fix_listen(f), -EEXIST);
    assert_int_equal(lstat(f->path, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void a_socket_of_another_kind_that_is_in_use_is_refused(void **state)
{
    struct fix *f = *state;
    struct sockaddr_un sa = address(f->path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    fix_close(f);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    assert_int_equal(fix_listen(f), -EADDRINUSE);
    close(fd);
}

static void a_path_that_is_too_long_is_told_with_the_bound(void **state)
{
    struct fix *f = *state;
    char path[200];
    struct ps_ctl *ctl;

    memset(path, 'x', sizeof path);
    path[108] = '\0';
    assert_int_equal(ps_ctl_listen(f->loop, path, 0600, fix_request, f, &ctl, &f->fault), -ENAMETOOLONG);
    assert_string_equal(f->fault.text + 108, ": a socket's path has at most 107 octets; this one has 108");
    assert_int_equal(ps_ctl_listen(f->loop, "", 0600, fix_request, f, &ctl, &f->fault), -EINVAL);
    assert_string_equal(f->fault.text, "the path of the socket is empty");
}

static void a_directory_that_is_not_there_is_told(void **state)
{
    struct fix *f = *state;
    struct ps_ctl *ctl;

    assert_int_equal(ps_ctl_listen(f->loop, "/nonexistent/c", 0600, fix_request, f, &ctl, &f->fault),
                     -ENOENT);
    assert_string_equal(f->fault.text, "/nonexistent/c: cannot make the socket: No such file or directory");
}

static void closing_removes_the_socket(void **state)
{
    struct fix *f = *state;
    struct stat st;

    fix_close(f);
    assert_int_equal(lstat(f->path, &st), -1);
}

static void closing_leaves_what_has_taken_its_place(void **state)
{
    struct fix *f = *state;
    struct ps_ctl *old = f->ctl;
    char aside[64];
    int fd;

    // Ours is kept under another name, so that its inode is not given to the new one.
    snprintf(aside, sizeof aside, "%s.aside", f->path);
    assert_int_equal(rename(f->path, aside), 0);
    assert_int_equal(fix_listen(f), 0);
    ps_ctl_close(old);
    fd = client(f);
    close(fd);
    unlink(aside);
}

static void a_lock_that_is_held_for_ever_does_not_stop_the_daemon(void **state)
{
    struct fix *f = *state;
    int fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    fix_close(f);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(fix_listen(f), 0);
    close(fd);
}

static void no_lock_is_left_behind(void **state)
{
    struct fix *f = *state;
    int fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_mode_is_as_asked),
        TEST(a_link_that_takes_its_place_meanwhile_is_not_followed),
        TEST(a_socket_that_is_served_is_refused),
        TEST(a_socket_of_a_process_that_is_gone_is_replaced),
        TEST(of_many_that_start_at_once_one_gets_the_socket),
        TEST(what_is_no_socket_stays),
        TEST(a_link_stays_wherever_it_leads),
        TEST(a_socket_of_another_kind_that_is_in_use_is_refused),
        TEST(a_path_that_is_too_long_is_told_with_the_bound),
        TEST(a_directory_that_is_not_there_is_told),
        TEST(closing_removes_the_socket),
        TEST(closing_leaves_what_has_taken_its_place),
        TEST(a_lock_that_is_held_for_ever_does_not_stop_the_daemon),
        TEST(no_lock_is_left_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
