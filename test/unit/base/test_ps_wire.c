// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_wire.h"

static const uint8_t fifteen[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static void integers_are_read_big_endian(void **state)
{
    struct ps_rd r;

    (void)state;
    ps_rd_init(&r, fifteen, sizeof fifteen);
    assert_int_equal(ps_rd_u8(&r), 1);
    assert_int_equal(ps_rd_u16(&r), 0x0203);
    assert_int_equal(ps_rd_u32(&r), 0x04050607);
    assert_int_equal(ps_rd_u64(&r), UINT64_C(0x08090a0b0c0d0e0f));
    assert_int_equal(ps_rd_left(&r), 0);
    assert_int_equal(r.err, 0);
}

static void a_short_read_sticks_and_gives_zero(void **state)
{
    struct ps_rd r;

    (void)state;
    ps_rd_init(&r, fifteen, 3);
    assert_int_equal(ps_rd_u32(&r), 0);
    assert_int_equal(r.err, PS_ESHORT);
    assert_int_equal(ps_rd_left(&r), 0);
    assert_int_equal(ps_rd_u8(&r), 0);
    assert_int_equal(r.err, PS_ESHORT);
}

static void bytes_that_are_not_there_are_zeroed(void **state)
{
    uint8_t out[4] = {9, 9, 9, 9};
    struct ps_rd r;

    (void)state;
    ps_rd_init(&r, fifteen, 3);
    ps_rd_bytes(&r, out, sizeof out);
    assert_memory_equal(out, "\0\0\0\0", 4);
    assert_int_equal(r.err, PS_ESHORT);
}

static void bytes_are_copied_and_passed(void **state)
{
    uint8_t out[4];
    struct ps_rd r;

    (void)state;
    ps_rd_init(&r, fifteen, sizeof fifteen);
    ps_rd_skip(&r, 5);
    ps_rd_bytes(&r, out, sizeof out);
    assert_memory_equal(out, fifteen + 5, 4);
    assert_int_equal(ps_rd_left(&r), 6);
}

static void a_huge_length_is_short_and_not_a_wrapped_pointer(void **state)
{
    struct ps_rd r;

    (void)state;
    ps_rd_init(&r, fifteen, sizeof fifteen);
    ps_rd_u8(&r);
    ps_rd_skip(&r, SIZE_MAX);
    assert_int_equal(r.err, PS_ESHORT);
}

static void nothing_can_be_read_from_nothing(void **state)
{
    struct ps_rd r;

    (void)state;
    ps_rd_init(&r, NULL, 0);
    ps_rd_skip(&r, 0);
    ps_rd_bytes(&r, NULL, 0);
    assert_int_equal(r.err, 0);
    assert_int_equal(ps_rd_u8(&r), 0);
    assert_int_equal(r.err, PS_ESHORT);
}

static void the_first_failure_stays(void **state)
{
    struct ps_rd r;

    (void)state;
    ps_rd_init(&r, fifteen, sizeof fifteen);
    ps_rd_fail(&r, PS_EVERSION);
    ps_rd_fail(&r, PS_EMALFORMED);
    assert_int_equal(ps_rd_u64(&r), 0);
    assert_int_equal(r.err, PS_EVERSION);
    assert_int_equal(ps_rd_left(&r), 0);
}

static void what_is_written_reads_back(void **state)
{
    uint8_t data[32], out[3];
    struct ps_wr w;
    struct ps_rd r;

    (void)state;
    memset(data, 0xff, sizeof data);
    ps_wr_init(&w, data, sizeof data);
    ps_wr_u8(&w, 0xab);
    ps_wr_u16(&w, 0xfffe);
    ps_wr_u32(&w, UINT32_MAX);
    ps_wr_u64(&w, UINT64_C(0x8000000000000001));
    ps_wr_bytes(&w, "xyz", 3);
    ps_wr_zero(&w, 14);
    assert_int_equal(ps_wr_len(&w), 32);
    assert_int_equal(w.err, 0);
    ps_rd_init(&r, data, ps_wr_len(&w));
    assert_int_equal(ps_rd_u8(&r), 0xab);
    assert_int_equal(ps_rd_u16(&r), 0xfffe);
    assert_int_equal(ps_rd_u32(&r), UINT32_MAX);
    assert_int_equal(ps_rd_u64(&r), UINT64_C(0x8000000000000001));
    ps_rd_bytes(&r, out, 3);
    assert_memory_equal(out, "xyz", 3);
    assert_int_equal(ps_rd_u64(&r), 0);
}

static void a_write_past_the_end_does_nothing_and_sticks(void **state)
{
    uint8_t data[4] = {7, 7, 7, 7};
    struct ps_wr w;

    (void)state;
    ps_wr_init(&w, data, 3);
    ps_wr_u16(&w, 0x0102);
    ps_wr_u16(&w, 0x0304);
    ps_wr_u8(&w, 5);
    ps_wr_bytes(&w, "q", 1);
    ps_wr_zero(&w, SIZE_MAX);
    assert_int_equal(w.err, PS_ELIMIT);
    assert_int_equal(ps_wr_len(&w), 2);
    assert_memory_equal(data, "\1\2\7\7", 4);
}

static void a_writer_without_room_takes_only_nothing(void **state)
{
    struct ps_wr w;

    (void)state;
    ps_wr_init(&w, NULL, 0);
    ps_wr_bytes(&w, NULL, 0);
    ps_wr_zero(&w, 0);
    assert_int_equal(w.err, 0);
    ps_wr_u8(&w, 1);
    assert_int_equal(w.err, PS_ELIMIT);
    assert_int_equal(ps_wr_len(&w), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_big_endian),
        cmocka_unit_test(a_short_read_sticks_and_gives_zero),
        cmocka_unit_test(bytes_that_are_not_there_are_zeroed),
        cmocka_unit_test(bytes_are_copied_and_passed),
        cmocka_unit_test(a_huge_length_is_short_and_not_a_wrapped_pointer),
        cmocka_unit_test(nothing_can_be_read_from_nothing),
        cmocka_unit_test(the_first_failure_stays),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_write_past_the_end_does_nothing_and_sticks),
        cmocka_unit_test(a_writer_without_room_takes_only_nothing),
    };
    return cmocka_run_group_tests_name("ps_wire", tests, NULL, NULL);
}
