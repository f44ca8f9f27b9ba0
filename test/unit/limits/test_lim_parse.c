// SPDX-License-Identifier: Apache-2.0
#include "limits_fix.h"

// Rules around what a test is about. Lines: identifiers are on 2, classifiers on 3, limits on 4, applications on 5.
#define IDS(x) "{'schema':4,\n'identifiers':[" x "],\n'classifiers':[],\n'limits':[],\n'applications':[]}"
#define LIMITS(x) "{'schema':4,\n'identifiers':[],\n'classifiers':[],\n'limits':[" x "],\n'applications':[]}"
#define ALWAYS "{'name':'all','description':'','type':'always','data':{}}"
#define OK "{'name':'ok','description':'','type':'pass-fail','data':{'pass':true}}"

// Of faulty rules: warnings are looked at only where some are wanted.
static void expect(const char *text, const char *want)
{
    struct lim_faults faults;
    struct lim_rules *rules;
    char *t = json(text);
    lim_faults_init(&faults);
    int err = lim_parse(&rules, t, strlen(t), &faults);
    char *all = told_of(&faults, faults.faults && want[0] != 'w' && !strstr(want, "\nw"));
    assert_string_equal(all, want);
    assert_int_equal(err, faults.faults ? PS_EMALFORMED : 0);
    assert_true((rules != NULL) == (faults.faults == 0));
    lim_rules_free(rules);
    lim_faults_fini(&faults);
    free(all);
    free(t);
}

#define EMPTY "w5 applications: is empty: everything is denied\n"

static void good_rules_have_no_faults(void **state)
{
    (void)state;
    expect("{'schema':1,'#':'x','identifiers':[" ALWAYS
           "],'classifiers':[{'name':'c','description':'','#x':1,"
           "'identifiers':['all']}],'limits':[" OK
           "],'applications':[{'classifier':'c','apply':[{'require':'all',"
           "'limits':['ok']}]}]}",
           "");
}

static void text_that_is_no_json_is_told_with_its_line(void **state)
{
    (void)state;
    expect("{'schema':4,\n'identifiers':[}", "2 the document: wants a value; got '}'\n");
    expect("[]", "1 the document: wants an object; got an array\n");
}

static void a_key_given_twice_hides_no_other_fault(void **state)
{
    (void)state;
    expect("{'schema':3,\n'schema':3,'identifiers':[],\n'classifiers':[],'limits':[],'applications':[{'appl':"
           "[]}]}",
           "2 the document: schema: is given twice, first on line 1\n"
           "3 applications[0].apply: is missing\n"
           "3 applications[0].appl: is not known here (did you mean \"apply\"?)\n");
}

static void what_is_missing_is_told(void **state)
{
    (void)state;
    expect("{}",
           "1 schema: is missing (add \"schema\": 4)\n1 identifiers: is missing\n1 classifiers: is missing\n"
           "1 limits: is missing\n1 applications: is missing\n");
    expect(IDS("{'type':'hint'}"),
           "2 identifiers[0].name: is missing\n2 identifiers[0].description: is missing\n"
           "2 identifiers[0].data: is missing\n");
}

static void unknown_names_are_told_with_the_nearest(void **state)
{
    (void)state;
    expect("{'schema':4,'identifers':[],'classifiers':[],'limits':[],'applications':[]}",
           "1 identifiers: is missing\n1 identifers: is not known here (did you mean \"identifiers\"?)\n");
    expect(
        IDS("{'name':'a','description':'','type':'ip-cdir-list','data':{}}"),
        "2 identifiers[0].type: wants one of \"always\", \"hint\", \"ip-cidr-list\", \"ip-cidr-list-url\", "
        "\"ip-cymru-bogon\", \"ip-cymru-asn\", \"ip-reverse-dns\", \"jq\", \"localif\", \"local-subnet\"; "
        "got "
        "\"ip-cdir-list\" (did you mean \"ip-cidr-list\"?)\n");
    expect("{'schema':4,'identifiers':[" ALWAYS
           "],\n'classifiers':[{'name':'c','description':'','identifiers':['al',"
           "'zebra']}],\n'limits':[" OK
           "],\n'applications':[{'classifier':'d','apply':[{'require':'all','limits':['ko']}]}]}",
           "2 classifiers[0].identifiers[0]: there is no identifier \"al\" (did you mean \"all\"?)\n"
           "2 classifiers[0].identifiers[1]: there is no identifier \"zebra\" (there is all)\n"
           "4 applications[0].classifier: there is no classifier \"d\" (there is c)\n"
           "4 applications[0].apply[0].limits[0]: there is no limit \"ko\" (did you mean \"ok\"?)\n");
}

