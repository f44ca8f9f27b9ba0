// SPDX-License-Identifier: Apache-2.0
#include "psched/archiving.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psched/archiving_impl.h"
#include "psched/planner.h"
#include "psched/show.h"
#include "psched/task.h"
#include "spec/sp_task.h"

#define SWEEP (60 * PS_SEC)

// --- its life

static int make_timers(struct archiving *a)
{
    struct ps_loop *l = a->site->loop;
    int err = ps_timer_new(l, &a->timer, archiving_look, a);

    if (!err)
        err = ps_timer_new(l, &a->writer, archiving_write, a);
    if (!err)
        err = ps_timer_new(l, &a->sweep, archiving_drop, a);
    if (!err)
        ps_timer_repeat(a->sweep, SWEEP);
    return err;
}

int archiving_new(struct archiving **out, struct site *s, struct ps_fault *fault)
{
    static const struct ps_deliver_conf conf = {.agent = "psched/" PACKAGE_VERSION};
    struct archiving *a = calloc(1, sizeof *a);
    int err = a ? 0 : -ENOMEM;

    if (!err) {
        a->site = s;
        ps_list_init(&a->queues);
        ps_list_init(&a->items);
        err = ps_deliver_new(s->loop, &conf, &a->deliver);
    }
    if (!err)
        err = make_timers(a);
    if (!err)
        err = archiving_prepare(a);
    if (!err)
        err = archiving_load(a);
    if (err) {
        store_say(s->store, err, fault);
        archiving_free(a);
        return err;
    }
    archiving_defaults(a);
    archiving_kick(a);
    *out = a;
    return 0;
}

static void queue_free(struct queue *q)
{
    ps_list_remove(&q->link);
    archive_free(q->archive);
    free(q->spec);
    free(q);
}

static void item_free(struct item *it)
{
    ps_list_remove(&it->link);
    free(it->text);
    free(it);
}

void archiving_free(struct archiving *a)
{
    if (!a)
        return;
    archiving_write(a);
    PS_LIST_EACH_SAFE(q, &a->queues)
        queue_free(PS_CONTAINER(q, struct queue, link));
    PS_LIST_EACH_SAFE(i, &a->items)
        item_free(PS_CONTAINER(i, struct item, link));
    ps_deliver_free(a->deliver);
    ps_timer_free(a->timer);
    ps_timer_free(a->writer);
    ps_timer_free(a->sweep);
    for (int i = 0; i < ARCHIVING_STATEMENTS; i++)
        ps_stmt_free(a->st[i]);
    for (size_t i = 0; i < a->ndefaults; i++)
        free(a->defaults[i]);
    free(a);
}

void archiving_reload(struct archiving *a)
{
    archiving_defaults(a);
}

void archiving_kick(struct archiving *a)
{
    ps_timer_start(a->timer, 0);
}

// --- entering

static int add_row(struct archiving *a, const struct queue *q, const struct sch_run *r, int64_t place,
                   size_t octets, ps_ns now)
{
    struct ps_stmt *st = a->st[ARCHIVING_ADD];

    ps_stmt_text(st, 1, r->id);
    ps_stmt_i64(st, 2, place);
    ps_stmt_i64(st, 3, q->id);
    ps_stmt_i64(st, 4, now);
    ps_stmt_i64(st, 5, (int64_t)octets);
    return ps_stmt_run(st);
}

// What became of the run, as its result has it.
static bool has_succeeded(const struct sch_run *r)
{
    return r->state == SCH_FINISHED;
}

static int enter_one(struct archiving *a, const char *spec, size_t len, const struct sch_run *r,
                     int64_t place, size_t octets, ps_ns now)
{
    int err = 0;
    struct queue *q = archiving_queue(a, spec, len, &err);

    if (!q || !q->archive)
        return err == -ENOMEM ? err : 0; // it was good once: it is told in the status
    return archive_wants(q->archive, has_succeeded(r)) ? add_row(a, q, r, place, octets, now) : 0;
}

int archiving_enter(struct archiving *a, const struct task *t, const struct sch_run *r, const char *merged,
                    ps_ns now)
{
    struct ps_jdoc *doc;
    struct ps_jnode archives;
    size_t octets = strlen(merged);
    int64_t place = 0;
    int err = ps_jdoc_parse_foreign(&doc, NULL, t->doc, strlen(t->doc), NULL);

    if (err)
        return err;
    archives = ps_jnode_member(ps_jdoc_root(doc), "archives");
    for (struct ps_jnode n = ps_jnode_first(archives); !err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        size_t len;
        const char *spec = ps_jnode_raw(n, &len);

        err = enter_one(a, spec, len, r, place++, octets, now);
    }
    for (size_t i = 0; !err && i < a->ndefaults; i++)
        err = enter_one(a, a->defaults[i], strlen(a->defaults[i]), r, place++, octets, now);
    ps_jdoc_free(doc);
    return err;
}

// --- forgetting

static int is_open(struct archiving *a, const char *run, bool *out)
{
    struct ps_stmt *st = a->st[ARCHIVING_OPEN];
    int err;

    ps_stmt_text(st, 1, run);
    err = ps_stmt_step(st);
    *out = err == 1 && ps_stmt_col_i64(st, 0) > 0;
    if (err == 1)
        ps_stmt_reset(st);
    return err < 0 ? err : 0;
}

char *archiving_document(struct archiving *a, const struct sch_run *r, const char *origin, size_t *len)
{
    char own[SETTINGS_HOST + 16];
    struct show show = {.site = a->site, .origin = origin ? origin : own};
    struct store_texts texts;
    struct ps_text t;

    snprintf(own, sizeof own, strchr(a->site->name, ':') ? "https://[%s]" : "https://%s", a->site->name);
    if (store_run_texts(a->site->store, r->id, &texts))
        return NULL;
    show_result(&show, ps_text_open(&t), task_of(r->task), r, &texts);
    store_texts_free(&texts);
    return ps_text_close(&t, len);
}

// For all archives, or, where hrefs are to have another host, for one.
static int keep_document(struct archiving *a, const struct sch_run *r, const struct queue *q)
{
    struct ps_stmt *st = a->st[q ? ARCHIVING_KEEP_FOR : ARCHIVING_KEEP];
    size_t len;
    char *text = archiving_document(a, r, q ? archive_origin(q->archive) : NULL, &len);
    int err;

    if (!text)
        return -ENOMEM;
    ps_stmt_text(st, 1, r->id);
    ps_stmt_blob(st, 2, text, len);
    if (q)
        ps_stmt_i64(st, 3, q->id);
    err = ps_stmt_run(st);
    free(text);
    return err;
}

static int keep_documents(struct archiving *a, const struct sch_run *r)
{
    int err = keep_document(a, r, NULL);

    PS_LIST_EACH(it, &a->queues) {
        const struct queue *q = PS_CONTAINER(it, struct queue, link);

        if (!err && q->archive && archive_origin(q->archive))
            err = keep_document(a, r, q);
    }
    return err;
}

int archiving_forget(struct archiving *a, const struct sch_run *r)
{
    bool open;
    int err = is_open(a, r->id, &open);

    if (err)
        return err;
    if (open)
        return keep_documents(a, r);
    ps_stmt_text(a->st[ARCHIVING_GONE], 1, r->id);
    return ps_stmt_run(a->st[ARCHIVING_GONE]);
}
