// SPDX-License-Identifier: Apache-2.0
#include "clock_test.h"

static int reads(const struct ntpd_says *says, struct ps_source *out)
{
    uint8_t buf[REPLY_MAX];
    size_t n = ntpd_reply(says, buf);
    memset(out, 0, sizeof *out);
    return ps_ntpd_reply(buf, n, 77, out);
}

static int reads_text(const char *text, struct ps_source *out)
{
    struct ntpd_says says = ntpd_good;
    says.text = text;
    return reads(&says, out);
}

static void the_request_names_the_variables(void **state)
{
    static const uint8_t head[] = {0x16, 2, 0x12, 0x34, 0, 0, 0, 0, 0, 0, 0, 50};
    uint8_t buf[PS_NTPD_REQUEST];
    (void)state;
    size_t n = ps_ntpd_request(0x1234, buf);
    assert_int_equal(n, 64);
    assert_memory_equal(buf, head, sizeof head);
    assert_memory_equal(buf + 12, "stratum,refid,rootdelay,rootdisp,offset,sys_jitter\0\0", 52);
}

static void a_good_answer_is_a_source(void **state)
{
    struct ps_source s;
    (void)state;
    assert_int_equal(reads(&ntpd_good, &s), 0);
    assert_string_equal(s.name, "ntpd");
    assert_string_equal(s.reference, "192.0.2.1");
    assert_int_equal(s.stratum, 2);
    assert_true(s.synced);
    assert_int_equal(s.error, 375 * PS_USEC);  // 0.25 + 0.125 ms
    assert_int_equal(s.bound, 5750 * PS_USEC); // 0.25 + 1.5 + 8 / 2 ms
}

// As ntpd of NTPsec 1.2.2 wrote it before it had chosen a reference.
static void an_answer_of_an_ntpd_is_read(void **state)
{
    static const char text[] = "\xd6\x82\x00\x4d\xc0\x16\x00\x00\x00\x00\x00`stratum=16, rootdelay=0.000, "
                               "rootdisp=0.390, refid=INIT,\r\noffset=0.000000, sys_jitter=0.000000\r\n";
    struct ps_source s;
    (void)state;
    assert_int_equal(ps_ntpd_reply(text, sizeof text - 1, 77, &s), 0);
    assert_string_equal(s.reference, "INIT");
    assert_false(s.synced);
    assert_int_equal(s.error, PS_SOURCE_UNKNOWN);
    assert_int_equal(s.stratum, PS_SOURCE_UNKNOWN);
}

static void the_leap_indicator_is_that_of_the_status(void **state)
{
    struct ntpd_says n = ntpd_good;
    struct ps_source s;
    (void)state;
    n.status = 0xc016;
    assert_int_equal(reads(&n, &s), 0);
    assert_false(s.synced);
    n.status = 0x4615;
    assert_int_equal(reads(&n, &s), 0);
    assert_true(s.synced);
    assert_int_equal(s.leap, PS_LEAP_INSERT);
    n.status = 0x8615;
    assert_int_equal(reads(&n, &s), 0);
    assert_int_equal(s.leap, PS_LEAP_DELETE);
}

static void its_own_clock_is_no_reference(void **state)
{
    struct ps_source s;
    (void)state;
    assert_int_equal(reads_text("stratum=6, refid=LOCAL(0), offset=0, sys_jitter=0", &s), 0);
    assert_false(s.synced);
    assert_int_equal(reads_text("stratum=6, refid=LOCL", &s), 0);
    assert_false(s.synced);
}

static void what_is_missing_is_not_told(void **state)
{
    struct ps_source s;
    (void)state;
    assert_int_equal(reads_text("stratum=2,refid=GPS,offset=1.5", &s), 0);
    assert_true(s.synced);
    assert_int_equal(s.error, PS_SOURCE_UNKNOWN);
    assert_int_equal(s.bound, PS_SOURCE_UNKNOWN);
    assert_int_equal(reads_text("", &s), 0);
    assert_false(s.synced);
    assert_string_equal(s.reference, "");
}

