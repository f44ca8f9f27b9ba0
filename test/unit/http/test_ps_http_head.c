// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "http/ps_http_head.h"

#define FIELDS 8

// Fields as "Name: value" in pairs, ended by NULL.
static int check_of(struct ps_http_head *h, const char *method, const char *target, const char *version,
                    const struct ps_http_field *fields)
{
    const char *why = NULL;
    size_t n = 0;
    int status;

    while (fields[n].name)
        n++;
    *h = (struct ps_http_head){
        .method = method, .target = target, .version = version, .fields = fields, .nfields = n};
    status = ps_http_head_check(h, &why);
    assert_true((status == 0) == (why == NULL));
    return status;
}

static const struct ps_http_field host_only[] = {{"Host", "h"}, {NULL, NULL}};

static int check_target(struct ps_http_head *h, const char *target)
{
    return check_of(h, "GET", target, "HTTP/1.1", host_only);
}

static int check_fields(struct ps_http_head *h, const char *version, const char *n1, const char *v1,
                        const char *n2, const char *v2)
{
    const struct ps_http_field fields[] = {{"Host", "h"}, {n1, v1}, {n2, v2}, {NULL, NULL}};

    return check_of(h, "POST", "/", version, fields);
}

static int check_field(struct ps_http_head *h, const char *name, const char *value)
{
    return check_fields(h, "HTTP/1.1", name, value, NULL, NULL);
}

static void a_target_is_path_and_query(void **state)
{
    struct ps_http_head h;

    (void)state;
    assert_int_equal(check_target(&h, "/a/b?x=1?y"), 0);
    assert_int_equal(h.path_len, 4);
    assert_memory_equal(h.path, "/a/b", 4);
    assert_string_equal(h.query, "x=1?y");
    assert_int_equal(check_target(&h, "/"), 0);
    assert_null(h.query);
    assert_int_equal(check_target(&h, "/?"), 0);
    assert_string_equal(h.query, "");
}

static void the_absolute_form_is_taken(void **state)
{
    struct ps_http_head h;

    (void)state;
    assert_int_equal(check_target(&h, "http://other:80/a?b"), 0);
    assert_memory_equal(h.path, "/a", 2);
    assert_int_equal(h.path_len, 2);
    assert_string_equal(h.query, "b");
    assert_int_equal(check_target(&h, "HTTPS://other?b"), 0);
    assert_int_equal(h.path_len, 1);
    assert_memory_equal(h.path, "/", 1);
    assert_string_equal(h.query, "b");
    assert_int_equal(check_target(&h, "http://other"), 0);
    assert_memory_equal(h.path, "/", 1);
}

static void bad_targets_are_refused(void **state)
{
    static const char *const bad[] = {"",       "a",         "*",    "ftp://h/", "/a b",
                                      "/a\x7f", "/\xc3\xa4", "/a#b", "h:80"};
    struct ps_http_head h;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(check_target(&h, bad[i]), 400);
    assert_int_equal(check_of(&h, "OPTIONS", "*", "HTTP/1.1", host_only), 0);
    assert_int_equal(check_of(&h, "G T", "/", "HTTP/1.1", host_only), 400);
    assert_int_equal(check_of(&h, "", "/", "HTTP/1.1", host_only), 400);
}

static void http_1_1_needs_one_host(void **state)
{
    static const struct ps_http_field none[] = {{NULL, NULL}};
    static const char *const bad[] = {"a b", "a/b", "a,b@c", "h\xff", "<h>"};
    struct ps_http_head h;

    (void)state;
    assert_int_equal(check_of(&h, "GET", "/", "HTTP/1.1", none), 400);
    assert_int_equal(check_of(&h, "GET", "/", "HTTP/1.0", none), 0);
    assert_int_equal(check_field(&h, "host", "h"), 400);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct ps_http_field fields[] = {{"Host", bad[i]}, {NULL, NULL}};
        assert_int_equal(check_of(&h, "GET", "/", "HTTP/1.1", fields), 400);
    }
    const struct ps_http_field six[] = {{"HOST", "[2001:db8::1]:8080 "}, {NULL, NULL}};
    assert_int_equal(check_of(&h, "GET", "/", "HTTP/1.1", six), 0);
}

