// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "loop/ps_daemon.h"

static void who_is_not_there_is_told(void **state)
{
    struct ps_fault fault = {""};

    (void)state;
    assert_int_equal(ps_daemon_check_who("", "", &fault), 0);
    assert_int_equal(ps_daemon_check_who("root", "root", &fault), 0);
    assert_int_equal(ps_daemon_check_who("nobody-of-that-name", "", &fault), PS_ENOTFOUND);
    assert_string_equal(fault.text, "user: there is no 'nobody-of-that-name' on this host");
    assert_int_equal(ps_daemon_check_who("root", "none-of-that-name", &fault), PS_ENOTFOUND);
    assert_string_equal(fault.text, "group: there is no 'none-of-that-name' on this host");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
