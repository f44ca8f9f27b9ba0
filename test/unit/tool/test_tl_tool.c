// SPDX-License-Identifier: Apache-2.0
// The list of tools, command lines in general, and results of participants.
#include <errno.h>
#include "base/ps_err.h"
#include "tool_fix.h"

static void tools_stand_by_preference_and_name(void **state)
{
    (void)state;
    for (size_t i = 1; i < tl_tool_count(); i++) {
        const struct tl_tool *a = tl_tool_at(i - 1), *b = tl_tool_at(i);
        assert_true(a->preference > b->preference ||
                    (a->preference == b->preference && strcmp(a->name, b->name) < 0));
        assert_ptr_equal(tl_tool_find(b->name), b);
    }
    assert_null(tl_tool_at(tl_tool_count()));
    assert_null(tl_tool_find("nosuch"));
}

static void each_test_has_a_tool(void **state)
{
    static const char *const tests[] = {"rtt",   "latency", "latencybg", "trace",      "throughput",
                                        "clock", "idle",    "idleex",    "idlebgm",    "simplestream",
                                        "mtu",   "dns",     "http",      "psresponse", "noop"};

    (void)state;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        size_t n = 0;
        for (size_t k = 0; k < tl_tool_count(); k++)
            n += tl_tool_does(tl_tool_at(k), tests[i]);
        if (n == 0)
            fail_msg("there is no tool for %s", tests[i]);
    }
}

static void an_enumeration_is_complete(void **state)
{
    struct ps_text t;
    char *text;
    struct spec s;
    static const char *const keys[] = {"schema",     "name",  "description", "version",
                                       "maintainer", "tests", "preference"};

    (void)state;
    tl_tool_enumerate(&tl_sleep, ps_text_open(&t));
    ps_json_close(&t.json, '}');
    text = ps_text_close(&t, NULL);
    open_spec(&s, "", text);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_true(ps_jnode_there(ps_jnode_member(s.test.spec, keys[i])));
    assert_non_null(strstr(text, "\"name\":\"sleep\""));
    assert_non_null(strstr(text, "\"tests\":[\"idle\",\"idleex\"],\"preference\":0}"));
    close_spec(&s);
    free(text);
}

static void what_is_not_installed_declines_with_its_package(void **state)
{
    struct tl_site site = {.raw = true};
    struct tl_reasons why;
    struct spec s;

    (void)state;
    open_spec(&s, "rtt", "{}");
    assert_false(tl_can_run(&tl_ping, &site, &s.test, &why));
    assert_int_equal(why.n, 1);
    assert_string_equal(why.text[0],
                        "The program ping is not installed here (Debian: package iputils-ping).");
    assert_false(tl_can_run(&tl_ping, &site, &s.test, NULL));
    close_spec(&s);
}

static void idle_tools_share_the_lengths(void **state)
{
    (void)state;
    claim_reasons("sleep", "idle", "{\"duration\":\"PT14S\"}", "Only sleeps for 15 seconds and longer.");
    claim_reasons("snooze", "idleex", "{\"duration\":\"PT61S\"}", "Only sleeps for up to 60 seconds.");
    claim_reasons("snooze", "idle", "{\"duration\":\"PT20S\"}", "");
    claim_reasons("sleep", "idle", "{\"duration\":\"PT20S\"}", "");
    claim_duration("snooze", "idle", "{\"duration\":\"PT20.5S\"}", 21 * PS_SEC);
}

static void built_in_tools_have_durations(void **state)
{
    (void)state;
    claim_duration("psclock", "clock", "{}", 6 * PS_SEC);
    claim_duration("pstimer", "psresponse", "{\"timeout\":\"PT3S\"}", 4 * PS_SEC);
    claim_duration("simplestreamer", "simplestream", "{}", 5 * PS_SEC);
    claim_duration("simplestreamer", "simplestream", "{\"dawdle\":\"PT4S\"}", 8 * PS_SEC);
    claim_duration("simplestreamer", "simplestream", "{\"dawdle\":\"PT4S\",\"timeout\":\"PT9S\"}",
                   9 * PS_SEC);
    claim_duration("passthrough", "noop", "{}", PS_SEC);
}

static void claim_data(const struct tl_tool *t, const char *type, const char *spec, unsigned participant,
                       const char *wanted)
{
    struct tl_site site = {.iperf3_version = "3.12"};
    struct ps_text out;
    char *text;
    struct spec s;

    open_spec(&s, type, spec);
    assert_int_equal(tl_participant_data(t, &site, &s.test, participant, 0, ps_text_open(&out)), 0);
    text = ps_text_close(&out, NULL);
    assert_string_equal(text, wanted);
    free(text);
    close_spec(&s);
}

static void participants_tell_what_the_others_need(void **state)
{
    (void)state;
    claim_data(&tl_ping, "rtt", "{}", 0, "{}");
    claim_data(&tl_iperf3, "throughput", "{\"single-ended\":true}", 0, "{}");
    claim_data(&tl_iperf3, "throughput", "{}", 0, "{\"schema\":3,\"iperf3-version\":\"3.12\"}");
    claim_data(&tl_iperf3, "throughput", "{}", 1, "{\"iperf3-version\":\"3.12\",\"server_port\":5201}");
    claim_data(&tl_nuttcp, "throughput", "{}", 1, "{\"server_port\":5000,\"data_port_start\":5101}");
    claim_data(&tl_simplestreamer, "simplestream", "{\"port\":6000}", 1, "{\"listen-port\":6000}");
}

