// SPDX-License-Identifier: Apache-2.0
#include "lsregister/registrar_impl.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

int registrar_new(const struct registrar_conf *conf, const char *uuid, struct registrar **out)
{
    struct registrar *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    r->conf = *conf;
    r->audit = true;
    ps_rand_seed(&r->rand, conf->seed);
    snprintf(r->uuid, sizeof r->uuid, "%s", uuid);
    *out = r;
    return 0;
}

static void fini_entry(struct registrar_entry *e)
{
    free(e->id);
    free(e->server);
    free(e->uri);
    words_fini(&e->told);
}

static void fini_doomed(struct registrar_doomed *d)
{
    free(d->server);
    free(d->uri);
}

void registrar_free(struct registrar *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->nentries; i++)
        fini_entry(&r->entries[i]);
    for (size_t i = 0; i < r->ndoomed; i++)
        fini_doomed(&r->doomed[i]);
    free(r->entries);
    free(r->doomed);
    free(r->server);
    free(r->asked);
    wishes_fini(&r->wishes);
    record_fini(&r->record);
    words_fini(&r->uris);
    words_fini(&r->strangers);
    free(r);
}

void registrar_conf_set(struct registrar *r, const struct registrar_conf *conf)
{
    r->conf = *conf;
}

void registrar_tell(struct registrar *r, bool bad, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    if (!r->conf.told)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    r->conf.told(r->conf.ctx, bad, text);
}

#define COMPLAINTS 16 // of an entry that are kept

void registrar_complain(struct registrar *r, struct registrar_entry *e, const char *fmt, ...)
{
    char text[500];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (words_has(&e->told, text))
        return;
    registrar_tell(r, true, "%s: %s", e->id, text);
    // One that cannot be kept is told again.
    if (e->told.n < COMPLAINTS)
        (void)words_add(&e->told, text);
}

void registrar_content(struct registrar_entry *e)
{
    e->refusals = 0;
    words_fini(&e->told);
}

void registrar_say(struct registrar_entry *e, bool failed, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->last, sizeof e->last, fmt, ap);
    va_end(ap);
    e->failed = failed;
}

ps_ns registrar_wait(struct registrar *r, unsigned failures)
{
    ps_ns wait = RETRY_FIRST << (failures > 16 ? 15 : failures ? failures - 1 : 0);
    if (wait > r->conf.interval)
        wait = r->conf.interval;
    return (ps_ns)((double)wait * (0.8 + 0.2 * ps_rand_double(&r->rand)));
}

// entries

struct registrar_entry *registrar_find(const struct registrar *r, const char *id)
{
    for (size_t i = 0; i < r->nentries; i++)
        if (strcmp(r->entries[i].id, id) == 0)
            return &r->entries[i];
    return NULL;
}

struct registrar_entry *registrar_find_uri(const struct registrar *r, const char *uri)
{
    for (size_t i = 0; i < r->nentries; i++)
        if (r->entries[i].uri && strcmp(r->entries[i].uri, uri) == 0 && r->server &&
            strcmp(r->entries[i].server, r->server) == 0)
            return &r->entries[i];
    return NULL;
}

int registrar_make(struct registrar *r, const char *id, struct registrar_entry **out)
{
    struct registrar_entry *at;
    *out = registrar_find(r, id);
    if (*out)
        return 0;
    if (r->nentries == REGISTRAR_ENTRIES)
        return PS_ELIMIT;
    at = realloc(r->entries, (r->nentries + 1) * sizeof *at);
    if (!at)
        return -ENOMEM;
    r->entries = at;
    at[r->nentries] =
        (struct registrar_entry){.id = strdup(id), .server = strdup(r->server ? r->server : "")};
    *out = &at[r->nentries];
    if (!(*out)->id || !(*out)->server) {
        fini_entry(*out);
        return -ENOMEM;
    }
    r->nentries++;
    return 0;
}

static void remove_entry(struct registrar *r, size_t i)
{
    fini_entry(&r->entries[i]);
    memmove(r->entries + i, r->entries + i + 1, (--r->nentries - i) * sizeof *r->entries);
    r->changed = true;
}

void registrar_lose(struct registrar *r, struct registrar_entry *e)
{
    free(e->uri);
    e->uri = NULL;
    e->single = false;
    r->changed = true;
}

int registrar_drop(struct registrar *r, struct registrar_entry *e, bool first)
{
    int err = e->uri ? registrar_doom(r, e->server, e->uri, e->expires, first) : 0;
    if (!err)
        registrar_lose(r, e);
    return err;
}

int registrar_put_entry(struct registrar *r, const struct registrar_entry *from)
{
    struct registrar_entry *e;
    int err = registrar_make(r, from->id, &e);
    if (err)
        return err;
    free(e->server);
    e->server = strdup(from->server);
    free(e->uri);
    e->uri = from->uri ? strdup(from->uri) : NULL;
    if (!e->server || (from->uri && !e->uri))
        return -ENOMEM;
    e->sum = from->sum;
    e->expires = from->expires;
    e->renewed = from->renewed;
    registrar_say(e, from->failed, "%s", from->last);
    return 0;
}

// doomed ones

struct registrar_doomed *registrar_find_doomed(const struct registrar *r, const char *server, const char *uri)
{
    for (size_t i = 0; i < r->ndoomed; i++)
        if (strcmp(r->doomed[i].uri, uri) == 0 && strcmp(r->doomed[i].server, server) == 0)
            return &r->doomed[i];
    return NULL;
}

