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
#include "psarchive/answer.h"
#include "psarchive/map.h"

static struct ps_jdoc *doc;
static struct put *made;
static struct es_map map;
static struct ps_fault fault;
static struct ps_buf text;

static int begin(const char *json)
{
    put_free(made);
    made = NULL;
    ps_jdoc_free(doc);
    doc = NULL;
    fault.text[0] = '\0';
    assert_int_equal(ps_jdoc_parse(&doc, NULL, json, strlen(json), &fault), 0);
    return es_map_begin(&map, ps_jdoc_root(doc), &fault);
}

static void mapped(const char *json)
{
    int err = begin(json);

    if (!err)
        err = map_make(&map, NULL, &made, &fault);
    assert_string_equal(fault.text, "");
    assert_int_equal(err, 0);
}

static const char *param(const char *key)
{
    const char *v = es_reg_get(&made->reg, key);

    return v ? v : "-";
}

static bool has_event(const char *name)
{
    return made->reg.events >> es_event_find(name) & 1;
}

// A value as an answer has it; "-": there is none.
static const char *value(const char *name)
{
    struct jtext j = {.out = &text};
    int event = es_event_find(name);

    for (size_t i = 0; i < made->nvalues; i++) {
        if (made->values[i].event != event)
            continue;
        struct point p = {made->values[i].ts, made->values[i].value};
        ps_buf_clear(&text);
        answer_point(&j, &p);
        jtext_raw(&j, "", 1);
        return (const char *)ps_buf_head(&text);
    }
    return "-";
}

#define TS "1469810851"
#define HEAD(type, tool, spec)                                                                        \
    "{\"id\":\"f9b6\",\"schedule\":{\"duration\":\"PT15S\",\"start\":\"2016-07-29T12:47:31-04:00\"}," \
    "\"participants\":[\"192.0.2.1\"],\"tool\":{\"name\":\"" tool "\"},"                              \
    "\"run\":{\"href\":\"https://h/run/1\"},\"reference\":{\"by\":\"me\",\"_x\":1},"                  \
    "\"test\":{\"type\":\"" type "\",\"spec\":{" spec "}},\"result\":"
#define ENDS "\"source\":\"192.0.2.1\",\"dest\":\"192.0.2.2\""

static void latency_has_counts_histograms_and_a_loss_rate(void **state)
{
    (void)state;
    mapped(HEAD(
        "latencybg", "powstream",
        ENDS ",\"bucket-width\":0.001,\"flip\":true") "{\"succeeded\":true,\"histogram-latency\":{\"34.42\":"
                                                      "590,\"34.50\":4},\"histogram-ttl\":{\"250\":594},"
                                                      "\"packets-sent\":600,\"packets-lost\":6,\"packets-"
                                                      "reordered\":1,\"packets-duplicated\":2,"
                                                      "\"packets-received\":594,\"max-clock-error\":1.92}}");
    assert_string_equal(param("subject-type"), "point-to-point");
    assert_string_equal(param("source"), "192.0.2.1");
    assert_string_equal(param("destination"), "192.0.2.2");
    assert_string_equal(param("measurement-agent"), "192.0.2.1");
    assert_string_equal(param("input-destination"), "192.0.2.2");
    assert_string_equal(param("tool-name"), "pscheduler/powstream");
    assert_string_equal(param("pscheduler-test-type"), "latencybg");
    assert_string_equal(param("time-duration"), "15.0");
    assert_string_equal(param("sample-bucket-width"), "0.001");
    assert_string_equal(param("mode-flip"), "True");
    assert_string_equal(param("pscheduler-reference-by"), "me");
    assert_string_equal(param("pscheduler-reference-_x"), "-");
    assert_string_equal(value("packet-count-sent"), "{\"ts\":" TS ",\"val\":600.0}");
    assert_string_equal(value("packet-loss-rate"), "{\"ts\":" TS ",\"val\":0.01}");
    assert_string_equal(value("histogram-owdelay"), "{\"ts\":" TS ",\"val\":{\"34.42\":590,\"34.50\":4}}");
    assert_string_equal(value("time-error-estimates"), "{\"ts\":" TS ",\"val\":1.92}");
    assert_string_equal(value("packet-reorders"), "{\"ts\":" TS ",\"val\":1.0}");
    assert_string_equal(value("pscheduler-run-href"),
                        "{\"ts\":" TS ",\"val\":{\"href\":\"https://h/run/1\"}}");
    assert_string_equal(value("failures"), "-");
    assert_true(has_event("failures"));
}

