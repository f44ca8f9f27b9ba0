// SPDX-License-Identifier: Apache-2.0
#include "archive_fix.h"

static void hash_of(struct es_reg *r, uint8_t out[32])
{
    reg_check(r);
    assert_int_equal(registration_hash(r, out), 0);
}

static void order_and_case_do_not_matter(void **state)
{
    struct es_reg a, b;
    uint8_t x[32], y[32];
    (void)state;
    reg_path(&a, 1);
    es_reg_init(&b);
    for (size_t i = a.nparams; i-- > 0;)
        reg_set(&b, a.params[i].key, a.params[i].value);
    reg_set(&b, "tool-name", "PSCHEDULER/Powstream");
    reg_set(&b, "subject-type", "Point-To-Point");
    b.events = a.events;
    for (size_t i = a.nsummaries; i-- > 0;)
        assert_int_equal(es_reg_summary(&b, a.summaries[i].event, (enum es_summary_type)a.summaries[i].type,
                                        a.summaries[i].window),
                         0);
    hash_of(&a, x);
    hash_of(&b, y);
    assert_memory_equal(x, y, 32);
    es_reg_fini(&a);
    es_reg_fini(&b);
}

static void each_difference_is_another_meta(void **state)
{
    uint8_t x[32], y[32];
    (void)state;
    for (int change = 0; change < 4; change++) {
        struct es_reg a, b;
        reg_path(&a, 1);
        reg_path(&b, change == 0 ? 2 : 1);
        if (change == 1)
            reg_set(&b, "ip-dscp", "46");
        else if (change == 2)
            assert_int_equal(es_reg_event(&b, ev("packet-trace")), 0);
        else if (change == 3)
            reg_summary(&b, "packet-count-lost", ES_SUMMARY_AVERAGE, 300);
        hash_of(&a, x);
        hash_of(&b, y);
        assert_memory_not_equal(x, y, 32);
        es_reg_fini(&a);
        es_reg_fini(&b);
    }
}

static void addresses_get_their_one_form(void **state)
{
    struct es_reg r;
    (void)state;
    reg_path(&r, 1);
    reg_set(&r, "source", "2001:DB8:0:0::1");
    reg_check(&r);
    assert_string_equal(es_reg_get(&r, "source"), "2001:db8::1");
    es_reg_fini(&r);
}

static void what_is_missing_or_wrong_is_told(void **state)
{
    static const struct {
        const char *key, *value, *fault;
    } wrong[] = {
        {"source", "host.example.net", "source: wants an IP address"},
        {"measurement-agent", "", "measurement-agent: wants an IP address"},
        {"subject-type", "path", "subject-type: wants point-to-point or network-element"},
    };
    struct es_reg r;
    struct ps_fault fault;
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        reg_path(&r, 1);
        reg_set(&r, wrong[i].key, wrong[i].value);
        assert_int_equal(es_reg_check(&r, &fault), PS_EMALFORMED);
        assert_string_equal(fault.text, wrong[i].fault);
        es_reg_fini(&r);
    }
    es_reg_init(&r);
    assert_int_equal(es_reg_check(&r, &fault), PS_EMALFORMED);
    assert_string_equal(fault.text, "event-types: wants at least one");
    assert_int_equal(es_reg_event(&r, ev("failures")), 0);
    reg_set(&r, "subject-type", "point-to-point");
    reg_set(&r, "source", "192.0.2.1");
    assert_int_equal(es_reg_check(&r, &fault), PS_EMALFORMED);
    assert_string_equal(fault.text, "destination: is missing");
    reg_set(&r, "subject-type", "network-element");
    assert_int_equal(es_reg_check(&r, &fault), 0);
    es_reg_fini(&r);
}

