// SPDX-License-Identifier: Apache-2.0
// An archive as the verbs use it: opened with what a verb needs, and told about in one way.
#pragma once
#include "psarchive/series.h"
#include "psarchive/store.h"
#include "psarchive/writer.h"

enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_NET = 3, EXIT_SYSTEM = 4 };

enum workplace_use {
    WORKPLACE_READ,
    WORKPLACE_CHANGE, // what is there
    WORKPLACE_MAKE,   // what is there, or a new one, which is told
    WORKPLACE_WRITE,  // the same by a writer
};

struct workplace {
    const char *verb;
    struct store *store;
    struct reader *reader;
    struct writer *writer; // of WORKPLACE_WRITE, and its port
    struct port *port;
};

// data NULL: the place where an archive is by default. What fails is told. 0, or the exit status.
int workplace_open(struct workplace *w, const char *verb, const char *data, enum workplace_use use);
void workplace_close(struct workplace *w);
// "psarchive VERB: ..." on standard error. Returns the status.
int workplace_fail(const char *verb, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
// Everything that was printed is written: status, or EXIT_SYSTEM.
int workplace_flush(const char *verb, int status);
