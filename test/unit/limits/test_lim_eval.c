// SPDX-License-Identifier: Apache-2.0
// Who it is, and which application decides.
#include "eval_fix.h"

// One identifier, everybody in "all" as well; the application is for those whom the identifier knows.
#define ONE_ID(id)                                                                                           \
    "{'schema':4,'identifiers':[" id                                                                         \
    ",{'name':'all','description':'','type':'always','data':{}}],'classifiers':["                            \
    "{'name':'those','description':'','identifiers':['id']},{'name':'world','description':'','identifiers':" \
    "['all']}"                                                                                               \
    "],'limits':[{'name':'ok','description':'','type':'pass-fail','data':{'pass':true}}],'applications':[{"  \
    "'classifier':'those','apply':[{'require':'all','limits':['ok']}]}]}"
#define ID(type, data, more) "{'name':'id','description':'','type':'" type "','data':" data more "}"

static void expect_result(const char *rules, const struct made_up *facts, const char *result, const char *why)
{
    struct trial t = {0};
    char line[500];
    judge(&t, rules, ASK, false, facts);
    snprintf(line, sizeof line, "  %s identifier id: %s\n", result, why);
    if (!strstr(t.reasons, line))
        fail_msg("no \"%s\" in:\n%s", line, t.reasons);
    assert_int_equal(t.verdict->passed, strcmp(result, "yes") == 0);
    fini(&t);
}

static void expect_id(const char *rules, const struct made_up *facts, bool identified, const char *why)
{
    expect_result(rules, facts, identified ? "yes" : "no", why);
}

static void without_rules_everything_passes(void **state)
{
    struct trial t = {0};
    (void)state;
    judge(&t, NULL, ASK_RUN, true, NULL);
    assert_true(t.verdict->passed);
    assert_false(t.verdict->has_priority);
    assert_string_equal(t.verdict->why, "there are no limits");
    fini(&t);
}

static void addresses_are_looked_for_in_networks(void **state)
{
    (void)state;
    expect_id(ONE_ID(ID("ip-cidr-list", "{'cidrs':['10.0.0.0/8','192.0.0.0/16','192.0.2.0/24']}", "")), NULL,
              true, "192.0.2.7 is in 192.0.2.0/24");
    expect_id(ONE_ID(ID("ip-cidr-list", "{'cidrs':['10.0.0.0/8']}", "")), NULL, false,
              "192.0.2.7 is in none of 1 networks");
}

static void an_inverted_identifier_knows_whom_it_did_not(void **state)
{
    (void)state;
    expect_id(ONE_ID(ID("ip-cidr-list", "{'cidrs':['10.0.0.0/8']}", ",'invert':true")), NULL, true,
              "192.0.2.7 is in none of 1 networks (inverted)");
    expect_id(ONE_ID(ID("always", "{}", ",'invert':true")), NULL, false, "everybody is (inverted)");
}

static void hints_are_matched(void **state)
{
    (void)state;
    expect_id(ONE_ID(ID("hint", "{'hint':'server','match':{'style':'exact','match':'198.51.100.9'}}", "")),
              NULL, true, "hint \"server\" is \"198.51.100.9\"");
    expect_id(ONE_ID(ID("hint", "{'hint':'proxy','match':{'style':'exact','match':'x','invert':true}}", "")),
              NULL, false, "there is no hint \"proxy\"");
    expect_id(
        ONE_ID(ID("hint", "{'hint':'server','match':{'style':'contains','match':'.51.','invert':true}}", "")),
        NULL, false, "hint \"server\" is \"198.51.100.9\"");
    expect_id(ONE_ID(ID("hint", "{'hint':'server','match':{'style':'regex','match':'51'}}", "")), NULL, true,
              "hint \"server\" is \"198.51.100.9\"");
}

