// SPDX-License-Identifier: Apache-2.0
// A folder of its own for each test. Whether the kernel gives notice, and what time it is, is this program's.
#include "loop_fix.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "loop/ps_fswatch.h"

#define SETTLE (20 * PS_MSEC)

static struct {
    bool blind;       // no notice
    const char *deny; // a folder of which it gives none
    ps_ns later;      // what the clock is ahead by
} kernel;

int inotify_init1(int flags)
{
    errno = EMFILE;
    return kernel.blind ? -1 : (int)syscall(SYS_inotify_init1, flags);
}

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    errno = ENOSPC;
    if (kernel.deny && strcmp(path, kernel.deny) == 0)
        return -1;
    return (int)syscall(SYS_inotify_add_watch, fd, path, mask);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
    int rc = (int)syscall(SYS_clock_gettime, id, ts);

    ts->tv_sec += kernel.later / PS_SEC;
    return rc;
}

struct here {
    struct fix *f;
    struct ps_fswatch *watch;
    char dir[64];
    int told;
    bool frees;
};

static struct here here;

static const char *in(const char *name)
{
    static char paths[8][PATH_MAX];
    static unsigned next;
    char *out = paths[next++ % 8];

    snprintf(out, PATH_MAX, "%s/%s", here.dir, name);
    return out;
}