static void default_summaries_are_registered(void **state)
{
    static const struct {
        const char *event;
        size_t n;
    } want[] = {{"histogram-owdelay", 7}, {"packet-loss-rate", 3}, {"packet-count-sent", 3},
                {"packet-count-lost", 3}, {"histogram-ttl", 0},    {"packet-duplicates", 0}};

    (void)state;
    mapped(HEAD("latencybg", "powstream", ENDS) "{\"succeeded\":true}}");
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        size_t n = 0;
        for (size_t k = 0; k < made->reg.nsummaries; k++)
            n += made->reg.summaries[k].event == es_event_find(want[i].event);
        assert_int_equal(n, want[i].n);
    }
}

static void what_failed_is_a_failure_with_its_reason(void **state)
{
    (void)state;
    mapped(HEAD("latency", "owping", ENDS) "{\"succeeded\":false,\"error\":\"no \\\"route\\\"\"}}");
    assert_string_equal(value("failures"), "{\"ts\":" TS ",\"val\":{\"error\":\"no \\\"route\\\"\"}}");
    assert_int_equal(made->nvalues, 2);
    mapped(HEAD("latency", "owping", ENDS) "null}");
    assert_string_equal(value("failures"),
                        "{\"ts\":" TS ",\"val\":{\"error\":\"the test failed, and nothing says why\"}}");
}

static void round_trips_become_histograms(void **state)
{
    (void)state;
    mapped(HEAD(
        "rtt", "ping",
        ENDS
        ",\"count\":5,\"interval\":\"PT0.5S\",\"length\":64,\"ttl\":60") "{\"succeeded\":true,\"sent\":5,"
                                                                         "\"lost\":1,\"duplicates\":0,"
                                                                         "\"reorders\":0,\"roundtrips\":["
                                                                         "{\"seq\":1,\"rtt\":\"PT0.000333S\","
                                                                         "\"ttl\":64},{\"seq\":2,\"rtt\":"
                                                                         "\"PT0.000331S\",\"ttl\":64},"
                                                                         "{\"seq\":3,\"rtt\":\"PT0.0121S\","
                                                                         "\"ttl\":63},{\"seq\":4,\"rtt\":"
                                                                         "null},{\"seq\":5}]}}");
    assert_string_equal(value("histogram-rtt"), "{\"ts\":" TS ",\"val\":{\"0.33\":2,\"12.10\":1}}");
    assert_string_equal(value("histogram-ttl-reverse"), "{\"ts\":" TS ",\"val\":{\"63\":1,\"64\":2}}");
    assert_string_equal(value("packet-loss-rate-bidir"), "{\"ts\":" TS ",\"val\":0.2}");
    assert_string_equal(value("packet-count-lost-bidir"), "{\"ts\":" TS ",\"val\":1.0}");
    assert_string_equal(param("sample-size"), "5");
    assert_string_equal(param("time-probe-interval"), "0.5");
    assert_string_equal(param("ip-ttl"), "60");
}

static void the_first_path_of_a_trace_is_told_hop_by_hop(void **state)
{
    (void)state;
    mapped(HEAD("trace", "traceroute",
                ENDS
                ",\"hops\":30,\"probe-type\":\"icmp\",\"wait\":\"PT5S\"") "{\"succeeded\":true,\"paths\":[[{"
                                                                          "\"ip\":\"192.0.2.9\",\"hostname\":"
                                                                          "\"gw\",\"rtt\":\"PT0.000421S\","
                                                                          "\"mtu\":9000,\"as\":{\"number\":"
                                                                          "64500,\"owner\":\"EX\"}},{"
                                                                          "\"error\":\"request-timed-out\"},"
                                                                          "{\"ip\":\"192.0.2.2\",\"rtt\":"
                                                                          "\"PT0.0105S\",\"mtu\":1500}]]}}");
    assert_string_equal(
        value("packet-trace"),
        "{\"ts\":" TS ",\"val\":[{\"ttl\":1,\"query\":1,\"success\":1,\"ip\":\"192.0.2.9\","
        "\"hostname\":\"gw\",\"as\":{\"number\":64500,\"owner\":\"EX\"},\"rtt\":0.421,\"mtu\":9000},"
        "{\"ttl\":2,\"query\":1,\"success\":0,\"error-message\":\"request-timed-out\",\"mtu\":9000},"
        "{\"ttl\":3,\"query\":1,\"success\":1,\"ip\":\"192.0.2.2\",\"rtt\":10.5,\"mtu\":1500}]}");
    assert_string_equal(value("path-mtu"), "{\"ts\":" TS ",\"val\":1500.0}");
    assert_string_equal(value("packet-trace-multi"), "-");
    assert_false(has_event("packet-trace-multi"));
    assert_string_equal(param("trace-max-ttl"), "30");
    assert_string_equal(param("time-test-timeout"), "5.0");
    mapped(
        HEAD("trace", "paris", ENDS ",\"algorithm\":\"paris-traceroute\"") "{\"succeeded\":true,\"paths\":[[]"
                                                                           ",[{\"ip\":\"192.0.2.9\"}]]}}");
    assert_string_equal(value("packet-trace-multi"),
                        "{\"ts\":" TS
                        ",\"val\":[[],[{\"ttl\":1,\"query\":1,\"success\":1,\"ip\":\"192.0.2.9\"}]]}");
    assert_string_equal(value("packet-trace"),
                        "{\"ts\":" TS
                        ",\"val\":[{\"ttl\":1,\"query\":1,\"success\":1,\"ip\":\"192.0.2.9\"}]}");
}

