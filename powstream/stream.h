// SPDX-License-Identifier: Apache-2.0
// One stream: its chain of sessions on real lanes, its ledger and its output.
#pragma once
#include "base/ps_out.h"
#include "powstream/output.h"

struct stream;

struct stream_env {
    const struct ground *ground;
    struct sink *sink;
    void *ctx;
    void (*over)(void *ctx, struct stream *s); // a finish has come to its end; the stream may be freed inside
};

// What stream_new would find wrong with directories and pass-phrase now; nothing is changed. The fault names
// the file, not the stream.
int stream_check(const struct stream_conf *conf, struct ps_fault *fault);
// Checks the directory and takes its lock, reads the pass-phrase. The configuration is copied. An error has
// its fault told.
int stream_new(struct stream **out, const struct stream_conf *conf, const struct stream_env *env,
               struct ps_fault *fault);
// What was before it.
struct stream_past {
    ps_ntp since;    // a stream in whose place it begins has given account up to then; 0: there was none
    ps_ntp waited;   // since then it could not begin; 0: it could at once
    const char *why; // that was so
};
// Without a stream before it, what a note of a former run says is taken up.
void stream_begin(struct stream *s, ps_ns stagger, const struct stream_past *past);
// The clock, which showed `before`, was set; last_good: when it was last seen right.
void stream_clock_set(struct stream *s, ps_ntp last_good, ps_ntp before, ps_ntp after);
// Stops what runs and gives its results; `over` follows. reason: why nothing is measured any more; a constant.
void stream_finish(struct stream *s, const char *reason);
// While it finishes: without waiting for servers any more. What they have not given yet is lost.
void stream_abandon(struct stream *s);
// Stops what runs, gives its results, and begins anew.
void stream_reset(struct stream *s);
// It is over: gives account of the rest, and up to when.
ps_ntp stream_settle(struct stream *s);
void stream_free(struct stream *s); // NULL is fine
const struct stream_conf *stream_configuration(const struct stream *s);
// The member "gap-open" of one for which nothing is measured: since when (0: not known) and why.
void stream_put_gap(struct ps_json *j, ps_ntp since, ps_ntp now, const char *reason);
// Members of an open object.
void stream_status(const struct stream *s, struct ps_json *j);
void stream_counts(const struct stream *s, struct output_counts *sum); // added to sum
bool stream_measuring(const struct stream *s);
