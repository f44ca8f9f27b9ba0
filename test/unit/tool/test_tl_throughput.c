// SPDX-License-Identifier: Apache-2.0
// iperf3 and nuttcp.
#include "tool_fix.h"
#include "tool/tl_iperf3_auth.h"

static void claim_has(const char *got, const char *wanted)
{
    if (!strstr(got, wanted))
        fail_msg("%s is not in %s", wanted, got);
}

static void iperf3_tells_intervals_streams_and_sums(void **state)
{
    char *out = captured("iperf3_reverse.json"), *got = parsed("iperf3", "throughput", "{}", out, "", 0);

    (void)state;
    claim_has(
        got, "{\"succeeded\":true,\"intervals\":[{\"streams\":[{\"stream-id\":5,\"start\":0,\"end\":1.000095,"
             "\"throughput-bytes\":2621440,\"throughput-bits\":20969527.689289048,\"omitted\":true}],"
             "\"summary\":{");
    claim_has(
        got,
        "],\"summary\":{\"streams\":[{\"stream-id\":5,\"start\":0,\"end\":1.002087,"
        "\"throughput-bytes\":2490368,\"throughput-bits\":19881451.410905443,\"retransmits\":0,\"rtt\":0,"
        "\"receiver-throughput-bits\":19924139.4483669}],"
        "\"summary\":{\"start\":0,\"end\":1.002087,\"throughput-bytes\":2490368,"
        "\"throughput-bits\":19881451.410905443,\"retransmits\":0,"
        "\"receiver-throughput-bits\":19924139.4483669}},\"mss\":32768,\"tcp-window-size\":16384}");
    free(got);
    free(out);
}

static void parallel_streams_of_iperf3_repeat_keys(void **state)
{
    char *out = captured("iperf3_tcp.json"), *got = parsed("iperf3", "throughput", "{}", out, "", 0);

    (void)state;
    claim_has(got, "\"stream-id\":5,");
    claim_has(got, "\"stream-id\":7,");
    claim_has(got, "\"throughput-bytes\":25165824,\"throughput-bits\":100656149.41339165");
    free(got);
    free(out);
}

static void what_udp_lost_stands_in_the_sum(void **state)
{
    char *out = captured("iperf3_udp.json"), *got = parsed("iperf3", "throughput", "{}", out, "", 0);

    (void)state;
    claim_has(got,
              "\"summary\":{\"start\":0,\"end\":2.000306,\"throughput-bytes\":262144,"
              "\"throughput-bits\":1048532.485901835,\"jitter\":0.15131363252177837,\"sent\":8,\"lost\":0,"
              "\"receiver-throughput-bits\":1048415.5924143605}}}");
    free(got);
    free(out);
}

static void iperf3_says_why(void **state)
{
    (void)state;
    claim_captured("iperf3", "throughput", "{}", "iperf3_refused.json",
                   "error: iperf3: unable to connect to server: Connection refused");
    claim_parsed("iperf3", "throughput", "{}", "", "iperf3: parameter error - some option\n", 1,
                 "error: iperf3: parameter error - some option");
    claim_parsed("iperf3", "throughput", "{}", "{\"start\":{},\"intervals\":[],\"end\":{}}", "", 0,
                 "error: iperf3: the test did not come to its end");
    claim_parsed("iperf3", "throughput", "{}", "{\"start\":", "", 0,
                 "error: iperf3: its output cannot be read: iperf3:1: wants a value; got the end");
}

static void a_command_line_of_iperf3_has_what_the_spec_has(void **state)
{
    (void)state;
    claim_command("iperf3", "throughput", "{}", NULL, 0, "-p 5201 -c 192.0.2.1 -t 10 --json");
    claim_command(
        "iperf3", "throughput",
        "{\"single-ended\":true,\"single-ended-port\":6000,\"duration\":\"PT20S\",\"interval\":\"PT2S\","
        "\"parallel\":3,\"window-size\":1000000,\"mss\":1400,\"omit\":\"PT1S\",\"bandwidth\":5000000,"
        "\"burst-size\":10,\"ip-tos\":4,\"congestion\":\"cubic\",\"zero-copy\":true,\"no-delay\":true,"
        "\"reverse\":true,\"client-cpu-affinity\":1,\"server-cpu-affinity\":2,\"fq-rate\":7000000}",
        "192.0.2.7", 4,
        "-p 6000 -4 -B 192.0.2.7 -c 192.0.2.1 -t 20 --json -i 2 -P 3 -w 1000000 -M 1400 -O 1 -b 5000000/10 "
        "--fq-rate 7000000 -S 4 -C cubic -Z -N -R -A 1,2");
    claim_command("iperf3", "throughput",
                  "{\"udp\":true,\"buffer-length\":1000,\"local-address\":\"192.0.2.8\"}", "192.0.2.7", 0,
                  "-p 5201 -B 192.0.2.8 -c 192.0.2.1 -t 10 --json -u -l 1000");
}

