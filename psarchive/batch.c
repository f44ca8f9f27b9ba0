// SPDX-License-Identifier: Apache-2.0
#include "psarchive/batch.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_wire.h"
#include "psarchive/batch_impl.h"
#include "psarchive/place.h"
#include "psarchive/purged.h"
#include "psarchive/retention.h"

#define NOTE_EVERY 60 // seconds

static int prepare(struct batch *b)
{
    struct ps_db *db = b->store->db;
    int err = ps_stmt_new(&b->meta_add, db,
                          "INSERT INTO meta (key, hash, created, body) VALUES (?1, ?2, ?3, ?4) RETURNING id");
    if (err == 0)
        err = ps_stmt_new(&b->point_get, db, "SELECT body FROM point WHERE place = ?1");
    if (err == 0)
        err = ps_stmt_new(&b->point_add, db, "INSERT INTO point (place, body) VALUES (?1, ?2)");
    if (err == 0)
        err = ps_stmt_new(&b->point_set, db, "UPDATE point SET body = ?2 WHERE place = ?1");
    if (err == 0)
        err = ps_stmt_new(&b->seen_set, db, "INSERT OR REPLACE INTO seen (meta, body) VALUES (?1, ?2)");
    return err;
}

int batch_new(struct batch **out, struct store *s)
{
    struct batch *b = calloc(1, sizeof *b);
    if (b == NULL)
        return -ENOMEM;
    b->store = s;
    bitput_init(&b->bits);
    int err = ps_map_init(&b->touched, sizeof(int64_t));
    if (err == 0)
        err = ps_map_init(&b->hashes, sizeof((struct meta *)0)->hash);
    if (err == 0)
        err = ps_map_init(&b->unnoted, sizeof(int64_t));
    if (err == 0)
        err = phrases_new(&b->phrases, s->db);
    if (err == 0)
        err = windows_new(&b->windows, s->db);
    if (err == 0)
        err = documents_new(&b->documents, s->db);
    if (err == 0)
        err = prepare(b);
    if (err != 0)
        batch_free(b);
    else
        *out = b;
    return err;
}

static void drop_unnoted(struct batch *b)
{
    size_t pos = 0;
    for (struct meta *m; (m = ps_map_each(&b->unnoted, &pos)) != NULL;)
        meta_unref(m);
    ps_map_fini(&b->unnoted);
}

void batch_free(struct batch *b)
{
    if (b == NULL)
        return;
    batch_drop_touched(b);
    drop_unnoted(b);
    phrases_free(b->phrases);
    windows_free(b->windows);
    documents_free(b->documents);
    ps_stmt_free(b->meta_add);
    ps_stmt_free(b->point_get);
    ps_stmt_free(b->point_add);
    ps_stmt_free(b->point_set);
    ps_stmt_free(b->seen_set);
    bitput_fini(&b->bits);
    free(b);
}

void batch_forget(struct batch *b)
{
    phrases_forget(b->phrases);
    windows_forget(b->windows);
    documents_forget(b->documents);
}

// --- judging

