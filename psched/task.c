// SPDX-License-Identifier: Apache-2.0
#include "psched/task.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_map.h"
#include "base/ps_rand.h"
#include "psched/planner.h"
#include "spec/sp_task.h"

struct tasks {
    struct ps_map by_id;
};

// --- the list

int tasks_new(struct tasks **out)
{
    struct tasks *t = calloc(1, sizeof *t);
    int err = t ? ps_map_init(&t->by_id, sizeof(struct sch_key)) : -ENOMEM;

    if (err) {
        free(t);
        return err;
    }
    *out = t;
    return 0;
}

static void task_free(struct task *t)
{
    task_detail_fini(&t->detail);
    free(t->doc);
    free(t);
}

void tasks_free(struct tasks *t)
{
    struct task *it;
    size_t pos = 0;

    if (!t)
        return;
    while ((it = ps_map_each(&t->by_id, &pos)))
        task_free(it);
    ps_map_fini(&t->by_id);
    free(t);
}

struct task *task_find(const struct tasks *t, const char *id)
{
    struct sch_key key;

    return sch_id_read(id, &key) ? NULL : ps_map_get(&t->by_id, &key);
}

struct task *task_of(const struct sch_task *t)
{
    return t->conf.user;
}

size_t task_participants(const struct task *t)
{
    struct ps_jdoc *doc;
    size_t n = 1;

    if (ps_jdoc_parse_foreign(&doc, NULL, t->detail.participants, strlen(t->detail.participants), NULL) ==
        0) {
        n = ps_jnode_count(ps_jdoc_root(doc));
        ps_jdoc_free(doc);
    }
    return n ? n : 1;
}

size_t tasks_count(const struct tasks *t)
{
    return t->by_id.count;
}

static int by_age(const void *a, const void *b)
{
    const struct task *const *x = a, *const *y = b;
    ps_ns p = (*x)->sch->conf.added, q = (*y)->sch->conf.added;

    return p < q ? -1 : p > q ? 1 : strcmp((*x)->id, (*y)->id);
}

int tasks_all(const struct tasks *t, struct task ***out, size_t *n)
{
    struct task *it;
    size_t pos = 0;

    *n = 0;
    *out = malloc((t->by_id.count + 1) * sizeof **out);
    if (!*out)
        return -ENOMEM;
    while ((it = ps_map_each(&t->by_id, &pos)))
        (*out)[(*n)++] = it;
    qsort(*out, *n, sizeof **out, by_age);
    return 0;
}

// --- making one

int task_make_id(char id[SCH_ID])
{
    struct ps_rand rand;
    struct sch_key key;
    uint64_t seed;
    int err = ps_rand_bytes(&seed, sizeof seed);

    ps_rand_seed(&rand, seed);
    sch_id_make(&rand, &key);
    sch_id_put(&key, id);
    return err;
}

enum sch_class task_class(enum sp_class c)
{
    switch (c) {
    case SP_EXCLUSIVE:
        return SCH_EXCLUSIVE;
    case SP_NORMAL:
        return SCH_NORMAL;
    case SP_BACKGROUND:
        return SCH_BACKGROUND;
    case SP_BACKGROUND_MULTI:
        return SCH_BACKGROUND_MULTI;
    }
    return SCH_EXCLUSIVE;
}

static void take_word(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

// What the document says that the engine has to know.
static int read_doc(struct task *t, struct sch_task_conf *conf, struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    struct sp_task task;
    int err = ps_jdoc_parse_foreign(&doc, NULL, t->doc, strlen(t->doc), fault);

    if (err)
        return err;
    err = sp_task_read(&task, ps_jdoc_root(doc), SP_TASK_SCHEMA, false, fault);
    if (!err)
        err = sch_schedule_read(&conf->schedule, task.schedule, fault);
    if (!err) {
        take_word(t->type, sizeof t->type, task.type);
        take_word(t->tool, sizeof t->tool, task.tool);
        take_word(t->key, sizeof t->key, task.key);
        conf->has_keep_after_archive = task.keep_after_archive >= 0;
        conf->keep_after_archive = conf->has_keep_after_archive ? task.keep_after_archive : 0;
    }
    ps_jdoc_free(doc);
    return err;
}

static int add(struct site *s, struct task *t, const struct sch_mark *mark, ps_ns added,
               struct ps_fault *fault)
{
    const struct task_detail *d = &t->detail;
    struct sch_task_conf conf = {
        .cls = d->cls,
        .duration = d->duration,
        .priority = d->priority,
        .requester = d->requester,
        .resource = d->resource[0] ? d->resource : NULL,
        .participants = 1, // this host, however often it takes part
        .ask = s->limits != NULL,
        .childless = d->childless,
        .lead = d->lead,
        .added = added,
        .user = t,
    };
    int err = read_doc(t, &conf, fault);

    memcpy(conf.id, t->id, sizeof conf.id);
    return err ? err : sch_engine_add(planner_engine(s->planner), &conf, mark, site_now(s), &t->sch, fault);
}

static int enter(struct tasks *tasks, struct task *t)
{
    struct sch_key key;
    int err = sch_id_read(t->id, &key);

    if (!err && ps_map_get(&tasks->by_id, &key))
        err = PS_EDUPLICATE;
    return err ? err : ps_map_put(&tasks->by_id, &key, t);
}

static void leave(struct tasks *tasks, struct task *t)
{
    struct sch_key key;

    if (sch_id_read(t->id, &key) == 0 && ps_map_get(&tasks->by_id, &key) == t)
        (void)ps_map_take(&tasks->by_id, &key);
}

int task_new(struct site *s, const char *id, char *doc, struct task_detail *detail,
             const struct sch_mark *mark, ps_ns added, struct task **out, struct ps_fault *fault)
{
    struct task *t = calloc(1, sizeof *t);
    int err;

    if (!t) {
        task_detail_fini(detail);
        free(doc);
        return -ENOMEM;
    }
    take_word(t->id, sizeof t->id, id);
    t->doc = doc;
    t->detail = *detail;
    memset(detail, 0, sizeof *detail);
    err = enter(s->tasks, t);
    if (!err)
        err = add(s, t, mark, added, fault);
    if (err) {
        leave(s->tasks, t);
        task_free(t);
        return err;
    }
    *out = t;
    return 0;
}

void task_gone(struct site *s, struct task *t)
{
    leave(s->tasks, t);
    task_free(t);
}
