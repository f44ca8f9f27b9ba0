// SPDX-License-Identifier: Apache-2.0
// A spool directory of its own for each test, numbered documents, and what a reader finds.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "spool/ps_spool.h"

#define NOW (INT64_C(1800000000) * PS_SEC)
#define OCTETS(len) (84 + (uint64_t)(len)) // of a record
#define FIX __attribute__((unused)) static

struct fix {
    char dir[64];
    char path[512];
    char fault[600];
};

// Where an fsync costs nothing: a crash of the machine is not what these tests can show.
FIX int fix_setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "%s/test_spool.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    *state = f;
    return 0;
}

// A shell command that finds the directory in $D.
FIX void fix_run(struct fix *f, const char *command)
{
    assert_int_equal(setenv("D", f->dir, 1), 0);
    assert_int_equal(system(command), 0);
}

FIX int fix_teardown(void **state)
{
    struct fix *f = *state;
    fix_run(f, "rm -rf \"$D\"");
    free(f);
    return 0;
}

FIX const char *fix_path(struct fix *f, const char *name)
{
    snprintf(f->path, sizeof f->path, "%s/%s", f->dir, name);
    return f->path;
}

FIX struct ps_spool *fix_open(struct fix *f, struct ps_spool_conf conf)
{
    struct ps_spool *s = NULL;
    struct ps_fault fault = {""};
    int err = ps_spool_open(&s, f->dir, &conf, NOW, &fault);
    if (err != 0)
        fail_msg("open: %s", fault.text);
    return s;
}

FIX struct ps_spool_reader *fix_reader(struct fix *f)
{
    struct ps_spool_reader *r = NULL;
    struct ps_fault fault = {""};
    int err = ps_spool_reader_open(&r, f->dir, &fault);
    if (err != 0)
        fail_msg("open: %s", fault.text);
    return r;
}

// The document of a number: 100 octets.
FIX const char *fix_doc(unsigned number, char text[101])
{
    char line[128];
    snprintf(line, sizeof line, "{\"number\":%08u,\"fill\":\"%071d\"}", number % 100000000, 0);
    memcpy(text, line, 100);
    text[100] = '\0';
    return text;
}

FIX int fix_write(struct ps_spool *s, unsigned first, unsigned n, ps_ns now, size_t *written)
{
    struct ps_spool_doc docs[100] = {0};
    char text[100][101];
    for (unsigned i = 0; i < n; i++)
        docs[i] = (struct ps_spool_doc){.data = fix_doc(first + i, text[i]), .len = 100};
    return ps_spool_write(s, docs, n, now, written);
}

FIX void fix_put(struct ps_spool *s, unsigned first, unsigned n, ps_ns now)
{
    size_t written = 0;
    assert_int_equal(fix_write(s, first, n, now, &written), 0);
    assert_int_equal(written, n);
}

FIX unsigned fix_number(const struct ps_spool_record *rec)
{
    char text[101];
    unsigned number = 0;
    assert_int_equal(rec->kind, PS_SPOOL_DOCUMENT);
    assert_int_equal(rec->len, 100);
    assert_int_equal(sscanf((const char *)rec->data, "{\"number\":%8u", &number), 1);
    assert_memory_equal(rec->data, fix_doc(number, text), 100);
    return number;
}

// "1 2 -3 4": documents by number, tombstones by how many they count; each is kept.
FIX void fix_list(struct ps_spool_reader *r, char *out, size_t size, bool remove)
{
    const struct ps_spool_record *rec;
    size_t at = 0;
    int got;
    out[0] = '\0';
    while ((got = ps_spool_next(r, &rec)) == 1) {
        if (rec->kind == PS_SPOOL_TOMBSTONE)
            at += (size_t)snprintf(out + at, size - at, "%s-%d", at > 0 ? " " : "", (int)rec->loss.dropped);
        else
            at += (size_t)snprintf(out + at, size - at, "%s%u", at > 0 ? " " : "", fix_number(rec));
        if (remove)
            assert_int_equal(ps_spool_done(r, rec), 0);
        else
            ps_spool_keep(r, rec);
    }
    assert_int_equal(got, 0);
}

FIX void assert_holds(struct fix *f, const char *want)
{
    char list[2048];
    struct ps_spool_reader *r = fix_reader(f);
    fix_list(r, list, sizeof list, false);
    ps_spool_reader_close(r);
    assert_string_equal(list, want);
}

FIX struct ps_spool_stat fix_stat(struct ps_spool *s)
{
    struct ps_spool_stat st;
    assert_int_equal(ps_spool_stat(s, &st), 0);
    return st;
}

// Names in the directory that end so; the last one found goes to `name`.
FIX unsigned fix_count(struct fix *f, const char *end, char name[256])
{
    unsigned n = 0;
    DIR *d = opendir(f->dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        size_t len = strlen(e->d_name);
        if (len < strlen(end) || strcmp(e->d_name + len - strlen(end), end) != 0)
            continue;
        n++;
        if (name != NULL)
            snprintf(name, 256, "%s", e->d_name);
    }
    closedir(d);
    return n;
}

FIX unsigned fix_temporaries(struct fix *f)
{
    unsigned n = 0;
    DIR *d = opendir(f->dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += strncmp(e->d_name, ".psspool-tmp-", 13) == 0;
    closedir(d);
    return n;
}
