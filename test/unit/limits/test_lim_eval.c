// SPDX-License-Identifier: Apache-2.0
// The machine with made-up facts: what it asks, and what it makes of the answers.
#include "limits_fix.h"
#include "limits/lim_eval.h"

#define REQUESTER "192.0.2.7"

// Facts, by the name of who asks; NULL ends them.
struct made_up {
    const char *of; // NULL: rewrite or priority
    struct lim_answer answer;
};

static const char *asked[40]; // kinds of facts, in order
static size_t nasked;

static const char *const fact_names[] = {"names",   "bogon",    "asns", "list",
                                         "localif", "localnet", "jq",   "fetch"};

static const struct lim_answer *answer_for(const struct made_up *facts, const struct lim_ask *ask)
{
    static const struct lim_answer none = {.err = PS_ETIMEOUT, .why = "nobody answered"};
    for (; facts && (facts->of || facts->answer.text || facts->answer.err); facts++)
        if ((!facts->of && !ask->of) || (facts->of && ask->of && strcmp(facts->of, ask->of) == 0))
            return &facts->answer;
    return &none;
}

static void put_reasons(FILE *f, const struct lim_reasons *r)
{
    static const char *const results[] = {"no", "yes", "error", "-"};
    for (size_t i = 0; i < r->n; i++)
        fprintf(f, "%*s%s %s %s: %s\n", 2 * (int)r->at[i].depth, "", results[r->at[i].result], r->at[i].kind,
                r->at[i].name   ? r->at[i].name
                : r->at[i].type ? r->at[i].type
                                : "",
                r->at[i].text ? r->at[i].text : "");
}

struct trial {
    struct lim_rules *rules;
    struct ps_jdoc *doc;
    struct lim_request request;
    struct lim_eval *eval;
    const struct lim_verdict *verdict;
    char *reasons;
};

static void drive(struct trial *t, const struct made_up *facts)
{
    struct lim_ask asks[40];
    nasked = 0;
    while (!lim_eval_verdict(t->eval)) {
        size_t n = 0;
        while (lim_eval_next(t->eval, &asks[n])) {
            asked[nasked++] = fact_names[asks[n].fact];
            n++;
        }
        // The last question first: answers come in any order.
        while (n-- > 0)
            lim_eval_answer(t->eval, asks[n].id, answer_for(facts, &asks[n]));
    }
    t->verdict = lim_eval_verdict(t->eval);
}

// request: {"hints", "task", "run"}
static void judge(struct trial *t, const char *rules, const char *request, bool rewrite,
                  const struct made_up *facts)
{
    struct ps_fault fault = {""};
    char *text = json(request);
    size_t len;
    t->rules = rules ? rules_of(rules) : NULL;
    if (ps_jdoc_parse(&t->doc, NULL, text, strlen(text), &fault) != 0)
        fail_msg("%s", fault.text);
    struct ps_jnode root = ps_jdoc_root(t->doc);
    if (lim_request_read(&t->request, ps_jnode_member(root, "hints"), ps_jnode_member(root, "task"),
                         ps_jnode_member(root, "run"), &fault) != 0)
        fail_msg("%s", fault.text);
    t->request.rewrite = rewrite;
    assert_int_equal(lim_eval_new(t->rules, &t->request, &t->eval), 0);
    drive(t, facts);
    FILE *f = open_memstream(&t->reasons, &len);
    put_reasons(f, t->verdict->reasons);
    fclose(f);
    free(text);
}

static void fini(struct trial *t)
{
    lim_eval_free(t->eval);
    ps_jdoc_free(t->doc);
    lim_rules_free(t->rules);
    free(t->reasons);
}

#define HINTS "'hints':{'requester':'" REQUESTER "','server':'198.51.100.9'}"
#define TASK "'task':{'test':{'type':'rtt','spec':{'dest':'x'}}}"
#define RUN "'run':{'start':'2026-06-17T08:59:50Z','duration':'PT20S'}"
#define ASK "{" HINTS "," TASK "}"
#define ASK_RUN "{" HINTS "," TASK "," RUN "}"