static void names_are_given_once(void **state)
{
    (void)state;
    expect(IDS(ALWAYS "," ALWAYS),
           "2 identifiers[1].name: there is an identifier \"all\" already (each needs a name of its own)\n");
}

static void newer_parts_need_their_schema(void **state)
{
    (void)state;
    expect("{'schema':1,'identifiers':[],'classifiers':[{'name':'c','description':'','identifiers':[],'"
           "require':'all'}],"
           "'rewrite':{'script':'.'},'limits':[],'applications':[],'priority':{'script':'.'}}",
           "1 classifiers[0].require: is of schema 4; this file says 1 (set \"schema\" to 4)\n"
           "1 rewrite: is of schema 2; this file says 1 (set \"schema\" to 2 or more)\n"
           "1 priority: is of schema 3; this file says 1 (set \"schema\" to 3 or more)\n");
    expect("{'schema':5,'identifiers':[],'classifiers':[],'limits':[],'applications':[]}",
           "1 schema: wants an integer from 1 to 4; got 5\n");
}

static void what_documents_get_wrong_is_explained(void **state)
{
    (void)state;
    expect(
        "{'schema':4,'identifiers':[],'classifications':[],'classifiers':[],'limits':[],'applications':[]}",
        "1 classifications: is not known here (call it \"classifiers\")\n");
    expect("{'schema':4,'identifiers':[" ALWAYS "],'classifications':[{'name':'c','description':'',"
           "'identifiers':['al']}],'limits':[" OK
           "],'applications':[{'classifier':'c','apply':[{'require':'all',"
           "'limits':['ok']}]}]}",
           "1 classifications: is not known here (call it \"classifiers\")\n"
           "1 classifications[0].identifiers[0]: there is no identifier \"al\" (did you mean \"all\"?)\n");
    expect(LIMITS("{'name':'a','description':'','type':'run-schedule','data':{'weekday':['mon']}}"),
           "4 limits[0].data.weekday[0]: wants an integer from 0 to 7; got \"mon\"\n"
           "w4 limits[0]: limit \"a\" is never applied\n" EMPTY);
    expect(
        LIMITS("{'name':'a','description':'','type':'test','data':{'test':'idle'}}"),
        "4 limits[0].type: \"test\" is no longer a type of limit (use type jq, with a script that looks at "
        ".test.spec)\n");
    expect(LIMITS("{'name':'a','description':'','type':'run-schedule','data':{'hour':[1],'invert':true}}"),
           "4 limits[0].data.invert: is not known here (put it beside \"data\")\n");
}

static void networks_are_checked(void **state)
{
    (void)state;
    expect(
        IDS("{'name':'a','description':'','type':'ip-cidr-list','data':{'cidrs':['10.0.0.0/8','10.0.0.1/"
            "8','x',"
            "'1.2.3.4/33',7]}}"),
        "w2 identifiers[0].data.cidrs[1]: \"10.0.0.1/8\" has bits set behind its prefix (write 10.0.0.0/8)\n"
        "2 identifiers[0].data.cidrs[2]: \"x\" is no network (as in 192.0.2.0/24, 2001:db8::/32 or "
        "192.0.2.7)\n"
        "2 identifiers[0].data.cidrs[3]: \"1.2.3.4/33\" is no network: the prefix is too long (as in "
        "192.0.2.0/24, "
        "2001:db8::/32 or 192.0.2.7)\n"
        "2 identifiers[0].data.cidrs[4]: wants a string that is not empty; got 7\n"
        "w2 identifiers[0]: identifier \"a\" is in no classifier\n" EMPTY);
}

