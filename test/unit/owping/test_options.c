// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "owping/options.h"

static struct options o;

// Reads a command line of words separated by single blanks.
static enum options_next reads(enum program program, const char *line)
{
    static char copy[512];
    static char *argv[40];
    int argc = 0;
    char *save = NULL;
    strncpy(copy, line, sizeof copy - 1);
    for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    argv[argc] = NULL;
    return options_read(&o, program, argc, argv);
}

static void takes(const char *line)
{
    assert_int_equal(reads(PROGRAM_OWPING, line), OPTIONS_RUN);
}

static void refuses(const char *line)
{
    assert_int_equal(reads(PROGRAM_OWPING, line), OPTIONS_USAGE);
}

static void the_defaults_are_those_of_the_program_we_stand_in_for(void **state)
{
    (void)state;
    takes("owping host");
    assert_int_equal(o.count, 100);
    assert_int_equal(o.nslots, 1);
    assert_int_equal(o.slots[0].type, OW_SLOT_EXP);
    assert_int_equal(o.slots[0].value, 0x199999A0);
    assert_int_equal(o.ports.low, 8760);
    assert_int_equal(o.ports.high, 9960);
    assert_int_equal(o.padding, 0);
    assert_int_equal(o.modes, OW_MODE_OPEN);
    assert_true(o.to && o.from && !o.timeout_given);
    assert_true(o.enddelay == 1.0 && o.delay == 0.0);
    assert_int_equal(o.report.unit, 'm');
    assert_true(o.report.bucket_width == (double)0.0001f);
}

static void a_direction_given_leaves_out_the_other(void **state)
{
    (void)state;
    takes("owping -f host");
    assert_true(o.from && !o.to);
    takes("owping -T x host");
    assert_true(o.to && !o.from);
    assert_string_equal(o.to_file, "x");
    takes("owping -f -t host");
    assert_true(o.to && o.from);
}

static void letters_and_long_names_are_the_same(void **state)
{
    (void)state;
    takes("owping --count=7 --interval=0.5f,1e --timeout=3 --padding=10 --dscp=ef --ports=0 host");
    assert_int_equal(o.count, 7);
    assert_int_equal(o.nslots, 2);
    assert_int_equal(o.slots[0].type, OW_SLOT_FIXED);
    assert_int_equal(o.slots[0].value, 0x80000000);
    assert_true(o.timeout_given && o.timeout == 3.0);
    assert_int_equal(o.padding, 10);
    assert_int_equal(o.dscp, 46);
    assert_int_equal(o.ports.low, 0);
}

static void options_may_follow_operands(void **state)
{
    (void)state;
    takes("owping host -c 5");
    assert_int_equal(o.count, 5);
    assert_string_equal(o.operands[0], "host");
}

static void an_identity_makes_all_modes_acceptable(void **state)
{
    (void)state;
    takes("owping -u joe host");
    assert_int_equal(o.modes, OW_MODE_ALL);
    takes("owping -u joe -A ae host");
    assert_int_equal(o.modes, OW_MODE_AUTH | OW_MODE_ENC);
    takes("owping -A AEO host");
    assert_int_equal(o.modes, OW_MODE_OPEN);
    refuses("owping -A E host");
    refuses("owping -k file host");
}

static void the_stronger_output_wins(void **state)
{
    (void)state;
    takes("owping -Q -M -v host");
    assert_true(o.report.quiet && !o.report.machine && !o.report.verbose);
    takes("owping -M -v host");
    assert_true(o.report.machine && !o.report.verbose);
    takes("owping -R host");
    assert_true(o.report.raw && o.report.quiet);
    takes("owping --json -M -v host");
    assert_true(o.report.json && !o.report.machine && o.report.verbose);
    assert_true(options_silent(&o));
}

static void verbose_may_have_a_number_attached(void **state)
{
    (void)state;
    takes("owping -v12 host");
    assert_true(o.report.verbose);
    assert_int_equal(o.report.record_limit, 12);
    takes("owping -v host");
    assert_int_equal(o.report.record_limit, 0);
    refuses("owping -vx host");
}

static void values_out_of_range_are_refused(void **state)
{
    static const char *const lines[] = {
        "owping -c 0 host",       "owping -c 4294967296 host",
        "owping -i 0.1x host",    "owping -i -1 host",
        "owping -L -1 host",      "owping -L 0.00001 host",
        "owping -s 65001 host",   "owping -D 64 host",
        "owping -D ef -D 0 host", "owping -P 9-8 host",
        "owping -z x host",       "owping -n k host",
        "owping -a 101 host",     "owping -b 0 host",
        "owping -A X host",       "owping -4 -6 host",
        "owping -Y host",         "owping",
        "owping host other",      "owping -u  host -c",
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (reads(PROGRAM_OWPING, lines[i]) != OPTIONS_USAGE)
            assert_string_equal(lines[i], "refused");
    }
}

static void each_program_takes_its_own_letters(void **state)
{
    (void)state;
    assert_int_equal(reads(PROGRAM_OWSTATS, "owstats -M a b"), OPTIONS_RUN);
    assert_int_equal(o.noperands, 2);
    assert_int_equal(reads(PROGRAM_OWSTATS, "owstats -c 5 a"), OPTIONS_USAGE);
    assert_int_equal(reads(PROGRAM_OWUP, "owup -4 host"), OPTIONS_RUN);
    assert_int_equal(reads(PROGRAM_OWUP, "owup -M host"), OPTIONS_USAGE);
    assert_int_equal(reads(PROGRAM_OWFETCH, "owfetch host sid file"), OPTIONS_RUN);
    assert_int_equal(reads(PROGRAM_OWFETCH, "owfetch host sid"), OPTIONS_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_those_of_the_program_we_stand_in_for),
        cmocka_unit_test(a_direction_given_leaves_out_the_other),
        cmocka_unit_test(letters_and_long_names_are_the_same),
        cmocka_unit_test(options_may_follow_operands),
        cmocka_unit_test(an_identity_makes_all_modes_acceptable),
        cmocka_unit_test(the_stronger_output_wins),
        cmocka_unit_test(verbose_may_have_a_number_attached),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(each_program_takes_its_own_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
