// SPDX-License-Identifier: Apache-2.0
#include "psarchive/purge.h"
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "psarchive/place.h"
#include "psarchive/purged.h"
#include "psarchive/row.h"
#include "psarchive/store_impl.h"

#define STEP_ROWS 5000  // of a transaction, about
#define STEP_METAS 1000 // looked at in one
#define STEP_PAGES 2000 // given back in one go

enum { STAGE_BEGIN, STAGE_METAS, STAGE_PHRASES, STAGE_ROOM, STAGE_DONE };

void purge_begin(struct purge *p, const struct retention *policy, int64_t now)
{
    *p = (struct purge){.policy = policy, .now = now, .thinning = -1, .elapsed = INT64_MAX};
}

void purge_end(struct purge *p)
{
    meta_unref(p->meta);
    p->meta = NULL;
}

// --- what is too old

static int64_t base_cut(const struct purge *p, int event)
{
    return retention_cut(p->policy, event, ES_SUMMARY_BASE, 0, p->now);
}

// Nothing of a result before this is kept.
static int64_t least_cut(const struct purge *p, const struct meta *m)
{
    int64_t cut = INT64_MAX;
    for (size_t i = 0; i < m->nevents; i++) {
        int64_t here = base_cut(p, m->event[i]);
        cut = here < cut ? here : cut;
    }
    return cut;
}

static int64_t window_cut(const struct purge *p, const struct meta *m, uint32_t window)
{
    int64_t cut = INT64_MAX;
    for (size_t i = 0; i < m->nsummaries; i++) {
        const struct es_summary *s = &m->summaries[i];
        if (s->window != window)
            continue;
        int64_t here = retention_cut(p->policy, s->event, (enum es_summary_type)s->type, window, p->now);
        cut = here < cut ? here : cut;
    }
    return cut == RETENTION_NEVER ? cut : cut - window;
}

// --- removing

struct range {
    const char *erase, *count; // SQL
    int64_t from, to;
};

static int remove_range(const struct purge *p, struct store *s, const struct range *r, uint64_t *removed)
{
    struct ps_stmt *st;
    if (r->to < r->from)
        return 0;
    int got = ps_stmt_new(&st, s->db, p->count ? r->count : r->erase);
    if (got != 0)
        return got;
    ps_stmt_i64(st, 1, r->from);
    ps_stmt_i64(st, 2, r->to);
    if (!p->count)
        ps_stmt_i64(st, 3, STEP_ROWS);
    got = ps_stmt_step(st);
    int64_t n = p->count ? (got > 0 ? ps_stmt_col_i64(st, 0) : 0) : ps_db_changes(s->db);
    ps_stmt_free(st);
    if (got < 0)
        return got;
    *removed += (uint64_t)n;
    return n >= STEP_ROWS && !p->count; // there may be more
}

#define ERASE(table)                                                 \
    "DELETE FROM " table " WHERE place IN (SELECT place FROM " table \
    " WHERE place BETWEEN ?1 AND ?2 LIMIT ?3)"
#define COUNT(table) "SELECT count(*) FROM " table " WHERE place BETWEEN ?1 AND ?2"

static int remove_points(struct purge *p, struct store *s, const struct meta *m)
{
    int64_t cut = least_cut(p, m);
    if (cut <= 0)
        return 0;
    struct range r = {ERASE("point"), COUNT("point"), place_point(m->id, 0), place_point(m->id, cut - 1)};
    return remove_range(p, s, &r, &p->points);
}

static int remove_documents(struct purge *p, struct store *s, const struct meta *m)
{
    int64_t cut = base_cut(p, es_event_find("pscheduler-raw"));
    if (cut <= 0)
        return 0;
    struct range r = {ERASE("document"), COUNT("document"), place_point(m->id, 0),
                      place_point(m->id, cut - 1)};
    return remove_range(p, s, &r, &p->documents);
}

static int remove_rollups(struct purge *p, struct store *s, const struct meta *m)
{
    int got = 0;
    for (unsigned i = 0; got == 0 && i < m->nwindows; i++) {
        int64_t cut = window_cut(p, m, m->windows[i]);
        if (cut < 0)
            continue;
        struct range r = {ERASE("rollup"), COUNT("rollup"), place_rollup(m->id, i, 0),
                          place_rollup(m->id, i, cut)};
        got = remove_range(p, s, &r, &p->rollups);
    }
    return got;
}

// --- results of which some values go

struct thin {
    struct ps_stmt *get, *set, *remove;
    struct phrases *phrases;
    struct bitput bits;
};

