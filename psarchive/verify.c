// SPDX-License-Identifier: Apache-2.0
#include "psarchive/verify.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "psarchive/place.h"
#include "psarchive/rollup.h"
#include "psarchive/series.h"
#include "psarchive/store_impl.h"
#include "psarchive/when.h"

#define TOLD_MAX 100 // faults; the others are counted

static void complain(struct verify *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void complain(struct verify *v, const char *fmt, ...)
{
    char line[600];
    va_list ap;
    if (v->faults++ >= TOLD_MAX)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    v->tell(v->ctx, line);
}

// A meta, and what its results make of one of its windows.
struct look {
    struct verify *v;
    struct reader *r;
    const struct meta *m;
    char key[2 * ES_REG_KEY_LEN + 1];
    int64_t first[ES_EVENT_COUNT]; // ts of the first point of each event type; INT64_MAX: none
    unsigned index;                // of the window
    struct ps_stmt *get;           // its roll-ups
    bool left;                     // there is one that was not compared yet
};

// --- results

static void note_first(struct look *l, const struct result *r)
{
    for (size_t i = 0; i < r->row.n; i++) {
        int64_t *first = &l->first[r->row.at[i].event];
        *first = r->ts < *first ? r->ts : *first;
    }
}

static int read_results(struct look *l)
{
    struct results *all;
    struct result *r;
    int got = results_open(&all, l->r, l->m, 0, INT64_MAX);
    if (got != 0)
        return got;
    while ((got = results_next(all, &r)) > 0) {
        l->v->results++;
        note_first(l, r);
    }
    if (got == PS_EMALFORMED || got == PS_EVERSION) {
        complain(l->v, "metadata %s: a result cannot be read: %s", l->key, ps_strerror(got));
        got = 0;
    }
    results_close(all);
    return got;
}

// --- roll-ups

static bool sums_agree(const struct look *l, struct rollup *stored, struct rollup *made, int64_t ts)
{
    for (size_t i = 0; i < made->n; i++) {
        // The window began before what is left of this event type: a part of its points may be gone.
        if (l->first[made->at[i].event] > ts)
            continue;
        if (!rollup_sums_equal(&stored->at[i], &made->at[i]))
            return false;
    }
    return true;
}

static void compare(struct look *l, int64_t ts, struct rollup *made)
{
    char when[WHEN_SIZE];
    struct rollup *stored = NULL;
    int64_t at = l->left ? place_ts(ps_stmt_col_i64(l->get, 0)) : INT64_MAX;
    size_t len;
    if (at != ts) {
        complain(l->v, "metadata %s: the roll-up of %u s at %s is missing", l->key, made->window,
                 when_text(ts, when));
        return;
    }
    const uint8_t *body = ps_stmt_col_blob(l->get, 1, &len);
    int err = rollup_unpack(body, len, l->m, made->window, &stored);
    if (err != 0)
        complain(l->v, "metadata %s: the roll-up of %u s at %s cannot be read: %s", l->key, made->window,
                 when_text(ts, when), ps_strerror(err));
    else if (!sums_agree(l, stored, made, ts))
        complain(l->v, "metadata %s: the roll-up of %u s at %s is not what its results make", l->key,
                 made->window, when_text(ts, when));
    rollup_free(stored);
}

// Goes to the roll-up at ts. Those before it have no results any longer.
static int seek(struct look *l, int64_t ts)
{
    while (l->left && place_ts(ps_stmt_col_i64(l->get, 0)) < ts) {
        int got = ps_stmt_step(l->get);
        if (got < 0)
            return got;
        l->left = got > 0;
    }
    return 0;
}

static int add_result(const struct result *r, struct rollup *made)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < r->row.n; i++)
        err = rollup_add(made, r->row.at[i].event, &r->row.at[i].value, false);
    return err;
}

static bool is_empty(const struct rollup *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->at[i].points > 0)
            return false;
    return true;
}

