// SPDX-License-Identifier: Apache-2.0
// What the registrar makes of an answer.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lsregister/registrar_impl.h"

// The server

static void went_well(struct registrar *r)
{
    if (r->failures)
        registrar_tell(r, false, "%s: answers again", r->server);
    r->failures = 0;
    r->hold = 0;
    r->trouble[0] = '\0';
}

static void went_wrong(struct registrar *r, const struct registrar_now *now, const char *why)
{
    if (r->failures++ == 0)
        r->failing_since = now->mono;
    r->hold = now->mono + registrar_wait(r, r->failures);
    snprintf(r->trouble, sizeof r->trouble, "%s", why);
    registrar_tell(r, true, "%s; the next try is in %lld s", why,
                   (long long)((r->hold - now->mono) / PS_SEC));
}

static bool is_trouble(enum lswire_outcome o)
{
    return o == LS_UNREACHED || o == LS_LOST || o == LS_FAILING;
}

// Renewed

// How long the record is said to stay, by the server's own clock where it tells it.
static ps_ns lease_of(const struct record *got, const struct registrar_now *now, ps_ns date)
{
    ps_ns expires = got ? lswire_expires(got) : 0;
    ps_ns lease = expires - (date ? date : now->wall);
    return expires && lease >= LEASE_MIN && lease <= LEASE_MAX ? lease : 0;
}

void registrar_renewed(struct registrar *r, struct registrar_entry *e, const struct record *got,
                       const struct registrar_now *now, ps_ns date)
{
    ps_ns lease = lease_of(got, now, date), every = r->conf.interval;
    // A summary of renewals tells no lease: what was granted before counts.
    if (!lease && e->expires > e->renewed && e->expires - e->renewed <= LEASE_MAX && e->renewed)
        lease = e->expires - e->renewed;
    if (!lease)
        lease = r->conf.lease ? r->conf.lease : LEASE_USUAL;
    if (every > lease / 2)
        every = lease / 2;
    e->renewed = now->wall;
    e->expires = now->wall + lease;
    e->due = now->mono + (ps_ns)((double)every * (0.9 + 0.1 * ps_rand_double(&r->rand)));
    e->hold = 0;
    e->single = false;
    r->changed = true;
}

int registrar_have(struct registrar *r, struct registrar_entry *e, const struct record *got, uint64_t sum,
                   const struct registrar_now *now, ps_ns date)
{
    const char *uri = record_get(got, "uri");
    char *server = strdup(r->server), *copy = strdup(uri);
    int err = server && copy ? 0 : -ENOMEM;
    // The one before is deleted once its successor lives.
    if (!err && e->uri && (strcmp(e->uri, uri) != 0 || strcmp(e->server, server) != 0))
        err = registrar_doom(r, e->server, e->uri, e->expires, false);
    if (err) {
        free(server);
        free(copy);
        return err;
    }
    registrar_undoom(r, server, copy);
    free(e->server);
    free(e->uri);
    e->server = server;
    e->uri = copy;
    e->sum = sum;
    e->renewed = e->expires = 0;
    registrar_renewed(r, e, got, now, date);
    return 0;
}

// The server knows a uri no more, or does not let it live on. Where nothing else goes well, neither its successor nor
// itself found again, it is gone about ever more slowly.
static int gone(struct registrar *r, const struct registrar_now *now, const char *uri, bool still_there,
                const char *why)
{
    struct registrar_entry *e = registrar_find_uri(r, uri);
    if (!e)
        return 0;
    registrar_say(e, true, "renewal: %s", why);
    registrar_complain(r, e, "cannot be renewed (%s), and is registered anew", why);
    if (++e->refusals > 1)
        e->hold = now->mono + registrar_wait(r, e->refusals);
    // One that is there and expired would make its successor a duplicate.
    if (still_there)
        return registrar_drop(r, e, true);
    registrar_lose(r, e);
    return 0;
}

static const struct lswire_failed *find_failed(const struct lswire_reply *reply, const char *uri)
{
    for (size_t i = 0; i < reply->nfailed; i++)
        if (strcmp(reply->failed[i].uri, uri) == 0)
            return &reply->failed[i];
    return NULL;
}

static int renewed_one(struct registrar *r, const struct registrar_now *now, const struct lswire_reply *reply,
                       const char *uri)
{
    const struct lswire_failed *f = find_failed(reply, uri);
    struct registrar_entry *e = registrar_find_uri(r, uri);
    if (!e)
        return 0;
    if (f && strcmp(f->code, "21") == 0)
        return gone(r, now, uri, true, "it is expired");
    if (f && strcmp(f->code, "22") == 0)
        return gone(r, now, uri, false, "the server does not have it");
    if (f) {
        e->single = true;
        return 0;
    }
    registrar_renewed(r, e, NULL, now, reply->date);
    registrar_content(e);
    registrar_say(e, false, "renewed");
    return 0;
}

static int renewed_all(struct registrar *r, const struct registrar_now *now, const struct lswire_reply *reply)
{
    int err = 0;
    if (reply->outcome == LS_UNREACHED || (reply->outcome == LS_LOST && reply->status == 0)) {
        went_wrong(r, now, reply->why);
        return 0;
    }
    if (reply->outcome != LS_OK)
        registrar_tell(r, true, "renewal of all at once: %s; each is renewed by itself", reply->why);
    else
        went_well(r);
    for (size_t i = 0; i < r->uris.n && !err; i++) {
        struct registrar_entry *e = registrar_find_uri(r, r->uris.at[i]);
        if (reply->outcome == LS_OK)
            err = renewed_one(r, now, reply, r->uris.at[i]);
        else if (e)
            e->single = true;
    }
    return err;
}