#define TCP_RESULT                                                                                      \
    "{\"succeeded\":true,\"summary\":{\"summary\":{\"throughput-bits\":1980000000.5,\"retransmits\":7," \
    "\"rtt\":1200,\"sent\":null,\"lost\":null},\"streams\":[{\"stream-id\":10,\"throughput-bits\":3,"   \
    "\"retransmits\":0},{\"stream-id\":9,\"throughput-bits\":2,\"retransmits\":5}]},\"intervals\":["    \
    "{\"summary\":{\"start\":0,\"end\":1,\"throughput-bits\":5,\"retransmits\":1},\"streams\":["        \
    "{\"stream-id\":10,\"start\":0,\"end\":1,\"throughput-bits\":3},"                                   \
    "{\"stream-id\":9,\"start\":0,\"end\":1,\"throughput-bits\":2}]},"                                  \
    "{\"summary\":{\"start\":1,\"end\":2.5,\"throughput-bits\":6},\"streams\":["                        \
    "{\"stream-id\":9,\"start\":1,\"end\":2.5,\"throughput-bits\":4}]}]}}"

static void throughput_of_tcp(void **state)
{
    (void)state;
    mapped(HEAD("throughput", "iperf3", ENDS ",\"duration\":\"PT10S\",\"bandwidth\":1e9") TCP_RESULT);
    assert_string_equal(param("ip-transport-protocol"), "tcp");
    assert_string_equal(param("bw-target-bandwidth"), "1e9");
    assert_string_equal(value("throughput"), "{\"ts\":" TS ",\"val\":1980000000.5}");
    assert_string_equal(value("packet-retransmits"), "{\"ts\":" TS ",\"val\":7.0}");
    assert_string_equal(value("packet-rtt"), "{\"ts\":" TS ",\"val\":1200.0}");
    assert_string_equal(value("throughput-subintervals"),
                        "{\"ts\":" TS ",\"val\":[{\"start\":0,\"duration\":1,\"val\":5},"
                        "{\"start\":1,\"duration\":1.5,\"val\":6}]}");
    assert_string_equal(value("packet-retransmits-subintervals"),
                        "{\"ts\":" TS ",\"val\":[{\"start\":0,\"duration\":1,\"val\":1}]}");
    assert_string_equal(value("tcp-windowsize-subintervals"), "-");
    assert_string_equal(value("streams-throughput"), "-");
    assert_false(has_event("streams-throughput") || has_event("packet-loss-rate"));
}

static void streams_are_in_the_order_of_their_names(void **state)
{
    (void)state;
    mapped(HEAD("throughput", "iperf3", ENDS ",\"parallel\":2") TCP_RESULT);
    assert_string_equal(value("streams-throughput"), "{\"ts\":" TS ",\"val\":[2,3]}");
    assert_string_equal(value("streams-packet-retransmits"), "{\"ts\":" TS ",\"val\":[5,0]}");
    assert_string_equal(value("streams-packet-rtt"), "-");
    assert_string_equal(
        value("streams-throughput-subintervals"),
        "{\"ts\":" TS ",\"val\":[[{\"start\":0,\"duration\":1,\"val\":2},"
        "{\"start\":1,\"duration\":1.5,\"val\":4}],[{\"start\":0,\"duration\":1,\"val\":3}]]}");
}

