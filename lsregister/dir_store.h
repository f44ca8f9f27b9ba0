// SPDX-License-Identifier: Apache-2.0
// The directory's records on disk: an SQLite file that one process uses. What stands there is what was answered.
#pragma once
#include <limits.h>
#include "db/ps_dbqueue.h"
#include "lsregister/dir_index.h"
#include "lsregister/dir_way.h"

struct dir_store;
// Makes the file where it is missing, and holds it against a second process. The fault names the file, the cause and
// what to do.
int dir_store_open(struct dir_store **out, const char *path, struct ps_fault *fault);
void dir_store_close(struct dir_store *s); // NULL is fine
// Enters all records into an empty index. From the thread that opened it, before dir_store_start.
int dir_store_load(struct dir_store *s, struct dir_index *ix, struct ps_fault *fault);
// Tells what the upper server calls which record, whether that is there or not. An error of each() ends it.
int dir_store_uppers(struct dir_store *s,
                     int (*each)(void *ctx, const uint8_t uuid[DIR_UUID], const char *uri), void *ctx,
                     struct ps_fault *fault);
// Starts the thread that writes.
int dir_store_start(struct dir_store *s, struct ps_fault *fault);
// Writes what waits, and tells it done.
void dir_store_stop(struct dir_store *s);
struct ps_dbqueue *dir_store_queue(const struct dir_store *s);
// Which directory this is: made with its file, and for good.
const char *dir_store_self(const struct dir_store *s);
// The id of the next record.
int64_t dir_store_next_id(struct dir_store *s);
// A handle to read with, for another thread.
int dir_store_reader(struct ps_db **out, const char *path, struct ps_fault *fault);

// --- writing

enum dir_write_kind {
    DIR_WRITE_ADD,    // a record, with its lease
    DIR_WRITE_LEASES, // new leases of records that are there
    DIR_WRITE_REMOVE, // records
    DIR_WRITE_UPPER, // what the upper server calls a record: the body is the uri; none: it is to be forgotten
};

struct dir_lease_row {
    uint8_t uuid[DIR_UUID]; // the caller's
    int64_t id;
    int64_t expires_ms;
    int32_t ttl_s;
    char *way;    // malloc'd; NULL: the host's own
    bool missing; // outcome: there is no such record
};

// The rows, the body and the token (malloc'd) belong to it, and go with dir_write_fini. done, whose err is in job.err,
// is called on the loop's thread. -ESTALE: the file was
// removed or replaced, and what was written is not kept.
struct dir_write {
    struct ps_dbjob job;
    struct dir_store *store;
    enum dir_write_kind kind;
    struct dir_lease_row *rows;
    size_t n;
    char type[DIR_TYPE_MAX + 1];
    char *body;
    size_t body_len;
    uint8_t *token;
    void (*done)(struct dir_write *w);
};
// Room for n rows. -ENOMEM.
int dir_write_init(struct dir_write *w, struct dir_store *s, enum dir_write_kind kind, size_t n);
void dir_write_fini(struct dir_write *w);
// As ps_dbqueue_put.
int dir_write_put(struct dir_write *w);
