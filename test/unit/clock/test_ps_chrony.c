// SPDX-License-Identifier: Apache-2.0
#include "clock_test.h"

static int reads(const struct chrony_says *s, struct ps_source *out)
{
    uint8_t buf[REPLY_MAX];
    size_t n = chrony_reply(s, buf);
    memset(out, 0, sizeof *out);
    return ps_chrony_reply(buf, n, 77, out);
}

static void the_request_is_as_long_as_its_answer(void **state)
{
    static const uint8_t head[] = {6, 1, 0, 0, 0, 33, 0, 0, 1, 2, 3, 4};
    uint8_t buf[PS_CHRONY_REQUEST], answer[REPLY_MAX];
    (void)state;
    memset(buf, 0xff, sizeof buf);
    ps_chrony_request(0x01020304, buf);
    assert_memory_equal(buf, head, sizeof head);
    for (size_t i = sizeof head; i < sizeof buf; i++)
        assert_int_equal(buf[i], 0);
    assert_int_equal(chrony_reply(&chrony_good, answer), sizeof buf);
}

static void a_good_answer_is_a_source(void **state)
{
    struct ps_source s;
    (void)state;
    assert_int_equal(reads(&chrony_good, &s), 0);
    assert_string_equal(s.name, "chrony");
    assert_string_equal(s.reference, "192.0.2.1");
    assert_int_equal(s.stratum, 3);
    assert_true(s.synced);
    assert_int_equal(s.leap, PS_LEAP_NONE);
    assert_int_equal(s.error, 312500 * PS_USEC); // 0.25 + 0.0625
    assert_int_equal(s.bound, 625 * PS_MSEC);    // 0.25 + 0.125 + 0.5 / 2
}

// The octets that chronyd 4.3 sent, in a namespace with another chronyd as its reference.
static void an_answer_of_a_chronyd_is_read(void **state)
{
    static const uint8_t answer[] = {
        0x06, 0x02, 0x00, 0x00, 0x00, 0x21, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x5e, 0x9a, 0x11, 0xc3, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x7f, 0x00,
        0x00, 0x01, 0x7f, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x6b, 0x07, 0x63, 0x45, 0x0e, 0x7e, 0x55, 0xb3, 0xdd, 0x39, 0x23, 0xad, 0xd6, 0xe3, 0xc1,
        0x1f, 0xda, 0xea, 0x08, 0xf4, 0xfb, 0x33, 0xb9, 0x00, 0xf6, 0xc7, 0xf7, 0x36, 0x00, 0xda,
        0x9d, 0xef, 0xe0, 0xbf, 0xba, 0xe3, 0xde, 0x80, 0x14, 0x25, 0x02, 0x82, 0x93, 0xd5};
    struct ps_source s;
    (void)state;
    assert_int_equal(ps_chrony_reply(answer, sizeof answer, 0x5e9a11c3, &s), 0);
    assert_string_equal(s.reference, "127.0.0.1");
    assert_int_equal(s.stratum, 6);
    assert_true(s.synced);
    assert_in_range(s.error, 1, PS_MSEC);
    assert_in_range(s.bound, 1, PS_MSEC);
}