static int renewed_single(struct registrar *r, const struct registrar_now *now,
                          const struct lswire_reply *reply)
{
    const char *uri = r->uris.at[0];
    struct registrar_entry *e = registrar_find_uri(r, uri);
    if (!e)
        return 0;
    if (is_trouble(reply->outcome)) {
        registrar_say(e, true, "renewal: %s", reply->why);
        went_wrong(r, now, reply->why);
        return 0;
    }
    went_well(r);
    if (reply->outcome == LS_OK) {
        registrar_renewed(r, e, reply->n ? &reply->records[0] : NULL, now, reply->date);
        registrar_content(e);
        registrar_say(e, false, "renewed");
        return 0;
    }
    if (reply->outcome == LS_ABSENT || reply->outcome == LS_FORBIDDEN)
        return gone(r, now, uri, reply->outcome == LS_FORBIDDEN, reply->why);
    registrar_say(e, true, "renewal: %s", reply->why);
    e->due = now->mono + registrar_wait(r, ++e->refusals);
    return 0;
}

// Registered

static int registered(struct registrar *r, const struct registrar_now *now, const struct lswire_reply *reply)
{
    struct registrar_entry *e;
    if (!wishes_find(&r->wishes, r->id)) {
        // It was wished away while it was under way.
        const char *uri = reply->outcome == LS_OK ? record_get(&reply->records[0], "uri") : NULL;
        registrar_audit(r);
        return uri ? registrar_doom(r, r->server, uri, 0, false) : 0;
    }
    int err = registrar_make(r, r->id, &e);
    if (err)
        return err;
    if (reply->outcome == LS_OK) {
        went_well(r);
        err = registrar_have(r, e, &reply->records[0], record_sum(&r->record), now, reply->date);
        registrar_content(e);
        r->lease_refusals = r->ask.ttl ? 0 : r->lease_refusals;
        registrar_say(e, false, "registered");
        registrar_tell(r, false, "%s: registered as %s", e->id, e->uri ? e->uri : "nothing");
        return err;
    }
    registrar_say(e, true, "registration: %s", reply->why);
    r->changed = true;
    r->lease_refusals += reply->outcome == LS_FORBIDDEN && r->ask.ttl;
    // It may be there although nobody said so.
    if (reply->outcome != LS_UNREACHED && reply->outcome != LS_INVALID)
        registrar_audit(r);
    if (is_trouble(reply->outcome)) {
        went_wrong(r, now, reply->why);
        return 0;
    }
    went_well(r);
    e->hold = now->mono + registrar_wait(r, ++e->refusals);
    registrar_complain(r, e, "registration: %s", reply->why);
    return 0;
}

// A server was changed to while another was asked. What it says concerns nobody here, but that it has one more record.
static bool is_elsewhere(const struct registrar *r)
{
    return !r->server || strcmp(r->asked, r->server) != 0;
}

static int answered_late(struct registrar *r, const struct lswire_reply *reply)
{
    const char *uri =
        r->ask.verb == LS_REGISTER && reply->outcome == LS_OK ? record_get(&reply->records[0], "uri") : NULL;
    return uri ? registrar_doom(r, r->asked, uri, lswire_expires(&reply->records[0]), false) : 0;
}

// Deleted

// A refusal is not the end of a record: it lives on until the server lets it be deleted, or forgets it.
static void kept(struct registrar *r, const struct registrar_now *now, const struct lswire_reply *reply)
{
    struct registrar_doomed *d = registrar_find_doomed(r, r->asked, r->uris.at[0]);
    if (!d)
        return;
    d->hold = now->mono + registrar_wait(r, ++d->refusals);
    if (strcmp(d->last, reply->why) != 0)
        registrar_tell(r, true, "%s: cannot be deleted: %s", d->uri, reply->why);
    snprintf(d->last, sizeof d->last, "%s", reply->why);
    r->changed = true;
}

static int deleted(struct registrar *r, const struct registrar_now *now, const struct lswire_reply *reply)
{
    const char *uri = r->uris.at[0], *server = r->asked;
    bool elsewhere = is_elsewhere(r);
    if (!is_trouble(reply->outcome) && !elsewhere)
        went_well(r);
    if (reply->outcome == LS_OK || reply->outcome == LS_ABSENT) {
        registrar_tell(r, false, "%s: deleted%s%s", uri, reply->why[0] ? ": " : "", reply->why);
        registrar_undoom(r, server, uri);
        return 0;
    }
    if (!is_trouble(reply->outcome)) {
        kept(r, now, reply);
        return 0;
    }
    // A server that was left is asked now and then.
    for (size_t i = 0; i < r->ndoomed; i++)
        if (strcmp(r->doomed[i].server, server) == 0)
            r->doomed[i].hold = now->mono + registrar_wait(r, elsewhere ? 5 : r->failures + 1);
    if (!elsewhere)
        went_wrong(r, now, reply->why);
    return 0;
}

int registrar_answer(struct registrar *r, const struct registrar_now *now, const struct lswire_reply *reply)
{
    r->asking = false;
    if (r->ask.verb != LS_DELETE && is_elsewhere(r))
        return answered_late(r, reply);
    switch (r->ask.verb) {
    case LS_QUERY:
        if (is_trouble(reply->outcome) && ++r->audit_failures < AUDIT_TRIES) {
            went_wrong(r, now, reply->why);
            return 0;
        }
        return registrar_audited(r, now, reply);
    case LS_RENEW_ALL:
        return renewed_all(r, now, reply);
    case LS_RENEW:
        return renewed_single(r, now, reply);
    case LS_REGISTER:
        return registered(r, now, reply);
    case LS_DELETE:
        return deleted(r, now, reply);
    }
    return 0;
}
