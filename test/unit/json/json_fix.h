// SPDX-License-Identifier: Apache-2.0
// Documents out of literals, for the tests of ps_jdoc.h.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "json/ps_jdoc.h"

#define TEST(f) cmocka_unit_test(f)

// A document that has to be good.
static inline struct ps_jdoc *doc_of(const char *text)
{
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault = {""};
    int err = ps_jdoc_parse(&doc, "f.json", text, strlen(text), &fault);

    assert_string_equal(fault.text, "");
    assert_int_equal(err, 0);
    return doc;
}

// Holds a document of len octets to the way it is refused.
static inline void check_refused(const char *text, size_t len, int err, const char *message)
{
    // Exactly as large as the document, so that the address sanitizer sees a read past its end.
    char *exact = malloc(len > 0 ? len : 1);
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault = {""};
    int got;

    assert_non_null(exact);
    memcpy(exact, text, len);
    got = ps_jdoc_parse(&doc, "f.json", exact, len, &fault);
    assert_string_equal(fault.text, message);
    assert_int_equal(got, err);
    assert_null(doc);
    got = ps_jdoc_parse(&doc, NULL, exact, len, NULL);
    assert_int_equal(got, err);
    free(exact);
}

#define REFUSED(text, err, message) check_refused(text, sizeof(text) - 1, err, "f.json:" message)
