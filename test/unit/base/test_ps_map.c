// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <string.h>
#include "base/ps_map.h"
#include "base/ps_rand.h"

static void an_empty_map_has_nothing(void **state)
{
    struct ps_map m;
    size_t pos = 0;

    (void)state;
    assert_int_equal(ps_map_init(&m, 4), 0);
    assert_null(ps_map_get(&m, "abcd"));
    assert_null(ps_map_take(&m, "abcd"));
    assert_null(ps_map_each(&m, &pos));
    ps_map_fini(&m);
}

static void what_was_put_is_found_and_taken_once(void **state)
{
    struct ps_map m;
    int one, two;

    (void)state;
    assert_int_equal(ps_map_init(&m, 16), 0);
    assert_int_equal(ps_map_put(&m, "0123456789abcdef", &one), 0);
    assert_int_equal(ps_map_put(&m, "0123456789abcdeg", &two), 0);
    assert_ptr_equal(ps_map_get(&m, "0123456789abcdef"), &one);
    assert_ptr_equal(ps_map_get(&m, "0123456789abcdeg"), &two);
    assert_null(ps_map_get(&m, "0123456789abcdeh"));
    assert_ptr_equal(ps_map_take(&m, "0123456789abcdef"), &one);
    assert_null(ps_map_take(&m, "0123456789abcdef"));
    assert_int_equal(m.count, 1);
    ps_map_fini(&m);
}

static void putting_again_replaces(void **state)
{
    struct ps_map m;
    int one, two;

    (void)state;
    assert_int_equal(ps_map_init(&m, 1), 0);
    assert_int_equal(ps_map_put(&m, "k", &one), 0);
    assert_int_equal(ps_map_put(&m, "k", &two), 0);
    assert_ptr_equal(ps_map_get(&m, "k"), &two);
    assert_int_equal(m.count, 1);
    ps_map_fini(&m);
}

static void the_walk_meets_each_value_once(void **state)
{
    static int values[1000];
    struct ps_map m;
    size_t pos = 0;
    int *v;

    (void)state;
    assert_int_equal(ps_map_init(&m, sizeof(int)), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(ps_map_put(&m, &i, &values[i]), 0);
    while ((v = ps_map_each(&m, &pos)))
        (*v)++;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(values[i], 1);
    ps_map_fini(&m);
}

// Against an array that does the same the plain way.
static void any_mix_of_operations_agrees_with_an_array(void **state)
{
    static char places[512];
    void *model[512] = {0};
    struct ps_map m;
    struct ps_rand r;
    size_t count = 0;

    (void)state;
    assert_int_equal(ps_map_init(&m, 6), 0);
    ps_rand_seed(&r, 5);
    for (int i = 0; i < 200000; i++) {
        uint64_t x = ps_rand_u64(&r);
        unsigned k = x >> 55;
        uint8_t key[6] = {(uint8_t)k, 0, 0, 0, 0, (uint8_t)(k >> 8)};
        assert_ptr_equal(ps_map_get(&m, key), model[k]);
        if (x & 1) {
            count += !model[k];
            model[k] = &places[x >> 8 & 511];
            assert_int_equal(ps_map_put(&m, key, model[k]), 0);
        } else {
            count -= model[k] != NULL;
            assert_ptr_equal(ps_map_take(&m, key), model[k]);
            model[k] = NULL;
        }
        assert_int_equal(m.count, count);
    }
    ps_map_fini(&m);
}

static void a_map_that_stays_small_does_not_grow(void **state)
{
    struct ps_map m;
    int value;

    (void)state;
    assert_int_equal(ps_map_init(&m, sizeof(int)), 0);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(ps_map_put(&m, &i, &value), 0);
        assert_ptr_equal(ps_map_take(&m, &i), &value);
    }
    assert_int_equal(m.cap, 16);
    ps_map_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(what_was_put_is_found_and_taken_once),
        cmocka_unit_test(putting_again_replaces),
        cmocka_unit_test(the_walk_meets_each_value_once),
        cmocka_unit_test(any_mix_of_operations_agrees_with_an_array),
        cmocka_unit_test(a_map_that_stays_small_does_not_grow),
    };
    return cmocka_run_group_tests_name("ps_map", tests, NULL, NULL);
}
