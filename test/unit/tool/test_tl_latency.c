// SPDX-License-Identifier: Apache-2.0
// owping and powstream.
#include "tool_fix.h"
#include "tool/tl_powstream.h"

static void packets_are_counted_as_pscheduler_counts(void **state)
{
    // sent at 2^32; 0: 1 ms later, 1: lost, 3 before 2, 2 twice; one negative delay
    static const char out[] = "0 4294967296 1 0.0001 4299262263 1 0.0002 250\n"
                              "1 4294967296 1 0.0001 0 1 0 255\n"
                              "3 4294967296 1 0.0001 4299262263 1 0.00012 250\n"
                              "2 4294967296 1 0.0001 4303557231 1 0.0002 249\n"
                              "2 4294967296 1 0.0001 4307852198 1 0.5 249\n"
                              "4 4294967296 1 0.0001 4294924346 1 0.0001 250\n";

    (void)state;
    claim_parsed(
        "owping", "latency", "{}", out, "", 0,
        "{\"succeeded\":true,\"schema\":1,\"packets-sent\":5,\"packets-received\":4,\"packets-lost\":1,"
        "\"packets-duplicated\":1,\"packets-reordered\":1,\"max-clock-error\":0.3,"
        "\"histogram-latency\":{\"-0.01\":1,\"1.00\":2,\"2.00\":1},\"histogram-ttl\":{\"249\":1,\"250\":3}}");
}

static void raw_packets_are_there_on_demand(void **state)
{
    (void)state;
    claim_parsed(
        "owping", "latency", "{\"output-raw\":true,\"bucket-width\":0.5}",
        "0 18446744073709551615 0 1.5e-05 18446744073709551615 1 0 64\n", "", 0,
        "{\"succeeded\":true,\"schema\":1,\"packets-sent\":1,\"packets-received\":1,\"packets-lost\":0,"
        "\"packets-duplicated\":0,\"packets-reordered\":0,\"max-clock-error\":0.02,"
        "\"histogram-latency\":{\"0.00\":1},\"histogram-ttl\":{\"64\":1},\"raw-packets\":["
        "{\"seq-num\":0,\"src-ts\":18446744073709551615,\"src-clock-sync\":false,\"src-clock-err\":1.5e-05,"
        "\"dst-ts\":18446744073709551615,\"dst-clock-sync\":true,\"dst-clock-err\":0,\"ip-ttl\":64}]}");
}