static int by_place(const void *a, const void *b)
{
    const struct put_value *x = a, *y = b;
    if (x->ts != y->ts)
        return x->ts < y->ts ? -1 : 1;
    if (x->event != y->event)
        return x->event < y->event ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static bool replaceable(int event)
{
    enum es_value_form form = es_value_form_of(es_event_kind(event));
    return form == ES_VALUE_HIST || form == ES_VALUE_JSON;
}

static int conflict(struct put *p, const struct put_value *v)
{
    p->conflict_event = v->event;
    p->conflict_ts = v->ts;
    return PS_EDUPLICATE;
}

// Of values for one place the last one stays; two different numbers are a conflict.
static int join(struct put *p)
{
    size_t to = 0;
    for (size_t i = 0; i < p->nvalues; i++) {
        struct put_value *v = &p->values[i], *last = to > 0 ? &p->values[to - 1] : NULL;
        if (last == NULL || last->ts != v->ts || last->event != v->event) {
            p->values[to++] = *v;
            continue;
        }
        bool same = es_value_equal(&last->value, &v->value);
        if (!same && !replaceable(v->event)) {
            memmove(&p->values[to], v, (p->nvalues - i) * sizeof *v);
            p->nvalues -= i - to;
            return conflict(p, &p->values[to]);
        }
        es_value_fini(&last->value);
        *last = *v;
        *(same ? &p->same : &p->replaced) += 1;
    }
    p->nvalues = to;
    return 0;
}

static void drop_expired(struct batch *b, struct put *p)
{
    const struct retention *policy = atomic_load(&b->store->retention);
    size_t to = 0;
    if (policy == NULL)
        return;
    for (size_t i = 0; i < p->nvalues; i++) {
        struct put_value *v = &p->values[i];
        if (v->ts < retention_cut(policy, v->event, ES_SUMMARY_BASE, 0, b->now)) {
            es_value_fini(&v->value);
            p->expired++;
        } else
            p->values[to++] = *v;
    }
    p->nvalues = to;
}

static void look_ahead(struct batch *b, struct put *p, int64_t ts)
{
    if (ts > b->now + PUT_AHEAD && ts > p->ahead)
        p->ahead = ts;
}

// What is of the far future would be the newest for years.
static int check_ahead(struct batch *b, struct put *p)
{
    p->ahead = 0;
    for (size_t i = 0; i < p->nvalues; i++)
        look_ahead(b, p, p->values[i].ts);
    for (size_t i = 0; i < p->nsums; i++)
        look_ahead(b, p, p->sums[i].ts);
    if (p->document.text != NULL)
        look_ahead(b, p, p->document.ts);
    return p->ahead > 0 ? PS_ERANGE : 0;
}

static int judge(struct batch *b, struct put *p)
{
    p->created = p->same = p->replaced = p->purged =
        0; // judged anew when the transaction had to be rolled back
    p->registered = false;
    p->conflict_event = -1;
    for (size_t i = 1; i < p->nvalues; i++)
        if (by_place(&p->values[i - 1], &p->values[i]) > 0) {
            qsort(p->values, p->nvalues, sizeof *p->values, by_place);
            break;
        }
    int err = check_ahead(b, p);
    if (err == 0)
        err = join(p);
    if (err == 0)
        drop_expired(b, p);
    return err;
}

// --- what is there

static int read_old(struct batch *b, const struct meta *m, int64_t ts, struct row **out)
{
    ps_stmt_i64(b->point_get, 1, place_point(m->id, ts));
    int got = ps_stmt_step(b->point_get);
    if (got <= 0)
        return got;
    size_t len;
    const uint8_t *body = ps_stmt_col_blob(b->point_get, 0, &len);
    struct row *row = malloc(sizeof *row);
    int err = row == NULL ? -ENOMEM : row_unpack(body, len, m, b->phrases, UINT64_MAX, row);
    ps_stmt_reset(b->point_get);
    if (err != 0)
        free(row);
    else
        *out = row;
    return err;
}

// Of another run, whatever its values.
static int conflict_of_documents(struct put *p)
{
    p->conflict_event = -1;
    p->conflict_ts = p->document.ts;
    return PS_EDUPLICATE;
}

// What is there already does no harm, unless it comes with another document, which could not be kept. Else another run
// is refused, and another value unless it is the run's own.
static int check_old(struct batch *b, const struct touch *t, struct put *p, const struct plan *pl)
{
    enum kin kin;
    if (pl->old == NULL)
        return 0;
    int err = batch_kin(b, p, pl, t->meta->id, &kin);
    for (size_t i = pl->from; err == 0 && i < pl->to; i++) {
        const struct put_value *v = &p->values[i];
        const struct es_value *old = row_find(pl->old, v->event);
        if (old != NULL && es_value_equal(old, &v->value))
            continue;
        if (kin == KIN_OTHER || (old != NULL && !(kin == KIN_SAME && replaceable(v->event))))
            err = conflict(p, v);
    }
    return err == 0 && kin == KIN_OTHER ? conflict_of_documents(p) : err;
}

// With values the plan of their second has seen to it.
static int check_document(struct batch *b, struct put *p, int64_t meta)
{
    bool other = false;
    int err = p->nvalues > 0 ? 0 : batch_other_document(b, p, meta, p->document.ts, &other);
    return other ? conflict_of_documents(p) : err;
}

static size_t count_ts(const struct put *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->nvalues; i++)
        n += i == 0 || p->values[i].ts != p->values[i - 1].ts;
    return n;
}

