// SPDX-License-Identifier: Apache-2.0
// What the files behind lim_parse share.
#pragma once
#include "limits/lim_read.h"
#include "limits/lim_rules.h"

struct lim_parsing {
    struct lim_rules *rules;
    struct lim_faults *faults;
    // Names that could not be read or found: what they may have meant is not called unused.
    bool lost_identifiers, lost_classifiers, lost_limits;
};

// Room for the elements of an array, all zeros, at least one; NULL and told: no memory.
void *lim_room(struct lim_parsing *p, struct ps_jnode array, size_t size);
// Of a named thing: its name, checked to be new among those already read (each stride octets behind the one before,
// beginning with its name), and its description.
void lim_read_name(struct lim_parsing *p, struct lim_read *r, const char *what, const void *former, size_t n,
                   size_t stride, const char **name, const char **description);
// The index of the thing named by a string; SIZE_MAX and told: there is none.
size_t lim_find(struct lim_parsing *p, struct ps_jnode name, const char *what, const void *things, size_t n,
                size_t stride);
// Indices of things named by an array of strings; what is unknown, or there twice, is told and left out.
size_t *lim_find_all(struct lim_parsing *p, struct ps_jnode names, const char *what, const void *things,
                     size_t n, size_t stride, size_t *found);
void lim_read_nets(struct lim_parsing *p, struct ps_jnode array, struct lim_nets *nets);

void lim_read_identifiers(struct lim_parsing *p, struct ps_jnode array);
void lim_read_classifiers(struct lim_parsing *p, struct ps_jnode array);
void lim_read_limits(struct lim_parsing *p, struct ps_jnode array);
void lim_read_applications(struct lim_parsing *p, struct ps_jnode array);
// The data of run-daterange, run-schedule, url-fetch.
void lim_read_daterange(struct lim_parsing *p, struct lim_limit *l);
void lim_read_schedule(struct lim_parsing *p, struct lim_limit *l);
void lim_read_fetch(struct lim_parsing *p, struct lim_limit *l);
// What is no fault and hardly meant.
void lim_warn(struct lim_parsing *p);