static void a_length_is_one_number(void **state)
{
    static const char *const bad[] = {"-1", "+1", "1,1", "0x1", "1 1", "", "9223372036854775808", "1 "};
    struct ps_http_head h;

    (void)state;
    assert_int_equal(check_field(&h, "Content-Length", "12"), 0);
    assert_int_equal(h.length, 12);
    assert_false(h.chunked);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(check_field(&h, "Content-Length", bad[i]), 400);
    assert_int_equal(check_fields(&h, "HTTP/1.1", "Content-Length", "1", "content-length", "1"), 400);
}

static void length_and_chunks_exclude_each_other(void **state)
{
    struct ps_http_head h;

    (void)state;
    assert_int_equal(check_field(&h, "Transfer-Encoding", "CHUNKED"), 0);
    assert_true(h.chunked);
    assert_int_equal(check_fields(&h, "HTTP/1.1", "Transfer-Encoding", "chunked", "Content-Length", "1"),
                     400);
    assert_int_equal(check_fields(&h, "HTTP/1.1", "Content-Length", "1", "Transfer-Encoding", "chunked"),
                     400);
    assert_int_equal(check_fields(&h, "HTTP/1.1", "Transfer-Encoding", "chunked", "Transfer-Encoding", "x"),
                     501);
    assert_int_equal(check_field(&h, "Transfer-Encoding", "gzip, chunked"), 501);
    assert_int_equal(check_field(&h, "Transfer-Encoding", "chunked "), 501);
    assert_int_equal(check_field(&h, "Transfer-Encoding", ""), 501);
    assert_int_equal(check_fields(&h, "HTTP/1.0", "Transfer-Encoding", "chunked", NULL, NULL), 400);
}

static void names_are_words_and_values_hold_no_control_characters(void **state)
{
    static const char *const names[] = {"A ", " A", "", "A\t", "A:B", "A(", "\xc3\xa4", "A\"B"};
    static const char *const values[] = {"a\rb", "a\nb", "\x01", "a\x7f"};
    struct ps_http_head h;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(check_field(&h, names[i], "x"), 400);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_int_equal(check_field(&h, "X", values[i]), 400);
    assert_int_equal(check_field(&h, "X-Y_z.1!", "a\tb \xc3\xa4"), 0);
}

static void only_100_continue_can_be_expected(void **state)
{
    struct ps_http_head h;

    (void)state;
    assert_int_equal(check_field(&h, "Expect", "100-Continue"), 0);
    assert_true(h.expects);
    assert_int_equal(check_field(&h, "Expect", "200-ok"), 417);
    assert_int_equal(check_field(&h, "X", "y"), 0);
    assert_false(h.expects);
}

static void lists_have_names_unless_their_quality_is_zero(void **state)
{
    (void)state;
    assert_true(ps_http_list_has("gzip", "gzip"));
    assert_true(ps_http_list_has("br;q=1.0, GZIP;q=0.8, *;q=0.1", "gzip"));
    assert_true(ps_http_list_has(" deflate ,gzip ; q=0.001", "gzip"));
    assert_false(ps_http_list_has("gzip;q=0", "gzip"));
    assert_false(ps_http_list_has("gzip;q=0.000, br", "gzip"));
    assert_false(ps_http_list_has("xgzip, gzipx, br", "gzip"));
    assert_false(ps_http_list_has("", "gzip"));
    assert_false(ps_http_list_has(", ,;", "gzip"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_is_path_and_query),
        cmocka_unit_test(the_absolute_form_is_taken),
        cmocka_unit_test(bad_targets_are_refused),
        cmocka_unit_test(http_1_1_needs_one_host),
        cmocka_unit_test(a_length_is_one_number),
        cmocka_unit_test(length_and_chunks_exclude_each_other),
        cmocka_unit_test(names_are_words_and_values_hold_no_control_characters),
        cmocka_unit_test(only_100_continue_can_be_expected),
        cmocka_unit_test(lists_have_names_unless_their_quality_is_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
