// SPDX-License-Identifier: Apache-2.0
#include "tool_fix.h"

static void replies_become_round_trips(void **state)
{
    (void)state;
    claim_captured(
        "ping", "rtt", "{}", "ping_v4",
        "{\"succeeded\":true,\"schema\":1,\"roundtrips\":["
        "{\"seq\":1,\"ip\":\"127.0.0.1\",\"length\":64,\"ttl\":64,\"rtt\":\"PT0.00004S\"},"
        "{\"seq\":2,\"ip\":\"127.0.0.1\",\"length\":64,\"ttl\":64,\"rtt\":\"PT0.00005S\"},"
        "{\"seq\":3,\"ip\":\"127.0.0.1\",\"length\":64,\"ttl\":64,\"rtt\":\"PT0.000046S\"}],"
        "\"sent\":3,\"received\":3,\"lost\":0,\"loss\":0,\"duplicates\":0,\"reorders\":0,"
        "\"min\":\"PT0.00004S\",\"max\":\"PT0.00005S\",\"mean\":\"PT0.000045S\",\"stddev\":\"PT0.000004S\"}");
    claim_captured("ping", "rtt", "{}", "ping_v6",
                   "{\"succeeded\":true,\"schema\":1,\"roundtrips\":["
                   "{\"seq\":1,\"ip\":\"::1\",\"length\":64,\"ttl\":64,\"rtt\":\"PT0.000034S\"},"
                   "{\"seq\":2,\"ip\":\"::1\",\"length\":64,\"ttl\":64,\"rtt\":\"PT0.000048S\"}],"
                   "\"sent\":2,\"received\":2,\"lost\":0,\"loss\":0,\"duplicates\":0,\"reorders\":0,"
                   "\"min\":\"PT0.000034S\",\"max\":\"PT0.000048S\",\"mean\":\"PT0.000041S\",\"stddev\":"
                   "\"PT0.000007S\"}");
}

static void a_packet_too_short_for_a_time_has_none(void **state)
{
    (void)state;
    claim_captured("ping", "rtt", "{}", "ping_short",
                   "{\"succeeded\":true,\"schema\":1,\"roundtrips\":["
                   "{\"seq\":1,\"ip\":\"127.0.0.1\",\"length\":16,\"ttl\":64},"
                   "{\"seq\":2,\"ip\":\"127.0.0.1\",\"length\":16,\"ttl\":64}],"
                   "\"sent\":2,\"received\":2,\"lost\":0,\"loss\":0,\"duplicates\":0,\"reorders\":0}");
}

static void nothing_came_is_a_result(void **state)
{
    (void)state;
    claim_captured(
        "ping", "rtt", "{}", "ping_nohost",
        "{\"succeeded\":true,\"schema\":1,\"roundtrips\":[],\"sent\":2,\"received\":0,\"lost\":2,\"loss\":1,"
        "\"duplicates\":0,\"reorders\":0}");
}

static void claim_error(const char *name, const char *ip, const char *error)
{
    char *out = captured(name), *got = parsed("ping", "rtt", "{}", out, "", 1), wanted[200];

    snprintf(wanted, sizeof wanted, "{\"seq\":1,\"ip\":\"%s\",\"error\":\"%s\"}", ip, error);
    if (!strstr(got, wanted))
        fail_msg("%s: %s is not in %s", name, wanted, got);
    free(got);
    free(out);
}

static void errors_have_their_names(void **state)
{
    (void)state;
    claim_error("ping_unreachable", "192.0.2.9", "net-unreachable");
    claim_error("ping_unreachable6", "fd98::fe", "net-unreachable");
    claim_error("ping_prohibited", "10.98.0.254", "communication-administratively-prohibited");
    claim_error("ping_prohibited6", "fd98::fe", "communication-administratively-prohibited");
    claim_error("ping_ttl", "10.98.0.254", "time-exceeded");
    claim_error("ping_ttl6", "fd98::fe", "time-exceeded");
    claim_error("ping_frag", "10.98.0.254", "fragmentation-needed-and-df-set");
    claim_error("ping_frag6", "fd98::fe", "packet-too-big");
}

static void duplicates_and_what_is_out_of_order_are_counted(void **state)
{
    static const char out[] =
        "PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data.\n"
        "64 bytes from 192.0.2.1: icmp_seq=2 ttl=60 time=10 ms\n"
        "64 bytes from host.example (192.0.2.1): icmp_seq=1 ttl=60 time=1010.25 ms\n"
        "64 bytes from 192.0.2.1: icmp_seq=2 ttl=60 time=12.0 ms (DUP!)\n"
        "\n--- 192.0.2.1 ping statistics ---\n"
        "4 packets transmitted, 2 received, +1 duplicates, +1 errors, 50% packet loss, time 3ms\n"
        "rtt min/avg/max/mdev = 10.000/510.125/1010.250/500.125 ms, pipe 2\n";

    (void)state;
    claim_parsed(
        "ping", "rtt", "{}", out, "", 0,
        "{\"succeeded\":true,\"schema\":1,\"roundtrips\":["
        "{\"seq\":2,\"ip\":\"192.0.2.1\",\"length\":64,\"ttl\":60,\"rtt\":\"PT0.01S\"},"
        "{\"seq\":1,\"ip\":\"192.0.2.1\",\"length\":64,\"ttl\":60,\"rtt\":\"PT1.01025S\"},"
        "{\"seq\":2,\"ip\":\"192.0.2.1\",\"length\":64,\"ttl\":60,\"rtt\":\"PT0.012S\"}],"
        "\"sent\":4,\"received\":2,\"lost\":2,\"loss\":0.5,\"duplicates\":1,\"reorders\":1,"
        "\"min\":\"PT0.01S\",\"max\":\"PT1.01025S\",\"mean\":\"PT0.510125S\",\"stddev\":\"PT0.500125S\"}");
}

