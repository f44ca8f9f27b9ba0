// SPDX-License-Identifier: Apache-2.0
// What the tests of this folder share: documents and what is said of them.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "spec/sp_test.h"

// A document; ' stands for ".
static inline struct ps_jdoc *doc_of(const char *text)
{
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault = {""};
    char *copy = strdup(text);

    assert_non_null(copy);
    for (char *p = copy; (p = strchr(p, '\'')) != NULL;)
        *p = '"';
    if (ps_jdoc_parse(&doc, NULL, copy, strlen(copy), &fault) != 0)
        fail_msg("%s: %s", copy, fault.text);
    free(copy);
    return doc;
}

static inline const struct sp_test *test_of(const char *name)
{
    const struct sp_test *t = sp_test_find(name);

    if (!t)
        fail_msg("no test %s", name);
    return t;
}

// What was written, with ' for ", must be that.
static inline void text_expect(struct ps_text *t, const char *want)
{
    char *text = ps_text_close(t, NULL);

    assert_non_null(text);
    for (char *p = text; (p = strchr(p, '"')) != NULL;)
        *p = '\'';
    assert_string_equal(text, want);
    free(text);
}
