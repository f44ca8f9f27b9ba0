// SPDX-License-Identifier: Apache-2.0
#include "spec_fix.h"

static void there_are_fifteen_tests_in_the_order_of_their_names(void **state)
{
    const char *before = "";
    size_t n = 0;

    (void)state;
    for (const struct sp_test *t; (t = sp_test_at(n)) != NULL; n++) {
        assert_true(strcmp(before, sp_test_name(t)) < 0);
        before = sp_test_name(t);
        assert_ptr_equal(sp_test_find(before), t);
    }
    assert_int_equal(n, 15);
    assert_null(sp_test_find("openports"));
    assert_null(sp_test_find(""));
}

static void classes_and_schemas_are_those_of_pscheduler(void **state)
{
    static const struct {
        const char *name, *cls;
        int schema;
    } want[] = {
        {"clock", "background", 2},         {"dns", "background", 1},
        {"http", "background", 4},          {"idle", "background", 2},
        {"idlebgm", "background-multi", 1}, {"idleex", "exclusive", 1},
        {"latency", "normal", 4},           {"latencybg", "background-multi", 2},
        {"mtu", "background", 2},           {"noop", "background", 1},
        {"psresponse", "background", 1},    {"rtt", "background", 4},
        {"simplestream", "background", 3},  {"throughput", "exclusive", 7},
        {"trace", "background", 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        const struct sp_test *t = test_of(want[i].name);
        assert_string_equal(sp_class_word(sp_test_class(t)), want[i].cls);
        assert_int_equal(sp_test_schema(t), want[i].schema);
    }
}

static void classes_have_their_properties(void **state)
{
    (void)state;
    assert_true(sp_class_anytime(SP_BACKGROUND) && sp_class_anytime(SP_BACKGROUND_MULTI));
    assert_false(sp_class_anytime(SP_NORMAL) || sp_class_anytime(SP_EXCLUSIVE));
    assert_true(sp_class_multi(SP_BACKGROUND_MULTI));
    assert_false(sp_class_multi(SP_BACKGROUND));
    assert_string_equal(sp_class_display(SP_BACKGROUND_MULTI), "Background Multi-Result");
    assert_string_equal(sp_class_display(SP_BACKGROUND), "Background Single-Result");
    assert_string_equal(sp_class_display(SP_NORMAL), "Normal");
    assert_string_equal(sp_class_display(SP_EXCLUSIVE), "Exclusive");
}

static void an_enumeration_has_the_members_of_the_plugin_protocol(void **state)
{
    struct ps_text t;
    char *text;

    (void)state;
    sp_test_enumerate(test_of("rtt"), "https://h/pscheduler/tests/rtt", ps_text_open(&t));
    text_expect(&t, "{'schema':1,'name':'rtt','description':'Round-trip time between hosts',"
                    "'version':'" PACKAGE_VERSION "','maintainer':{'name':'psuite'},"
                    "'scheduling-class':'background','href':'https://h/pscheduler/tests/rtt'}");
    sp_test_enumerate(test_of("mtu"), NULL, ps_text_open(&t));
    text = ps_text_close(&t, NULL);
    assert_null(strstr(text, "href"));
    free(text);
}

// participants

struct who {
    const char *type, *spec, *want;
};

static void expect_participants(const struct who *c)
{
    struct ps_jdoc *doc = doc_of(c->spec);
    struct ps_text t;

    assert_int_equal(sp_validate(test_of(c->type), ps_jdoc_root(doc), NULL), 0);
    sp_participants(test_of(c->type), ps_jdoc_root(doc), ps_text_open(&t));
    text_expect(&t, c->want);
    ps_jdoc_free(doc);
}

static void participants_are_the_source_or_the_host(void **state)
{
    static const struct who cases[] = {
        {"rtt", "{'dest':'d'}", "{'participants':[null],'null-reason':'No source specified'}"},
        {"rtt", "{'dest':'d','source':'s'}", "{'participants':['s']}"},
        {"trace", "{'dest':'d','source':'s','source-node':'n:8443'}", "{'participants':['n:8443']}"},
        {"dns", "{'query':'x','record':'a'}", "{'participants':[null],'null-reason':'No host specified'}"},
        {"dns", "{'query':'x','record':'a','host':'h'}", "{'participants':['h']}"},
        {"http", "{'url':'http://x/','host':'h','host-node':'n'}", "{'participants':['n']}"},
        {"idle", "{'duration':'PT1S'}", "{'participants':[null],'null-reason':'No host specified'}"},
        {"idle", "{'duration':'PT1S','host':'h','host-node':'n'}", "{'participants':['n']}"},
        {"idle", "{'schema':2,'duration':'PT1S','host':['a','b','c']}", "{'participants':['a','b','c']}"},
        {"clock", "{'dest':'d:444'}", "{'participants':[null],'null-reason':'No source specified'}"},
        {"noop", "{'host':'h'}", "{'participants':['h']}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_participants(&cases[i]);
}

static void latency_is_the_destinations_when_flipped(void **state)
{
    static const struct who cases[] = {
        {"latency", "{'dest':'d','source':'s'}", "{'participants':['s']}"},
        {"latency", "{'dest':'d','source':'s','flip':false}", "{'participants':['s']}"},
        {"latency", "{'dest':'d','source':'s','flip':true}", "{'participants':['d']}"},
        {"latencybg", "{'dest':'d','dest-node':'n','source':'s','flip':true}", "{'participants':['n']}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_participants(&cases[i]);
}

static void two_take_part_where_both_ends_are_needed(void **state)
{
    static const struct who cases[] = {
        {"throughput", "{'dest':'d'}", "{'participants':[null,'d'],'null-reason':'No source specified'}"},
        {"throughput", "{'dest':'d','dest-node':'n','source':'s'}", "{'participants':['s','n']}"},
        {"throughput", "{'schema':2,'dest':'d','source':'s','single-ended':true}", "{'participants':['s']}"},
        {"throughput", "{'schema':5,'dest':'d','source':'s','loopback':false}", "{'participants':['s']}"},
        {"simplestream", "{'dest':'d','source':'s'}", "{'participants':['s','d']}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_participants(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_fifteen_tests_in_the_order_of_their_names),
        cmocka_unit_test(classes_and_schemas_are_those_of_pscheduler),
        cmocka_unit_test(classes_have_their_properties),
        cmocka_unit_test(an_enumeration_has_the_members_of_the_plugin_protocol),
        cmocka_unit_test(participants_are_the_source_or_the_host),
        cmocka_unit_test(latency_is_the_destinations_when_flipped),
        cmocka_unit_test(two_take_part_where_both_ends_are_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
