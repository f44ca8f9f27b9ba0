// SPDX-License-Identifier: Apache-2.0
// Runs: a tool is started at its time, looked after, and what it says becomes a result. Used from the loop's thread;
// nothing here blocks. The scheduler's fact sheet, sections 2.5, 3.3 and 7.
//
// A tool is the leader of a process group, with a fresh directory of its own (TMPDIR, where it is started), an
// environment of LANG, LC_ALL, PATH, TMPDIR and the marks by which its processes are known (tl_orphans.h), and no
// descriptors but three.
// It is asked to go (SIGTERM) 4 s behind its duration, and killed half a second later, with its group and with
// whatever else bears its mark. What it writes is bounded.
#pragma once
#include "loop/ps_dns.h"
#include "tool/tl_tool.h"

struct tl_runner;
struct tl_streams; // tl_streams.h
struct tl_plugins; // tl_plugin.h

struct tl_runner_conf {
    const struct tl_site *site; // stays the caller's
    struct ps_dns *dns;         // NULL: no names are looked up
    const char *tmp;            // where the runs' directories are made; copied
    struct tl_streams *streams; // for latencybg; NULL: its runs fail
    struct tl_plugins *plugins; // tools that are not built in; NULL: none
    size_t output_max;          // octets of what a tool writes; 0: 16 MiB
};

// Removes what is in the folder of the runs' directories: a process that was killed left them. Before the first run.
void tl_runner_sweep(const char *tmp);
int tl_runner_new(struct ps_loop *l, const struct tl_runner_conf *conf, struct tl_runner **out);
// Kills what runs, without calling back. NULL is fine.
void tl_runner_free(struct tl_runner *r);
size_t tl_runner_running(const struct tl_runner *r);

// A change of context: the method "change" of a plug-in (tl_plugin_path), and its data (JSON text).
#define TL_CONTEXTS 8
struct tl_context {
    const char *change;
    const char *data;
};

// What is to be run; all of it is copied.
struct tl_run_ask {
    const char *tool; // name; one that is built in goes before a plug-in
    const char *run;  // UUID, marks its processes (tl_orphans.h)
    const char *task; // UUID
    const char *type; // of the test
    const char *spec; // JSON text
    size_t spec_len;
    ps_ns start;    // wall time: it is started then, not before; at once when that has passed
    ps_ns duration; // of the run as it was scheduled
    unsigned participant;
    const char *participant_data; // JSON text, an array with an object for each participant; NULL: of the
                                  // one that there is, whom the tool is asked for
    const struct tl_context *contexts; // in which it is started, the outermost first
    size_t ncontexts;                  // at most TL_CONTEXTS
};

// What was measured, good during the call.
struct tl_result {
    bool succeeded;
    const char *error; // why it did not; NULL when it did
    const char *
        local; // JSON text: {"succeeded","diags","error","result"}, this participant's; of several (tl_party.h)
               // an array of them
    size_t local_len;
    const char *
        parts; // what the participants had told before it, as participant_data; NULL: nothing, it had not come so far
    const char *said;   // what a plug-in wrote, as it is; NULL: nothing, or it is none
    const char *merged; // the same as the result of the run, where this host is the one participant
    size_t merged_len;
};

enum tl_run_end {
    TL_RUN_DONE,      // by itself
    TL_RUN_OVERDUE,   // it was ended because its time was over
    TL_RUN_CANCELLED, // tl_run_cancel
};

struct tl_run;
struct tl_run_ops {
    // A single-result tool: once, before `ended`, whatever became of it, but not when it was cancelled. A multi-result
    // tool: for each record, and once if the tool broke before its time.
    void (*result)(void *ctx, const struct tl_result *r);
    // No process of it is left, and the run is gone.
    void (*ended)(void *ctx, enum tl_run_end how);
    // It was started just now (the tool's process runs, or it has been told); NULL is fine.
    void (*started)(void *ctx);
    // Of latencybg; NULL is fine. Nothing was measured for a while that is over, or for another minute of one that is not.
    void (*gap)(void *ctx, double seconds, const char *why);
    // Nothing is measured for now, and why; NULL: it is again.
    void (*trouble)(void *ctx, const char *why);
};

// 0: `ended` will be called, and not from inside. What is wrong with a run comes as a result that did not succeed.
// PS_EMALFORMED (the spec is no JSON), PS_ENOTFOUND (no such tool), -ENOMEM; the fault tells.
int tl_run_start(struct tl_runner *r, const struct tl_run_ask *ask, const struct tl_run_ops *ops, void *ctx,
                 struct tl_run **out, struct ps_fault *fault);
// Ends it: SIGTERM, and half a second later SIGKILL.
void tl_run_cancel(struct tl_run *run);
// Kills it at once; nothing is called any more. NULL is fine; fine from inside `result`.
void tl_run_free(struct tl_run *run);