static void what_is_no_line_of_owping_is_a_failure(void **state)
{
    static const char *const bad[] = {"0 1 1 0.1 2 1 0.1\n",      "0 1 1 0.1 2 1 0.1 255 9\n",
                                      "-1 1 1 0.1 2 1 0.1 255\n", "0 1 2 0.1 2 1 0.1 255\n",
                                      "0 1 1 nan 2 1 0.1 255\n",  "0 1 1 0.1 2 1 0.1 256\n"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        claim_parsed("owping", "latency", "{}", bad[i], "", 0,
                     "error: owping: its output cannot be read: malformed input");
    claim_parsed("owping", "latency", "{}", "", "owping: 192.0.2.1: Connection refused\n", 3,
                 "error: owping: 192.0.2.1: Connection refused");
    claim_parsed("owping", "latency", "{}", "", "", 0, "error: owping wrote nothing (exit status 0)");
}

static void a_command_line_has_what_the_spec_has(void **state)
{
    (void)state;
    claim_command("owping", "latency", "{}", NULL, 0, "-R -c 100 -i 0.1 -t '[192.0.2.1]:861'");
    claim_command("owping", "latency",
                  "{\"ip-tos\":184,\"packet-padding\":100,\"data-ports\":{\"lower\":8000,\"upper\":8100},"
                  "\"packet-count\":20,\"packet-interval\":0.001,\"packet-timeout\":3,\"ctrl-port\":8861,"
                  "\"flip\":true}",
                  "192.0.2.7", 4,
                  "-R -D 46 -s 100 -P 8000-8100 -c 20 -i 0.001 -L 3 -4 -f -S 192.0.2.7 '[192.0.2.1]:8861'");
}

static void what_they_cannot_they_decline(void **state)
{
    (void)state;
    claim_reasons("owping", "latency", "{\"protocol\":\"owamp\"}", "");
    claim_reasons("owping", "latency", "{\"protocol\":\"twamp\",\"reverse\":true,\"ip-tos\":3}",
                  "Does not support reverse.|Supports the protocol owamp only, not twamp.|"
                  "Supports an ip-tos that is a DSCP, a multiple of 4, only.");
    claim_reasons("owping", "latency", "{\"flip\":true}",
                  "With flip a source is wanted, whose server sends the packets.");
    claim_reasons("powstream", "latencybg", "{\"flip\":true,\"source\":\"192.0.2.1\"}", "");
    claim_reasons("powstream", "latencybg", "{\"flip\":true}",
                  "With flip a source is wanted, whose server sends the packets.");
    claim_reasons("powstream", "latencybg", "{\"schema\":2,\"protocol\":\"owamp\",\"ip-tos\":184}", "");
    claim_reasons("powstream", "latencybg",
                  "{\"packet-count\":1,\"packet-interval\":0.01,\"bucket-width\":0.0001}",
                  "A session, packet-count times packet-interval, has to last 0.1 s.|"
                  "Supports a bucket-width of 0.001 only.");
}

static void durations_are_those_of_pscheduler(void **state)
{
    (void)state;
    claim_duration("owping", "latency", "{}", 22 * PS_SEC);
    claim_duration("owping", "latency",
                   "{\"packet-count\":100000,\"packet-interval\":0.001,\"packet-timeout\":2}", 125 * PS_SEC);
    claim_duration("powstream", "latencybg", "{}", 86400 * PS_SEC);
    claim_duration("powstream", "latencybg", "{\"duration\":\"PT1H\"}", 3600 * PS_SEC);
}

// --- powstream

static void claim_request(const char *spec, const char *wanted)
{
    struct ps_fault fault = {""};
    struct ps_text t;
    struct spec s;
    char *text;

    open_spec(&s, "latencybg", spec);
    if (tl_powstream_add(ps_text_open(&t), "name", "/sp", s.test.spec, &fault))
        fprintf(t.json.file, "%s", fault.text);
    text = ps_text_close(&t, NULL);
    assert_string_equal(text, wanted);
    free(text);
    close_spec(&s);
}

static void a_spec_becomes_a_stream(void **state)
{
    (void)state;
    claim_request(
        "{\"dest\":\"h.example\"}",
        "{\"verb\":\"add\",\"stream\":{\"name\":\"name\",\"server\":\"h.example:861\",\"direction\":\"to\","
        "\"count\":600,\"interval\":0.1,\"timeout\":10,\"padding\":0,\"dscp\":0,\"raw\":false,"
        "\"spool\":\"/sp\"}}");
    claim_request(
        "{\"dest\":\"192.0.2.7\",\"source\":\"2001:db8::1\",\"flip\":true,\"ip-version\":6,\"ctrl-port\":"
        "8861,"
        "\"packet-count\":20,\"packet-interval\":0.5,\"packet-timeout\":2,\"packet-padding\":9,\"ip-tos\":"
        "184,"
        "\"output-raw\":true}",
        "{\"verb\":\"add\",\"stream\":{\"name\":\"name\",\"server\":\"[2001:db8::1]:8861\","
        "\"direction\":\"from\",\"family\":\"ipv6\",\"source\":\"192.0.2.7\",\"count\":20,\"interval\":0.5,"
        "\"timeout\":2,\"padding\":9,\"dscp\":46,\"raw\":true,\"spool\":\"/sp\"}}");
    claim_request("{\"source\":\"h.example\"}", "the test names no host to measure to");
}

static void claim_document(const char *text, const char *wanted)
{
    struct tl_answer a;
    struct spec s;

    open_spec(&s, "", text);
    tl_answer_init(&a);
    if (!tl_powstream_result(s.test.spec, &a))
        assert_string_equal("nothing", wanted);
    else
        assert_string_equal(a.succeeded ? a.text : a.error, wanted);
    tl_answer_fini(&a);
    close_spec(&s);
}

static void documents_become_results(void **state)
{
    (void)state;
    claim_document(
        "{\"type\":\"measurement\",\"schema\":1,\"stream\":\"x\",\"packets-sent\":2,\"packets-received\":1,"
        "\"packets-lost\":1,\"packets-duplicated\":0,\"packets-reordered\":0,\"max-clock-error\":0.30,"
        "\"histogram-latency\":{\"1.00\":1},\"histogram-ttl\":{\"255\":1},\"delay\":{\"min\":1}}",
        "{\"succeeded\":true,\"schema\":1,\"packets-sent\":2,\"packets-received\":1,\"packets-lost\":1,"
        "\"packets-duplicated\":0,\"packets-reordered\":0,\"max-clock-error\":0.30,"
        "\"histogram-latency\":{\"1.00\":1},\"histogram-ttl\":{\"255\":1}}");
    claim_document("{\"type\":\"step\",\"step\":3}", "nothing");
    claim_document("{}", "nothing");
}

static void claim_gap(const char *text, double wanted, const char *reason)
{
    double seconds;
    const char *why;
    struct spec s;

    open_spec(&s, "", text);
    assert_int_equal(tl_powstream_gap(s.test.spec, &seconds, &why), wanted > 0);
    if (wanted > 0) {
        assert_true(seconds == wanted);
        assert_string_equal(why, reason);
    }
    close_spec(&s);
}

static void gaps_tell_how_long_and_why(void **state)
{
    (void)state;
    claim_gap("{\"type\":\"gap\",\"seconds\":61.5,\"reason\":\"the control connection: Connection refused\"}",
              61.5, "the control connection: Connection refused");
    claim_gap("{\"type\":\"gap\",\"seconds\":2}", 2, "no reason was told");
    claim_gap("{\"type\":\"gap\",\"seconds\":0.15,\"reason\":\"setting up\"}", 0, "");
    claim_gap("{\"type\":\"measurement\"}", 0, "");
}

// wanted NULL: it cannot be said yet.
static void claim_trouble(const char *text, const char *wanted)
{
    char why[512];
    struct spec s;

    open_spec(&s, "", text);
    if (!tl_powstream_trouble(s.test.spec, why, sizeof why))
        assert_null(wanted);
    else
        assert_string_equal(why, wanted);
    close_spec(&s);
}

static void a_stream_that_measures_nothing_says_why(void **state)
{
    (void)state;
    claim_trouble("{\"server\":\"h\",\"port\":861,\"gap-open\":null}", "");
    claim_trouble("{\"server\":\"h\",\"port\":861,\"failures-in-a-row\":0,"
                  "\"gap-open\":{\"seconds\":1.5,\"reason\":\"setting up\"}}",
                  NULL);
    claim_trouble("{\"server\":\"h\",\"port\":8861,\"failures-in-a-row\":1,"
                  "\"gap-open\":{\"seconds\":1.5,\"reason\":\"Connection refused\"}}",
                  "h port 8861: Connection refused");
    claim_trouble("{\"server\":\"h\",\"port\":861,\"gap-open\":{\"seconds\":60,\"reason\":\"no address\"}}",
                  "h port 861: no address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_counted_as_pscheduler_counts),
        cmocka_unit_test(raw_packets_are_there_on_demand),
        cmocka_unit_test(what_is_no_line_of_owping_is_a_failure),
        cmocka_unit_test(a_command_line_has_what_the_spec_has),
        cmocka_unit_test(what_they_cannot_they_decline),
        cmocka_unit_test(durations_are_those_of_pscheduler),
        cmocka_unit_test(a_spec_becomes_a_stream),
        cmocka_unit_test(documents_become_results),
        cmocka_unit_test(gaps_tell_how_long_and_why),
        cmocka_unit_test(a_stream_that_measures_nothing_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