static void patterns_and_durations_are_checked(void **state)
{
    (void)state;
    expect(IDS("{'name':'a','description':'','type':'ip-reverse-dns','data':{'match':{'style':'regex','match'"
               ":'a('},"
               "'timeout':'2s'}}"),
           "2 identifiers[0].data.timeout: \"2s\" is not a duration (an ISO 8601 duration is written as "
           "PT30S, PT4H, "
           "P1D, P1DT12H)\n"
           "2 identifiers[0].data.match.match: is not a regular expression: missing closing parenthesis at "
           "character 3 "
           "(in JSON a backslash is written twice: \"\\\\.example\\\\.org$\")\n");
    expect(IDS("{'name':'a','description':'','type':'ip-cidr-list-url','data':{'source':'ftp://"
               "x','update':'P1Y',"
               "'retry':'PT1S'}}"),
           "2 identifiers[0].data.source: \"ftp://x\" is not a URL of http or https (as in "
           "https://www.example.org/list)\n"
           "2 identifiers[0].data.update: \"P1Y\" is not a duration (years and months have no fixed length: "
           "use weeks "
           "or days)\n"
           "2 identifiers[0].data.retry: \"PT1S\" is not a duration that can be had here (from PT10S to "
           "P3660D)\n");
}

static void scripts_are_text_or_lines(void **state)
{
    (void)state;
    expect(LIMITS("{'name':'a','description':'','type':'jq','data':{'script':7,'args':{'a b':1}}},"
                  "{'name':'b','description':'','type':'jq','data':{'script':['.',7]}},"
                  "{'name':'c','description':'','type':'jq','data':{'scrip':'.'}}"),
           "4 limits[0].data.script: wants a string, or an array of lines; got a number\n"
           "4 limits[0].data.args[\"a b\"]: cannot be a variable of jq (letters, digits and underscores)\n"
           "4 limits[1].data.script[1]: wants a string; got 7\n"
           "4 limits[2].data.script: is missing\n"
           "4 limits[2].data.scrip: is not known here (did you mean \"script\"?)\n");
}

static void a_clone_has_the_data_of_both(void **state)
{
    struct lim_rules *r;
    (void)state;
    r = rules_of(
        LIMITS("{'name':'day','description':'','type':'run-schedule','data':{'hour':[8],'overlap':true}},"
               "{'name':'night','description':'','clone':'day','data':{'hour':[23]},'invert':true},"
               "{'name':'late','description':'','clone':'night','data':{'overlap':false}}"));
    assert_int_equal(r->limits[1].type, LIM_SCHEDULE);
    assert_true(r->limits[1].schedule.overlap);
    assert_true(r->limits[1].schedule.bits[LIM_HOUR] == UINT64_C(1) << 23);
    assert_true(r->limits[1].invert);
    assert_true(r->limits[2].schedule.bits[LIM_HOUR] == UINT64_C(1) << 23);
    assert_false(r->limits[2].schedule.overlap);
    assert_false(r->limits[2].invert);
    lim_rules_free(r);
}

static void a_clones_faults_are_told_at_its_place(void **state)
{
    (void)state;
    expect(LIMITS("{'name':'a','description':'','type':'test-type','data':{'types':['rtt']}},\n"
                  "{'name':'b','description':'','clone':'a','data':{'types':7}},\n"
                  "{'name':'c','description':'','clone':'z','data':{}},\n"
                  "{'name':'d','description':'','clone':'a','type':'jq','data':{}}"),
           "5 limits[1].data.types: wants an array; got 7\n"
           "6 limits[2].clone: there is no limit before this one \"z\" (there are a, b)\n"
           "7 limits[3].type: a clone has the type of what it is cloned from (leave it out)\n");
}

