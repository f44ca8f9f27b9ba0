// SPDX-License-Identifier: Apache-2.0
// A folder, a loop, and a site that consists of no more than a test puts into it.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "psched/site.h"

#define GUARD (60 * PS_SEC)
#define FIX __attribute__((unused)) static
#define TEST(name) cmocka_unit_test_setup_teardown(name, fix_setup, fix_teardown)

struct fix {
    char dir[64];
    struct ps_loop *loop;
    struct site site;
    struct settings settings;
    struct ps_fault fault;
};

// The loop turns until then. Fails when that does not come.
#define POLL_UNTIL(f, condition)                          \
    do {                                                  \
        ps_ns poll_end = ps_loop_mono() + GUARD;          \
        while (!(condition) && ps_loop_mono() < poll_end) \
            ps_loop_poll((f)->loop);                      \
        assert_true(condition);                           \
    } while (0)

FIX int fix_setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);

    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "%s/test_psched.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(ps_loop_new(&f->loop), 0);
    settings_init(&f->settings);
    f->site.loop = f->loop;
    f->site.settings = &f->settings;
    snprintf(f->site.name, sizeof f->site.name, "here.example");
    *state = f;
    return 0;
}

FIX int fix_teardown(void **state)
{
    struct fix *f = *state;

    ps_loop_free(f->loop);
    settings_fini(&f->settings);
    assert_int_equal(setenv("D", f->dir, 1), 0);
    assert_int_equal(system("rm -rf \"$D\""), 0);
    free(f);
    return 0;
}

// Writes a file of the folder; its path, good until the next call.
FIX const char *fix_file(struct fix *f, const char *name, const char *text)
{
    static char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

// The text must be somewhere in it. Fails showing both.
FIX void fix_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in '%s'", part, text);
}
