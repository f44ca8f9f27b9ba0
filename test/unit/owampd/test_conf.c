// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "owampd/conf.h"
#include "base/ps_err.h"

static struct conf conf;

static int setup(void **state)
{
    (void)state;
    conf_init(&conf);
    return 0;
}

static void takes(const char *text)
{
    struct ps_fault fault = {.text = ""};
    int rc = conf_parse(&conf, "t.conf", text, strlen(text), &fault);
    if (rc)
        print_message("%s\n", fault.text);
    assert_int_equal(rc, 0);
}

static void refuses(const char *text, int expected, const char *said)
{
    struct ps_fault fault = {.text = ""};
    assert_int_equal(conf_parse(&conf, "t.conf", text, strlen(text), &fault), expected);
    if (!strstr(fault.text, said))
        assert_string_equal(fault.text, said);
}

static void an_empty_file_leaves_the_defaults(void **state)
{
    (void)state;
    takes("# nothing\n\n");
    assert_string_equal(conf.user, "");
    assert_string_equal(conf.group, "");
    assert_string_equal(conf.facility, "daemon");
    assert_int_equal(conf.loglevel, PS_LOG_INFO);
    assert_false(conf.verbose || conf.loglocation || conf.rootfolly);
    assert_string_equal(conf.vardir, ".");
    assert_string_equal(conf.datadir, ".");
    assert_string_equal(conf.controlsocket, "");
    assert_int_equal(conf.modes, OW_MODE_ALL);
    assert_string_equal(conf.srcnode.host, "");
    assert_int_equal(conf.srcnode.port, 861);
    assert_int_equal(conf.testports.low | conf.testports.high, 0);
    assert_true(conf.diskfudge == 1.0 && conf.enddelay_s == 1.0);
    assert_string_equal(conf.hwtimestamps, "");
    assert_int_equal(conf.dieby_s, 5);
    assert_int_equal(conf.controltimeout_s, 1800);
    assert_int_equal(conf.pbkdf2_count, 2048);
    assert_int_equal(conf.maxcontrolsessions, 0);
    assert_int_equal(conf.keepsessions_s, 86400);
    assert_int_equal(conf.sandbox, SANDBOX_ALL);
    assert_int_equal(conf.setuptimeout_s, 10);
    assert_int_equal(conf.maxcontrolperhost | conf.maxsessions | conf.maxpackets, 0);
    assert_true(conf.maxmemory_mib > 0);
    assert_int_equal(conf.nnotes, 0);
}

static void every_key_is_taken(void **state)
{
    (void)state;
    takes("user owamp\ngroup -1004\nverbose\nfacility local5\nloglevel DEBUG\nloglocation\nrootfolly\n"
          "vardir /run/owamp\ndatadir /var/lib/owamp\nauthmode AE\nsrcnode 192.0.2.1:8765\n"
          "testports 8760-9960\ndiskfudge 3.0\ndieby 30\ncontroltimeout 60\npbkdf2_count 4096\n"
          "enddelay 0.25\nhwtimestamps eth1\nmaxcontrolsessions 200\nkeepsessions 0\nsandbox "
          "no_new_privs,SECCOMP\n"
          "setuptimeout 20\nmaxcontrolperhost 3\nmaxsessions 40\nmaxpackets 4294967295\nmaxmemory 512\n"
          "controlsocket /run/owampd/owampd.sock\n");
    assert_string_equal(conf.controlsocket, "/run/owampd/owampd.sock");
    assert_string_equal(conf.user, "owamp");
    assert_string_equal(conf.group, "-1004");
    assert_string_equal(conf.facility, "local5");
    assert_int_equal(conf.loglevel, PS_LOG_DEBUG);
    assert_true(conf.verbose && conf.loglocation && conf.rootfolly);
    assert_string_equal(conf.vardir, "/run/owamp");
    assert_string_equal(conf.datadir, "/var/lib/owamp");
    assert_int_equal(conf.modes, OW_MODE_AUTH | OW_MODE_ENC);
    assert_string_equal(conf.srcnode.host, "192.0.2.1");
    assert_int_equal(conf.srcnode.port, 8765);
    assert_int_equal(conf.testports.low, 8760);
    assert_int_equal(conf.testports.high, 9960);
    assert_true(conf.diskfudge == 3.0 && conf.enddelay_s == 0.25);
    assert_string_equal(conf.hwtimestamps, "eth1");
    assert_int_equal(conf.dieby_s, 30);
    assert_int_equal(conf.controltimeout_s, 60);
    assert_int_equal(conf.pbkdf2_count, 4096);
    assert_int_equal(conf.maxcontrolsessions, 200);
    assert_int_equal(conf.keepsessions_s, 0);
    assert_int_equal(conf.sandbox, SANDBOX_NO_NEW_PRIVS | SANDBOX_SECCOMP);
    assert_int_equal(conf.setuptimeout_s, 20);
    assert_int_equal(conf.maxcontrolperhost, 3);
    assert_int_equal(conf.maxsessions, 40);
    assert_int_equal(conf.maxpackets, UINT32_MAX);
    assert_int_equal(conf.maxmemory_mib, 512);
    assert_int_equal(conf.nnotes, 0);
}

