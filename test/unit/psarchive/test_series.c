// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"
#include "psarchive/store_impl.h"

#define TS 1700000400

static const struct meta *loaded(struct fix *f, unsigned n)
{
    struct es_reg r;
    reg_path(&r, 1);
    reg_summary(&r, "packet-count-lost", ES_SUMMARY_AVERAGE, 0);
    const struct meta *m = put_registration(f, &r);
    es_reg_fini(&r);
    struct put *p = put_to(f, m);
    for (unsigned i = 0; i < n; i++) {
        put_one(p, TS + i * 60, "packet-count-lost", number(i));
        if (i % 2 == 0)
            put_one(p, TS + i * 60, "histogram-owdelay", hist("1.5:3 2.5:1"));
    }
    assert_int_equal(put_through(f, p), 0);
    put_free(p);
    return m;
}

static size_t count(struct fix *f, const struct meta *m, const char *event, enum es_summary_type type,
                    uint32_t window, int64_t from, int64_t to, int64_t *first)
{
    struct series *s;
    const struct point *p;
    int64_t last = -1;
    size_t n = 0;
    assert_int_equal(series_open(&s, f->reader, m, ev(event), type, window, from, to), 0);
    for (; series_next(s, &p) > 0; n++) {
        if (n == 0 && first != NULL)
            *first = p->ts;
        assert_true(p->ts > last);
        last = p->ts;
    }
    series_close(s);
    return n;
}

static void a_series_is_longer_than_a_fetch_and_both_ends_count(void **state)
{
    struct fix *f = *state;
    const struct meta *m = loaded(f, 1000);
    int64_t first;
    assert_int_equal(count(f, m, "packet-count-lost", ES_SUMMARY_BASE, 0, 0, INT64_MAX, &first), 1000);
    assert_int_equal(first, TS);
    assert_int_equal(count(f, m, "packet-count-lost", ES_SUMMARY_BASE, 0, TS + 60, TS + 120, &first), 2);
    assert_int_equal(first, TS + 60);
    assert_int_equal(count(f, m, "packet-count-lost", ES_SUMMARY_BASE, 0, TS + 61, TS + 119, NULL), 0);
    assert_int_equal(count(f, m, "packet-count-lost", ES_SUMMARY_BASE, 0, TS + 120, TS, NULL), 0);
    assert_int_equal(count(f, m, "histogram-owdelay", ES_SUMMARY_BASE, 0, 0, INT64_MAX, NULL), 500);
    assert_int_equal(count(f, m, "failures", ES_SUMMARY_BASE, 0, 0, INT64_MAX, NULL), 0);
    meta_unref(m);
}

static void buckets_begin_at_whole_windows(void **state)
{
    struct fix *f = *state;
    const struct meta *m = loaded(f, 1000);
    int64_t first;
    assert_int_equal(count(f, m, "packet-count-lost", ES_SUMMARY_AGGREGATION, 300, 0, INT64_MAX, &first),
                     200);
    assert_int_equal(first, TS - TS % 300);
    assert_int_equal(count(f, m, "histogram-owdelay", ES_SUMMARY_STATISTICS, 86400, 0, INT64_MAX, &first), 2);
    assert_int_equal(first, TS - TS % 86400);
    assert_int_equal(count(f, m, "packet-count-lost", ES_SUMMARY_AGGREGATION, 300, first + 1, TS + 299, NULL),
                     1);
    meta_unref(m);
}

static void window_0_is_of_each_point(void **state)
{
    struct fix *f = *state;
    const struct meta *m = loaded(f, 10);
    struct series *s;
    const struct point *p;
    assert_int_equal(
        series_open(&s, f->reader, m, ev("histogram-owdelay"), ES_SUMMARY_STATISTICS, 0, 0, INT64_MAX), 0);
    assert_int_equal(series_next(s, &p), 1);
    assert_int_equal(p->value.form, ES_VALUE_STATS);
    assert_true(p->value.stats->maximum == 2.5 && p->value.stats->mean == 1.75);
    series_close(s);
    assert_int_equal(
        series_open(&s, f->reader, m, ev("packet-count-lost"), ES_SUMMARY_AVERAGE, 0, TS + 60, TS + 60), 0);
    assert_int_equal(series_next(s, &p), 1);
    assert_true(p->value.number == 1);
    assert_int_equal(series_next(s, &p), 0);
    series_close(s);
    meta_unref(m);
}

