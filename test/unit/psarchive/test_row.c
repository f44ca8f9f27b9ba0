// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"
#include "psarchive/row.h"
#include "psarchive/rollup.h"
#include "psarchive/store_impl.h"

static void fill(struct row *row, uint64_t lost, uint64_t told)
{
    struct es_value v;
    row->n = 0;
    v = number(600);
    row_add(row, ev("packet-count-sent"), &v);
    v = text("{\"href\":\"https://a.example/tasks/00000000-1111-2222-3333-444444444444/runs/x\"}");
    row_add(row, ev("pscheduler-run-href"), &v);
    v = hist("34.40:3 34.41:590 35.02:1");
    row_add(row, ev("histogram-owdelay"), &v);
    v = number((double)lost);
    row_add(row, ev("packet-count-lost"), &v);
    v = ratio(told, 600);
    row_add(row, ev("packet-loss-rate"), &v);
    v = number(0.13);
    row_add(row, ev("time-error-estimates"), &v);
}

static struct meta *path_meta(void)
{
    struct es_reg r;
    reg_path(&r, 1);
    return meta_of(&r);
}

// A row's packed form, with the phrases of the archive that the test has.
static void pack(struct phrases *ph, const struct row *row, const struct meta *m, struct bitput *w)
{
    bitput_init(w);
    assert_int_equal(row_pack(w, row, m, 1000, ph), 0);
}

static struct phrases *phrases_of(struct fix *f)
{
    struct phrases *p;
    assert_int_equal(phrases_new(&p, f->store->db), 0);
    return p;
}

static void values_come_back_wanted_or_all(void **state)
{
    struct phrases *ph = phrases_of(*state);
    struct meta *m = path_meta();
    struct row row, back;
    struct bitput w;
    for (uint64_t told = 6; told < 8; told++) { // a rate that the counts tell, and one that they do not
        fill(&row, 6, told);
        pack(ph, &row, m, &w);
        assert_int_equal(row_unpack(w.data, w.len, m, ph, UINT64_MAX, &back), 0);
        assert_int_equal(back.n, row.n);
        for (size_t i = 0; i < row.n; i++) {
            assert_int_equal(back.at[i].event, row.at[i].event);
            assert_true(es_value_equal(&back.at[i].value, &row.at[i].value));
        }
        row_fini(&back);
        int rate = ev("packet-loss-rate");
        assert_int_equal(row_unpack(w.data, w.len, m, ph, UINT64_C(1) << rate, &back), 0);
        assert_int_equal(back.n, 1);
        assert_true(es_value_equal(&back.at[0].value, row_find(&row, rate)));
        row_fini(&back);
        row_fini(&row);
        bitput_fini(&w);
    }
    phrases_free(ph);
    meta_unref(m);
}

static void what_is_cut_off_or_wrong_is_refused(void **state)
{
    struct phrases *ph = phrases_of(*state);
    struct meta *m = path_meta();
    struct row row, back;
    struct bitput w;
    struct ps_rand rand;
    uint8_t noise[60];
    fill(&row, 6, 7);
    pack(ph, &row, m, &w);
    for (size_t cut = 0; cut < w.len; cut++) {
        assert_int_not_equal(row_unpack(w.data, cut, m, ph, UINT64_MAX, &back), 0);
        assert_int_equal(back.n, 0);
    }
    ps_rand_seed(&rand, 9);
    for (int i = 0; i < 20000; i++) {
        ps_rand_fill(&rand, noise, sizeof noise);
        if (row_unpack(noise, sizeof noise, m, ph, UINT64_MAX, &back) == 0)
            row_fini(&back);
        struct rollup *r;
        if (rollup_unpack(noise, sizeof noise, m, 300, &r) == 0)
            rollup_free(r);
    }
    row_fini(&row);
    bitput_fini(&w);
    phrases_free(ph);
    meta_unref(m);
}

static void an_empty_row_is_one_or_two_octets(void **state)
{
    struct phrases *ph = phrases_of(*state);
    struct meta *m = path_meta();
    struct row row = {0}, back;
    struct bitput w;
    pack(ph, &row, m, &w);
    assert_int_equal(w.len, 2);
    assert_int_equal(row_unpack(w.data, w.len, m, ph, UINT64_MAX, &back), 0);
    assert_int_equal(back.n, 0);
    bitput_fini(&w);
    phrases_free(ph);
    meta_unref(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_come_back_wanted_or_all),
        TEST(what_is_cut_off_or_wrong_is_refused),
        TEST(an_empty_row_is_one_or_two_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
