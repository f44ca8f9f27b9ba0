// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "http/ps_route.h"

struct fix {
    struct ps_routes *routes;
    char scratch[512];
    struct ps_route_hit hit;
    int values[16];
};

static int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_int_equal(ps_routes_new(&f->routes), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;

    ps_routes_free(f->routes);
    free(f);
    return 0;
}

static int add(struct fix *f, unsigned methods, const char *pattern, int i)
{
    return ps_routes_add(f->routes, methods, pattern, &f->values[i]);
}

static int find(struct fix *f, unsigned method, const char *path)
{
    return ps_routes_find(f->routes, method, path, strlen(path), f->scratch, &f->hit);
}

static void check_find(struct fix *f, const char *path, int i)
{
    assert_int_equal(find(f, PS_HTTP_GET, path), 0);
    assert_ptr_equal(f->hit.value, &f->values[i]);
}

static void names_stand_for_segments(void **state)
{
    struct fix *f = *state;

    assert_int_equal(add(f, PS_HTTP_GET, "/esmond/perfsonar/archive/{key}/{event-type}/base", 1), 0);
    check_find(f, "/esmond/perfsonar/archive/abc/packet-loss/base", 1);
    assert_int_equal(f->hit.nargs, 2);
    assert_string_equal(f->hit.args[0].name, "key");
    assert_string_equal(f->hit.args[0].value, "abc");
    assert_string_equal(f->hit.args[1].name, "event-type");
    assert_string_equal(f->hit.args[1].value, "packet-loss");
    assert_int_equal(find(f, PS_HTTP_GET, "/esmond/perfsonar/archive/abc/packet-loss"), PS_ENOTFOUND);
    assert_int_equal(find(f, PS_HTTP_GET, "/esmond/perfsonar/archive//packet-loss/base"), PS_ENOTFOUND);
}

static void a_slash_at_the_end_means_nothing(void **state)
{
    struct fix *f = *state;

    assert_int_equal(add(f, PS_HTTP_GET, "/a/b/", 1), 0);
    assert_int_equal(add(f, PS_HTTP_GET, "/a/{x}/c", 2), 0);
    assert_int_equal(add(f, PS_HTTP_GET, "/", 3), 0);
    check_find(f, "/a/b", 1);
    check_find(f, "/a/b/", 1);
    check_find(f, "/a/q/c/", 2);
    check_find(f, "/", 3);
    assert_int_equal(find(f, PS_HTTP_GET, "/a/b//"), PS_ENOTFOUND);
    assert_int_equal(find(f, PS_HTTP_GET, "//"), PS_ENOTFOUND);
}

static void slashes_may_be_merged(void **state)
{
    struct fix *f = *state;

    assert_int_equal(add(f, PS_HTTP_GET, "/a/{x}", 1), 0);
    assert_int_equal(add(f, PS_HTTP_GET, "/", 2), 0);
    ps_routes_merge_slashes(f->routes);
    check_find(f, "//a///b//", 1);
    assert_string_equal(f->hit.args[0].value, "b");
    check_find(f, "///", 2);
}

static void segments_are_compared_decoded(void **state)
{
    struct fix *f = *state;

    assert_int_equal(add(f, PS_HTTP_GET, "/a/{x}", 1), 0);
    check_find(f, "/%61/b%2Fc%20d", 1);
    assert_string_equal(f->hit.args[0].value, "b/c d");
}

static void what_says_more_wins(void **state)
{
    struct fix *f = *state;

    assert_int_equal(add(f, PS_HTTP_GET, "/t/{id}/runs/{run}", 1), 0);
    assert_int_equal(add(f, PS_HTTP_GET, "/t/{id}/runs/first", 2), 0);
    assert_int_equal(add(f, PS_HTTP_GET, "/t/{rest...}", 3), 0);
    assert_int_equal(add(f, PS_HTTP_GET, "/t/all/runs/{run}", 4), 0);
    check_find(f, "/t/1/runs/2", 1);
    check_find(f, "/t/1/runs/first", 2);
    check_find(f, "/t/1/other", 3);
    check_find(f, "/t/all/runs/first", 4);
}

static void the_rest_of_a_path_may_be_anything(void **state)
{
    struct fix *f = *state;

    assert_int_equal(add(f, PS_HTTP_GET, "/files/{name...}", 1), 0);
    check_find(f, "/files/a/b%20c/d", 1);
    assert_string_equal(f->hit.args[0].value, "a/b c/d");
    check_find(f, "/files/", 1);
    assert_string_equal(f->hit.args[0].value, "");
    check_find(f, "/files", 1);
    assert_string_equal(f->hit.args[0].value, "");
}