static void plans_fini(struct plan *plans, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (plans[i].old != NULL)
            row_fini(plans[i].old);
        free(plans[i].old);
    }
}

static int make_plans(struct batch *b, const struct touch *t, struct put *p, struct plan *plans)
{
    size_t n = 0;
    int err = 0;
    for (size_t i = 0; err == 0 && i < p->nvalues; n++) {
        struct plan *pl = &plans[n];
        pl->ts = p->values[i].ts;
        pl->from = i;
        while (i < p->nvalues && p->values[i].ts == pl->ts)
            i++;
        pl->to = i;
        if (pl->ts <= t->newest)
            err = read_old(b, t->meta, pl->ts, &pl->old);
        if (err == 0)
            err = check_old(b, t, p, pl);
    }
    return err;
}

// --- writing

static int write_row(struct batch *b, const struct meta *m, const struct plan *pl, const struct row *row)
{
    struct ps_stmt *st = pl->old != NULL ? b->point_set : b->point_add;
    int err = row_pack(&b->bits, row, m, pl->ts, b->phrases);
    if (err != 0)
        return err;
    ps_stmt_i64(st, 1, place_point(m->id, pl->ts));
    ps_stmt_blob(st, 2, b->bits.data, b->bits.len);
    return ps_stmt_run(st);
}

// One value into the row, which holds no value of its own, and into the roll-ups.
static int merge_value(struct batch *b, const struct touch *t, struct put *p, const struct put_value *v,
                       struct row *row)
{
    struct es_value *old = row_find(row, v->event), copy = v->value;
    if (old != NULL && es_value_equal(old, &copy)) {
        p->same++;
        return 0;
    }
    if (old == NULL && purged_counts(t->meta, v->event, v->ts)) {
        p->purged++;
        return 0;
    }
    int err = windows_add(b->windows, t->meta, t->newest, v->ts, v->event, &v->value, old);
    if (err != 0)
        return err;
    *(old != NULL ? &p->replaced : &p->created) += 1;
    if (old != NULL)
        *old = copy;
    else
        row_add(row, v->event, &copy);
    return 0;
}

static int write_plan(struct batch *b, struct touch *t, struct put *p, const struct plan *pl)
{
    struct row row = {0};
    size_t before = p->created + p->replaced;
    int err = 0;
    if (pl->old != NULL)
        row = *pl->old;
    for (size_t i = pl->from; err == 0 && i < pl->to; i++) {
        size_t purged = p->purged;
        err = merge_value(b, t, p, &p->values[i], &row);
        if (p->purged == purged)
            t->events |= UINT64_C(1) << p->values[i].event;
    }
    if (err != 0 || p->created + p->replaced == before)
        return err;
    if (pl->ts > t->newest)
        t->newest = pl->ts;
    return write_row(b, t->meta, pl, &row);
}

static int write_values(struct batch *b, struct touch *t, struct put *p)
{
    size_t n = count_ts(p);
    struct plan alone = {0}, *plans = n > 1 ? calloc(n, sizeof *plans) : &alone;
    if (plans == NULL)
        return -ENOMEM;
    int err = make_plans(b, t, p, plans);
    bool judged = err == 0;
    for (size_t i = 0; err == 0 && i < n; i++)
        err = write_plan(b, t, p, &plans[i]);
    plans_fini(plans, n);
    if (plans != &alone)
        free(plans);
    return judged && err == PS_EDUPLICATE ? PS_ESTATE : err; // then a row was there that could not be
}

static int check_events(const struct meta *m, const struct put *p)
{
    for (size_t i = 0; i < p->nsums; i++)
        if (!meta_rolls_up(m, p->sums[i].event, p->sums[i].window))
            return PS_EUNKNOWN;
    for (size_t i = 0; i < p->nvalues; i++)
        if (!meta_has_event(m, p->values[i].event))
            return PS_EUNKNOWN;
    return 0;
}

