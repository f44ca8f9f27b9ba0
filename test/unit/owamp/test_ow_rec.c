// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/ps_err.h"
#include "owamp/ow_rec.h"

static const uint8_t record[OW_REC_LEN] = {
    0, 0, 1, 2,    0x80, 0x11, 0x0A, 0xFF, 0xEE, 0xAE, 0x7B, 0x95, 0,
    0, 0, 1, 0xEE, 0xAE, 0x7B, 0x96, 0,    0,    0,    2,    250,
};

static void a_record_has_its_fields_in_the_order_of_version_3(void **state)
{
    (void)state;
    struct ow_rec r;
    uint8_t out[OW_REC_LEN];
    ow_rec_unpack(record, &r);
    assert_int_equal(r.seq, 258);
    assert_int_equal(r.send_err, 0x8011);
    assert_int_equal(r.recv_err, 0x0AFF);
    assert_true(r.send == 0xEEAE7B9500000001);
    assert_true(r.recv == 0xEEAE7B9600000002);
    assert_int_equal(r.ttl, 250);
    assert_false(ow_rec_lost(&r));
    ow_rec_pack(&r, out);
    assert_memory_equal(out, record, sizeof out);
}

static void an_old_record_has_another_order_and_no_ttl(void **state)
{
    (void)state;
    static const uint8_t old[OW_REC_OLD_LEN] = {
        0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,
    };
    struct ow_rec r;
    ow_rec_unpack_old(old, &r);
    assert_int_equal(r.seq, 7);
    assert_true(r.send == 0x100000002);
    assert_int_equal(r.send_err, 0x8001);
    assert_true(ow_rec_lost(&r));
    assert_int_equal(r.recv_err, 9);
    assert_int_equal(r.ttl, OW_TTL_UNKNOWN);
}

static void a_head_survives_the_file(void **state)
{
    (void)state;
    struct ow_file_head h = {
        .finished = 1,
        .next_seqno = 2,
        .nskips = 3,
        .nrecords = 4,
        .skip_offset = 5,
        .data_offset = 6,
        .request = {.ipvn = 4, .nslots = 1, .npackets = 100},
    };
    struct ow_file_head back;
    uint8_t out[OW_FILE_FIXED + OW_REQUEST_LEN];
    ow_file_head_pack(&h, out);
    assert_memory_equal(out,
                        "OwA\0\0\0\0\3\0\0\0\1\0\0\0\2"
                        "\0\0\0\3\0\0\0\4\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\6\1\4",
                        42);
    assert_int_equal(ow_file_head_unpack(out, sizeof out, &back), 0);
    assert_int_equal(back.version, 3);
    assert_true(back.has_request);
    assert_int_equal(back.rec_len, OW_REC_LEN);
    assert_int_equal(back.nskips, 3);
    assert_true(back.data_offset == 6);
    assert_int_equal(back.request.npackets, 100);
}

static void every_cut_of_a_head_is_short(void **state)
{
    (void)state;
    struct ow_file_head h = {.request = {.ipvn = 4}};
    uint8_t out[OW_FILE_FIXED + OW_REQUEST_LEN];
    ow_file_head_pack(&h, out);
    for (size_t len = 0; len < sizeof out; len++)
        assert_int_equal(ow_file_head_unpack(out, len, &h), PS_ESHORT);
}

static void old_heads_are_read(void **state)
{
    (void)state;
    uint8_t v0[16] = "OwA\0\0\0\0\0\0\0\0\0\0\0\0\20";
    uint8_t v2[20 + OW_REQUEST_LEN] = "OwA\0\0\0\0\2\0\0\0\0\0\0\0\244\0\0\0\1\1\4";
    struct ow_file_head h;
    assert_int_equal(ow_file_head_unpack(v0, sizeof v0, &h), 0);
    assert_false(h.has_request);
    assert_true(h.data_offset == 16);
    assert_int_equal(h.rec_len, OW_REC_OLD_LEN);
    assert_int_equal(ow_file_head_unpack(v2, sizeof v2, &h), 0);
    assert_true(h.has_request);
    assert_true(h.data_offset == 164);
    assert_int_equal(h.finished, 1);
    assert_int_equal(h.request.ipvn, 4);
    assert_int_equal(ow_file_head_unpack(v2, sizeof v2 - 1, &h), PS_ESHORT);
    v2[20] = 5;
    assert_int_equal(ow_file_head_unpack(v2, sizeof v2, &h), PS_EMALFORMED);
}

static void other_magic_and_versions_are_refused(void **state)
{
    (void)state;
    struct ow_file_head h = {.request = {.ipvn = 4}};
    uint8_t out[OW_FILE_FIXED + OW_REQUEST_LEN];
    static const uint8_t versions[] = {1, 4, 128 | 3, 255};
    ow_file_head_pack(&h, out);
    for (size_t i = 0; i < sizeof versions; i++) {
        out[7] = versions[i];
        assert_int_equal(ow_file_head_unpack(out, sizeof out, &h), PS_EVERSION);
        assert_int_equal(h.version, versions[i]);
    }
    out[0] = 'o';
    assert_int_equal(ow_file_head_unpack(out, sizeof out, &h), PS_EMALFORMED);
}

static void data_begins_at_184_behind_one_slot(void **state)
{
    (void)state;
    assert_true(ow_file_data_offset(1) == 184);
    assert_true(ow_file_data_offset(0) == 168);
    assert_true(ow_file_data_offset(0xFFFFFFFF) == 152 + 16 * UINT64_C(0x100000000));
    assert_true(ow_file_slots_offset(3) == 152);
    assert_true(ow_file_slots_offset(2) == 132);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_has_its_fields_in_the_order_of_version_3),
        cmocka_unit_test(an_old_record_has_another_order_and_no_ttl),
        cmocka_unit_test(a_head_survives_the_file),
        cmocka_unit_test(every_cut_of_a_head_is_short),
        cmocka_unit_test(old_heads_are_read),
        cmocka_unit_test(other_magic_and_versions_are_refused),
        cmocka_unit_test(data_begins_at_184_behind_one_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
