// SPDX-License-Identifier: Apache-2.0
#include "json_fix.h"

static const char *const colours[] = {"red", "green"};

static void members_that_are_there_are_given(void **state)
{
    struct ps_jdoc *doc = doc_of("{\"s\":\"x\",\"b\":true,\"u\":18446744073709551615,\"i\":-5,\"d\":0.5,"
                                 "\"w\":\"green\",\"a\":[1],\"o\":{}}");
    struct ps_fault fault = {""};
    struct ps_jget g;

    (void)state;
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    assert_string_equal(ps_jget_str(&g, "s", 0, 9, "y"), "x");
    assert_true(ps_jget_bool(&g, "b", false));
    assert_true(ps_jget_u64(&g, "u", 0, UINT64_MAX, 1) == UINT64_MAX);
    assert_int_equal(ps_jget_i64(&g, "i", -9, 9, 1), -5);
    assert_true(ps_jget_double(&g, "d", 0, 1, 1) == 0.5);
    assert_int_equal(ps_jget_word(&g, "w", colours, 2, 0), 1);
    assert_int_equal(ps_jnode_count(ps_jget_array(&g, "a")), 1);
    assert_true(ps_jnode_there(ps_jget_object(&g, "o")));
    // again, as members that are needed
    assert_string_equal(ps_jneed_str(&g, "s", 0, 9), "x");
    assert_true(ps_jneed_bool(&g, "b"));
    assert_true(ps_jneed_u64(&g, "u", 0, UINT64_MAX) == UINT64_MAX);
    assert_int_equal(ps_jneed_i64(&g, "i", -9, 9), -5);
    assert_true(ps_jneed_double(&g, "d", 0, 1) == 0.5);
    assert_int_equal(ps_jneed_word(&g, "w", colours, 2), 1);
    assert_int_equal(ps_jnode_count(ps_jneed_array(&g, "a")), 1);
    assert_true(ps_jnode_there(ps_jneed_object(&g, "o")));
    assert_int_equal(g.nnames, 8);
    assert_int_equal(ps_jget_end(&g), 0);
    assert_string_equal(fault.text, "");
    ps_jdoc_free(doc);
}

static void members_that_are_not_there_have_their_defaults(void **state)
{
    struct ps_jdoc *doc = doc_of("{}");
    struct ps_jget g;

    (void)state;
    ps_jget_init(&g, ps_jdoc_root(doc), NULL);
    assert_string_equal(ps_jget_str(&g, "s", 0, 9, "y"), "y");
    assert_null(ps_jget_str(&g, "s", 1, 9, NULL));
    assert_true(ps_jget_bool(&g, "b", true));
    assert_int_equal(ps_jget_u64(&g, "u", 0, 5, 99), 99); // a default needs not be in range
    assert_int_equal(ps_jget_i64(&g, "i", 0, 5, -1), -1);
    assert_true(ps_jget_double(&g, "d", 0, 1, 7) == 7);
    assert_int_equal(ps_jget_word(&g, "w", colours, 2, 1), 1);
    assert_false(ps_jnode_there(ps_jget_array(&g, "a")));
    assert_false(ps_jnode_there(ps_jget_object(&g, "o")));
    assert_false(ps_jnode_there(ps_jget_node(&g, "n")));
    assert_int_equal(ps_jget_end(&g), 0);
    ps_jdoc_free(doc);
}

static void a_needed_member_that_is_missing_is_named(void **state)
{
    struct ps_jdoc *doc = doc_of("{\"streams\":\n[{},{}]}");
    struct ps_jnode second = ps_jnode_next(ps_jnode_first(ps_jnode_first(ps_jdoc_root(doc))));
    struct ps_fault fault;
    struct ps_jget g;

    (void)state;
    ps_jget_init(&g, second, &fault);
    assert_string_equal(ps_jneed_str(&g, "host", 1, 255), "");
    assert_string_equal(fault.text, "f.json:2: streams[1].host: is missing");
    assert_int_equal(ps_jget_end(&g), PS_ENOTFOUND);
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    assert_int_equal(ps_jneed_u64(&g, "port", 1, 65535), 0);
    assert_string_equal(fault.text, "f.json:1: port: is missing");
    ps_jdoc_free(doc);
}

