// SPDX-License-Identifier: Apache-2.0
// What the tests of this folder share: rules, requests, and faults in a line each.
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
#include "limits/lim_rules.h"

// Quotes in JSON would hide it: ' stands for ".
static inline char *json(const char *text)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    for (char *p = copy; *p; p++)
        if (*p == '\'')
            *p = '"';
    return copy;
}

// "12 limits[3].data: what is wrong (hint)", warnings with a "w" in front, a line each; faults alone if so asked.
static inline char *told_of(const struct lim_faults *f, bool faults_alone)
{
    char *out = NULL;
    size_t len;
    FILE *file = open_memstream(&out, &len);
    assert_non_null(file);
    for (size_t i = 0; i < f->n; i++) {
        const struct lim_fault *one = &f->at[i];
        if (faults_alone && one->weight == LIM_WARNING)
            continue;
        fprintf(file, "%s%d %s: %s", one->weight == LIM_WARNING ? "w" : "", one->line, one->path, one->text);
        fprintf(file, one->hint ? " (%s)\n" : "%s\n", one->hint ? one->hint : "");
    }
    fclose(file);
    return out;
}

static inline char *told(const struct lim_faults *f)
{
    return told_of(f, false);
}

// Rules of which nothing is wrong but what warnings say.
static inline struct lim_rules *rules_of(const char *text)
{
    struct lim_faults faults;
    struct lim_rules *rules;
    char *t = json(text);
    lim_faults_init(&faults);
    int err = lim_parse(&rules, t, strlen(t), &faults);
    if (err) {
        char *all = told(&faults);
        fail_msg("%s", all);
        free(all);
    }
    lim_faults_fini(&faults);
    free(t);
    return rules;
}