static void times_of_runs_are_checked(void **state)
{
    (void)state;
    expect(
        LIMITS(
            "{'name':'a','description':'','type':'run-daterange','data':{'start':'2026-02-30','end':'x'}},"
            "{'name':'b','description':'','type':'run-daterange','data':{'start':'2026-02-03','end':'2026-02-"
            "01'}},"
            "{'name':'c','description':'','type':'run-schedule','data':{'hour':[24,{'lower':8}],'week':[53],"
            "'weekday':[0],'minute':[{'lower':50,'upper':10}],'days':[1]}}"),
        "4 limits[0].data.start: \"2026-02-30\" is no ISO 8601 time: there is no such day or hour (as in "
        "2026-06-21T00:00:00+02:00)\n"
        "4 limits[0].data.end: \"x\" is no ISO 8601 time (as in 2026-06-21T00:00:00+02:00)\n"
        "4 limits[1].data.end: is before the start\n"
        "w4 limits[2].data.weekday[0]: no weekday has the number 0 (Sunday is 7, Monday 1)\n"
        "4 limits[2].data.hour[0]: wants an integer from 0 to 23; got 24\n"
        "4 limits[2].data.hour[1].upper: is missing\n"
        "w4 limits[2].data.minute[0]: is an empty range: 50 is above 10 (write two: one up to the end, one "
        "from the "
        "beginning)\n"
        "4 limits[2].data.days: is not known here (did you mean \"day\"?)\n"
        "w4 limits[0]: limit \"a\" is never applied\n"
        "w4 limits[1]: limit \"b\" is never applied\n"
        "w4 limits[2]: limit \"c\" is never applied\n" EMPTY);
}

static void fetches_are_checked(void **state)
{
    (void)state;
    expect(
        LIMITS("{'name':'a','description':'','type':'url-fetch','data':{'url':'x','headers':{'h':[]},'"
               "timeout':'PT2M',"
               "'params-transform':{}}},"
               "{'name':'b','description':'','type':'url-fetch','data':{'url':'','url-transform':{'script':'."
               "url'}}}"),
        "4 limits[0].data.timeout: \"PT2M\" is not a duration that can be had here (from PT0.001S to PT1M)\n"
        "4 limits[0].data.headers.h: wants a string or a number; got an array\n"
        "4 limits[0].data.url: \"x\" is not a URL of http or https (as in https://www.example.org/decide)\n"
        "4 limits[0].data.params-transform.script: is missing\n");
}

