// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lsregister/filter.h"

static void patterns_match_whole_values_without_case(void **state)
{
    static const struct {
        const char *text, *pattern;
        bool like;
    } cases[] = {
        {"Geneva", "geneva", true},
        {"Geneva", "gen", false},
        {"Geneva", "gen*", true},
        {"Geneva", "*", true},
        {"", "*", true},
        {"", "", true},
        {"a", "", false},
        {"aXbXc", "a*b*c", true},
        {"aXbXcd", "a*b*c", false},
        {"aaab", "*ab", true},
        {"abab", "*ab", true},
        {"a*b", "a*b", true},
        {"New York", "york", false},
        {"x.y", "x?y", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(filter_like(cases[i].text, cases[i].pattern), cases[i].like);
}

static void addresses_are_found_wherever_a_record_has_them(void **state)
{
    static const struct {
        const char *key, *value;
        bool four, six;
    } cases[] = {
        {"host-name", "192.0.2.1", true, false},
        {"host-name", "2001:db8::1", false, true},
        {"host-name", "h.example.org", false, false},
        {"interface-addresses", "2001:db8::1", false, true},
        {"service-locator", "tcp://[2001:db8::1]:861", false, true},
        {"service-locator", "https://192.0.2.1/pscheduler", true, false},
        {"service-locator", "tcp://192.0.2.1:861", true, false},
        {"service-locator", "tcp://h.example.org:861", false, false},
        {"host-net-ipv6-enabled", "1", false, true},
        {"host-net-ipv6-enabled", "0", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record r = {0};
        record_set(&r, cases[i].key, cases[i].value);
        assert_int_equal(filter_has_address(&r, 4), cases[i].four);
        assert_int_equal(filter_has_address(&r, 6), cases[i].six);
        record_fini(&r);
    }
}

static void servers_are_asked_for_no_more_than_they_can_find(void **state)
{
    struct filter f = {.type = "service",
                       .terms = {{"service-type", "owamp"},
                                 {"location", "CH"},
                                 {"group-communities", "A&B"},
                                 {"group-communities", "C"},
                                 {"group-domains", "*.org"}},
                       .n = 5};
    struct ps_buf b;
    (void)state;
    ps_buf_init(&b, 0);
    assert_int_equal(filter_query(&f, &b), 0);
    assert_string_equal((const char *)ps_buf_head(&b),
                        "type=service&service-type=owamp&group-communities=A%26B");
    ps_buf_fini(&b);
}

static void all_conditions_have_to_hold(void **state)
{
    struct filter f = {.type = "host", .terms = {{"location", "CH"}, {"name", "*.example.org"}}, .n = 2};
    struct record r = {0};
    (void)state;
    record_set(&r, "type", "host");
    record_set(&r, "location-country", "CH");
    record_set(&r, "host-name", "192.0.2.1");
    assert_false(filter_matches(&f, &r));
    record_add(&r, "host-name", "h.example.org");
    assert_true(filter_matches(&f, &r));
    f.version = 6;
    assert_false(filter_matches(&f, &r));
    record_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_whole_values_without_case),
        cmocka_unit_test(addresses_are_found_wherever_a_record_has_them),
        cmocka_unit_test(servers_are_asked_for_no_more_than_they_can_find),
        cmocka_unit_test(all_conditions_have_to_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
