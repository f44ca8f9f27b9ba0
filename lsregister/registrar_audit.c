// SPDX-License-Identifier: Apache-2.0
// What the server has under our client-uuid, held against what is wished for: records of ours that nobody noted down
// are adopted (an answer that was lost, a process that was killed), records that stand in the way are deleted, and
// records that live on although nobody here renews them tell of a second host with our client-uuid.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "lsregister/registrar_impl.h"

static bool is_type(const struct record *a, const struct record *b)
{
    const char *x = record_get(a, "type"), *y = record_get(b, "type");
    return x && y && strcmp(x, y) == 0;
}

static bool is_over(const struct record *got, const struct registrar_now *now, ps_ns date)
{
    ps_ns expires = lswire_expires(got);
    return expires && expires <= (date ? date : now->wall);
}

// The uri of a record of ours, or NULL.
static const char *uri_of_ours(const struct registrar *r, const struct record *got)
{
    const char *uri = record_get(got, "uri");
    return uri && lswire_is_uri(uri) && record_has(got, "client-uuid", r->uuid) ? uri : NULL;
}

// Deletes what makes a registration a duplicate without being what is registered: one that has more to it, or that
// is expired. One that stands for another wish stays.
static int clear_way(struct registrar *r, struct registrar_entry *e, const char *uri)
{
    const struct registrar_entry *owner = registrar_find_uri(r, uri);
    if (owner && owner != e)
        return 0;
    registrar_tell(r, false, "%s: %s stands in the way, and is deleted", e->id, uri);
    e->hold = 0;
    return owner ? registrar_drop(r, e, true) : registrar_doom(r, r->server, uri, 0, true);
}

static int adopt(struct registrar *r, struct registrar_entry *e, const struct record *got,
                 const struct record *wanted, const struct registrar_now *now, ps_ns date)
{
    registrar_tell(r, false, "%s: is registered already as %s", e->id, record_get(got, "uri"));
    int err = registrar_have(r, e, got, record_sum(wanted), now, date);
    // Its lease may be almost over; but a server that has refused to renew it is not pressed.
    e->due = now->mono + (e->refusals > 1 ? registrar_wait(r, e->refusals) : 0);
    registrar_say(e, false, "found to be registered");
    return err;
}

// What the server has, held against one wish that is not registered as it is.
static int hold_against(struct registrar *r, struct registrar_entry *e, const struct record *wanted,
                        const struct registrar_now *now, const struct lswire_reply *reply)
{
    int err = 0;
    for (size_t i = 0; i < reply->n && !err; i++) {
        const struct record *got = &reply->records[i];
        const char *uri = uri_of_ours(r, got);
        if (!uri || !is_type(got, wanted) || !record_covers(got, wanted))
            continue;
        // One that the server lets neither live on nor be deleted is waited for.
        const struct registrar_doomed *doomed = registrar_find_doomed(r, r->server, uri);
        if (doomed && doomed->refusals)
            continue;
        if (record_covers(wanted, got) && !is_over(got, now, reply->date)) {
            const struct registrar_entry *owner = registrar_find_uri(r, uri);
            return owner && owner != e ? 0 : adopt(r, e, got, wanted, now, reply->date);
        }
        err = clear_way(r, e, uri);
    }
    return err;
}

static int settle_wish(struct registrar *r, const struct wish *w, const struct registrar_now *now,
                       const struct lswire_reply *reply)
{
    struct record wanted = {0};
    struct registrar_entry *e;
    int err = 0;
    if (!registrar_is_ready(r, w))
        return 0;
    err = registrar_make(r, w->id, &e);
    if (!err)
        err = registrar_compose(r, w->id, &wanted);
    if (!err && !(e->uri && record_sum(&wanted) == e->sum))
        err = hold_against(r, e, &wanted, now, reply);
    record_fini(&wanted);
    return err;
}

// Strangers

