// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include "json_fix.h"
#include <math.h>
#include <stdio.h>

// The value stands in a document as v: {"v": VALUE}.
static struct ps_jdoc *around(const char *value)
{
    char text[512];

    snprintf(text, sizeof text, "{\"v\": %s}", value);
    return doc_of(text);
}

static struct ps_jnode v_of(const struct ps_jdoc *doc)
{
    return ps_jnode_member(ps_jdoc_root(doc), "v");
}

static void u64(const char *value, uint64_t min, uint64_t max, uint64_t expected)
{
    struct ps_jdoc *doc = around(value);
    struct ps_fault fault = {""};
    uint64_t v = 77;
    int err = ps_jnode_u64(v_of(doc), min, max, &v, &fault);

    assert_string_equal(fault.text, "");
    assert_int_equal(err, 0);
    assert_int_equal(v, expected);
    ps_jdoc_free(doc);
}

static void not_u64(const char *value, uint64_t min, uint64_t max, int err, const char *message)
{
    struct ps_jdoc *doc = around(value);
    struct ps_fault fault = {""};
    uint64_t v = 77;
    int got = ps_jnode_u64(v_of(doc), min, max, &v, &fault);

    assert_string_equal(fault.text, message);
    assert_int_equal(got, err);
    assert_int_equal(v, 77);
    ps_jdoc_free(doc);
}

static void an_unsigned_integer_is_exact_to_its_last_bit(void **state)
{
    (void)state;
    u64("18446744073709551615", 0, UINT64_MAX, UINT64_MAX);
    u64("18446744073709551614", 0, UINT64_MAX, UINT64_MAX - 1);
    u64("9007199254740993", 0, UINT64_MAX, 9007199254740993);
    u64("0", 0, 0, 0);
    u64("-0", 0, 0, 0);
    not_u64("18446744073709551616", 0, UINT64_MAX, PS_ERANGE,
            "f.json:1: v: wants an integer of at least 0; got 18446744073709551616");
    not_u64("99999999999999999999999999", 0, UINT64_MAX, PS_ERANGE,
            "f.json:1: v: wants an integer of at least 0; got 99999999999999999999999999");
}

static void what_is_whole_may_be_written_with_a_point_or_an_exponent(void **state)
{
    (void)state;
    u64("1e3", 0, UINT64_MAX, 1000);
    u64("5.0", 0, UINT64_MAX, 5);
    u64("1.50e1", 0, UINT64_MAX, 15);
    u64("1200e-2", 0, UINT64_MAX, 12);
    u64("0.00012E+5", 0, UINT64_MAX, 12);
    u64("1.8446744073709551615e19", 0, UINT64_MAX, UINT64_MAX);
    u64("0e999999999999999999999", 0, UINT64_MAX, 0);
    u64("0.000e-999999999999999999999", 0, UINT64_MAX, 0);
}

static void what_is_not_whole_is_no_integer(void **state)
{
    (void)state;
    not_u64("1.5", 0, 9, PS_EMALFORMED, "f.json:1: v: wants an integer from 0 to 9; got 1.5");
    not_u64("15e-1", 0, 9, PS_EMALFORMED, "f.json:1: v: wants an integer from 0 to 9; got 15e-1");
    not_u64("1e-99999999999", 0, 9, PS_EMALFORMED,
            "f.json:1: v: wants an integer from 0 to 9; got 1e-99999999999");
    not_u64("1.0000000000000000000000000001", 0, 9, PS_EMALFORMED,
            "f.json:1: v: wants an integer from 0 to 9; got 1.0000000000000000000000000001");
}

static void an_integer_keeps_to_its_range(void **state)
{
    (void)state;
    u64("3", 3, 5, 3);
    u64("5", 3, 5, 5);
    not_u64("2", 3, 5, PS_ERANGE, "f.json:1: v: wants an integer from 3 to 5; got 2");
    not_u64("6", 3, 5, PS_ERANGE, "f.json:1: v: wants an integer from 3 to 5; got 6");
    not_u64("-4", 3, 5, PS_ERANGE, "f.json:1: v: wants an integer from 3 to 5; got -4");
    not_u64("1e99999999999999", 3, 5, PS_ERANGE,
            "f.json:1: v: wants an integer from 3 to 5; got 1e99999999999999");
    not_u64("\"4\"", 3, 5, PS_EMALFORMED, "f.json:1: v: wants an integer from 3 to 5; got \"4\"");
    not_u64("null", 1, UINT64_MAX, PS_EMALFORMED, "f.json:1: v: wants an integer of at least 1; got null");
}

