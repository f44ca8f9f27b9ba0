// SPDX-License-Identifier: Apache-2.0
// Drafts and indexes for tests.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "lsregister/dir_draft.h"
#include "lsregister/dir_index.h"
#include "lsregister/dir_lease.h"

#define FIX __attribute__((unused)) static

struct fix_draft {
    struct dir_draft d;
    struct ps_jdoc *doc;
    struct ps_fault fault;
};

// The error of reading the text as a record.
FIX int fix_read(struct fix_draft *f, const char *text)
{
    memset(f, 0, sizeof *f);
    assert_int_equal(ps_jdoc_parse_foreign(&f->doc, NULL, text, strlen(text), &f->fault), 0);
    return dir_draft_read(&f->d, ps_jdoc_root(f->doc), &f->fault);
}

FIX void fix_free(struct fix_draft *f)
{
    dir_draft_fini(&f->d);
    ps_jdoc_free(f->doc);
}

// What write puts into an object, as text. To be freed.
FIX char *fix_text(void (*write)(const void *what, struct ps_json *j), const void *what)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    char *text;

    ps_json_open(j, '{');
    write(what, j);
    ps_json_close(j, '}');
    text = ps_text_close(&t, NULL);
    assert_non_null(text);
    return text;
}

// Enters a record whose uuid is of n, and whose lease ends at ms.
FIX struct dir_rec *fix_add(struct dir_index *ix, uint32_t n, const char *text, int64_t ms)
{
    uint8_t uuid[DIR_UUID] = {0};
    struct fix_draft f;
    struct dir_rec *rec;

    memcpy(uuid + 12, &n, sizeof n);
    assert_int_equal(fix_read(&f, text), 0);
    assert_int_equal(dir_index_add(ix, &f.d, uuid, &rec), 0);
    rec->expires_ms = ms;
    rec->id = n;
    fix_free(&f);
    return rec;
}
