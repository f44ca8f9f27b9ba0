// SPDX-License-Identifier: Apache-2.0
// What the files behind archiving.h share. For them alone.
#pragma once
#include "base/ps_list.h"
#include "crypto/ps_crypto.h"
#include "db/ps_db.h"
#include "psched/archive.h"
#include "psched/archiving.h"
#include "psched/store.h"

#define ARCHIVING_SENDS 4     // under way at a time for one archive
#define ARCHIVING_DIAGS 5     // tries whose words are kept for a run
#define ARCHIVING_DEFAULTS 64 // files of default archives

enum archiving_statement {
    ARCHIVING_ARCHIVE_ADD,
    ARCHIVING_ARCHIVE_ID,
    ARCHIVING_ARCHIVE_ALL,
    ARCHIVING_ARCHIVE_COUNT,
    ARCHIVING_ADD,
    ARCHIVING_DUE,
    ARCHIVING_NEXT,
    ARCHIVING_DONE,
    ARCHIVING_OF_RUN,
    ARCHIVING_OPEN,
    ARCHIVING_KEEP,
    ARCHIVING_KEEP_FOR,
    ARCHIVING_GONE,
    ARCHIVING_OVER,
    ARCHIVING_OLDEST,
    ARCHIVING_OCTETS,
    ARCHIVING_TOTAL,
    ARCHIVING_STATEMENTS,
};

// An archive that has, or had, something to get.
struct queue {
    struct ps_list link;
    struct archiving *of;
    int64_t id;              // in the store
    struct archive *archive; // NULL: its specification is no good any more
    char *spec;
    size_t sending;
    unsigned failures; // in a row
    ps_ns not_before;  // no try before, after a failure
    char last_error[200];
    ps_ns last_success, last_failure; // 0: none
    uint64_t archived, failed, dropped;
};

// A result that is being sent.
struct item {
    struct ps_list link;
    struct queue *queue;
    char run[SCH_ID];
    int64_t place;
    uint64_t attempts;
    ps_ns begun;
    bool ended; // how is waiting to be written
    enum ps_deliver_end end;
    ps_ns next; // when to try again
    char *text; // of a failure
};

struct archiving {
    struct site *site;
    struct ps_deliver *deliver;
    struct ps_stmt *st[ARCHIVING_STATEMENTS];
    struct ps_list queues;
    struct ps_list items;
    struct ps_timer *timer;             // looks what is due
    struct ps_timer *writer;            // writes what has ended
    struct ps_timer *sweep;             // drops what is too old or too much
    char *defaults[ARCHIVING_DEFAULTS]; // specifications
    size_t ndefaults;
    uint64_t stamp; // of the folder when it was read
};

// archiving_rows.c
int archiving_prepare(struct archiving *a);
// The archive of that specification, made if it is new. Inside a transaction or not. NULL and the error: *err.
struct queue *archiving_queue(struct archiving *a, const char *spec, size_t len, int *err);
int archiving_load(struct archiving *a);

// The document that archives get of a run, malloc'd; NULL: no memory, or no run.
char *archiving_document(struct archiving *a, const struct sch_run *r, const char *origin, size_t *len);

// archiving_send.c
void archiving_look(void *archiving);
void archiving_write(void *archiving);

// archiving_defaults.c: reads the folder if it has changed. What is wrong with a file is logged.
void archiving_defaults(struct archiving *a);

// archiving_drop.c
#define ARCHIVING_TOO_OLD "it has waited longer than its ttl, or backlog-age of psched.conf, allows"
// What is older is not sent any more.
ps_ns archiving_age(const struct archiving *a, const struct queue *q);
void archiving_drop(void *archiving);
