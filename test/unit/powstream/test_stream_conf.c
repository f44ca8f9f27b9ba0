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
#include "powstream/stream_conf.h"

static struct stream_conf c;

static char *text(const char *s)
{
    char *copy = strdup(s);
    assert_non_null(copy);
    return copy;
}

static int begin(void **state)
{
    (void)state;
    stream_conf_defaults(&c);
    c.server = text("host.example");
    return 0;
}

static int end(void **state)
{
    (void)state;
    stream_conf_free(&c);
    return 0;
}

static void good(void)
{
    struct ps_fault fault = {""};
    assert_int_equal(stream_conf_settle(&c, true, &fault), 0);
    assert_string_equal(fault.text, "");
}

// What is said of a file, and on the command line.
static void bad(const char *of_keys, const char *of_options)
{
    struct ps_fault fault = {""};
    struct stream_conf again = c;
    assert_int_equal(stream_conf_settle(&c, true, &fault), PS_ESYNTAX);
    assert_string_equal(fault.text, of_keys);
    again.name = c.name;
    assert_int_equal(stream_conf_settle(&again, false, &fault), PS_ESYNTAX);
    assert_string_equal(fault.text, of_options);
}

static void the_defaults_are_those_of_the_program_we_stand_in_for(void **state)
{
    (void)state;
    assert_int_equal(c.port, 861);
    assert_int_equal(c.count, 300);
    assert_int_equal(c.slot.type, OW_SLOT_EXP);
    assert_true(c.timeout == 10 && c.retry == 60 && c.delay == 0 && c.enddelay == 1);
    assert_true(c.bucket_width == 0.0001);
    assert_false(c.to);
    assert_true(stream_conf_duration(&c) > 29.9 && stream_conf_duration(&c) < 30.1);
}

static void a_stream_without_a_name_has_that_of_its_server_and_direction(void **state)
{
    (void)state;
    good();
    assert_string_equal(c.name, "host.example-from");
    free(c.name);
    c.name = NULL;
    c.to = true;
    good();
    assert_string_equal(c.name, "host.example-to");
}

static void the_longest_pause_is_at_most_a_session(void **state)
{
    (void)state;
    good();
    assert_true(c.retry == stream_conf_duration(&c));
    c.retry = 3;
    good();
    assert_true(c.retry == 3);
}

static void without_an_identity_the_mode_is_open(void **state)
{
    (void)state;
    good();
    assert_int_equal(c.modes, OW_MODE_OPEN);
    c.modes = OW_MODE_ENC;
    bad("\"modes\" other than O (open) need an \"identity\"",
        "modes other than open (O) need an identity (-u)");
    c.modes = OW_MODE_ENC;
    c.identity = text("joe");
    bad("\"identity\" needs \"pass-phrases\", the file with its pass-phrase",
        "-u needs -k, the file with the identity's pass-phrase");
    c.pass_path = text("/etc/pass");
    good();
    assert_int_equal(c.modes, OW_MODE_ENC);
}

static void names_and_documents_do_not_share_standard_output(void **state)
{
    (void)state;
    c.print = true;
    good();
    c.json = true;
    bad("\"print-names\" and \"json-lines\" both want standard output: use one, or \"spool\"",
        "file names (-p) and documents (--json-lines) both want standard output: use one, or --spool");
}

static void parts_divide_the_session(void **state)
{
    (void)state;
    c.every = 100;
    good();
    c.every = 7;
    bad("\"every\" must divide \"count\"",
        "the packets for a summary (-N) must divide the packets of a session (-c)");
}

static void a_session_lasts_a_moment_at_least(void **state)
{
    (void)state;
    c.count = 1;
    good();
    c.slot.value = ps_ntpdur_from_double(0.099);
    bad("a session, \"count\" times \"interval\", lasts at least 0.1 s",
        "a session (-c times -i) lasts at least 0.1 s");
}

