// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_task.h"
#include "spec_fix.h"

#define TEST "'test':{'type':'idle','spec':{'duration':'PT1S'}}"

static void expect(const char *text, bool pushed, int want, const char *told)
{
    struct ps_jdoc *doc = doc_of(text);
    struct ps_fault fault = {""};
    struct sp_task task;
    int err = sp_task_read(&task, ps_jdoc_root(doc), SP_TASK_SCHEMA, pushed, &fault);

    if (err != want || strcmp(fault.text, told) != 0)
        fail_msg("%s: got %d \"%s\"; wanted %d \"%s\"", text, err, fault.text, want, told);
    ps_jdoc_free(doc);
}

static void a_task_is_read_in_all_its_parts(void **state)
{
    struct ps_jdoc *doc =
        doc_of("{'schema':5," TEST ",'tool':'sleep','tools':['sleep','snooze'],'schedule':{'repeat':'PT1M'},"
               "'archives':[{'archiver':'bitbucket','data':{}}],'lead-bind':'127.0.0.1','reference':{'x':1},"
               "'_key':'secret','contexts':{'contexts':[[{'context':'linuxnns','data':{'namespace':'n'}}]]},"
               "'priority':-3,'debug':true,'keep-after-archive':'PT1H','#':'a comment'}");
    struct sp_task t;

    (void)state;
    assert_int_equal(sp_task_read(&t, ps_jdoc_root(doc), SP_TASK_SCHEMA, false, NULL), 0);
    assert_int_equal(t.schema, 5);
    assert_string_equal(t.type, "idle");
    assert_true(ps_jnode_there(ps_jnode_member(t.spec, "duration")));
    assert_string_equal(t.tool, "sleep");
    assert_int_equal(ps_jnode_count(t.tools), 2);
    assert_true(ps_jnode_there(ps_jnode_member(t.schedule, "repeat")));
    assert_int_equal(ps_jnode_count(t.archives), 1);
    assert_string_equal(t.lead_bind, "127.0.0.1");
    assert_true(ps_jnode_there(t.reference));
    assert_string_equal(t.key, "secret");
    assert_int_equal(ps_jnode_count(t.contexts), 1);
    assert_true(t.has_priority && t.priority == -3 && t.debug);
    assert_true(t.keep_after_archive == 3600 * PS_SEC);
    assert_false(ps_jnode_there(t.participants));
    ps_jdoc_free(doc);
}

static void the_smallest_task_is_a_test(void **state)
{
    struct ps_jdoc *doc = doc_of("{" TEST "}");
    struct sp_task t;

    (void)state;
    assert_int_equal(sp_task_read(&t, ps_jdoc_root(doc), SP_TASK_SCHEMA, false, NULL), 0);
    assert_int_equal(t.schema, 1);
    assert_null(t.tool);
    assert_null(t.key);
    assert_false(t.has_priority);
    assert_true(t.keep_after_archive == -1);
    ps_jdoc_free(doc);
}

static void keys_belong_to_schemas(void **state)
{
    (void)state;
    expect("{" TEST ",'priority':1}", false, PS_EUNKNOWN,
           "At /: Additional properties are not allowed ('priority' was unexpected); it needs \"schema\": 3");
    expect("{'schema':4," TEST ",'keep-after-archive':'PT1S'}", false, PS_EUNKNOWN,
           "At /: Additional properties are not allowed ('keep-after-archive' was unexpected); it needs "
           "\"schema\": 5");
    expect("{" TEST ",'post':1}", false, PS_EUNKNOWN,
           "At /: Additional properties are not allowed ('post' was unexpected)");
    expect("{'schema':6," TEST "}", false, PS_EVERSION,
           "At /schema: 6 is newer than the highest schema of tasks known, which is 5");
}

static void participants_come_from_a_lead_alone(void **state)
{
    (void)state;
    expect("{" TEST ",'participants':[null,'h']}", false, PS_EUNKNOWN,
           "At /: Additional properties are not allowed ('participants' was unexpected)");
    expect("{" TEST ",'participants':[null,'h']}", true, 0, "");
    expect("{" TEST ",'participants':[1]}", true, PS_EMALFORMED,
           "At /participants/0: 1 is not of type 'string'");
}

