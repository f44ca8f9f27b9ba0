// SPDX-License-Identifier: Apache-2.0
// What the parts of the store share.
#pragma once
#include <stdatomic.h>
#include "db/ps_db.h"
#include "psarchive/documents.h"
#include "psarchive/phrase.h"
#include "psarchive/store.h"

struct retention;

struct store {
    char *dir, *path;
    uint64_t floor;
    bool read_only;
    bool made; // by us
    struct catalog *catalog;
    struct ps_db *db; // the writer's; before there is one, that of who opened the store
    int64_t version;  // of the database when the catalog was read
    int64_t last_id;  // of a meta in the catalog, the highest
    struct ps_stmt *newest;
    _Atomic(const struct retention *) retention; // what is too old is not stored; NULL: nothing is
};

struct reader {
    struct store *store;
    struct ps_db *db;
    struct phrases *phrases;
    struct documents *documents;                       // NULL: none was asked for yet
    struct ps_stmt *points, *rollups, *newest, *token; // NULL as well
};

// Reads what other processes registered and purged. Costs little when there was nothing.
int store_refresh(struct store *s);
// Octets that may still be written before the floor; 0: none.
uint64_t store_room(const struct store *s, uint64_t *disk_free);
uint64_t store_log_octets(const struct store *s); // of the file beside the database
// Carries the log into the database and gives its room back. 1: there was something in it; 0: it was empty; -EBUSY:
// somebody is in the way, who is not waited for; another error.
int store_empty_log(struct store *s);
// What other processes wrote of a meta since it was last looked at.
int store_look_newest(struct store *s, struct meta *m);
