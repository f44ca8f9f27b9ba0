// SPDX-License-Identifier: Apache-2.0
// What is wrong with a file of rules, all of it: each fault with its place in the JSON, its line, and a hint.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "json/ps_jdoc.h"

#define LIM_FAULTS_MAX 200 // that are kept; more are counted

enum lim_weight { LIM_WARNING, LIM_FAULT };

struct lim_fault {
    enum lim_weight weight;
    int line;   // from 1; 0: of the whole document
    char *path; // "limits[3].data.types", "the document"
    char *text; // what is wrong
    char *hint; // what to do; NULL: nothing comes to mind
};

struct lim_faults {
    struct lim_fault *at;
    size_t n, cap;
    size_t faults, warnings; // all there were
    int err;                 // -ENOMEM: some may be missing
    // While the values at hand were made from others (a clone's data): where they count as standing.
    const char *site;
    int site_line;
};

void lim_faults_init(struct lim_faults *f);
void lim_faults_fini(struct lim_faults *f);
// Of the value n, or of its member key that is not there (NULL: of itself). hint may be NULL; all is copied.
void lim_fault_at(struct lim_faults *f, enum lim_weight weight, struct ps_jnode n, const char *key,
                  const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
// The same of a place that is told.
void lim_fault_place(struct lim_faults *f, enum lim_weight weight, int line, const char *path,
                     const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
// The same where a function of ps_jdoc.h has told its own: "[NAME:LINE: ][PATH: ]TEXT[; HINT]".
void lim_fault_from(struct lim_faults *f, struct ps_jnode n, const struct ps_fault *fault);
// By their lines; those of one line in the order they were told in.
void lim_faults_sort(struct lim_faults *f);