// The command line of one of two participants, of a test whose destination this host has or not.
static void claim_end(const char *tool, unsigned participant, const char *spec, const char *here,
                      const char *parts, const char *wanted)
{
    const struct tl_tool *t = tl_tool_find(tool);
    struct tl_site site = {.raw = true};
    struct tl_argv argv;
    struct ps_buf text;
    struct spec s, p;

    open_spec(&s, "throughput", spec);
    open_spec(&p, "", parts);
    struct tl_job job = {.site = &site,
                         .test = s.test,
                         .near = participant == 0 ? "192.0.2.7" : NULL,
                         .far = "192.0.2.1",
                         .here = here,
                         .duration = 10 * PS_SEC,
                         .participant = participant,
                         .parts = p.test.spec};
    tl_argv_init(&argv);
    t->command(&job, &argv);
    ps_buf_init(&text, 0);
    assert_int_equal(tl_argv_show(&argv, &text), 0);
    assert_int_equal(ps_buf_append(&text, "", 1), 0);
    assert_string_equal((char *)ps_buf_head(&text), wanted);
    assert_true(participant == 1 || t->lag(&job) >= 2 * PS_SEC);
    assert_true(participant == 0 || t->lag(&job) == 0);
    ps_buf_fini(&text);
    close_spec(&s);
    close_spec(&p);
}

static void claim_role(const char *tool, unsigned participant, const char *parts, const char *wanted)
{
    claim_end(tool, participant, "{\"duration\":\"PT5S\"}", NULL, parts, wanted);
}

static void two_participants_are_client_and_server(void **state)
{
    (void)state;
    claim_role("iperf3", 0, "[{},{\"server_port\":5300}]", "-p 5300 -B 192.0.2.7 -c 192.0.2.1 -t 5 --json");
    claim_role("iperf3", 1, "[{},{\"server_port\":5300}]", "-s -1 --idle-timeout 13 --json -p 5300");
    claim_role("nuttcp", 0, "[{},{\"server_port\":5010,\"data_port_start\":5200}]",
               "-fparse -p5200 -P5010 -T5 -i1 192.0.2.1");
    claim_role("nuttcp", 1, "[{},{\"server_port\":5010,\"data_port_start\":5200}]",
               "-S -1 --nofork -p5200 -P5010");
}

#define AUTH                                                                          \
    "\"_auth\":{\"private\":\"PRIVATE\",\"public\":\"PUBLIC\",\"username\":\"user\"," \
    "\"password\":\"hush\",\"credentials\":\"user,SHA\\n\"}"

static void the_client_of_a_server_that_wants_a_password_has_it_on_no_command_line(void **state)
{
    (void)state;
    claim_role("iperf3", 0, "[{\"schema\":3},{\"server_port\":5300," AUTH "}]",
               "-p 5300 -B 192.0.2.7 -c 192.0.2.1 -t 5 --json --rsa-public-key-path iperf3-public.pem "
               "--username user");
    claim_role("iperf3", 1, "[{\"schema\":3},{" AUTH "}]",
               "-s -1 --idle-timeout 13 --json -p 5201 --authorized-users-path iperf3-users "
               "--rsa-private-key-path iperf3-private.pem");
    // One that does not know of passwords gets in without.
    claim_role("iperf3", 1, "[{},{" AUTH "}]", "-s -1 --idle-timeout 13 --json -p 5201");
    // Half of what it takes is nothing.
    claim_role("iperf3", 0, "[{\"schema\":3},{\"_auth\":{\"username\":\"user\",\"password\":\"hush\"}}]",
               "-p 5201 -B 192.0.2.7 -c 192.0.2.1 -t 5 --json");
}

