// SPDX-License-Identifier: Apache-2.0
// Inside the registrar.
#pragma once
#include "base/ps_rand.h"
#include "lsregister/registrar.h"

#define RETRY_FIRST (60 * PS_SEC)
#define AUDIT_TRIES 3 // after so many failures it is gone on without
#define AUDIT_EVERY (24 * 3600 * PS_SEC)
#define LEASE_USUAL (2 * 3600 * PS_SEC)
#define LEASE_MIN (30 * PS_SEC)
#define LEASE_MAX (31 * 86400 * PS_SEC)
#define LEASE_REFUSALS 2 // so often forbidden, nothing registers with a lease of its own choice any more
#define LINK_REFUSALS 3  // so often refused, a record is left out of those that point to it

struct registrar {
    struct registrar_conf conf;
    char uuid[REGISTRAR_UUID];
    struct ps_rand rand;
    char *server;
    struct wishes wishes;
    struct registrar_entry *entries;
    size_t nentries;
    struct registrar_doomed *doomed;
    size_t ndoomed;
    bool changed;

    // the request that is under way
    bool asking;
    struct lswire_ask ask;
    char *asked; // the server that is asked, which may not be the one in use any more when the answer comes
    struct record record; // to be registered
    struct words uris;
    char id[300]; // of the wish that is registered
    char query[80];
    char client[REGISTRAR_UUID]; // whose the record is that is renewed or deleted

    // failures of the server
    unsigned failures;
    ps_ns failing_since, hold;
    char trouble[400];

    // what the server has of us
    bool audit;
    unsigned audit_failures;
    ps_ns audit_due;        // the next by itself
    struct words strangers; // "URI EXPIRES" of records with our client-uuid that are not ours
    bool shared;
    char suspicion[500]; // see registrar_suspicion

    unsigned lease_refusals; // registrations that asked for a lease and were forbidden, in a row
};

// NULL: it is not to be deleted.
struct registrar_doomed *registrar_find_doomed(const struct registrar *r, const char *server,
                                               const char *uri);
struct registrar_entry *registrar_find(const struct registrar *r, const char *id);
struct registrar_entry *registrar_find_uri(const struct registrar *r, const char *uri);
int registrar_make(struct registrar *r, const char *id, struct registrar_entry **out);
// Registers what an entry stands for at a uri of the server in use.
int registrar_have(struct registrar *r, struct registrar_entry *e, const struct record *got, uint64_t sum,
                   const struct registrar_now *now, ps_ns date);
void registrar_renewed(struct registrar *r, struct registrar_entry *e, const struct record *got,
                       const struct registrar_now *now, ps_ns date);
int registrar_doom(struct registrar *r, const char *server, const char *uri, ps_ns expires, bool first);
void registrar_undoom(struct registrar *r, const char *server, const char *uri);
// The entry's uri is no more.
void registrar_lose(struct registrar *r, struct registrar_entry *e);
// The entry's uri is to be deleted.
int registrar_drop(struct registrar *r, struct registrar_entry *e, bool first);
// Whether all that a wish points to is registered or has been refused for good.
bool registrar_is_ready(const struct registrar *r, const struct wish *w);
ps_ns registrar_wait(struct registrar *r,
                     unsigned failures); // 1, 2, 4 ... minutes within the interval, with jitter
void registrar_tell(struct registrar *r, bool bad, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void registrar_say(struct registrar_entry *e, bool failed, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
// registrar_tell of a failure, once for as long as nothing goes well.
void registrar_complain(struct registrar *r, struct registrar_entry *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
// Something went well.
void registrar_content(struct registrar_entry *e);
// The answer to LS_QUERY about our client-uuid.
int registrar_audited(struct registrar *r, const struct registrar_now *now, const struct lswire_reply *reply);