// One identifier, everybody in "all" as well; the application is for those whom the identifier knows.
#define ONE_ID(id)                                                                                           \
    "{'schema':4,'identifiers':[" id                                                                         \
    ",{'name':'all','description':'','type':'always','data':{}}],'classifiers':["                            \
    "{'name':'those','description':'','identifiers':['id']},{'name':'world','description':'','identifiers':" \
    "['all']}"                                                                                               \
    "],'limits':[{'name':'ok','description':'','type':'pass-fail','data':{'pass':true}}],'applications':[{"  \
    "'classifier':'those','apply':[{'require':'all','limits':['ok']}]}]}"
#define ID(type, data, more) "{'name':'id','description':'','type':'" type "','data':" data more "}"

static void expect_id(const char *rules, const struct made_up *facts, bool identified, const char *why)
{
    struct trial t = {0};
    char line[500];
    judge(&t, rules, ASK, false, facts);
    snprintf(line, sizeof line, "  %s identifier id: %s\n", identified ? "yes" : "no", why);
    if (!strstr(t.reasons, line))
        fail_msg("no \"%s\" in:\n%s", line, t.reasons);
    assert_int_equal(t.verdict->passed, identified);
    fini(&t);
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
    expect_id(
        ONE_ID(ID("ip-reverse-dns", "{'timeout':'PT1S','match':{'style':'contains','match':'edu'}}", "")),
        NULL, false, "nobody answered");
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
    expect_id(ONE_ID(ID("ip-cidr-list-url", "{'source':'http://x/','update':'P1D','retry':'PT1H'}", "")),
              NULL, false, "nobody answered");
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
    expect_id(ONE_ID(ID("jq", "{'script':'\\\"x\\\"'}", "")), text, false, "the script says \"x\"");
    expect_id(ONE_ID(ID("jq", "{'script':'empty'}", "")), nothing, false, "the script says nothing");
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
#define Y(n) "{'name':'" n "','description':'','type':'always','data':{}}"
#define N(n) "{'name':'" n "','description':'','type':'always','data':{},'invert':true}"
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

// Limits named by whether they pass, applied as said.
#define APPS(apps)                                                                                      \
    "{'schema':4,'identifiers':[" Y(                                                                    \
        "id") "],'classifiers':[{'name':'c','description':'','identifiers':['id']},"                    \
              "{'name':'d','description':'','require':'none','identifiers':['id']}],'limits':["         \
              "{'name':'y','description':'','type':'pass-fail','data':{'pass':true}},"                  \
              "{'name':'y2','description':'','type':'pass-fail','data':{'pass':false},'invert':true},"  \
              "{'name':'n','description':'','type':'pass-fail','data':{'pass':false}}],'applications':" \
              "[" apps "]}"
#define G(require, limits) "{'require':'" require "','limits':[" limits "]}"

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
                "no application passed; the last failed: limit n: never passes");
    expect_apps(APPS("{'apply':[" G("none", "'y','n'") "]}"), false,
                "no application passed; the last failed: limit y: always passes");
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

// One limit that must pass.
#define LIMIT(limit)                                                                  \
    "{'schema':4,'identifiers':[" Y(                                                  \
        "id") "],'classifiers':[{'name':'c','description':'','identifiers':['id']}]," \
              "'limits':[" limit                                                      \
              "],'applications':[{'stop-on-failure':true,'apply':[{'require':'all','limits':['l']}]}]}"
#define L(type, data, more) "{'name':'l','description':'','type':'" type "','data':" data more "}"

static void expect_limit(const char *rules, const char *request, const struct made_up *facts,
                         const char *result, const char *why)
{
    struct trial t = {0};
    char line[500];
    judge(&t, rules, request, false, facts);
    snprintf(line, sizeof line, "    %s limit l: %s\n", result, why);
    if (!strstr(t.reasons, line))
        fail_msg("no \"%s\" in:\n%s", line, t.reasons);
    assert_int_equal(t.verdict->passed, strcmp(result, "yes") == 0);
    fini(&t);
}

