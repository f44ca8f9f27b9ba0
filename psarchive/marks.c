// SPDX-License-Identifier: Apache-2.0
#include "psarchive/marks.h"
#include "base/ps_wire.h"
#include "psarchive/store_impl.h"

void mark_raise(_Atomic int64_t *mark, int64_t at)
{
    if (at > atomic_load(mark))
        atomic_store(mark, at);
}

static void take(_Atomic int64_t *marks, size_t n, const uint8_t *body, size_t len)
{
    struct ps_rd rd;
    ps_rd_init(&rd, body, len);
    for (size_t i = 0; i < n; i++) {
        int64_t at = (int64_t)ps_rd_u64(&rd);
        if (rd.err == 0)
            mark_raise(&marks[i], at);
    }
}

int marks_load(struct store *s, const char *query, _Atomic int64_t *(*where)(struct meta *m))
{
    struct ps_stmt *st;
    int got = ps_stmt_new(&st, s->db, query);
    if (got != 0)
        return got;
    while ((got = ps_stmt_step(st)) > 0) {
        size_t len;
        const uint8_t *body = ps_stmt_col_blob(st, 1, &len);
        struct meta *m = catalog_find_id(s->catalog, ps_stmt_col_i64(st, 0));
        if (m != NULL)
            take(where(m), m->nevents, body, len);
        meta_unref(m);
    }
    ps_stmt_free(st);
    return got;
}