static void what_is_secret_goes_into_files_and_the_environment(void **state)
{
    struct tl_job job = {.participant = 0};
    struct tl_secrets got = {.n = 0};
    struct spec parts;

    (void)state;
    open_spec(&parts, "", "[{\"schema\":3},{" AUTH "}]");
    job.parts = parts.test.spec;
    tl_iperf3.secrets(&job, &got);
    assert_int_equal(got.n, 1);
    assert_string_equal(got.files[0].text, "PUBLIC");
    assert_string_equal(got.variable.name, "IPERF3_PASSWORD");
    assert_string_equal(got.variable.text, "hush");
    job.participant = 1;
    got = (struct tl_secrets){.n = 0};
    tl_iperf3.secrets(&job, &got);
    assert_int_equal(got.n, 2);
    assert_string_equal(got.files[0].text, "PRIVATE");
    assert_string_equal(got.files[1].text, "user,SHA\n");
    assert_null(got.variable.name);
    close_spec(&parts);
}

static void claim_padding(const char *own, const char *parts, bool wanted)
{
    struct tl_site site = {.raw = true};
    struct tl_job job = {.site = &site, .participant = 0};
    struct tl_argv argv;
    struct spec p;

    snprintf(site.iperf3_version, sizeof site.iperf3_version, "%s", own);
    open_spec(&p, "", parts);
    job.parts = p.test.spec;
    tl_argv_init(&argv);
    tl_iperf3_auth_command(&job, &argv);
    assert_true(argv.n >= 4);
    assert_int_equal(strcmp(argv.words[0], "--use-pkcs1-padding") == 0, wanted);
    close_spec(&p);
}

static void a_new_iperf3_pads_as_an_old_one_where_the_other_is_one(void **state)
{
    (void)state;
    claim_padding("3.12", "[{},{" AUTH ",\"iperf3-version\":\"3.17\"}]", false);
    claim_padding("3.17", "[{},{" AUTH ",\"iperf3-version\":\"3.17.1\"}]", false);
    claim_padding("3.17.1", "[{},{" AUTH ",\"iperf3-version\":\"3.9\"}]", true);
    claim_padding("3.20", "[{},{" AUTH "}]", true);
    claim_padding("", "[{},{" AUTH "}]", false);
}

static void nuttcp_tells_intervals_and_the_whole(void **state)
{
    (void)state;
    claim_captured(
        "nuttcp", "throughput", "{}", "nuttcp_udp.txt",
        "{\"succeeded\":true,\"intervals\":[{\"streams\":[{\"stream-id\":1,\"start\":0,\"end\":1,"
        "\"throughput-bytes\":122893,\"throughput-bits\":982900,\"sent\":15,\"lost\":0}],"
        "\"summary\":{\"stream-id\":1,\"start\":0,\"end\":1,\"throughput-bytes\":122893,"
        "\"throughput-bits\":982900,\"sent\":15,\"lost\":0}}],"
        "\"summary\":{\"streams\":[{\"stream-id\":1,\"start\":0,\"end\":2.03,\"throughput-bytes\":253965,"
        "\"throughput-bits\":999900,\"sent\":31,\"lost\":0}],"
        "\"summary\":{\"stream-id\":1,\"start\":0,\"end\":2.03,\"throughput-bytes\":253965,"
        "\"throughput-bits\":999900,\"sent\":31,\"lost\":0}}}");
    char *out = captured("nuttcp_rev.txt"), *got = parsed("nuttcp", "throughput", "{}", out, "", 0);
    claim_has(
        got,
        "\"start\":1,\"end\":2,\"throughput-bytes\":6225920,\"throughput-bits\":49804400,\"retransmits\":0");
    free(got);
    free(out);
}

static void nuttcp_says_why(void **state)
{
    char *err = captured("nuttcp_refused.txt");

    (void)state;
    claim_parsed("nuttcp", "throughput", "{}", "", err, 1, "error: nuttcp: connect: Connection refused");
    claim_parsed("nuttcp", "throughput", "{}", "megabytes=1 real_sec=1.00 rate_Mbps=8\n", "", 0,
                 "error: nuttcp: megabytes=1 real_sec=1.00 rate_Mbps=8");
    free(err);
}