static void a_complaint_is_the_reason(void **state)
{
    (void)state;
    claim_parsed("ping", "rtt", "{}", "", "ping: nosuch.example: Name or service not known\n", 2,
                 "error: ping: nosuch.example: Name or service not known");
    claim_parsed("ping", "rtt", "{}", "", "/usr/bin/ping: cap_set_proc: Operation not permitted\n", 2,
                 "error: ping: cap_set_proc: Operation not permitted");
    claim_parsed("ping", "rtt", "{}", "", "", 2, "error: ping wrote nothing (exit status 2)");
    claim_parsed("ping", "rtt", "{}", "PING x\n0 packets transmitted, 0 received\n", "", 1,
                 "error: ping: 0 packets transmitted, 0 received");
}

static void names_that_are_known_stand_in_the_result(void **state)
{
    static const char out[] = "64 bytes from 192.0.2.1: icmp_seq=1 ttl=60 time=10 ms\n"
                              "1 packets transmitted, 1 received, 0% packet loss, time 0ms\n";
    struct tl_said said = {.test = {.type = "rtt"}, .out = out, .out_len = sizeof out - 1, .err = ""};
    struct tl_names names;
    struct tl_answer a;

    (void)state;
    tl_answer_init(&a);
    assert_int_equal(tl_names_init(&names, true, false), 0);
    tl_ping.parse(&said, &names, &a);
    assert_int_equal(names.n, 1);
    strcpy(tl_names_get(&names, "192.0.2.1")->host, "host.example");
    tl_ping.parse(&said, &names, &a);
    assert_int_equal(names.n, 1);
    assert_non_null(strstr(a.text, "\"ip\":\"192.0.2.1\",\"hostname\":\"host.example\","));
    tl_answer_fini(&a);
    tl_names_fini(&names);
}

static void a_command_line_has_what_the_spec_has(void **state)
{
    (void)state;
    claim_command("ping", "rtt", "{}", NULL, 0, "-n -c 5 -i 1 -W 1 192.0.2.1");
    claim_command(
        "ping", "rtt",
        "{\"count\":3,\"interval\":\"PT0.25S\",\"fragment\":false,\"suppress-loopback\":true,\"ip-tos\":184,"
        "\"length\":1000,\"ttl\":5,\"deadline\":\"PT9.5S\",\"timeout\":\"PT0.5S\"}",
        "192.0.2.7", 4,
        "-4 -n -c 3 -M do -i 0.25 -I 192.0.2.7 -L -Q 184 -s 1000 -t 5 -w 10 -W 0.5 192.0.2.1");
    claim_command("ping", "rtt", "{\"flow-label\":7,\"fragment\":true}", NULL, 6,
                  "-6 -n -c 5 -F 7 -M want -i 1 -W 1 192.0.2.1");
}

static void what_it_cannot_it_declines(void **state)
{
    (void)state;
    claim_reasons("ping", "rtt", "{\"count\":3}", "");
    claim_reasons("ping", "rtt", "{\"schema\":5}", "Unsupported schema version 5; the highest is 4.");
    claim_reasons("ping", "rtt", "{\"protocol\":\"tcp\",\"port\":80}",
                  "Supports the protocol icmp only, not tcp.|Does not support port.");
    claim_reasons("ping", "rtt", "{\"flow-label\":3,\"ip-version\":4}", "There are no flow labels in IPv4.");
    claim_reasons("ping", "rtt", "{\"interval\":\"PT0.001S\"}", "An interval below 2 ms needs root.");
    claim_reasons("ping", "rtt", "{\"length\":65507}", "");
    claim_reasons("ping", "rtt", "{\"length\":65508}", "A length of more than 65507 fits no packet.");
    claim_reasons("ping", "trace", "{}", "Does not run tests of the type trace.");
}

static void a_duration_has_time_for_names(void **state)
{
    (void)state;
    claim_duration("ping", "rtt", "{}", 10 * PS_SEC);
    claim_duration("ping", "rtt", "{\"hostnames\":false}", 8 * PS_SEC);
    claim_duration("ping", "rtt",
                   "{\"hostnames\":false,\"count\":2,\"interval\":\"PT0.3S\",\"timeout\":\"PT1S\"}",
                   4 * PS_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_become_round_trips),
        cmocka_unit_test(a_packet_too_short_for_a_time_has_none),
        cmocka_unit_test(nothing_came_is_a_result),
        cmocka_unit_test(errors_have_their_names),
        cmocka_unit_test(duplicates_and_what_is_out_of_order_are_counted),
        cmocka_unit_test(a_complaint_is_the_reason),
        cmocka_unit_test(names_that_are_known_stand_in_the_result),
        cmocka_unit_test(a_command_line_has_what_the_spec_has),
        cmocka_unit_test(what_it_cannot_it_declines),
        cmocka_unit_test(a_duration_has_time_for_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
