// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_out.h"
#include "base/ps_rand.h"

// A JSON writer into memory.
struct sink {
    struct ps_json j;
    char *text;
    size_t size;
};

static void sink_init(struct sink *s, bool pretty)
{
    FILE *f = open_memstream(&s->text, &s->size);

    assert_non_null(f);
    ps_json_init(&s->j, f, pretty);
}

static void sink_check(struct sink *s, const char *expected)
{
    assert_int_equal(ps_json_end(&s->j), 0);
    assert_string_equal(s->text, expected);
    fclose(s->j.file);
    free(s->text);
}

static void write_document(struct ps_json *j)
{
    ps_json_open(j, '{');
    ps_json_key(j, "a");
    ps_json_open(j, '[');
    ps_json_u64(j, 1);
    ps_json_i64(j, -2);
    ps_json_open(j, '{');
    ps_json_close(j, '}');
    ps_json_open(j, '[');
    ps_json_close(j, ']');
    ps_json_close(j, ']');
    ps_json_key(j, "b");
    ps_json_bool(j, true);
    ps_json_key(j, "c");
    ps_json_null(j);
    ps_json_close(j, '}');
}

static void commas_and_brackets_are_right(void **state)
{
    struct sink s;

    (void)state;
    sink_init(&s, false);
    write_document(&s.j);
    sink_check(&s, "{\"a\":[1,-2,{},[]],\"b\":true,\"c\":null}\n");
}

static void pretty_documents_are_indented(void **state)
{
    struct sink s;

    (void)state;
    sink_init(&s, true);
    write_document(&s.j);
    sink_check(&s,
               "{\n  \"a\": [\n    1,\n    -2,\n    {},\n    []\n  ],\n  \"b\": true,\n  \"c\": null\n}\n");
}

static void documents_follow_each_other_as_lines(void **state)
{
    struct sink s;

    (void)state;
    sink_init(&s, false);
    for (int i = 0; i < 2; i++) {
        ps_json_open(&s.j, '[');
        ps_json_u64(&s.j, 1);
        ps_json_close(&s.j, ']');
        if (i == 0)
            assert_int_equal(ps_json_end(&s.j), 0);
    }
    sink_check(&s, "[1]\n[1]\n");
}

static void integers_are_written_in_full(void **state)
{
    struct sink s;

    (void)state;
    sink_init(&s, false);
    ps_json_open(&s.j, '[');
    ps_json_u64(&s.j, UINT64_MAX);
    ps_json_i64(&s.j, INT64_MIN);
    ps_json_close(&s.j, ']');
    sink_check(&s, "[18446744073709551615,-9223372036854775808]\n");
}

static void check_string(const char *value, const char *expected)
{
    struct sink s;

    sink_init(&s, false);
    ps_json_str(&s.j, value);
    sink_check(&s, expected);
}

static void special_characters_are_escaped(void **state)
{
    (void)state;
    check_string("", "\"\"\n");
    check_string(NULL, "null\n");
    check_string("\"\\/\b\f\n\r\t\x01\x1f\x7f", "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"\n");
}

static void good_utf8_passes_unchanged(void **state)
{
    (void)state;
    check_string("\xc2\x80\xc3\xa9\xe2\x82\xac\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
                 "\"\xc2\x80\xc3\xa9\xe2\x82\xac\xef\xbf\xbd\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"\n");
}

static void each_bad_octet_becomes_the_replacement(void **state)
{
#define R "\xef\xbf\xbd"
    (void)state;
    check_string("a\x80z", "\"a" R "z\"\n");               // a continuation alone
    check_string("\xc0\xaf", "\"" R R "\"\n");             // too long a form
    check_string("\xe0\x9f\xbf", "\"" R R R "\"\n");       // too long a form
    check_string("\xed\xa0\x80", "\"" R R R "\"\n");       // a surrogate
    check_string("\xf4\x90\x80\x80", "\"" R R R R "\"\n"); // past U+10FFFF
    check_string("\xff\xf8", "\"" R R "\"\n");
    check_string("\xe2\x82", "\"" R R "\"\n"); // cut off by the end
    check_string("\xc3\"", "\"" R "\\\"\"\n"); // cut off by a quote
#undef R
}

static void check_double(double value, const char *expected)
{
    struct sink s;

    sink_init(&s, false);
    ps_json_double(&s.j, value);
    sink_check(&s, expected);
}

static void doubles_are_as_short_as_can_be(void **state)
{
    (void)state;
    check_double(0.1, "0.1\n");
    check_double(5, "5\n");
    check_double(0.1 + 0.2, "0.30000000000000004\n");
    check_double(-1.5e300, "-1.5e+300\n");
    check_double(5e-324, "5e-324\n");
    check_double(0, "0\n");
}

static void what_json_cannot_say_is_null(void **state)
{
    (void)state;
    check_double((double)NAN, "null\n");
    check_double((double)INFINITY, "null\n");
    check_double(-(double)INFINITY, "null\n");
}

static void doubles_read_back_exactly(void **state)
{
    struct ps_rand r;

    (void)state;
    ps_rand_seed(&r, 8);
    for (int i = 0; i < 2000; i++) {
        uint64_t bits = ps_rand_u64(&r);
        struct sink s;
        double v;
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        sink_init(&s, false);
        ps_json_double(&s.j, v);
        fflush(s.j.file);
        assert_same_double(strtod(s.text, NULL), v);
        fclose(s.j.file);
        free(s.text);
    }
}

static void sixty_four_levels_nest(void **state)
{
    char expected[130];
    struct sink s;

    (void)state;
    sink_init(&s, false);
    for (int i = 0; i < 64; i++)
        ps_json_open(&s.j, '[');
    for (int i = 0; i < 64; i++)
        ps_json_close(&s.j, ']');
    memset(expected, '[', 64);
    memset(expected + 64, ']', 64);
    memcpy(expected + 128, "\n", 2);
    sink_check(&s, expected);
}

static void a_full_disk_is_told_at_the_end(void **state)
{
    FILE *f = fopen("/dev/full", "w");
    struct ps_json j;

    (void)state;
    assert_non_null(f);
    ps_json_init(&j, f, false);
    ps_json_u64(&j, 1);
    assert_int_equal(ps_json_end(&j), -EIO);
    fclose(f);
}

static void what_is_json_already_is_written_as_it_is(void **state)
{
    struct sink s;
    (void)state;
    sink_init(&s, false);
    ps_json_open(&s.j, '[');
    ps_json_raw(&s.j, "{\"n\":1e400}xx", 11);
    ps_json_raw(&s.j, "[]", 2);
    ps_json_close(&s.j, ']');
    sink_check(&s, "[{\"n\":1e400},[]]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_json_already_is_written_as_it_is),
        cmocka_unit_test(commas_and_brackets_are_right),
        cmocka_unit_test(pretty_documents_are_indented),
        cmocka_unit_test(documents_follow_each_other_as_lines),
        cmocka_unit_test(integers_are_written_in_full),
        cmocka_unit_test(special_characters_are_escaped),
        cmocka_unit_test(good_utf8_passes_unchanged),
        cmocka_unit_test(each_bad_octet_becomes_the_replacement),
        cmocka_unit_test(doubles_are_as_short_as_can_be),
        cmocka_unit_test(what_json_cannot_say_is_null),
        cmocka_unit_test(doubles_read_back_exactly),
        cmocka_unit_test(sixty_four_levels_nest),
        cmocka_unit_test(a_full_disk_is_told_at_the_end),
    };
    return cmocka_run_group_tests_name("ps_out", tests, NULL, NULL);
}