static void a_command_line_of_nuttcp_has_what_the_spec_has(void **state)
{
    (void)state;
    claim_command(
        "nuttcp", "throughput",
        "{\"single-ended\":true,\"single-ended-port\":6000,\"duration\":\"PT20S\",\"interval\":\"PT2S\","
        "\"parallel\":3,\"window-size\":1048576,\"mss\":1400,\"bandwidth\":5000000,\"bandwidth-strict\":true,"
        "\"ip-tos\":4,\"reverse\":true}",
        NULL, 6, "-fparse -p5101 -P6000 -6 -T20 -i2 -N3 -w1024 -M1400 -Ri5000 -c4t -r -F 192.0.2.1");
    claim_command("nuttcp", "throughput", "{\"udp\":true,\"buffer-length\":1000}", NULL, 0,
                  "-fparse -p5101 -P5000 -T10 -i1 -Ru -u -l1000 192.0.2.1");
}

static void what_they_cannot_they_decline(void **state)
{
    (void)state;
    claim_reasons("iperf3", "throughput", "{\"single-ended\":true}", "");
    claim_reasons("iperf3", "throughput", "{\"bandwidth-strict\":true,\"reverse-connections\":true}",
                  "Does not support reverse-connections.|Does not support bandwidth-strict.");
    claim_reasons("nuttcp", "throughput", "{\"no-delay\":false,\"udp\":true}", "");
    claim_reasons("nuttcp", "throughput", "{\"no-delay\":true,\"congestion\":\"bbr\"}",
                  "Does not support no-delay.|Does not support congestion.");
}

static void durations_have_room_for_the_set_up(void **state)
{
    (void)state;
    claim_duration("iperf3", "throughput", "{}", 19 * PS_SEC);
    claim_duration("iperf3", "throughput",
                   "{\"link-rtt\":\"PT0.01S\",\"omit\":\"PT2S\",\"duration\":\"PT30S\"}", 38 * PS_SEC);
    claim_duration("nuttcp", "throughput", "{}", 16 * PS_SEC);
}

static void claim_merged_by(const struct tl_tool *tool, const char *spec, const char *results,
                            const char *has)
{
    struct spec s, r;
    struct tl_answer a;
    struct ps_text t;
    char *text;

    open_spec(&s, "throughput", spec);
    open_spec(&r, "", results);
    tl_answer_init(&a);
    tl_merged(tool, &s.test, r.test.spec, ps_text_open(&t));
    text = ps_text_close(&t, NULL);
    claim_has(text, has);
    free(text);
    close_spec(&s);
    close_spec(&r);
}

static void claim_merged(const char *spec, const char *results, const char *has)
{
    claim_merged_by(&tl_iperf3, spec, results, has);
}

static void two_results_become_one(void **state)
{
    static const char both[] = "[{\"succeeded\":true,\"summary\":1,\"diags\":\"c\"},"
                               "{\"succeeded\":true,\"summary\":2,\"diags\":\"s\"}]";

    (void)state;
    claim_merged(
        "{}", both,
        "{\"succeeded\":true,\"summary\":1,\"diags\":\"Participant 0:\\nc\\n\\nParticipant 1:\\ns\"}");
    claim_merged("{\"reverse\":true}", both, "{\"succeeded\":true,\"summary\":2,");
    claim_merged("{}", "[{\"succeeded\":false,\"error\":\"no\"},null]",
                 "{\"succeeded\":false,\"error\":\"Participant 0:\\nno\\n\\nParticipant 1:\\n(nothing)\",");
    claim_merged("{}", "[{\"succeeded\":false,\"error\":\"no\",\"diags\":\"d\"}]",
                 "{\"succeeded\":false,\"error\":\"no\",\"diags\":\"d\"}");
    claim_merged("{}", "[null]",
                 "{\"succeeded\":false,\"error\":\"There is no result of the participant.\"}");
    claim_merged("{}", "{}", "{\"succeeded\":false,\"error\":\"There are no results of participants.\"}");
}