static void a_sandbox_is_all_none_or_a_list(void **state)
{
    (void)state;
    takes("sandbox none\n");
    assert_int_equal(conf.sandbox, 0);
    takes("sandbox ALL\n");
    assert_int_equal(conf.sandbox, SANDBOX_ALL);
    takes("sandbox capabilities\n");
    assert_int_equal(conf.sandbox, SANDBOX_CAPABILITIES);
    takes("sandbox landlock,no_new_privs\n");
    assert_int_equal(conf.sandbox, SANDBOX_NO_NEW_PRIVS | SANDBOX_LANDLOCK);
    refuses("sandbox chroot\n", PS_EUNKNOWN, "t.conf:1: sandbox: \"chroot\" is not all, none, or of ");
    refuses("sandbox landlock,\n", PS_EUNKNOWN, "sandbox: \"landlock,\" is not");
    refuses("sandbox all,none\n", PS_EUNKNOWN, "sandbox: \"all,none\" is not");
    refuses("sandbox seccomp\n", PS_ESTATE,
            "t.conf:1: sandbox: landlock and seccomp need no_new_privs as well");
    assert_int_equal(conf.sandbox, SANDBOX_NO_NEW_PRIVS | SANDBOX_LANDLOCK);
}

static void a_control_socket_is_a_path_that_fits(void **state)
{
    char text[160], name[120];
    (void)state;
    takes("controlsocket /run/x\n");
    assert_string_equal(conf.controlsocket, "/run/x");
    takes("controlsocket None\n");
    assert_string_equal(conf.controlsocket, "");
    refuses("controlsocket run/x\n", PS_ESYNTAX,
            "t.conf:1: controlsocket: \"run/x\" is not the absolute path of a socket, of 107 octets at most, "
            "or none");
    memset(name, 'x', sizeof name);
    name[CONF_SOCKET - 2] = '\0';
    snprintf(text, sizeof text, "controlsocket /%s\n", name);
    takes(text);
    assert_int_equal(strlen(conf.controlsocket), 107);
    name[CONF_SOCKET - 2] = 'x';
    name[CONF_SOCKET - 1] = '\0';
    snprintf(text, sizeof text, "controlsocket /%s\n", name);
    refuses(text, PS_ESYNTAX, "controlsocket: ");
}

static void case_blanks_comments_and_joined_lines_do_not_matter(void **state)
{
    (void)state;
    takes("  TestPorts\t 5000-5001 # two\n\tDIEBY \\\n  7\nVerbose # talk\nuser bob #x\r\n");
    assert_int_equal(conf.testports.high, 5001);
    assert_int_equal(conf.dieby_s, 7);
    assert_true(conf.verbose);
    assert_string_equal(conf.user, "bob");
    assert_int_equal(conf.nnotes, 0);
}

static void warn_is_a_level_under_both_its_names(void **state)
{
    (void)state;
    takes("loglevel WARN\n");
    assert_int_equal(conf.loglevel, PS_LOG_WARN);
    conf.loglevel = PS_LOG_ALL;
    takes("loglevel Warning\n");
    assert_int_equal(conf.loglevel, PS_LOG_WARN);
    refuses("loglevel warnin\n", PS_EUNKNOWN, "did you mean \"warning\"?");
    refuses("loglevel loud\n", PS_EUNKNOWN, "t.conf:1: loglevel: \"loud\" is not none, fatal, warn");
}

static void unknown_keys_come_with_the_nearest_known_one(void **state)
{
    (void)state;
    refuses("\ntestport 0\n", PS_EUNKNOWN, "t.conf:2: unknown key \"testport\"; did you mean \"testports\"?");
    refuses("dataddir /\n", PS_EUNKNOWN, "did you mean \"datadir\"?");
    refuses("max_control_sessions 3\n", PS_EUNKNOWN, "did you mean \"maxcontrolsessions\"?");
    refuses("frobnicate\n", PS_EUNKNOWN, "unknown key \"frobnicate\"");
    assert_int_equal(conf.testports.high, 0);
}

