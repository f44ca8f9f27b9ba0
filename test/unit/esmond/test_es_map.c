// SPDX-License-Identifier: Apache-2.0
// The choices of who asks for a mapping. What each test becomes is in test/unit/psarchive/test_map.c.
#include "es_fix.h"
#include "esmond/es_map.h"

#define DOCUMENT(type, spec, result)                                                                     \
    "{\"schedule\":{\"start\":\"2026-01-02T03:04:05Z\",\"duration\":\"PT5S\"},"                          \
    "\"participants\":[\"192.0.2.9\"],\"tool\":{\"name\":\"t\"},\"run\":{\"href\":\"https://h/run/1\"}," \
    "\"test\":{\"type\":\"" type "\",\"spec\":{" spec "}},\"result\":" result "}"
#define ENDS "\"source\":\"192.0.2.1\",\"dest\":\"192.0.2.2\""
#define RTT DOCUMENT("rtt", ENDS ",\"count\":5", "{\"succeeded\":true,\"sent\":5,\"lost\":1}")
#define TASK_OF_PT5S                                                                  \
    "\"task\":{\"detail\":{\"duration\":\"PT5S\"}},\"participants\":[\"192.0.2.9\"]," \
    "\"test\":{\"type\":\"rtt\",\"spec\":{" ENDS "}},\"result\":{\"succeeded\":true,\"sent\":5}}"

struct given {
    struct es_map map;
    struct es_reg reg;
    struct ps_jdoc *doc;
    uint64_t events; // bit n: there is a value of event type n
    size_t n;
    int err; // of taking one
};

static void begin(struct given *g, const char *json)
{
    struct ps_fault fault = {""};

    *g = (struct given){.n = 0};
    es_reg_init(&g->reg);
    assert_int_equal(ps_jdoc_parse(&g->doc, NULL, json, strlen(json), &fault), 0);
    assert_int_equal(es_map_begin(&g->map, ps_jdoc_root(g->doc), &fault), 0);
}

static int take(void *ctx, int64_t ts, int event, struct es_value *v)
{
    struct given *g = ctx;

    assert_int_equal(ts, 1767323045);
    assert_true(g->reg.events >> event & 1);
    g->events |= UINT64_C(1) << event;
    g->n++;
    es_value_fini(v);
    return g->err;
}

static void make(struct given *g)
{
    struct ps_fault fault = {""};

    assert_int_equal(es_map_register(&g->map, &g->reg, &fault), 0);
    assert_int_equal(es_map_values(&g->map, take, g, &fault), g->err);
}

static void end(struct given *g)
{
    es_reg_fini(&g->reg);
    ps_jdoc_free(g->doc);
}

static bool has_value(const struct given *g, const char *event)
{
    return g->events >> es_event_find(event) & 1;
}

static bool has_event(const struct given *g, const char *event)
{
    return g->reg.events >> es_event_find(event) & 1;
}

static void values_alone_are_what_a_known_test_becomes(void **state)
{
    struct given g;

    (void)state;
    begin(&g, RTT);
    make(&g);
    assert_true(es_map_knows(&g.map));
    assert_true(has_value(&g, "packet-count-sent"));
    assert_false(has_event(&g, "pscheduler-raw"));
    end(&g);
}

static void both_is_values_and_the_result(void **state)
{
    struct given g;

    (void)state;
    begin(&g, RTT);
    g.map.form = ES_MAP_BOTH;
    make(&g);
    assert_true(has_value(&g, "packet-count-sent"));
    assert_true(has_value(&g, "pscheduler-raw"));
    end(&g);
}

static void raw_is_the_result_with_its_specification(void **state)
{
    struct given g;

    (void)state;
    begin(&g, RTT);
    g.map.form = ES_MAP_RAW;
    make(&g);
    assert_false(has_event(&g, "packet-count-sent"));
    assert_true(has_value(&g, "pscheduler-raw"));
    assert_true(has_value(&g, "pscheduler-run-href"));
    assert_string_equal(es_reg_get(&g.reg, "pscheduler-rtt-count"), "5");
    assert_string_equal(es_reg_get(&g.reg, "destination"), "192.0.2.2");
    end(&g);
}

// As one value, though it is told twice that it is wanted.
static void what_always_has_its_result_has_it_once(void **state)
{
    static const enum es_map_form forms[] = {ES_MAP_MAPPED, ES_MAP_BOTH};
    struct given g;

    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        begin(&g, DOCUMENT("disk-to-disk", "\"source\":\"ftp://192.0.2.1/x\",\"dest\":\"ftp://192.0.2.2/y\"",
                           "{\"succeeded\":true,\"throughput\":5}"));
        g.map.form = forms[i];
        make(&g);
        assert_true(has_value(&g, "pscheduler-raw"));
        assert_int_equal(g.n, 3);
        end(&g);
    }
}

