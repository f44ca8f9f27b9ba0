// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "base/ps_rand.h"

static void text_open(struct ps_text *t, bool pretty)
{
    ps_text_open(t)->pretty = pretty;
}

static void text_check(struct ps_text *t, const char *expected)
{
    char *text;
    size_t len;

    assert_int_equal(ps_json_end(&t->json), 0);
    text = ps_text_close(t, &len);
    assert_string_equal(text, expected);
    assert_int_equal(len, strlen(expected));
    free(text);
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
    struct ps_text t;

    (void)state;
    text_open(&t, false);
    write_document(&t.json);
    text_check(&t, "{\"a\":[1,-2,{},[]],\"b\":true,\"c\":null}\n");
}

static void pretty_documents_are_indented(void **state)
{
    struct ps_text t;

    (void)state;
    text_open(&t, true);
    write_document(&t.json);
    text_check(&t,
               "{\n  \"a\": [\n    1,\n    -2,\n    {},\n    []\n  ],\n  \"b\": true,\n  \"c\": null\n}\n");
}

static void documents_follow_each_other_as_lines(void **state)
{
    struct ps_text t;

    (void)state;
    text_open(&t, false);
    for (int i = 0; i < 2; i++) {
        ps_json_open(&t.json, '[');
        ps_json_u64(&t.json, 1);
        ps_json_close(&t.json, ']');
        if (i == 0)
            assert_int_equal(ps_json_end(&t.json), 0);
    }
    text_check(&t, "[1]\n[1]\n");
}

static void integers_are_written_in_full(void **state)
{
    struct ps_text t;

    (void)state;
    text_open(&t, false);
    ps_json_open(&t.json, '[');
    ps_json_u64(&t.json, UINT64_MAX);
    ps_json_i64(&t.json, INT64_MIN);
    ps_json_close(&t.json, ']');
    text_check(&t, "[18446744073709551615,-9223372036854775808]\n");
}

static void check_string(const char *value, const char *expected)
{
    struct ps_text t;

    text_open(&t, false);
    ps_json_str(&t.json, value);
    text_check(&t, expected);
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

static void all_is_ascii_where_that_is_asked_for(void **state)
{
    struct ps_text t;

    (void)state;
    text_open(&t, false);
    t.json.ascii = true;
    ps_json_open(&t.json, '{');
    ps_json_put_str(&t.json, "\xc3\xa4", "a\xc3\xbf\xe2\x82\xac\xf0\x9f\x98\x80\xff\n");
    ps_json_close(&t.json, '}');
    text_check(&t, "{\"\\u00e4\":\"a\\u00ff\\u20ac\\ud83d\\ude00\\ufffd\\n\"}\n");
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
    struct ps_text t;

    text_open(&t, false);
    ps_json_double(&t.json, value);
    text_check(&t, expected);
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
        struct ps_text t;
        char *text;
        double v;
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        text_open(&t, false);
        ps_json_double(&t.json, v);
        text = ps_text_close(&t, NULL);
        assert_same_double(strtod(text, NULL), v);
        free(text);
    }
}

static void sixty_four_levels_nest(void **state)
{
    char expected[130];
    struct ps_text t;

    (void)state;
    text_open(&t, false);
    for (int i = 0; i < 64; i++)
        ps_json_open(&t.json, '[');
    for (int i = 0; i < 64; i++)
        ps_json_close(&t.json, ']');
    memset(expected, '[', 64);
    memset(expected + 64, ']', 64);
    memcpy(expected + 128, "\n", 2);
    text_check(&t, expected);
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
    struct ps_text t;
    (void)state;
    text_open(&t, false);
    ps_json_open(&t.json, '[');
    ps_json_raw(&t.json, "{\"n\":1e400}xx", 11);
    ps_json_raw(&t.json, "[]", 2);
    ps_json_close(&t.json, ']');
    text_check(&t, "[{\"n\":1e400},[]]\n");
}

