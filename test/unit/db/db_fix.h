// SPDX-License-Identifier: Apache-2.0
// A directory for the databases of a test, and one that is open.
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
#include "db/ps_db.h"

#define FIX __attribute__((unused)) static
#define APPLICATION 0x74657374

struct fix {
    char dir[64];
    char path[200];
    struct ps_db *db;
    struct ps_fault fault;
};

FIX int fix_open(struct fix *f, struct ps_db **db, bool read_only)
{
    struct ps_db_conf conf = {.read_only = read_only, .application = APPLICATION, .patience_ms = 50};
    f->fault.text[0] = '\0';
    return ps_db_open(db, f->path, &conf, &f->fault);
}

FIX int fix_setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "%s/test_db.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/a.db", f->dir);
    assert_int_equal(fix_open(f, &f->db, false), 0);
    *state = f;
    return 0;
}

FIX int fix_teardown(void **state)
{
    struct fix *f = *state;
    ps_db_close(f->db);
    assert_int_equal(setenv("D", f->dir, 1), 0);
    assert_int_equal(system("rm -rf \"$D\""), 0);
    free(f);
    return 0;
}

FIX int64_t number(struct ps_db *db, const char *sql)
{
    int64_t n = -1;
    assert_int_equal(ps_db_number(db, sql, &n), 0);
    return n;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fix_setup, fix_teardown)
