// SPDX-License-Identifier: Apache-2.0
// What the registrar asks next.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lsregister/registrar_impl.h"

// What a wish points to, as uris; what has been refused for good is left out.
static int add_links(const struct registrar *r, const struct wish *w, struct record *out)
{
    int err = 0;
    for (size_t l = 0; l < w->nlinks; l++)
        for (size_t i = 0; i < w->links[l].ids.n && !err; i++) {
            const struct registrar_entry *e = registrar_find(r, w->links[l].ids.at[i]);
            if (e && e->uri)
                err = record_add(out, w->links[l].key, e->uri);
        }
    return err;
}

int registrar_compose(const struct registrar *r, const char *id, struct record *out)
{
    const struct wish *w = wishes_find(&r->wishes, id);
    int err = w ? record_copy(out, &w->record) : 0;
    if (!err && w)
        err = add_links(r, w, out);
    return err || !w ? err : record_set(out, "client-uuid", r->uuid);
}

bool registrar_is_ready(const struct registrar *r, const struct wish *w)
{
    for (size_t l = 0; l < w->nlinks; l++)
        for (size_t i = 0; i < w->links[l].ids.n; i++) {
            const struct registrar_entry *e = registrar_find(r, w->links[l].ids.at[i]);
            if (!e || (!e->uri && e->refusals < LINK_REFUSALS))
                return false;
        }
    return true;
}

// Whether a wish is registered as it is now; a composed record without memory counts as registered, for this time.
static bool is_current(const struct registrar *r, const struct wish *w)
{
    const struct registrar_entry *e = registrar_find(r, w->id);
    struct record record = {0};
    bool current = false;
    if (e && e->uri && registrar_is_ready(r, w))
        current = registrar_compose(r, w->id, &record) != 0 || record_sum(&record) == e->sum;
    record_fini(&record);
    return current;
}

bool registrar_is_settled(const struct registrar *r)
{
    for (size_t i = 0; i < r->wishes.n; i++)
        if (!is_current(r, &r->wishes.at[i]))
            return false;
    return r->ndoomed == 0 && r->nentries == r->wishes.n;
}

static void sooner(ps_ns *until, ps_ns at)
{
    if (at < *until)
        *until = at;
}

static bool start(struct registrar *r, enum lswire_verb verb, const char *server)
{
    char *asked = strdup(server);
    if (!asked)
        return false;
    free(r->asked);
    r->asked = asked;
    r->ask = (struct lswire_ask){.verb = verb, .server = asked, .uris = &r->uris, .record = &r->record};
    if (verb != LS_QUERY && verb != LS_DELETE && r->lease_refusals < LEASE_REFUSALS)
        r->ask.ttl = r->conf.lease;
    r->asking = true;
    return true;
}

// What is asked about one record, of the client-uuid that it was registered under.
static bool start_one(struct registrar *r, enum lswire_verb verb, const char *server, const char *uri,
                      const char *client)
{
    words_fini(&r->uris);
    if (words_add(&r->uris, uri) != 0 || !start(r, verb, server))
        return false;
    snprintf(r->client, sizeof r->client, "%s", client);
    r->ask.client = r->client;
    return true;
}

static bool next_audit(struct registrar *r, const struct registrar_now *now, ps_ns *until)
{
    if (r->audit_due && r->audit_due <= now->mono)
        registrar_audit(r);
    if (!r->audit) {
        sooner(until, r->audit_due ? r->audit_due : INT64_MAX);
        return false;
    }
    // Nothing is to be found out for a registrar that has never registered and has nothing to.
    if (!r->wishes.n && !r->nentries) {
        r->audit = false;
        return false;
    }
    snprintf(r->query, sizeof r->query, "client-uuid=%s", r->uuid);
    bool started = start(r, LS_QUERY, r->server);
    r->ask.query = r->query;
    return started;
}

static bool is_here(const struct registrar *r, const struct registrar_entry *e)
{
    return e->uri && strcmp(e->server, r->server) == 0;
}

// How far ahead a renewal is taken along when another one is due: each record has its own jitter, but they are to stay
// together.
static ps_ns ahead(const struct registrar *r, const struct registrar_now *now, ps_ns *until)
{
    bool any = false;
    for (size_t i = 0; i < r->nentries; i++) {
        const struct registrar_entry *e = &r->entries[i];
        if (is_here(r, e) && e->due <= now->mono)
            any = true;
        else if (is_here(r, e))
            sooner(until, e->due);
    }
    return any ? r->conf.interval / 4 : -1;
}

// A change of what is said of a record does not put its renewal off: the old one lives until the new one does.
static bool next_renewal(struct registrar *r, const struct registrar_now *now, ps_ns *until)
{
    const struct registrar_entry *single = NULL;
    ps_ns with = ahead(r, now, until);
    size_t n = 0;
    words_fini(&r->uris);
    for (size_t i = 0; i < r->nentries && n < LSWIRE_BULK && with >= 0; i++) {
        const struct registrar_entry *e = &r->entries[i];
        if (!is_here(r, e) || e->due > now->mono + (e->single ? 0 : with))
            continue;
        if (e->single)
            single = single ? single : e;
        else if (words_add(&r->uris, e->uri) == 0)
            n++;
    }
    // First, for those of a short lease are taken along each time, and would never leave it its turn.
    if (single)
        return start_one(r, LS_RENEW, r->server, single->uri, r->uuid);
    return n > 0 && start(r, LS_RENEW_ALL, r->server);
}

static bool next_deletion(struct registrar *r, const struct registrar_now *now, bool first, ps_ns *until)
{
    for (size_t i = r->ndoomed; i-- > 0;) {
        struct registrar_doomed *d = &r->doomed[i];
        if (d->first < first)
            continue;
        // Its server has forgotten it by now, however our clock may differ.
        if (d->expires && d->expires < now->wall - LEASE_USUAL && strcmp(d->server, r->server) != 0) {
            registrar_undoom(r, d->server, d->uri);
            continue;
        }
        if (d->hold <= now->mono)
            return start_one(r, LS_DELETE, d->server, d->uri, d->client);
        sooner(until, d->hold);
    }
    return false;
}

static bool next_registration(struct registrar *r, const struct registrar_now *now, ps_ns *until)
{
    for (size_t i = 0; i < r->wishes.n; i++) {
        const struct wish *w = &r->wishes.at[i];
        const struct registrar_entry *e = registrar_find(r, w->id);
        if (!registrar_is_ready(r, w) || is_current(r, w))
            continue;
        if (e && e->hold > now->mono) {
            sooner(until, e->hold);
            continue;
        }
        record_fini(&r->record);
        snprintf(r->id, sizeof r->id, "%s", w->id);
        return registrar_compose(r, w->id, &r->record) == 0 && start(r, LS_REGISTER, r->server);
    }
    return false;
}

bool registrar_next(struct registrar *r, const struct registrar_now *now, const struct lswire_ask **ask,
                    ps_ns *until)
{
    *until = INT64_MAX;
    if (r->asking || !r->server)
        return false;
    if (r->hold > now->mono) {
        *until = r->hold;
        return false;
    }
    bool found = next_audit(r, now, until) || next_renewal(r, now, until) ||
                 next_deletion(r, now, true, until) || next_registration(r, now, until) ||
                 next_deletion(r, now, false, until);
    *ask = &r->ask;
    return found;
}
