// SPDX-License-Identifier: Apache-2.0
// Checks of values in documents of pScheduler, with faults in upstream's form: "At /data-ports/lower: 'x' is not of
// type 'integer'". For lib/spec alone.
#pragma once
#include <stdint.h>
#include "base/ps_conf.h"
#include "base/ps_time.h"
#include "json/ps_jdoc.h"

#define SP_CHECK_PATH 160
#define SP_INT_MAX INT64_C(9007199254740991) // a double holds integers up to it exactly

// Where we are in the document, and who is told.
struct sp_check {
    struct ps_fault *fault; // may be NULL
    char path[SP_CHECK_PATH];
    size_t len;
};

void sp_check_init(struct sp_check *c, const char *path, struct ps_fault *fault);
// Steps into a member; the answer is for the way back.
size_t sp_check_enter(struct sp_check *c, const char *key);
size_t sp_check_enter_nth(struct sp_check *c, size_t i);
void sp_check_leave(struct sp_check *c, size_t mark);
// Tells "At PATH: ..." and returns err.
int sp_check_fail(struct sp_check *c, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
// The value as upstream quotes it: strings in single quotes, long ones cut off, what controls terminals replaced.
#define SP_QUOTED 100
const char *sp_quoted(struct ps_jnode n, char out[SP_QUOTED]);
const char *sp_quoted_text(const char *text, char out[SP_QUOTED]);

// Each checks one value: 0, or an error that has been told.
int sp_check_type(struct sp_check *c, struct ps_jnode n, enum ps_jtype type);
int sp_check_string(struct sp_check *c, struct ps_jnode n, const char **out);
int sp_check_int(struct sp_check *c, struct ps_jnode n, int64_t min, int64_t max, int64_t *out);
int sp_check_number(struct sp_check *c, struct ps_jnode n, double min, double max, bool open, double *out);
int sp_check_duration(struct sp_check *c, struct ps_jnode n, ps_ns *out);
int sp_check_host(struct sp_check *c, struct ps_jnode n, const char **out);
int sp_check_hostport(struct sp_check *c, struct ps_jnode n, const char **out);
int sp_check_word(struct sp_check *c, struct ps_jnode n, const char *const *words, size_t *out);
// At most max members; arrays and objects.
int sp_check_count(struct sp_check *c, struct ps_jnode n, size_t max);
int sp_check_missing(struct sp_check *c, const char *key);
// A key that is not known: why is NULL or what to add ("it needs schema 2").
int sp_check_unexpected(struct sp_check *c, const char *key, const char *why);
