// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "psarchive/answer.h"

static struct ps_buf buf;
static const struct answer_place here = {"http://h:80", "/esmond/perfsonar/archive"};

static struct jtext *fresh(void)
{
    static struct jtext j;

    ps_buf_clear(&buf);
    j = (struct jtext){.out = &buf};
    return &j;
}

static const char *written(void)
{
    assert_int_equal(ps_buf_append(&buf, "", 1), 0);
    return (const char *)ps_buf_head(&buf);
}

static struct meta *make(const char *value)
{
    struct es_reg r;
    struct ps_fault fault;
    struct meta *m;

    es_reg_init(&r);
    assert_int_equal(es_reg_set(&r, "subject-type", "network-element"), 0);
    assert_int_equal(es_reg_set(&r, "source", "2001:db8::1"), 0);
    assert_int_equal(es_reg_set(&r, "note", value), 0);
    assert_int_equal(es_reg_summary(&r, es_event_find("ntp-offset"), ES_SUMMARY_AVERAGE, 3600), 0);
    assert_int_equal(es_reg_event(&r, es_event_find("failures")), 0);
    assert_int_equal(es_reg_check(&r, &fault), 0);
    assert_int_equal(meta_new(&r, 1, 0, &m), 0);
    es_reg_fini(&r);
    return m;
}

static void a_metadata_has_its_parameters_and_event_types(void **state)
{
    struct meta *m = make("a \"b\"\n");
    const struct answer_total total = {7, NULL, "http://h:80/next"};
    char key[2 * ES_REG_KEY_LEN + 1], want[2048];

    (void)state;
    meta_key_text(m, key);
    atomic_store(&m->updated[0], 5);
    answer_meta(fresh(), m, &here, &total, NULL);
    snprintf(
        want, sizeof want,
        "{\"url\":\"http://h:80/esmond/perfsonar/archive/%s/\",\"uri\":\"/esmond/perfsonar/archive/%s/\","
        "\"metadata-key\":\"%s\",\"note\":\"a \\\"b\\\"\\n\",\"source\":\"2001:db8::1\","
        "\"subject-type\":\"network-element\",\"event-types\":["
        "{\"event-type\":\"ntp-offset\",\"base-uri\":\"/esmond/perfsonar/archive/%s/ntp-offset/base\","
        "\"time-updated\":5,\"summaries\":[{\"summary-type\":\"average\",\"summary-window\":\"3600\","
        "\"time-updated\":5,\"uri\":\"/esmond/perfsonar/archive/%s/ntp-offset/averages/3600\"}]},"
        "{\"event-type\":\"failures\",\"base-uri\":\"/esmond/perfsonar/archive/%s/failures/base\","
        "\"time-updated\":null,\"summaries\":[]}],\"metadata-count-total\":7,"
        "\"metadata-previous-page\":null,\"metadata-next-page\":\"http://h:80/next\"}",
        key, key, key, key, key, key);
    assert_string_equal(written(), want);
    answer_summaries(fresh(), m, es_event_find("ntp-offset"), ES_SUMMARY_AGGREGATION, &here);
    assert_string_equal(written(), "[]");
    meta_unref(m);
}

// Another summary, or another event type, for each number.
static struct meta *make_kind(int kind, const char *value)
{
    struct es_reg r;
    struct ps_fault fault;
    struct meta *m;

    es_reg_init(&r);
    assert_int_equal(es_reg_set(&r, "subject-type", "network-element"), 0);
    assert_int_equal(es_reg_set(&r, "source", "2001:db8::1"), 0);
    assert_int_equal(es_reg_set(&r, "note", value), 0);
    assert_int_equal(
        es_reg_summary(&r, es_event_find("ntp-offset"), ES_SUMMARY_AVERAGE, 60 * (1 + (uint32_t)kind / 2)),
        0);
    if (kind % 2)
        assert_int_equal(es_reg_event(&r, es_event_find("failures")), 0);
    assert_int_equal(es_reg_check(&r, &fault), 0);
    assert_int_equal(meta_new(&r, 1, 0, &m), 0);
    es_reg_fini(&r);
    return m;
}

static void a_list_has_the_same_metadata(void **state)
{
    struct shapes shapes = {.next = 0};
    char value[20], *alone;

    (void)state;
    for (int i = 0; i < 200; i++) {
        snprintf(value, sizeof value, "%d", i);
        struct meta *m = make_kind(i * i % 50, value);
        atomic_store(&m->updated[0], i % 3 ? 1000 * i : 0);
        answer_meta(fresh(), m, &here, NULL, NULL);
        alone = strdup(written());
        answer_meta(fresh(), m, &here, NULL, &shapes);
        assert_string_equal(written(), alone);
        free(alone);
        meta_unref(m);
    }
    shapes_fini(&shapes);
}

static void point(struct es_value v, const char *want)
{
    struct point p = {.ts = 60, .value = v};

    answer_point(fresh(), &p);
    assert_string_equal(written(), want);
    es_value_fini(&p.value);
}

static void a_value_is_told_by_its_form(void **state)
{
    struct es_value v = {0};
    struct es_hist_stats stats = {0};
    double modes[] = {1, 2.5};

    (void)state;
    point((struct es_value){.form = ES_VALUE_NUMBER, .number = 7016320000},
          "{\"ts\":60,\"val\":7016320000.0}");
    point((struct es_value){.form = ES_VALUE_RATIO, .ratio = {1, 4}}, "{\"ts\":60,\"val\":0.25}");
    assert_int_equal(es_value_json("{\"a\": [1]}", 10, &v), 0);
    point(v, "{\"ts\":60,\"val\":{\"a\": [1]}}");
    v = (struct es_value){.form = ES_VALUE_HIST};
    es_hist_init(&v.hist);
    assert_int_equal(es_hist_add(&v.hist, "41.10", 2), 0);
    assert_int_equal(es_hist_add(&v.hist, "a\"b", 1), 0);
    assert_int_equal(es_hist_settle(&v.hist), 0);
    point(v, "{\"ts\":60,\"val\":{\"41.10\":2,\"a\\\"b\":1}}");
    v = (struct es_value){.form = ES_VALUE_STATS, .stats = &stats};
    answer_point(fresh(), &(struct point){.ts = 0, .value = v});
    assert_string_equal(written(), "{\"ts\":0,\"val\":{}}");
    stats = (struct es_hist_stats){.defined = true, .minimum = 1, .maximum = 3, .modes = modes, .nmodes = 2};
    answer_point(fresh(), &(struct point){.ts = 0, .value = v});
    assert_string_equal(written(),
                        "{\"ts\":0,\"val\":{\"mode\":[1.0,2.5],\"minimum\":1.0,\"maximum\":3.0,\"mean\":0.0,"
                        "\"median\":0.0,\"percentile-25\":0.0,\"percentile-75\":0.0,"
                        "\"percentile-95\":0.0,\"variance\":0.0,\"standard-deviation\":0.0}}");
}

static int set_up(void **state)
{
    (void)state;
    ps_buf_init(&buf, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ps_buf_fini(&buf);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_metadata_has_its_parameters_and_event_types),
        cmocka_unit_test(a_list_has_the_same_metadata),
        cmocka_unit_test(a_value_is_told_by_its_form),
    };
    return cmocka_run_group_tests_name("answer", tests, set_up, tear_down);
}
