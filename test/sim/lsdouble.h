// SPDX-License-Identifier: Apache-2.0
// A lookup server as upstream's behaves (fact sheet 1), for tests: pure, with its own clock, and a switch for each way in
// which it or the network goes wrong.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_buf.h"
#include "base/ps_time.h"
#include "lsregister/record.h"

enum lsdouble_quirk {
    QUIRK_DOWN = 1,                  // no connection
    QUIRK_SWALLOW = 2,               // does what it is asked, and the answer is lost
    QUIRK_HALF = 4,                  // does what it is asked, and answers half of what it should
    QUIRK_BULK_FAILS = 8,            // renewals of many are 503
    QUIRK_ARRAYS = 16,               // uri, expires and state are arrays
    QUIRK_TOKENS = 32,               // duplicates are found by words that two records share
    QUIRK_NO_TTL = 64,               // whoever asks for a lease is refused
    QUIRK_FAILS = 128,               // 500 to everything
    QUIRK_QUERY_FAILS = 256,         // 500 to queries
    QUIRK_MISCOUNTS = 512,           // a summary counts a failure that it does not name
    QUIRK_NO_PRUNE = 1024,           // what is expired stays for ever
    QUIRK_TEXT = 2048,               // renewals of many are answered "renewed", with status 200
    QUIRK_NO_CONNECTION_BACK = 4096, // registers alone go wrong: the answer is lost
    QUIRK_KEEPS = 8192,              // 403 to whoever wants to delete
    QUIRK_NO_RENEWAL = 16384,        // and to whoever wants to renew a single one
    QUIRK_STRANGER = 32768,          // 404 to everything, as from another server in its place
};

struct lsdouble_record {
    char uri[80];
    struct record record;
    ps_ns expires;
    unsigned renewals;
    char state[16];
};

struct lsdouble {
    unsigned quirks;
    ps_ns now;
    ps_ns lease; // granted without a ttl
    struct lsdouble_record *at;
    size_t n, serial;
    unsigned asked, duplicates, registered, deleted, bulk, single;
};

void lsdouble_init(struct lsdouble *d);
void lsdouble_fini(struct lsdouble *d);
// Forgets everything.
void lsdouble_wipe(struct lsdouble *d);
// Forgets one record.
void lsdouble_lose(struct lsdouble *d, const struct lsdouble_record *r);
// The clock goes on, and what has expired is pruned at its time.
void lsdouble_tick(struct lsdouble *d, ps_ns now);
// A request: path without the leading "/", with its query. The status, or 0: no connection, -1: no answer. body is empty
// before.
int lsdouble_ask(struct lsdouble *d, const char *method, const char *path, const char *text, size_t len,
                 struct ps_buf *body);
// Those that are not expired.
size_t lsdouble_live(const struct lsdouble *d);
const struct lsdouble_record *lsdouble_find(const struct lsdouble *d, const char *key, const char *value);