static void a_text_is_handed_over_once(void **state)
{
    struct ps_text t;
    size_t len;
    char *text;

    (void)state;
    ps_json_raw(ps_text_open(&t), "a\0b", 3);
    text = ps_text_close(&t, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(text, "a\0b", 4);
    free(text);
    assert_null(ps_text_close(&t, &len));
    assert_int_equal(len, 0);
}

static void an_empty_text_is_one(void **state)
{
    struct ps_text t;
    char *text;

    (void)state;
    ps_text_open(&t);
    text = ps_text_close(&t, NULL);
    assert_string_equal(text, "");
    free(text);
}

static void a_text_that_is_not_wanted_ends_in_the_midst(void **state)
{
    struct ps_text t;
    char *text;

    (void)state;
    ps_json_open(ps_text_open(&t), '{');
    ps_json_key(&t.json, "a");
    text = ps_text_close(&t, NULL);
    assert_string_equal(text, "{\"a\":");
    free(text);
}

static void a_text_that_was_never_opened_is_none(void **state)
{
    struct ps_text t = {.at = NULL};
    size_t len = 1;

    (void)state;
    assert_null(ps_text_close(&t, &len));
    assert_int_equal(len, 0);
}

// As when there was no memory at the open.
static void without_a_file_all_goes_nowhere(void **state)
{
    struct ps_text t = {.at = NULL};
    struct ps_json *j = &t.json;

    (void)state;
    for (int pretty = 0; pretty < 2; pretty++) {
        ps_json_init(j, NULL, pretty);
        write_document(j);
        ps_json_str(j, "a\xff");
        ps_json_double(j, 0.5);
        ps_json_raw(j, "[]", 2);
        assert_int_equal(ps_json_end(j), -EIO);
        assert_null(ps_text_close(&t, NULL));
    }
}

// A sanitizer, of which clang says nothing here, cannot do with little memory.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define HAS_LITTLE_MEMORY

// The stream itself does not tell.
static void a_text_that_memory_does_not_hold_is_none(void **state)
{
    static char piece[1 << 20];
    struct rlimit whole, little;
    struct ps_text t;
    char *text;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_AS, &whole), 0);
    little = (struct rlimit){64 << 20, whole.rlim_max};
    ps_text_open(&t);
    assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
    for (int i = 0; i < 128; i++)
        ps_json_raw(&t.json, piece, sizeof piece);
    text = ps_text_close(&t, NULL);
    assert_int_equal(setrlimit(RLIMIT_AS, &whole), 0);
    assert_null(text);
}
#endif

static void a_member_is_a_key_and_its_value(void **state)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    (void)state;
    ps_json_open(j, '{');
    ps_json_put_str(j, "s", NULL);
    ps_json_put_u64(j, "u", 1);
    ps_json_put_i64(j, "i", -1);
    ps_json_put_double(j, "d", 0.5);
    ps_json_put_bool(j, "b", false);
    ps_json_put_raw(j, "r", "{}x", 2);
    ps_json_put_open(j, "o", '[');
    ps_json_close(j, ']');
    ps_json_close(j, '}');
    text_check(&t, "{\"s\":null,\"u\":1,\"i\":-1,\"d\":0.5,\"b\":false,\"r\":{},\"o\":[]}\n");
}

static void a_text_goes_behind_what_a_buffer_holds(void **state)
{
    struct ps_text t;
    struct ps_buf b;

    (void)state;
    ps_buf_init(&b, 4);
    assert_int_equal(ps_buf_append(&b, "a", 1), 0);
    ps_json_u64(ps_text_open(&t), 12);
    assert_int_equal(ps_text_append(&t, &b), 0);
    assert_int_equal(ps_buf_len(&b), 3);
    assert_memory_equal(ps_buf_head(&b), "a12", 3);
    ps_json_u64(ps_text_open(&t), 34);
    assert_int_equal(ps_text_append(&t, &b), PS_ELIMIT);
    assert_int_equal(ps_text_append(&t, &b), -ENOMEM); // closed already
    ps_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_json_already_is_written_as_it_is),
        cmocka_unit_test(commas_and_brackets_are_right),
        cmocka_unit_test(a_member_is_a_key_and_its_value),
        cmocka_unit_test(pretty_documents_are_indented),
        cmocka_unit_test(documents_follow_each_other_as_lines),
        cmocka_unit_test(integers_are_written_in_full),
        cmocka_unit_test(special_characters_are_escaped),
        cmocka_unit_test(good_utf8_passes_unchanged),
        cmocka_unit_test(all_is_ascii_where_that_is_asked_for),
        cmocka_unit_test(each_bad_octet_becomes_the_replacement),
        cmocka_unit_test(doubles_are_as_short_as_can_be),
        cmocka_unit_test(what_json_cannot_say_is_null),
        cmocka_unit_test(doubles_read_back_exactly),
        cmocka_unit_test(sixty_four_levels_nest),
        cmocka_unit_test(a_full_disk_is_told_at_the_end),
        cmocka_unit_test(a_text_is_handed_over_once),
        cmocka_unit_test(an_empty_text_is_one),
        cmocka_unit_test(a_text_that_is_not_wanted_ends_in_the_midst),
        cmocka_unit_test(a_text_that_was_never_opened_is_none),
        cmocka_unit_test(without_a_file_all_goes_nowhere),
        cmocka_unit_test(a_text_goes_behind_what_a_buffer_holds),
#ifdef HAS_LITTLE_MEMORY
        cmocka_unit_test(a_text_that_memory_does_not_hold_is_none),
#endif
    };
    return cmocka_run_group_tests_name("ps_out", tests, NULL, NULL);
}
