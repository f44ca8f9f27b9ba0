// SPDX-License-Identifier: Apache-2.0
// What is to be written for one meta, all or nothing: its registration, points, and the document that they are
// from. Made by anybody, given to the writer (writer.h), and freed by who made it when it is done.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ps_list.h"
#include "psarchive/meta.h"
#include "psarchive/value.h"

#define PUT_VALUES_MAX 100000           // of one put
#define PUT_TS_MAX INT64_C(0x3ffffffff) // seconds since 1970; none is negative

struct put_value {
    int64_t ts;
    uint32_t order; // in which they were given
    uint8_t event;
    struct value value;
};

struct put_document {
    int64_t ts;
    char *text;
    size_t len;
};

struct port;
struct put {
    // What is asked for.
    struct registration reg; // with event types: it is registered, and then the meta is its
    const struct meta *meta; // a reference is held
    struct put_value *values;
    size_t nvalues, cap;
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
    int conflict_event; // PS_EDUPLICATE
    int64_t conflict_ts;

    struct ps_list node; // the writer's
    struct port *port;
};

// For a meta that is known (the put takes a reference of its own), or NULL.
struct put *put_new(const struct meta *m);
void put_free(struct put *p);
// Takes over a checked registration, which is empty afterwards.
void put_register(struct put *p, struct registration *r);
// Takes over the value, which is VALUE_NONE afterwards (also after an error). PS_ERANGE: ts; PS_EMALFORMED: no value for
// this event type; PS_EUNKNOWN: the meta or registration does not have it; PS_ELIMIT; -ENOMEM. Of two values of
// one event type and ts in a put, the same counts once, and two different numbers are a conflict.
int put_value(struct put *p, int64_t ts, int event, struct value *value);
// Copies. A document belongs to the point of its ts; one that is there already stays.
int put_document(struct put *p, int64_t ts, const char *text, size_t len);
