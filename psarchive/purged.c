// SPDX-License-Identifier: Apache-2.0
#include "psarchive/purged.h"
#include "base/ps_err.h"
#include "base/ps_wire.h"
#include "psarchive/store_impl.h"

static void raise_mark(struct meta *m, size_t i, int64_t cut)
{
    if (cut > atomic_load(&m->purged[i]))
        atomic_store(&m->purged[i], cut);
}

static void read_marks(struct meta *m, const uint8_t *body, size_t len)
{
    struct ps_rd rd;
    ps_rd_init(&rd, body, len);
    for (size_t i = 0; i < m->nevents; i++) {
        int64_t cut = (int64_t)ps_rd_u64(&rd);
        if (rd.err == 0)
            raise_mark(m, i, cut);
    }
}

int purged_load(struct store *s)
{
    struct ps_stmt *st;
    int got = ps_stmt_new(&st, s->db, "SELECT meta, body FROM purged");
    if (got != 0)
        return got;
    while ((got = ps_stmt_step(st)) > 0) {
        size_t len;
        const uint8_t *body = ps_stmt_col_blob(st, 1, &len);
        struct meta *m = catalog_find_id(s->catalog, ps_stmt_col_i64(st, 0));
        if (m != NULL)
            read_marks(m, body, len);
        meta_unref(m);
    }
    ps_stmt_free(st);
    return got;
}

int purged_note(struct store *s, const struct meta *m, const int64_t cuts[EVENT_COUNT])
{
    uint8_t octets[EVENT_COUNT * 8];
    struct ps_wr w;
    struct ps_stmt *st;
    struct meta *own = meta_ref(m);
    int err = ps_stmt_new(&st, s->db, "INSERT OR REPLACE INTO purged (meta, body) VALUES (?1, ?2)");
    ps_wr_init(&w, octets, sizeof octets);
    for (size_t i = 0; err == 0 && i < m->nevents; i++) {
        raise_mark(own, i, cuts[i]);
        ps_wr_u64(&w, (uint64_t)atomic_load(&m->purged[i]));
    }
    meta_unref(own);
    if (err != 0)
        return err;
    ps_stmt_i64(st, 1, m->id);
    ps_stmt_blob(st, 2, octets, ps_wr_len(&w));
    err = ps_stmt_run(st);
    ps_stmt_free(st);
    return err;
}

static bool rolls_up(const struct meta *m, int event)
{
    for (size_t i = 0; i < m->nwindows; i++)
        if (meta_rolls_up(m, event, m->windows[i]))
            return true;
    return false;
}

bool purged_counts(const struct meta *m, int event, int64_t ts)
{
    for (size_t i = 0; i < m->nevents; i++)
        if (m->event[i] == event)
            return ts < atomic_load(&m->purged[i]) && rolls_up(m, event);
    return false;
}
