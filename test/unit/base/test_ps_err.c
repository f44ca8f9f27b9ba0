// SPDX-License-Identifier: Apache-2.0
#include "base_test.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include "base/ps_err.h"

static void zero_is_success(void **state)
{
    (void)state;
    assert_string_equal(ps_strerror(0), "success");
}

static void every_code_has_its_own_words(void **state)
{
    (void)state;
#define CHECK(name, value, text)   \
    assert_int_equal(name, value); \
    assert_string_equal(ps_strerror(name), text);
    PS_ERR_LIST(CHECK)
#undef CHECK
}

static void a_negated_errno_has_the_words_of_the_system(void **state)
{
    (void)state;
    assert_string_equal(ps_strerror(-ENOENT), strerror(ENOENT));
    assert_string_equal(ps_strerror(-EIO), strerror(EIO));
}

static void codes_that_nobody_defined_are_unknown_errors(void **state)
{
    static const int codes[] = {1, INT_MAX, INT_MIN, -100000};

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_string_equal(ps_strerror(codes[i]), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_is_success),
        cmocka_unit_test(every_code_has_its_own_words),
        cmocka_unit_test(a_negated_errno_has_the_words_of_the_system),
        cmocka_unit_test(codes_that_nobody_defined_are_unknown_errors),
    };
    return cmocka_run_group_tests_name("ps_err", tests, NULL, NULL);
}