static void a_lower_schema_can_be_the_highest(void **state)
{
    struct ps_jdoc *doc = doc_of("{'schema':5," TEST "}");
    struct ps_fault fault = {""};
    struct sp_task t;

    (void)state;
    assert_int_equal(sp_task_read(&t, ps_jdoc_root(doc), 4, true, &fault), PS_EVERSION);
    assert_string_equal(fault.text,
                        "At /schema: 5 is newer than the highest schema of tasks taken here, which is 4");
    ps_jdoc_free(doc);
}

static void faults_name_their_place(void **state)
{
    (void)state;
    expect("{}", false, PS_ENOTFOUND, "At /: 'test' is a required property");
    expect("[]", false, PS_EMALFORMED, "At /: [] is not of type 'object'");
    expect("{'test':{'spec':{}}}", false, PS_ENOTFOUND, "At /test: 'type' is a required property");
    expect("{'test':{'type':'x'}}", false, PS_ENOTFOUND, "At /test: 'spec' is a required property");
    expect("{'test':{'type':'x','spec':1}}", false, PS_EMALFORMED,
           "At /test/spec: 1 is not of type 'object'");
    expect("{'test':{'type':'','spec':{}}}", false, PS_EMALFORMED,
           "At /test/type: is not the name of a test");
    expect("{'test':{'type':'x','spec':{},'y':1}}", false, PS_EUNKNOWN,
           "At /test: Additional properties are not allowed ('y' was unexpected)");
    expect("{" TEST ",'schedule':[]}", false, PS_EMALFORMED, "At /schedule: [] is not of type 'object'");
    expect("{" TEST ",'tools':['a',2]}", false, PS_EMALFORMED, "At /tools/1: 2 is not of type 'string'");
    expect("{" TEST ",'lead-bind':'a b'}", false, PS_EMALFORMED,
           "At /lead-bind: 'a b' is neither the name of a host nor an IP address");
    expect("{'schema':3," TEST ",'priority':1.5}", false, PS_EMALFORMED,
           "At /priority: 1.5 is not of type 'integer'");
    expect("{'schema':5," TEST ",'keep-after-archive':'1'}", false, PS_EMALFORMED,
           "At /keep-after-archive: '1' is not an ISO 8601 duration, as in PT1M30S");
}

static void contexts_are_checked_in_form(void **state)
{
    (void)state;
    expect("{'schema':2," TEST ",'contexts':{}}", false, PS_ENOTFOUND,
           "At /contexts: 'contexts' is a required property");
    expect("{'schema':2," TEST ",'contexts':{'contexts':[[{'context':'x'}]]}}", false, PS_ENOTFOUND,
           "At /contexts/contexts/0/0: 'data' is a required property");
    expect("{'schema':2," TEST ",'contexts':{'contexts':[{}]}}", false, PS_EMALFORMED,
           "At /contexts/contexts/0: {} is not of type 'array'");
    expect("{'schema':2," TEST ",'contexts':{'schema':2,'contexts':[]}}", false, PS_ERANGE,
           "At /contexts/schema: 2 is greater than the maximum of 1");
    expect("{'schema':2," TEST ",'contexts':{'contexts':[[],[{'context':1,'data':0}]]}}", false,
           PS_EMALFORMED, "At /contexts/contexts/1/0/context: 1 is not of type 'string'");
}