static void types_of_tests_are_listed(void **state)
{
    (void)state;
    expect_limit(LIMIT(L("test-type", "{'types':['trace','rtt']}", "")), ASK, NULL, "yes",
                 "test \"rtt\" is listed");
    expect_limit(LIMIT(L("test-type", "{'types':['trace']}", "")), ASK, NULL, "no",
                 "test \"rtt\" is not listed");
    expect_limit(LIMIT(L("test-type", "{'types':['trace']}", ",'invert':true")), ASK, NULL, "yes",
                 "test \"rtt\" is not listed (inverted)");
    expect_limit(LIMIT(L("test-type", "{'types':['rtt']}", ",'invert':true")), ASK, NULL, "no",
                 "test \"rtt\" is listed (passed, but inverted)");
}

static void limits_on_time_are_for_runs(void **state)
{
    (void)state;
    expect_limit(LIMIT(L("run-schedule", "{'hour':[1]}", "")), ASK, NULL, "yes",
                 "is for runs; this is a task");
    expect_limit(LIMIT(L("run-schedule", "{'hour':[1]}", ",'invert':true")), ASK, NULL, "yes",
                 "is for runs; this is a task");
    expect_limit(LIMIT(L("run-schedule", "{'hour':[8],'weekday':[3]}", "")), ASK_RUN, NULL, "no",
                 "the run's hour does not match");
    expect_limit(LIMIT(L("run-schedule", "{'hour':[8],'overlap':true}", "")), ASK_RUN, NULL, "yes",
                 "the run's time matches");
    expect_limit(
        LIMIT(L("run-daterange", "{'start':'2026-06-01T00:00:00Z','end':'2026-07-01T00:00:00Z'}", "")),
        ASK_RUN, NULL, "yes", "the run is within 2026-06-01T00:00:00Z to 2026-07-01T00:00:00Z");
    expect_limit(
        LIMIT(L("run-daterange", "{'start':'2026-06-01T00:00:00Z','end':'2026-06-17T09:00:00Z'}", "")),
        ASK_RUN, NULL, "no", "the run is not within 2026-06-01T00:00:00Z to 2026-06-17T09:00:00Z");
}

static void a_script_passes_by_true_and_refuses_with_words(void **state)
{
    const struct made_up yes[] = {{"l", {.text = "true", .len = 4}}, {0}},
                         no[] = {{"l", {.text = "false", .len = 5}}, {0}};
    const struct made_up words[] = {{"l", {.text = "\"too long\"", .len = 10}}, {0}},
                         odd[] = {{"l", {.text = "7", .len = 1}}, {0}};
    const struct made_up slow[] = {{"l", {.err = PS_ETIMEOUT, .why = "ran longer than 500 ms"}}, {0}};
    const struct made_up nothing[] = {{"l", {.n = 0}}, {0}};
    (void)state;
#define JQ(more) LIMIT(L("jq", "{'script':'.'}", more))
    expect_limit(JQ(""), ASK, yes, "yes", "the script says true");
    expect_limit(JQ(""), ASK, no, "no", "the script says false");
    expect_limit(JQ(""), ASK, words, "no", "too long");
    expect_limit(JQ(",'invert':true"), ASK, words, "yes", "too long (inverted)");
    expect_limit(JQ(""), ASK, odd, "error",
                 "the script's answer is a number, which is neither true or false nor a reason");
    expect_limit(JQ(",'invert':true"), ASK, slow, "error", "ran longer than 500 ms");
    expect_limit(JQ(""), ASK, nothing, "error", "the script says nothing");
}

static void a_server_elsewhere_may_be_asked(void **state)
{
    const struct made_up yes[] = {
        {"l", {.text = "{\"passed\":true,\"message\":\"fine\"}", .len = 32, .status = 200}}, {0}};
    const struct made_up no[] = {{"l", {.text = "{\"passed\":false}", .len = 16, .status = 200}}, {0}};
    const struct made_up html[] = {{"l", {.text = "<html>", .len = 6, .status = 200}}, {0}};
    const struct made_up gone[] = {{"l", {.text = "", .len = 0, .status = 404}}, {0}};
    (void)state;
#define FETCH(more, out) LIMIT(L("url-fetch", "{'url':'http://x/'" more "}", out))
    expect_limit(FETCH("", ""), ASK, yes, "yes", "the server says yes: fine");
    expect_limit(FETCH("", ""), ASK, no, "no", "the server says no");
    expect_limit(FETCH("", ",'invert':true"), ASK, no, "yes", "the server says no (inverted)");
    expect_limit(FETCH("", ""), ASK, html, "error", "the server's answer is not {\"passed\": true or false}");
    expect_limit(FETCH(",'fail-result':true", ""), ASK, html, "yes",
                 "the server's answer is not {\"passed\": true or false} (fail-result is true)");
    expect_limit(FETCH("", ""), ASK, gone, "error", "the server does not say: HTTP status 404");
    expect_limit(FETCH(",'success-only':true", ""), ASK, gone, "no", "the server says no");
    expect_limit(FETCH("", ""), ASK, NULL, "error", "no answer: nobody answered");
    expect_limit(FETCH(",'fail-result':true", ""), ASK, NULL, "yes",
                 "no answer: nobody answered (fail-result is true)");
}

