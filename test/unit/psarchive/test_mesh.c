// SPDX-License-Identifier: Apache-2.0
// pSConfig templates: the ways that a task is measured on. (Fact sheet of pSConfig, 3.2 to 3.4 and 3.8.)
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/mesh.h"

static char said[1000]; // "NAME TEST PATHS EVERY; "
static char notes[1000];
static struct ps_fault fault;

static void add(char *to, const char *text)
{
    strncat(to, text, 999 - strlen(to));
}

static void on_task(void *ctx, const struct mesh_task *t)
{
    char line[200];

    (void)ctx;
    snprintf(line, sizeof line, "%s %s %.0f %g; ", t->name, sizing_name(t->test), t->paths, t->every);
    add(said, line);
}

static void on_note(void *ctx, const char *text)
{
    (void)ctx;
    add(notes, text);
}

// ' stands for ".
static int read_mesh(const char *pattern)
{
    const struct mesh_sink sink = {on_task, on_note, NULL};
    static char text[8192];
    struct ps_jdoc *doc;
    int err;

    snprintf(text, sizeof text, "%s", pattern);
    for (char *c = text; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    said[0] = notes[0] = fault.text[0] = '\0';
    if (ps_jdoc_parse_foreign(&doc, "mesh", text, strlen(text), &fault))
        fail_msg("%s", fault.text);
    err = mesh_read(doc, &sink, &fault);
    ps_jdoc_free(doc);
    return err;
}

static void tells(const char *template, const char *wanted)
{
    assert_int_equal(read_mesh(template), 0);
    assert_string_equal(said, wanted);
}

#define RTT ",'tests':{'p':{'type':'rtt','spec':{}}},'schedules':{'m5':{'repeat':'PT5M'}},"
#define TASK "'tasks':{'t':{'group':'g','test':'p','schedule':'m5'}}}"
#define FOUR                                                                                              \
    "'addresses':{'a':{'address':'192.0.2.1'},'b':{'address':'192.0.2.2'},'c':{'address':'2001:db8::3'}," \
    "'d':{'address':'d.example.net'}}"
#define ALL "[{'name':'a'},{'name':'b'},{'name':'c'},{'name':'d'}]"

static void two_sites_with_a_background_test_and_a_daily_one(void **state)
{
    (void)state;
    tells(
        "{'addresses':{'oslo':{'address':'mp1.oslo.example.net'},'rome':{'address':'mp1.rome.example.net'}},"
        "'groups':{'pair':{'type':'mesh','addresses':[{'name':'oslo'},{'name':'rome'}]}},"
        "'tests':{'owd':{'type':'latencybg','spec':{'source':'{% address[0] %}'}},"
        "'tput':{'type':'throughput','spec':{'duration':'PT20S'}}},"
        "'schedules':{'daily':{'repeat':'P1D','slip':'PT2H','sliprand':true}},"
        "'tasks':{'loss':{'group':'pair','test':'owd'},'night':{'group':'pair','test':'tput','schedule':'"
        "daily'},"
        "'off':{'group':'pair','test':'tput','disabled':true},'once':{'group':'pair','test':'tput'},'# "
        "x':1}}",
        "loss latencybg 2 60; night throughput 2 86400; once throughput 2 0; ");
    assert_string_equal(notes, "");
}

static void background_results_come_by_packets(void **state)
{
    (void)state;
    tells("{" FOUR ",'groups':{'g':{'type':'mesh','addresses':" ALL
          "}},'tests':{'p':{'type':'latencybg','spec':"
          "{'packet-count':100,'packet-interval':0.05}}},'tasks':{'t':{'group':'g','test':'p'}}}",
          "t latencybg 12 5; ");
}

static void hub_and_spokes_are_one_way_and_need_an_agent(void **state)
{
    (void)state;
    tells(
        "{'hosts':{'edge':{'no-agent':true}},"
        "'addresses':{'hub':{'address':'192.0.2.10'},'s1':{'address':'198.51.100.7','host':'edge'},"
        "'s2':{'address':'2001:db8:7::2','host':'edge','remote-addresses':{'hub':{'address':'203.0.113.2'}}}}"
        ","
        "'groups':{'g':{'type':'disjoint','unidirectional':true,'a-addresses':[{'name':'hub'}],"
        "'b-addresses':[{'name':'s1'},{'name':'s2'}],'excludes-self':'address'},"
        "'h':{'type':'disjoint','a-addresses':[{'name':'hub'}],'b-addresses':[{'name':'s1'},{'name':'s2'}]},"
        "'i':{'type':'mesh','addresses':[{'name':'s1'},{'name':'s2'}],'excludes-self':'address'}}"
        ",'tests':{'p':{'type':'trace','spec':{}}},'schedules':{'q':{'repeat':'PT15M'}},"
        "'tasks':{'g':{'group':'g','test':'p','schedule':'q'},'h':{'group':'h','test':'p','schedule':'q'},"
        "'i':{'group':'i','test':'p','schedule':'q'}}}",
        "g trace 2 900; h trace 4 900; i trace 0 900; ");
}

static void classes_are_filtered(void **state)
{
    (void)state;
    tells(
        "{'addresses':{'a':{'address':'2001:db8::a','tags':['Core']},'b':{'address':'2001:db8::b','tags':['"
        "core']},"
        "'c':{'address':'192.0.2.3','tags':['core','legacy']},'d':{'address':'192.0.2.4','host':'h'}},"
        "'hosts':{'h':{'tags':['core']}},"
        "'address-classes':{'core6':{'data-source':{'type':'current-config'},'match-filter':{'type':'and','"
        "filters':"
        "[{'type':'tag','tag':'core'},{'type':'ip-version','ip-version':6}]},"
        "'exclude-filter':{'type':'tag','tag':'legacy'}},"
        "'net':{'data-source':{'type':'current-config'},'match-filter':{'type':'or','filters':"
        "[{'type':'netmask','netmask':'192.0.2.0/24'},{'type':'address-class','class':'core6'}]}},"
        "'rest':{'data-source':{'type':'current-config'},'match-filter':{'type':'not','filter':"
        "{'type':'address-class','class':'core6'}}}},"
        "'groups':{'g':{'type':'mesh','addresses':[{'class':'core6'}]},'n':{'type':'mesh','addresses':"
        "[{'class':'net'}]},'r':{'type':'list','addresses':[{'class':'rest'},{'name':'a'}]}}" RTT
        "'tasks':{'g':{'group':'g','test':'p','schedule':'m5'},'n':{'group':'n','test':'p','schedule':'m5'},"
        "'r':{'group':'r','test':'p','schedule':'m5'}}}",
        "g rtt 2 300; n rtt 12 300; r rtt 3 300; ");
}

static void what_cannot_be_known_is_counted_and_told(void **state)
{
    (void)state;
    tells(
        "{" FOUR ",'address-classes':{'x':{'data-source':{'type':'current-config'},'match-filter':"
        "{'type':'ip-version','ip-version':4}},'j':{'data-source':{'type':'current-config'},"
        "'match-filter':{'type':'not','filter':{'type':'jq','jq':{'script':'.'}}}}},'includes':['http://x'],"
        "'groups':{'g':{'type':'list','addresses':[{'class':'x'},{'class':'j'}]}}" RTT TASK,
        "t rtt 7 300; ");
    assert_non_null(strstr(notes, "names"));
    assert_non_null(strstr(notes, "jq"));
    assert_non_null(strstr(notes, "includes"));
}

static void hosts_labels_excludes_and_disabled_ones_are_left_out(void **state)
{
    (void)state;
    tells("{'hosts':{'h':{}},'addresses':{'a':{'address':'a','host':'h'},'b':{'address':'b','host':'h'},"
          "'c':{'address':'c'}},'groups':{'g':{'type':'mesh','addresses':[{'name':'a'},{'name':'b'},{'name':'"
          "c'}]}}" RTT TASK,
          "t rtt 4 300; ");
    tells("{" FOUR ",'groups':{'g':{'type':'mesh','addresses':" ALL
          ",'excludes':[{'local-address':{'name':'a'},"
          "'target-addresses':[{'name':'b'},{'name':'c'}]}]}}" RTT TASK,
          "t rtt 10 300; ");
    tells("{" FOUR ",'groups':{'g':{'type':'mesh','excludes-self':'disabled','addresses':" ALL "}}" RTT TASK,
          "t rtt 16 300; ");
    tells("{" FOUR ",'groups':{'g':{'type':'mesh','addresses':[{'name':'a'},{'name':'b'},{'name':'c','"
          "disabled':true}]}}" RTT TASK,
          "t rtt 2 300; ");
    tells("{'addresses':{'a':{'address':'a','labels':{'v6':{'address':'x'}}},'b':{'address':'b'},"
          "'c':{'address':'c','remote-addresses':{'a':{'labels':{'v6':{'address':'y'}}}}}},"
          "'groups':{'g':{'type':'mesh','default-address-label':'v6','addresses':[{'name':'a'},{'name':'b'},"
          "{'name':'c'}]}}" RTT TASK,
          "t rtt 2 300; ");
}

static void faults_name_the_place(void **state)
{
    (void)state;
    assert_int_equal(read_mesh("{'x':1}"), PS_EMALFORMED);
    assert_non_null(strstr(fault.text, "no \"tasks\""));
    assert_int_equal(read_mesh("{" FOUR ",'groups':{}" RTT TASK), PS_ENOTFOUND);
    assert_non_null(strstr(fault.text, "tasks.t: there is no \"g\" in groups"));
    assert_int_equal(read_mesh("{" FOUR ",'groups':{'g':{'type':'ring','addresses':[]}}" RTT TASK),
                     PS_EMALFORMED);
    assert_non_null(strstr(fault.text, "groups.g: wants the type"));
    assert_int_equal(
        read_mesh("{" FOUR ",'groups':{'g':{'type':'list','addresses':[{'name':'z'}]}}" RTT TASK),
        PS_ENOTFOUND);
    assert_int_equal(
        read_mesh("{" FOUR ",'groups':{'g':{'type':'list','addresses':[{'class':'z'}]}}" RTT TASK),
        PS_ENOTFOUND);
    assert_int_equal(
        read_mesh("{" FOUR ",'address-classes':{'z':{'match-filter':{'type':'address-class','class':'z'}}},"
                  "'groups':{'g':{'type':'list','addresses':[{'class':'z'}]}}" RTT TASK),
        PS_ELIMIT);
    assert_int_equal(read_mesh("{" FOUR ",'groups':{'g':{'type':'list','addresses':" ALL
                               "}},'tests':{'p':{'type':'rtt'}},"
                               "'schedules':{'m5':{'repeat':'P1M'}}," TASK),
                     PS_EUNSUPPORTED);
    assert_non_null(strstr(fault.text, "schedules.m5.repeat: wants an ISO 8601 duration"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_sites_with_a_background_test_and_a_daily_one),
        cmocka_unit_test(background_results_come_by_packets),
        cmocka_unit_test(hub_and_spokes_are_one_way_and_need_an_agent),
        cmocka_unit_test(classes_are_filtered),
        cmocka_unit_test(what_cannot_be_known_is_counted_and_told),
        cmocka_unit_test(hosts_labels_excludes_and_disabled_ones_are_left_out),
        cmocka_unit_test(faults_name_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