static void a_host_is_never_an_option(void **state)
{
    static const char *const bad[] = {"-f", "", "a b", "a\nb", "a\x7f"};
    struct ps_fault fault;
    struct tl_argv a;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tl_argv_init(&a);
        tl_argv_operand(&a, bad[i]);
        assert_int_equal(tl_argv_end(&a, &fault), PS_EMALFORMED);
        assert_non_null(strstr(fault.text, "is no name of a host"));
    }
    tl_argv_init(&a);
    tl_argv_server(&a, "a]b", 1);
    assert_int_equal(tl_argv_end(&a, &fault), PS_EMALFORMED);
}

static void a_command_line_has_bounds(void **state)
{
    struct ps_fault fault;
    struct tl_argv a;

    (void)state;
    tl_argv_init(&a);
    for (int i = 0; i < TL_ARGV_WORDS; i++)
        tl_argv_add(&a, "x");
    assert_int_equal(tl_argv_end(&a, &fault), 0);
    tl_argv_add(&a, "x");
    assert_int_equal(tl_argv_end(&a, &fault), PS_ELIMIT);
    tl_argv_init(&a);
    tl_argv_addf(&a, "%2000s", "x");
    assert_int_equal(tl_argv_end(&a, &fault), PS_ELIMIT);
}

static void a_command_line_is_shown_as_it_would_be_typed(void **state)
{
    struct tl_argv a;
    struct ps_buf b;

    (void)state;
    tl_argv_init(&a);
    tl_argv_add(&a, "x");
    tl_argv_add(&a, "it's [1]");
    tl_argv_add(&a, "");
    tl_argv_seconds(&a, "-i", PS_SEC + PS_MSEC);
    ps_buf_init(&b, 0);
    assert_int_equal(tl_argv_show(&a, &b), 0);
    assert_int_equal(ps_buf_append(&b, "", 1), 0);
    assert_string_equal((char *)ps_buf_head(&b), "x 'it'\\''s [1]' '' -i 1.001");
    ps_buf_fini(&b);
}

static void claim_merged(const struct tl_tool *t, const char *results, const char *wanted)
{
    struct ps_text out;
    char *text;
    struct spec s, r;

    open_spec(&s, "rtt", "{}");
    open_spec(&r, "", results);
    ps_text_open(&out);
    if (t)
        tl_merged(t, &s.test, r.test.spec, &out.json);
    else
        tl_merged_foreign(r.test.spec, &out.json);
    text = ps_text_close(&out, NULL);
    assert_string_equal(text, wanted);
    free(text);
    close_spec(&s);
    close_spec(&r);
}

static void one_result_is_the_inner_object(void **state)
{
    (void)state;
    claim_merged(&tl_ping,
                 "[{\"succeeded\":true,\"diags\":\"d\",\"result\":{\"succeeded\":true,\"sent\":1}}]",
                 "{\"succeeded\":true,\"sent\":1}");
    claim_merged(&tl_owping, "[{\"succeeded\":true,\"packets-sent\":1}]",
                 "{\"succeeded\":true,\"packets-sent\":1}");
    claim_merged(NULL, "[{\"succeeded\":true,\"x\":1}]", "{\"succeeded\":true,\"x\":1}");
    claim_merged(&tl_ping, "[{\"succeeded\":false}]",
                 "{\"succeeded\":false,\"error\":\"The tool failed and did not say why.\"}");
}

static void both_ends_of_a_stream_make_its_result(void **state)
{
    static const char sent[] =
        "{\"succeeded\":true,\"result\":{\"dawdled\":\"P0D\",\"sent\":\"x\",\"elapsed-time\":\"PT1S\"}}";

    (void)state;
    char both[400], one[400];
    snprintf(both, sizeof both,
             "[%s,{\"succeeded\":true,\"result\":{\"received\":\"x\",\"elapsed-time\":\"PT2S\"}}]", sent);
    snprintf(one, sizeof one, "[%s,{\"succeeded\":false,\"error\":\"nothing came\"}]", sent);
    claim_merged(&tl_simplestreamer, both,
                 "{\"succeeded\":true,\"schema\":1,\"dawdled\":\"P0D\",\"sent\":\"x\",\"received\":\"x\","
                 "\"elapsed-time\":\"PT2S\"}");
    claim_merged(&tl_simplestreamer, one, "{\"succeeded\":false,\"error\":\"nothing came\"}");
    claim_merged(&tl_simplestreamer, "[null,null]",
                 "{\"succeeded\":false,\"error\":\"There is no result of one of the participants.\"}");
}

static void a_failure_is_one_line_without_controls(void **state)
{
    struct tl_answer a;

    (void)state;
    tl_answer_init(&a);
    assert_non_null(tl_answer_begin(&a, 1));
    tl_answer_fail(&a, "one\ntwo\x1b[31m\n");
    tl_answer_fail(&a, "another");
    assert_false(a.succeeded);
    assert_string_equal(a.error, "one two [31m");
    tl_answer_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tools_stand_by_preference_and_name),
        cmocka_unit_test(each_test_has_a_tool),
        cmocka_unit_test(an_enumeration_is_complete),
        cmocka_unit_test(what_is_not_installed_declines_with_its_package),
        cmocka_unit_test(idle_tools_share_the_lengths),
        cmocka_unit_test(built_in_tools_have_durations),
        cmocka_unit_test(participants_tell_what_the_others_need),
        cmocka_unit_test(a_host_is_never_an_option),
        cmocka_unit_test(a_command_line_has_bounds),
        cmocka_unit_test(a_command_line_is_shown_as_it_would_be_typed),
        cmocka_unit_test(one_result_is_the_inner_object),
        cmocka_unit_test(both_ends_of_a_stream_make_its_result),
        cmocka_unit_test(a_failure_is_one_line_without_controls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