static void every_needed_form_gives_nothing_after_a_fault(void **state)
{
    struct ps_jdoc *doc =
        doc_of("{\"s\":\"x\",\"b\":true,\"u\":1,\"d\":1,\"w\":\"green\",\"a\":[],\"o\":{}}");
    struct ps_fault fault;
    struct ps_jget g;

    (void)state;
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    assert_int_equal(ps_jneed_i64(&g, "i", 0, 5), 0);
    assert_string_equal(ps_jneed_str(&g, "s", 0, 9), "");
    assert_false(ps_jneed_bool(&g, "b"));
    assert_int_equal(ps_jneed_u64(&g, "u", 0, 9), 0);
    assert_true(ps_jneed_double(&g, "d", 0, 9) == 0);
    assert_int_equal(ps_jneed_word(&g, "w", colours, 2), 0);
    assert_false(ps_jnode_there(ps_jneed_array(&g, "a")));
    assert_false(ps_jnode_there(ps_jneed_object(&g, "o")));
    assert_int_equal(ps_jget_end(&g), PS_ENOTFOUND);
    assert_string_equal(fault.text, "f.json:1: i: is missing");
    ps_jdoc_free(doc);
}

static void only_the_first_fault_is_told(void **state)
{
    struct ps_jdoc *doc = doc_of("{\"a\":\"x\",\"b\":\"y\",\"c\":3}");
    struct ps_fault fault;
    struct ps_jget g;

    (void)state;
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    assert_int_equal(ps_jget_u64(&g, "a", 0, 9, 4), 4);
    assert_int_equal(ps_jget_u64(&g, "b", 0, 5, 4), 4);
    assert_int_equal(ps_jget_u64(&g, "c", 0, 5, 4), 4);
    ps_jget_fail(&g, "c", -1, "too late");
    assert_int_equal(ps_jget_end(&g), PS_EMALFORMED);
    assert_string_equal(fault.text, "f.json:1: a: wants an integer from 0 to 9; got \"x\"");
    ps_jdoc_free(doc);
}

static void null_is_a_value_of_the_wrong_type(void **state)
{
    struct ps_jdoc *doc = doc_of("{\"a\":null}");
    struct ps_fault fault;
    struct ps_jget g;

    (void)state;
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    assert_true(ps_jget_bool(&g, "a", true));
    assert_int_equal(ps_jget_end(&g), PS_EMALFORMED);
    assert_string_equal(fault.text, "f.json:1: a: wants true or false; got null");
    ps_jdoc_free(doc);
}

static void a_container_of_the_wrong_type_is_not_given(void **state)
{
    struct ps_jdoc *doc = doc_of("{\"a\":{},\"o\":[]}");
    struct ps_fault fault;
    struct ps_jget g;

    (void)state;
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    assert_false(ps_jnode_there(ps_jget_array(&g, "a")));
    assert_string_equal(fault.text, "f.json:1: a: wants an array; got an object");
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    assert_false(ps_jnode_there(ps_jneed_object(&g, "o")));
    assert_string_equal(fault.text, "f.json:1: o: wants an object; got an array");
    ps_jdoc_free(doc);
}

static void a_key_nobody_asked_for_is_told_with_the_nearest_known(void **state)
{
    struct ps_jdoc *doc = doc_of("{\"interval\":1,\n\"intervall\":2}");
    struct ps_fault fault;
    struct ps_jget g;

    (void)state;
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    ps_jget_u64(&g, "interval", 0, 9, 1);
    assert_int_equal(ps_jget_end(&g), PS_EUNKNOWN);
    assert_string_equal(fault.text, "f.json:2: intervall: is not known here; did you mean \"interval\"?");
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    assert_int_equal(ps_jget_end(&g), PS_EUNKNOWN);
    assert_string_equal(fault.text, "f.json:1: interval: is not known here");
    ps_jdoc_free(doc);
}

