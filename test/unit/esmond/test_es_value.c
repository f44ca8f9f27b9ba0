// SPDX-License-Identifier: Apache-2.0
#include "es_fix.h"

static int given(enum es_event_kind kind, const char *json, struct es_value *out)
{
    struct ps_jdoc *doc;
    struct ps_fault fault = {""};
    if (ps_jdoc_parse(&doc, NULL, json, strlen(json), &fault) != 0)
        fail_msg("%s: %s", json, fault.text);
    int err = es_value_from_json(kind, ps_jdoc_root(doc), out, &fault);
    if (err != 0) {
        assert_int_equal(out->form, ES_VALUE_NONE);
        assert_true(fault.text[0] != '\0');
    }
    ps_jdoc_free(doc);
    return err;
}

static void numbers_may_be_text(void **state)
{
    struct es_value v;
    (void)state;
    assert_int_equal(given(ES_EVENT_INTEGER, "7016320000", &v), 0);
    assert_true(v.form == ES_VALUE_NUMBER && v.number == 7016320000.0);
    assert_int_equal(given(ES_EVENT_INTEGER, "\"5.9\"", &v), 0);
    assert_true(v.number == 5.9);
    assert_int_equal(given(ES_EVENT_FLOAT, "-0.0", &v), 0);
    assert_true(v.number == 0);
    assert_int_equal(given(ES_EVENT_FLOAT, "\"nan\"", &v), PS_EMALFORMED);
    assert_int_equal(given(ES_EVENT_FLOAT, "1e19", &v), PS_ERANGE);
    assert_int_equal(given(ES_EVENT_FLOAT, "null", &v), PS_EMALFORMED);
    assert_int_equal(given(ES_EVENT_FLOAT, "[1]", &v), PS_EMALFORMED);
}

static void a_percentage_needs_a_whole(void **state)
{
    struct es_value v;
    (void)state;
    assert_int_equal(given(ES_EVENT_PERCENTAGE, "{\"numerator\":3,\"denominator\":\"600\"}", &v), 0);
    assert_true(v.form == ES_VALUE_RATIO && v.ratio.numerator == 3 && v.ratio.denominator == 600);
    assert_int_equal(given(ES_EVENT_PERCENTAGE, "{\"numerator\":3,\"denominator\":0}", &v), PS_ERANGE);
    assert_int_equal(given(ES_EVENT_PERCENTAGE, "{\"numerator\":-1,\"denominator\":5}", &v), PS_ERANGE);
    assert_int_equal(given(ES_EVENT_PERCENTAGE, "{\"numerator\":1.5,\"denominator\":5}", &v), PS_ERANGE);
    assert_int_equal(given(ES_EVENT_PERCENTAGE, "{\"numerator\":1,\"denominator\":\"5.5\"}", &v), PS_ERANGE);
    assert_int_equal(given(ES_EVENT_PERCENTAGE, "{\"numerator\":6,\"denominator\":5}", &v), PS_ERANGE);
    assert_int_equal(given(ES_EVENT_PERCENTAGE, "{\"numerator\":5,\"denominator\":5}", &v), 0);
    assert_int_equal(given(ES_EVENT_PERCENTAGE, "{\"numerator\":3}", &v), PS_EMALFORMED);
    assert_int_equal(given(ES_EVENT_PERCENTAGE, "0.5", &v), PS_EMALFORMED);
}

static void histograms_have_counts(void **state)
{
    struct es_value v;
    char words[100];
    (void)state;
    assert_int_equal(given(ES_EVENT_HISTOGRAM, "{\"2.5\":3.0,\"x\":\"4\",\"1.5\":1}", &v), 0);
    hist_words(&v.hist, words, sizeof words);
    assert_string_equal(words, "1.5:1 2.5:3 x:4");
    es_value_fini(&v);
    assert_int_equal(given(ES_EVENT_HISTOGRAM, "{}", &v), 0);
    assert_int_equal(v.hist.n, 0);
    es_value_fini(&v);
    assert_int_equal(given(ES_EVENT_HISTOGRAM, "{\"1\":-1}", &v), PS_ERANGE);
    assert_int_equal(given(ES_EVENT_HISTOGRAM, "{\"1\":1.5}", &v), PS_ERANGE);
    assert_int_equal(given(ES_EVENT_HISTOGRAM, "{\"1\":\"many\"}", &v), PS_EMALFORMED);
    assert_int_equal(given(ES_EVENT_HISTOGRAM, "{\"1\":1e18}", &v), PS_ERANGE);
    assert_int_equal(given(ES_EVENT_HISTOGRAM, "[1]", &v), PS_EMALFORMED);
}

static void subintervals_are_looked_through(void **state)
{
    struct es_value v;
    (void)state;
    assert_int_equal(given(ES_EVENT_SUBINTERVAL, "[{\"start\":0,\"duration\":\"1\",\"val\":5}]", &v), 0);
    assert_int_equal(v.form, ES_VALUE_JSON);
    es_value_fini(&v);
    assert_int_equal(given(ES_EVENT_SUBINTERVAL, "[]", &v), PS_EMALFORMED);
    assert_int_equal(given(ES_EVENT_SUBINTERVAL, "[{\"start\":0,\"val\":5}]", &v), PS_EMALFORMED);
    assert_int_equal(given(ES_EVENT_SUBINTERVAL, "[{\"start\":0,\"duration\":1}]", &v), PS_EMALFORMED);
    assert_int_equal(given(ES_EVENT_SUBINTERVAL, "[{\"start\":0,\"duration\":1,\"val\":null}]", &v),
                     PS_EMALFORMED);
    assert_int_equal(given(ES_EVENT_SUBINTERVAL, "[null]", &v), PS_EMALFORMED);
    assert_int_equal(given(ES_EVENT_SUBINTERVAL, "[5]", &v), PS_EMALFORMED);
}

static void json_is_kept_as_it_is(void **state)
{
    static const char json[] = "{\"error\": \"no \\u00e4nswer\",\n \"n\": [1.50, 1e3]}";
    struct es_value v, w;
    (void)state;
    assert_int_equal(given(ES_EVENT_JSON, json, &v), 0);
    assert_int_equal(v.json.len, strlen(json));
    assert_memory_equal(v.json.text, json, v.json.len);
    w = text(json);
    assert_true(es_value_equal(&v, &w));
    es_value_fini(&w);
    w = text("{}");
    assert_false(es_value_equal(&v, &w));
    es_value_fini(&w);
    es_value_fini(&v);
    assert_int_equal(v.form, ES_VALUE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_may_be_text),    cmocka_unit_test(a_percentage_needs_a_whole),
        cmocka_unit_test(histograms_have_counts), cmocka_unit_test(subintervals_are_looked_through),
        cmocka_unit_test(json_is_kept_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
