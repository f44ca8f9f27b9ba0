// SPDX-License-Identifier: Apache-2.0
#include "psarchive/series.h"
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "psarchive/documents.h"
#include "psarchive/place.h"
#include "psarchive/rollup.h"
#include "psarchive/row.h"
#include "psarchive/store_impl.h"

#define FETCH_ROWS 256
#define FETCH_OCTETS ((size_t)1 << 20)

struct series {
    struct reader *reader;
    const struct meta *meta;
    int event;
    enum es_summary_type type;
    uint32_t window;
    int64_t next, to; // what is to be fetched
    bool ended;
    struct point at[FETCH_ROWS];
    size_t n, i;
};

static int prepare(struct reader *r)
{
    int err = 0;
    if (r->points == NULL)
        err = ps_stmt_new(&r->points, r->db,
                          "SELECT place, body FROM point WHERE place BETWEEN ?1 AND ?2"
                          " ORDER BY place LIMIT ?3");
    if (err == 0 && r->rollups == NULL)
        err = ps_stmt_new(&r->rollups, r->db,
                          "SELECT place, body FROM rollup WHERE place BETWEEN ?1 AND ?2"
                          " ORDER BY place LIMIT ?3");
    return err;
}

int series_open(struct series **out, struct reader *r, const struct meta *m, int event,
                enum es_summary_type type, uint32_t window, int64_t from, int64_t to)
{
    if (!meta_has_summary(m, event, type, window))
        return PS_ENOTFOUND;
    int err = prepare(r);
    struct series *s = err == 0 ? malloc(sizeof *s) : NULL;
    if (s == NULL)
        return err != 0 ? err : -ENOMEM;
    s->reader = r;
    s->meta = meta_ref(m);
    s->event = event;
    s->type = type;
    s->window = window;
    s->next = from < 0 ? 0 : from;
    s->to = to;
    s->ended = false;
    s->n = s->i = 0;
    *out = s;
    return 0;
}

static void drop_fetched(struct series *s)
{
    for (size_t i = 0; i < s->n; i++)
        es_value_fini(&s->at[i].value);
    s->n = s->i = 0;
}

void series_close(struct series *s)
{
    if (s == NULL)
        return;
    drop_fetched(s);
    meta_unref(s->meta);
    free(s);
}

// --- one row to a point: 0, PS_ENOTFOUND: it tells nothing of this event type

static int summarise(enum es_summary_type type, struct es_value *v)
{
    if (type != ES_SUMMARY_STATISTICS)
        return 0;
    struct es_value stats;
    int err = es_value_statistics(&v->hist, &stats);
    es_value_fini(v);
    *v = stats;
    return err;
}

static int from_row(const struct series *s, const uint8_t *body, size_t len, struct es_value *out)
{
    struct row row;
    int err = row_unpack(body, len, s->meta, s->reader->phrases, UINT64_C(1) << s->event, &row);
    if (err != 0)
        return err;
    if (row.n == 0)
        return PS_ENOTFOUND;
    *out = row.at[0].value;
    return summarise(s->type, out);
}

static int from_rollup(const struct series *s, const uint8_t *body, size_t len, struct es_value *out)
{
    struct rollup *r;
    int err = rollup_unpack(body, len, s->meta, s->window, &r);
    if (err != 0)
        return err;
    err = rollup_value(rollup_find(r, s->event), s->type, out);
    rollup_free(r);
    return err;
}

static size_t value_octets(const struct es_value *v)
{
    if (v->form == ES_VALUE_HIST)
        return v->hist.cap * sizeof(struct es_hist_bucket);
    return v->form == ES_VALUE_JSON ? v->json.len : v->form == ES_VALUE_STATS ? sizeof *v->stats : sizeof *v;
}

static int take(struct series *s, struct ps_stmt *st, size_t *octets)
{
    struct point *p = &s->at[s->n];
    size_t len;
    const uint8_t *body = ps_stmt_col_blob(st, 1, &len);
    p->ts = place_ts(ps_stmt_col_i64(st, 0));
    s->next = p->ts + 1;
    int err = s->window == 0 ? from_row(s, body, len, &p->value) : from_rollup(s, body, len, &p->value);
    if (err == PS_ENOTFOUND)
        return 0;
    if (err == 0) {
        *octets += value_octets(&p->value);
        s->n++;
    }
    return err;
}

static int64_t place_of(const struct series *s, int64_t ts)
{
    unsigned i = 0;
    if (s->window == 0)
        return place_point(s->meta->id, ts);
    while (s->meta->windows[i] != s->window)
        i++;
    return place_rollup(s->meta->id, i, ts);
}

static int fetch(struct series *s)
{
    struct ps_stmt *st = s->window == 0 ? s->reader->points : s->reader->rollups;
    size_t rows = 0, octets = 0;
    int got = 1;
    drop_fetched(s);
    if (s->next > s->to || s->next > PLACE_TS_MAX) {
        s->ended = true;
        return 0;
    }
    ps_stmt_i64(st, 1, place_of(s, s->next));
    ps_stmt_i64(st, 2, place_of(s, s->to));
    ps_stmt_i64(st, 3, FETCH_ROWS);
    while (octets < FETCH_OCTETS && (got = ps_stmt_step(st)) > 0) {
        rows++;
        int err = take(s, st, &octets);
        if (err != 0) {
            ps_stmt_reset(st);
            return err;
        }
    }
    ps_stmt_reset(st);
    s->ended = got == 0 && rows < FETCH_ROWS;
    return got < 0 ? got : 0;
}

int series_next(struct series *s, const struct point **out)
{
    while (s->i == s->n) {
        if (s->ended)
            return 0;
        int err = fetch(s);
        if (err != 0)
            return err;
    }
    *out = &s->at[s->i++];
    return 1;
}

int series_skip(struct series *s, size_t offset)
{
    const struct point *passed;
    int got = 1;
    for (; offset > 0 && got > 0; offset--)
        got = series_next(s, &passed);
    return got < 0 ? got : 0;
}

// --- one result

int result_newest(struct reader *r, const struct meta *m, int64_t until, struct result *out)
{
    if (r->newest == NULL) {
        int err = ps_stmt_new(&r->newest, r->db,
                              "SELECT place, body FROM point WHERE place BETWEEN ?1 AND ?2"
                              " ORDER BY place DESC LIMIT 1");
        if (err != 0)
            return err;
    }
    ps_stmt_i64(r->newest, 1, place_point(m->id, 0));
    ps_stmt_i64(r->newest, 2, place_point(m->id, until));
    int got = ps_stmt_step(r->newest);
    if (got <= 0)
        return got;
    size_t len;
    const uint8_t *body = ps_stmt_col_blob(r->newest, 1, &len);
    out->ts = place_ts(ps_stmt_col_i64(r->newest, 0));
    int err = row_unpack(body, len, m, r->phrases, UINT64_MAX, &out->row);
    ps_stmt_reset(r->newest);
    return err == 0 ? 1 : err;
}

void result_fini(struct result *r)
{
    row_fini(&r->row);
}

int document_read(struct reader *r, const struct meta *m, int64_t ts, char **text, size_t *len)
{
    int err = r->documents == NULL ? documents_new(&r->documents, r->db) : 0;
    return err == 0 ? documents_get(r->documents, m->id, ts, text, len) : err;
}