static int thin_open(struct thin *t, struct store *s)
{
    *t = (struct thin){0};
    int err = ps_stmt_new(
        &t->get, s->db, "SELECT place, body FROM point WHERE place BETWEEN ?1 AND ?2 ORDER BY place LIMIT 1");
    if (err == 0)
        err = ps_stmt_new(&t->set, s->db, "UPDATE point SET body = ?2 WHERE place = ?1");
    if (err == 0)
        err = ps_stmt_new(&t->remove, s->db, "DELETE FROM point WHERE place = ?1");
    return err == 0 ? phrases_new(&t->phrases, s->db) : err;
}

static void thin_close(struct thin *t)
{
    ps_stmt_free(t->get);
    ps_stmt_free(t->set);
    ps_stmt_free(t->remove);
    phrases_free(t->phrases);
    bitput_fini(&t->bits);
}

static bool drop_values(const struct purge *p, struct row *row, int64_t ts)
{
    size_t to = 0, n = row->n;
    for (size_t i = 0; i < n; i++) {
        if (ts < base_cut(p, row->at[i].event))
            es_value_fini(&row->at[i].value);
        else
            row->at[to++] = row->at[i];
    }
    row->n = to;
    return to < n;
}

// Nothing may be left of it.
static int write_thinned(struct thin *t, const struct meta *m, int64_t place, const struct row *row)
{
    struct ps_stmt *st = row->n > 0 ? t->set : t->remove;
    int err = row->n > 0 ? row_pack(&t->bits, row, m, place_ts(place), t->phrases) : 0;
    if (err != 0)
        return err;
    ps_stmt_i64(st, 1, place);
    if (row->n > 0)
        ps_stmt_blob(st, 2, t->bits.data, t->bits.len);
    return ps_stmt_run(st);
}

static int thin_row(struct purge *p, struct thin *t, const struct meta *m, int64_t place)
{
    struct row row;
    size_t len;
    const uint8_t *body = ps_stmt_col_blob(t->get, 1, &len);
    int err = row_unpack(body, len, m, t->phrases, UINT64_MAX, &row);
    ps_stmt_reset(t->get);
    if (err != 0)
        return err;
    if (drop_values(p, &row, place_ts(place))) {
        *(row.n > 0 ? &p->thinned : &p->points) += 1;
        err = p->count ? 0 : write_thinned(t, m, place, &row);
    }
    row_fini(&row);
    return err;
}

// The next time at which results have to be looked at, from `from` on: those that came over a cut since the last
// purge. Results before that were thinned then. False: there are none.
static bool thin_range(const struct purge *p, const struct meta *m, int64_t from, int64_t *begin,
                       int64_t *end)
{
    *begin = INT64_MAX;
    for (size_t i = 0; i < m->nevents; i++) {
        int64_t cut = base_cut(p, m->event[i]);
        int64_t first = cut <= from || p->elapsed > cut ? from : cut - p->elapsed;
        first = first < from ? from : first;
        if (cut <= from || first >= *begin)
            continue;
        *begin = first;
        *end = cut;
    }
    return *begin != INT64_MAX;
}

// 1: one was looked at; 0: no more.
static int thin_next(struct purge *p, struct thin *t, const struct meta *m)
{
    int64_t least = least_cut(p, m), begin, end = 0;
    int64_t from = p->thinning >= least ? p->thinning + 1 : least < 0 ? 0 : least;
    while (thin_range(p, m, from, &begin, &end)) {
        ps_stmt_i64(t->get, 1, place_point(m->id, begin));
        ps_stmt_i64(t->get, 2, place_point(m->id, end - 1));
        int got = ps_stmt_step(t->get);
        if (got < 0)
            return got;
        if (got > 0) {
            int64_t place = ps_stmt_col_i64(t->get, 0);
            p->thinning = place_ts(place);
            got = thin_row(p, t, m, place);
            return got == 0 ? 1 : got;
        }
        from = end;
    }
    return 0;
}

static int thin_points(struct purge *p, struct store *s, const struct meta *m)
{
    struct thin t;
    int got = thin_open(&t, s);
    got = got == 0 ? 1 : got;
    for (unsigned n = 0; got > 0 && n < STEP_ROWS; n++)
        got = thin_next(p, &t, m);
    thin_close(&t);
    return got;
}

// --- metas of which nothing is left