static int note_strangers(struct registrar *r, const struct lswire_reply *reply, struct words *out)
{
    int err = 0;
    for (size_t i = 0; i < reply->n && !err; i++) {
        const char *uri = uri_of_ours(r, &reply->records[i]);
        const char *expires = record_get(&reply->records[i], "expires");
        char text[400];
        if (!uri || registrar_find_uri(r, uri) || registrar_find_doomed(r, r->server, uri))
            continue;
        snprintf(text, sizeof text, "%s %s", uri, expires ? expires : "");
        err = words_add_new(out, text);
    }
    return err;
}

// The same uri with another time to expire.
static bool was_renewed(const struct words *before, const char *stranger)
{
    size_t len = strcspn(stranger, " ") + 1;
    for (size_t i = 0; i < before->n; i++)
        if (strncmp(before->at[i], stranger, len) == 0 && strcmp(before->at[i], stranger) != 0)
            return true;
    return false;
}

// "lookup/TYPE/" of a uri.
static size_t type_len(const char *uri)
{
    const char *slash = strrchr(uri, '/');
    return slash ? (size_t)(slash - uri) + 1 : 0;
}

static bool has_uri(const struct lswire_reply *reply, const char *uri)
{
    for (size_t i = 0; i < reply->n; i++)
        if (record_has(&reply->records[i], "uri", uri))
            return true;
    return false;
}

static const char *stranger_like(const struct registrar *r, const char *uri)
{
    for (size_t i = 0; i < r->strangers.n; i++)
        if (strncmp(r->strangers.at[i], uri, type_len(uri)) == 0)
            return r->strangers.at[i];
    return NULL;
}

// A host with a copy of our ledger takes our records for its own, and deletes them for others in their place. One that
// runs now and then (lsregister once) sees no more of it than that.
static void suspect(struct registrar *r, const struct registrar_now *now, const struct lswire_reply *reply)
{
    r->suspicion[0] = '\0';
    for (size_t i = 0; i < r->nentries && !reply->left_out && !r->suspicion[0]; i++) {
        const struct registrar_entry *e = &r->entries[i];
        bool lives = e->uri && strcmp(e->server, r->server) == 0 && e->expires > now->wall;
        const char *other = lives && !has_uri(reply, e->uri) ? stranger_like(r, e->uri) : NULL;
        if (other)
            snprintf(r->suspicion, sizeof r->suspicion,
                     "%s is gone before its time, and %.*s stands under this host's client-uuid %s", e->uri,
                     (int)strcspn(other, " "), other, r->uuid);
    }
    if (r->suspicion[0])
        registrar_tell(r, true, "%s: is there a copy of this host?", r->suspicion);
}

// Nobody here renews what is not ours: if that has happened since the last audit, somebody else did.
static int look_for_twin(struct registrar *r, const struct lswire_reply *reply)
{
    struct words strangers = {0};
    int err = note_strangers(r, reply, &strangers);
    for (size_t i = 0; i < strangers.n; i++)
        r->shared |= was_renewed(&r->strangers, strangers.at[i]);
    words_fini(&r->strangers);
    r->strangers = strangers;
    return err;
}

int registrar_audited(struct registrar *r, const struct registrar_now *now, const struct lswire_reply *reply)
{
    int err = 0;
    r->audit = false;
    r->audit_failures = 0;
    r->audit_due = now->mono + (ps_ns)((double)AUDIT_EVERY * (0.9 + 0.1 * ps_rand_double(&r->rand)));
    if (reply->outcome != LS_OK) {
        registrar_tell(r, true, "what is registered under %s is not known: %s", r->uuid, reply->why);
        return 0;
    }
    r->failures = 0;
    r->hold = 0;
    r->trouble[0] = '\0';
    for (size_t i = 0; i < r->wishes.n && !err; i++)
        err = settle_wish(r, &r->wishes.at[i], now, reply);
    if (!err)
        err = look_for_twin(r, reply);
    suspect(r, now, reply);
    return err;
}
