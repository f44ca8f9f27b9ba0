// SPDX-License-Identifier: Apache-2.0
#include "psched/cli_here.h"
#include "psched/cli_link.h"
#include "../spec/spec_fix.h"

static void expect_root(const char *host, const char *want)
{
    struct ps_buf out;

    ps_buf_init(&out, 0);
    assert_int_equal(cli_host_root(host, &out), 0);
    assert_int_equal(ps_buf_append(&out, "", 1), 0);
    assert_string_equal((const char *)ps_buf_head(&out), want);
    ps_buf_fini(&out);
}

static void a_host_is_known_by_many_forms(void **state)
{
    struct ps_buf out;

    (void)state;
    expect_root("h.example", "https://h.example/pscheduler");
    expect_root("h.example:8443", "https://h.example:8443/pscheduler");
    expect_root("192.0.2.1", "https://192.0.2.1/pscheduler");
    expect_root("2001:db8::1", "https://[2001:db8::1]/pscheduler");
    expect_root("[2001:db8::1]:444", "https://[2001:db8::1]:444/pscheduler");
    expect_root("http://h:80", "http://h:80/pscheduler");
    expect_root("https://h/pscheduler/", "https://h/pscheduler");
    ps_buf_init(&out, 0);
    assert_true(cli_host_root("h:70000", &out) < 0);
    assert_true(cli_host_root("", &out) < 0);
    ps_buf_fini(&out);
}

static void expect_place(const struct cli_link *l, const char *text, int status, const char *want)
{
    struct ps_buf out;

    ps_buf_init(&out, 0);
    assert_int_equal(cli_link_place(l, text, &out), status);
    if (status == 0)
        assert_string_equal((const char *)ps_buf_head(&out), want);
    ps_buf_fini(&out);
}

static void tasks_are_known_by_url_or_uuid(void **state)
{
    const struct cli_where where = {"h:8443", NULL, NULL, NULL, false};
    struct cli_link *l;

    (void)state;
    assert_int_equal(cli_link_new(&l, "test", &where), 0);
    assert_string_equal(cli_link_root(l), "https://h:8443/pscheduler");
    expect_place(l, "0f1e2d3c-0000-1111-2222-333344445555", 0,
                 "https://h:8443/pscheduler/tasks/0f1e2d3c-0000-1111-2222-333344445555");
    expect_place(l, "https://other/pscheduler/tasks/x", 0, "https://other/pscheduler/tasks/x");
    expect_place(l, "task", CLI_USAGE, NULL);
    cli_link_free(l);
    cli_link_free(NULL);
}

static void this_host_is_known_by_its_addresses(void **state)
{
    (void)state;
    assert_true(cli_here("localhost"));
    assert_true(cli_here("127.0.0.1"));
    assert_false(cli_here("192.0.2.1"));
    assert_false(cli_here("127.0.0.1:8443"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_known_by_many_forms),
        cmocka_unit_test(tasks_are_known_by_url_or_uuid),
        cmocka_unit_test(this_host_is_known_by_its_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
