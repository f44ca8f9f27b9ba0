// SPDX-License-Identifier: Apache-2.0
// The result of one tool in the making: a JSON object, or the reason why there is none.
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include "base/ps_out.h"

struct tl_answer {
    bool succeeded;
    char error[512]; // of one that did not succeed; ends without a full stop
    char *text;      // of one that did: an object that is closed
    size_t len;
    struct ps_text making;
};

void tl_answer_init(struct tl_answer *a);
void tl_answer_fini(struct tl_answer *a);
// Begins the object {"succeeded":true,"schema":1, ...; schema 0: without. Out of memory is the
// reason then.
struct ps_json *tl_answer_begin(struct tl_answer *a, unsigned schema);
// Closes it: it has succeeded.
void tl_answer_end(struct tl_answer *a);
// It has not; what was written is dropped. The first reason stays. Control characters become blanks.
void tl_answer_fail(struct tl_answer *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// Takes an object as it is.
void tl_answer_take(struct tl_answer *a, bool succeeded, const char *text, size_t len);

// The document of a participant (3.3): {"succeeded","diags","error","result":{...}}, or, flat, the object with
// "diags" beside its members.
void tl_answer_local(const struct tl_answer *a, bool flat, const char *diags, struct ps_json *j);
// The result of the run, where this is the one participant: the object, or {"succeeded":false,"error","diags"}.
void tl_answer_merged(const struct tl_answer *a, bool flat, const char *diags, struct ps_json *j);
