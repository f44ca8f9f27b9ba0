// SPDX-License-Identifier: Apache-2.0
#include "dir_fix.h"
#include "lsregister/dir_way.h"

#define A "0123456789abcdef0123456789abcdef"
#define B "ffffffffffffffffffffffffffffffff"
#define C "00000000000000000000000000000000"

static void ids_with_commas_between_them_are_a_way(void **state)
{
    static const char *const bad[] = {
        "", A ",", "," A, A ",," B, A B, A "0", "0123", "0123456789ABCDEF0123456789abcdef", A " ", A ", " B};

    (void)state;
    assert_true(dir_way_good(A));
    assert_true(dir_way_good(A "," B "," C));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(dir_way_good(bad[i]));
}

static void a_way_has_each_of_its_directories(void **state)
{
    (void)state;
    assert_false(dir_way_has(NULL, A));
    assert_true(dir_way_has(A "," B "," C, A));
    assert_true(dir_way_has(A "," B "," C, B));
    assert_true(dir_way_has(A "," B "," C, C));
    assert_false(dir_way_has(A "," C, B));
}

static void a_way_goes_on_until_it_is_too_long(void **state)
{
    char way[DIR_WAY_TEXT], on[DIR_WAY_TEXT];

    (void)state;
    assert_true(dir_way_on(NULL, A, on));
    assert_string_equal(on, A);
    for (int n = 1; n < DIR_WAY_MAX; n++) {
        (void)strcpy(way, on);
        assert_true(dir_way_on(way, B, on));
        assert_true(dir_way_good(on));
        assert_true(dir_way_has(on, A));
    }
    (void)strcpy(way, on);
    assert_false(dir_way_on(way, C, on));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_with_commas_between_them_are_a_way),
        cmocka_unit_test(a_way_has_each_of_its_directories),
        cmocka_unit_test(a_way_goes_on_until_it_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