static void i64(const char *value, int64_t expected)
{
    struct ps_jdoc *doc = around(value);
    int64_t v = 77;

    assert_int_equal(ps_jnode_i64(v_of(doc), INT64_MIN, INT64_MAX, &v, NULL), 0);
    assert_true(v == expected);
    ps_jdoc_free(doc);
}

static void not_i64(const char *value, int64_t min, int64_t max, int err, const char *message)
{
    struct ps_jdoc *doc = around(value);
    struct ps_fault fault = {""};
    int64_t v = 77;

    assert_int_equal(ps_jnode_i64(v_of(doc), min, max, &v, &fault), err);
    assert_string_equal(fault.text, message);
    assert_int_equal(v, 77);
    ps_jdoc_free(doc);
}

static void a_signed_integer_is_exact_at_both_ends(void **state)
{
    (void)state;
    i64("9223372036854775807", INT64_MAX);
    i64("-9223372036854775808", INT64_MIN);
    i64("-9007199254740993", -9007199254740993);
    i64("-0", 0);
    i64("-1e3", -1000);
    not_i64("9223372036854775808", INT64_MIN, INT64_MAX, PS_ERANGE,
            "f.json:1: v: wants an integer; got 9223372036854775808");
    not_i64("-9223372036854775809", INT64_MIN, INT64_MAX, PS_ERANGE,
            "f.json:1: v: wants an integer; got -9223372036854775809");
    not_i64("-6", -5, 5, PS_ERANGE, "f.json:1: v: wants an integer from -5 to 5; got -6");
    not_i64("-6", -5, INT64_MAX, PS_ERANGE, "f.json:1: v: wants an integer of at least -5; got -6");
    not_i64("-1.5", -5, 5, PS_EMALFORMED, "f.json:1: v: wants an integer from -5 to 5; got -1.5");
    not_i64("true", -5, 5, PS_EMALFORMED, "f.json:1: v: wants an integer from -5 to 5; got true");
}

static void not_double(const char *value, double min, double max, int err, const char *message)
{
    struct ps_jdoc *doc = around(value);
    struct ps_fault fault = {""};
    double v = 77;

    assert_int_equal(ps_jnode_double(v_of(doc), min, max, &v, &fault), err);
    assert_string_equal(fault.text, message);
    assert_true(v == 77);
    ps_jdoc_free(doc);
}

static void a_number_keeps_to_its_range(void **state)
{
    struct ps_jdoc *doc = around("0.1");
    double v = 77;

    (void)state;
    assert_int_equal(ps_jnode_double(v_of(doc), 0.1, 0.1, &v, NULL), 0);
    assert_true(v == 0.1);
    ps_jdoc_free(doc);
    not_double("\"fast\"", 0.001, 3600, PS_EMALFORMED,
               "f.json:1: v: wants a number from 0.001 to 3600; got \"fast\"");
    not_double("0", 0.001, 3600, PS_ERANGE, "f.json:1: v: wants a number from 0.001 to 3600; got 0");
    not_double("-1", 0, INFINITY, PS_ERANGE, "f.json:1: v: wants a number of at least 0; got -1");
    not_double("1", -INFINITY, 0, PS_ERANGE, "f.json:1: v: wants a number of at most 0; got 1");
    not_double("1e999", -INFINITY, INFINITY, PS_ERANGE, "f.json:1: v: wants a number; got 1e999");
}

static void not_str(const char *value, size_t min, size_t max, int err, const char *message)
{
    struct ps_jdoc *doc = around(value);
    struct ps_fault fault = {""};
    const char *v = "kept";

    assert_int_equal(ps_jnode_str(v_of(doc), min, max, &v, &fault), err);
    assert_string_equal(fault.text, message);
    assert_string_equal(v, "kept");
    ps_jdoc_free(doc);
}

