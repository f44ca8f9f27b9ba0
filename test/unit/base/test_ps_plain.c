// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_plain.h"

static void assert_shown(const char *text, const char *wanted)
{
    char *got;
    size_t len;
    FILE *f = open_memstream(&got, &len);
    assert_non_null(f);
    ps_plain_put(f, text);
    fclose(f);
    assert_string_equal(got, wanted);
    free(got);
}

static void text_is_shown_as_it_is(void **state)
{
    (void)state;
    assert_shown("a b~", "a b~");
    assert_shown("M\xc3\xbcller", "M\xc3\xbcller");
    assert_shown("", "");
    assert_shown(NULL, "");
}

static void what_controls_a_terminal_is_shown_by_its_octets(void **state)
{
    (void)state;
    assert_shown("a\nb\tc", "a\\nb\\tc");
    assert_shown("\x1b[2J\x7f\r", "\\x1b[2J\\x7f\\x0d");
    assert_shown("\xc2\x9b"
                 "1m",
                 "\\xc2\\x9b1m"); // CSI in one character
    assert_shown("\xc2\xa0", "\xc2\xa0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_shown_as_it_is),
        cmocka_unit_test(what_controls_a_terminal_is_shown_by_its_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
