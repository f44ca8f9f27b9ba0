// SPDX-License-Identifier: Apache-2.0
// A registration: what somebody asks an archive to take, as esmond has it in its metadata: what is measured, from where
// to where, by what, and which event types and summaries there are of it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "esmond/es_event.h"

#define ES_REG_PARAMS_MAX 256    // of a registration
#define ES_REG_NAME_MAX 128      // octets of a parameter's name
#define ES_REG_VALUE_MAX 4096    // octets of a parameter's value
#define ES_REG_SUMMARIES_MAX 512 // of a registration, over all event types, without base
#define ES_REG_WINDOWS_MAX 16    // different windows > 0
#define ES_REG_KEY_LEN 16        // octets of a key; 32 hexadecimal digits as text

struct es_param {
    char *key, *value;
};

struct es_summary {
    uint8_t event;
    uint8_t type;    // enum es_summary_type, never base
    uint32_t window; // seconds; 0: of each point
};

struct es_reg {
    struct es_param *params; // "subject-type", "source", "destination", "measurement-agent", "tool-name",
    size_t nparams;          // "input-source", "input-destination" and all others
    uint64_t events;         // bit n: event type n is registered
    struct es_summary *summaries;
    size_t nsummaries;
    bool keyed; // has a key that it had in another archive (import); else the hash makes it
    uint8_t key[ES_REG_KEY_LEN];
};

void es_reg_init(struct es_reg *r);
void es_reg_fini(struct es_reg *r);
// Copies both; a key that is there already gets the new value. PS_ELIMIT; -ENOMEM.
int es_reg_set(struct es_reg *r, const char *key, const char *value);
const char *es_reg_get(const struct es_reg *r, const char *key); // NULL: not there
int es_reg_event(struct es_reg *r, int event);
// Registers the event type too. ES_SUMMARY_BASE and what is there already add nothing. PS_EUNSUPPORTED: not for this
// event type; PS_ERANGE: the window; PS_ELIMIT.
int es_reg_summary(struct es_reg *r, int event, enum es_summary_type type, uint32_t window);
// Judges and settles it, which has to be done before it is used: there must be a known subject-type, an event
// type, and of point-to-point source and destination; addresses (source, destination, measurement-agent) must
// be IP addresses and are brought into their one form; sorts. PS_EMALFORMED with the fault told.
int es_reg_check(struct es_reg *r, struct ps_fault *fault);
