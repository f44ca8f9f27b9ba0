// SPDX-License-Identifier: Apache-2.0
// Between sink.c, which keeps what waits and its thread, and sink_write.c, which writes it.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include "base/ps_list.h"
#include "spool/ps_spool.h"

#define SINK_BATCH 64

enum item_kind { ITEM_LINE, ITEM_DOCUMENT, ITEM_FILE, ITEM_APPEND, ITEM_WHOLE };

struct item {
    struct ps_list node;
    enum item_kind kind;
    size_t len;
    char *text;
    char *line;                  // to be printed then
    uint8_t id[PS_SPOOL_ID_LEN]; // of a document that was offered already
    char name[];
};

struct target {
    struct ps_list node;  // of its bucket
    struct ps_list ready; // of those that have items
    struct ps_list items;
    size_t waiting; // octets
    struct ps_spool *spool;
    uint64_t evicted;  // what was dropped from it by the last look
    int err;           // it failed
    time_t not_before; // CLOCK_MONOTONIC seconds: and is tried again then
    char dir[];        // "": standard output
};

// The program ends, and what waits is written until then.
struct sink_end {
    atomic_bool near;
    _Atomic time_t by;
};

// CLOCK_MONOTONIC.
time_t sink_seconds(void);
// Writes n items of one kind, at most SINK_BATCH, to their target; the first *done of them are written, also
// after an error.
int sink_write(const struct sink_end *end, struct target *t, struct item **items, size_t n, size_t *done);