static void keys_that_are_comments_or_known_otherwise_are_left_alone(void **state)
{
    struct ps_jdoc *doc = doc_of("{\"#\":1,\"# why\":[],\"_meta\":{},\"schema\":1}");
    struct ps_jget g;

    (void)state;
    ps_jget_init(&g, ps_jdoc_root(doc), NULL);
    ps_jget_know(&g, "schema");
    assert_int_equal(ps_jget_end(&g), 0);
    ps_jdoc_free(doc);
}

static void what_is_no_object_is_a_fault_at_once(void **state)
{
    struct ps_jdoc *doc = doc_of("[1]");
    struct ps_fault fault;
    struct ps_jget g;

    (void)state;
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    assert_int_equal(g.err, PS_EMALFORMED);
    assert_string_equal(fault.text, "f.json:1: the document: wants an object; got an array");
    ps_jget_init(&g, ps_jnode_first(ps_jdoc_root(doc)), &fault);
    assert_int_equal(ps_jget_end(&g), PS_EMALFORMED);
    assert_string_equal(fault.text, "f.json:1: [0]: wants an object; got 1");
    ps_jdoc_free(doc);
}

static void an_object_that_is_not_there_leaves_the_fault_as_it_is(void **state)
{
    struct ps_jdoc *doc = doc_of("{}");
    struct ps_fault fault;
    struct ps_jget g, inner;

    (void)state;
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    ps_jget_init(&inner, ps_jneed_object(&g, "schedule"), &fault);
    assert_int_equal(ps_jneed_u64(&inner, "every", 1, 9), 0);
    assert_int_equal(ps_jget_u64(&inner, "slip", 0, 9, 3), 3);
    assert_int_equal(ps_jget_end(&inner), PS_ENOTFOUND);
    assert_string_equal(fault.text, "f.json:1: schedule: is missing");
    ps_jdoc_free(doc);
}

static void the_reader_may_find_faults_of_its_own(void **state)
{
    struct ps_jdoc *doc = doc_of("{\"a\":\n\"fe80::x\"}");
    struct ps_fault fault;
    struct ps_jget g;

    (void)state;
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    ps_jget_fail(&g, "a", PS_ERANGE, "wants an address; got %d", 5);
    assert_int_equal(g.err, PS_ERANGE);
    assert_string_equal(fault.text, "f.json:2: a: wants an address; got 5");
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    ps_jget_fail(&g, "b", PS_ENOTFOUND, "goes with a");
    assert_string_equal(fault.text, "f.json:1: b: goes with a");
    ps_jget_init(&g, ps_jdoc_root(doc), &fault);
    ps_jget_fail(&g, NULL, PS_ENOTFOUND, "is wrong");
    assert_string_equal(fault.text, "f.json:1: the document: is wrong");
    ps_jdoc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(members_that_are_there_are_given),
        TEST(members_that_are_not_there_have_their_defaults),
        TEST(a_needed_member_that_is_missing_is_named),
        TEST(every_needed_form_gives_nothing_after_a_fault),
        TEST(only_the_first_fault_is_told),
        TEST(null_is_a_value_of_the_wrong_type),
        TEST(a_container_of_the_wrong_type_is_not_given),
        TEST(a_key_nobody_asked_for_is_told_with_the_nearest_known),
        TEST(keys_that_are_comments_or_known_otherwise_are_left_alone),
        TEST(what_is_no_object_is_a_fault_at_once),
        TEST(an_object_that_is_not_there_leaves_the_fault_as_it_is),
        TEST(the_reader_may_find_faults_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