static int has_rows(struct store *s, const struct meta *m, bool *out)
{
    struct ps_stmt *st;
    int got = ps_stmt_new(&st, s->db,
                          "SELECT EXISTS (SELECT 1 FROM point WHERE place BETWEEN ?1 AND ?2) OR"
                          " EXISTS (SELECT 1 FROM document WHERE place BETWEEN ?1 AND ?2) OR"
                          " EXISTS (SELECT 1 FROM rollup WHERE place BETWEEN ?3 AND ?4)");
    if (got != 0)
        return got;
    ps_stmt_i64(st, 1, place_point(m->id, 0));
    ps_stmt_i64(st, 2, place_point(m->id, PLACE_TS_MAX));
    ps_stmt_i64(st, 3, place_rollup(m->id, 0, 0));
    ps_stmt_i64(st, 4, place_rollup(m->id, (1u << PLACE_WINDOW_BITS) - 1, PLACE_TS_MAX));
    got = ps_stmt_step(st);
    *out = got > 0 && ps_stmt_col_i64(st, 0) != 0;
    ps_stmt_free(st);
    return got < 0 ? got : 0;
}

// Nothing that could be written of it now would be of a time that is kept.
static bool is_over(const struct purge *p, const struct meta *m)
{
    int64_t used = meta_updated(m, -1);
    used = used > m->created ? used : m->created;
    return used < least_cut(p, m);
}

static int run_for(struct store *s, const char *sql, int64_t id)
{
    struct ps_stmt *st;
    int err = ps_stmt_new(&st, s->db, sql);
    if (err != 0)
        return err;
    ps_stmt_i64(st, 1, id);
    err = ps_stmt_run(st);
    ps_stmt_free(st);
    return err;
}

static int remove_meta(struct purge *p, struct store *s, const struct meta *m, bool *gone)
{
    bool rows = true;
    int err = is_over(p, m) ? has_rows(s, m, &rows) : 0;
    if (err != 0 || rows)
        return err;
    p->metas++;
    if (p->count)
        return 0;
    *gone = true;
    err = run_for(s, "DELETE FROM meta WHERE id = ?1", m->id);
    if (err == 0)
        err = run_for(s, "DELETE FROM seen WHERE meta = ?1", m->id);
    if (err == 0)
        err = run_for(s, "DELETE FROM purged WHERE meta = ?1", m->id);
    return err == 0 ? run_for(s, "DELETE FROM template WHERE meta = ?1", m->id) : err;
}

// --- the last purge

// What the policy says of points, in a number.
static int64_t fingerprint(const struct purge *p)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (int e = 0; e < ES_EVENT_COUNT; e++) {
        int64_t cut = base_cut(p, e);
        h = (h ^ (uint64_t)(cut == RETENTION_NEVER ? 0 : p->now - cut)) * UINT64_C(1099511628211);
    }
    return (int64_t)(h >> 1);
}

static int get_setting(struct store *s, const char *name, int64_t *out)
{
    struct ps_stmt *st;
    *out = -1;
    int got = ps_stmt_new(&st, s->db, "SELECT value FROM setting WHERE name = ?1");
    if (got != 0)
        return got;
    ps_stmt_text(st, 1, name);
    got = ps_stmt_step(st);
    if (got > 0)
        *out = ps_stmt_col_i64(st, 0);
    ps_stmt_free(st);
    return got < 0 ? got : 0;
}

static int set_setting(struct store *s, const char *name, int64_t value)
{
    struct ps_stmt *st;
    int err = ps_stmt_new(&st, s->db, "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)");
    if (err != 0)
        return err;
    ps_stmt_text(st, 1, name);
    ps_stmt_i64(st, 2, value);
    err = ps_stmt_run(st);
    ps_stmt_free(st);
    return err;
}

static int step_begin(struct purge *p, struct store *s)
{
    int64_t policy, when;
    int err = get_setting(s, "purge-policy", &policy);
    if (err == 0)
        err = get_setting(s, "purge-time", &when);
    if (err == 0 && policy == fingerprint(p) && when > 0 && when <= p->now)
        p->elapsed = p->now - when;
    p->stage = STAGE_METAS;
    return err;
}

static int note_end(const struct purge *p, struct store *s)
{
    if (p->count)
        return 0;
    int err = set_setting(s, "purge-policy", fingerprint(p));
    return err == 0 ? set_setting(s, "purge-time", p->now) : err;
}

// --- steps

// In the transaction that removes them.
static int note_purged(const struct purge *p, struct store *s, const struct meta *m)
{
    int64_t cuts[ES_EVENT_COUNT];
    for (size_t i = 0; i < m->nevents; i++)
        cuts[i] = base_cut(p, m->event[i]);
    return p->count ? 0 : purged_note(s, m, cuts);
}