static void throughput_of_udp(void **state)
{
    (void)state;
    mapped(
        HEAD("throughput", "iperf3", ENDS ",\"udp\":true") "{\"succeeded\":true,\"summary\":{\"summary\":{"
                                                           "\"throughput-bits\":5,\"sent\":100,\"lost\":25,"
                                                           "\"retransmits\":1}}}}");
    assert_string_equal(param("ip-transport-protocol"), "udp");
    assert_string_equal(value("packet-loss-rate"), "{\"ts\":" TS ",\"val\":0.25}");
    assert_string_equal(value("packet-count-sent"), "{\"ts\":" TS ",\"val\":100.0}");
    assert_string_equal(value("packet-retransmits"), "-");
    assert_false(has_event("packet-retransmits"));
    mapped(HEAD("throughput", "iperf3", ENDS ",\"udp\":true") "{\"succeeded\":true,\"summary\":{\"summary\":{"
                                                              "\"sent\":100,\"lost\":-2}}}}");
    assert_string_equal(value("packet-count-sent"), "{\"ts\":" TS ",\"val\":100.0}");
    assert_string_equal(value("packet-count-lost"), "-");
    assert_string_equal(value("packet-loss-rate"), "-");
}

static void other_tests_are_kept_as_they_are(void **state)
{
    (void)state;
    mapped(HEAD("dns", "dnspy",
                "\"query\":\"www.example.org\",\"source\":\"198.51.100.1\"") "{\"succeeded\":true,\"time\":"
                                                                             "\"PT0.1S\"}}");
    assert_string_equal(param("subject-type"), "network-element");
    assert_string_equal(param("source"), "192.0.2.1");
    assert_string_equal(param("pscheduler-dns-query"), "www.example.org");
    assert_string_equal(value("pscheduler-raw"),
                        "{\"ts\":" TS ",\"val\":{\"succeeded\":true,\"time\":\"PT0.1S\"}}");
}

static void hosts_of_a_disk_test_stand_in_urls(void **state)
{
    (void)state;
    mapped(HEAD("disk-to-disk", "curl",
                "\"source\":\"ftp://192.0.2.7/a\",\"dest\":\"/tmp/b\"") "{\"succeeded\":true,\"throughput\":"
                                                                        "12345678.9}}");
    assert_string_equal(param("source"), "192.0.2.7");
    assert_string_equal(param("destination"), "192.0.2.1");
    assert_string_equal(value("throughput"), "{\"ts\":" TS ",\"val\":12345678.9}");
    assert_true(value("pscheduler-raw")[0] == '{');
}

static void names_want_addresses_of_one_family(void **state)
{
    static const char json[] = HEAD("rtt", "ping", "\"source\":\"a.example\",\"dest\":\"b.example\"") "{}}";
    struct ps_addr v4, v6, other6;

    (void)state;
    assert_int_equal(ps_addr_parse("192.0.2.5", 0, &v4), 0);
    assert_int_equal(ps_addr_parse("2001:db8::5", 0, &v6), 0);
    assert_int_equal(ps_addr_parse("2001:db8::6", 0, &other6), 0);
    assert_int_equal(begin(json), 0);
    assert_string_equal(map.hosts[ES_MAP_SOURCE].name, "a.example");
    assert_false(map.hosts[ES_MAP_SOURCE].known || map.hosts[ES_MAP_DEST].known);
    assert_true(map.hosts[ES_MAP_AGENT].known);
    es_map_found(&map.hosts[ES_MAP_SOURCE], (struct ps_addr[]){v4, v6}, 2);
    es_map_found(&map.hosts[ES_MAP_DEST], &other6, 1);
    assert_int_equal(map_make(&map, NULL, &made, &fault), 0);
    assert_string_equal(param("source"), "2001:db8::5");
    assert_string_equal(param("destination"), "2001:db8::6");
    assert_string_equal(param("measurement-agent"), "192.0.2.1");
    assert_string_equal(param("input-source"), "a.example");
    assert_int_equal(begin(json), 0);
    es_map_found(&map.hosts[ES_MAP_SOURCE], &v4, 1);
    es_map_found(&map.hosts[ES_MAP_DEST], &other6, 1);
    assert_int_equal(map_make(&map, NULL, &made, &fault), PS_ERESOLVE);
    assert_string_equal(fault.text,
                        "a.example and b.example have no addresses of one family (or of the one wanted)");
    assert_int_equal(begin(json), 0);
    es_map_found(&map.hosts[ES_MAP_SOURCE], &v4, 1);
    es_map_found(&map.hosts[ES_MAP_DEST], NULL, 0);
    assert_int_equal(map_make(&map, NULL, &made, &fault), PS_ERESOLVE);
    assert_string_equal(fault.text, "no address is found for 'b.example'");
}