int registrar_doom(struct registrar *r, const char *server, const char *uri, ps_ns expires, bool first)
{
    struct registrar_doomed *d = registrar_find_doomed(r, server, uri), *at;
    r->changed = true;
    if (d) {
        d->first |= first;
        return 0;
    }
    // More would be a server that makes things up; what is not deleted expires.
    if (r->ndoomed == REGISTRAR_ENTRIES)
        return 0;
    at = realloc(r->doomed, (r->ndoomed + 1) * sizeof *at);
    if (!at)
        return -ENOMEM;
    r->doomed = at;
    d = &at[r->ndoomed];
    *d = (struct registrar_doomed){
        .server = strdup(server), .uri = strdup(uri), .expires = expires, .first = first};
    if (!d->server || !d->uri) {
        fini_doomed(d);
        return -ENOMEM;
    }
    snprintf(d->client, sizeof d->client, "%s", r->uuid);
    r->ndoomed++;
    return 0;
}

int registrar_put_doomed(struct registrar *r, const char *server, const char *uri, const char *client,
                         ps_ns expires)
{
    int err = registrar_doom(r, server, uri, expires, false);
    struct registrar_doomed *d = registrar_find_doomed(r, server, uri);
    if (d && client)
        snprintf(d->client, sizeof d->client, "%s", client);
    return err;
}

void registrar_undoom(struct registrar *r, const char *server, const char *uri)
{
    struct registrar_doomed *d = registrar_find_doomed(r, server, uri);
    if (!d)
        return;
    size_t i = (size_t)(d - r->doomed);
    fini_doomed(d);
    memmove(d, d + 1, (--r->ndoomed - i) * sizeof *d);
    r->changed = true;
}

// what is wished for

// Entries of what nobody wishes for any more.
static int drop_unwished(struct registrar *r)
{
    int err = 0;
    for (size_t i = r->nentries; i-- > 0 && !err;)
        if (!wishes_find(&r->wishes, r->entries[i].id)) {
            if (r->entries[i].uri)
                registrar_tell(r, false, "%s: is no more, and will be deleted", r->entries[i].id);
            err = registrar_drop(r, &r->entries[i], false);
            if (!err)
                remove_entry(r, i);
        }
    return err;
}

int registrar_want(struct registrar *r, const struct wishes *wishes)
{
    struct wishes copy = {0};
    int err = wishes_copy(&copy, wishes);
    if (err) {
        wishes_fini(&copy);
        return err;
    }
    wishes_fini(&r->wishes);
    r->wishes = copy;
    return drop_unwished(r);
}

int registrar_use(struct registrar *r, const char *server)
{
    char *copy = server ? strdup(server) : NULL;
    int err = server && !copy ? -ENOMEM : 0;
    if (!err && server && r->server && strcmp(server, r->server) == 0) {
        free(copy);
        return 0;
    }
    free(r->server);
    r->server = copy;
    r->failures = 0;
    r->hold = 0;
    r->audit = true;
    r->audit_failures = 0;
    words_fini(&r->strangers);
    for (size_t i = 0; i < r->nentries && copy && !err; i++) {
        struct registrar_entry *e = &r->entries[i];
        if (e->uri && strcmp(e->server, copy) != 0)
            err = registrar_drop(r, e, false);
        e->hold = 0;
        e->refusals = 0;
    }
    return err;
}

void registrar_audit(struct registrar *r)
{
    r->audit = true;
    r->audit_failures = 0;
}

void registrar_hurry(struct registrar *r)
{
    r->hold = 0;
    for (size_t i = 0; i < r->nentries; i++)
        r->entries[i].due = r->entries[i].hold = 0;
    for (size_t i = 0; i < r->ndoomed; i++)
        r->doomed[i].hold = 0;
}

int registrar_rename(struct registrar *r, const char *uuid)
{
    int err = 0;
    registrar_tell(r, true, "another host registers under the client-uuid %s, too; this one goes on as %s",
                   r->uuid, uuid);
    for (size_t i = 0; i < r->nentries && !err; i++)
        err = registrar_drop(r, &r->entries[i], false);
    snprintf(r->uuid, sizeof r->uuid, "%s", uuid);
    r->shared = false;
    r->suspicion[0] = '\0';
    words_fini(&r->strangers);
    r->changed = true;
    return err;
}

// looking

const char *registrar_server(const struct registrar *r)
{
    return r->server;
}

const char *registrar_uuid(const struct registrar *r)
{
    return r->uuid;
}

bool registrar_is_shared(const struct registrar *r)
{
    return r->shared;
}

const char *registrar_suspicion(const struct registrar *r)
{
    return r->suspicion;
}

const struct registrar_entry *registrar_entries(const struct registrar *r, size_t *n)
{
    *n = r->nentries;
    return r->entries;
}

const struct registrar_doomed *registrar_doomed(const struct registrar *r, size_t *n)
{
    *n = r->ndoomed;
    return r->doomed;
}

unsigned registrar_failures(const struct registrar *r, ps_ns *since)
{
    *since = r->failing_since;
    return r->failures;
}

const char *registrar_trouble(const struct registrar *r)
{
    return r->trouble;
}

bool registrar_take_changed(struct registrar *r)
{
    bool changed = r->changed;
    r->changed = false;
    return changed;
}
