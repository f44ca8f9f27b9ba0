// SPDX-License-Identifier: Apache-2.0
// The copy on disk.
#include "mirror_fix.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

static void put_copy(const char *text)
{
    FILE *out = fopen(seen.path, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void the_copy_is_in_force_after_a_restart(void **state)
{
    struct ps_mirror_state st;
    struct stat file;

    (void)state;
    seen.etag = "\"v1\"";
    start();
    after(1);
    wait_for_copy();
    assert_int_equal(stat(seen.path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    seen.doc[0] = '\0';
    restart();
    assert_int_equal(seen.taken, 1); // at once
    assert_true(seen.from_disk);
    assert_string_equal(seen.doc, "192.0.2.0/24\n");
    ps_mirror_get(seen.mirror, &st);
    assert_true(st.in_force && st.from_disk);
    assert_true(st.fetched == file.st_mtim.tv_sec * PS_SEC + file.st_mtim.tv_nsec);
    st = after(1);
    assert_string_equal(seen.condition, "\"v1\"");
    assert_false(st.from_disk);
    assert_true(st.fetched > file.st_mtim.tv_sec * PS_SEC + file.st_mtim.tv_nsec);
    assert_int_equal(seen.taken, 1);
}

static void without_a_network_its_age_is_told(void **state)
{
    struct timespec old[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
    struct ps_mirror_state st;

    (void)state;
    start();
    after(1);
    wait_for_copy();
    assert_int_equal(utimensat(AT_FDCWD, seen.path, old, 0), 0);
    seen.status = 503;
    restart();
    st = after(1);
    assert_true(st.in_force && st.from_disk);
    assert_true(st.fetched == INT64_C(1700000000) * PS_SEC);
    assert_true(st.age > INT64_C(94000000) * PS_SEC);
    assert_int_equal(st.err, PS_EREFUSED);
}

static void that_it_is_still_the_same_is_kept_on_disk(void **state)
{
    struct timespec old[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
    struct stat st;

    (void)state;
    seen.etag = "\"v1\"";
    start();
    after(1);
    wait_for_copy();
    assert_int_equal(utimensat(AT_FDCWD, seen.path, old, 0), 0);
    again();
    POLL_UNTIL(seen.f, stat(seen.path, &st) == 0 && st.st_mtim.tv_sec > 1700000000);
    assert_int_equal(seen.taken, 1);
}

static void a_copy_that_was_removed_is_written_again(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    seen.etag = "\"v1\"";
    start();
    after(1);
    wait_for_copy();
    assert_int_equal(unlink(seen.path), 0);
    again();
    POLL_UNTIL(seen.f, (ps_mirror_get(seen.mirror, &st), st.disk_err == -ENOENT));
    again();
    assert_string_equal(seen.condition, "");
    wait_for_copy();
}

static void a_copy_of_another_url_does_not_count(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    put_copy("psuite-mirror 1\nurl: http://elsewhere.example/list\n\n0.0.0.0/0\n");
    seen.status = 500;
    start();
    assert_int_equal(seen.taken, 0);
    st = after(1);
    assert_false(st.in_force);
    assert_int_equal(st.disk_err, 0);
}

static void a_copy_that_is_damaged_is_told_and_written_over(void **state)
{
    struct ps_mirror_state st;
    char text[400];

    (void)state;
    put_copy("psuite-mirror 1\nurl: http");
    start();
    assert_int_equal(seen.taken, 0);
    ps_mirror_get(seen.mirror, &st);
    assert_int_equal(st.disk_err, PS_EMALFORMED);
    after(1);
    POLL_UNTIL(seen.f, (ps_mirror_get(seen.mirror, &st), st.disk_err == 0));
    snprintf(text, sizeof text, "psuite-mirror 1\nurl: %s\n\n", seen.url); // empty, as no document may be
    put_copy(text);
    restart();
    ps_mirror_get(seen.mirror, &st);
    assert_int_equal(st.disk_err, PS_EMALFORMED);
    after(1);
}

static void a_copy_that_the_user_refuses_is_not_in_force(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    start();
    after(1);
    wait_for_copy();
    seen.refuse = PS_ESYNTAX;
    restart();
    ps_mirror_get(seen.mirror, &st);
    assert_false(st.in_force);
    assert_int_equal(st.disk_err, PS_ESYNTAX);
    assert_string_equal(seen.condition, "");
    after(1);
}

static void a_copy_may_be_put_off(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    start();
    after(1);
    wait_for_copy();
    seen.refuse = PS_MIRROR_LATER;
    restart();
    for (int i = 0; i < 10; i++)
        ps_loop_poll(seen.f->loop);
    assert_int_equal(seen.asked, 1); // it waits
    seen.refuse = 0;
    ps_mirror_decide(seen.mirror, 0, NULL);
    ps_mirror_get(seen.mirror, &st);
    assert_true(st.in_force && st.from_disk);
    after(1);
}

static void limit_files(rlim_t octets)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = octets;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_leaves_the_copy_before(void **state)
{
    struct ps_mirror_state st;
    char temp[200];

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    start();
    after(1);
    wait_for_copy();
    limit_files(20);
    seen.body = "198.51.100.0/24\n";
    assert_true(again().in_force);
    POLL_UNTIL(seen.f, (ps_mirror_get(seen.mirror, &st), st.disk_err == -EFBIG));
    limit_files(RLIM_INFINITY);
    snprintf(temp, sizeof temp, "%s.tmp", seen.path);
    assert_int_not_equal(access(temp, F_OK), 0);
    seen.status = 500;
    restart();
    assert_string_equal(seen.doc, "192.0.2.0/24\n");
    after(1);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct ps_mirror_state st;

    (void)state;
    seen.conf.path = "/nonexistent/folder/copy";
    start();
    st = after(1);
    assert_true(st.in_force);
    POLL_UNTIL(seen.f, (ps_mirror_get(seen.mirror, &st), st.disk_err == -ENOENT));
}

static void without_a_path_nothing_is_written(void **state)
{
    (void)state;
    seen.conf.path = NULL;
    start();
    assert_true(after(1).in_force);
    assert_false(has_copy());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SEEN_TEST(the_copy_is_in_force_after_a_restart),
        SEEN_TEST(without_a_network_its_age_is_told),
        SEEN_TEST(that_it_is_still_the_same_is_kept_on_disk),
        SEEN_TEST(a_copy_that_was_removed_is_written_again),
        SEEN_TEST(a_copy_of_another_url_does_not_count),
        SEEN_TEST(a_copy_that_is_damaged_is_told_and_written_over),
        SEEN_TEST(a_copy_that_the_user_refuses_is_not_in_force),
        SEEN_TEST(a_copy_may_be_put_off),
        SEEN_TEST(a_full_disk_leaves_the_copy_before),
        SEEN_TEST(a_folder_that_is_not_there_is_told),
        SEEN_TEST(without_a_path_nothing_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
