// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "psarchive/jtext.h"

static struct ps_buf buf;

static const char *written(void)
{
    assert_int_equal(ps_buf_append(&buf, "", 1), 0);
    return (const char *)ps_buf_head(&buf);
}

static struct jtext *fresh(void)
{
    static struct jtext j;

    ps_buf_clear(&buf);
    j = (struct jtext){.out = &buf};
    return &j;
}

static void reads(double v, const char *text)
{
    jtext_real(fresh(), v);
    assert_string_equal(written(), text);
}

static void numbers_are_the_shortest_that_read_back(void **state)
{
    (void)state;
    reads(7016320000, "7016320000.0");
    reads(0, "0.0");
    reads(-0.0, "-0.0");
    reads(41.1, "41.1");
    reads(-0.05, "-0.05");
    reads(0.1 + 0.2, "0.30000000000000004");
    reads(0.633317, "0.633317");
    reads(1.0 / 3, "0.3333333333333333");
    reads(1e300, "1e+300");
    reads(5e-324, "4.94065645841247e-324");
    reads(123456789012345678.0, "1.2345678901234568e+17");
    reads(9007199254740993.0, "9007199254740992.0");
    reads(NAN, "null");
    reads(-INFINITY, "null");
}

static void any_number_reads_back(void **state)
{
    uint64_t x = 88172645463325252u;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        double v;
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        v = i % 2 ? (double)(int64_t)(x % 2000000000) / 1000 : 0;
        if (!(i % 2))
            memcpy(&v, &x, sizeof v);
        if (!isfinite(v))
            continue;
        jtext_real(fresh(), v);
        assert_true(strtod(written(), NULL) == v);
    }
}

static void whole_numbers(void **state)
{
    (void)state;
    jtext_int(fresh(), INT64_MIN);
    assert_string_equal(written(), "-9223372036854775808");
    jtext_int(fresh(), 0);
    assert_string_equal(written(), "0");
    jtext_int(fresh(), INT64_MAX);
    assert_string_equal(written(), "9223372036854775807");
}

static void texts_are_quoted(void **state)
{
    (void)state;
    jtext_str(fresh(), "a\"b\\c\n\t\x01\x7f\xc3\xa9\xff\xed\xa0\x80z");
    assert_string_equal(written(),
                        "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                        "\xef\xbf\xbdz\"");
    jtext_str(fresh(), "");
    assert_string_equal(written(), "\"\"");
}

static void an_error_sticks(void **state)
{
    struct jtext j = {.out = &buf};

    (void)state;
    ps_buf_fini(&buf);
    ps_buf_init(&buf, 4);
    jtext_put(&j, "12345");
    jtext_put(&j, "1");
    assert_int_equal(j.err, PS_ELIMIT);
    assert_int_equal(ps_buf_len(&buf), 0);
}

static int set_up(void **state)
{
    (void)state;
    ps_buf_init(&buf, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ps_buf_fini(&buf);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_the_shortest_that_read_back),
        cmocka_unit_test(any_number_reads_back),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(texts_are_quoted),
        cmocka_unit_test(an_error_sticks),
    };
    return cmocka_run_group_tests_name("jtext", tests, set_up, tear_down);
}
