// SPDX-License-Identifier: Apache-2.0
// Where text leaves the program: lines on standard output, documents into spools, small files. A thread of
// its own writes, so that a slow disk or a reader that does not read holds up no measurement; what waits
// has a bound. For one target things happen in the order in which they were given.
#pragma once
#include "base/ps_log.h"

// Octets that may wait for one target.
#define SINK_WAITING (32u << 20)

struct sink;

// on_broken: standard output does not take lines any more; called on the sink's thread, once.
int sink_new(struct sink **out, void (*on_broken)(void *ctx), void *ctx);
// Writes what waits, for a few seconds at most, and ends the thread. Returns how many were not written.
// NULL is fine.
size_t sink_free(struct sink *s);

// The text is the sink's from here on (malloc'd), also after an error. -ENOMEM; PS_ELIMIT: too much waits
// for this target, and this one was dropped.
int sink_line(struct sink *s, char *text);
// A document into the spool `dir`.
int sink_document(struct sink *s, const char *dir, char *text);
// Writes the text over that of the file `name` in the directory `dir`; after all documents for that directory.
int sink_file(struct sink *s, const char *dir, const char *name, char *text);
// The text that waits to become that file; false: none does.
bool sink_file_waits(struct sink *s, const char *dir, const char *name, char *text, size_t size);
// Appends the text as a line to the file; a file of more than a mebibyte is first moved to NAME.1.
int sink_append(struct sink *s, const char *dir, const char *name, char *text);

// Makes the file DIR/NAME of the text, whole under its name or not there at all; one of that name stays. The
// line (malloc'd; NULL: none) goes to standard output when the file is there.
int sink_whole(struct sink *s, const char *dir, const char *name, char *text, char *line);
// The caller itself wrote to this directory, or could not.
void sink_wrote(struct sink *s, const char *dir, int err);

struct sink_state {
    uint64_t dropped;  // by the sink: too much waited, or nobody read
    uint64_t evicted;  // by spools, for their bounds; their tombstones tell
    char trouble[200]; // what cannot be written now, and why; "": all can
};
void sink_look(struct sink *s, struct sink_state *state);
// What cannot be written to this directory now is PS_E... or -errno; 0: all can.
int sink_error(struct sink *s, const char *dir);