static void put(const char *name, const char *text)
{
    FILE *out = fopen(in(name), "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void make_dir(const char *name)
{
    assert_int_equal(mkdir(in(name), 0755), 0);
}

static void move(const char *from, const char *to)
{
    assert_int_equal(rename(in(from), in(to)), 0);
}

static void drop(const char *name)
{
    assert_int_equal(remove(in(name)), 0);
}

static void link_to(const char *target, const char *name)
{
    assert_int_equal(symlink(target, in(name)), 0);
}

static void on_told(void *ctx)
{
    (void)ctx;
    here.told++;
    ps_loop_stop(here.f->loop);
    if (here.frees) {
        ps_fswatch_free(here.watch);
        here.watch = NULL;
    }
}

static void watch(const char *path)
{
    here.told = 0;
    assert_int_equal(ps_fswatch_new(here.f->loop, path, SETTLE, on_told, NULL, &here.watch), 0);
}

// One more time than before, and once only: what is told twice shows at the next.
static void assert_told(void)
{
    int before = here.told;

    run_guarded(here.f);
    assert_int_equal(here.told, before + 1);
}

static int begin(void **state)
{
    assert_int_equal(setup(state), 0);
    kernel.blind = false;
    kernel.deny = NULL;
    kernel.later = 0;
    here = (struct here){.f = *state, .dir = "/tmp/test_ps_fswatch.XXXXXX"};
    assert_non_null(mkdtemp(here.dir));
    return 0;
}

static int end(void **state)
{
    char command[100];

    ps_fswatch_free(here.watch);
    snprintf(command, sizeof command, "rm -rf %s", here.dir);
    assert_int_equal(system(command), 0);
    return teardown(state);
}

static void a_file_that_is_written_is_told_once(void **state)
{
    (void)state;
    put("f", "one");
    watch(in("f"));
    assert_true(ps_fswatch_is_noticed(here.watch));
    put("f", "two");
    put("f", "three");
    assert_told();
    put("f", "four");
    assert_told();
    assert_int_equal(here.told, 2);
}

static void a_file_that_is_replaced_is_told(void **state)
{
    (void)state;
    put("f", "one");
    put("f.new", "two");
    watch(in("f"));
    move("f.new", "f");
    assert_told();
    put("f", "in place"); // the new one is watched
    assert_told();
}

static void a_file_that_comes_and_goes_is_told(void **state)
{
    (void)state;
    watch(in("f"));
    put("f", "one");
    assert_told();
    drop("f");
    assert_told();
    put("f", "one");
    assert_told();
}

static void folders_may_come_later(void **state)
{
    (void)state;
    watch(in("a/b/f"));
    make_dir("a");
    make_dir("a/b");
    put("a/b/f", "one");
    assert_told();
    put("a/b/f", "two");
    assert_told();
}

static void a_folder_above_may_be_replaced(void **state)
{
    (void)state;
    make_dir("a");
    make_dir("a2");
    put("a/f", "one");
    put("a2/f", "other");
    watch(in("a/f"));
    move("a", "old");
    assert_told(); // there is nothing
    move("a2", "a");
    assert_told();
    put("old/f", "nobody looks");
    put("a/f", "again");
    assert_told();
}

static void links_are_followed(void **state)
{
    (void)state;
    make_dir("v1");
    make_dir("v2");
    put("v1/f", "one");
    put("v2/f", "two");
    link_to("v1", "now");
    link_to("now/f", "f");
    watch(in("f"));
    link_to("v2", "next");
    move("next", "now"); // as container platforms do it
    assert_told();
    put("v2/f", "three");
    assert_told();
    link_to(in("v1/f"), "g"); // absolute
    move("g", "f");
    assert_told();
    put("v1/f", "four");
    assert_told();
}

static void links_that_lead_around_are_left_alone(void **state)
{
    (void)state;
    link_to("b", "a");
    link_to("a", "b");
    watch(in("a"));
    put("c", "one");
    move("c", "b");
    assert_told();
}

static void what_is_written_behind_dots_is_told(void **state)
{
    (void)state;
    make_dir("a");
    put("f", "one");
    watch(in("a/.././a/../f"));
    put("f", "two");
    assert_told();
}

static void a_relative_path_is_taken_from_here(void **state)
{
    char cwd[PATH_MAX];

    (void)state;
    assert_non_null(getcwd(cwd, sizeof cwd));
    assert_int_equal(chdir(here.dir), 0);
    watch("f");
    assert_int_equal(chdir(cwd), 0);
    put("f", "one");
    assert_told();
}

static void what_is_in_a_folder_is_told(void **state)
{
    (void)state;
    make_dir("d");
    watch(in("d"));
    put("d/f", "one");
    assert_told();
    put("d/f", "two");
    assert_told();
    move("d/f", "d/g");
    assert_told();
    drop("d/g");
    assert_told();
    make_dir("d/sub");
    assert_told();
}

static void what_is_in_folders_below_does_not_count(void **state)
{
    (void)state;
    make_dir("d");
    make_dir("d/sub");
    watch(in("d"));
    put("d/sub/f", "one");
    put("d/f", "one");
    assert_told();
    drop("d/sub/f");
    put("d/f", "two");
    assert_told();
    assert_int_equal(here.told, 2);
}

static void neighbours_do_not_count(void **state)
{
    (void)state;
    put("f", "one");
    watch(in("f"));
    put("g", "one");
    put("ff", "one");
    drop("g");
    put("f", "two");
    assert_told();
    assert_int_equal(here.told, 1);
}

static void the_same_size_at_the_same_time_is_told(void **state)
{
    struct timespec times[2];
    struct stat st;
    int fd;

    (void)state;
    put("f", "one");
    assert_int_equal(stat(in("f"), &st), 0);
    watch(in("f"));
    fd = open(in("f"), O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    times[0] = times[1] = st.st_mtim;
    assert_int_equal(write(fd, "two", 3), 3);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    assert_told();
}

static void change_mode(const char *name, mode_t mode)
{
    assert_int_equal(chmod(in(name), mode), 0);
}

static void who_may_read_it_counts(void **state)
{
    (void)state;
    put("f", "one");
    watch(in("f"));
    change_mode("f", 0600);
    assert_told();
}

static void keep_writing(void *ctx)
{
    (void)ctx;
    put("f", here.told ? "still" : "for ever");
}

static void what_never_settles_is_told_all_the_same(void **state)
{
    struct ps_timer *writer;

    (void)state;
    put("f", "one");
    watch(in("f"));
    assert_int_equal(ps_timer_new(here.f->loop, &writer, keep_writing, NULL), 0);
    ps_timer_repeat(writer, PS_MSEC);
    assert_told();
    assert_told();
    ps_timer_free(writer);
}

static void what_was_read_meanwhile_is_not_told(void **state)
{
    (void)state;
    put("f", "one");
    watch(in("f"));
    put("f", "two");
    ps_loop_poll(here.f->loop);
    ps_fswatch_seen(here.watch);
    put("f", "three");
    assert_told();
    assert_int_equal(here.told, 1);
}

static void without_notice_it_looks(void **state)
{
    (void)state;
    kernel.blind = true;
    put("f", "one");
    watch(in("f"));
    assert_false(ps_fswatch_is_noticed(here.watch));
    put("f", "other");
    kernel.later += PS_FSWATCH_POLL + 2 * PS_SEC;
    assert_told();
}

static void where_a_folder_cannot_be_watched_it_looks_until_it_can(void **state)
{
    (void)state;
    put("f", "one");
    kernel.deny = here.dir;
    watch(in("f"));
    assert_false(ps_fswatch_is_noticed(here.watch));
    put("f", "other");
    kernel.later += PS_FSWATCH_POLL + 2 * PS_SEC;
    assert_told();
    kernel.deny = NULL;
    put("f", "and another");
    kernel.later += PS_FSWATCH_POLL + 2 * PS_SEC;
    assert_told();
    assert_true(ps_fswatch_is_noticed(here.watch));
}

static void what_was_not_noticed_is_seen_later(void **state)
{
    (void)state;
    put("f", "one");
    assert_int_equal(link(in("f"), in("g")), 0);
    watch(in("f"));
    put("g", "by another name"); // of which a folder's watch says nothing
    kernel.later += PS_FSWATCH_LOOK + 2 * PS_SEC;
    assert_told();
}

static void it_may_be_freed_when_told(void **state)
{
    (void)state;
    here.frees = true;
    watch(in("f"));
    put("f", "one");
    assert_told();
    assert_null(here.watch);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    static char path[2 * PATH_MAX];
    struct ps_fswatch *w;

    (void)state;
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    assert_int_equal(ps_fswatch_new(here.f->loop, path, 0, on_told, NULL, &w), -ENAMETOOLONG);
    path[300] = '\0'; // a name that no folder has
    watch(path);
}

#define HERE_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HERE_TEST(a_file_that_is_written_is_told_once),
        HERE_TEST(a_file_that_is_replaced_is_told),
        HERE_TEST(a_file_that_comes_and_goes_is_told),
        HERE_TEST(folders_may_come_later),
        HERE_TEST(a_folder_above_may_be_replaced),
        HERE_TEST(links_are_followed),
        HERE_TEST(links_that_lead_around_are_left_alone),
        HERE_TEST(what_is_written_behind_dots_is_told),
        HERE_TEST(a_relative_path_is_taken_from_here),
        HERE_TEST(what_is_in_a_folder_is_told),
        HERE_TEST(what_is_in_folders_below_does_not_count),
        HERE_TEST(neighbours_do_not_count),
        HERE_TEST(the_same_size_at_the_same_time_is_told),
        HERE_TEST(who_may_read_it_counts),
        HERE_TEST(what_never_settles_is_told_all_the_same),
        HERE_TEST(what_was_read_meanwhile_is_not_told),
        HERE_TEST(without_notice_it_looks),
        HERE_TEST(where_a_folder_cannot_be_watched_it_looks_until_it_can),
        HERE_TEST(what_was_not_noticed_is_seen_later),
        HERE_TEST(it_may_be_freed_when_told),
        HERE_TEST(a_path_that_is_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
