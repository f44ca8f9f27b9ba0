// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psched/store_impl.h"

int store_run_put(struct store *s, const struct sch_run *r, ps_ns now)
{
    struct ps_stmt *st = s->st[STORE_RUN_PUT];

    ps_stmt_text(st, 1, r->id);
    ps_stmt_text(st, 2, r->task->conf.id);
    ps_stmt_i64(st, 3, r->due);
    ps_stmt_i64(st, 4, r->start);
    ps_stmt_i64(st, 5, r->end);
    ps_stmt_i64(st, 6, r->priority);
    ps_stmt_text(st, 7, sch_state_word(r->state));
    ps_stmt_text(st, 8, sch_reason_word(r->reason));
    ps_stmt_text(st, 9, r->sentence);
    ps_stmt_i64(st, 10, r->record);
    ps_stmt_i64(st, 11, r->expires);
    ps_stmt_i64(st, 12, now);
    ps_stmt_i64(st, 13, r->placed);
    return ps_stmt_run(st);
}

static void bind_text(struct ps_stmt *st, int n, const char *text)
{
    if (text)
        ps_stmt_text(st, n, text);
    else
        ps_stmt_null(st, n);
}

int store_run_result(struct store *s, const char *id, const struct store_result *r)
{
    struct ps_stmt *st = s->st[STORE_RUN_RESULT];

    ps_stmt_text(st, 1, id);
    bind_text(st, 2, r->local);
    bind_text(st, 3, r->merged);
    bind_text(st, 4, r->parts);
    return ps_stmt_run(st);
}

int store_run_diags(struct store *s, const char *id, const char *diags)
{
    struct ps_stmt *st = s->st[STORE_RUN_DIAGS];

    ps_stmt_text(st, 1, id);
    bind_text(st, 2, diags);
    return ps_stmt_run(st);
}

int store_run_gone(struct store *s, const char *id)
{
    ps_stmt_text(s->st[STORE_RUN_GONE], 1, id);
    return ps_stmt_run(s->st[STORE_RUN_GONE]);
}

// --- all of them

static void copy_id(char out[SCH_ID], const char *text)
{
    snprintf(out, SCH_ID, "%s", text ? text : "");
}

// What was written by a newer psched may have words that this one does not know.
static int read_run(struct ps_stmt *st, struct store_run *r)
{
    const char *state = ps_stmt_col_text(st, 6), *reason = ps_stmt_col_text(st, 7);

    memset(r, 0, sizeof *r);
    copy_id(r->run.id, ps_stmt_col_text(st, 0));
    copy_id(r->task, ps_stmt_col_text(st, 1));
    r->run.due = ps_stmt_col_i64(st, 2);
    r->run.start = ps_stmt_col_i64(st, 3);
    r->run.end = ps_stmt_col_i64(st, 4);
    r->run.priority = ps_stmt_col_i64(st, 5);
    r->run.sentence = ps_stmt_col_text(st, 8);
    r->run.record = ps_stmt_col_i64(st, 9) != 0;
    r->run.expires = ps_stmt_col_i64(st, 10);
    r->run.placed = ps_stmt_col_i64(st, 11) != 0;
    if (!state || sch_state_from_word(state, &r->run.state))
        return PS_EUNKNOWN;
    if (!reason || sch_reason_from_word(reason, &r->run.reason))
        r->run.reason = SCH_NO_REASON;
    if (!r->run.sentence)
        r->run.sentence = "";
    return 0;
}

int store_runs(struct store *s, int (*each)(void *ctx, const struct store_run *r), void *ctx)
{
    struct ps_stmt *st = s->st[STORE_RUN_ALL];
    struct store_run r;
    int err;

    while ((err = ps_stmt_step(st)) == 1) {
        if (read_run(st, &r))
            continue;
        err = each(ctx, &r);
        if (err) {
            ps_stmt_reset(st);
            return err;
        }
    }
    return err;
}

// --- one

static char *copy_text(struct ps_stmt *st, int n)
{
    const char *text = ps_stmt_col_text(st, n);

    return text ? strdup(text) : NULL;
}

int store_run_texts(struct store *s, const char *id, struct store_texts *out)
{
    struct ps_stmt *st = s->st[STORE_RUN_TEXTS];
    int err;

    memset(out, 0, sizeof *out);
    ps_stmt_text(st, 1, id);
    err = ps_stmt_step(st);
    if (err != 1)
        return err ? err : PS_ENOTFOUND;
    out->local = copy_text(st, 0);
    out->merged = copy_text(st, 1);
    out->parts = copy_text(st, 2);
    out->diags = copy_text(st, 3);
    out->added = ps_stmt_col_i64(st, 4);
    ps_stmt_reset(st);
    return 0;
}

void store_texts_free(struct store_texts *t)
{
    free(t->local);
    free(t->merged);
    free(t->parts);
    free(t->diags);
    memset(t, 0, sizeof *t);
}

// --- after trouble

// The ids first: rows are not deleted under a statement that walks through them.
struct ids {
    char (*at)[SCH_ID];
    size_t n, cap;
};

static int keep_id(struct ids *ids, const char *id)
{
    if (ids->n == ids->cap) {
        size_t cap = ids->cap ? 2 * ids->cap : 64;
        void *at = realloc(ids->at, cap * sizeof *ids->at);

        if (!at)
            return -ENOMEM;
        ids->at = at;
        ids->cap = cap;
    }
    copy_id(ids->at[ids->n++], id);
    return 0;
}

typedef bool (*known_fn)(const struct sch_engine *e, const char *id);

static bool knows_run(const struct sch_engine *e, const char *id)
{
    return sch_engine_run(e, id) != NULL;
}

static bool knows_task(const struct sch_engine *e, const char *id)
{
    return sch_engine_task(e, id) != NULL;
}

static int unknown_ids(struct ps_stmt *st, const struct sch_engine *e, known_fn known, struct ids *ids)
{
    int err;

    while ((err = ps_stmt_step(st)) == 1) {
        const char *id = ps_stmt_col_text(st, 0);

        err = id && !known(e, id) ? keep_id(ids, id) : 0;
        if (err) {
            ps_stmt_reset(st);
            return err;
        }
    }
    return err;
}

static int sweep(struct store *s, enum store_statement which, const struct sch_engine *e, known_fn known,
                 int (*gone)(struct store *s, const char *id))
{
    struct ids ids = {NULL, 0, 0};
    int err = unknown_ids(s->st[which], e, known, &ids);

    for (size_t i = 0; !err && i < ids.n; i++)
        err = gone(s, ids.at[i]);
    free(ids.at);
    return err;
}

int store_sweep(struct store *s, const struct sch_engine *e)
{
    int err = sweep(s, STORE_RUN_IDS, e, knows_run, store_run_gone);

    return err ? err : sweep(s, STORE_TASK_IDS, e, knows_task, store_task_gone);
}
