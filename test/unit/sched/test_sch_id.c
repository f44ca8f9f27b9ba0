// SPDX-License-Identifier: Apache-2.0
#include "base/ps_rand.h"
#include "sched/sch_id.h"
#include "sched_test.h"

static void names_are_uuids_of_version_4(void **state)
{
    (void)state;
    struct ps_rand rand;
    ps_rand_seed(&rand, 1);
    for (int i = 0; i < 100; i++) {
        struct sch_key key, again;
        char text[SCH_ID];
        sch_id_make(&rand, &key);
        sch_id_put(&key, text);
        assert_int_equal(strlen(text), 36);
        assert_int_equal(text[14], '4');
        assert_non_null(strchr("89ab", text[19]));
        assert_int_equal(sch_id_read(text, &again), 0);
        assert_memory_equal(&key, &again, sizeof key);
    }
}

static void capitals_are_the_same_name(void **state)
{
    (void)state;
    struct sch_key a, b;
    assert_int_equal(sch_id_read("0123abcd-4567-4abc-8def-0123456789ab", &a), 0);
    assert_int_equal(sch_id_read("0123ABCD-4567-4ABC-8DEF-0123456789AB", &b), 0);
    assert_memory_equal(&a, &b, sizeof a);
}

static void what_is_no_uuid_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "0123abcd-4567-4abc-8def-0123456789a",
                                      "0123abcd-4567-4abc-8def-0123456789abc",
                                      "0123abcd04567-4abc-8def-0123456789ab",
                                      "0123abcd-4567-4abc-8def00123456789ab",
                                      "0123abcg-4567-4abc-8def-0123456789ab",
                                      "----------------------------------- "};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct sch_key key;
        assert_int_equal(sch_id_read(bad[i], &key), PS_ESYNTAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_uuids_of_version_4),
        cmocka_unit_test(capitals_are_the_same_name),
        cmocka_unit_test(what_is_no_uuid_is_refused),
    };
    return cmocka_run_group_tests_name("sch_id", tests, NULL, NULL);
}