// Each limit is asked for once, however often it is applied; identifiers all at a time.
static void a_question_is_asked_once(void **state)
{
    struct trial t = {0};
    const struct made_up facts[] = {{"l", {.text = "false", .len = 5}}, {0}};
    (void)state;
    judge(&t,
          "{'schema':4,'identifiers':[" Y(
              "id") "],'classifiers':[{'name':'c','description':'','identifiers':['id']}],"
                    "'limits':[" L("jq", "{'script':'.'}", "") "],'applications':[{'apply':[" G(
                        "any", "'l'") "]},{'apply':[" G("all", "'l'") "]}]}",
          ASK, false, facts);
    assert_int_equal(nasked, 1);
    fini(&t);
}

#define SCRIPTS(more)                                                                                        \
    "{'schema':4,'identifiers':[" Y(                                                                         \
        "id") "],'classifiers':[{'name':'c','description':'','identifiers':['id']}],"                        \
              "'limits':[{'name':'only-trace','description':'','type':'test-type','data':{'types':['rtt']}}" \
              "],"                                                                                           \
              "'applications':[{'apply':[" G("all", "'only-trace'") "]}]," more "}"
#define SAYS(t)                                   \
    {                                             \
        {NULL, {.text = t, .len = sizeof t - 1}}, \
        {                                         \
            0                                     \
        }                                         \
    }

static void a_rewritten_task_is_in_force(void **state)
{
    struct trial t = {0};
    static const char out[] = "{\"task\":{\"test\":{\"type\":\"rtt\",\"spec\":{\"dest\":\"y\"}}},\"changed\":"
                              "true,\"messages\":[\"other way\"]}";
    const struct made_up facts[] = SAYS(out);
    (void)state;
    judge(&t, SCRIPTS("'rewrite':{'script':'.'}"), ASK, true, facts);
    assert_true(t.verdict->passed);
    assert_int_equal(t.verdict->task_len, 43);
    assert_memory_equal(t.verdict->task, "{\"test\":{\"type\":\"rtt\",\"spec\":{\"dest\":\"y\"}}}", 43);
    assert_non_null(strstr(t.reasons, "- rewrite : changes the task\n  - change : other way\n"));
    fini(&t);
}

static void only_who_leads_rewrites(void **state)
{
    struct trial t = {0};
    (void)state;
    judge(&t, SCRIPTS("'rewrite':{'script':'.'}"), ASK, false, NULL);
    assert_true(t.verdict->passed);
    assert_int_equal(nasked, 0);
    fini(&t);
}

static void a_task_that_comes_back_as_it_was_is_kept(void **state)
{
    struct trial t = {0};
    static const char out[] = "{\"task\":{\"test\":{\"spec\":{\"dest\":\"x\"},\"type\":\"rtt\"}},\"changed\":"
                              "false,\"messages\":[]}";
    const struct made_up facts[] = SAYS(out);
    (void)state;
    judge(&t, SCRIPTS("'rewrite':{'script':'.'}"), ASK, true, facts);
    assert_null(t.verdict->task);
    assert_non_null(strstr(t.reasons, "- rewrite : leaves the task as it is\n"));
    fini(&t);
}

