// SPDX-License-Identifier: Apache-2.0
#include "clock_test.h"

static const struct ps_ptp_query query = {.self = {1, 2, 3, 4, 5, 6, 7, 8}, .sequence = 0xfffe};

static int reads(const struct ptp_says *says, enum ps_ptp_data which, struct ps_ptp_state *st)
{
    uint8_t request[PS_PTP_REQUEST], buf[REPLY_MAX];
    enum ps_ptp_data of = PS_PTP_DATA;
    ps_ptp_request(&query, which, request);
    size_t n = ptp_reply(request, says, buf);
    int err = ps_ptp_reply(buf, n, &query, st, &of);
    if (err == 0)
        assert_int_equal(of, which);
    return err;
}

static struct ps_source source_of(const struct ptp_says *says)
{
    struct ps_ptp_state st = {.told = 0};
    struct ps_source s;
    for (enum ps_ptp_data i = 0; i < PS_PTP_DATA; i++)
        assert_int_equal(reads(says, i, &st), 0);
    assert_int_equal(st.told, (1u << PS_PTP_DATA) - 1);
    ps_ptp_source(&st, &s);
    return s;
}

static void the_request_asks_every_port_and_goes_no_further(void **state)
{
    static const uint8_t want[PS_PTP_REQUEST] = {
        0x1d, 2,   0,   54,  24,  [20] = 1, 2,   3,   4,   5, 6, 7, 8, 0, 1, 0, 1, 4,    0x7f, 255,
        255,  255, 255, 255, 255, 255,      255, 255, 255, 0, 0, 0, 0, 0, 1, 0, 2, 0x20, 0x04};
    struct ps_ptp_query q = query;
    uint8_t buf[PS_PTP_REQUEST];
    (void)state;
    q.domain = 24;
    q.transport = 1;
    ps_ptp_request(&q, PS_PTP_PORT, buf); // sequence 0xfffe + 3
    assert_memory_equal(buf, want, sizeof want);
}

static void good_answers_are_a_source(void **state)
{
    struct ps_source s = source_of(&ptp_good);
    (void)state;
    assert_string_equal(s.name, "ptp4l");
    assert_string_equal(s.reference, "4ac0a5fffe6ae027");
    assert_int_equal(s.stratum, 2);
    assert_true(s.synced);
    assert_int_equal(s.leap, PS_LEAP_NONE);
    assert_in_range(s.error, 300, 301);
    assert_in_range(s.bound, 2400, 2402); // 300 + 2000 + 100 ns
}

static void without_a_port_that_follows_it_is_not_synced(void **state)
{
    struct ptp_says p = ptp_good;
    (void)state;
    p.state = 8; // uncalibrated
    assert_false(source_of(&p).synced);
    p.state = 9;
    p.has_master = 0; // its own grandmaster
    assert_false(source_of(&p).synced);
    assert_int_equal(source_of(&p).stratum, PS_SOURCE_UNKNOWN);
}

static void of_several_ports_one_has_to_follow(void **state)
{
    struct ptp_says p = ptp_good;
    struct ps_ptp_state st = {.told = 0};
    (void)state;
    assert_int_equal(reads(&p, PS_PTP_PORT, &st), 0);
    p.state = 6;
    assert_int_equal(reads(&p, PS_PTP_PORT, &st), 0);
    assert_true(st.is_slave);
}

static void accuracies_have_bounds_or_are_not_told(void **state)
{
    struct ptp_says p = ptp_good;
    (void)state;
    p.offset = p.path_delay = 0;
    p.accuracy = 0x30;
    assert_int_equal(source_of(&p).bound, 10 * PS_SEC);
    p.accuracy = 0x20;
    assert_in_range(source_of(&p).bound, 25, 26);
    p.accuracy = 0x17;
    assert_in_range(source_of(&p).bound, 10, 11);
    static const uint8_t silent[] = {0, 0x16, 0x31, 0x7f, 0xfe, 0xff};
    for (size_t i = 0; i < sizeof silent; i++) {
        p.accuracy = silent[i];
        assert_int_equal(source_of(&p).bound, PS_SOURCE_UNKNOWN);
    }
}

static void leap_seconds_are_told(void **state)
{
    struct ptp_says p = ptp_good;
    (void)state;
    p.flags = 0x0d;
    assert_int_equal(source_of(&p).leap, PS_LEAP_INSERT);
    p.flags = 0x0e;
    assert_int_equal(source_of(&p).leap, PS_LEAP_DELETE);
}

static void absurd_numbers_stay_within_bounds(void **state)
{
    struct ptp_says p = ptp_good;
    (void)state;
    p.offset = p.path_delay = INT64_MIN;
    p.steps = 65535;
    assert_int_equal(source_of(&p).error, PS_SOURCE_ERROR_MAX);
    assert_int_equal(source_of(&p).bound, PS_SOURCE_ERROR_MAX);
    assert_int_equal(source_of(&p).stratum, 65536);
}