static void failures_are_all_that_a_failed_run_has(void **state)
{
    static const enum es_map_form forms[] = {ES_MAP_MAPPED, ES_MAP_BOTH, ES_MAP_RAW};
    struct given g;

    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        begin(&g, DOCUMENT("rtt", ENDS, "{\"succeeded\":false,\"error\":\"no\"}"));
        g.map.form = forms[i];
        make(&g);
        assert_true(has_value(&g, "failures"));
        assert_int_equal(g.n, 2);
        end(&g);
    }
}

static void a_test_of_nobodys_is_known_by_its_result(void **state)
{
    struct given g;

    (void)state;
    begin(&g, DOCUMENT("weather", "\"of\":\"today\"", "{\"succeeded\":true,\"rain\":true}"));
    assert_false(es_map_knows(&g.map));
    make(&g);
    assert_true(has_value(&g, "pscheduler-raw"));
    assert_string_equal(es_reg_get(&g.reg, "subject-type"), "network-element");
    end(&g);
}

static void own_summaries_are_in_place_of_all_others(void **state)
{
    struct given g;
    struct es_summary own[] = {
        {(uint8_t)es_event_find("packet-count-sent"), ES_SUMMARY_AGGREGATION, 60},
        {(uint8_t)es_event_find("throughput"), ES_SUMMARY_AVERAGE, 60}, // of another test
    };

    (void)state;
    begin(&g, RTT);
    g.map.summaries = own;
    g.map.nsummaries = COUNT(own);
    make(&g);
    assert_int_equal(g.reg.nsummaries, 1);
    assert_int_equal(g.reg.summaries[0].window, 60);
    end(&g);
    begin(&g, RTT);
    g.map.summaries = own;
    make(&g);
    assert_int_equal(g.reg.nsummaries, 0);
    end(&g);
    begin(&g, RTT);
    make(&g);
    assert_true(g.reg.nsummaries > 5);
    end(&g);
}

static void another_agent_has_the_family_of_the_source_where_it_can(void **state)
{
    struct given g;
    struct ps_addr both[2];

    (void)state;
    begin(&g, RTT);
    es_map_agent(&g.map, "192.0.2.77");
    assert_true(g.map.hosts[ES_MAP_AGENT].known);
    make(&g);
    assert_string_equal(es_reg_get(&g.reg, "measurement-agent"), "192.0.2.77");
    end(&g);
    begin(&g, RTT);
    es_map_agent(&g.map, "agent.example.org");
    assert_false(g.map.hosts[ES_MAP_AGENT].known);
    ps_addr_parse("2001:db8::77", 0, &both[0]);
    ps_addr_parse("192.0.2.78", 0, &both[1]);
    es_map_found(&g.map.hosts[ES_MAP_AGENT], both, 2);
    make(&g);
    assert_string_equal(es_reg_get(&g.reg, "measurement-agent"), "192.0.2.78");
    end(&g);
}

// Documents of runs that took longer than others.
static void the_tasks_duration_is_what_all_its_runs_have_in_common(void **state)
{
    static const char *const documents[] = {
        "{\"schedule\":{\"start\":\"2026-01-02T03:04:05Z\",\"duration\":\"PT4.21S\"}," TASK_OF_PT5S,
        "{\"schedule\":{\"start\":\"2026-01-02T03:04:05Z\",\"duration\":\"PT4.3S\"}," TASK_OF_PT5S,
    };
    uint8_t digests[2][ES_MAP_DIGEST];
    struct given g;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin(&g, documents[i]);
        make(&g);
        assert_string_equal(es_reg_get(&g.reg, "time-duration"), "5.0");
        assert_int_equal(es_map_key(&g.map, digests[i]), 0);
        end(&g);
    }
    assert_memory_equal(digests[0], digests[1], sizeof digests[0]);
    begin(&g, RTT);
    make(&g);
    assert_string_equal(es_reg_get(&g.reg, "time-duration"), "5.0");
    end(&g);
}

static void who_cannot_take_a_value_gets_no_more(void **state)
{
    struct given g;

    (void)state;
    begin(&g, RTT);
    g.err = PS_ELIMIT;
    make(&g);
    assert_int_equal(g.n, 1);
    end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_alone_are_what_a_known_test_becomes),
        cmocka_unit_test(both_is_values_and_the_result),
        cmocka_unit_test(raw_is_the_result_with_its_specification),
        cmocka_unit_test(what_always_has_its_result_has_it_once),
        cmocka_unit_test(failures_are_all_that_a_failed_run_has),
        cmocka_unit_test(a_test_of_nobodys_is_known_by_its_result),
        cmocka_unit_test(own_summaries_are_in_place_of_all_others),
        cmocka_unit_test(another_agent_has_the_family_of_the_source_where_it_can),
        cmocka_unit_test(the_tasks_duration_is_what_all_its_runs_have_in_common),
        cmocka_unit_test(who_cannot_take_a_value_gets_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
