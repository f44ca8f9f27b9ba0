// SPDX-License-Identifier: Apache-2.0
// All values of results, one result after the other.
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "psarchive/place.h"
#include "psarchive/series.h"
#include "psarchive/store_impl.h"

#define FETCH_ROWS 16

struct results {
    struct reader *reader;
    const struct meta *meta;
    struct ps_stmt *get;
    int64_t next, to;
    bool ended;
    struct result at[FETCH_ROWS];
    size_t n, i;
};

int results_open(struct results **out, struct reader *r, const struct meta *m, int64_t from, int64_t to)
{
    struct results *rs = malloc(sizeof *rs);
    if (rs == NULL)
        return -ENOMEM;
    rs->reader = r;
    rs->next = from < 0 ? 0 : from;
    rs->to = to;
    rs->ended = false;
    rs->n = rs->i = 0;
    int err =
        ps_stmt_new(&rs->get, r->db,
                    "SELECT place, body FROM point WHERE place BETWEEN ?1 AND ?2 ORDER BY place LIMIT ?3");
    if (err != 0) {
        free(rs);
        return err;
    }
    rs->meta = meta_ref(m);
    *out = rs;
    return 0;
}

static void drop_fetched(struct results *rs)
{
    for (size_t i = 0; i < rs->n; i++)
        result_fini(&rs->at[i]);
    rs->n = rs->i = 0;
}

void results_close(struct results *rs)
{
    if (rs == NULL)
        return;
    drop_fetched(rs);
    ps_stmt_free(rs->get);
    meta_unref(rs->meta);
    free(rs);
}

static int take(struct results *rs)
{
    struct result *r = &rs->at[rs->n];
    size_t len;
    const uint8_t *body = ps_stmt_col_blob(rs->get, 1, &len);
    r->ts = place_ts(ps_stmt_col_i64(rs->get, 0));
    rs->next = r->ts + 1;
    int err = row_unpack(body, len, rs->meta, rs->reader->phrases, UINT64_MAX, &r->row);
    rs->n += err == 0;
    return err;
}

static int fetch(struct results *rs)
{
    int got = 1, err = 0;
    drop_fetched(rs);
    rs->ended = rs->next > rs->to || rs->next > PLACE_TS_MAX;
    if (rs->ended)
        return 0;
    ps_stmt_i64(rs->get, 1, place_point(rs->meta->id, rs->next));
    ps_stmt_i64(rs->get, 2, place_point(rs->meta->id, rs->to));
    ps_stmt_i64(rs->get, 3, FETCH_ROWS);
    while (err == 0 && rs->n < FETCH_ROWS && (got = ps_stmt_step(rs->get)) > 0)
        err = take(rs);
    ps_stmt_reset(rs->get);
    rs->ended = got == 0;
    return err != 0 ? err : got < 0 ? got : 0;
}

int results_next(struct results *rs, struct result **out)
{
    while (rs->i == rs->n) {
        if (rs->ended)
            return 0;
        int err = fetch(rs);
        if (err != 0)
            return err;
    }
    *out = &rs->at[rs->i++];
    return 1;
}