static void reverse_iperf3s_sender_is_the_server_and_the_client_knows_what_came(void **state)
{
    (void)state;
    claim_merged("{\"reverse\":true}",
                 "[{\"succeeded\":true,\"intervals\":[],\"summary\":{\"streams\":[1],\"summary\":"
                 "{\"throughput-bits\":5,\"receiver-throughput-bits\":7}}},"
                 "{\"succeeded\":true,\"intervals\":[2],\"summary\":{\"streams\":[2],\"summary\":"
                 "{\"throughput-bits\":8,\"receiver-throughput-bits\":0,\"retransmits\":3}},\"mss\":9}]",
                 "{\"succeeded\":true,\"intervals\":[2],\"summary\":{\"streams\":[2],\"summary\":"
                 "{\"throughput-bits\":8,\"retransmits\":3,\"receiver-throughput-bits\":7}},\"mss\":9,");
    claim_merged("{\"reverse\":true}",
                 "[{\"succeeded\":true,\"summary\":{\"summary\":{\"receiver-throughput-bits\":7}}},"
                 "{\"succeeded\":true,\"summary\":[1,{\"summary\":2}]}]",
                 "{\"succeeded\":true,\"summary\":[1,{\"summary\":2}],");
    claim_merged("{\"reverse\":true}",
                 "[{\"succeeded\":true,\"summary\":{\"summary\":{\"receiver-throughput-bits\":7}}},"
                 "{\"succeeded\":true,\"summary\":{\"summary\":[3]}}]",
                 "{\"succeeded\":true,\"summary\":{\"summary\":[3]},");
}

static void of_nuttcp_the_client_alone_tells_reverse_as_well(void **state)
{
    (void)state;
    claim_merged_by(
        &tl_nuttcp, "{\"reverse\":true}",
        "[{\"succeeded\":true,\"summary\":1,\"diags\":\"c\"},{\"succeeded\":true,\"diags\":\"s\"}]",
        "{\"succeeded\":true,\"summary\":1,");
}

static void a_server_answers_by_udp_from_the_address_that_is_called(void **state)
{
    static const char parts[] = "[{},{\"server_port\":5300}]";

    (void)state;
    claim_end("iperf3", 1, "{\"udp\":true}", "192.0.2.1", parts,
              "-s -1 --idle-timeout 13 --json -p 5300 -B 192.0.2.1");
    claim_end("iperf3", 1, "{\"udp\":true}", NULL, parts, "-s -1 --idle-timeout 13 --json -p 5300");
    claim_end("iperf3", 1, "{}", "192.0.2.1", parts, "-s -1 --idle-timeout 13 --json -p 5300");
}

static void the_local_address_is_the_clients(void **state)
{
    static const char spec[] = "{\"local-address\":\"192.0.2.8\"}", parts[] = "[{},{\"server_port\":5300}]";

    (void)state;
    claim_end("iperf3", 0, spec, NULL, parts, "-p 5300 -B 192.0.2.8 -c 192.0.2.1 -t 10 --json");
    claim_end("iperf3", 1, spec, NULL, parts, "-s -1 --idle-timeout 13 --json -p 5300");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iperf3_tells_intervals_streams_and_sums),
        cmocka_unit_test(parallel_streams_of_iperf3_repeat_keys),
        cmocka_unit_test(what_udp_lost_stands_in_the_sum),
        cmocka_unit_test(iperf3_says_why),
        cmocka_unit_test(a_command_line_of_iperf3_has_what_the_spec_has),
        cmocka_unit_test(two_participants_are_client_and_server),
        cmocka_unit_test(the_client_of_a_server_that_wants_a_password_has_it_on_no_command_line),
        cmocka_unit_test(what_is_secret_goes_into_files_and_the_environment),
        cmocka_unit_test(a_new_iperf3_pads_as_an_old_one_where_the_other_is_one),
        cmocka_unit_test(nuttcp_tells_intervals_and_the_whole),
        cmocka_unit_test(nuttcp_says_why),
        cmocka_unit_test(a_command_line_of_nuttcp_has_what_the_spec_has),
        cmocka_unit_test(what_they_cannot_they_decline),
        cmocka_unit_test(durations_have_room_for_the_set_up),
        cmocka_unit_test(two_results_become_one),
        cmocka_unit_test(reverse_iperf3s_sender_is_the_server_and_the_client_knows_what_came),
        cmocka_unit_test(of_nuttcp_the_client_alone_tells_reverse_as_well),
        cmocka_unit_test(a_server_answers_by_udp_from_the_address_that_is_called),
        cmocka_unit_test(the_local_address_is_the_clients),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
