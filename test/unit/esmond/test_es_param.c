// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "esmond/es_param.h"

static struct es_reg reg;
static struct ps_fault fault;

static int registered(const char *json)
{
    struct ps_jdoc *doc;
    int err;

    es_reg_fini(&reg);
    es_reg_init(&reg);
    fault.text[0] = '\0';
    assert_int_equal(ps_jdoc_parse(&doc, NULL, json, strlen(json), &fault), 0);
    err = es_param_registration(&reg, ps_jdoc_root(doc), &fault);
    ps_jdoc_free(doc);
    return err;
}

static void refused(const char *json, const char *words)
{
    assert_true(registered(json) < 0);
    assert_string_equal(fault.text, words);
}

static void parameters_become_text(void **state)
{
    (void)state;
    assert_int_equal(
        registered("{\"subject-type\":\"point-to-point\",\"source\":\"192.0.2.1\",\"time-duration\":20,"
                   "\"interval\":0.10,\"flip\":true,\"single\":false,\"none\":null,\"list\":[1, 2],"
                   "\"event-types\":[{\"event-type\":\"throughput\"}],\"uri\":\"/x\"}"),
        0);
    assert_string_equal(es_reg_get(&reg, "source"), "192.0.2.1");
    assert_string_equal(es_reg_get(&reg, "time-duration"), "20");
    assert_string_equal(es_reg_get(&reg, "interval"), "0.10");
    assert_string_equal(es_reg_get(&reg, "flip"), "True");
    assert_string_equal(es_reg_get(&reg, "single"), "False");
    assert_null(es_reg_get(&reg, "none"));
    assert_string_equal(es_reg_get(&reg, "list"), "[1, 2]");
    assert_null(es_reg_get(&reg, "uri"));
    assert_null(es_reg_get(&reg, "event-types"));
}

static void event_types_come_with_their_summaries(void **state)
{
    (void)state;
    assert_int_equal(registered("{\"event-types\":["
                                "{\"event-type\":\"histogram-owdelay\",\"summaries\":["
                                "{\"summary-type\":\"aggregation\",\"summary-window\":300},"
                                "{\"summary-type\":\"statistics\",\"summary-window\":\"0\"},"
                                "{\"summary-type\":\"base\",\"summary-window\":0}]},"
                                "{\"event-type\":\"failures\",\"summaries\":[]},"
                                "{\"event-type\":\"throughput\",\"summaries\":null}]}"),
                     0);
    assert_int_equal(reg.nsummaries, 2);
    assert_true(reg.events ==
                (UINT64_C(1) << es_event_find("histogram-owdelay") |
                 UINT64_C(1) << es_event_find("failures") | UINT64_C(1) << es_event_find("throughput")));
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    (void)state;
    refused("[]", "the document: wants an object; got an array");
    refused("{}", "the document: 'event-types' is missing");
    refused("{\"event-types\":[{\"event-type\":\"x\"}]}",
            "event-types[0].event-type: there is no event type 'x'");
    refused("{\"event-types\":[{}]}", "event-types[0]: 'event-type' is missing");
    refused("{\"event-types\":[],\"metadata-key\":\"1\"}", "metadata-key: the archive makes the keys");
    refused(
        "{\"event-types\":[{\"event-type\":\"throughput\",\"summaries\":[{\"summary-type\":\"sum\","
        "\"summary-window\":1}]}]}",
        "event-types[0].summaries[0].summary-type: wants aggregation, average, statistics or base; got sum");
    refused("{\"event-types\":[{\"event-type\":\"throughput\",\"summaries\":[{\"summary-type\":\"average\","
            "\"summary-window\":1.5}]}]}",
            "event-types[0].summaries[0].summary-window: wants a whole number of seconds from 0 to 31622400");
    refused(
        "{\"event-types\":[{\"event-type\":\"throughput\",\"summaries\":[{\"summary-type\":\"statistics\","
        "\"summary-window\":300}]}]}",
        "event-types[0].summaries[0]: statistics of throughput over 300 s: values of this kind are not "
        "summarised so");
}

static void too_much_is_refused(void **state)
{
    char *json = malloc(ES_REG_VALUE_MAX + 100);

    (void)state;
    snprintf(json, ES_REG_VALUE_MAX + 100, "{\"event-types\":[],\"a\":\"%0*d\"}", ES_REG_VALUE_MAX + 1, 0);
    assert_int_equal(registered(json), PS_ELIMIT);
    snprintf(json, ES_REG_VALUE_MAX + 100, "{\"event-types\":[],\"a\":\"%0*d\"}", ES_REG_VALUE_MAX, 0);
    assert_int_equal(registered(json), 0);
    free(json);
}

static void objects_are_flattened(void **state)
{
    static const char json[] = "{\"url\":\"u\",\"_secret\":1,\"list\":[1,{\"a\":null,\"b\":\"c\"}]}";
    struct ps_jdoc *doc;

    (void)state;
    es_reg_fini(&reg);
    es_reg_init(&reg);
    assert_int_equal(ps_jdoc_parse(&doc, NULL, json, sizeof json - 1, &fault), 0);
    assert_int_equal(es_param_flatten(&reg, "ref", ps_jdoc_root(doc), &fault), 0);
    ps_jdoc_free(doc);
    assert_int_equal(reg.nparams, 3);
    assert_string_equal(es_reg_get(&reg, "ref-url"), "u");
    assert_string_equal(es_reg_get(&reg, "ref-list-0"), "1");
    assert_string_equal(es_reg_get(&reg, "ref-list-1-b"), "c");
}

static int tear_down(void **state)
{
    (void)state;
    es_reg_fini(&reg);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_become_text),
        cmocka_unit_test(event_types_come_with_their_summaries),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(objects_are_flattened),
    };
    es_reg_init(&reg);
    return cmocka_run_group_tests_name("param", tests, NULL, tear_down);
}
