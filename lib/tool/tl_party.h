// SPDX-License-Identifier: Apache-2.0
// A run of which this host is every participant: the tool is started for each of them, all know of each other by their
// participant data, and of what they have measured the one result is made. (The scheduler's fact sheet, 1.9 and 7.)
#pragma once
#include "tool/tl_parts.h"
#include "tool/tl_run.h"

#define TL_PARTY_MAX TL_PARTS_MAX // participants

struct tl_party;
// As tl_run_start, with an ask for each participant, which differ in their contexts; who is which and what they know of
// each other is filled in. The result is told once, with the participants' own as an array. Of a tool that gives results
// one after the other: PS_EUNSUPPORTED.
int tl_party_start(struct tl_runner *r, const struct tl_run_ask *asks, size_t n, const struct tl_run_ops *ops,
                   void *ctx, struct tl_party **out, struct ps_fault *fault);
// Ends them all, as tl_run_cancel.
void tl_party_cancel(struct tl_party *p);
// Kills them at once; nothing is called any more. NULL is fine; fine from inside `result`.
void tl_party_free(struct tl_party *p);