static void a_method_that_is_not_served_is_told_from_a_path_that_is_not_there(void **state)
{
    struct fix *f = *state;

    assert_int_equal(add(f, PS_HTTP_GET | PS_HTTP_PUT, "/a/{x}", 1), 0);
    assert_int_equal(add(f, PS_HTTP_POST, "/a/b", 2), 0);
    assert_int_equal(find(f, PS_HTTP_DELETE, "/a/b"), PS_EUNSUPPORTED);
    assert_int_equal(f->hit.allowed, PS_HTTP_GET | PS_HTTP_PUT | PS_HTTP_POST);
    assert_ptr_equal(f->hit.value, &f->values[2]);
    assert_int_equal(find(f, 0, "/a/c"), PS_EUNSUPPORTED);
    assert_int_equal(f->hit.allowed, PS_HTTP_GET | PS_HTTP_PUT);
    assert_int_equal(find(f, PS_HTTP_GET, "/b"), PS_ENOTFOUND);
    assert_int_equal(find(f, PS_HTTP_PUT, "/a/b"), 0); // the other pattern serves it
    assert_ptr_equal(f->hit.value, &f->values[1]);
}

static void bad_paths_are_refused(void **state)
{
    static const char *const bad[] = {"",    "a",       "/%",        "/%0", "/%zz/", "/a%00",
                                      "/..", "/a/../b", "/%2e%2E/b", "/.",  "/./a"};
    struct fix *f = *state;

    assert_int_equal(add(f, PS_HTTP_GET, "/{all...}", 1), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(find(f, PS_HTTP_GET, bad[i]), PS_EMALFORMED);
    assert_int_equal(ps_routes_find(f->routes, PS_HTTP_GET, "/a\0b", 4, f->scratch, &f->hit), PS_EMALFORMED);
}

static void a_path_of_very_many_segments_fits_nothing(void **state)
{
    struct fix *f = *state;
    char path[201];

    for (int i = 0; i < 100; i++)
        memcpy(path + 2 * i, "/a", 3);
    assert_int_equal(add(f, PS_HTTP_GET, "/{all...}", 1), 0);
    assert_int_equal(find(f, PS_HTTP_GET, path), PS_ENOTFOUND);
}

static void what_is_no_pattern_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "a",
                                      "/a//b",
                                      "/{}",
                                      "/{a",
                                      "/{A}",
                                      "/a{b}",
                                      "/{a}b",
                                      "/a%20",
                                      "/{x...}/b",
                                      "/{...}",
                                      "//",
                                      "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}"};
    struct fix *f = *state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (add(f, PS_HTTP_GET, bad[i], 1) != PS_ESYNTAX)
            fail_msg("taken: %s", bad[i]);
}

static void a_pattern_is_taken_once_for_a_method(void **state)
{
    struct fix *f = *state;

    assert_int_equal(add(f, PS_HTTP_GET, "/a/{x}", 1), 0);
    assert_int_equal(add(f, PS_HTTP_GET | PS_HTTP_PUT, "/a/{y}/", 2), PS_EDUPLICATE);
    assert_int_equal(add(f, PS_HTTP_PUT, "/a/{y}", 2), 0);
    assert_int_equal(add(f, PS_HTTP_GET, "/a/{y...}", 3), 0);
}

static void methods_have_names(void **state)
{
    char out[PS_HTTP_ALLOW];

    (void)state;
    assert_int_equal(ps_http_method("GET"), PS_HTTP_GET);
    assert_int_equal(ps_http_method("HEAD"), PS_HTTP_GET);
    assert_int_equal(ps_http_method("get"), 0);
    assert_int_equal(ps_http_method("TRACE"), 0);
    assert_string_equal(ps_http_allow(31, out), "GET, HEAD, PUT, POST, DELETE, PATCH, OPTIONS");
    assert_string_equal(ps_http_allow(PS_HTTP_POST, out), "POST, OPTIONS");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(names_stand_for_segments),
        TEST(a_slash_at_the_end_means_nothing),
        TEST(slashes_may_be_merged),
        TEST(segments_are_compared_decoded),
        TEST(what_says_more_wins),
        TEST(the_rest_of_a_path_may_be_anything),
        TEST(a_method_that_is_not_served_is_told_from_a_path_that_is_not_there),
        TEST(bad_paths_are_refused),
        TEST(a_path_of_very_many_segments_fits_nothing),
        TEST(what_is_no_pattern_is_refused),
        TEST(a_pattern_is_taken_once_for_a_method),
        TEST(methods_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
