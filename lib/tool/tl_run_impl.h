// SPDX-License-Identifier: Apache-2.0
// What the files behind tl_run.h share. For lib/tool alone.
#pragma once
#include "base/ps_list.h"
#include "tool/tl_child.h"
#include "tool/tl_naming.h"
#include "tool/tl_orphans.h"
#include "tool/tl_parts.h"
#include "tool/tl_plugin.h"
#include "tool/tl_run.h"
#include "tool/tl_streams.h"
#include "tool/tl_tool_impl.h"

#define TL_RUN_LATE (4 * PS_SEC)    // behind its duration: asked to go
#define TL_RUN_GRACE (PS_SEC / 2)   // and then killed
#define TL_RUN_NAMING (2 * PS_SEC)  // for names of what was found
#define TL_RUN_DIAGS ((size_t)8192) // of an output in the diagnostics

struct tl_runner {
    struct ps_loop *loop;
    struct tl_runner_conf conf;
    char *tmp;
    struct ps_list runs;
    size_t running;
};

struct tl_ends; // the look-up of the two ends' addresses
struct tl_clean;

struct tl_run {
    struct ps_list link;
    struct tl_runner *runner;
    const struct tl_run_ops *ops;
    void *ctx;

    // what was asked
    const struct tl_tool *tool;     // NULL: a plug-in
    const struct tl_plugin *plugin; // NULL: built in
    char uuid[TL_ORPHANS_RUN];
    char *task, *type;
    struct ps_jdoc *spec, *parts; // parts NULL: the tool has not been asked yet
    ps_ns start, duration;
    unsigned participant;
    struct tl_context_copy {
        char *change, *data;
    } contexts[TL_CONTEXTS];
    size_t ncontexts;

    // on its way
    char *dir; // TMPDIR; NULL: none yet
    struct ps_timer *timer;
    void (*next)(struct tl_run *run); // what the timer is for
    struct tl_parts *asking;
    struct tl_ends *ends;
    char near[256], far[256]; // "": not told
    int family;
    unsigned port;
    ps_ns port_until;
    struct tl_argv argv;
    struct tl_child *child, *partner;
    struct tl_stream *stream;
    struct tl_clean *clean;
    bool cancelled, overdue;
    bool recorded;  // it has told records
    bool in_result; // its owner is being told
    bool silent;    // its owner does not want to hear of it any more

    // behind it
    char *out, *err;
    size_t out_len, err_len;
    int status;
    struct tl_names names;
    bool names_made;
    struct tl_naming *naming;
    struct tl_plugin_call *merging;
    struct tl_answer answer;
    char *diags;
    size_t diags_len;
};

// tl_run.c
void tl_run_after(struct tl_run *run, ps_ns after, void (*next)(struct tl_run *run));
// It cannot go on: the reason, and its end.
void tl_run_fail(struct tl_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// No process of the tool is left: the result, unless it has one (a reason) already.
void tl_run_judge(struct tl_run *run);
void tl_run_end(struct tl_run *run);

// tl_run_ends.c: the addresses of the ends, where a tool wants addresses; then tl_run_wait.
void tl_run_find_ends(struct tl_run *run);
void tl_ends_free(struct tl_ends *e);
void tl_run_wait(struct tl_run *run);

// tl_run_start.c: the programs.
void tl_run_launch(struct tl_run *run);
struct tl_job tl_run_job(const struct tl_run *run);
struct tl_test tl_run_test(const struct tl_run *run);

// tl_run_clean.c: on a worker, kills what is left of the run and removes its directory; then tl_run_judge.
void tl_run_clean(struct tl_run *run);
void tl_clean_forget(struct tl_clean *c);
char *tl_run_make_dir(const char *tmp, struct ps_fault *fault);

// tl_run_result.c
// Makes the answer of what the tool wrote, and tells it. true: not yet, but it will, and end the run.
bool tl_run_read(struct tl_run *run);
// A record of a multi-result tool.
void tl_run_record(struct tl_run *run, const char *text, size_t len);
// Tells the result that run->answer is, unless the run was cancelled.
void tl_run_tell(struct tl_run *run);
