// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "powstream/publish.h"

static char dir[] = "/tmp/test_publish.XXXXXX";

// The files in the directory, in no order: "a b ".
static const char *listing(const char *of)
{
    static char names[1000];
    DIR *d = opendir(of);
    names[0] = '\0';
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.')
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s ", e->d_name);
    closedir(d);
    return names;
}

static const char *content(const char *path)
{
    static char text[100];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    close(fd);
    return text;
}

// What a writer is to do, and whether the name was there while it did.
struct job {
    const char *text, *path;
    int err, seen;
};

static int write_text(void *ctx, int fd)
{
    struct job *j = ctx;
    size_t n = strlen(j->text);
    if (write(fd, j->text, n) != (ssize_t)n)
        return -errno;
    j->seen = access(j->path, F_OK) == 0;
    return j->err;
}

static int enter(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/test_publish.XXXXXX");
    umask(022);
    return mkdtemp(dir) == NULL || chdir(dir) != 0 ? -1 : 0;
}

static int leave(void **state)
{
    char command[100];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return chdir("/") != 0 || system(command) != 0 ? -1 : 0;
}

static void publishes(const char *path)
{
    struct job j = {.text = "whole", .path = path};
    struct stat st;
    assert_int_equal(publish_make(path, write_text, &j), 0);
    assert_int_equal(j.seen, 0);
    assert_string_equal(content(path), "whole");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
}

static void a_file_appears_when_it_is_whole(void **state)
{
    (void)state;
    publishes("here");
    assert_int_equal(mkdir("sub", 0755), 0);
    publishes("sub/there");
    assert_string_equal(listing("sub"), "there ");
}

static void what_could_not_be_written_leaves_nothing(void **state)
{
    struct job j = {.text = "half", .path = "f", .err = -ENOSPC};
    (void)state;
    assert_int_equal(publish_make("f", write_text, &j), -ENOSPC);
    assert_string_equal(listing("."), "");
    assert_int_equal(publish_make("nowhere/f", write_text, &j), -ENOENT);
}

static void a_name_that_is_taken_stays_as_it_is(void **state)
{
    struct job j = {.text = "new", .path = "nothing"};
    (void)state;
    publishes("f");
    assert_int_equal(publish_make("f", write_text, &j), -EEXIST);
    assert_string_equal(content("f"), "whole");
    assert_string_equal(listing("."), "f ");
}

static void a_file_may_grow_for_long_and_be_named_then(void **state)
{
    int linkable, fd = publish_open(".", &linkable);
    struct stat st;
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "records", 7), 7);
    assert_string_equal(listing("."), "");
    if (linkable) {
        assert_int_equal(publish_link(fd, "f"), 0);
        assert_int_equal(publish_link(fd, "f"), -EEXIST);
        assert_string_equal(content("f"), "records");
        assert_int_equal(stat("f", &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
    }
    close(fd);
    assert_int_equal(publish_open("nowhere", &linkable), -ENOENT);
}

// A root directory without /proc, where a file without a name can have none later either.
static int without_proc(void (*test)(void **state))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        if (chroot(".") != 0)
            _exit(77);
        test(NULL);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void where_no_file_is_nameless_a_temporary_name_serves(void **state)
{
    (void)state;
    if (geteuid() != 0)
        return; // chroot is root's
    assert_int_equal(without_proc(a_file_appears_when_it_is_whole), 0);
    assert_string_equal(listing("sub"), "there ");
    assert_int_equal(unlink("here"), 0);
    assert_int_equal(unlink("sub/there"), 0);
    assert_int_equal(rmdir("sub"), 0);
    assert_int_equal(without_proc(what_could_not_be_written_leaves_nothing), 0);
    assert_int_equal(without_proc(a_name_that_is_taken_stays_as_it_is), 0);
    assert_int_equal(unlink("f"), 0);
    assert_int_equal(without_proc(a_file_may_grow_for_long_and_be_named_then), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_appears_when_it_is_whole),
        TEST(what_could_not_be_written_leaves_nothing),
        TEST(a_name_that_is_taken_stays_as_it_is),
        TEST(a_file_may_grow_for_long_and_be_named_then),
        TEST(where_no_file_is_nameless_a_temporary_name_serves),
    };
    return cmocka_run_group_tests_name("powstream publish", tests, NULL, NULL);
}
