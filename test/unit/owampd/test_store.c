// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "owampd/store.h"

#define LIMITS                               \
    "limit root with disk=100k\n"            \
    "limit sub with parent=root, disk=50k\n" \
    "assign default sub\n"

struct fixture {
    char dir[64];
    struct ow_policy *policy;
    struct ps_log log;
    char said[4096];
    struct store *store;
};

static void remember(void *ctx, enum ps_log_level level, const char *line)
{
    struct fixture *f = ctx;
    (void)level;
    size_t n = strlen(f->said);
    snprintf(f->said + n, sizeof f->said - n, "%s\n", line);
}

static void open_store(struct fixture *f)
{
    struct ps_fault fault = {""};
    struct ow_limits *limits;
    assert_int_equal(ow_limits_parse(&limits, "t.limits", LIMITS, strlen(LIMITS), NULL, &fault), 0);
    assert_int_equal(ow_policy_new(&f->policy), 0);
    assert_int_equal(ow_policy_set_limits(f->policy, limits, 1.0), 0);
    assert_int_equal(store_open(&f->store, f->dir, f->policy, &f->log, &fault), 0);
}

static void close_store(struct fixture *f)
{
    store_free(f->store);
    ow_policy_free(f->policy);
    f->store = NULL;
    f->policy = NULL;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "/tmp/test_store.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    ps_log_init(&f->log, "test");
    f->log.file = NULL;
    f->log.hook = remember;
    f->log.hook_ctx = f;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    close_store(f);
    snprintf(command, sizeof command, "rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static const struct ow_class *class_named(const struct fixture *f, const char *name)
{
    return ow_limits_by_name(ow_policy_limits(f->policy), name);
}

static void make_session(struct fixture *f, uint8_t mark, size_t octets)
{
    uint8_t sid[16] = {mark};
    char data[1000] = {0};
    int fd;
    assert_int_equal(store_create(f->store, class_named(f, "sub"), sid, octets, &fd), 0);
    assert_int_equal(write(fd, data, octets), (ssize_t)octets);
    close(fd);
}

static int find_session(struct fixture *f, uint8_t mark)
{
    uint8_t sid[16] = {mark};
    char class_name[OW_CLASS_NAME + 1];
    int fd;
    int err = store_find(f->store, sid, &fd, class_name);
    if (err == 0) {
        assert_string_equal(class_name, "sub");
        close(fd);
    }
    return err;
}

static void put_file(const struct fixture *f, const char *path, const char *text)
{
    char name[256];
    snprintf(name, sizeof name, "%s/%s", f->dir, path);
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void a_session_lies_under_its_classes_and_is_linked_in_the_catalogue(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char path[256], link[256], target[256];
    open_store(f);
    make_session(f, 0xAB, 10);
    snprintf(path, sizeof path, "%s/hierarchy/root/sub/ab000000000000000000000000000000.owp", f->dir);
    assert_int_equal(stat(path, &st), 0);
    snprintf(link, sizeof link, "%s/catalog/ab000000000000000000000000000000.owp", f->dir);
    ssize_t n = readlink(link, target, sizeof target - 1);
    assert_true(n > 0);
    target[n] = '\0';
    assert_string_equal(target, path);
    assert_int_equal(find_session(f, 0xAB), 0);
}

static void a_sid_that_is_taken_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t sid[16] = {1};
    int fd;
    open_store(f);
    make_session(f, 1, 10);
    assert_int_equal(store_create(f->store, class_named(f, "root"), (uint8_t[16]){2}, 0, &fd), 0);
    close(fd);
    assert_int_equal(store_create(f->store, class_named(f, "sub"), sid, 0, &fd), -EEXIST);
    assert_int_equal(find_session(f, 1), 0);
}

static void room_set_aside_does_not_show_in_the_size(void **state)
{
    struct fixture *f = *state;
    uint8_t sid[16] = {3};
    struct stat st;
    int fd;
    open_store(f);
    assert_int_equal(store_create(f->store, class_named(f, "sub"), sid, 1 << 20, &fd), 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 0);
    close(fd);
}

static void what_was_there_is_catalogued_and_charged_at_the_next_start(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    make_session(f, 4, 700);
    close_store(f);
    put_file(f, "catalog/stale", "x");
    open_store(f);
    assert_int_equal(find_session(f, 4), 0);
    assert_int_equal(ow_policy_used_disk(f->policy, "sub"), 700);
    assert_int_equal(ow_policy_used_disk(f->policy, "root"), 700);
    char stale[128];
    snprintf(stale, sizeof stale, "%s/catalog/stale", f->dir);
    assert_int_equal(access(stale, F_OK), -1);
}

static void strangers_are_left_alone_and_named(void **state)
{
    struct fixture *f = *state;
    char path[128];
    open_store(f);
    make_session(f, 5, 1);
    close_store(f);
    put_file(f, "hierarchy/root/sub/notes.txt", "mine");
    snprintf(path, sizeof path, "%s/hierarchy/other", f->dir);
    assert_int_equal(mkdir(path, 0755), 0);
    open_store(f);
    assert_non_null(strstr(f->said, "notes.txt"));
    assert_non_null(strstr(f->said, "hierarchy/other"));
    snprintf(path, sizeof path, "%s/hierarchy/root/sub/notes.txt", f->dir);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(find_session(f, 5), 0);
}

static void a_removed_session_is_gone_and_removing_it_again_is_no_error(void **state)
{
    struct fixture *f = *state;
    uint8_t sid[16] = {6};
    open_store(f);
    make_session(f, 6, 1);
    assert_int_equal(store_remove(f->store, sid), 0);
    assert_int_equal(find_session(f, 6), -ENOENT);
    assert_int_equal(store_remove(f->store, sid), 0);
}

static bool is_seven(void *ctx, const uint8_t sid[16])
{
    (void)ctx;
    return sid[0] == 7;
}

static void old_sessions_expire_but_those_in_use_stay(void **state)
{
    struct fixture *f = *state;
    open_store(f);
    make_session(f, 7, 100);
    make_session(f, 8, 100);
    close_store(f);
    open_store(f);
    assert_int_equal(store_expire(f->store, (int64_t)time(NULL) - 10, is_seven, NULL), 0);
    assert_int_equal(store_expire(f->store, (int64_t)time(NULL) + 10, is_seven, NULL), 1);
    assert_int_equal(find_session(f, 7), 0);
    assert_int_equal(find_session(f, 8), -ENOENT);
    assert_int_equal(ow_policy_used_disk(f->policy, "sub"), 100);
}

static void a_directory_that_is_not_there_is_a_fault_that_names_it(void **state)
{
    struct fixture *f = *state;
    struct ps_fault fault = {""};
    assert_int_equal(ow_policy_new(&f->policy), 0);
    assert_int_equal(store_open(&f->store, "/nonexistent/data", f->policy, &f->log, &fault), -ENOENT);
    assert_non_null(strstr(fault.text, "/nonexistent/data"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_lies_under_its_classes_and_is_linked_in_the_catalogue),
        TEST(a_sid_that_is_taken_is_refused),
        TEST(room_set_aside_does_not_show_in_the_size),
        TEST(what_was_there_is_catalogued_and_charged_at_the_next_start),
        TEST(strangers_are_left_alone_and_named),
        TEST(a_removed_session_is_gone_and_removing_it_again_is_no_error),
        TEST(old_sessions_expire_but_those_in_use_stay),
        TEST(a_directory_that_is_not_there_is_a_fault_that_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
