// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <errno.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"

static void a_new_buffer_is_empty_and_owns_nothing(void **state)
{
    struct ps_buf b;

    (void)state;
    ps_buf_init(&b, 0);
    assert_int_equal(ps_buf_len(&b), 0);
    assert_null(ps_buf_head(&b));
    assert_int_equal(ps_buf_append(&b, NULL, 0), 0);
    ps_buf_fini(&b);
}

static void octets_come_out_in_the_order_they_went_in(void **state)
{
    uint32_t in = 0, out = 0;
    struct ps_buf b;

    (void)state;
    ps_buf_init(&b, 0);
    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < round % 23; i++, in++)
            assert_int_equal(ps_buf_append(&b, &in, sizeof in), 0);
        for (int i = 0; i < round % 19 && ps_buf_len(&b); i++, out++) {
            uint32_t got;
            memcpy(&got, ps_buf_head(&b), sizeof got);
            assert_int_equal(got, out);
            ps_buf_consume(&b, sizeof got);
        }
    }
    assert_int_equal(ps_buf_len(&b), (in - out) * sizeof in);
    ps_buf_fini(&b);
}

static void the_bound_can_be_reached_and_not_passed(void **state)
{
    uint8_t *p;
    struct ps_buf b;

    (void)state;
    ps_buf_init(&b, 5);
    assert_int_equal(ps_buf_append(&b, "abcde", 5), 0);
    assert_int_equal(ps_buf_append(&b, "f", 1), PS_ELIMIT);
    assert_int_equal(ps_buf_len(&b), 5);
    ps_buf_consume(&b, 2);
    assert_int_equal(ps_buf_append(&b, "fg", 2), 0);
    assert_memory_equal(ps_buf_head(&b), "cdefg", 5);
    assert_int_equal(ps_buf_reserve(&b, SIZE_MAX, &p), PS_ELIMIT);
    ps_buf_fini(&b);
}

static void a_length_that_no_memory_holds_is_refused(void **state)
{
    uint8_t *p;
    struct ps_buf b;

    (void)state;
    ps_buf_init(&b, 0);
    assert_int_equal(ps_buf_reserve(&b, SIZE_MAX, &p), -ENOMEM);
    assert_int_equal(ps_buf_append(&b, "abc", 3), 0);
    assert_int_equal(ps_buf_reserve(&b, SIZE_MAX, &p), -ENOMEM);
    assert_int_equal(ps_buf_reserve(&b, SIZE_MAX - 3, &p), -ENOMEM);
    assert_memory_equal(ps_buf_head(&b), "abc", 3);
    ps_buf_fini(&b);
}

static void reserved_octets_count_when_committed(void **state)
{
    uint8_t *p;
    struct ps_buf b;

    (void)state;
    ps_buf_init(&b, 0);
    assert_int_equal(ps_buf_reserve(&b, 100, &p), 0);
    memset(p, 'x', 100);
    assert_int_equal(ps_buf_len(&b), 0);
    ps_buf_commit(&b, 40);
    assert_int_equal(ps_buf_len(&b), 40);
    assert_int_equal(ps_buf_head(&b)[39], 'x');
    ps_buf_fini(&b);
}

static void printf_fills_up_to_the_bound_without_its_nul(void **state)
{
    struct ps_buf b;

    (void)state;
    ps_buf_init(&b, 8);
    assert_int_equal(ps_buf_printf(&b, "%d-%s", 123, "abcd"), 0);
    assert_int_equal(ps_buf_len(&b), 8);
    assert_memory_equal(ps_buf_head(&b), "123-abcd", 8);
    assert_int_equal(ps_buf_printf(&b, "%c", 'x'), PS_ELIMIT);
    assert_int_equal(ps_buf_printf(&b, "%s", ""), 0);
    assert_int_equal(ps_buf_len(&b), 8);
    ps_buf_fini(&b);
}

static void a_cleared_buffer_keeps_its_memory(void **state)
{
    struct ps_buf b;
    size_t cap;

    (void)state;
    ps_buf_init(&b, 0);
    assert_int_equal(ps_buf_append(&b, "hello", 5), 0);
    cap = b.cap;
    ps_buf_clear(&b);
    assert_int_equal(ps_buf_len(&b), 0);
    assert_int_equal(b.cap, cap);
    ps_buf_fini(&b);
}

static void a_queue_that_stays_short_does_not_grow(void **state)
{
    uint8_t chunk[48] = {0};
    struct ps_buf b;

    (void)state;
    ps_buf_init(&b, 0);
    assert_int_equal(ps_buf_append(&b, chunk, 10), 0);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(ps_buf_append(&b, chunk, sizeof chunk), 0);
        ps_buf_consume(&b, sizeof chunk);
    }
    assert_in_range(b.cap, 58, 512);
    ps_buf_fini(&b);
}

static void what_stands_at_the_end_can_be_cut_off(void **state)
{
    struct ps_buf b;

    (void)state;
    ps_buf_init(&b, 6);
    assert_int_equal(ps_buf_append(&b, "abcdef", 6), 0);
    ps_buf_consume(&b, 1);
    ps_buf_cut(&b, 3);
    assert_int_equal(ps_buf_len(&b), 3);
    assert_int_equal(ps_buf_append(&b, "xyz", 3), 0); // and counts no longer
    assert_memory_equal(ps_buf_head(&b), "bcdxyz", 6);
    ps_buf_cut(&b, 0);
    assert_int_equal(ps_buf_len(&b), 0);
    ps_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_buffer_is_empty_and_owns_nothing),
        cmocka_unit_test(octets_come_out_in_the_order_they_went_in),
        cmocka_unit_test(the_bound_can_be_reached_and_not_passed),
        cmocka_unit_test(a_length_that_no_memory_holds_is_refused),
        cmocka_unit_test(reserved_octets_count_when_committed),
        cmocka_unit_test(printf_fills_up_to_the_bound_without_its_nul),
        cmocka_unit_test(a_cleared_buffer_keeps_its_memory),
        cmocka_unit_test(what_stands_at_the_end_can_be_cut_off),
        cmocka_unit_test(a_queue_that_stays_short_does_not_grow),
    };
    return cmocka_run_group_tests_name("ps_buf", tests, NULL, NULL);
}
