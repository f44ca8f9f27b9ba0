// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "http/ps_url.h"

static const char *text_of(struct ps_buf *b)
{
    assert_int_equal(ps_buf_append(b, "", 1), 0);
    return (const char *)ps_buf_head(b);
}

static int parse(const char *text, struct ps_url *u)
{
    return ps_url_parse(u, text, strlen(text));
}

static void check_round(const char *text, const char *expected)
{
    struct ps_buf out;
    struct ps_url u;

    ps_buf_init(&out, 0);
    assert_int_equal(parse(text, &u), 0);
    assert_int_equal(ps_url_format(&u, false, &out), 0);
    assert_string_equal(text_of(&out), expected);
    ps_url_fini(&u);
    ps_buf_fini(&out);
}

static void a_url_comes_apart(void **state)
{
    struct ps_url u;

    (void)state;
    assert_int_equal(parse("HTTPS://me:pw@Host.Example:8443/a/b%20c?x=1&y#z", &u), 0);
    assert_string_equal(u.scheme, "https");
    assert_string_equal(u.user, "me:pw");
    assert_string_equal(u.host, "host.example");
    assert_int_equal(u.port, 8443);
    assert_string_equal(u.path, "/a/b%20c");
    assert_string_equal(u.query, "x=1&y");
    assert_string_equal(u.fragment, "z");
    ps_url_fini(&u);
}

static void parts_that_are_not_there_are_told_from_empty_ones(void **state)
{
    struct ps_url u;

    (void)state;
    assert_int_equal(parse("http://h", &u), 0);
    assert_string_equal(u.path, "");
    assert_null(u.query);
    assert_null(u.fragment);
    assert_null(u.user);
    assert_int_equal(u.port, 0);
    assert_int_equal(ps_url_port(&u), 80);
    ps_url_fini(&u);
    assert_int_equal(parse("https://h:?#", &u), 0);
    assert_string_equal(u.query, "");
    assert_string_equal(u.fragment, "");
    assert_int_equal(ps_url_port(&u), 443);
    ps_url_fini(&u);
}

static void an_ipv6_literal_loses_its_brackets_and_gets_them_back(void **state)
{
    struct ps_url u;

    (void)state;
    assert_int_equal(parse("http://[2001:DB8::1]:8080/x", &u), 0);
    assert_string_equal(u.host, "2001:db8::1");
    assert_true(u.literal6);
    ps_url_fini(&u);
    check_round("http://[2001:DB8::1]:8080/x", "http://[2001:db8::1]:8080/x");
}

static void a_url_is_written_as_it_was_read(void **state)
{
    (void)state;
    check_round("http://h", "http://h");
    check_round("http://h?", "http://h?");
    check_round("http://u@h/?a#", "http://u@h/?a#");
    check_round("https://h:443/%41", "https://h:443/%41");
}

static void a_user_can_be_left_out(void **state)
{
    struct ps_buf out;
    struct ps_url u;

    (void)state;
    ps_buf_init(&out, 0);
    assert_int_equal(parse("http://me:pw@h/x", &u), 0);
    assert_int_equal(ps_url_format(&u, true, &out), 0);
    assert_string_equal(text_of(&out), "http://h/x");
    ps_url_fini(&u);
    ps_buf_fini(&out);
}

static void what_is_no_url_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "h",
                                      "/x",
                                      "http:/h",
                                      "http://",
                                      "http:///x",
                                      "://h",
                                      "1http://h",
                                      "http://h:0",
                                      "http://h:65536",
                                      "http://h:x",
                                      "http://h: 1",
                                      "http://a b/",
                                      "http://h/\x01",
                                      "http://h/%4",
                                      "http://h/%zz",
                                      "http://[::1",
                                      "http://[::1]x",
                                      "http://[h]/",
                                      "http://a]b/",
                                      "http://u@v@h/",
                                      "http://h/\xc3\xa4",
                                      "http://h/<x>",
                                      "http://:80/"};
    struct ps_url u;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parse(bad[i], &u) == 0)
            fail_msg("taken: %s", bad[i]);
        assert_null(u.text);
    }
}

static void a_url_that_is_too_long_is_refused(void **state)
{
    char *text = malloc(PS_URL_MAX + 1);
    struct ps_url u;

    (void)state;
    memset(text, 'a', PS_URL_MAX + 1);
    memcpy(text, "http://h/", 9);
    assert_int_equal(ps_url_parse(&u, text, PS_URL_MAX + 1), PS_ELIMIT);
    assert_int_equal(ps_url_parse(&u, text, PS_URL_MAX), 0);
    ps_url_fini(&u);
    free(text);
}