// pScheduler takes such a task over and judges the one before. Here the limits see what will run.
static void a_change_that_is_not_told_is_judged_too(void **state)
{
    struct trial t = {0};
    static const char out[] = "{\"task\":{\"test\":{\"spec\":{\"dest\":\"z\"},\"type\":\"rtt\"}},\"changed\":"
                              "false,\"messages\":[]}";
    const struct made_up facts[] = SAYS(out);
    (void)state;
    judge(&t, SCRIPTS("'rewrite':{'script':'.'}"), ASK, true, facts);
    assert_non_null(t.verdict->task);
    assert_non_null(strstr(t.reasons, "- rewrite : changes the task and does not say so\n"));
    fini(&t);
}

static void expect_refusal(const struct made_up *facts, const char *why)
{
    struct trial t = {0};
    judge(&t, SCRIPTS("'rewrite':{'script':'.'}"), ASK, true, facts);
    assert_false(t.verdict->passed);
    assert_string_equal(t.verdict->why, why);
    fini(&t);
}

static void a_rewrite_that_fails_denies(void **state)
{
    static const char other[] =
        "{\"task\":{\"test\":{\"spec\":{},\"type\":\"trace\"}},\"changed\":true,\"messages\":[]}";
    const struct made_up type[] = SAYS(other), none[] = SAYS("{\"task\":7}"), odd[] = SAYS("{");
    const struct made_up reject[] = {{NULL, {.err = PS_EREFUSED, .why = "rejected: not with T"}}, {0}};
    const struct made_up slow[] = {{NULL, {.err = PS_ETIMEOUT, .why = "ran longer than 500 ms"}}, {0}};
    (void)state;
    expect_refusal(type, "the rewrite script changed the type of the test");
    expect_refusal(none, "the rewrite script makes no task");
    expect_refusal(odd, "the rewrite script's output cannot be read");
    expect_refusal(reject, "the rewrite script rejects the task: not with T");
    expect_refusal(slow, "the rewrite script failed: ran longer than 500 ms");
}

static void a_run_that_passes_has_a_priority(void **state)
{
    struct trial t = {0};
    const struct made_up facts[] = SAYS("{\"priority\":-7,\"notes\":[\"slow\"]}");
    (void)state;
    judge(&t, SCRIPTS("'priority':{'script':'.'}"), ASK_RUN, false, facts);
    assert_true(t.verdict->passed);
    assert_true(t.verdict->has_priority);
    assert_int_equal(t.verdict->priority, -7);
    assert_non_null(strstr(t.reasons, "- priority : -7\n  - note : slow\n"));
    fini(&t);
    judge(&t, SCRIPTS("'priority':{'script':'.'}"), ASK, false, facts);
    assert_false(t.verdict->has_priority);
    fini(&t);
    judge(&t, SCRIPTS("'priority':{'script':'.'}"), ASK_RUN, false, NULL);
    assert_true(t.verdict->passed);
    assert_int_equal(t.verdict->priority, 0);
    assert_non_null(strstr(t.reasons, "error priority : 0: the priority script failed: nobody answered\n"));
    fini(&t);
}

// What a program is given.
static void scripts_see_the_task_and_the_run(void **state)
{
    struct trial t = {0};
    struct lim_ask ask;
    (void)state;
    judge(&t, LIMIT(L("jq", "{'script':'.','args':{'a':[1]}}", "")), ASK_RUN, false, NULL);
    fini(&t);
    t = (struct trial){.rules = rules_of(LIMIT(L("jq", "{'script':'.','args':{'a':[1]}}", "")))};
    char *text = json(ASK_RUN);
    assert_int_equal(ps_jdoc_parse(&t.doc, NULL, text, strlen(text), NULL), 0);
    struct ps_jnode root = ps_jdoc_root(t.doc);
    assert_int_equal(lim_request_read(&t.request, ps_jnode_member(root, "hints"),
                                      ps_jnode_member(root, "task"), ps_jnode_member(root, "run"), NULL),
                     0);
    assert_int_equal(lim_eval_new(t.rules, &t.request, &t.eval), 0);
    assert_true(lim_eval_next(t.eval, &ask));
    assert_false(lim_eval_next(t.eval, &ask));
    static const char want[] =
        "{\"test\":{\"type\":\"rtt\",\"spec\":{\"dest\":\"x\"}},\"run_schedule\":{\"start\":"
        "\"2026-06-17T08:59:50Z\",\"duration\":\"PT20S\"}}";
    assert_int_equal(ask.input.len, sizeof want - 1);
    assert_memory_equal(ask.input.text, want, sizeof want - 1);
    assert_string_equal(ask.program->names[0], "a");
    assert_int_equal(ask.program->nnames, 1);
    lim_eval_answer(t.eval, ask.id + 1, &(struct lim_answer){.text = "true", .len = 4}); // of nobody
    assert_null(lim_eval_verdict(t.eval));
    free(text);
    fini(&t);
}

