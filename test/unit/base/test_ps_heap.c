// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include "base/ps_heap.h"
#include "base/ps_rand.h"

static struct ps_heap_node *pop(struct ps_heap *h)
{
    struct ps_heap_node *n = ps_heap_top(h);

    if (n)
        ps_heap_remove(h, n);
    return n;
}

static void an_empty_heap_has_no_top(void **state)
{
    struct ps_heap_node n = {0};
    struct ps_heap h;

    (void)state;
    ps_heap_init(&h);
    assert_null(ps_heap_top(&h));
    ps_heap_remove(&h, &n);
    assert_int_equal(h.count, 0);
    ps_heap_fini(&h);
}

static void keys_leave_in_order(void **state)
{
    static struct ps_heap_node n[5000];
    struct ps_heap h;
    struct ps_rand r;
    int64_t last = INT64_MIN;

    (void)state;
    ps_heap_init(&h);
    ps_rand_seed(&r, 3);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(ps_heap_set(&h, &n[i], (int64_t)ps_rand_u64(&r)), 0);
    for (int i = 0; i < 5000; i++) {
        struct ps_heap_node *top = pop(&h);
        assert_non_null(top);
        assert_true(top->key >= last);
        assert_int_equal(top->index, 0);
        last = top->key;
    }
    assert_null(pop(&h));
    ps_heap_fini(&h);
}

static void equal_keys_leave_in_the_order_they_entered(void **state)
{
    struct ps_heap_node n[100] = {0};
    struct ps_heap h;

    (void)state;
    ps_heap_init(&h);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ps_heap_set(&h, &n[i], 7), 0);
    for (int i = 0; i < 100; i++)
        assert_ptr_equal(pop(&h), &n[i]);
    ps_heap_fini(&h);
}

static void extreme_keys_compare_without_overflow(void **state)
{
    struct ps_heap_node low = {0}, high = {0}, zero = {0};
    struct ps_heap h;

    (void)state;
    ps_heap_init(&h);
    ps_heap_set(&h, &high, INT64_MAX);
    ps_heap_set(&h, &zero, 0);
    ps_heap_set(&h, &low, INT64_MIN);
    assert_ptr_equal(pop(&h), &low);
    assert_ptr_equal(pop(&h), &zero);
    assert_ptr_equal(pop(&h), &high);
    ps_heap_fini(&h);
}

static void setting_a_member_moves_it(void **state)
{
    struct ps_heap_node n[10] = {0};
    struct ps_heap h;

    (void)state;
    ps_heap_init(&h);
    for (int i = 0; i < 10; i++)
        ps_heap_set(&h, &n[i], i);
    ps_heap_set(&h, &n[9], -1);
    assert_ptr_equal(ps_heap_top(&h), &n[9]);
    ps_heap_set(&h, &n[9], 100);
    assert_ptr_equal(ps_heap_top(&h), &n[0]);
    assert_int_equal(h.count, 10);
    for (int i = 0; i < 10; i++)
        assert_ptr_equal(pop(&h), &n[i]);
    ps_heap_fini(&h);
}

static void check_shape(const struct ps_heap *h)
{
    for (size_t i = 0; i < h->count; i++) {
        assert_int_equal(h->at[i].node->index, i + 1);
        assert_true(i == 0 || h->at[(i - 1) / 4].key <= h->at[i].key);
    }
}

static void any_mix_of_operations_keeps_the_heap_a_heap(void **state)
{
    static struct ps_heap_node n[64];
    struct ps_heap h;
    struct ps_rand r;

    (void)state;
    ps_heap_init(&h);
    ps_rand_seed(&r, 4);
    for (int i = 0; i < 20000; i++) {
        uint64_t x = ps_rand_u64(&r);
        if (x & 1)
            ps_heap_set(&h, &n[x >> 58], (int64_t)(x >> 8 & 31));
        else
            ps_heap_remove(&h, &n[x >> 58]);
        check_shape(&h);
    }
    ps_heap_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_heap_has_no_top),
        cmocka_unit_test(keys_leave_in_order),
        cmocka_unit_test(equal_keys_leave_in_the_order_they_entered),
        cmocka_unit_test(extreme_keys_compare_without_overflow),
        cmocka_unit_test(setting_a_member_moves_it),
        cmocka_unit_test(any_mix_of_operations_keeps_the_heap_a_heap),
    };
    return cmocka_run_group_tests_name("ps_heap", tests, NULL, NULL);
}
