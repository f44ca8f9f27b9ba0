// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include "base/ps_err.h"
#include "loop/ps_lookup.h"

static void a_name_becomes_an_address_with_the_port(void **state)
{
    const char *why;
    struct ps_addr a;

    (void)state;
    assert_int_equal(ps_lookup("localhost", 861, &a, &why), 0);
    assert_int_equal(ps_addr_port(&a), 861);
    assert_true(ps_addr_version(&a) == 4 || ps_addr_version(&a) == 6);
}

static void an_address_is_its_own_name(void **state)
{
    const char *why;
    struct ps_addr a, expected;

    (void)state;
    assert_int_equal(ps_lookup("192.0.2.7", 5, &a, &why), 0);
    assert_int_equal(ps_addr_parse("192.0.2.7", 5, &expected), 0);
    assert_true(ps_addr_equal(&a, &expected));
}

static void what_has_no_address_comes_with_the_reason(void **state)
{
    const char *why = NULL;
    struct ps_addr a;

    (void)state;
    assert_int_equal(ps_lookup("no.such.name.invalid", 861, &a, &why), PS_ERESOLVE);
    assert_non_null(why);
    assert_true(strlen(why) > 0);
}

static void no_thread_is_started(void **state)
{
    const char *why;
    struct stat st;
    struct ps_addr a;

    (void)state;
    assert_int_equal(ps_lookup("localhost", 1, &a, &why), 0);
#if !defined(__SANITIZE_THREAD__)
    if (stat("/proc/self/task", &st) == 0)
        assert_int_equal(st.st_nlink, 3);
#else
    (void)st;
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_becomes_an_address_with_the_port),
        cmocka_unit_test(an_address_is_its_own_name),
        cmocka_unit_test(what_has_no_address_comes_with_the_reason),
        cmocka_unit_test(no_thread_is_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