// RFC 3986, 5.4, with http in place of its scheme without a meaning.
static void references_are_joined_as_the_rfc_says(void **state)
{
    static const struct {
        const char *ref, *expected;
    } cases[] = {{"g", "http://a/b/c/g"},
                 {"./g", "http://a/b/c/g"},
                 {"g/", "http://a/b/c/g/"},
                 {"/g", "http://a/g"},
                 {"//g", "http://g"},
                 {"?y", "http://a/b/c/d;p?y"},
                 {"g?y", "http://a/b/c/g?y"},
                 {"#s", "http://a/b/c/d;p?q#s"},
                 {"g#s", "http://a/b/c/g#s"},
                 {"g?y#s", "http://a/b/c/g?y#s"},
                 {";x", "http://a/b/c/;x"},
                 {"", "http://a/b/c/d;p?q"},
                 {".", "http://a/b/c/"},
                 {"./", "http://a/b/c/"},
                 {"..", "http://a/b/"},
                 {"../", "http://a/b/"},
                 {"../g", "http://a/b/g"},
                 {"../..", "http://a/"},
                 {"../../g", "http://a/g"},
                 {"../../../g", "http://a/g"},
                 {"/./g", "http://a/g"},
                 {"/../g", "http://a/g"},
                 {"g.", "http://a/b/c/g."},
                 {"..g", "http://a/b/c/..g"},
                 {"./../g", "http://a/b/g"},
                 {"./g/.", "http://a/b/c/g/"},
                 {"g/./h", "http://a/b/c/g/h"},
                 {"g/../h", "http://a/b/c/h"},
                 {"g?y/./x", "http://a/b/c/g?y/./x"},
                 {"https://x/y", "https://x/y"},
                 {"g;x=1/../y", "http://a/b/c/y"}};
    struct ps_url base;

    (void)state;
    assert_int_equal(parse("http://a/b/c/d;p?q", &base), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ps_buf out;
        ps_buf_init(&out, 0);
        assert_int_equal(ps_url_join(&base, cases[i].ref, &out), 0);
        assert_string_equal(text_of(&out), cases[i].expected);
        ps_buf_fini(&out);
    }
    ps_url_fini(&base);
}

static void a_base_without_a_path_takes_references(void **state)
{
    struct ps_buf out;
    struct ps_url base;

    (void)state;
    ps_buf_init(&out, 0);
    assert_int_equal(parse("http://a", &base), 0);
    assert_int_equal(ps_url_join(&base, "g", &out), 0);
    assert_string_equal(text_of(&out), "http://a/g");
    assert_int_equal(ps_url_join(&base, "a b", &out), PS_ESYNTAX);
    assert_int_equal(ps_url_join(&base, "http://", &out), PS_ESYNTAX);
    ps_url_fini(&base);
    ps_buf_fini(&out);
}

static void escaping_and_back_gives_the_same(void **state)
{
    char all[255], back[255];
    struct ps_buf out;
    size_t n;

    (void)state;
    for (int i = 0; i < 255; i++)
        all[i] = (char)(i + 1);
    ps_buf_init(&out, 0);
    assert_int_equal(ps_url_escape(&out, all, sizeof all), 0);
    n = ps_buf_len(&out);
    text_of(&out);
    assert_non_null(strstr((char *)ps_buf_head(&out), "-.%2F0123456789%3A"));
    assert_int_equal(ps_url_unescape((char *)ps_buf_head(&out), n, true, (char *)ps_buf_head(&out), &n), 0);
    assert_int_equal(n, sizeof all);
    memcpy(back, ps_buf_head(&out), n);
    assert_memory_equal(back, all, n);
    ps_buf_fini(&out);
}

static void bad_escapes_are_refused(void **state)
{
    static const char *const bad[] = {"%", "%4", "a%", "%4g", "%g4", "%%41", "%00", "%-1"};
    char out[8];
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(ps_url_unescape(bad[i], strlen(bad[i]), false, out, &n), PS_EMALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_comes_apart),
        cmocka_unit_test(parts_that_are_not_there_are_told_from_empty_ones),
        cmocka_unit_test(an_ipv6_literal_loses_its_brackets_and_gets_them_back),
        cmocka_unit_test(a_url_is_written_as_it_was_read),
        cmocka_unit_test(a_user_can_be_left_out),
        cmocka_unit_test(what_is_no_url_is_refused),
        cmocka_unit_test(a_url_that_is_too_long_is_refused),
        cmocka_unit_test(references_are_joined_as_the_rfc_says),
        cmocka_unit_test(a_base_without_a_path_takes_references),
        cmocka_unit_test(escaping_and_back_gives_the_same),
        cmocka_unit_test(bad_escapes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
