// SPDX-License-Identifier: Apache-2.0
// The tools that psched brings along: which tests they run, whether they can run one here, how long that takes, and
// what becomes of what the participants have measured. Pure. The scheduler's fact sheet, sections 1.4, 3 and 7.
//
// Specs are taken as valid (lib/spec has seen them). What a tool reads of one in vain, it takes as not there.
#pragma once
#include "base/ps_conf.h"
#include "base/ps_out.h"
#include "base/ps_time.h"
#include "json/ps_jdoc.h"
#include "tool/tl_site.h"

struct tl_tool; // static

// A test: its type, and the node of its spec.
struct tl_test {
    const char *type;
    struct ps_jnode spec;
};

// --- the list

size_t tl_tool_count(void);
// In the order of preference (higher first), then of their names. NULL behind the last one.
const struct tl_tool *tl_tool_at(size_t i);
const struct tl_tool *tl_tool_find(const char *name); // NULL: there is none
const char *tl_tool_name(const struct tl_tool *t);
int tl_tool_preference(const struct tl_tool *t);
bool tl_tool_does(const struct tl_tool *t, const char *test_type);
// Whether a run of it gives results one after the other until it ends (latencybg, idlebgm).
bool tl_tool_is_multi(const struct tl_tool *t);
// Its enumeration: {"schema":1,"name","description","version","maintainer","tests","preference"}; the object is
// left open for more members (href) until the caller closes it.
void tl_tool_enumerate(const struct tl_tool *t, struct ps_json *j);

// --- what it would do with a test

#define TL_REASONS 8
struct tl_reasons {
    size_t n;
    char text[TL_REASONS][200];
};
// Whether it can; if not, there is at least one reason (why may be NULL).
bool tl_can_run(const struct tl_tool *t, const struct tl_site *site, const struct tl_test *test,
                struct tl_reasons *why);

struct tl_span {
    ps_ns duration; // whole seconds
    ps_ns post;     // after it, until there is a result
    bool has_post;
};
// How long a run takes. PS_EUNSUPPORTED: the tool does not run such tests.
int tl_duration(const struct tl_tool *t, const struct tl_test *test, struct tl_span *out);

// What a participant has to tell the others before a run, as a JSON object: {} but for tools of two participants. port:
// to be listened on, with the next one, where the specification names none; 0: the tool's usual one. 0 or
// PS_EUNSUPPORTED.
int tl_participant_data(const struct tl_tool *t, const struct tl_site *site, const struct tl_test *test,
                        unsigned participant, unsigned port, struct ps_json *j);

// --- what was measured

// The result of a run, made of what each participant has (results: an array with an object or null for each):
// {"succeeded", ...}. 0, or PS_EMALFORMED when it is no such array; then, and when a participant has nothing, a result
// that did not succeed is written with the reason.
int tl_merged(const struct tl_tool *t, const struct tl_test *test, struct ps_jnode results,
              struct ps_json *j);
// The same of a tool that psched does not bring along: the first participant's result, or its member "result".
int tl_merged_foreign(struct ps_jnode results, struct ps_json *j);