static void requests_are_checked(void **state)
{
    static const struct {
        const char *request, *fault;
    } bad[] = {
        {"{" TASK "}", "hints: is missing"},
        {"{'hints':{'requester':'x'}," TASK "}", "hints.requester: \"x\" is no IP address"},
        {"{'hints':{'requester':7}," TASK "}", "hints.requester: wants a string of at most 4096 octets; got 7"},
        {"{" HINTS "}", "task: is missing"},
        {"{" HINTS ",'task':{}}", "task.test: is missing"},
        {"{" HINTS ",'task':{'test':{'type':'rtt'}}}", "task.test.spec: is missing"},
        {"{" HINTS "," TASK ",'run':{'start':'x','duration':'PT1S'}}",
         "run.start: \"x\" is no ISO 8601 time, as in 2026-06-21T12:00:00Z"},
        {"{" HINTS "," TASK ",'run':{'start':'2026-06-21','duration':'1'}}",
         "run.duration: \"1\" is no ISO 8601 duration, as in PT30S"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ps_jdoc *doc;
        struct lim_request q;
        struct ps_fault fault = {""};
        char *text = json(bad[i].request);
        assert_int_equal(ps_jdoc_parse(&doc, NULL, text, strlen(text), NULL), 0);
        struct ps_jnode root = ps_jdoc_root(doc);
        assert_int_not_equal(lim_request_read(&q, ps_jnode_member(root, "hints"),
                                              ps_jnode_member(root, "task"), ps_jnode_member(root, "run"),
                                              &fault),
                             0);
        assert_string_equal(fault.text, bad[i].fault);
        ps_jdoc_free(doc);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_rules_everything_passes),
        cmocka_unit_test(addresses_are_looked_for_in_networks),
        cmocka_unit_test(an_inverted_identifier_knows_whom_it_did_not),
        cmocka_unit_test(hints_are_matched),
        cmocka_unit_test(a_name_must_match),
        cmocka_unit_test(where_no_answer_comes_the_rules_say_what_holds),
        cmocka_unit_test(bogons_and_systems_are_told),
        cmocka_unit_test(a_script_identifies_by_true_alone),
        cmocka_unit_test(a_script_that_fails_identifies_nobody_even_inverted),
        cmocka_unit_test(who_is_nobody_or_in_no_class_is_denied),
        cmocka_unit_test(a_classifier_wants_none_one_any_or_all),
        cmocka_unit_test(groups_are_anded_and_count_what_passes),
        cmocka_unit_test(the_first_application_that_passes_decides),
        cmocka_unit_test(one_that_stops_is_the_last),
        cmocka_unit_test(an_inverted_application_passes_when_its_limits_fail),
        cmocka_unit_test(types_of_tests_are_listed),
        cmocka_unit_test(limits_on_time_are_for_runs),
        cmocka_unit_test(a_script_passes_by_true_and_refuses_with_words),
        cmocka_unit_test(a_server_elsewhere_may_be_asked),
        cmocka_unit_test(a_question_is_asked_once),
        cmocka_unit_test(a_rewritten_task_is_in_force),
        cmocka_unit_test(only_who_leads_rewrites),
        cmocka_unit_test(a_task_that_comes_back_as_it_was_is_kept),
        cmocka_unit_test(a_change_that_is_not_told_is_judged_too),
        cmocka_unit_test(a_rewrite_that_fails_denies),
        cmocka_unit_test(a_run_that_passes_has_a_priority),
        cmocka_unit_test(scripts_see_the_task_and_the_run),
        cmocka_unit_test(requests_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