// 1: not done with them.
static int purge_points(struct purge *p, struct store *s, const struct meta *m)
{
    uint64_t before = p->points + p->thinned;
    int got = remove_points(p, s, m);
    if (got == 0)
        got = thin_points(p, s, m);
    int err = got >= 0 && p->points + p->thinned > before ? note_purged(p, s, m) : 0;
    return err != 0 ? err : got;
}

// 1: not done with it.
static int purge_meta(struct purge *p, struct store *s, const struct meta *m, bool *gone)
{
    int got = purge_points(p, s, m);
    if (got == 0)
        got = remove_rollups(p, s, m);
    if (got == 0)
        got = remove_documents(p, s, m);
    return got == 0 ? remove_meta(p, s, m, gone) : got;
}

static int next_meta(struct purge *p, struct store *s)
{
    static const struct filter all;
    if (p->meta != NULL)
        return 1;
    if (p->search.catalog == NULL)
        search_begin(&p->search, s->catalog, &all);
    p->thinning = -1;
    return (int)search_next(&p->search, &p->meta, 1);
}

static int look_at_metas(struct purge *p, struct store *s, const struct meta **gone, size_t *ngone)
{
    for (unsigned n = 0; n < STEP_METAS; n++) {
        bool removed = false;
        if (next_meta(p, s) == 0) {
            p->stage = STAGE_PHRASES;
            return 0;
        }
        int got = purge_meta(p, s, p->meta, &removed);
        if (got != 0)
            return got < 0 ? got : 0;
        if (removed)
            gone[(*ngone)++] = p->meta;
        else
            meta_unref(p->meta);
        p->meta = NULL;
    }
    return 0;
}

// In a transaction; the catalog hears of it when that is through.
static int step_metas(struct purge *p, struct store *s)
{
    const struct meta *gone[STEP_METAS];
    size_t n = 0;
    int err = ps_db_begin(s->db);
    if (err != 0)
        return err;
    err = look_at_metas(p, s, gone, &n);
    if (err == 0)
        err = ps_db_commit(s->db);
    else
        ps_db_rollback(s->db);
    for (size_t i = 0; i < n; i++) {
        if (err == 0)
            catalog_remove(s->catalog, gone[i]);
        meta_unref(gone[i]);
    }
    return err;
}

// No point before this is kept that could have a phrase.
static int64_t phrase_cut(const struct purge *p)
{
    int64_t cut = INT64_MAX;
    for (int e = 0; e < ES_EVENT_COUNT; e++) {
        int64_t here = es_value_form_of(es_event_kind(e)) == ES_VALUE_JSON ? base_cut(p, e) : INT64_MAX;
        cut = here < cut ? here : cut;
    }
    return cut;
}

static int step_phrases(struct purge *p, struct store *s)
{
    struct phrases *phrases;
    int64_t cut = phrase_cut(p);
    p->stage = STAGE_ROOM;
    int err = note_end(p, s);
    if (err != 0 || cut == RETENTION_NEVER || p->count)
        return err;
    err = phrases_new(&phrases, s->db);
    if (err != 0)
        return err;
    err = phrases_purge(phrases, cut);
    phrases_free(phrases);
    return err;
}

static int step_room(struct purge *p, struct store *s)
{
    struct ps_db_size before, after;
    int64_t left = 0;
    if (p->count) {
        p->stage = STAGE_DONE;
        return 0;
    }
    int err = ps_db_size(s->db, &before);
    if (err == 0)
        err = ps_db_give_back(s->db, STEP_PAGES, &left);
    if (err == 0)
        err = ps_db_size(s->db, &after);
    if (err != 0)
        return err;
    p->octets += (uint64_t)((before.pages - after.pages) * after.page_octets);
    if (left > 0 && after.pages < before.pages)
        return 0;
    p->stage = STAGE_DONE;
    err = ps_db_checkpoint(s->db);
    return err == -EBUSY ? 0 : err; // a reader is at work: the next one does it
}

int purge_step(struct purge *p, struct store *s)
{
    int err = 0;
    switch (p->stage) {
    case STAGE_BEGIN:
        err = step_begin(p, s);
        break;
    case STAGE_METAS:
        err = step_metas(p, s);
        break;
    case STAGE_PHRASES:
        err = step_phrases(p, s);
        break;
    case STAGE_ROOM:
        err = step_room(p, s);
        break;
    default:
        return 0;
    }
    return err != 0 ? err : p->stage != STAGE_DONE;
}
