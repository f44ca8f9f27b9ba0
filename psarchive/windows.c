// SPDX-License-Identifier: Apache-2.0
#include "psarchive/windows.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_map.h"
#include "psarchive/place.h"

#define KEPT_OCTETS ((size_t)4 << 20) // between transactions
#define KEPT_TRANSACTIONS 8           // for so many nothing unused is dropped

struct entry {
    int64_t place;
    struct rollup *rollup;
    size_t octets; // of it, when it was last written or read
    uint64_t used; // the transaction that last changed it
    bool stored;   // there is a row of it
    bool dirty;
};

struct windows {
    struct ps_db *db;
    struct ps_stmt *get, *add, *set;
    struct ps_map entries;
    struct entry **changed; // those to be written
    size_t nchanged, cap;
    size_t octets; // of all
    uint64_t transaction;
    int64_t point; // the last one that was added to,
    struct entry
        *last[ES_REG_WINDOWS_MAX]; // and its roll-ups: the values of a point come one after the other
    struct bitput bits;
};

int windows_new(struct windows **out, struct ps_db *db)
{
    struct windows *w = calloc(1, sizeof *w);
    if (w == NULL)
        return -ENOMEM;
    w->db = db;
    bitput_init(&w->bits);
    int err = ps_map_init(&w->entries, sizeof(int64_t));
    if (err == 0)
        err = ps_stmt_new(&w->get, db, "SELECT body FROM rollup WHERE place = ?1");
    if (err == 0)
        err = ps_stmt_new(&w->add, db, "INSERT INTO rollup (place, body) VALUES (?1, ?2)");
    if (err == 0)
        err = ps_stmt_new(&w->set, db, "UPDATE rollup SET body = ?2 WHERE place = ?1");
    if (err != 0)
        windows_free(w);
    else
        *out = w;
    return err;
}

static void drop(struct entry *e)
{
    rollup_free(e->rollup);
    free(e);
}

void windows_forget(struct windows *w)
{
    size_t pos = 0;
    for (struct entry *e; (e = ps_map_each(&w->entries, &pos)) != NULL;)
        drop(e);
    ps_map_fini(&w->entries);
    w->nchanged = w->octets = 0;
    memset(w->last, 0, sizeof w->last);
}

void windows_free(struct windows *w)
{
    if (w == NULL)
        return;
    windows_forget(w);
    ps_stmt_free(w->get);
    ps_stmt_free(w->add);
    ps_stmt_free(w->set);
    bitput_fini(&w->bits);
    free(w->changed);
    free(w);
}

// Those that no transaction has changed for a while: most are of windows that are over.
static void drop_unused(struct windows *w)
{
    size_t pos = 0, n = 0;
    for (struct entry *e; (e = ps_map_each(&w->entries, &pos)) != NULL;)
        if (e->used + KEPT_TRANSACTIONS < w->transaction)
            w->changed[n++] = e; // has room for all entries
    for (size_t i = 0; i < n; i++) {
        (void)ps_map_take(&w->entries, &w->changed[i]->place);
        w->octets -= w->changed[i]->octets;
        drop(w->changed[i]);
    }
    memset(w->last, 0, sizeof w->last);
}

void windows_committed(struct windows *w)
{
    for (size_t i = 0; i < w->nchanged; i++)
        w->changed[i]->dirty = false;
    w->nchanged = 0;
    w->transaction++;
    if (w->octets > KEPT_OCTETS)
        drop_unused(w);
    if (w->octets > KEPT_OCTETS)
        windows_forget(w);
}

static int read_rollup(struct windows *w, const struct meta *m, uint32_t window, struct entry *e,
                       bool may_be_there)
{
    int got = 0;
    if (may_be_there) {
        ps_stmt_i64(w->get, 1, e->place);
        got = ps_stmt_step(w->get);
    }
    if (got < 0)
        return got;
    if (got == 0)
        return rollup_new(&e->rollup, m, window);
    size_t len;
    const uint8_t *body = ps_stmt_col_blob(w->get, 0, &len);
    int err = rollup_unpack(body, len, m, window, &e->rollup);
    ps_stmt_reset(w->get);
    e->stored = true;
    return err;
}

// All entries have room in `changed`, so that marking one cannot fail.
static int make_room(struct windows *w)
{
    if (w->entries.count < w->cap)
        return 0;
    size_t cap = w->cap == 0 ? 256 : 2 * w->cap;
    struct entry **changed = realloc(w->changed, cap * sizeof(struct entry *));
    if (changed == NULL)
        return -ENOMEM;
    w->changed = changed;
    w->cap = cap;
    return 0;
}

