// SPDX-License-Identifier: Apache-2.0
// resume
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "powstream/resume.h"

#define T0 UINT64_C(17198880397059147554)

static char dir[64];

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/test_resume.XXXXXX");
    assert_non_null(mkdtemp(dir));
    return 0;
}

static int teardown(void **state)
{
    char command[96];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

static void make(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void session(ps_ntp from, ps_ntp to)
{
    char name[64];
    snprintf(name, sizeof name, "%020llu_%020llu.owp", (unsigned long long)from, (unsigned long long)to);
    make(name, "");
}

static void gap(ps_ntp from, ps_ntp to)
{
    char line[200];
    snprintf(line, sizeof line,
             "{\"type\":\"gap\",\"start-ntp\":%020llu,\"end-ntp\":%020llu,\"reason\":\"x\"}\n",
             (unsigned long long)from, (unsigned long long)to);
    make("powstream.gaps", line);
}

static void with_nothing_behind_it_the_note_stands(void **state)
{
    (void)state;
    assert_int_equal(resume_from(dir, T0), T0);
    assert_int_equal(resume_from("/nonexistent", T0), T0);
    session(T0 - 10, T0);
    session(T0 + 1, T0 + 10);
    assert_int_equal(resume_from(dir, T0), T0);
}

static void sessions_and_gaps_that_follow_without_a_hole_count(void **state)
{
    (void)state;
    session(T0, T0 + 10);
    gap(T0 - 5, T0);
    gap(T0 + 10, T0 + 20);
    session(T0 + 20, T0 + 30);
    session(T0 + 40, T0 + 50);
    assert_int_equal(resume_from(dir, T0), T0 + 30);
}

static void what_is_no_result_is_not_looked_at(void **state)
{
    (void)state;
    make("17198880397059147554_17198880397059147999.owp.i", "");
    make("17198880397059147554_1719888039705914799x.owp", "");
    make("99999999999999999999_99999999999999999999.owp", "");
    make("powstream.gaps",
         "\"start-ntp\":1\n\"start-ntp\":17198880397059147554,\"end-ntp\":12\n\"start-ntp\":");
    assert_int_equal(resume_from(dir, T0), T0);
}

static void a_circle_ends(void **state)
{
    (void)state;
    gap(T0, T0 - 10);
    session(T0, T0);
    assert_int_equal(resume_from(dir, T0), T0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(with_nothing_behind_it_the_note_stands),
        TEST(sessions_and_gaps_that_follow_without_a_hole_count),
        TEST(what_is_no_result_is_not_looked_at),
        TEST(a_circle_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
