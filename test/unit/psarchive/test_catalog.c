// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"

#define METAS 200

static struct catalog *full(struct meta **metas)
{
    struct catalog *c;
    assert_int_equal(catalog_new(&c), 0);
    for (unsigned i = 0; i < METAS; i++) {
        struct es_reg r;
        reg_path(&r, i);
        if (i % 2 == 1)
            reg_set(&r, "ip-dscp", "46");
        if (i % 10 == 0)
            reg_summary(&r, "packet-count-lost", ES_SUMMARY_AVERAGE, 60);
        reg_check(&r);
        assert_int_equal(meta_new(&r, i + 1, 0, &metas[i]), 0);
        es_reg_fini(&r);
        assert_int_equal(catalog_add(c, metas[i]), 0);
    }
    return c;
}

static void empty(struct catalog *c, struct meta **metas)
{
    catalog_free(c);
    for (unsigned i = 0; i < METAS; i++)
        meta_unref(metas[i]);
}

static size_t pull(struct catalog *c, const struct filter *f, size_t skip, size_t each)
{
    struct search s;
    const struct meta *out[METAS];
    uint8_t last[ES_REG_KEY_LEN] = {0};
    size_t total = 0;
    search_begin(&s, c, f);
    search_skip(&s, skip);
    for (size_t n; (n = search_next(&s, out, each)) > 0; total += n)
        for (size_t i = 0; i < n; i++) {
            assert_true(memcmp(last, out[i]->key, ES_REG_KEY_LEN) < 0); // in the order of keys, none twice
            memcpy(last, out[i]->key, ES_REG_KEY_LEN);
            assert_true(filter_matches(f, out[i]));
            meta_unref(out[i]);
        }
    return total;
}

static void each_meta_is_found_in_every_way(void **state)
{
    struct meta *metas[METAS], *m;
    struct catalog *c = full(metas);
    char key[2 * ES_REG_KEY_LEN + 1];
    (void)state;
    assert_int_equal(catalog_count(c), METAS);
    for (unsigned i = 0; i < METAS; i++) {
        meta_key_text(metas[i], key);
        assert_ptr_equal(m = catalog_find(c, key), metas[i]);
        meta_unref(m);
        assert_ptr_equal(m = catalog_find_hash(c, metas[i]->hash), metas[i]);
        meta_unref(m);
        assert_ptr_equal(m = catalog_find_id(c, i + 1), metas[i]);
        meta_unref(m);
    }
    assert_null(catalog_find(c, "no key"));
    assert_null(catalog_find_id(c, METAS + 1));
    assert_int_equal(catalog_add(c, metas[3]), PS_EDUPLICATE);
    catalog_remove(c, metas[3]);
    assert_null(catalog_find_id(c, 4));
    assert_int_equal(catalog_count(c), METAS - 1);
    catalog_remove(c, metas[3]);
    assert_int_equal(catalog_count(c), METAS - 1);
    empty(c, metas);
}

static void filters_must_all_hold(void **state)
{
    struct meta *metas[METAS];
    struct catalog *c = full(metas);
    struct filter f = {0};
    (void)state;
    assert_int_equal(catalog_matches(c, &f), METAS);
    f.params[f.nparams++] = (struct filter_param){"ip-dscp", {"46"}, 1};
    assert_int_equal(catalog_matches(c, &f), METAS / 2);
    f.params[f.nparams++] = (struct filter_param){"source", {"10.0.0.1", "10.0.0.2", "10.0.0.3"}, 3};
    assert_int_equal(catalog_matches(c, &f), 2);
    f.params[f.nparams++] = (struct filter_param){"nobody-has-it", {""}, 1};
    assert_int_equal(catalog_matches(c, &f), 0);
    f.nparams = 0;
    f.by_window = true;
    f.window = 60;
    assert_int_equal(catalog_matches(c, &f), METAS / 10);
    f.by_event = true;
    f.event = ev("histogram-owdelay"); // has other windows
    assert_int_equal(catalog_matches(c, &f), 0);
    f.window = 300;
    assert_int_equal(catalog_matches(c, &f), METAS);
    f.by_summary = true;
    f.summary = ES_SUMMARY_AVERAGE;
    assert_int_equal(catalog_matches(c, &f), 0);
    empty(c, metas);
}

static void times_are_those_of_the_event_type_that_is_asked_for(void **state)
{
    struct meta *metas[METAS];
    struct catalog *c = full(metas);
    struct filter f = {.by_time = true, .from = 100, .to = 200};
    (void)state;
    assert_int_equal(catalog_matches(c, &f), 0); // never written
    for (size_t i = 0; i < metas[0]->nevents; i++)
        if (metas[0]->event[i] == ev("failures"))
            atomic_store(&metas[0]->updated[i], 150);
        else if (metas[0]->event[i] == ev("packet-count-lost"))
            atomic_store(&metas[0]->updated[i], 300);
    assert_int_equal(catalog_matches(c, &f), 0); // the newest is behind it
    f.by_event = true;
    f.event = ev("failures");
    assert_int_equal(catalog_matches(c, &f), 1);
    f.event = ev("packet-count-lost");
    assert_int_equal(catalog_matches(c, &f), 0);
    f.to = 300;
    assert_int_equal(catalog_matches(c, &f), 1);
    empty(c, metas);
}

static void a_search_goes_on_where_it_was(void **state)
{
    struct meta *metas[METAS];
    struct catalog *c = full(metas);
    struct filter f = {0};
    char key[2 * ES_REG_KEY_LEN + 1];
    (void)state;
    assert_int_equal(pull(c, &f, 0, 7), METAS);
    assert_int_equal(pull(c, &f, 0, METAS), METAS);
    assert_int_equal(pull(c, &f, 150, 7), METAS - 150);
    assert_int_equal(pull(c, &f, METAS + 9, 7), 0);
    meta_key_text(metas[7], key);
    f.params[f.nparams++] = (struct filter_param){"metadata-key", {key}, 1};
    assert_int_equal(pull(c, &f, 0, 7), 1);
    empty(c, metas);
}

static void what_is_removed_under_way_is_no_harm(void **state)
{
    struct meta *metas[METAS];
    struct catalog *c = full(metas);
    static const struct filter all;
    struct search s;
    const struct meta *out[10];
    size_t total = 0;
    (void)state;
    search_begin(&s, c, &all);
    for (size_t n; (n = search_next(&s, out, 10)) > 0; total += n) {
        catalog_remove(c, out[n - 1]); // where the next pull would begin
        for (size_t i = 0; i < n; i++)
            meta_unref(out[i]);
    }
    assert_int_equal(total, METAS);
    assert_int_equal(catalog_count(c), METAS - METAS / 10);
    empty(c, metas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_meta_is_found_in_every_way),
        cmocka_unit_test(filters_must_all_hold),
        cmocka_unit_test(times_are_those_of_the_event_type_that_is_asked_for),
        cmocka_unit_test(a_search_goes_on_where_it_was),
        cmocka_unit_test(what_is_removed_under_way_is_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
