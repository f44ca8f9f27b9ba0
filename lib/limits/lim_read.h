// SPDX-License-Identifier: Apache-2.0
// Reading an object of the rules: gets that tell what is wrong and go on, so that one reading finds every fault.
#pragma once
#include "base/ps_time.h"
#include "limits/lim_fault.h"

#define LIM_READ_NAMES 24

struct lim_read {
    struct ps_jnode node; // no node when it is not an object
    struct lim_faults *faults;
    size_t before; // faults there were
    size_t nnames;
    const char *names[LIM_READ_NAMES];
};

enum lim_need { LIM_OPTIONAL, LIM_NEEDED };

// What is no object is told.
void lim_read_begin(struct lim_read *r, struct ps_jnode object, struct lim_faults *faults);
// The member, of whatever type; counts as asked for.
struct ps_jnode lim_get(struct lim_read *r, const char *key, enum lim_need need);
// Values; the default, "" or no node when the member is not there or wrong.
const char *lim_get_str(struct lim_read *r, const char *key, enum lim_need need, size_t min);
bool lim_get_bool(struct lim_read *r, const char *key, enum lim_need need, bool otherwise);
struct ps_jnode lim_get_array(struct lim_read *r, const char *key, enum lim_need need);
struct ps_jnode lim_get_object(struct lim_read *r, const char *key, enum lim_need need);
size_t lim_get_word(struct lim_read *r, const char *key, enum lim_need need, const char *const *words,
                    size_t n, size_t otherwise);
// ISO 8601, from min to max.
ps_ns lim_get_duration(struct lim_read *r, const char *key, enum lim_need need, ps_ns min, ps_ns max,
                       ps_ns otherwise);
// An element of an array: its string, or NULL and told.
const char *lim_element_str(struct ps_jnode n, struct lim_faults *faults);
// Tells members that nobody asked for, comments ("#...") aside. Whether all was well since begin.
bool lim_read_end(struct lim_read *r);
// "http://host..." or "https://host...": what stands behind is not looked at.
bool lim_is_web_url(const char *text);