static void archives_are_checked_in_form(void **state)
{
    (void)state;
    expect("{" TEST ",'archives':[{'archiver':'http','data':{'_url':'x'},'transform':{'script':['.','| .x'],"
           "'output-raw':true,'args':{'a':1}},'ttl':'PT1H'}]}",
           false, 0, "");
    expect("{" TEST ",'archives':[{'archiver':'http','data':{}},{'data':{}}]}", false, PS_ENOTFOUND,
           "At /archives/1: 'archiver' is a required property");
    expect("{" TEST ",'archives':[{'archiver':'http'}]}", false, PS_ENOTFOUND,
           "At /archives/0: 'data' is a required property");
    expect("{" TEST ",'archives':[{'archiver':'http','data':{},'runs':'all'}]}", false, PS_EUNKNOWN,
           "At /archives/0: Additional properties are not allowed ('runs' was unexpected); it needs "
           "\"schema\": 2");
    expect("{" TEST ",'archives':[{'schema':2,'archiver':'http','data':{},'runs':'some'}]}", false,
           PS_EUNKNOWN, "At /archives/0/runs: 'some' is not one of ['all', 'succeeded', 'failed']");
    expect("{" TEST ",'archives':[{'archiver':'x','data':{},'transform':{}}]}", false, PS_ENOTFOUND,
           "At /archives/0/transform: 'script' is a required property");
    expect("{" TEST ",'archives':[{'archiver':'x','data':{},'transform':{'script':['.',3]}}]}", false,
           PS_EMALFORMED, "At /archives/0/transform/script/1: 3 is not of type 'string'");
    expect("{" TEST ",'archives':[{'archiver':'x','data':{},'transform':{'script':'.','x':1}}]}", false,
           PS_EUNKNOWN,
           "At /archives/0/transform: Additional properties are not allowed ('x' was unexpected)");
    expect("{" TEST ",'archives':[{'archiver':'x','data':{},'ttl':'soon'}]}", false, PS_EMALFORMED,
           "At /archives/0/ttl: 'soon' is not an ISO 8601 duration, as in PT1M30S");
}

static void an_archive_is_read_in_all_its_parts(void **state)
{
    struct ps_jdoc *doc =
        doc_of("{'schema':3,'archiver':'http','data':{'_url':'u'},'ttl':'P1D','runs':'failed',"
               "'uri-host':'h:8443','label':'mine','transform':{'output-raw':true,'script':'.'}}");
    struct sp_archive a;

    (void)state;
    assert_int_equal(sp_archive_read(&a, ps_jdoc_root(doc), "", NULL), 0);
    assert_string_equal(a.archiver, "http");
    assert_int_equal(ps_jnode_count(a.data), 1);
    assert_true(a.ttl == 86400 * PS_SEC && a.runs == SP_RUNS_FAILED && a.output_raw);
    assert_string_equal(a.uri_host, "h:8443");
    assert_string_equal(a.label, "mine");
    assert_true(ps_jnode_there(a.transform));
    ps_jdoc_free(doc);
    doc = doc_of("{'archiver':'bitbucket','data':{}}");
    assert_int_equal(sp_archive_read(&a, ps_jdoc_root(doc), "", NULL), 0);
    assert_true(a.ttl == -1 && a.runs == SP_RUNS_SUCCEEDED && !a.output_raw && !a.label);
    ps_jdoc_free(doc);
}

static void what_is_too_much_is_refused(void **state)
{
    char text[2000] = "{" TEST ",'archives':[";

    (void)state;
    for (int i = 0; i <= SP_TASK_ARCHIVES_MAX; i++)
        strcat(text, i ? ",{}" : "{}");
    strcat(text, "]}");
    expect(text, false, PS_ELIMIT, "At /archives: has 65 members; the most is 64");
    expect("{" TEST ",'reference':[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
           false, PS_ELIMIT, "At /: is nested deeper than 32 levels");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_is_read_in_all_its_parts),
        cmocka_unit_test(the_smallest_task_is_a_test),
        cmocka_unit_test(keys_belong_to_schemas),
        cmocka_unit_test(participants_come_from_a_lead_alone),
        cmocka_unit_test(a_lower_schema_can_be_the_highest),
        cmocka_unit_test(faults_name_their_place),
        cmocka_unit_test(contexts_are_checked_in_form),
        cmocka_unit_test(archives_are_checked_in_form),
        cmocka_unit_test(an_archive_is_read_in_all_its_parts),
        cmocka_unit_test(what_is_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
