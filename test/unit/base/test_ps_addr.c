// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_addr.h"
#include "base/ps_err.h"

static struct ps_addr addr(const char *text, uint16_t port)
{
    struct ps_addr a;
    int err = ps_addr_parse(text, port, &a);

    if (err)
        fail_msg("%s: %d", text, err);
    return a;
}

static void numeric_addresses_parse_and_print_back(void **state)
{
    static const char *const texts[] = {
        "0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1", "::ffff:192.0.2.1"};
    char out[PS_ADDR_STRLEN];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ps_addr a = addr(texts[i], 861);
        assert_string_equal(ps_addr_host(&a, out), texts[i]);
        assert_int_equal(ps_addr_port(&a), 861);
    }
}

static void what_is_no_address_is_a_syntax_error(void **state)
{
    static const char *const texts[] = {"",
                                        "name",
                                        "1.2.3",
                                        "1.2.3.4.5",
                                        "256.1.1.1",
                                        "01.2.3.4x",
                                        ":::",
                                        "1::2::3",
                                        "[::1]",
                                        "::1%",
                                        "fe80::1%no-such-if",
                                        "1.2.3.4%lo",
                                        "::1 ",
                                        "127.1",
                                        "fe80::1%0",
                                        "fe80::1%4294967296"};
    char huge[5000];
    struct ps_addr a;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (ps_addr_parse(texts[i], 0, &a) != PS_ESYNTAX)
            fail_msg("'%s' was taken", texts[i]);
    memset(huge, ':', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_int_equal(ps_addr_parse(huge, 0, &a), PS_ESYNTAX);
}

static void what_a_resolver_takes_for_an_address_is_no_name(void **state)
{
    (void)state;
    assert_true(ps_addr_is_numeric("010.1.0.1"));
    assert_true(ps_addr_is_numeric("127.1"));
    assert_true(ps_addr_is_numeric("2130706433"));
    assert_true(ps_addr_is_numeric("0x7f.0.0.0x1"));
    assert_true(ps_addr_is_numeric("1.2.3.4.5"));
    assert_false(ps_addr_is_numeric("1.example"));
    assert_false(ps_addr_is_numeric("a1"));
    assert_false(ps_addr_is_numeric("0xample"));
    assert_false(ps_addr_is_numeric(""));
}

static void a_scope_is_an_interface_or_its_number(void **state)
{
    unsigned lo = if_nametoindex("lo");
    char out[PS_ADDR_STRLEN];
    struct ps_addr a = addr("fe80::1%lo", 1);

    (void)state;
    assert_int_not_equal(lo, 0);
    assert_int_equal(ps_addr_scope(&a), lo);
    assert_string_equal(ps_addr_host(&a, out), "fe80::1%lo");
    assert_string_equal(ps_addr_text(&a, out), "[fe80::1%lo]:1");
    a = addr("fe80::1%4294967295", 1);
    assert_int_equal(ps_addr_scope(&a), UINT32_MAX);
    assert_string_equal(ps_addr_host(&a, out), "fe80::1%4294967295");
}

static void the_longest_text_fits(void **state)
{
    struct ps_addr a = addr("fe80:1111:2222:3333:4444:5555:255.255.255.255%4294967295", 65535);
    char out[PS_ADDR_STRLEN];

    (void)state;
    assert_string_equal(ps_addr_text(&a, out), "[fe80:1111:2222:3333:4444:5555:ffff:ffff%4294967295]:65535");
    a = addr("::ffff:255.255.255.255", 65535);
    ps_addr_set_scope(&a, UINT32_MAX);
    assert_string_equal(ps_addr_text(&a, out), "[::ffff:255.255.255.255%4294967295]:65535");
}

static void no_address_is_told_apart(void **state)
{
    struct ps_addr none = {.len = 0}, a = addr("0.0.0.0", 0);
    char out[PS_ADDR_STRLEN];

    (void)state;
    assert_int_equal(ps_addr_version(&none), 0);
    assert_int_equal(ps_addr_port(&none), 0);
    assert_false(ps_addr_is_any(&none));
    assert_false(ps_addr_equal(&none, &a));
    ps_addr_set_port(&none, 5);
    ps_addr_set_scope(&none, 5);
    ps_addr_unmap(&none);
    assert_int_equal(ps_addr_version(&none), 0);
    assert_string_equal(ps_addr_host(&none, out), "-");
    assert_string_equal(ps_addr_text(&none, out), "-");
}

static void the_wire_has_ipv4_in_the_first_four_octets(void **state)
{
    struct ps_addr a = addr("192.0.2.1", 861), b;
    uint8_t wire[16];

    (void)state;
    ps_addr_to_wire(&a, wire);
    assert_memory_equal(wire, "\xc0\0\2\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    assert_int_equal(ps_addr_from_wire(4, wire, 861, &b), 0);
    assert_true(ps_addr_equal(&a, &b));
    a = addr("2001:db8::42", 9);
    ps_addr_to_wire(&a, wire);
    assert_int_equal(ps_addr_from_wire(6, wire, 9, &b), 0);
    assert_true(ps_addr_equal(&a, &b));
    assert_int_equal(ps_addr_from_wire(5, wire, 9, &b), PS_EUNSUPPORTED);
    assert_int_equal(ps_addr_from_wire(0, wire, 9, &b), PS_EUNSUPPORTED);
}

static void sockaddrs_are_checked_for_family_and_length(void **state)
{
    struct ps_addr a = addr("fe80::1%lo", 99), b;
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct sockaddr_storage roomy = {0};

    (void)state;
    assert_int_equal(ps_addr_from_sockaddr(&a.sa, a.len, &b), 0);
    assert_true(ps_addr_equal(&a, &b));
    assert_int_equal(ps_addr_scope(&a), ps_addr_scope(&b));
    assert_int_equal(ps_addr_from_sockaddr(&a.sa, a.len - 1, &b), PS_ESHORT);
    assert_int_equal(ps_addr_from_sockaddr(&a.sa, 1, &b), PS_ESHORT);
    assert_int_equal(ps_addr_from_sockaddr(NULL, 0, &b), PS_ESHORT);
    assert_int_equal(ps_addr_from_sockaddr(&other, sizeof other, &b), PS_EUNSUPPORTED);
    a = addr("192.0.2.7", 1);
    memcpy(&roomy, &a.in, sizeof a.in);
    assert_int_equal(ps_addr_from_sockaddr((struct sockaddr *)&roomy, sizeof roomy, &b), 0);
    assert_true(ps_addr_equal(&a, &b));
}

static void mapped_addresses_become_ipv4(void **state)
{
    struct ps_addr a = addr("::ffff:192.0.2.1", 861), v4 = addr("192.0.2.1", 861), v6 = addr("::1", 861);

    (void)state;
    assert_false(ps_addr_same_host(&a, &v4));
    ps_addr_unmap(&a);
    assert_true(ps_addr_equal(&a, &v4));
    ps_addr_unmap(&a);
    assert_true(ps_addr_equal(&a, &v4));
    ps_addr_unmap(&v6);
    assert_int_equal(ps_addr_version(&v6), 6);
}

static void an_unknown_scope_matches_any(void **state)
{
    struct ps_addr one = addr("fe80::1%1", 5), two = addr("fe80::1%2", 5), none = addr("fe80::1", 5);

    (void)state;
    assert_false(ps_addr_equal(&one, &two));
    assert_true(ps_addr_equal(&one, &none));
    assert_true(ps_addr_equal(&none, &two));
    assert_int_equal(ps_addr_hash(&one), ps_addr_hash(&none));
}

static void the_port_matters_to_equality_alone(void **state)
{
    struct ps_addr a = addr("192.0.2.1", 1), b = addr("192.0.2.1", 2);

    (void)state;
    assert_true(ps_addr_same_host(&a, &b));
    assert_false(ps_addr_equal(&a, &b));
    assert_int_not_equal(ps_addr_hash(&a), ps_addr_hash(&b));
    ps_addr_set_port(&b, 1);
    assert_true(ps_addr_equal(&a, &b));
    assert_int_equal(ps_addr_hash(&a), ps_addr_hash(&b));
}

static void special_addresses_are_known(void **state)
{
    static const struct {
        const char *text;
        bool any, linklocal;
    } cases[] = {{"0.0.0.0", true, false},     {"::", true, false},           {"::1", false, false},
                 {"169.254.0.1", false, true}, {"169.253.0.1", false, false}, {"fe80::", false, true},
                 {"febf::1", false, true},     {"fec0::1", false, false},     {"0.0.0.1", false, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ps_addr a = addr(cases[i].text, 0);
        if (ps_addr_is_any(&a) != cases[i].any || ps_addr_is_linklocal(&a) != cases[i].linklocal)
            fail_msg("%s: any %d, link-local %d", cases[i].text, ps_addr_is_any(&a),
                     ps_addr_is_linklocal(&a));
    }
}

static void operands_split_into_host_and_port(void **state)
{
    static const struct {
        const char *text, *host;
        int port; // -1: none named
    } cases[] = {{"name", "name", -1},
                 {"name:1", "name", 1},
                 {"192.0.2.1", "192.0.2.1", -1},
                 {"192.0.2.1:65535", "192.0.2.1", 65535},
                 {"2001:db8::1", "2001:db8::1", -1},
                 {"::1", "::1", -1},
                 {"[::1]", "::1", -1},
                 {"[name]:1", "name", 1},
                 {"[192.0.2.1]:861", "192.0.2.1", 861},
                 {"[name]", "name", -1},
                 {"[2001:db8::1]:0", "2001:db8::1", 0},
                 {"fe80::1%eth9", "fe80::1%eth9", -1},
                 {"[fe80::1%eth9]:8", "fe80::1%eth9", 8}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ps_hostport hp;
        assert_int_equal(ps_hostport_parse(cases[i].text, 861, false, &hp), 0);
        assert_string_equal(hp.host, cases[i].host);
        assert_int_equal(hp.has_port, cases[i].port >= 0);
        assert_int_equal(hp.port, cases[i].port >= 0 ? cases[i].port : 861);
    }
}

static void malformed_operands_are_refused(void **state)
{
    static const char *const texts[] = {"",
                                        ":",
                                        "name:",
                                        "name:x",
                                        "name:-1",
                                        "name: 1",
                                        "[::1",
                                        "[]",
                                        "[]:1",
                                        "[a:b]:1",
                                        "[::1]1",
                                        "[::1]:",
                                        "::1:2:3:4:5:6:7:8:9",
                                        "a:b:c",
                                        "na me",
                                        "a]b",
                                        "[[::1]]",
                                        "name\n",
                                        ":861"};
    struct ps_hostport hp;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (ps_hostport_parse(texts[i], 861, false, &hp) != PS_ESYNTAX)
            fail_msg("'%s' was taken", texts[i]);
    assert_int_equal(ps_hostport_parse("name:65536", 861, false, &hp), PS_ERANGE);
    assert_int_equal(ps_hostport_parse("[::1]:99999999999999999999", 861, false, &hp), PS_ERANGE);
}

static void an_empty_host_needs_leave_and_a_port(void **state)
{
    struct ps_hostport hp;

    (void)state;
    assert_int_equal(ps_hostport_parse(":861", 1, false, &hp), PS_ESYNTAX);
    assert_int_equal(ps_hostport_parse(":861", 1, true, &hp), 0);
    assert_string_equal(hp.host, "");
    assert_int_equal(hp.port, 861);
    assert_int_equal(ps_hostport_parse("", 1, true, &hp), PS_ESYNTAX);
    assert_int_equal(ps_hostport_parse(":", 1, true, &hp), PS_ESYNTAX);
}

static void a_host_has_at_most_255_octets(void **state)
{
    char text[300];
    struct ps_hostport hp;

    (void)state;
    memset(text, 'a', sizeof text);
    text[255] = '\0';
    assert_int_equal(ps_hostport_parse(text, 1, false, &hp), 0);
    assert_int_equal(strlen(hp.host), 255);
    text[255] = 'a';
    text[256] = '\0';
    assert_int_equal(ps_hostport_parse(text, 1, false, &hp), PS_ERANGE);
}

static void port_ranges_are_ordered(void **state)
{
    struct ps_portrange r;

    (void)state;
    assert_int_equal(ps_portrange_parse("0", &r), 0);
    assert_true(r.low == 0 && r.high == 0);
    assert_int_equal(ps_portrange_parse("8760", &r), 0);
    assert_true(r.low == 8760 && r.high == 8760);
    assert_int_equal(ps_portrange_parse("8760-9960", &r), 0);
    assert_true(r.low == 8760 && r.high == 9960);
    assert_int_equal(ps_portrange_parse("1-65535", &r), 0);
    assert_int_equal(ps_portrange_parse("9960-8760", &r), PS_ERANGE);
    assert_int_equal(ps_portrange_parse("0-10", &r), PS_ERANGE);
    assert_int_equal(ps_portrange_parse("1-65536", &r), PS_ERANGE);
    assert_int_equal(ps_portrange_parse("65536", &r), PS_ERANGE);
}

static void malformed_port_ranges_are_refused(void **state)
{
    static const char *const texts[] = {"",      "-", "1-",  "-1",  "1-2-3",
                                        "1 - 2", "a", "1-b", "1,2", "000000000000000000000000000000000001"};
    struct ps_portrange r;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (ps_portrange_parse(texts[i], &r) != PS_ESYNTAX)
            fail_msg("'%s' was taken", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_addresses_parse_and_print_back),
        cmocka_unit_test(what_is_no_address_is_a_syntax_error),
        cmocka_unit_test(what_a_resolver_takes_for_an_address_is_no_name),
        cmocka_unit_test(a_scope_is_an_interface_or_its_number),
        cmocka_unit_test(the_longest_text_fits),
        cmocka_unit_test(no_address_is_told_apart),
        cmocka_unit_test(the_wire_has_ipv4_in_the_first_four_octets),
        cmocka_unit_test(sockaddrs_are_checked_for_family_and_length),
        cmocka_unit_test(mapped_addresses_become_ipv4),
        cmocka_unit_test(an_unknown_scope_matches_any),
        cmocka_unit_test(the_port_matters_to_equality_alone),
        cmocka_unit_test(special_addresses_are_known),
        cmocka_unit_test(operands_split_into_host_and_port),
        cmocka_unit_test(malformed_operands_are_refused),
        cmocka_unit_test(an_empty_host_needs_leave_and_a_port),
        cmocka_unit_test(a_host_has_at_most_255_octets),
        cmocka_unit_test(port_ranges_are_ordered),
        cmocka_unit_test(malformed_port_ranges_are_refused),
    };
    return cmocka_run_group_tests_name("ps_addr", tests, NULL, NULL);
}
