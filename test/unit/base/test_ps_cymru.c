// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/ps_cymru.h"
#include "base/ps_err.h"

static struct ps_addr addr(const char *text)
{
    struct ps_addr a;

    assert_int_equal(ps_addr_parse(text, 0, &a), 0);
    return a;
}

static void a_bogon_is_asked_for_in_the_zone_of_its_family(void **state)
{
    struct ps_addr a = addr("192.0.2.1");
    char out[PS_DNSNAME_STRLEN];

    (void)state;
    assert_int_equal(ps_cymru_bogon_name(&a, out), 0);
    assert_string_equal(out, "1.2.0.192.v4.fullbogons.cymru.com");
    a = addr("::ffff:192.0.2.1");
    assert_int_equal(ps_cymru_bogon_name(&a, out), 0);
    assert_string_equal(out, "1.2.0.192.v4.fullbogons.cymru.com");
    a = addr("2001:db8::1");
    assert_int_equal(ps_cymru_bogon_name(&a, out), 0);
    assert_string_equal(
        out, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.v6.fullbogons.cymru.com");
}

static void the_answer_that_means_a_bogon_is_one_address(void **state)
{
    struct ps_addr addrs[] = {addr("192.0.2.9"), addr("127.0.0.2")};

    (void)state;
    assert_true(ps_cymru_is_bogon(addrs, 2));
    assert_false(ps_cymru_is_bogon(addrs, 1));
    assert_false(ps_cymru_is_bogon(addrs, 0));
    addrs[0] = addr("::7f00:2");
    assert_false(ps_cymru_is_bogon(addrs, 1));
}

static void systems_are_asked_for_by_family_and_neighbours_in_one_zone(void **state)
{
    struct ps_addr v4 = addr("192.0.2.1"), v6 = addr("2001:db8::1"), none = {.len = 0};
    char out[PS_DNSNAME_STRLEN];

    (void)state;
    assert_int_equal(ps_cymru_asn_name(&v4, false, out), 0);
    assert_string_equal(out, "1.2.0.192.origin.asn.cymru.com");
    assert_int_equal(ps_cymru_asn_name(&v4, true, out), 0);
    assert_string_equal(out, "1.2.0.192.peer.asn.cymru.com");
    assert_int_equal(ps_cymru_asn_name(&v6, false, out), 0);
    assert_string_equal(
        out, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.origin6.asn.cymru.com");
    assert_int_equal(ps_cymru_asn_name(&v6, true, out), 0);
    assert_string_equal(out,
                        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.peer.asn.cymru.com");
    assert_int_equal(ps_cymru_asn_name(&none, false, out), PS_EUNSUPPORTED);
    assert_int_equal(ps_cymru_bogon_name(&none, out), PS_EUNSUPPORTED);
}

static size_t asns(const char *text, uint32_t *out, size_t max)
{
    size_t n = 0;

    ps_cymru_asns(text, strlen(text), out, max, &n);
    return n;
}

static void the_numbers_stand_in_front_of_the_first_bar(void **state)
{
    uint32_t got[8];

    (void)state;
    assert_int_equal(asns("64500 | 192.0.2.0/24 | ZZ | reg | 1998-09-25", got, 8), 1);
    assert_int_equal(got[0], 64500);
    assert_int_equal(asns("64500 4294967295 7|7 8|9", got, 8), 3);
    assert_int_equal(got[1], UINT32_MAX);
    assert_int_equal(got[2], 7);
    assert_int_equal(asns("64500", got, 8), 1);
}

static void each_line_has_its_own(void **state)
{
    uint32_t got[8];

    (void)state;
    assert_int_equal(asns("1 | x\n2 | 3\r\n2 4 | y\n", got, 8), 3);
    assert_int_equal(got[0], 1);
    assert_int_equal(got[1], 2);
    assert_int_equal(got[2], 4);
}

static void what_is_no_number_is_passed_over(void **state)
{
    uint32_t got[8];

    (void)state;
    assert_int_equal(asns("AS1 4294967296 99999999999999999999 -5 +6 0x7 1.5 8 | 9", got, 8), 1);
    assert_int_equal(got[0], 8);
    assert_int_equal(asns("", got, 8), 0);
    assert_int_equal(asns("| 5", got, 8), 0);
    assert_int_equal(asns("NA | 192.0.2.0/24", got, 8), 0);
}

static void texts_add_up_to_the_bound(void **state)
{
    uint32_t got[3];
    size_t n = 0;

    (void)state;
    ps_cymru_asns("1 2 | a", 7, got, 3, &n);
    ps_cymru_asns("2 3 4 5 | b", 11, got, 3, &n);
    assert_int_equal(n, 3);
    assert_int_equal(got[2], 3);
}

static void a_text_ends_at_its_length(void **state)
{
    static const char text[] = "12\0"
                               "34 | x";
    uint32_t got[8];
    size_t n = 0;

    (void)state;
    ps_cymru_asns("1234", 2, got, 8, &n);
    assert_int_equal(n, 1);
    assert_int_equal(got[0], 12);
    ps_cymru_asns(text, sizeof text - 1, got, 8, &n); // a NUL inside is no digit
    assert_int_equal(n, 1);
}

static void an_owner_stands_behind_the_last_bar(void **state)
{
    static const char text[] = "64500 | US | arin | 2001-01-01 | EXAMPLE - An Example, US";
    char name[PS_DNSNAME_STRLEN], owner[64];

    (void)state;
    ps_cymru_owner_name(64500, name);
    assert_string_equal(name, "AS64500.asn.cymru.com");
    ps_cymru_owner(text, sizeof text - 1, owner, sizeof owner);
    assert_string_equal(owner, "EXAMPLE - An Example, US");
    ps_cymru_owner(text, sizeof text - 1, owner, 8);
    assert_string_equal(owner, "EXAMPLE");
    ps_cymru_owner("64500 | US", 10, owner, sizeof owner);
    assert_string_equal(owner, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bogon_is_asked_for_in_the_zone_of_its_family),
        cmocka_unit_test(the_answer_that_means_a_bogon_is_one_address),
        cmocka_unit_test(systems_are_asked_for_by_family_and_neighbours_in_one_zone),
        cmocka_unit_test(the_numbers_stand_in_front_of_the_first_bar),
        cmocka_unit_test(each_line_has_its_own),
        cmocka_unit_test(what_is_no_number_is_passed_over),
        cmocka_unit_test(texts_add_up_to_the_bound),
        cmocka_unit_test(a_text_ends_at_its_length),
        cmocka_unit_test(an_owner_stands_behind_the_last_bar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
