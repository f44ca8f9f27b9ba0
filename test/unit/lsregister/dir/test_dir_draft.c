// SPDX-License-Identifier: Apache-2.0
#include "dir_fix.h"

static void write_draft(const void *what, struct ps_json *j)
{
    dir_draft_write(what, j);
}

// What is kept of a record.
static void kept(const char *text, const char *wanted)
{
    struct fix_draft f;
    char *got;

    assert_int_equal(fix_read(&f, text), 0);
    got = fix_text(write_draft, &f.d);
    assert_string_equal(got, wanted);
    free(got);
    fix_free(&f);
}

static void refused(const char *text, int err, const char *words)
{
    struct fix_draft f;

    assert_int_equal(fix_read(&f, text), err);
    assert_string_equal(f.fault.text, words);
    fix_free(&f);
}

static void a_string_alone_is_an_array_of_one(void **state)
{
    (void)state;
    kept("{\"type\":\"host\",\"host-name\":[\"a\",\"b\"]}",
         "{\"type\":[\"host\"],\"host-name\":[\"a\",\"b\"]}");
}

static void values_that_are_no_strings_are_dropped_or_empty(void **state)
{
    (void)state;
    kept("{\"type\":[\"host\"],\"n\":5,\"b\":true,\"z\":null,\"o\":{\"x\":\"y\"},\"m\":[1,\"a\",null,[\"b\"]]"
         "}",
         "{\"type\":[\"host\"],\"m\":[\"\",\"a\",\"\",\"\"]}");
}

static void an_empty_array_and_one_of_an_empty_string_stay_what_they_are(void **state)
{
    (void)state;
    kept("{\"type\":[\"host\"],\"a\":[],\"b\":[\"\"]}", "{\"type\":[\"host\"],\"a\":[],\"b\":[\"\"]}");
}

static void what_the_server_sets_is_not_taken_from_clients(void **state)
{
    (void)state;
    kept("{\"uri\":\"lookup/host/"
         "1\",\"expires\":\"x\",\"state\":\"renewed\",\"ttl\":[\"PT1H\"],\"_id\":[\"1\"],"
         "\"\":[\"2\"],\"type\":[\"host\"]}",
         "{\"type\":[\"host\"]}");
}

static void unknown_keys_and_types_are_kept(void **state)
{
    (void)state;
    kept("{\"type\":[\"my.thing\"],\"what ever\":[\"\\u00e9\\\"\"]}",
         "{\"type\":[\"my.thing\"],\"what ever\":[\"\xc3\xa9\\\"\"]}");
}

static void a_record_without_a_type_is_refused(void **state)
{
    static const char words[] = "the record has no type: it wants a member such as \"type\": [\"host\"]";

    (void)state;
    refused("{\"a\":[\"b\"]}", PS_ENOTFOUND, words);
    refused("{\"type\":[]}", PS_ENOTFOUND, words);
    refused("{\"type\":[\"\"]}", PS_ENOTFOUND, words);
    refused("{\"type\":5}", PS_ENOTFOUND, words);
    refused("[]", PS_EMALFORMED, "a record is a JSON object; got an array");
}

static void a_type_has_to_fit_into_a_uri(void **state)
{
    (void)state;
    refused("{\"type\":\"a/b\"}", PS_ESYNTAX,
            "type wants a word of letters, digits, '-', '_', '.' and '~'; got 'a/b'");
    refused("{\"type\":\"..\"}", PS_ESYNTAX,
            "type wants a word of letters, digits, '-', '_', '.' and '~'; got '..'");
}

static void a_ttl_is_read_whether_it_is_a_string_or_an_array(void **state)
{
    static const struct {
        const char *text;
        int64_t ttl_s;
    } ttls[] = {{"{\"type\":\"h\",\"ttl\":\"PT1H\"}", 3600},
                {"{\"type\":\"h\",\"ttl\":[\"PT2M\",\"x\"]}", 120},
                {"{\"type\":\"h\",\"ttl\":[]}", DIR_TTL_EMPTY},
                {"{\"type\":\"h\",\"ttl\":3600}", DIR_TTL_NONE},
                {"{\"type\":\"h\"}", DIR_TTL_NONE}};
    struct fix_draft f;

    (void)state;
    for (size_t i = 0; i < sizeof ttls / sizeof ttls[0]; i++) {
        assert_int_equal(fix_read(&f, ttls[i].text), 0);
        assert_int_equal(f.d.ttl_s, ttls[i].ttl_s);
        fix_free(&f);
    }
    refused("{\"type\":\"h\",\"ttl\":[\"P1Y\"]}", PS_ERANGE,
            "ttl[0]: wants a duration of weeks, days, hours, minutes and seconds, as in PT2H; got 'P1Y'");
}

