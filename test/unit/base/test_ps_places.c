// SPDX-License-Identifier: Apache-2.0
#include "base/ps_places.h"
#include "base/ps_err.h"
#include "base_test.h"

static void expect(const char *text, bool tls, const char *want)
{
    struct ps_places p = {.port = 443};
    char got[PS_ADDR_STRLEN];

    assert_int_equal(ps_places_add(&p, text, tls), 0);
    assert_int_equal(p.n, 1);
    assert_string_equal(ps_addr_text(&p.at[0].addr, got), want);
    assert_int_equal(p.at[0].tls, tls);
    assert_int_equal(ps_places_tls(&p), tls);
}

static void places_have_many_forms(void **state)
{
    (void)state;
    expect("192.0.2.1:8443", true, "192.0.2.1:8443");
    expect("192.0.2.1", true, "192.0.2.1:443");
    expect("[2001:db8::1]:80", false, "[2001:db8::1]:80");
    expect(":8080", false, "[::]:8080");
}

static void what_is_none_is_refused(void **state)
{
    static const char *const bad[] = {"", "h.example:1", "192.0.2.1:65536", "192.0.2.1:x", "[2001:db8::1"};
    struct ps_places p = {.port = 443};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (ps_places_add(&p, bad[i], true) != PS_ESYNTAX)
            fail_msg("'%s' is taken", bad[i]);
    assert_int_equal(p.n, 0);
    assert_false(ps_places_tls(&p));
}

static void their_number_is_bounded(void **state)
{
    struct ps_places p = {.port = 443};

    (void)state;
    for (size_t i = 0; i < PS_PLACES_MAX; i++)
        assert_int_equal(ps_places_add(&p, ":1", false), 0);
    assert_int_equal(ps_places_add(&p, ":1", true), PS_ELIMIT);
    assert_int_equal(p.n, PS_PLACES_MAX);
    assert_false(ps_places_tls(&p));
}

static void options_go_in_place_of_the_file(void **state)
{
    static const char *const said[] = {"127.0.0.1:1", "127.0.0.1:2"}, *const bad[] = {"127.0.0.1:1",
                                                                                      "nowhere"};
    struct ps_places p = {.port = 443};
    struct ps_fault fault = {""};

    (void)state;
    assert_int_equal(ps_places_add(&p, ":80", true), 0);
    assert_int_equal(ps_places_replace(&p, said, 0, false, &fault), 0);
    assert_int_equal(p.n, 1);
    assert_int_equal(ps_places_replace(&p, said, 2, false, &fault), 0);
    assert_int_equal(p.n, 2);
    assert_int_equal(ps_addr_port(&p.at[0].addr), 1);
    assert_false(ps_places_tls(&p));
    assert_int_equal(ps_places_replace(&p, bad, 2, false, &fault), PS_ESYNTAX);
    assert_string_equal(fault.text, "--listen: 'nowhere': wants ADDR, ADDR:PORT, [V6]:PORT or :PORT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_have_many_forms),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(their_number_is_bounded),
        cmocka_unit_test(options_go_in_place_of_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
