// SPDX-License-Identifier: Apache-2.0
// What there is and what is free.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "sched/sch_engine_impl.h"

const struct sch_run *sch_engine_run(const struct sch_engine *e, const char *id)
{
    struct sch_key key;
    const struct run *r = sch_id_read(id, &key) == 0 ? ps_map_get(&e->runs, &key) : NULL;
    return r != NULL ? &r->pub : NULL;
}

void sch_run_user(struct sch_engine *e, const struct sch_run *run, void *user)
{
    (void)e;
    sch_run_of(run)->pub.user = user;
}

unsigned sch_engine_alive(const struct sch_engine *e)
{
    return e->ntasks;
}

// a range

struct found {
    const struct sch_run **at;
    size_t n, cap;
};

static int found_add(struct found *f, const struct sch_run *r)
{
    if (f->n == f->cap) {
        const size_t cap = f->cap > 0 ? 2 * f->cap : 64;
        const struct sch_run **at = realloc(f->at, cap * sizeof *at);
        if (at == NULL)
            return -ENOMEM;
        f->at = at;
        f->cap = cap;
    }
    f->at[f->n++] = r;
    return 0;
}

// The first most of a task's: no others can be among the first most of all.
static int found_in(struct found *f, const struct task *t, ps_ns from, ps_ns to, size_t most)
{
    const ps_ns first = from > INT64_MIN + t->longest ? from - t->longest : INT64_MIN;
    size_t n = 0;
    for (size_t i = sch_task_find(&t->pub, first); i < t->pub.nruns && n < most; i++) {
        const struct sch_run *r = sch_task_run(&t->pub, i);
        if (r->start >= to)
            break;
        if (r->end <= from && r->start < from)
            continue;
        const int err = found_add(f, r);
        if (err != 0)
            return err;
        n++;
    }
    return 0;
}

static int by_start(const void *a, const void *b)
{
    const struct sch_run *x = *(const struct sch_run *const *)a, *y = *(const struct sch_run *const *)b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return strcmp(x->id, y->id);
}

int sch_engine_range(const struct sch_engine *e, const struct sch_task *task, ps_ns from, ps_ns to,
                     size_t most, const struct sch_run ***out, size_t *n)
{
    struct found f = {0};
    size_t pos = 0;
    int err = 0;
    if (task != NULL)
        err = found_in(&f, sch_task_of(task), from, to, most);
    for (const struct task *t; task == NULL && err == 0 && (t = ps_map_each(&e->tasks, &pos)) != NULL;)
        err = found_in(&f, t, from, to, most);
    if (err != 0) {
        free(f.at);
        return err;
    }
    if (f.n > 0)
        qsort(f.at, f.n, sizeof *f.at, by_start);
    *out = f.at;
    *n = f.n < most ? f.n : most;
    return 0;
}

size_t sch_engine_gaps(const struct sch_engine *e, enum sch_class cls, const char *resource,
                       bool any_priority, int64_t priority, ps_ns duration, ps_ns from, ps_ns to,
                       struct sch_gap *out, size_t most)
{
    struct sch_claim c = {.cls = cls, .priority = any_priority ? INT64_MIN : priority};
    size_t n = 0;
    // A resource that nobody has named yet is apart from all but the whole host.
    if (sch_timeline_find_lane(&e->timeline, resource, &c.lane) != 0)
        c.lane = SCH_LANES;
    struct sch_gap g;
    while (n < most && from < to && sch_timeline_gap(&e->timeline, &c, from, to, &g.from, &g.to)) {
        if (g.to - g.from >= duration)
            out[n++] = g;
        from = g.to;
    }
    return n;
}
