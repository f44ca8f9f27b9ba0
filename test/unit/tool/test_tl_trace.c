// SPDX-License-Identifier: Apache-2.0
// traceroute and tracepath.
#include "tool_fix.h"

#define RESULT "{\"succeeded\":true,\"schema\":1,\"paths\":"

static void each_probe_has_a_path(void **state)
{
    (void)state;
    claim_captured(
        "traceroute", "trace", "{}", "traceroute_two",
        RESULT
        "[[{\"ip\":\"10.98.0.254\",\"rtt\":\"PT0.000054S\"},{\"ip\":\"10.98.1.1\",\"rtt\":\"PT0.000097S\"}],"
        "[{\"ip\":\"10.98.0.254\",\"rtt\":\"PT0.000011S\"},{\"ip\":\"10.98.1.1\",\"rtt\":\"PT0.000013S\"}],"
        "[{\"ip\":\"10.98.0.254\",\"rtt\":\"PT0.000009S\"},{\"ip\":\"10.98.1.1\",\"rtt\":\"PT0.000011S\"}]]"
        "}");
}

static void probes_of_a_hop_may_come_from_several(void **state)
{
    (void)state;
    claim_parsed("traceroute", "trace", "{}", " 1  * 192.0.2.1  3.045 ms 198.51.100.1  2.1 ms !X\n", "", 0,
                 RESULT "[[{}],[{\"ip\":\"192.0.2.1\",\"rtt\":\"PT0.003045S\"}],"
                        "[{\"ip\":\"198.51.100.1\",\"rtt\":\"PT0.0021S\","
                        "\"error\":\"communication-administratively-prohibited\"}]]}");
}

static void a_hop_without_an_answer_is_empty(void **state)
{
    (void)state;
    claim_captured("traceroute", "trace", "{}", "traceroute_stars",
                   RESULT "[[{\"ip\":\"10.98.0.254\",\"rtt\":\"PT0.000054S\"},{},{}],"
                          "[{\"ip\":\"10.98.0.254\",\"rtt\":\"PT0.000008S\"},{},{}]]}");
    claim_captured("traceroute", "trace", "{}", "traceroute_unreachable", RESULT "[[{},{},{}]]}");
}

static void marks_of_traceroute_are_errors(void **state)
{
    (void)state;
    claim_captured("traceroute", "trace", "{}", "traceroute_prohibited",
                   RESULT "[[{\"ip\":\"10.98.0.254\",\"rtt\":\"PT0.000056S\","
                          "\"error\":\"communication-administratively-prohibited\"}]]}");
    claim_captured("traceroute", "trace", "{}", "traceroute_unreachable6",
                   RESULT "[[{\"ip\":\"fd98::fe\",\"rtt\":\"PT0.000059S\",\"error\":\"net-unreachable\"}]]}");
    claim_captured("traceroute", "trace", "{}", "traceroute_frag",
                   RESULT
                   "[[{\"ip\":\"10.98.0.254\",\"rtt\":\"PT0.00006S\"},{\"ip\":\"10.98.0.254\","
                   "\"rtt\":\"PT0.000011S\",\"mtu\":1400,\"error\":\"fragmentation-needed-and-df-set\"}]]}");
    claim_parsed(
        "traceroute", "trace", "{}", " 1  192.0.2.1  1 ms !12\n 2  192.0.2.2  1 ms !77\n", "", 0,
        RESULT
        "[[{\"ip\":\"192.0.2.1\",\"rtt\":\"PT0.001S\",\"error\":\"icmp-destination-host-unreachable-tos\"},"
        "{\"ip\":\"192.0.2.2\",\"rtt\":\"PT0.001S\",\"error\":\"other\"}]]}");
}

static void a_trace_may_begin_further_on(void **state)
{
    (void)state;
    claim_parsed("traceroute", "trace", "{\"first-ttl\":3}", " 3  192.0.2.1  1 ms\n 4  *\n", "", 0,
                 RESULT "[[{\"ip\":\"192.0.2.1\",\"rtt\":\"PT0.001S\"},{}]]}");
}

static void what_is_no_trace_is_a_failure(void **state)
{
    (void)state;
    claim_parsed(
        "traceroute", "trace", "{}", "",
        "nosuch.example: Name or service not known\nCannot handle \"host\" cmdline arg `nosuch.example'\n", 2,
        "error: traceroute: nosuch.example: Name or service not known");
    claim_parsed("traceroute", "trace", "{}", "traceroute to x, 30 hops max\n 0 x\n 256  *\n", "", 0,
                 "error: traceroute:  256  *");
    claim_parsed("tracepath", "trace", "{}", "", "tracepath: nosuch.example: Name or service not known\n", 1,
                 "error: tracepath: nosuch.example: Name or service not known");
    claim_parsed("tracepath", "trace", "{}", " 1?: [LOCALHOST]  pmtu 1500\n", "", 0,
                 "error: tracepath:  1?: [LOCALHOST]  pmtu 1500");
}

