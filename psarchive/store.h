// SPDX-License-Identifier: Apache-2.0
// The archive: one SQLite database, whose format doc/psarchive-format.md tells. One writer (writer.h), any number
// of readers. What the parts are for:
//
//   event.h    names and numbers of event types and summaries
//   hist.h     histograms: merge, statistics
//   value.h    one value, from JSON or from a program
//   meta.h     a registration, and the meta that it becomes
//   catalog.h  all metas in memory: look-up and search
//   put.h      what is to be written for one meta: registration, points, document
//   writer.h   the thread that writes, with group commit; who asked is told on his own thread
//   series.h   reading: base points, aggregations, averages, statistics; the newest point; documents
//
// A request to write, from registration to answer:
//
//     es_reg_init(&r); es_reg_set(&r, "source", ...); es_reg_summary(&r, ...);
//     es_reg_check(&r, &fault)                   400 when it fails
//     p = put_new(NULL)                                or put_new(meta) for a known key
//     put_register(p, &r);                             alone: it registers; the same again gives the same meta
//     put_value(p, ts, event, &value);                 any number, in any order; 400 on PS_EUNKNOWN and such
//     put_document(p, ts, text, len);
//     p->done = my_done; p->ctx = me;
//     port_put(port, p)                                503 on PS_ELIMIT: too much waits
//     ... later my_done(me, p) on the thread that calls port_reap(), all or nothing, durable:
//         p->err == 0: p->meta is the meta; created + replaced + same + expired are its values
//         PS_EDUPLICATE: 409, p->conflict_event at p->conflict_ts has another value already, or is of
//                       another run than the result that is there
//         PS_ENOTFOUND: 404 (the meta was purged), PS_EUNKNOWN: 400 (an event type that is not registered),
//         -ENOSPC: 507 (under the floor, or full), another: 500
//     put_free(p)
//
// A request to read:
//
//     m = catalog_find(store_catalog(s), key)          404 when NULL
//     series_open(&cur, reader, m, event, ES_SUMMARY_AVERAGE, 86400, from, to)
//     while (series_next(cur, &point) > 0) ...         as slowly as you like, between turns of the loop too
//     series_close(cur); meta_unref(m)
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "psarchive/catalog.h"

#define STORE_FILE "archive.db" // in the data directory

struct store;
struct store_conf {
    const char *dir; // holds STORE_FILE; made (not its parents) when it is missing, unless read_only
    uint64_t floor;  // octets that must stay free on its file system; less: -ENOSPC for what is written
    bool read_only;  // no writer may be started; a database that is not there is an error
    bool existing;   // that is an error, too, though what is there may be written
    bool check;      // look for damage first (ps_db_check), which reads all of a database of < 1 GiB
};
// Opens, brings the database up to this version, and reads the catalog. The fault tells what is wrong and what to do:
// PS_EMALFORMED: damaged (restore a backup); PS_EVERSION: made by a newer version; -errno.
int store_open(struct store **out, const struct store_conf *conf, struct ps_fault *fault);
void store_close(struct store *s);          // the writer and all readers are closed before; NULL is fine
bool store_was_made(const struct store *s); // there was none before store_open
struct catalog *store_catalog(struct store *s);
const char *store_path(const struct store *s); // of the database file

// Reads; each is used by one thread at a time. Cheap to hold, not to make (some 100 us): one for each thread.
struct reader;
int reader_new(struct reader **out, struct store *s, struct ps_fault *fault);
void reader_free(struct reader *r);

struct store_state {
    uint64_t metas;
    uint64_t octets;      // of the database, with what is in the log only yet
    uint64_t wal_octets;  // of the log beside it
    uint64_t free_octets; // in the file, for later rows
    uint64_t disk_free;   // on the file system, for us
    bool under_floor;     // nothing is written now
};
int store_look(struct reader *r, struct store_state *out);