// The text of a record whose member x is what `fill` makes of n.
static char *large(size_t n, char octet, const char *around)
{
    char *value = malloc(n + 1), *text = malloc(n * 8 + 200), *at = text;

    memset(value, octet, n);
    value[n] = '\0';
    if (around) {
        at += sprintf(at, "{\"type\":\"h\",\"x\":[");
        for (size_t i = 0; i < n; i++)
            at += sprintf(at, "%s\"\"", i ? "," : "");
        (void)sprintf(at, "]}");
    } else {
        (void)sprintf(at, "{\"type\":\"h\",\"x\":[\"%s\"]}", value);
    }
    free(value);
    return text;
}

static void bounds_hold_to_the_octet(void **state)
{
    struct fix_draft f;
    char *text;

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        text = large(DIR_VALUE_MAX + more, 'v', NULL);
        assert_int_equal(fix_read(&f, text), more ? PS_ELIMIT : 0);
        fix_free(&f);
        free(text);
        text = large(DIR_VALUES_MAX - 1 + more, 'v', "values"); // the type is one
        assert_int_equal(fix_read(&f, text), more ? PS_ELIMIT : 0);
        fix_free(&f);
        free(text);
    }
}

static bool same(const char *a, const char *b)
{
    struct fix_draft x, y;
    bool is;

    assert_int_equal(fix_read(&x, a), 0);
    assert_int_equal(fix_read(&y, b), 0);
    is = memcmp(x.d.identity, y.d.identity, DIR_IDENTITY) == 0;
    fix_free(&x);
    fix_free(&y);
    return is;
}

static void identity_is_what_a_record_says_whatever_its_order(void **state)
{
    (void)state;
    assert_true(same("{\"type\":\"h\",\"a\":[\"1\",\"2\"],\"b\":\"3\"}",
                     "{\"b\":[\"3\"],\"a\":[\"2\",\"1\",\"2\"],\"type\":[\"h\"]}"));
    assert_true(same("{\"type\":\"h\",\"ttl\":\"PT1H\"}", "{\"type\":\"h\",\"state\":\"x\",\"_a\":\"b\"}"));
    assert_false(
        same("{\"type\":\"h\",\"a\":\"1\"}", "{\"type\":\"h\",\"a\":\"1\",\"b\":\"1\"}")); // a superset
    assert_false(same("{\"type\":\"h\",\"a\":[]}", "{\"type\":\"h\",\"a\":[\"\"]}"));
    assert_false(same("{\"type\":\"h\",\"a\":[]}", "{\"type\":\"h\"}"));
    assert_false(same("{\"type\":\"h\",\"ab\":\"c\"}", "{\"type\":\"h\",\"a\":\"bc\"}"));
    assert_false(same("{\"type\":\"h\",\"a\":[\"b\",\"c\"]}", "{\"type\":\"h\",\"a\":\"bc\"}"));
    assert_false(same("{\"type\":\"h\",\"client-uuid\":\"1\"}", "{\"type\":\"h\",\"client-uuid\":\"2\"}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_alone_is_an_array_of_one),
        cmocka_unit_test(values_that_are_no_strings_are_dropped_or_empty),
        cmocka_unit_test(an_empty_array_and_one_of_an_empty_string_stay_what_they_are),
        cmocka_unit_test(what_the_server_sets_is_not_taken_from_clients),
        cmocka_unit_test(unknown_keys_and_types_are_kept),
        cmocka_unit_test(a_record_without_a_type_is_refused),
        cmocka_unit_test(a_type_has_to_fit_into_a_uri),
        cmocka_unit_test(a_ttl_is_read_whether_it_is_a_string_or_an_array),
        cmocka_unit_test(bounds_hold_to_the_octet),
        cmocka_unit_test(identity_is_what_a_record_says_whatever_its_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
