// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "psarchive/metrics_path.h"

static struct ps_buf families[METRICS_FAMILIES];

static const char *family(enum metrics_family f)
{
    assert_int_equal(ps_buf_append(&families[f], "", 1), 0);
    return (const char *)ps_buf_head(&families[f]);
}

static struct meta *make(const char *width)
{
    struct es_reg r;
    struct ps_fault fault;
    struct meta *m;

    es_reg_init(&r);
    assert_int_equal(es_reg_set(&r, "subject-type", "point-to-point"), 0);
    assert_int_equal(es_reg_set(&r, "source", "192.0.2.1"), 0);
    assert_int_equal(es_reg_set(&r, "destination", "192.0.2.2"), 0);
    assert_int_equal(es_reg_set(&r, "tool-name", "a\"b\\c\nd"), 0);
    assert_int_equal(es_reg_set(&r, "sample-bucket-width", width), 0);
    assert_int_equal(es_reg_event(&r, es_event_find("histogram-owdelay")), 0);
    assert_int_equal(es_reg_check(&r, &fault), 0);
    assert_int_equal(meta_new(&r, 1, 0, &m), 0);
    es_reg_fini(&r);
    return m;
}

static void add(struct row *row, const char *event, struct es_value v)
{
    row->at[row->n].event = (uint8_t)es_event_find(event);
    row->at[row->n++].value = v;
}

static void samples_have_labels_and_seconds(void **state)
{
    struct meta *m = make("0.0001");
    struct result r = {.ts = 1700000000};
    struct es_value delays = {.form = ES_VALUE_HIST};
    char key[2 * ES_REG_KEY_LEN + 1], want[1024], labels[512];

    (void)state;
    meta_key_text(m, key);
    es_hist_init(&delays.hist);
    assert_int_equal(es_hist_add(&delays.hist, "50.00", 3), 0);
    add(&r.row, "throughput", (struct es_value){.form = ES_VALUE_NUMBER, .number = 9.5e9});
    add(&r.row, "packet-count-sent", (struct es_value){.form = ES_VALUE_NUMBER, .number = 600});
    add(&r.row, "packet-loss-rate-bidir", (struct es_value){.form = ES_VALUE_RATIO, .ratio = {1, 5}});
    add(&r.row, "histogram-owdelay", delays);
    assert_int_equal(metrics_path(families, m, &r), 0);
    snprintf(labels, sizeof labels,
             "{key=\"%s\",source=\"192.0.2.1\",destination=\"192.0.2.2\",agent=\"\",tool=\"a\\\"b\\\\c\\nd\"",
             key);
    snprintf(want, sizeof want, "psarchive_throughput_bits_per_second%s} 9500000000.0\n", labels);
    assert_string_equal(family(METRICS_THROUGHPUT), want);
    snprintf(want, sizeof want, "psarchive_loss_ratio%s,path=\"round-trip\"} 0.2\n", labels);
    assert_string_equal(family(METRICS_LOSS), want);
    snprintf(want, sizeof want, "psarchive_delay_seconds%s,statistic=\"minimum\"} 0.005\n", labels);
    assert_memory_equal(family(METRICS_DELAY), want, strlen(want));
    assert_string_equal(family(METRICS_RTT), "");
    snprintf(want, sizeof want, "psarchive_result_timestamp_seconds%s} 1700000000.0\n", labels);
    assert_string_equal(family(METRICS_TIME), want);
    result_fini(&r);
    meta_unref(m);
}

static void a_heading_names_type_unit_and_meaning(void **state)
{
    struct ps_buf out;

    (void)state;
    ps_buf_init(&out, 0);
    assert_int_equal(metrics_heading(&out, "a_seconds", "gauge", "seconds", "What."), 0);
    assert_int_equal(metrics_heading(&out, "b", "counter", NULL, "How."), 0);
    assert_int_equal(metrics_label(&out, "b", "_total", "dir", "x\"y"), 0);
    assert_int_equal(ps_buf_append(&out, "", 1), 0);
    assert_string_equal((const char *)ps_buf_head(&out),
                        "# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n"
                        "# HELP a_seconds What.\n# TYPE b counter\n# HELP b How.\n"
                        "b_total{dir=\"x\\\"y\"}");
    ps_buf_fini(&out);
}

static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < METRICS_FAMILIES; i++)
        ps_buf_init(&families[i], 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < METRICS_FAMILIES; i++)
        ps_buf_fini(&families[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_have_labels_and_seconds),
        cmocka_unit_test(a_heading_names_type_unit_and_meaning),
    };
    return cmocka_run_group_tests_name("metrics_path", tests, set_up, tear_down);
}