static void what_is_not_registered_is_refused(void **state)
{
    struct fix *f = *state;
    const struct meta *m = loaded(f, 1);
    struct series *s;
    assert_int_equal(series_open(&s, f->reader, m, ev("throughput"), ES_SUMMARY_BASE, 0, 0, 1), PS_ENOTFOUND);
    assert_int_equal(series_open(&s, f->reader, m, ev("packet-count-lost"), ES_SUMMARY_BASE, 300, 0, 1),
                     PS_ENOTFOUND);
    assert_int_equal(series_open(&s, f->reader, m, ev("packet-count-lost"), ES_SUMMARY_AVERAGE, 300, 0, 1),
                     PS_ENOTFOUND);
    meta_unref(m);
}

static void a_cursor_holds_nothing_up_and_sees_what_comes(void **state)
{
    struct fix *f = *state;
    const struct meta *m = loaded(f, 300);
    struct series *s;
    const struct point *p;
    size_t n = 1;
    assert_int_equal(series_open(&s, f->reader, m, ev("packet-count-lost"), ES_SUMMARY_BASE, 0, 0, INT64_MAX),
                     0);
    assert_int_equal(series_next(s, &p), 1);
    assert_int_equal(put_alone(f, m, TS + 300 * 60, "packet-count-lost", number(300)), 0);
    assert_int_equal(ps_db_checkpoint(f->store->db), 0); // no snapshot is held
    while (series_next(s, &p) > 0)
        n++;
    assert_int_equal(n, 301);
    series_close(s);
    meta_unref(m);
}

static void points_are_passed_over(void **state)
{
    struct fix *f = *state;
    const struct meta *m = loaded(f, 600);
    struct series *s;
    const struct point *p;
    assert_int_equal(series_open(&s, f->reader, m, ev("packet-count-lost"), ES_SUMMARY_BASE, 0, 0, INT64_MAX),
                     0);
    assert_int_equal(series_skip(s, 555), 0);
    assert_int_equal(series_next(s, &p), 1);
    assert_true(p->value.number == 555);
    assert_int_equal(series_skip(s, 1000), 0);
    assert_int_equal(series_next(s, &p), 0);
    series_close(s);
    meta_unref(m);
}

static void documents_come_back_as_they_were(void **state)
{
    static const char first[] = "{\"id\":1,\n  \"result\": {\"packets-sent\": 600}}", other[] = "{\"id\":2}";
    struct fix *f = *state;
    const struct meta *m = loaded(f, 3);
    char *text;
    size_t len;
    for (int i = 0; i < 2; i++) {
        struct put *p = put_to(f, m);
        assert_int_equal(put_document(p, TS + i * 60, i == 0 ? first : other, strlen(i == 0 ? first : other)),
                         0);
        assert_int_equal(put_through(f, p), 0);
        put_free(p);
    }
    struct put *p = put_to(f, m);
    assert_int_equal(put_document(p, TS, other, strlen(other)), 0);
    assert_int_equal(put_through(f, p), PS_EDUPLICATE); // the first one stays
    put_free(p);
    assert_int_equal(document_read(f->reader, m, TS, &text, &len), 0);
    assert_int_equal(len, strlen(first));
    assert_memory_equal(text, first, len);
    free(text);
    assert_int_equal(document_read(f->reader, m, TS + 60, &text, &len), 0);
    assert_memory_equal(text, other, len);
    free(text);
    assert_int_equal(document_read(f->reader, m, TS + 120, &text, &len), PS_ENOTFOUND);
    meta_unref(m);
}

static void results_come_whole(void **state)
{
    struct fix *f = *state;
    const struct meta *m = loaded(f, 100);
    struct results *all;
    struct result *r;
    size_t n = 0, values = 0;
    int got;
    assert_int_equal(results_open(&all, f->reader, m, 0, INT64_MAX), 0);
    while ((got = results_next(all, &r)) > 0) {
        assert_int_equal(r->ts, TS + (int64_t)n * 60);
        n++;
        values += r->row.n;
    }
    assert_int_equal(got, 0);
    assert_int_equal(n, 100);
    assert_int_equal(values, 150);
    results_close(all);
    meta_unref(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_series_is_longer_than_a_fetch_and_both_ends_count),
        TEST(buckets_begin_at_whole_windows),
        TEST(window_0_is_of_each_point),
        TEST(what_is_not_registered_is_refused),
        TEST(a_cursor_holds_nothing_up_and_sees_what_comes),
        TEST(points_are_passed_over),
        TEST(documents_come_back_as_they_were),
        TEST(results_come_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