static void a_string_is_decoded(void **state)
{
    struct ps_jdoc *doc = around("\"\\\"a\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00\"");
    const char *v = NULL;

    (void)state;
    assert_int_equal(ps_jnode_str(v_of(doc), 0, SIZE_MAX, &v, NULL), 0);
    assert_string_equal(v, "\"a\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    ps_jdoc_free(doc);
}

static void a_string_keeps_to_its_length(void **state)
{
    (void)state;
    not_str("5", 0, SIZE_MAX, PS_EMALFORMED, "f.json:1: v: wants a string; got 5");
    not_str("\"\"", 1, SIZE_MAX, PS_ERANGE, "f.json:1: v: wants a string that is not empty; got \"\"");
    not_str("\"abc\"", 0, 2, PS_ERANGE, "f.json:1: v: wants a string of at most 2 octets; got \"abc\"");
    not_str("\"abc\"", 1, 2, PS_ERANGE, "f.json:1: v: wants a string of 1 to 2 octets; got \"abc\"");
    not_str("\"abc\"", 4, SIZE_MAX, PS_ERANGE,
            "f.json:1: v: wants a string of at least 4 octets; got \"abc\"");
    not_str("[1]", 0, SIZE_MAX, PS_EMALFORMED, "f.json:1: v: wants a string; got an array");
    not_str("{}", 0, SIZE_MAX, PS_EMALFORMED, "f.json:1: v: wants a string; got an object");
}

static void of_a_long_value_the_beginning_is_shown_in_whole_characters(void **state)
{
    (void)state;
    not_str("\"0123456789012345678901234567890123456789012\xc3\xa9xxxxxx\"", 0, 5, PS_ERANGE,
            "f.json:1: v: wants a string of at most 5 octets; "
            "got \"0123456789012345678901234567890123456789012...");
    not_str("\"01234567890123456789012345678901234567890123\xc3\xa9xxxxxx\"", 0, 5, PS_ERANGE,
            "f.json:1: v: wants a string of at most 5 octets; "
            "got \"0123456789012345678901234567890123456789012...");
}

static void a_boolean_is_nothing_else(void **state)
{
    struct ps_jdoc *doc = doc_of("[true,false,1]");
    struct ps_jnode n = ps_jnode_first(ps_jdoc_root(doc));
    struct ps_fault fault;
    bool v = false;

    (void)state;
    assert_int_equal(ps_jnode_bool(n, &v, &fault), 0);
    assert_true(v);
    n = ps_jnode_next(n);
    assert_int_equal(ps_jnode_bool(n, &v, &fault), 0);
    assert_false(v);
    assert_int_equal(ps_jnode_bool(ps_jnode_next(n), &v, &fault), PS_EMALFORMED);
    assert_string_equal(fault.text, "f.json:1: [2]: wants true or false; got 1");
    ps_jdoc_free(doc);
}

static void a_word_is_one_of_those_known(void **state)
{
    static const char *const words[] = {"open", "authenticated", "encrypted"};
    struct ps_jdoc *doc = doc_of("[\"encrypted\",\"encrypt\",7,\"Open\"]");
    struct ps_jnode n = ps_jnode_first(ps_jdoc_root(doc));
    struct ps_fault fault;
    size_t v = 77;

    (void)state;
    assert_int_equal(ps_jnode_word(n, words, 3, &v, &fault), 0);
    assert_int_equal(v, 2);
    n = ps_jnode_next(n);
    assert_int_equal(ps_jnode_word(n, words, 3, &v, &fault), PS_EUNKNOWN);
    assert_string_equal(fault.text, "f.json:1: [1]: wants one of \"open\", \"authenticated\", \"encrypted\"; "
                                    "got \"encrypt\"; did you mean \"encrypted\"?");
    n = ps_jnode_next(n);
    assert_int_equal(ps_jnode_word(n, words, 3, &v, &fault), PS_EMALFORMED);
    assert_string_equal(fault.text,
                        "f.json:1: [2]: wants one of \"open\", \"authenticated\", \"encrypted\"; got 7");
    assert_int_equal(ps_jnode_word(ps_jnode_next(n), words, 3, &v, &fault), PS_EUNKNOWN);
    assert_int_equal(v, 2);
    ps_jdoc_free(doc);
}

static void of_very_many_words_some_are_shown(void **state)
{
    static const char word[] = "a-word-of-some-length";
    const char *words[40];
    struct ps_jdoc *doc = around("1");
    struct ps_fault fault;
    size_t v;

    (void)state;
    for (size_t i = 0; i < 40; i++)
        words[i] = word;
    assert_int_equal(ps_jnode_word(v_of(doc), words, 40, &v, &fault), PS_EMALFORMED);
    assert_non_null(strstr(fault.text, "...; got 1"));
    ps_jdoc_free(doc);
}

static void every_type_has_its_words(void **state)
{
    (void)state;
    assert_string_equal(ps_jtype_words(PS_JTYPE_NONE), "nothing");
    assert_string_equal(ps_jtype_words(PS_JTYPE_NULL), "null");
    assert_string_equal(ps_jtype_words(PS_JTYPE_BOOL), "true or false");
    assert_string_equal(ps_jtype_words(PS_JTYPE_NUMBER), "a number");
    assert_string_equal(ps_jtype_words(PS_JTYPE_STRING), "a string");
    assert_string_equal(ps_jtype_words(PS_JTYPE_ARRAY), "an array");
    assert_string_equal(ps_jtype_words(PS_JTYPE_OBJECT), "an object");
}

static void a_member_that_is_needed_is_there_or_missed(void **state)
{
    struct ps_jdoc *doc = around("{\"a\":null}"), *other = around("[]");
    struct ps_jnode n;
    struct ps_fault fault;

    (void)state;
    assert_int_equal(ps_jnode_need(v_of(doc), "a", &n, &fault), 0);
    assert_int_equal(ps_jnode_type(n), PS_JTYPE_NULL);
    assert_int_equal(ps_jnode_need(v_of(doc), "b", &n, &fault), PS_EMALFORMED);
    assert_non_null(strstr(fault.text, "v: 'b' is missing"));
    assert_int_equal(ps_jnode_need(v_of(other), "a", &n, &fault), PS_EMALFORMED);
    assert_non_null(strstr(fault.text, "v: wants an object"));
    ps_jdoc_free(doc);
    ps_jdoc_free(other);
}

static void a_value_is_handed_on_as_it_stands(void **state)
{
    struct ps_jdoc *doc = around("[1.0, \"\\u0041\"]");
    struct ps_jnode n = v_of(doc), none = {NULL, 0};
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    char *text = ps_jnode_copy(n);

    (void)state;
    assert_string_equal(text, "[1.0, \"\\u0041\"]");
    free(text);
    ps_json_open(j, '{');
    ps_jnode_put(j, "a", n);
    ps_jnode_put(j, "b", none);
    ps_json_put_open(j, "c", '[');
    ps_jnode_put(j, NULL, ps_jnode_first(n));
    ps_jnode_put(j, NULL, none);
    ps_json_close(j, ']');
    ps_json_close(j, '}');
    text = ps_text_close(&t, NULL);
    assert_string_equal(text, "{\"a\":[1.0, \"\\u0041\"],\"c\":[1.0]}");
    free(text);
    ps_jdoc_free(doc);
}

static void what_was_written_is_read_again(void **state)
{
    struct ps_jdoc *doc;
    struct ps_text t;
    struct ps_fault fault;

    (void)state;
    ps_json_str(ps_text_open(&t), "a");
    assert_int_equal(ps_jdoc_parse_text(&doc, &t, &fault), 0);
    assert_int_equal(ps_jnode_type(ps_jdoc_root(doc)), PS_JTYPE_STRING);
    ps_jdoc_free(doc);
    ps_json_raw(ps_text_open(&t), "{", 1);
    assert_int_equal(ps_jdoc_parse_text(&doc, &t, &fault), PS_ESYNTAX);
    assert_null(doc);
    assert_int_equal(ps_jdoc_parse_text(&doc, &t, NULL), -ENOMEM); // closed already
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_unsigned_integer_is_exact_to_its_last_bit),
        TEST(what_is_whole_may_be_written_with_a_point_or_an_exponent),
        TEST(what_is_not_whole_is_no_integer),
        TEST(an_integer_keeps_to_its_range),
        TEST(a_signed_integer_is_exact_at_both_ends),
        TEST(a_number_keeps_to_its_range),
        TEST(a_string_is_decoded),
        TEST(a_string_keeps_to_its_length),
        TEST(of_a_long_value_the_beginning_is_shown_in_whole_characters),
        TEST(a_boolean_is_nothing_else),
        TEST(a_word_is_one_of_those_known),
        TEST(of_very_many_words_some_are_shown),
        TEST(every_type_has_its_words),
        TEST(a_member_that_is_needed_is_there_or_missed),
        TEST(a_value_is_handed_on_as_it_stands),
        TEST(what_was_written_is_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