// Rules and what is told of them among others; NULL: nothing of their data.
static void what_makes_no_sense_is_told(void **state)
{
#define ONE(type, data) LIMITS("{'name':'a','description':'','type':'" type "','data':{" data "}}")
    static const struct {
        const char *rules, *words;
    } cases[] = {
        {ONE("url-fetch", "'url':'http://'"), "data.url: \"http://\" is not a URL of http or https"},
        {ONE("url-fetch", "'url':'https:///ask'"), "data.url: \"https:///ask\" is not a URL"},
        {ONE("url-fetch", "'url':'http://[::1]/'"), NULL},
        {ONE("url-fetch", "'url':'http://x/','headers':{'A':'b\\r\\nC: d'}"), "data.headers.A: is no header"},
        {ONE("url-fetch", "'url':'http://x/','headers':{'A: b':'c'}"), "is no header"},
        {ONE("url-fetch", "'url':'http://x/','headers':{'A':'b: c','N':7}"), NULL},
        {ONE("run-schedule", ""), "limits[0].data: names no time"},
        {ONE("run-schedule", "'day':[30,31],'month':[2]"),
         "limits[0].data: none of its months has one of its"},
        {ONE("run-schedule", "'day':[31],'month':[4,6,9,11]"), "none of its months"},
        {ONE("run-schedule", "'day':[29],'month':[2]"), NULL},
        {ONE("run-schedule", "'day':[31],'month':[2,12]"), NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = json(cases[i].rules);
        struct lim_faults faults;
        struct lim_rules *rules;
        lim_faults_init(&faults);
        (void)lim_parse(&rules, text, strlen(text), &faults);
        char *all = told(&faults);
        // The others are of what is not applied.
        if (cases[i].words ? !strstr(all, cases[i].words) : strstr(all, "].data") != NULL)
            fail_msg("case %zu: wanted \"%s\", got:\n%s", i, cases[i].words ? cases[i].words : "nothing",
                     all);
        lim_rules_free(rules);
        lim_faults_fini(&faults);
        free(all);
        free(text);
    }
}

static void what_has_no_effect_is_warned_of(void **state)
{
    (void)state;
    expect("{'schema':4,\n'identifiers':[" ALWAYS
           ",{'name':'x','description':'','type':'localif','data':{}}],\n"
           "'classifiers':[{'name':'c','description':'','identifiers':['all','all']},"
           "{'name':'d','description':'','identifiers':[]}],\n"
           "'limits':[" OK ",{'name':'y','description':'','type':'jq','data':{'script':'.spec.x == 1'}}],\n"
           "'rewrite':{'script':'.task.test'},\n"
           "'applications':[{'classifier':'c','apply':[{'require':'all','limits':['ok']}]},{'apply':[]}]}",
           "w2 identifiers[1]: identifier \"x\" is in no classifier\n"
           "w3 classifiers[0].identifiers[1]: \"all\" is named twice (once is enough)\n"
           "w3 classifiers[1]: nothing applies to classifier \"d\"\n"
           "w3 classifiers[1]: classifier \"d\" has no identifiers (name some)\n"
           "w4 limits[1]: the script looks for .spec, but its input is the task (write .test.spec)\n"
           "w4 limits[1]: limit \"y\" is never applied\n"
           "w5 rewrite: the script looks for .task, but its input is the task itself (write .test.type and "
           ".test.spec)\n"
           "w6 applications[1]: applies no limits, so it always passes\n"
           "w6 applications[1]: is never reached: applications[0] decides for all whom it applies to (put "
           "the narrower "
           "one first)\n");
    expect("{'schema':4,\n'identifiers':[],\n'classifiers':[],\n'limits':[],\n'applications':[]}", EMPTY);
}

static void a_fault_hides_no_warning_that_it_cannot_have_made(void **state)
{
    (void)state;
    expect("{'schema':4,\n"
           "'identifiers':[" ALWAYS ",{'name':'y','description':'','type':'localif','data':{}}],\n"
           "'classifiers':[{'name':'c','description':'','identifiers':['all']},"
           "{'name':'unused','description':'','identifiers':['all']}],\n"
           "'limits':[" OK ",{'name':'z','description':'','type':'pass-fail','data':{'pas':true}}],\n"
           "'applications':[{'classifier':'c','apply':[{'require':'all','limits':['ok']}]},"
           "{'classifier':'c','apply':[]}]}",
           "w2 identifiers[1]: identifier \"y\" is in no classifier\n"
           "w3 classifiers[1]: nothing applies to classifier \"unused\"\n"
           "4 limits[1].data.pass: is missing\n"
           "4 limits[1].data.pas: is not known here (did you mean \"pass\"?)\n"
           "w4 limits[1]: limit \"z\" is never applied\n"
           "w5 applications[1]: applies no limits, so it always passes\n"
           "w5 applications[1]: is never reached: applications[0] decides for all whom it applies to "
           "(put the narrower one first)\n");
    // Who is meant by a name that is not there is not known, so nobody is called unused.
    expect("{'schema':4,\n"
           "'identifiers':[" ALWAYS "],\n"
           "'classifiers':[{'name':'c','description':'','identifiers':['al']}],\n"
           "'limits':[" OK "],\n"
           "'applications':[{'classifier':'x','apply':[{'require':'all','limits':['okay']}]},{'apply':[]}]}",
           "3 classifiers[0].identifiers[0]: there is no identifier \"al\" (did you mean \"all\"?)\n"
           "5 applications[0].classifier: there is no classifier \"x\" (there is c)\n"
           "5 applications[0].apply[0].limits[0]: there is no limit \"okay\" (there is ok)\n"
           "w5 applications[1]: applies no limits, so it always passes\n");
}

static void what_can_be_read_of_faulty_rules_is_there_to_be_looked_at(void **state)
{
    struct lim_faults faults;
    struct lim_rules *rules;
    char *t = json(
        "{'schema':4,'identifiers':[],'classifiers':[],'limits':[{'name':'a','description':'','type':'jq',"
        "'data':{'script':'('}},{'name':'b','description':'','type':'jq','data':{'script':7}}]}");
    (void)state;
    lim_faults_init(&faults);
    assert_int_equal(lim_survey(&rules, t, strlen(t), &faults), PS_EMALFORMED);
    assert_int_equal(rules->nprograms, 2);
    assert_true(rules->programs[0]->sound);
    assert_false(rules->programs[1]->sound);
    lim_rules_free(rules);
    lim_faults_fini(&faults);
    lim_faults_init(&faults);
    assert_int_equal(lim_survey(&rules, "{", 1, &faults), PS_EMALFORMED);
    assert_null(rules);
    lim_faults_fini(&faults);
    free(t);
}

static void hints_that_pscheduler_does_not_give_are_warned_of(void **state)
{
    (void)state;
#define HINT(x)                                                         \
    IDS("{'name':'h','description':'','type':'hint','data':{'hint':'" x \
        "','match':{'style':'exact','match':'x'}}}")
#define UNUSED "w2 identifiers[0]: identifier \"h\" is in no classifier\n" EMPTY
    expect(HINT("requestr"),
           "w2 identifiers[0].data.hint: pScheduler gives no hint \"requestr\" (did you mean "
           "\"requester\"?)\n" UNUSED);
    expect(HINT("zone"),
           "w2 identifiers[0].data.hint: pScheduler gives no hint \"zone\" (there are requester, "
           "server, requester-proxied-by)\n" UNUSED);
    expect(HINT("requester-proxied-by"), UNUSED);
}

static void known_names_are_listed_once(void **state)
{
    (void)state;
    expect("{'schema':4,'identifiers':[" ALWAYS "," ALWAYS "],'classifiers':[{'name':'c','description':'',"
           "'identifiers':['zzzzz']}],'limits':[],'applications':[]}",
           "1 identifiers[1].name: there is an identifier \"all\" already (each needs a name of its own)\n"
           "1 classifiers[0].identifiers[0]: there is no identifier \"zzzzz\" (there is all)\n");
}

static void a_url_in_place_of_rules_is_known(void **state)
{
    char url[64];
    (void)state;
    assert_true(lim_is_url(" https://example.org/limits.conf\n", 33, url, sizeof url));
    assert_string_equal(url, "https://example.org/limits.conf");
    assert_true(lim_is_url("\"http://a/b\"", 12, url, sizeof url));
    assert_string_equal(url, "http://a/b");
    assert_false(lim_is_url("{}", 2, url, sizeof url));
    assert_false(lim_is_url("http://a/b c", 12, url, sizeof url));
    assert_false(lim_is_url("https://example.org/limits.conf", 31, url, 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rules_have_no_faults),
        cmocka_unit_test(text_that_is_no_json_is_told_with_its_line),
        cmocka_unit_test(a_key_given_twice_hides_no_other_fault),
        cmocka_unit_test(what_is_missing_is_told),
        cmocka_unit_test(unknown_names_are_told_with_the_nearest),
        cmocka_unit_test(names_are_given_once),
        cmocka_unit_test(newer_parts_need_their_schema),
        cmocka_unit_test(what_documents_get_wrong_is_explained),
        cmocka_unit_test(networks_are_checked),
        cmocka_unit_test(patterns_and_durations_are_checked),
        cmocka_unit_test(scripts_are_text_or_lines),
        cmocka_unit_test(a_clone_has_the_data_of_both),
        cmocka_unit_test(a_clones_faults_are_told_at_its_place),
        cmocka_unit_test(times_of_runs_are_checked),
        cmocka_unit_test(fetches_are_checked),
        cmocka_unit_test(what_makes_no_sense_is_told),
        cmocka_unit_test(what_has_no_effect_is_warned_of),
        cmocka_unit_test(a_fault_hides_no_warning_that_it_cannot_have_made),
        cmocka_unit_test(what_can_be_read_of_faulty_rules_is_there_to_be_looked_at),
        cmocka_unit_test(hints_that_pscheduler_does_not_give_are_warned_of),
        cmocka_unit_test(known_names_are_listed_once),
        cmocka_unit_test(a_url_in_place_of_rules_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