static void a_name_can_be_that_of_a_file(void **state)
{
    static const char *const names[] = {"", "a b", "a/b", ".a", "a\tb", "a\177"};
    char longest[202];
    (void)state;
    memset(longest, 'x', 200);
    longest[200] = '\0';
    c.name = text(longest);
    good();
    longest[200] = 'x';
    longest[201] = '\0';
    for (size_t i = 0; i <= sizeof names / sizeof *names; i++) {
        free(c.name);
        c.name = text(i < sizeof names / sizeof *names ? names[i] : longest);
        struct ps_fault fault = {""};
        char want[300];
        snprintf(want, sizeof want, "the name \"%.200s\": " STREAM_NAME_WANTS, c.name);
        assert_int_equal(stream_conf_settle(&c, false, &fault), PS_ESYNTAX);
        assert_string_equal(fault.text, want);
    }
}

static void a_copy_is_equal_and_has_strings_of_its_own(void **state)
{
    struct stream_conf copy;
    (void)state;
    c.directory = text("/var/a");
    c.spool = text("/var/b");
    assert_int_equal(stream_conf_copy(&copy, &c), 0);
    assert_true(stream_conf_equal(&copy, &c));
    assert_ptr_not_equal(copy.directory, c.directory);
    assert_string_equal(copy.directory, "/var/a");
    stream_conf_free(&copy);
    assert_null(copy.directory);
}

// Each change is seen; what makes a difference is listed here.
static void any_change_makes_a_difference(void **state)
{
    struct stream_conf d;
    (void)state;
#define CHANGED(change)                                  \
    do {                                                 \
        assert_int_equal(stream_conf_copy(&d, &c), 0);   \
        change;                                          \
        if (stream_conf_equal(&c, &d))                   \
            fail_msg("%s makes no difference", #change); \
        stream_conf_free(&d);                            \
    } while (0)
    CHANGED(d.name = text("n"));
    CHANGED(free(d.server); d.server = text("other"));
    CHANGED(d.port++);
    CHANGED(d.test_host = text("t"));
    CHANGED(d.to = true);
    CHANGED(d.count++);
    CHANGED(d.slot.type = OW_SLOT_FIXED);
    CHANGED(d.slot.value++);
    CHANGED(d.timeout++);
    CHANGED(d.padding++);
    CHANGED(d.dscp++);
    CHANGED(d.modes = OW_MODE_ENC);
    CHANGED(d.identity = text("i"));
    CHANGED(d.pass_path = text("p"));
    CHANGED(d.source = text("s"));
    CHANGED(d.family = AF_INET6);
    CHANGED(d.retry++);
    CHANGED(d.delay++);
    CHANGED(d.enddelay++);
    CHANGED(d.every++);
    CHANGED(d.bucket_width++);
    CHANGED(d.unix_times = true);
    CHANGED(d.directory = text("d"));
    CHANGED(d.make_directory = true);
    CHANGED(d.print = true);
    CHANGED(d.json = true);
    CHANGED(d.spool = text("s"));
    CHANGED(d.raw = true);
#undef CHANGED
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_defaults_are_those_of_the_program_we_stand_in_for, begin, end),
        cmocka_unit_test_setup_teardown(a_stream_without_a_name_has_that_of_its_server_and_direction, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_longest_pause_is_at_most_a_session, begin, end),
        cmocka_unit_test_setup_teardown(without_an_identity_the_mode_is_open, begin, end),
        cmocka_unit_test_setup_teardown(names_and_documents_do_not_share_standard_output, begin, end),
        cmocka_unit_test_setup_teardown(parts_divide_the_session, begin, end),
        cmocka_unit_test_setup_teardown(a_session_lasts_a_moment_at_least, begin, end),
        cmocka_unit_test_setup_teardown(a_name_can_be_that_of_a_file, begin, end),
        cmocka_unit_test_setup_teardown(a_copy_is_equal_and_has_strings_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(any_change_makes_a_difference, begin, end),
    };
    return cmocka_run_group_tests_name("powstream stream_conf", tests, NULL, NULL);
}