static void weigh(struct windows *w, struct entry *e)
{
    w->octets -= e->octets;
    e->octets = sizeof *e + rollup_octets(e->rollup);
    w->octets += e->octets;
}

static int load(struct windows *w, const struct meta *m, uint32_t window, int64_t place, bool may_be_there,
                struct entry **out)
{
    struct entry *e = make_room(w) == 0 ? calloc(1, sizeof *e) : NULL;
    if (e == NULL)
        return -ENOMEM;
    e->place = place;
    int err = read_rollup(w, m, window, e, may_be_there);
    if (err == 0)
        err = ps_map_put(&w->entries, &e->place, e);
    if (err != 0) {
        drop(e);
        return err;
    }
    e->used = w->transaction;
    weigh(w, e);
    *out = e;
    return 0;
}

static void mark(struct windows *w, struct entry *e)
{
    if (e->dirty)
        return;
    w->changed[w->nchanged++] = e;
    e->dirty = true;
    e->used = w->transaction;
}

static int change(struct windows *w, struct entry *e, int event, const struct es_value *v,
                  const struct es_value *old)
{
    int err = old != NULL ? rollup_add(e->rollup, event, old, true) : 0;
    mark(w, e);
    return err == 0 ? rollup_add(e->rollup, event, v, false) : err;
}

// The roll-up of window i of the point. NULL: the event type has none there.
static int entry_of(struct windows *w, const struct meta *m, size_t i, int64_t newest, int64_t ts, int event,
                    struct entry **out)
{
    int err = 0;
    *out = NULL;
    if (w->last[i] != NULL) {
        *out = rollup_find(w->last[i]->rollup, event) != NULL ? w->last[i] : NULL;
        return 0;
    }
    if (!meta_rolls_up(m, event, m->windows[i]))
        return 0;
    int64_t begins = ts - ts % m->windows[i], place = place_rollup(m->id, (unsigned)i, begins);
    struct entry *e = ps_map_get(&w->entries, &place);
    if (e == NULL)
        err = load(w, m, m->windows[i], place, newest >= begins, &e);
    if (err == 0)
        *out = w->last[i] = e;
    return err;
}

int windows_add(struct windows *w, const struct meta *m, int64_t newest, int64_t ts, int event,
                const struct es_value *v, const struct es_value *old)
{
    int err = 0;
    if (w->point != place_point(m->id, ts)) {
        w->point = place_point(m->id, ts);
        memset(w->last, 0, sizeof w->last);
    }
    for (size_t i = 0; err == 0 && i < m->nwindows; i++) {
        struct entry *e;
        err = entry_of(w, m, i, newest, ts, event, &e);
        if (err == 0 && e != NULL)
            err = change(w, e, event, v, old);
    }
    return err;
}

static int find_entry(struct windows *w, const struct meta *m, const struct put_sum *sum, struct entry **out)
{
    for (size_t i = 0; i < m->nwindows; i++) {
        int64_t place = place_rollup(m->id, (unsigned)i, sum->ts);
        if (m->windows[i] != sum->window)
            continue;
        *out = ps_map_get(&w->entries, &place);
        return *out != NULL ? 0 : load(w, m, sum->window, place, true, out);
    }
    return PS_EUNKNOWN;
}

int windows_set(struct windows *w, const struct meta *m, const struct put_sum *sum)
{
    struct rollup *fresh;
    struct entry *e;
    int err = find_entry(w, m, sum, &e);
    if (err == 0)
        err = rollup_new(&fresh, m, sum->window);
    if (err != 0)
        return err;
    err = rollup_add(fresh, sum->event, &sum->value, false);
    struct rollup_sum *is = rollup_find(e->rollup, sum->event), *wanted = rollup_find(fresh, sum->event);
    if (err == 0 && is != NULL && wanted != NULL) {
        struct rollup_sum old = *is;
        err = rollup_sums_equal(is, wanted) ? 1 : 0;
        if (err == 0) {
            mark(w, e);
            *is = *wanted;
            *wanted = old; // freed with what was made for it
        }
    }
    rollup_free(fresh);
    return err;
}

static int write_entry(struct windows *w, struct entry *e)
{
    struct ps_stmt *st = e->stored ? w->set : w->add;
    int err = rollup_pack(&w->bits, e->rollup);
    if (err != 0)
        return err;
    ps_stmt_i64(st, 1, e->place);
    ps_stmt_blob(st, 2, w->bits.data, w->bits.len);
    err = ps_stmt_run(st);
    e->stored = e->stored || err == 0;
    weigh(w, e);
    return err;
}

int windows_flush(struct windows *w)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < w->nchanged; i++)
        err = write_entry(w, w->changed[i]);
    return err;
}