static void odd_text_does_no_harm(void **state)
{
    static const char *const texts[] = {",,,,=,=,,==",
                                        "stratum",
                                        "stratum=",
                                        "=2",
                                        "stratum=-1,offset=nan,sys_jitter=inf,rootdelay=1e999",
                                        "offset=0x10, sys_jitter=1.2.3",
                                        "\"stratum=2",
                                        "stratum=\"2,3\",refid=\"",
                                        "stratum=99999999999999999999"};
    struct ps_source s;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(reads_text(texts[i], &s), 0);
        assert_false(s.synced);
        assert_int_equal(s.error, PS_SOURCE_UNKNOWN);
    }
    assert_int_equal(
        reads_text("system=\"Linux, stratum=9\", stratum=3, refid=\x1b[2J\xff, offset=1, sys_jitter=1", &s),
        0);
    assert_int_equal(s.stratum, 3);
    assert_string_equal(s.reference, "?[2J?");
    assert_int_equal(s.error, 2 * PS_MSEC);
}

static void an_answer_to_another_request_is_passed_over(void **state)
{
    struct ntpd_says n = ntpd_good;
    struct ps_source s;
    uint8_t request[PS_NTPD_REQUEST];
    (void)state;
    n.sequence = 76;
    assert_int_equal(reads(&n, &s), PS_ENOTFOUND);
    n = ntpd_good;
    n.op = 0x81; // of another operation
    assert_int_equal(reads(&n, &s), PS_ENOTFOUND);
    n = ntpd_good;
    n.mode = 2 << 3 | 4; // a time
    assert_int_equal(reads(&n, &s), PS_ENOTFOUND);
    assert_int_equal(ps_ntpd_reply(request, ps_ntpd_request(77, request), 77, &s), PS_ENOTFOUND);
}

static void refusals_parts_and_lying_counts_are_no_answers(void **state)
{
    struct ntpd_says n = ntpd_good;
    struct ps_source s;
    (void)state;
    n.op = 0xc2;
    assert_int_equal(reads(&n, &s), PS_EREFUSED);
    n.op = 0xa2;
    assert_int_equal(reads(&n, &s), PS_EUNSUPPORTED);
    n = ntpd_good;
    n.offset = 8;
    assert_int_equal(reads(&n, &s), PS_EUNSUPPORTED);
    n = ntpd_good;
    n.association = 5;
    assert_int_equal(reads(&n, &s), PS_EMALFORMED);
    n = ntpd_good;
    n.count = 468;
    assert_int_equal(reads(&n, &s), PS_EMALFORMED);
    n.count = 65535;
    assert_int_equal(reads(&n, &s), PS_EMALFORMED);
    n.count = 9; // "stratum=2" and no more
    assert_int_equal(reads(&n, &s), 0);
    assert_int_equal(s.stratum, 2);
    assert_string_equal(s.reference, "");
}

static void a_truncated_answer_is_none_at_every_length(void **state)
{
    uint8_t buf[REPLY_MAX];
    struct ps_source s;
    (void)state;
    size_t n = 12 + strlen(ntpd_good.text);
    ntpd_reply(&ntpd_good, buf);
    for (size_t i = 0; i < n; i++) {
        uint8_t *exact = malloc(i + 1);
        memcpy(exact, buf, i);
        assert_int_equal(ps_ntpd_reply(exact, i, 77, &s), i < 12 ? PS_ENOTFOUND : PS_EMALFORMED);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_names_the_variables),
        cmocka_unit_test(a_good_answer_is_a_source),
        cmocka_unit_test(an_answer_of_an_ntpd_is_read),
        cmocka_unit_test(the_leap_indicator_is_that_of_the_status),
        cmocka_unit_test(its_own_clock_is_no_reference),
        cmocka_unit_test(what_is_missing_is_not_told),
        cmocka_unit_test(odd_text_does_no_harm),
        cmocka_unit_test(an_answer_to_another_request_is_passed_over),
        cmocka_unit_test(refusals_parts_and_lying_counts_are_no_answers),
        cmocka_unit_test(a_truncated_answer_is_none_at_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