static void keys_of_twampd_are_taken_with_a_note(void **state)
{
    (void)state;
    takes("dieby 6\ntesttimeout 900\n");
    assert_int_equal(conf.nnotes, 1);
    assert_string_equal(conf.note[0].text, "t.conf:2: testtimeout: belongs to twampd and has no effect here");
}

static void a_flag_is_on_whatever_follows_and_that_is_noted(void **state)
{
    (void)state;
    takes("rootfolly off\n");
    assert_true(conf.rootfolly);
    assert_int_equal(conf.nnotes, 1);
    assert_non_null(strstr(conf.note[0].text, "t.conf:1: rootfolly: a flag is on"));
}

static void the_last_of_two_lines_counts_and_that_is_noted(void **state)
{
    (void)state;
    takes("dieby 6\n\ndieby 8\n");
    assert_int_equal(conf.dieby_s, 8);
    assert_int_equal(conf.nnotes, 1);
    assert_string_equal(conf.note[0].text, "t.conf:3: dieby: overrides line 1");
}

static void notes_are_bounded_and_counted(void **state)
{
    (void)state;
    char text[1024] = "";
    for (int i = 0; i < 40; i++)
        strcat(text, "dieby 6\n");
    takes(text);
    assert_int_equal(conf.nnotes, CONF_NOTES);
    assert_int_equal(conf.notes_dropped, 39 - CONF_NOTES);
}

static void numbers_are_held_to_their_ranges(void **state)
{
    (void)state;
    refuses("diskfudge 0.99\n", PS_ERANGE, "t.conf:1: diskfudge: \"0.99\" is not a number from 1.0 to 10.0");
    refuses("diskfudge 10.1\n", PS_ERANGE, "diskfudge");
    refuses("diskfudge nan\n", PS_ESYNTAX, "diskfudge");
    refuses("enddelay -1\n", PS_ERANGE, "enddelay");
    refuses("enddelay 1s\n", PS_ESYNTAX, "enddelay");
    refuses("dieby -1\n", PS_ESYNTAX, "dieby");
    refuses("dieby 1.5\n", PS_ESYNTAX, "dieby");
    refuses("controltimeout 0\n", PS_ERANGE, "controltimeout");
    refuses("controltimeout 99999999999999999999999\n", PS_ERANGE, "controltimeout");
    refuses("pbkdf2_count 1023\n", PS_ERANGE, "a whole number from 1024 to 1048576");
    refuses("pbkdf2_count 1048577\n", PS_ERANGE, "pbkdf2_count");
    refuses("maxcontrolsessions many\n", PS_ESYNTAX, "maxcontrolsessions");
    takes("diskfudge 1\ndiskfudge 10.0\nenddelay 0\ndieby 0\npbkdf2_count 1048576\npbkdf2_count 1024\n");
    assert_int_equal(conf.pbkdf2_count, 1024);
}

static void a_count_that_is_no_power_of_two_is_raised_with_a_note(void **state)
{
    (void)state;
    takes("pbkdf2_count 3000\n");
    assert_int_equal(conf.pbkdf2_count, 4096);
    assert_int_equal(conf.nnotes, 1);
}

static void other_values_are_checked(void **state)
{
    (void)state;
    refuses("facility local8\n", PS_EUNKNOWN, "t.conf:1: facility: \"local8\" is not a facility of syslog");
    refuses("authmode X\n", PS_ESYNTAX, "authmode: \"X\" is not made of the letters");
    refuses("authmode AEOM\n", PS_ESYNTAX, "authmode");
    refuses("testports 9000-8000\n", PS_ERANGE, "testports");
    refuses("testports 1-70000\n", PS_ERANGE, "testports");
    refuses("testports a-b\n", PS_ESYNTAX, "testports");
    refuses("srcnode host:port\n", PS_ESYNTAX, "srcnode");
    refuses("srcnode :99999\n", PS_ERANGE, "srcnode");
    refuses("user -bob\n", PS_ESYNTAX, "user: \"-bob\"");
    takes("srcnode :8765\n");
    assert_string_equal(conf.srcnode.host, "");
    assert_int_equal(conf.srcnode.port, 8765);
    takes("srcnode [2001:db8::1]:8766\n");
    assert_string_equal(conf.srcnode.host, "2001:db8::1");
}

static void a_value_is_one_word_and_is_there(void **state)
{
    (void)state;
    refuses("datadir\n", PS_ESYNTAX, "t.conf:1: datadir: the value is missing");
    refuses("datadir # none\n", PS_ESYNTAX, "datadir: the value is missing");
    refuses("datadir /my disk\n", PS_ESYNTAX, "datadir: \"disk\" follows the value");
    refuses("datadir /a \\x\n", PS_ESYNTAX, "t.conf:1: ");
}

