// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_json.h"
#include "spec_fix.h"

static void expect_copy(const char *text, unsigned flags, const char *want)
{
    struct ps_jdoc *doc = doc_of(text);
    struct ps_text t;

    sp_json_put(ps_text_open(&t), ps_jdoc_root(doc), flags);
    text_expect(&t, want);
    ps_jdoc_free(doc);
}

static void a_copy_is_the_same(void **state)
{
    (void)state;
    expect_copy(" { 'b' : [ 1.50, 1e3, -0, true, null, 'x\\u0041' ], 'a' : { } } ", 0,
                "{'b':[1.50,1e3,-0,true,null,'xA'],'a':{}}");
    expect_copy("7", 0, "7");
}

static void comments_are_left_out_at_any_depth(void **state)
{
    (void)state;
    expect_copy("{'#':1,'a':[{'# x':{},'b':2}],'c#':3}", SP_JSON_UNCOMMENT, "{'a':[{'b':2}],'c#':3}");
    expect_copy("{'#':1}", 0, "{'#':1}");
}

static void secrets_become_null_at_any_depth(void **state)
{
    (void)state;
    expect_copy("{'_key':'s','a':[{'_auth':{'x':1}}],'b_':1}", SP_JSON_SANITISE,
                "{'_key':null,'a':[{'_auth':null}],'b_':1}");
}

static void a_copy_is_a_document_of_its_own(void **state)
{
    struct ps_jdoc *doc = doc_of("{'_key':'s','a':[1.50]}"), *copy;
    size_t len;

    (void)state;
    assert_int_equal(sp_json_copy(&copy, ps_jdoc_root(doc), SP_JSON_SANITISE), 0);
    ps_jdoc_free(doc);
    assert_string_equal(ps_jnode_raw(ps_jdoc_root(copy), &len), "{\"_key\":null,\"a\":[1.50]}");
    assert_int_equal(len, 24);
    ps_jdoc_free(copy);
}

static void members_can_be_sorted(void **state)
{
    (void)state;
    expect_copy("{'b':{'z':1,'y':2},'a':[3,1],'_k':1,'#c':0}",
                SP_JSON_SORT | SP_JSON_UNCOMMENT | SP_JSON_SANITISE,
                "{'_k':null,'a':[3,1],'b':{'y':2,'z':1}}");
}

static void what_is_nested_too_deep_to_write_is_null(void **state)
{
    char nested[140] = "", *text;
    struct ps_jdoc *doc;
    struct ps_text t;

    (void)state;
    memset(nested, '[', 60);
    memset(nested + 60, ']', 60);
    doc = doc_of(nested);
    assert_int_equal(sp_json_depth(ps_jdoc_root(doc)), 60);
    ps_text_open(&t);
    for (int i = 0; i < 10; i++)
        ps_json_open(&t.json, '[');
    sp_json_put(&t.json, ps_jdoc_root(doc), 0);
    for (int i = 0; i < 10; i++)
        ps_json_close(&t.json, ']');
    text = ps_text_close(&t, NULL);
    assert_non_null(strstr(text, "[null]"));
    free(text);
    ps_jdoc_free(doc);
}

static void expect_contains(const char *value, const char *pattern, bool want)
{
    struct ps_jdoc *v = doc_of(value), *p = doc_of(pattern);

    if (sp_json_contains(ps_jdoc_root(v), ps_jdoc_root(p)) != want)
        fail_msg("%s %s hold %s", value, want ? "should" : "should not", pattern);
    ps_jdoc_free(v);
    ps_jdoc_free(p);
}

static void containment_is_that_of_postgresql(void **state)
{
    static const char value[] =
        "{'test':{'type':'rtt','spec':{'dest':'h','count':5}},'tags':['a','b',{'c':1}]}";

    (void)state;
    expect_contains(value, "{}", true);
    expect_contains(value, "{'test':{'type':'rtt'}}", true);
    expect_contains(value, "{'test':{'type':'trace'}}", false);
    expect_contains(value, "{'test':{'spec':{'count':5.0}}}", true);
    expect_contains(value, "{'test':{'spec':{'count':'5'}}}", false);
    expect_contains(value, "{'tags':['b','a','a']}", true);
    expect_contains(value, "{'tags':[{'c':1}]}", true);
    expect_contains(value, "{'tags':['z']}", false);
    expect_contains(value, "{'nothing':null}", false);
    expect_contains(value, "[]", false);
    expect_contains("[1,[2,3]]", "[[3]]", true);
    expect_contains("[1,[2,3]]", "[3]", false);
    expect_contains("['a','b']", "'a'", true);
    expect_contains("'a'", "['a']", false);
    expect_contains("null", "null", true);
    expect_contains("true", "false", false);
    expect_contains("{}", "1", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_the_same),
        cmocka_unit_test(comments_are_left_out_at_any_depth),
        cmocka_unit_test(secrets_become_null_at_any_depth),
        cmocka_unit_test(a_copy_is_a_document_of_its_own),
        cmocka_unit_test(members_can_be_sorted),
        cmocka_unit_test(what_is_nested_too_deep_to_write_is_null),
        cmocka_unit_test(containment_is_that_of_postgresql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