static void addresses_in_hints_are_matched_by_what_they_are(void **state)
{
#define MATCH(hint, style, text) \
    ONE_ID(ID("hint", "{'hint':'" hint "','match':{'style':'" style "','match':'" text "'}}", ""))
    static const struct {
        const char *rules, *request, *result;
    } cases[] = {
        {MATCH("requester", "exact", "10.1.2.3"), "{'hints':{'requester':'::ffff:10.1.2.3'}," TASK "}",
         "yes"},
        {MATCH("requester", "exact", "2001:db8::1"), "{'hints':{'requester':'2001:DB8:0::1'}," TASK "}",
         "yes"},
        {MATCH("server", "exact", "2001:DB8:0::1"), "{'hints':{'server':'2001:db8::1'}," TASK "}", "yes"},
        {MATCH("requester", "regex", "^10[.]"), "{'hints':{'requester':'::ffff:10.1.2.3'}," TASK "}", "yes"},
        {MATCH("server", "exact", "Host"), "{'hints':{'server':'host'}," TASK "}", "no"},
        {MATCH("mine", "exact", "2001:db8::1"), "{'hints':{'mine':'2001:DB8:0::1'}," TASK "}", "no"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trial t = {0};
        char line[40];
        judge(&t, cases[i].rules, cases[i].request, false, NULL);
        snprintf(line, sizeof line, "  %s identifier id: hint", cases[i].result);
        if (!strstr(t.reasons, line))
            fail_msg("case %zu: no \"%s\" in:\n%s", i, line, t.reasons);
        fini(&t);
    }
}

static void a_name_must_match(void **state)
{
    static const char *const names[] = {"a.example.net", "NS.Noc.example.org"};
    const struct made_up facts[] = {{"id", {.names = names, .n = 2}}, {0}};
    const struct made_up none[] = {{"id", {.n = 0}}, {0}};
    (void)state;
    expect_id(ONE_ID(ID("ip-reverse-dns",
                        "{'timeout':'PT1S','match':{'style':'regex','match':'\\\\.noc\\\\.example"
                        "\\\\.org$','case-insensitive':true}}",
                        "")),
              facts, true, "its name is NS.Noc.example.org");
    expect_id(ONE_ID(ID("ip-reverse-dns",
                        "{'timeout':'PT1S','match':{'style':'exact','match':'a.example.net.'}}", "")),
              facts, true, "its name is a.example.net");
    expect_id(
        ONE_ID(ID("ip-reverse-dns", "{'timeout':'PT1S','match':{'style':'contains','match':'edu'}}", "")),
        facts, false, "its name NS.Noc.example.org does not match");
    expect_id(
        ONE_ID(ID("ip-reverse-dns", "{'timeout':'PT1S','match':{'style':'contains','match':'edu'}}", "")),
        none, false, "it has no name that leads back to it");
    expect_result(
        ONE_ID(ID("ip-reverse-dns", "{'timeout':'PT1S','match':{'style':'contains','match':'edu'}}", "")),
        NULL, "error", "nobody answered");
}

static void where_no_answer_comes_the_rules_say_what_holds(void **state)
{
    (void)state;
    expect_id(ONE_ID(ID("ip-cymru-bogon", "{'fail-result':true}", "")), NULL, true, "nobody answered");
    expect_id(ONE_ID(ID("ip-cymru-bogon", "{'fail-result':false}", "")), NULL, false, "nobody answered");
    expect_id(ONE_ID(ID("ip-cymru-asn", "{'asns':[1],'fail-result':true}", "")), NULL, true,
              "nobody answered");
    expect_id(ONE_ID(ID("ip-cidr-list-url",
                        "{'source':'http://x/','update':'P1D','retry':'PT1H','fail-state':true}", "")),
              NULL, true, "nobody answered");
    expect_id(ONE_ID(ID("ip-cidr-list-url",
                        "{'source':'http://x/','update':'P1D','retry':'PT1H','fail-state':false}",
                        ",'invert':true")),
              NULL, true, "nobody answered");
}

static void where_the_rules_say_nothing_it_cannot_be_told_inverted_or_not(void **state)
{
    static const char *const more[] = {"", ",'invert':true"};
    static const char edu[] = "{'timeout':'PT1S','match':{'style':'contains','match':'edu'}}";
    char rules[1500];
    (void)state;
    for (int i = 0; i < 2; i++) {
        snprintf(rules, sizeof rules, ONE_ID(ID("ip-cidr-list-url", "%s", "%s")),
                 "{'source':'http://x/','update':'P1D','retry':'PT1H'}", more[i]);
        expect_result(rules, NULL, "error", "nobody answered");
        snprintf(rules, sizeof rules, ONE_ID(ID("ip-reverse-dns", "%s", "%s")), edu, more[i]);
        expect_result(rules, NULL, "error", "nobody answered");
    }
}

static void bogons_and_systems_are_told(void **state)
{
    static const uint32_t asns[] = {64500, 64501};
    const struct made_up yes[] = {{"id", {.yes = true}}, {0}}, no[] = {{"id", {.yes = false}}, {0}};
    const struct made_up in[] = {{"id", {.asns = asns, .n = 2}}, {0}};
    (void)state;
    expect_id(ONE_ID(ID("ip-cymru-bogon", "{'fail-result':false}", "")), yes, true, "it is a bogon");
    expect_id(ONE_ID(ID("ip-cymru-bogon", "{'fail-result':false}", "")), no, false, "it is no bogon");
    expect_id(ONE_ID(ID("ip-cymru-bogon", "{'fail-result':true,'exclude':['192.0.2.0/28']}", "")), yes, false,
              "the address is excluded");
    expect_id(ONE_ID(ID("ip-cymru-asn", "{'asns':[64501],'fail-result':false}", "")), in, true,
              "it is in AS64501");
    expect_id(ONE_ID(ID("ip-cymru-asn", "{'asns':[7],'fail-result':false}", "")), in, false,
              "it is in AS64500 AS64501");
    expect_id(ONE_ID(ID("localif", "{}", "")), yes, true, "an interface of this host has it");
    expect_id(ONE_ID(ID("local-subnet", "{}", "")), no, false, "it is on no subnet of this host");
    expect_id(ONE_ID(ID("ip-cidr-list-url", "{'source':'http://x/','update':'P1D','retry':'PT1H'}", "")), yes,
              true, "the list has it");
}

static void a_script_identifies_by_true_alone(void **state)
{
    const struct made_up yes[] = {{"id", {.text = "true", .len = 4}}, {0}},
                         text[] = {{"id", {.text = "\"x\"", .len = 3}}, {0}};
    const struct made_up nothing[] = {{"id", {.n = 0}}, {0}};
    (void)state;
    expect_id(ONE_ID(ID("jq", "{'script':'true'}", "")), yes, true, "the script says true");
    expect_result(ONE_ID(ID("jq", "{'script':'\\\"x\\\"'}", "")), text, "error", "the script says \"x\"");
    expect_result(ONE_ID(ID("jq", "{'script':'\\\"x\\\"'}", ",'invert':true")), text, "error",
                  "the script says \"x\"");
    expect_result(ONE_ID(ID("jq", "{'script':'empty'}", ",'invert':true")), nothing, "error",
                  "the script says nothing");
}

static void a_script_that_fails_identifies_nobody_even_inverted(void **state)
{
    struct trial t = {0};
    (void)state;
    judge(&t, ONE_ID(ID("jq", "{'script':'x'}", ",'invert':true")), ASK, false, NULL);
    assert_non_null(strstr(t.reasons, "  error identifier id: nobody answered\n"));
    assert_false(t.verdict->passed);
    fini(&t);
}

static void who_is_nobody_or_in_no_class_is_denied(void **state)
{
    struct trial t = {0};
    (void)state;
    judge(
        &t,
        "{'schema':4,'identifiers':[{'name':'n','description':'','type':'ip-cidr-list','data':{'cidrs':[]}}],"
        "'classifiers':[],'limits':[],'applications':[]}",
        ASK, false, NULL);
    assert_false(t.verdict->passed);
    assert_string_equal(t.verdict->why, "the requester is nobody these rules know");
    fini(&t);
    judge(&t,
          "{'schema':4,'identifiers':[{'name':'n','description':'','type':'always','data':{}}],"
          "'classifiers':[],'limits':[],'applications':[]}",
          ASK, false, NULL);
    assert_string_equal(t.verdict->why, "the requester is in no classifier");
    fini(&t);
}

static void a_classifier_wants_none_one_any_or_all(void **state)
{
    struct trial t = {0};
    (void)state;
#define C(n, r, ids) "{'name':'" n "','description':'','require':'" r "','identifiers':[" ids "]}"
    judge(
        &t,
        "{'schema':4,'identifiers':[" Y("a") "," Y("b") "," N("c") "],'classifiers':[" C("0", "none", "'c'") "," C(
            "1", "none",
            "'a','c'") "," C("2", "one",
                             "'a','c'") "," C("3", "one",
                                              "'a','b'") "," C("4", "any",
                                                               "'b','c'") "," C("5", "any",
                                                                                "'c'") "," C("6", "all",
                                                                                             "'a','b'") "," C("7",
                                                                                                              "all",
                                                                                                              "'a','c'") "],'limits':[],'applications':[]}",
        ASK, false, NULL);
    assert_non_null(strstr(t.reasons, "yes classify : 0, 2, 4, 6\n"));
    assert_non_null(strstr(t.reasons, "  yes classifier 6: 2 of 2: a, b\n"));
    assert_string_equal(t.verdict->why, "no application passed");
    fini(&t);
}

// Of the scripts a, b and c a says true and b false; c has no answer.
static void who_cannot_be_told_is_in_no_classifier_that_hangs_on_it(void **state)
{
    const struct made_up facts[] = {
        {"a", {.text = "true", .len = 4}}, {"b", {.text = "false", .len = 5}}, {0}};
    struct trial t = {0};
    (void)state;
    judge(&t,
          "{'schema':4,'identifiers':["
          "{'name':'a','description':'','type':'jq','data':{'script':'.'}},"
          "{'name':'b','description':'','type':'jq','data':{'script':'.'}},"
          "{'name':'c','description':'','type':'jq','data':{'script':'.'}}],'classifiers':["
          "{'name':'none','description':'','require':'none','identifiers':['b','c']},"
          "{'name':'one','description':'','require':'one','identifiers':['a','c']},"
          "{'name':'all','description':'','require':'all','identifiers':['a','c']},"
          "{'name':'any','description':'','require':'any','identifiers':['b','c']},"
          "{'name':'any-yes','description':'','require':'any','identifiers':['a','c']},"
          "{'name':'none-yes','description':'','require':'none','identifiers':['a','c']}],"
          "'limits':[],'applications':[]}",
          ASK, false, facts);
    assert_non_null(strstr(t.reasons, "yes classify : any-yes\n"));
    assert_non_null(strstr(t.reasons, "  error classifier none: 0 of 2, 1 could not be told\n"));
    assert_non_null(strstr(t.reasons, "  error classifier one: 1 of 2, 1 could not be told: a\n"));
    assert_non_null(strstr(t.reasons, "  error classifier all: 1 of 2"));
    assert_non_null(strstr(t.reasons, "  error classifier any: 0 of 2"));
    assert_non_null(strstr(t.reasons, "  no classifier none-yes: 1 of 2"));
    fini(&t);
}

// Limits named by whether they pass, applied as said.
#define APPS(apps)                                                                                      \
    "{'schema':4,'identifiers':[" Y(                                                                    \
        "id") "],'classifiers':[{'name':'c','description':'','identifiers':['id']},"                    \
              "{'name':'d','description':'','require':'none','identifiers':['id']}],'limits':["         \
              "{'name':'y','description':'','type':'pass-fail','data':{'pass':true}},"                  \
              "{'name':'y2','description':'','type':'pass-fail','data':{'pass':false},'invert':true},"  \
              "{'name':'u','description':'','type':'jq','data':{'script':'.'}},"                        \
              "{'name':'n','description':'','type':'pass-fail','data':{'pass':false}}],'applications':" \
              "[" apps "]}"

static void expect_apps(const char *rules, bool passed, const char *why)
{
    struct trial t = {0};
    judge(&t, rules, ASK, false, NULL);
    if (t.verdict->passed != passed || strcmp(t.verdict->why, why) != 0)
        fail_msg("%d %s\n%s", t.verdict->passed, t.verdict->why, t.reasons);
    fini(&t);
}

static void groups_are_anded_and_count_what_passes(void **state)
{
    (void)state;
    expect_apps(APPS("{'apply':[" G("all", "'y','y2'") "," G("none", "'n'") "," G("one", "'y','n'") "," G(
                    "any", "'n','y'") "]}"),
                true, "application 1 passes");
    expect_apps(APPS("{'description':'D','apply':[" G("all", "'y','n'") "]}"), false,
                "no application passed: D: limit n: never passes");
    expect_apps(APPS("{'apply':[" G("none", "'y','n'") "]}"), false,
                "no application passed: limit y: always passes");
    expect_apps(APPS("{'apply':[" G("one", "'y','y2'") "]}"), false, "no application passed");
    expect_apps(APPS("{'apply':[]}"), true, "application 1 passes");
}

static void the_first_application_that_passes_decides(void **state)
{
    (void)state;
    expect_apps(APPS("{'apply':[" G("all", "'n'") "]},{'description':'second','classifier':'c','apply':[" G(
                    "all", "'y'") "]}"),
                true, "application 2, second passes");
    expect_apps(APPS("{'classifier':'d','apply':[" G("all", "'y'") "]}"), false, "no application passed");
}

static void one_that_stops_is_the_last(void **state)
{
    (void)state;
    expect_apps(APPS("{'description':'stop','stop-on-failure':true,'apply':[" G(
                    "all", "'n'") "]},{'apply':[" G("all", "'y'") "]}"),
                false, "application 1, stop fails: limit n: never passes");
    expect_apps(APPS("{'classifier':'d','stop-on-failure':true,'apply':[" G("all", "'n'") "]},{'apply':[" G(
                    "all", "'y'") "]}"),
                true, "application 2 passes");
}

static void an_inverted_application_passes_when_its_limits_fail(void **state)
{
    (void)state;
    expect_apps(APPS("{'invert':true,'apply':[" G("all", "'n'") "]}"), true, "application 1 passes");
    expect_apps(APPS("{'invert':true,'stop-on-failure':true,'apply':[" G("all", "'y'") "]}"), false,
                "application 1 fails");
}

// The limit u has no answer.
static void what_cannot_be_told_never_passes(void **state)
{
    static const char refusal[] = "no application passed: limit u: nobody answered";
    (void)state;
    expect_apps(APPS("{'apply':[" G("none", "'u'") "]}"), false, refusal);
    expect_apps(APPS("{'invert':true,'apply':[" G("all", "'u'") "]}"), false, refusal);
    expect_apps(APPS("{'invert':true,'apply':[" G("none", "'u'") "]}"), false, refusal);
    expect_apps(APPS("{'invert':true,'apply':[" G("any", "'u'") "," G("all", "'n'") "]}"), false, refusal);
    expect_apps(APPS("{'apply':[" G("one", "'y','u'") "]}"), false, refusal);
    expect_apps(APPS("{'invert':true,'stop-on-failure':true,'apply':[" G("all", "'u'") "]},{'apply':[" G(
                    "all", "'y'") "]}"),
                false, "application 1 fails: limit u: nobody answered");
}

static void what_does_not_hang_on_it_is_judged(void **state)
{
    (void)state;
    expect_apps(APPS("{'apply':[" G("any", "'y','u'") "]}"), true, "application 1 passes");
    expect_apps(APPS("{'invert':true,'apply':[" G("all", "'n','u'") "]}"), true, "application 1 passes");
    expect_apps(APPS("{'apply':[" G("all", "'u'") "]},{'apply':[" G("all", "'y'") "]}"), true,
                "application 2 passes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_rules_everything_passes),
        cmocka_unit_test(addresses_are_looked_for_in_networks),
        cmocka_unit_test(an_inverted_identifier_knows_whom_it_did_not),
        cmocka_unit_test(hints_are_matched),
        cmocka_unit_test(addresses_in_hints_are_matched_by_what_they_are),
        cmocka_unit_test(a_name_must_match),
        cmocka_unit_test(where_no_answer_comes_the_rules_say_what_holds),
        cmocka_unit_test(where_the_rules_say_nothing_it_cannot_be_told_inverted_or_not),
        cmocka_unit_test(bogons_and_systems_are_told),
        cmocka_unit_test(a_script_identifies_by_true_alone),
        cmocka_unit_test(a_script_that_fails_identifies_nobody_even_inverted),
        cmocka_unit_test(who_is_nobody_or_in_no_class_is_denied),
        cmocka_unit_test(a_classifier_wants_none_one_any_or_all),
        cmocka_unit_test(who_cannot_be_told_is_in_no_classifier_that_hangs_on_it),
        cmocka_unit_test(groups_are_anded_and_count_what_passes),
        cmocka_unit_test(the_first_application_that_passes_decides),
        cmocka_unit_test(one_that_stops_is_the_last),
        cmocka_unit_test(an_inverted_application_passes_when_its_limits_fail),
        cmocka_unit_test(what_cannot_be_told_never_passes),
        cmocka_unit_test(what_does_not_hang_on_it_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