int batch_put(struct batch *b, struct put *p)
{
    struct touch *t;
    int err = judge(b, p);
    if (err == 0)
        err = batch_meta(b, p, &t);
    if (err == 0)
        err = check_events(t->meta, p);
    if (err == 0)
        err = check_document(b, p, t->meta->id);
    if (err == 0)
        err = write_values(b, t, p);
    if (err == 0 && p->nsums > 0)
        err = batch_sums(b, t, p);
    if (err == 0 && p->document.text != NULL)
        err = documents_add(b->documents, t->meta->id, p->document.ts, p->document.text, p->document.len);
    if (err != 0)
        return err;
    meta_unref(p->meta);
    p->meta = meta_ref(t->meta);
    return 0;
}

// --- the transaction

int batch_look(struct batch *b)
{
    int64_t version = b->store->version;
    int err = store_refresh(b->store);
    if (b->store->version != version)
        batch_forget(b);
    return err;
}

int batch_begin(struct batch *b, int64_t now)
{
    b->now = now;
    int err = ps_db_begin(b->store->db);
    if (err != 0)
        return err;
    err = batch_look(b);
    if (err != 0)
        ps_db_rollback(b->store->db);
    return err;
}

void batch_rollback(struct batch *b)
{
    ps_db_rollback(b->store->db);
    batch_forget(b);
    batch_drop_touched(b);
}

// When what of the meta was written: those event types now.
static int note_meta(struct batch *b, const struct meta *m, uint64_t events)
{
    uint8_t octets[ES_EVENT_COUNT * 8];
    struct ps_wr w;
    ps_wr_init(&w, octets, sizeof octets);
    for (size_t i = 0; i < m->nevents; i++)
        ps_wr_u64(&w, (uint64_t)(events >> m->event[i] & 1 ? b->now : atomic_load(&m->updated[i])));
    ps_stmt_i64(b->seen_set, 1, m->id);
    ps_stmt_blob(b->seen_set, 2, octets, ps_wr_len(&w));
    return ps_stmt_run(b->seen_set);
}

static int note(struct batch *b)
{
    size_t pos = 0;
    int err = 0;
    for (struct meta *m; err == 0 && (m = ps_map_each(&b->unnoted, &pos)) != NULL;)
        err = note_meta(b, m, 0);
    return err;
}

static bool writes_first(const struct touch *t)
{
    for (size_t i = 0; i < t->meta->nevents; i++)
        if (t->events >> t->meta->event[i] & 1 && atomic_load(&t->meta->updated[i]) == 0)
            return true;
    return false;
}

// The first points of an event type are noted with them: that there are any is never forgotten.
static int note_firsts(struct batch *b)
{
    size_t pos = 0;
    int err = 0;
    for (struct touch *t; err == 0 && (t = ps_map_each(&b->touched, &pos)) != NULL;)
        if (writes_first(t))
            err = note_meta(b, t->meta, t->events);
    return err;
}

int batch_commit(struct batch *b)
{
    bool noting = b->now >= b->noted + NOTE_EVERY || b->now < b->noted;
    int err = windows_flush(b->windows);
    if (err == 0 && noting)
        err = note(b);
    if (err == 0)
        err = note_firsts(b);
    if (err == 0)
        err = ps_db_commit(b->store->db);
    if (err != 0) {
        batch_rollback(b);
        return err;
    }
    if (noting) {
        drop_unnoted(b);
        b->noted = b->now;
    }
    windows_committed(b->windows);
    return batch_publish(b);
}

int batch_note(struct batch *b)
{
    size_t pos = 0;
    if (ps_map_each(&b->unnoted, &pos) == NULL)
        return 0;
    int err = ps_db_begin(b->store->db);
    if (err == 0)
        err = note(b);
    if (err == 0)
        err = ps_db_commit(b->store->db);
    if (err == 0)
        drop_unnoted(b);
    else
        ps_db_rollback(b->store->db);
    return err;
}
