// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "pslimits/fetch.h"

static void expect(const char *url, const char *params, const char *want)
{
    struct ps_jdoc *doc = NULL;
    struct ps_buf out;
    struct ps_jnode none = {NULL, 0};
    ps_buf_init(&out, 0);
    if (params)
        assert_int_equal(ps_jdoc_parse(&doc, NULL, params, strlen(params), NULL), 0);
    assert_int_equal(fetch_url(url, params ? ps_jdoc_root(doc) : none, &out), 0);
    assert_string_equal((const char *)ps_buf_head(&out), want);
    ps_buf_fini(&out);
    ps_jdoc_free(doc);
}

static void a_url_without_parameters_stays(void **state)
{
    (void)state;
    expect("http://a/b?c=d", NULL, "http://a/b?c=d");
    expect("http://a/b", "{}", "http://a/b");
    expect("http://a/b", "{\"#\":\"a comment\"}", "http://a/b");
}

static void parameters_are_escaped_and_put_behind_those_there(void **state)
{
    (void)state;
    expect("http://a/b", "{\"x y\":\"1&2\",\"n\":7,\"t\":true}", "http://a/b?x%20y=1%262&n=7&t=true");
    expect("http://a/b?", "{\"x\":\"1\"}", "http://a/b?x=1");
    expect("http://a/b?c=d", "{\"x\":\"1\"}", "http://a/b?c=d&x=1");
}

static void a_fragment_is_left_out(void **state)
{
    (void)state;
    expect("http://a/b#c?d", "{\"x\":\"1\"}", "http://a/b?x=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_without_parameters_stays),
        cmocka_unit_test(parameters_are_escaped_and_put_behind_those_there),
        cmocka_unit_test(a_fragment_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
