// SPDX-License-Identifier: Apache-2.0
// The results of a stream: .owp and .sum files and their names, JSON documents on standard output and in a
// spool, and what tells of the time that was not measured.
#pragma once
#include "powstream/lane.h"
#include "powstream/ledger.h"
#include "powstream/sink.h"

struct output_counts {
    uint64_t sessions, sent, lost, duplicates, gaps;
    double gap_seconds;
};

struct output {
    const struct stream_conf *conf;
    const struct ground *ground;
    struct sink *sink;
    struct output_counts counts;
    char *names[2]; // of the session's files, to be printed
};

// Packets first..end-1 of a session, whose time is start..until.
struct output_part {
    uint32_t first, end;
    ps_ntp start, until;
};

// The session has ended: writes what is asked for. How far its file reaches, or 0: there is nothing in it,
// or it could not be written, for which *fault has the reason (good until the next call).
ps_ntp output_session(struct output *o, const struct lane_result *r, const char **fault);
// Prints the names of its files: behind those of its parts. To be called after each output_session.
void output_names(struct output *o);
// A part of a session, running or ended; what its file tells so far.
int output_part(struct output *o, const struct lane_result *r, const struct output_part *part);
// What the ledger tells: a gap or a step.
void output_entry(struct output *o, const struct ledger_entry *e);
// Notes what is accounted for, and reads such a note of a former run; false: there is none.
void output_note(struct output *o, const struct ledger_note *note);
bool output_noted(const struct output *o, struct ledger_note *note);
