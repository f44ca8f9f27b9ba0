// SPDX-License-Identifier: Apache-2.0
#include "psarchive/windows.h"
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "base/ps_map.h"
#include "psarchive/place.h"

#define KEPT_OCTETS ((size_t)8 << 20) // between transactions

struct entry {
    int64_t place;
    struct rollup *rollup;
    size_t octets; // of it, when it was last changed
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

void windows_forget(struct windows *w)
{
    size_t pos = 0;
    for (struct entry *e; (e = ps_map_each(&w->entries, &pos)) != NULL;) {
        rollup_free(e->rollup);
        free(e);
    }
    ps_map_fini(&w->entries);
    w->nchanged = w->octets = 0;
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

void windows_committed(struct windows *w)
{
    for (size_t i = 0; i < w->nchanged; i++)
        w->changed[i]->dirty = false;
    w->nchanged = 0;
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

static int load(struct windows *w, const struct meta *m, uint32_t window, int64_t place, bool may_be_there,
                struct entry **out)
{
    struct entry *e = calloc(1, sizeof *e);
    if (e == NULL)
        return -ENOMEM;
    e->place = place;
    int err = read_rollup(w, m, window, e, may_be_there);
    if (err == 0)
        err = ps_map_put(&w->entries, &e->place, e);
    if (err != 0) {
        rollup_free(e->rollup);
        free(e);
        return err;
    }
    *out = e;
    return 0;
}

static int mark(struct windows *w, struct entry *e)
{
    if (e->dirty)
        return 0;
    if (w->nchanged == w->cap) {
        size_t cap = w->cap == 0 ? 256 : 2 * w->cap;
        struct entry **changed = realloc(w->changed, cap * sizeof(struct entry *));
        if (changed == NULL)
            return -ENOMEM;
        w->changed = changed;
        w->cap = cap;
    }
    w->changed[w->nchanged++] = e;
    e->dirty = true;
    return 0;
}

static int change(struct windows *w, struct entry *e, int event, const struct value *v,
                  const struct value *old)
{
    int err = mark(w, e);
    if (err == 0 && old != NULL)
        err = rollup_add(e->rollup, event, old, true);
    if (err == 0)
        err = rollup_add(e->rollup, event, v, false);
    w->octets -= e->octets;
    e->octets = sizeof *e + rollup_octets(e->rollup);
    w->octets += e->octets;
    return err;
}

int windows_add(struct windows *w, const struct meta *m, int64_t newest, int64_t ts, int event,
                const struct value *v, const struct value *old)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < m->nwindows; i++) {
        if (!meta_rolls_up(m, event, m->windows[i]))
            continue;
        int64_t begins = ts - ts % m->windows[i], place = place_rollup(m->id, (unsigned)i, begins);
        struct entry *e = ps_map_get(&w->entries, &place);
        if (e == NULL)
            err = load(w, m, m->windows[i], place, newest >= begins, &e);
        if (err == 0)
            err = change(w, e, event, v, old);
    }
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
    return err;
}

int windows_flush(struct windows *w)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < w->nchanged; i++)
        err = write_entry(w, w->changed[i]);
    return err;
}
