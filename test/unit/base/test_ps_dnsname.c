// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/ps_dnsname.h"
#include "base/ps_err.h"

#define LABEL64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"
#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

static void assert_normal(const char *text, const char *expected)
{
    char out[PS_DNSNAME_STRLEN];

    assert_int_equal(ps_dnsname_normal(text, out), 0);
    assert_string_equal(out, expected);
}

static void assert_no_name(const char *text)
{
    char out[PS_DNSNAME_STRLEN];

    if (ps_dnsname_normal(text, out) != PS_ESYNTAX)
        fail_msg("\"%s\" was taken for a name", text);
}

static void names_are_compared_in_lower_case_without_the_last_dot(void **state)
{
    (void)state;
    assert_normal("Host.Example.NET", "host.example.net");
    assert_normal("host.example.net.", "host.example.net");
    assert_normal("a", "a");
    assert_normal("_srv._tcp.x-1.example", "_srv._tcp.x-1.example");
}

static void the_longest_label_and_name_are_taken(void **state)
{
    (void)state;
    assert_normal(L63 ".x", L63 ".x");
    // 3 x 64 + 61 = 253
    assert_normal(L63 "." L63 "." L63 "."
                      "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi",
                  L63 "." L63 "." L63 "."
                      "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi");
    assert_normal(L63 "." L63 "." L63 "."
                      "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi.",
                  L63 "." L63 "." L63 "."
                      "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi");
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const texts[] = {"",    ".",     "..",   "a..b", ".a",    "a..",
                                        "a b", "a\\.b", "a\tb", "a\n",  "a\x7f", "gr\xc3\xbc\x6e"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_no_name(texts[i]);
    assert_no_name(LABEL64 ".x");
    assert_no_name(L63 "." L63 "." L63 "."
                       "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij");
}

static void assert_reverse(const char *addr, const char *zone, const char *expected)
{
    struct ps_addr a;
    char out[PS_DNSNAME_STRLEN];

    assert_int_equal(ps_addr_parse(addr, 861, &a), 0);
    assert_int_equal(ps_dnsname_reverse(&a, zone, out), 0);
    assert_string_equal(out, expected);
}

static void an_address_has_a_name_in_the_zone_of_ptr_records(void **state)
{
    (void)state;
    assert_reverse("192.0.2.7", NULL, "7.2.0.192.in-addr.arpa");
    assert_reverse("255.255.255.255", NULL, "255.255.255.255.in-addr.arpa");
    // RFC 3596, 2.5
    assert_reverse("4321:0:1:2:3:4:567:89ab", NULL,
                   "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa");
}

static void a_zone_can_be_named(void **state)
{
    (void)state;
    assert_reverse("192.0.2.7", "list.example", "7.2.0.192.list.example");
    assert_reverse("2001:db8::1", "list.example",
                   "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.example");
}

static void a_mapped_address_is_the_ipv4_address(void **state)
{
    (void)state;
    assert_reverse("::ffff:192.0.2.7", NULL, "7.2.0.192.in-addr.arpa");
}

static void without_an_address_or_room_there_is_no_name(void **state)
{
    struct ps_addr none = {.len = 0}, a;
    char out[PS_DNSNAME_STRLEN], zone[PS_DNSNAME_STRLEN];

    (void)state;
    memset(zone, 'z', sizeof zone - 1);
    zone[243] = '\0';
    assert_int_equal(ps_dnsname_reverse(&none, NULL, out), PS_EUNSUPPORTED);
    assert_int_equal(ps_addr_parse("192.0.2.7", 0, &a), 0);
    assert_int_equal(ps_dnsname_reverse(&a, zone, out), 0);
    zone[243] = 'z';
    zone[244] = '\0';
    assert_int_equal(ps_dnsname_reverse(&a, zone, out), PS_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_compared_in_lower_case_without_the_last_dot),
        cmocka_unit_test(the_longest_label_and_name_are_taken),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(an_address_has_a_name_in_the_zone_of_ptr_records),
        cmocka_unit_test(a_zone_can_be_named),
        cmocka_unit_test(a_mapped_address_is_the_ipv4_address),
        cmocka_unit_test(without_an_address_or_room_there_is_no_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