static void tracepath_tells_hops(void **state)
{
    (void)state;
    claim_captured("tracepath", "trace", "{}", "tracepath_two",
                   RESULT "[[{\"ip\":\"10.98.0.254\",\"rtt\":\"PT0.000096S\"},{\"ip\":\"10.98.1.1\",\"rtt\":"
                          "\"PT0.000042S\"}]]}");
    claim_captured(
        "tracepath", "trace", "{}", "tracepath_two6",
        RESULT
        "[[{\"ip\":\"fd98::fe\",\"rtt\":\"PT0.00006S\"},{\"ip\":\"fd99::1\",\"rtt\":\"PT0.000103S\"}]]}");
    claim_captured(
        "tracepath", "trace", "{}", "tracepath_prohibited",
        RESULT "[[{},{},{\"ip\":\"10.98.0.254\",\"rtt\":\"PT0.000089S\",\"error\":\"host-unreachable\"}]]}");
}

static void an_mtu_stands_at_the_hop_that_told_it(void **state)
{
    (void)state;
    claim_parsed("tracepath", "trace", "{}",
                 " 1?: [LOCALHOST]  pmtu 1500\n 1:  192.0.2.1   0.5ms pmtu 1400\n 1:  192.0.2.1   0.4ms \n"
                 " 2:  no reply\n 3:  192.0.2.3  10.25ms asymm  4 \n",
                 "", 0,
                 RESULT "[[{\"ip\":\"192.0.2.1\",\"rtt\":\"PT0.0004S\",\"mtu\":1400},{},"
                        "{\"ip\":\"192.0.2.3\",\"rtt\":\"PT0.01025S\"}]]}");
}

static void systems_stand_at_their_hops(void **state)
{
    static const char out[] = " 1  192.0.2.1  1 ms\n 2  192.0.2.2  1 ms\n";
    struct tl_said said = {.test = {.type = "trace"}, .out = out, .out_len = sizeof out - 1, .err = ""};
    struct tl_names names;
    struct tl_answer a;

    (void)state;
    tl_answer_init(&a);
    assert_int_equal(tl_names_init(&names, true, true), 0);
    tl_traceroute.parse(&said, &names, &a);
    tl_names_get(&names, "192.0.2.1")->asn = 64500;
    strcpy(tl_names_get(&names, "192.0.2.1")->owner, "EXAMPLE, US");
    tl_names_get(&names, "192.0.2.2")->asn = 64501;
    tl_traceroute.parse(&said, &names, &a);
    assert_string_equal(a.text,
                        RESULT "[[{\"ip\":\"192.0.2.1\",\"as\":{\"number\":64500,\"owner\":\"EXAMPLE, US\"},"
                               "\"rtt\":\"PT0.001S\"},"
                               "{\"ip\":\"192.0.2.2\",\"as\":{\"number\":64501},\"rtt\":\"PT0.001S\"}]]}");
    tl_answer_fini(&a);
    tl_names_fini(&names);
}

static void command_lines_have_what_the_spec_has(void **state)
{
    (void)state;
    claim_command("traceroute", "trace", "{}", NULL, 0, "-q 1 -m 30 -N 30 -n 192.0.2.1");
    claim_command("traceroute", "trace",
                  "{\"queries\":3,\"probe-type\":\"tcp\",\"fragment\":false,\"first-ttl\":2,\"hops\":9,"
                  "\"dest-port\":80,"
                  "\"ip-tos\":4,\"wait\":\"PT2S\",\"sendwait\":\"PT0.1S\",\"length\":90}",
                  "192.0.2.7", 4,
                  "-q 3 -4 -T -F -f 2 -s 192.0.2.7 -m 9 -N 9 -n -p 80 -t 4 -w 2 -z 0.1 192.0.2.1 90");
    claim_command("tracepath", "trace", "{\"length\":90,\"hops\":9,\"dest-port\":8000}", NULL, 6,
                  "-n -6 -l 90 -m 9 -p 8000 192.0.2.1");
}

static void what_they_cannot_they_decline(void **state)
{
    (void)state;
    claim_reasons("traceroute", "trace", "{}", "");
    claim_reasons("traceroute", "trace", "{\"probe-type\":\"icmp\"}", "The probe type icmp needs root.");
    claim_reasons("traceroute", "trace", "{\"algorithm\":\"paris-traceroute\",\"probe-type\":\"sctp\"}",
                  "Does not support algorithm.|Does not support the probe type sctp.");
    claim_reasons(
        "tracepath", "trace", "{\"schema\":2,\"wait\":\"PT1S\",\"queries\":2}",
        "Unsupported schema version 2; the highest is 1.|Does not support wait.|Supports one query only.");
}

static void durations_have_room(void **state)
{
    (void)state;
    claim_duration("traceroute", "trace", "{}", 11 * PS_SEC);
    claim_duration("traceroute", "trace",
                   "{\"hostnames\":false,\"as\":false,\"hops\":10,\"sendwait\":\"PT1S\"}", 17 * PS_SEC);
    claim_duration("tracepath", "trace", "{}", 94 * PS_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_probe_has_a_path),
        cmocka_unit_test(probes_of_a_hop_may_come_from_several),
        cmocka_unit_test(a_hop_without_an_answer_is_empty),
        cmocka_unit_test(marks_of_traceroute_are_errors),
        cmocka_unit_test(a_trace_may_begin_further_on),
        cmocka_unit_test(what_is_no_trace_is_a_failure),
        cmocka_unit_test(tracepath_tells_hops),
        cmocka_unit_test(an_mtu_stands_at_the_hop_that_told_it),
        cmocka_unit_test(systems_stand_at_their_hops),
        cmocka_unit_test(command_lines_have_what_the_spec_has),
        cmocka_unit_test(what_they_cannot_they_decline),
        cmocka_unit_test(durations_have_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
