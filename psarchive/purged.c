// SPDX-License-Identifier: Apache-2.0
#include "psarchive/purged.h"
#include "base/ps_wire.h"
#include "psarchive/marks.h"
#include "psarchive/store_impl.h"

static _Atomic int64_t *where(struct meta *m)
{
    return m->purged;
}

int purged_load(struct store *s)
{
    return marks_load(s, "SELECT meta, body FROM purged", where);
}

int purged_note(struct store *s, const struct meta *m, const int64_t cuts[ES_EVENT_COUNT])
{
    uint8_t octets[ES_EVENT_COUNT * 8];
    struct ps_wr w;
    struct ps_stmt *st;
    struct meta *own = meta_ref(m);
    int err = ps_stmt_new(&st, s->db, "INSERT OR REPLACE INTO purged (meta, body) VALUES (?1, ?2)");
    ps_wr_init(&w, octets, sizeof octets);
    for (size_t i = 0; err == 0 && i < m->nevents; i++) {
        mark_raise(&own->purged[i], cuts[i]);
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
