// SPDX-License-Identifier: Apache-2.0
// Participant data: what the participants of a run tell each other before it, an object of each, which their tool makes.
// (The scheduler's fact sheet, 1.9 and 7.) From the loop's thread.
#pragma once
#include "tool/tl_plugin.h"
#include "tool/tl_run.h"

#define TL_PARTS_MAX 16 // participants

struct tl_parts_ask {
    const struct tl_tool *tool;     // NULL: a plug-in
    const struct tl_plugin *plugin; // NULL: built in. Without the method it has nothing to tell
    struct tl_test test;            // stays the caller's until it is told or given up
    size_t n;                       // participants
    unsigned port;                  // that is free, with the next one; 0: the tool's usual one
};

struct tl_parts;
// parts: JSON text, an array with the object of each, good during the call. NULL: it cannot be had, and why.
typedef void (*tl_parts_cb)(void *ctx, const char *parts, const char *why);
// cb is called once, never from inside, and *out is gone then. -ENOMEM.
int tl_parts_ask(struct tl_runner *r, const struct tl_parts_ask *ask, tl_parts_cb cb, void *ctx,
                 struct tl_parts **out);
// Gives it up; nothing is called any more. NULL is fine.
void tl_parts_free(struct tl_parts *p);
