// SPDX-License-Identifier: Apache-2.0
// What is to be written for one meta, all or nothing: its registration, points, and the document that they are
// from. Made by anybody, given to the writer (writer.h), and freed by who made it when it is done.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ps_list.h"
#include "psarchive/meta.h"
#include "esmond/es_value.h"

#define PUT_VALUES_MAX 100000           // of one put
#define PUT_TS_MAX INT64_C(0x3ffffffff) // seconds since 1970; none is negative
#define PUT_AHEAD 86400                 // seconds that a result may be ahead of the archive's clock

#define PUT_WHY_SIZE 200

struct put_value {
    int64_t ts;
    uint32_t order; // in which they were given
    uint8_t event;
    struct es_value value;
};

struct put_document {
    int64_t ts;
    char *text;
    size_t len;
};

// What a window of another archive holds of points that are gone there.
struct put_sum {
    int64_t ts; // the window's beginning
    uint32_t window;
    uint8_t event;
    struct es_value value;
};

struct port;
struct put {
    // What is asked for.
    struct es_reg reg;       // with event types: it is registered, and then the meta is its
    const struct meta *meta; // a reference is held
    bool revives;            // the meta is registered again if it has been purged meanwhile
    struct put_value *values;
    size_t nvalues, cap;
    struct put_sum *sums;
    size_t nsums, sums_cap;
    struct put_document document; // text NULL: none
    size_t octets;                // about what it takes in memory
    void (*done)(void *ctx, struct put *p);
    void *ctx;

    // What came of it. With err != 0 nothing was stored, not even the registration.
    int err;
    bool registered; // the meta is new
    size_t created;  // values that were not there
    size_t same;     // were there already, and the same
    size_t replaced; // histograms and JSON of the same run that were there with another value, which is gone
    size_t expired;  // older than what the retention policy keeps: not stored
    size_t purged;   // were purged, and a roll-up may count them yet: not stored
    int conflict_event; // PS_EDUPLICATE; -1: it is the document that differs
    int64_t conflict_ts;
    int64_t ahead; // PS_ERANGE: this time is more than PUT_AHEAD after the writer's; else 0

    struct ps_list node; // the writer's
    struct port *port;
};

// For a meta that is known (the put takes a reference of its own), or NULL.
struct put *put_new(const struct meta *m);
void put_free(struct put *p);
// Takes over a checked registration, which is empty afterwards.
void put_register(struct put *p, struct es_reg *r);
// Takes over the value, which is ES_VALUE_NONE afterwards (also after an error). PS_ERANGE: ts; PS_EMALFORMED: no value for
// this event type; PS_EUNKNOWN: the meta or registration does not have it; PS_ELIMIT; -ENOMEM. Of two values of
// one event type and ts in a put, the same counts once, and two different numbers are a conflict.
int put_value(struct put *p, int64_t ts, int event, struct es_value *value);
// Copies. A document belongs to the point of its ts. One that is there already stays: a different one is a
// conflict, unless it is of the same run, which has an href.
int put_document(struct put *p, int64_t ts, const char *text, size_t len);
// Takes over what the roll-up of a window is to be, in place of what it is; it counts as one point. Points that are
// older than the window's end are not taken any more from then on, unless they are there. ts is a window's beginning.
// Errors as put_value; PS_EUNKNOWN: no such summary.
int put_sum(struct put *p, int64_t ts, int event, uint32_t window, struct es_value *value);
// What stands against it, by its err.
const char *put_why(const struct put *p, char out[PUT_WHY_SIZE]);