static int finish_window(struct look *l, int64_t ts, struct rollup **made)
{
    int err = 0;
    if (*made != NULL && !is_empty(*made)) {
        err = seek(l, ts);
        if (err == 0)
            compare(l, ts, *made);
        l->v->rollups++;
    }
    rollup_free(*made);
    *made = NULL;
    return err;
}

static int compare_results(struct look *l, struct results *all, uint32_t window)
{
    struct rollup *made = NULL;
    struct result *r;
    int64_t ts = 0;
    int got, err = 0;
    while (err == 0 && (got = results_next(all, &r)) > 0) {
        int64_t at = r->ts - r->ts % window;
        if (made != NULL && at != ts)
            err = finish_window(l, ts, &made);
        ts = at;
        if (err == 0 && made == NULL)
            err = rollup_new(&made, l->m, window);
        if (err == 0)
            err = add_result(r, made);
    }
    int last = finish_window(l, ts, &made);
    return err != 0 ? err : got < 0 ? got : last;
}

static int compare_window(struct look *l)
{
    struct results *all;
    int got = ps_stmt_new(&l->get, l->r->db,
                          "SELECT place, body FROM rollup WHERE place BETWEEN ?1 AND ?2 ORDER BY place");
    if (got != 0)
        return got;
    ps_stmt_i64(l->get, 1, place_rollup(l->m->id, l->index, 0));
    ps_stmt_i64(l->get, 2, place_rollup(l->m->id, l->index, PLACE_TS_MAX));
    got = ps_stmt_step(l->get);
    l->left = got > 0;
    if (got >= 0)
        got = results_open(&all, l->r, l->m, 0, INT64_MAX);
    if (got == 0) {
        got = compare_results(l, all, l->m->windows[l->index]);
        results_close(all);
    }
    ps_stmt_free(l->get);
    return got;
}

static int verify_meta(struct verify *v, struct reader *r, const struct meta *m)
{
    struct look l = {.v = v, .r = r, .m = m};
    uint64_t faults = v->faults;
    meta_key_text(m, l.key);
    for (size_t i = 0; i < ES_EVENT_COUNT; i++)
        l.first[i] = INT64_MAX;
    int err = read_results(&l);
    for (l.index = 0; err == 0 && v->faults == faults && l.index < m->nwindows; l.index++)
        err = compare_window(&l);
    v->metas++;
    return err;
}

// --- documents

static int verify_documents(struct verify *v, struct reader *r, const struct meta *m)
{
    struct ps_stmt *st;
    char key[2 * ES_REG_KEY_LEN + 1], when[WHEN_SIZE];
    int got = ps_stmt_new(&st, r->db, "SELECT place FROM document WHERE place BETWEEN ?1 AND ?2");
    if (got != 0)
        return got;
    meta_key_text(m, key);
    ps_stmt_i64(st, 1, place_point(m->id, 0));
    ps_stmt_i64(st, 2, place_point(m->id, PLACE_TS_MAX));
    while ((got = ps_stmt_step(st)) > 0) {
        char *text = NULL;
        size_t len;
        int64_t ts = place_ts(ps_stmt_col_i64(st, 0));
        int err = document_read(r, m, ts, &text, &len);
        v->documents++;
        if (err != 0)
            complain(v, "metadata %s: the document of %s cannot be read: %s", key, when_text(ts, when),
                     ps_strerror(err));
        else
            free(text);
    }
    ps_stmt_free(st);
    return got;
}

int verify_run(struct verify *v, struct reader *r)
{
    static const struct filter all;
    struct ps_fault fault = {""};
    struct search search;
    const struct meta *m;
    int err = ps_db_check(r->db, &fault);
    if (err != 0) {
        complain(v, "%s", fault.text);
        return err == PS_EMALFORMED ? 0 : err;
    }
    search_begin(&search, r->store->catalog, &all);
    while (err == 0 && search_next(&search, &m, 1) > 0) {
        err = verify_meta(v, r, m);
        if (err == 0)
            err = verify_documents(v, r, m);
        meta_unref(m);
    }
    if (err != 0)
        complain(v, "%s", ps_strerror(err));
    return err;
}
