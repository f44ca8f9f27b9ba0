// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "lsregister/choice.h"

static const char *choose(const char *json, const ps_ns *rtts, const char *present, bool failing,
                          struct choice *c)
{
    static char name[100];
    struct choice_list list = {0};
    struct choice fresh = {0};
    assert_int_equal(choice_read(&list, json, strlen(json), NULL), 0);
    for (size_t i = 0; i < list.n; i++)
        list.at[i].rtt = rtts[i];
    const char *server = choice_make(c ? c : &fresh, &list, present, failing, 0.1, 3);
    strcpy(name, server ? server : "");
    choice_fini(&list);
    return name;
}

#define HOST(name, status, priority)                                                                        \
    "{\"locator\":\"http://" name ":8090/lookup/records\",\"status\":\"" status "\",\"priority\":" priority \
    "}"
#define TWO "{\"hosts\":[" HOST("a", "alive", "\"100\"") "," HOST("b", "alive", "50") "]}"

static void the_nearest_is_used(void **state)
{
    (void)state;
    assert_string_equal(choose(TWO, (ps_ns[]){20, 10}, NULL, false, NULL), "http://b:8090/");
}

static void of_equals_the_lower_priority_is_used_be_it_a_text_or_a_number(void **state)
{
    (void)state;
    assert_string_equal(choose(TWO, (ps_ns[]){10, 10}, NULL, false, NULL), "http://b:8090/");
}

static void who_is_not_reached_is_not_used(void **state)
{
    (void)state;
    assert_string_equal(choose(TWO, (ps_ns[]){10, -1}, "http://b:8090/", false, NULL), "http://a:8090/");
    assert_string_equal(choose(TWO, (ps_ns[]){-1, -1}, NULL, false, NULL), "");
}

static void a_nearer_one_is_changed_to_when_it_has_been_nearer_for_long(void **state)
{
    struct choice c = {0};
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_string_equal(choose(TWO, (ps_ns[]){100, 10}, "http://a:8090/", false, &c), "http://a:8090/");
    // Once it is not, and counting begins anew.
    assert_string_equal(choose(TWO, (ps_ns[]){100, 95}, "http://a:8090/", false, &c), "http://a:8090/");
    for (int i = 0; i < 3; i++)
        assert_string_equal(choose(TWO, (ps_ns[]){100, 10}, "http://a:8090/", false, &c), "http://a:8090/");
    assert_string_equal(choose(TWO, (ps_ns[]){100, 10}, "http://a:8090/", false, &c), "http://b:8090/");
}

static void one_that_fails_is_left_for_another_that_is_there(void **state)
{
    (void)state;
    assert_string_equal(choose(TWO, (ps_ns[]){10, 100}, "http://a:8090/", true, NULL), "http://b:8090/");
    assert_string_equal(choose(TWO, (ps_ns[]){10, -1}, "http://a:8090/", true, NULL), "");
}

static void one_that_the_list_has_no_more_is_left_at_once(void **state)
{
    (void)state;
    assert_string_equal(choose(TWO, (ps_ns[]){10, 100}, "http://c:8090/", false, NULL), "http://a:8090/");
}

static void only_those_alive_count(void **state)
{
    (void)state;
    assert_string_equal(choose("{\"hosts\":[" HOST("a", "unreachable", "1") "," HOST("b", "Alive", "1") "]}",
                               (ps_ns[]){1, 10}, NULL, false, NULL),
                        "http://b:8090/");
}

static void what_is_no_list_is_refused_with_a_reason(void **state)
{
    static const char *const bad[] = {"",
                                      "[]",
                                      "{}",
                                      "{\"hosts\":{}}",
                                      "{\"hosts\":[]}",
                                      "<html>",
                                      "{\"hosts\":[{\"locator\":\"ftp://x\",\"status\":\"alive\"}]}"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct choice_list list = {0};
        struct ps_fault fault = {""};
        assert_true(choice_read(&list, bad[i], strlen(bad[i]), &fault) < 0);
        assert_string_not_equal(fault.text, "");
        choice_fini(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_is_used),
        cmocka_unit_test(of_equals_the_lower_priority_is_used_be_it_a_text_or_a_number),
        cmocka_unit_test(who_is_not_reached_is_not_used),
        cmocka_unit_test(a_nearer_one_is_changed_to_when_it_has_been_nearer_for_long),
        cmocka_unit_test(one_that_fails_is_left_for_another_that_is_there),
        cmocka_unit_test(one_that_the_list_has_no_more_is_left_at_once),
        cmocka_unit_test(only_those_alive_count),
        cmocka_unit_test(what_is_no_list_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
