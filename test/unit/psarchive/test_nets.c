// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "psarchive/nets.h"

static bool has(const char *net, const char *addr)
{
    struct nets nets = {NULL, 0};
    struct ps_addr a;
    bool has;

    assert_int_equal(nets_add(&nets, "198.51.100.7"), 0);
    assert_int_equal(nets_add(&nets, net), 0);
    assert_int_equal(ps_addr_parse(addr, 80, &a), 0);
    has = nets_have(&nets, &a);
    nets_fini(&nets);
    return has;
}

static void an_address_is_in_a_network_by_its_prefix(void **state)
{
    (void)state;
    assert_true(has("192.0.2.0/24", "192.0.2.255"));
    assert_false(has("192.0.2.0/24", "192.0.3.0"));
    assert_true(has("192.0.2.129/25", "192.0.2.200"));
    assert_false(has("192.0.2.129/25", "192.0.2.1"));
    assert_true(has("0.0.0.0/0", "203.0.113.9"));
    assert_false(has("0.0.0.0/0", "2001:db8::1"));
    assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(has("2001:db8::1", "2001:db8::1"));
    assert_false(has("2001:db8::1", "2001:db8::2"));
    assert_true(has("192.0.2.1", "::ffff:192.0.2.1"));
    assert_true(has("2001:db8::1", "198.51.100.7"));
}

static void what_has_no_address_is_in_none(void **state)
{
    struct nets nets = {NULL, 0};
    struct ps_addr a = {.len = 0};

    (void)state;
    assert_int_equal(nets_add(&nets, "0.0.0.0/0"), 0);
    assert_int_equal(nets_add(&nets, "::/0"), 0);
    assert_false(nets_have(&nets, &a));
    nets_fini(&nets);
}

static void what_is_no_network_is_refused(void **state)
{
    static const char *const bad[] = {
        "",       "/8",         "192.0.2.0/33",     "192.0.2.0/",      "192.0.2.0/x",
        "::/129", "192.0.2/24", "host.example.org", "192.0.2.0/24/24", "192.0.2.0/-1"};
    struct nets nets = {NULL, 0};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(nets_add(&nets, bad[i]), PS_ESYNTAX);
    assert_int_equal(nets.n, 0);
    nets_fini(&nets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_in_a_network_by_its_prefix),
        cmocka_unit_test(what_has_no_address_is_in_none),
        cmocka_unit_test(what_is_no_network_is_refused),
    };
    return cmocka_run_group_tests_name("nets", tests, NULL, NULL);
}
