// SPDX-License-Identifier: Apache-2.0
// A look at this host: what it is (discover), what its addresses are called in the DNS, how its services are (probe);
// and from that the records that are to be registered. Where the DNS does not answer, the names it had before stay, so
// that a host does not lose its name with its resolver.
#pragma once
#include "loop/ps_dns.h"
#include "loop/ps_loop.h"
#include "lsregister/discover.h"
#include "lsregister/records.h"

#define SURVEY_DNS_PATIENCE (10 * PS_SEC)
#define SURVEY_GRACE 2 // looks that a service that was there may not answer before it is taken for gone

struct survey;

struct survey_conf {
    struct ps_loop *loop;
    struct ps_dns *dns; // NULL: nobody is asked
    const char *root;   // of the system's files; ""
    discover_addrs_fn addrs;
    struct record *names; // of addresses: read, and kept up to date
    bool patient;         // a service that was there is given SURVEY_GRACE
};

struct survey_result {
    int err;
    const char *why; // of an error
    const struct wishes *wishes;
    const struct words *notes;
    const struct words
        *asked; // how each service was asked that answers, and what is wrong with a daemon found, a line each
    const struct discovered *found;
};

// Called once for each survey_start, from the loop. The result is good during the call.
typedef void (*survey_cb)(void *ctx, const struct survey_result *result);
int survey_new(const struct survey_conf *conf, survey_cb cb, void *ctx, struct survey **out);
// plan stays until the callback. One at a time: -EBUSY. was (may be NULL): whether a service was there before, when this
// is the first look. 0 or -ENOMEM.
typedef bool (*survey_was_fn)(void *ctx, const char *id);
int survey_start(struct survey *s, const struct plan *plan, survey_was_fn was);
bool survey_is_running(const struct survey *s);
// cb is not called any more; NULL is fine.
void survey_free(struct survey *s);