#define STREAM                                                                                              \
    "\"schema\":1,\"stream\":\"s\",\"start\":\"2016-07-29T16:47:31.25Z\",\"end\":\"2016-07-29T16:48:31Z\"," \
    "\"start-ntp\":1,\"end-ntp\":2,\"direction\":\"from\""

static void what_powstream_measured(void **state)
{
    (void)state;
    mapped(
        "{\"type\":\"measurement\",\"succeeded\":true," STREAM
        ",\"packets-sent\":600,\"packets-lost\":0,\"packets-duplicated\":0,\"packets-reordered\":0,"
        "\"max-clock-error\":0.5,\"histogram-latency\":{\"1.00\":600},\"histogram-ttl\":{\"64\":600},"
        "\"bucket-width\":0.001,\"dscp\":46,\"padding\":0,\"timeout\":10,\"finished\":true,\"reason\":null,"
        "\"source\":{\"host\":\"far.example\",\"address\":\"2001:db8::1\",\"port\":1},"
        "\"dest\":{\"host\":\"here\",\"address\":\"2001:db8::2\",\"port\":2}}");
    assert_string_equal(param("source"), "2001:db8::1");
    assert_string_equal(param("input-source"), "far.example");
    assert_string_equal(param("measurement-agent"), "2001:db8::2");
    assert_string_equal(param("tool-name"), "powstream");
    assert_string_equal(param("psuite-stream"), "s");
    assert_string_equal(param("ip-dscp"), "46");
    assert_string_equal(value("packet-count-sent"), "{\"ts\":" TS ",\"val\":600.0}");
    assert_string_equal(value("packet-loss-rate"), "{\"ts\":" TS ",\"val\":0.0}");
    assert_string_equal(value("histogram-owdelay"), "{\"ts\":" TS ",\"val\":{\"1.00\":600}}");
    assert_string_equal(value("failures"), "-");
}

static void what_powstream_did_not_measure(void **state)
{
    (void)state;
    mapped("{\"type\":\"gap\",\"succeeded\":false," STREAM ",\"seconds\":60,\"reason\":\"refused\","
           "\"source\":{\"host\":\"192.0.2.1\"},\"dest\":{\"host\":\"192.0.2.2\"}}");
    assert_string_equal(value("failures"), "{\"ts\":" TS ",\"val\":{\"error\":\"refused\",\"seconds\":60}}");
    assert_int_equal(made->nvalues, 1);
    assert_string_equal(param("destination"), "192.0.2.2");
    assert_false(map_has_document(&map));
    mapped("{\"type\":\"step\",\"succeeded\":false," STREAM ",\"step\":1.5,\"reason\":null,"
           "\"source\":{\"host\":\"192.0.2.1\"},\"dest\":{\"host\":\"192.0.2.2\"}}");
    assert_null(made);
}

// The other end is not known as long as there is no connection.
static void a_gap_of_which_one_end_is_known_is_a_failure_of_that_one(void **state)
{
    static const char from[] =
        "{\"type\":\"gap\",\"succeeded\":false," STREAM ",\"seconds\":1.5,\"reason\":\"connection refused\","
        "\"source\":{\"host\":\"a.example\"},\"dest\":{\"host\":null}}";
    struct ps_addr v4;

    (void)state;
    assert_int_equal(ps_addr_parse("192.0.2.7", 0, &v4), 0);
    assert_int_equal(begin(from), 0);
    assert_int_equal(map_make(&map, NULL, &made, &fault), PS_ERESOLVE);
    assert_string_equal(fault.text, "no address is found for 'a.example'");
    assert_int_equal(begin(from), 0);
    es_map_found(&map.hosts[ES_MAP_SOURCE], &v4, 1);
    assert_int_equal(map_make(&map, NULL, &made, &fault), 0);
    assert_string_equal(value("failures"),
                        "{\"ts\":" TS ",\"val\":{\"error\":\"connection refused\",\"seconds\":1.5}}");
    assert_string_equal(param("subject-type"), "network-element");
    assert_string_equal(param("source"), "192.0.2.7");
    assert_string_equal(param("input-source"), "a.example");
    assert_string_equal(param("psuite-stream"), "s");
    mapped("{\"type\":\"gap\"," STREAM ",\"reason\":\"refused\","
           "\"source\":{\"host\":null},\"dest\":{\"host\":\"2001:db8::1\"}}");
    assert_string_equal(param("source"), "2001:db8::1");
    assert_int_equal(begin("{\"type\":\"gap\"," STREAM "}"), PS_EMALFORMED);
    assert_string_equal(fault.text, "the document: wants the host of source or of dest");
}