static void answers_to_others_are_passed_over(void **state)
{
    struct ps_ptp_query other = query;
    struct ptp_says p = ptp_good;
    struct ps_ptp_state st = {.told = 0};
    enum ps_ptp_data which;
    uint8_t request[PS_PTP_REQUEST], buf[REPLY_MAX];
    (void)state;
    p.action = 0; // a request
    assert_int_equal(reads(&p, PS_PTP_TIME, &st), PS_ENOTFOUND);
    p = ptp_good;
    p.type = 0x0b; // an announcement
    assert_int_equal(reads(&p, PS_PTP_TIME, &st), PS_ENOTFOUND);
    ps_ptp_request(&query, PS_PTP_TIME, request);
    size_t n = ptp_reply(request, &ptp_good, buf);
    other.self[7]++;
    assert_int_equal(ps_ptp_reply(buf, n, &other, &st, &which), PS_ENOTFOUND);
    other = query;
    other.sequence++; // and so it is the answer to the one before
    assert_int_equal(ps_ptp_reply(buf, n, &other, &st, &which), PS_EMALFORMED);
    other.sequence = 5000;
    assert_int_equal(ps_ptp_reply(buf, n, &other, &st, &which), PS_ENOTFOUND);
    assert_int_equal(st.told, 0);
}

static void errors_and_other_data_are_no_answers(void **state)
{
    struct ptp_says p = ptp_good;
    struct ps_ptp_state st = {.told = 0};
    (void)state;
    p.tlv = 2;
    assert_int_equal(reads(&p, PS_PTP_STATUS, &st), PS_EREFUSED);
    p.tlv = 3;
    assert_int_equal(reads(&p, PS_PTP_STATUS, &st), PS_EMALFORMED);
    p = ptp_good;
    p.id = 0x2005;
    assert_int_equal(reads(&p, PS_PTP_STATUS, &st), PS_EMALFORMED);
    assert_int_equal(st.told, 0);
}

static void lying_lengths_are_found_out(void **state)
{
    uint8_t request[PS_PTP_REQUEST], buf[REPLY_MAX];
    struct ps_ptp_state st = {.told = 0};
    enum ps_ptp_data which;
    (void)state;
    ps_ptp_request(&query, PS_PTP_STATUS, request);
    size_t n = ptp_reply(request, &ptp_good, buf);
    for (unsigned length = 0; length < 1000; length++) {
        buf[2] = (uint8_t)(length >> 8);
        buf[3] = (uint8_t)length;
        assert_int_equal(ps_ptp_reply(buf, n, &query, &st, &which), length == n ? 0 : PS_EMALFORMED);
    }
    n = ptp_reply(request, &ptp_good, buf);
    for (unsigned length = 0; length < 1000; length++) {
        buf[50] = (uint8_t)(length >> 8);
        buf[51] = (uint8_t)length;
        assert_int_equal(ps_ptp_reply(buf, n, &query, &st, &which), length == n - 52 ? 0 : PS_EMALFORMED);
    }
}

static void a_truncated_answer_is_none_at_every_length(void **state)
{
    uint8_t request[PS_PTP_REQUEST], buf[REPLY_MAX];
    struct ps_ptp_state st = {.told = 0};
    enum ps_ptp_data which;
    (void)state;
    for (enum ps_ptp_data of = 0; of < PS_PTP_DATA; of++) {
        ps_ptp_request(&query, of, request);
        size_t n = ptp_reply(request, &ptp_good, buf);
        for (size_t i = 0; i < n; i++) {
            uint8_t *exact = malloc(i + 1);
            memcpy(exact, buf, i);
            assert_int_equal(ps_ptp_reply(exact, i, &query, &st, &which),
                             i < 48 ? PS_ENOTFOUND : PS_EMALFORMED);
            free(exact);
        }
    }
    assert_int_equal(st.told, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_asks_every_port_and_goes_no_further),
        cmocka_unit_test(good_answers_are_a_source),
        cmocka_unit_test(without_a_port_that_follows_it_is_not_synced),
        cmocka_unit_test(of_several_ports_one_has_to_follow),
        cmocka_unit_test(accuracies_have_bounds_or_are_not_told),
        cmocka_unit_test(leap_seconds_are_told),
        cmocka_unit_test(absurd_numbers_stay_within_bounds),
        cmocka_unit_test(answers_to_others_are_passed_over),
        cmocka_unit_test(errors_and_other_data_are_no_answers),
        cmocka_unit_test(lying_lengths_are_found_out),
        cmocka_unit_test(a_truncated_answer_is_none_at_every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