static void bounds_are_kept(void **state)
{
    struct es_reg r;
    char key[40], longer[ES_REG_VALUE_MAX + 2];
    (void)state;
    es_reg_init(&r);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(es_reg_set(&r, "k", longer), PS_ELIMIT);
    for (unsigned i = 0; i < ES_REG_PARAMS_MAX; i++) {
        snprintf(key, sizeof key, "key-%u", i);
        reg_set(&r, key, "v");
    }
    assert_int_equal(es_reg_set(&r, "one-more", "v"), PS_ELIMIT);
    assert_int_equal(es_reg_set(&r, "key-7", "w"), 0);
    assert_string_equal(es_reg_get(&r, "key-7"), "w");
    for (unsigned i = 0; i < ES_REG_WINDOWS_MAX; i++)
        reg_summary(&r, "throughput", ES_SUMMARY_AVERAGE, 60 + i);
    assert_int_equal(es_reg_summary(&r, ev("throughput"), ES_SUMMARY_AVERAGE, 7), PS_ELIMIT);
    reg_summary(&r, "throughput", ES_SUMMARY_AGGREGATION, 60);
    reg_summary(&r, "throughput", ES_SUMMARY_AGGREGATION, 0);
    assert_int_equal(es_reg_summary(&r, ev("throughput"), ES_SUMMARY_STATISTICS, 60), PS_EUNSUPPORTED);
    assert_int_equal(es_reg_summary(&r, ev("throughput"), ES_SUMMARY_AVERAGE, ES_SUMMARY_WINDOW_MAX + 1),
                     PS_ERANGE);
    assert_int_equal(es_reg_summary(&r, ES_EVENT_COUNT, ES_SUMMARY_AVERAGE, 60), PS_EUNKNOWN);
    es_reg_fini(&r);
}

static void a_meta_says_what_was_registered(void **state)
{
    struct es_reg r;
    char key[2 * ES_REG_KEY_LEN + 1];
    (void)state;
    reg_path(&r, 5);
    struct meta *m = meta_of(&r);
    assert_string_equal(meta_get(m, "source"), "10.0.0.5");
    assert_string_equal(meta_get(m, "tool-name"), "pscheduler/powstream");
    assert_null(meta_get(m, "tool"));
    assert_true(meta_has_event(m, ev("histogram-owdelay")));
    assert_false(meta_has_event(m, ev("throughput")));
    assert_true(meta_has_summary(m, ev("histogram-owdelay"), ES_SUMMARY_STATISTICS, 3600));
    assert_true(meta_has_summary(m, ev("failures"), ES_SUMMARY_BASE, 0));
    assert_false(meta_has_summary(m, ev("failures"), ES_SUMMARY_BASE, 300));
    assert_false(meta_has_summary(m, ev("histogram-owdelay"), ES_SUMMARY_STATISTICS, 60));
    assert_true(meta_rolls_up(m, ev("packet-loss-rate"), 300));
    assert_false(meta_rolls_up(m, ev("failures"), 300));
    assert_int_equal(m->nwindows, 3);
    assert_int_equal(m->windows[2], 86400);
    meta_key_text(m, key);
    assert_int_equal(strlen(key), 32);
    assert_memory_equal(m->key, m->hash, ES_REG_KEY_LEN);
    assert_int_equal(meta_updated(m, -1), 0);
    meta_unref(meta_ref(m));
    meta_unref(m);
    meta_unref(NULL);
}

static void what_was_packed_comes_back_and_what_is_cut_off_is_refused(void **state)
{
    struct es_reg r, back;
    uint8_t *data, x[32], y[32];
    size_t len;
    (void)state;
    reg_path(&r, 9);
    hash_of(&r, x);
    assert_int_equal(meta_pack(&r, &data, &len), 0);
    assert_int_equal(meta_unpack(data, len, &back), 0);
    assert_int_equal(registration_hash(&back, y), 0);
    assert_memory_equal(x, y, 32);
    es_reg_fini(&back);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_not_equal(meta_unpack(data, cut, &back), 0);
    data[0] ^= 0x80;
    assert_int_equal(meta_unpack(data, len, &back), PS_EVERSION);
    free(data);
    es_reg_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_case_do_not_matter),
        cmocka_unit_test(each_difference_is_another_meta),
        cmocka_unit_test(addresses_get_their_one_form),
        cmocka_unit_test(what_is_missing_or_wrong_is_told),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(a_meta_says_what_was_registered),
        cmocka_unit_test(what_was_packed_comes_back_and_what_is_cut_off_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