static void what_is_no_result_is_refused(void **state)
{
    static const struct {
        const char *json, *words;
    } bad[] = {
        {"[]", "the document: wants an object; got an array"},
        {"{}", "the document: is no result document: it has neither a test and its result nor start-ntp"},
        {"{\"test\":{\"type\":\"rtt\",\"spec\":{}},\"result\":{}}",
         "the document: wants a time of ISO 8601 in schedule.start or run.start-time"},
        {HEAD("rtt", "ping", "\"source\":\"192.0.2.1\"") "{}}", "test.spec: 'dest' is missing"},
        {"{\"type\":\"result\",\"start-ntp\":1}",
         "type: wants one of \"measurement\", \"gap\", \"step\"; got \"result\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_true(begin(bad[i].json) < 0);
        assert_string_equal(fault.text, bad[i].words);
    }
}

static void figures_that_cannot_be_are_refused(void **state)
{
    static const struct {
        const char *figures, *words;
    } bad[] = {
        {"\"packets-sent\":600,\"packets-lost\":-3",
         "result.packets-lost: wants an integer from 0 to 70368744177664; got -3"},
        {"\"packets-sent\":600,\"packets-lost\":1.5",
         "result.packets-lost: wants an integer from 0 to 70368744177664; got 1.5"},
        {"\"packets-sent\":600,\"packets-lost\":601",
         "result.packets-lost: wants an integer from 0 to 600; got 601"},
        {"\"packets-sent\":600,\"packets-lost\":\"3\"",
         "result.packets-lost: wants an integer from 0 to 70368744177664; got \"3\""},
        {"\"histogram-latency\":[]", "result.histogram-latency: wants an object; got an array"},
        {"\"histogram-latency\":\"many\"", "result.histogram-latency: wants an object; got \"many\""},
    };
    char json[1024];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(json, sizeof json, "%s{\"succeeded\":true,%s}}", HEAD("latencybg", "powstream", ENDS),
                 bad[i].figures);
        assert_int_equal(begin(json), 0);
        assert_true(map_make(&map, NULL, &made, &fault) < 0);
        assert_string_equal(fault.text, bad[i].words);
        assert_null(made);
    }
    mapped(
        HEAD("latencybg", "powstream", ENDS) "{\"succeeded\":true,\"packets-sent\":0,\"packets-lost\":0}}");
    assert_string_equal(value("packet-loss-rate"), "-");
}

static int set_up(void **state)
{
    (void)state;
    ps_buf_init(&text, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    put_free(made);
    ps_jdoc_free(doc);
    ps_buf_fini(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latency_has_counts_histograms_and_a_loss_rate),
        cmocka_unit_test(default_summaries_are_registered),
        cmocka_unit_test(what_failed_is_a_failure_with_its_reason),
        cmocka_unit_test(round_trips_become_histograms),
        cmocka_unit_test(the_first_path_of_a_trace_is_told_hop_by_hop),
        cmocka_unit_test(throughput_of_tcp),
        cmocka_unit_test(streams_are_in_the_order_of_their_names),
        cmocka_unit_test(throughput_of_udp),
        cmocka_unit_test(other_tests_are_kept_as_they_are),
        cmocka_unit_test(hosts_of_a_disk_test_stand_in_urls),
        cmocka_unit_test(names_want_addresses_of_one_family),
        cmocka_unit_test(what_powstream_measured),
        cmocka_unit_test(what_powstream_did_not_measure),
        cmocka_unit_test(a_gap_of_which_one_end_is_known_is_a_failure_of_that_one),
        cmocka_unit_test(what_is_no_result_is_refused),
        cmocka_unit_test(figures_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests_name("map", tests, set_up, tear_down);
}