static void references_are_addresses_or_names(void **state)
{
    struct chrony_says c = chrony_good;
    struct ps_source s;
    (void)state;
    c.family = 2;
    memcpy(c.addr, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07", 16);
    assert_int_equal(reads(&c, &s), 0);
    assert_string_equal(s.reference, "2001:db8::7");
    c.family = 0;
    memcpy(c.id, "GPS\0", 4);
    assert_int_equal(reads(&c, &s), 0);
    assert_string_equal(s.reference, "GPS");
    memcpy(c.id, "\x1b[2J", 4);
    c.family = 999;
    assert_int_equal(reads(&c, &s), 0);
    assert_string_equal(s.reference, "1B5B324A");
}

static void leap_three_and_its_own_clock_are_not_synced(void **state)
{
    struct chrony_says c = chrony_good;
    struct ps_source s;
    (void)state;
    c.leap = 3;
    assert_int_equal(reads(&c, &s), 0);
    assert_false(s.synced);
    assert_int_equal(s.error, PS_SOURCE_UNKNOWN);
    c = chrony_good;
    memcpy(c.id, "\x7f\x7f\x01\x01", 4);
    assert_int_equal(reads(&c, &s), 0);
    assert_false(s.synced);
    c = chrony_good;
    c.leap = 1;
    assert_int_equal(reads(&c, &s), 0);
    assert_int_equal(s.leap, PS_LEAP_INSERT);
    c.leap = 2;
    assert_int_equal(reads(&c, &s), 0);
    assert_int_equal(s.leap, PS_LEAP_DELETE);
    c.leap = 4;
    assert_int_equal(reads(&c, &s), PS_EMALFORMED);
}

static void a_stratum_out_of_range_is_not_told(void **state)
{
    struct chrony_says c = chrony_good;
    struct ps_source s;
    (void)state;
    c.stratum = 0;
    assert_int_equal(reads(&c, &s), 0);
    assert_int_equal(s.stratum, PS_SOURCE_UNKNOWN);
    c.stratum = 16;
    assert_int_equal(reads(&c, &s), 0);
    assert_int_equal(s.stratum, PS_SOURCE_UNKNOWN);
}

static void absurd_numbers_stay_within_bounds(void **state)
{
    uint8_t buf[REPLY_MAX];
    struct ps_source s;
    (void)state;
    size_t n = chrony_reply(&chrony_good, buf);
    for (size_t at = 68; at < n; at += 4)
        memcpy(buf + at, "\x7e\xff\xff\xff", 4); // the largest
    assert_int_equal(ps_chrony_reply(buf, n, 77, &s), 0);
    assert_int_equal(s.error, PS_SOURCE_ERROR_MAX);
    assert_int_equal(s.bound, PS_SOURCE_ERROR_MAX);
    for (size_t at = 68; at < n; at += 4)
        memcpy(buf + at, "\x01\0\0\0", 4); // -2^24 * 2^-25
    assert_int_equal(ps_chrony_reply(buf, n, 77, &s), 0);
    assert_int_equal(s.error, PS_SEC);
    assert_int_equal(s.bound, 1250 * PS_MSEC);
}

static void an_answer_to_another_request_is_passed_over(void **state)
{
    struct chrony_says c = chrony_good;
    struct ps_source s;
    uint8_t request[PS_CHRONY_REQUEST];
    (void)state;
    c.sequence = 78;
    assert_int_equal(reads(&c, &s), PS_ENOTFOUND);
    c = chrony_good;
    c.command = 34;
    assert_int_equal(reads(&c, &s), PS_ENOTFOUND);
    ps_chrony_request(77, request); // its own echo
    assert_int_equal(ps_chrony_reply(request, sizeof request, 77, &s), PS_ENOTFOUND);
}

static void what_is_refused_or_of_another_version_says_so(void **state)
{
    struct chrony_says c = chrony_good;
    struct ps_source s;
    (void)state;
    c.status = 2;
    assert_int_equal(reads(&c, &s), PS_EREFUSED);
    c = chrony_good;
    c.version = 7;
    c.status = 18;
    assert_int_equal(reads(&c, &s), PS_EVERSION);
    c = chrony_good;
    c.reply = 1;
    assert_int_equal(reads(&c, &s), PS_EMALFORMED);
}

static void a_truncated_answer_is_none_at_every_length(void **state)
{
    uint8_t buf[REPLY_MAX];
    struct ps_source s;
    (void)state;
    size_t n = chrony_reply(&chrony_good, buf);
    for (size_t i = 0; i < n; i++) {
        uint8_t *exact = malloc(i + 1);
        memcpy(exact, buf, i);
        assert_int_equal(ps_chrony_reply(exact, i, 77, &s), i < 28 ? PS_ENOTFOUND : PS_ESHORT);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_is_as_long_as_its_answer),
        cmocka_unit_test(a_good_answer_is_a_source),
        cmocka_unit_test(an_answer_of_a_chronyd_is_read),
        cmocka_unit_test(references_are_addresses_or_names),
        cmocka_unit_test(leap_three_and_its_own_clock_are_not_synced),
        cmocka_unit_test(a_stratum_out_of_range_is_not_told),
        cmocka_unit_test(absurd_numbers_stay_within_bounds),
        cmocka_unit_test(an_answer_to_another_request_is_passed_over),
        cmocka_unit_test(what_is_refused_or_of_another_version_says_so),
        cmocka_unit_test(a_truncated_answer_is_none_at_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