static void values_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    size_t n = PATH_MAX + 100;
    char *text = malloc(n + 1);
    memset(text, 'x', n);
    text[n] = '\0';
    memcpy(text, "datadir /", 9);
    refuses(text, PS_ELIMIT, "datadir: the value has");
    memcpy(text, "user xxxx", 9);
    refuses(text, PS_ELIMIT, "user: the value has");
    refuses(text + 10, PS_EUNKNOWN, "unknown key");
    assert_string_equal(conf.datadir, ".");
    free(text);
}

static void a_set_up_that_may_last_longer_than_silence_is_noted(void **state)
{
    (void)state;
    takes("controltimeout 10\nsetuptimeout 11\n");
    assert_int_equal(conf.nnotes, 1);
    assert_string_equal(
        conf.note[0].text,
        "t.conf:2: setuptimeout: longer than controltimeout, which counts for the set-up too");
    conf_init(&conf);
    takes("setuptimeout 10\ncontroltimeout 10\n");
    assert_int_equal(conf.nnotes, 0);
    conf_init(&conf);
    takes("controltimeout 5\n"); // the default of the other
    assert_int_equal(conf.nnotes, 0);
}

static void changes(const char *text, const char *want, size_t n)
{
    static struct conf was, used;
    char keys[CONF_CHANGES];
    conf_init(&conf);
    takes("dieby 6\nsrcnode host.example:8761\nuser somebody\n");
    was = used = conf;
    used.maxsessions = 5; // the command line's
    conf_init(&conf);
    takes(text);
    size_t got = conf_changes(&was, &conf, &used, keys, sizeof keys);
    assert_string_equal(keys, want);
    assert_int_equal(got, n);
}

static void what_the_file_has_changed_is_found_by_value(void **state)
{
    (void)state;
    changes("dieby 6\nsrcnode host.example:8761\nuser somebody\n", "", 0);
    changes("user whoever-it-may-be\nuser somebody\nSRCNODE host.example:8761\ndieby 06\nloglevel info\n", "",
            0);
    changes("", "user, srcnode, dieby", 3);
    changes("dieby 6\nsrcnode host.example:8762\nuser somebody\nmaxsessions 9\n", "srcnode", 1);
    changes("dieby 6\nsrcnode host.example:8761\nuser somebody\nverbose\ntesttimeout 3\n", "", 0);
}

static void each_key_with_an_effect_can_be_found_changed(void **state)
{
    static struct conf was;
    char keys[CONF_CHANGES];
    (void)state;
    was = conf;
    takes(
        "user u\ngroup g\nfacility local1\nloglevel debug\nloglocation\nrootfolly\nprecise\nsandbox none\n"
        "vardir v\ndatadir d\nauthmode E\nsrcnode :1\ntestports 1-2\nhwtimestamps h\ndiskfudge 2\ndieby 1\n"
        "controltimeout 1\nsetuptimeout 1\npbkdf2_count 4096\nenddelay 2\nmaxcontrolsessions 1\n"
        "maxcontrolperhost 1\nmaxsessions 1\nmaxpackets 1\nmaxmemory 1\nkeepsessions 1\ncontrolsocket /s\n");
    assert_int_equal(conf_changes(&was, &conf, &was, keys, sizeof keys), 27);
    assert_true(strlen(keys) + 1 < sizeof keys);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_file_leaves_the_defaults),
        TEST(every_key_is_taken),
        TEST(a_sandbox_is_all_none_or_a_list),
        TEST(a_control_socket_is_a_path_that_fits),
        TEST(case_blanks_comments_and_joined_lines_do_not_matter),
        TEST(warn_is_a_level_under_both_its_names),
        TEST(unknown_keys_come_with_the_nearest_known_one),
        TEST(keys_of_twampd_are_taken_with_a_note),
        TEST(a_flag_is_on_whatever_follows_and_that_is_noted),
        TEST(the_last_of_two_lines_counts_and_that_is_noted),
        TEST(notes_are_bounded_and_counted),
        TEST(numbers_are_held_to_their_ranges),
        TEST(a_count_that_is_no_power_of_two_is_raised_with_a_note),
        TEST(other_values_are_checked),
        TEST(a_value_is_one_word_and_is_there),
        TEST(values_that_do_not_fit_are_refused),
        TEST(a_set_up_that_may_last_longer_than_silence_is_noted),
        TEST(what_the_file_has_changed_is_found_by_value),
        TEST(each_key_with_an_effect_can_be_found_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
