// SPDX-License-Identifier: Apache-2.0
// One run: where it stands among its task's, its state, and what is said of it.
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "sched/sch_engine_impl.h"

ps_ns sch_whole_second(ps_ns t)
{
    return t % PS_SEC > 0 ? sch_later(t - t % PS_SEC, PS_SEC) : t;
}

ps_ns sch_max(ps_ns a, ps_ns b)
{
    return a > b ? a : b;
}

ps_ns sch_min(ps_ns a, ps_ns b)
{
    return a < b ? a : b;
}

ps_ns sch_later(ps_ns t, ps_ns by)
{
    ps_ns sum;
    return __builtin_add_overflow(t, by, &sum) ? SCH_NEVER : sum;
}

// the runs of a task, by start

size_t sch_task_find(const struct sch_task *pub, ps_ns start)
{
    const struct task *t = sch_task_of(pub);
    size_t low = 0, high = pub->nruns;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (t->runs[t->first + middle]->pub.start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct sch_run *sch_task_run(const struct sch_task *pub, size_t i)
{
    const struct task *t = sch_task_of(pub);
    return &t->runs[t->first + i]->pub;
}

static int task_reserve(struct task *t)
{
    if (t->first + t->pub.nruns < t->cap)
        return 0;
    if (t->first > t->cap / 2) {
        memmove(t->runs, t->runs + t->first, t->pub.nruns * sizeof(struct run *));
        t->first = 0;
        return 0;
    }
    const size_t cap = t->cap > 0 ? 2 * t->cap : 8;
    struct run **runs = realloc(t->runs, cap * sizeof(struct run *));
    if (runs == NULL)
        return -ENOMEM;
    t->runs = runs;
    t->cap = cap;
    return 0;
}

// Behind all that start at the same time.
static void task_insert(struct task *t, struct run *r)
{
    const size_t end = t->first + t->pub.nruns;
    size_t at = end;
    if (t->pub.nruns > 0 && t->runs[end - 1]->pub.start > r->pub.start)
        at = t->first + sch_task_find(&t->pub, r->pub.start + 1);
    memmove(t->runs + at + 1, t->runs + at, (end - at) * sizeof(struct run *));
    t->runs[at] = r;
    t->pub.nruns++;
}

static void task_remove(struct task *t, const struct run *r)
{
    size_t at = t->first;
    if (t->runs[at] != r)
        at += sch_task_find(&t->pub, r->pub.start);
    while (t->runs[at] != r)
        at++;
    t->pub.nruns--;
    if (at == t->first) {
        t->first++;
        return;
    }
    memmove(t->runs + at, t->runs + at + 1, (t->first + t->pub.nruns - at) * sizeof(struct run *));
}

// making and freeing

static int enter(struct sch_engine *e, struct task *t, struct run *r)
{
    if (ps_map_get(&e->runs, &r->key) != NULL)
        return PS_EDUPLICATE;
    if (ps_heap_reserve(&e->run_timers, e->runs.count + 1) != 0 || task_reserve(t) != 0 ||
        ps_map_put(&e->runs, &r->key, r) != 0)
        return -ENOMEM;
    return 0;
}

int sch_run_new(struct sch_engine *e, struct task *t, const char *id, ps_ns due, ps_ns start, ps_ns end,
                struct run **out)
{
    struct run *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    r->pub = (struct sch_run){.task = &t->pub,
                              .due = due,
                              .start = start,
                              .end = end,
                              .priority = t->pub.conf.priority,
                              .sentence = "",
                              .expires = SCH_NEVER};
    r->task = t;
    r->latest = due;
    ps_list_init(&r->link);
    ps_list_init(&r->news.link);
    do
        sch_id_make(&e->rand, &r->key);
    while (ps_map_get(&e->runs, &r->key) != NULL);
    int err = id != NULL && sch_id_read(id, &r->key) != 0 ? PS_EMALFORMED : 0;
    sch_id_put(&r->key, r->pub.id);
    if (err == 0)
        err = enter(e, t, r);
    if (err != 0) {
        free(r);
        return err;
    }
    task_insert(t, r);
    t->live++;
    t->ahead++;
    t->account->ahead++;
    t->longest = sch_max(t->longest, end - start);
    e->counts[SCH_SCHEDULING]++;
    *out = r;
    return 0;
}

void sch_run_free(struct run *r)
{
    free(r->sentence);
    free(r);
}

void sch_run_timer(struct sch_engine *e, struct run *r, ps_ns at)
{
    if (at == SCH_NEVER)
        ps_heap_remove(&e->run_timers, &r->timer);
    else
        (void)ps_heap_set(&e->run_timers, &r->timer, at); // there is room: see enter
}

// changes

static void count_state(struct sch_engine *e, struct run *r, enum sch_state to)
{
    const bool ahead = sch_run_ahead(r), over = sch_state_over(r->pub.state);
    e->counts[r->pub.state]--;
    e->counts[to]++;
    r->pub.state = to;
    if (ahead && !sch_run_ahead(r)) {
        r->task->ahead--;
        r->task->account->ahead--;
    }
    if (!over && sch_state_over(to))
        r->task->live--;
}

void sch_run_state(struct sch_engine *e, struct run *r, enum sch_state to)
{
    assert(sch_state_may(r->pub.state, to));
    count_state(e, r, to);
    sch_tell_run(e, r, SCH_RUN_STATE);
}

// No change that there is in the table: what had been said to run has not begun.
void sch_run_take_back(struct sch_engine *e, struct run *r)
{
    sch_run_leave(e, r);
    e->counts[r->pub.state]--;
    e->counts[SCH_PENDING]++;
    r->pub.state = SCH_PENDING;
    r->task->ahead++;
    r->task->account->ahead++;
    r->began = false;
    sch_tell_run(e, r, SCH_RUN_STATE);
}

// A run that is the last one of its task and stays it, as one that has just been planned.
static bool stays_last(const struct run *r, ps_ns start)
{
    const struct task *t = r->task;
    const size_t last = t->first + t->pub.nruns - 1;
    return t->runs[last] == r && (t->pub.nruns == 1 || t->runs[last - 1]->pub.start <= start);
}

void sch_run_time(struct sch_engine *e, struct run *r, ps_ns start, ps_ns end)
{
    struct task *t = r->task;
    const bool last = stays_last(r, start);
    if (start == r->pub.start && end == r->pub.end)
        return;
    if (!last)
        task_remove(t, r);
    r->pub.start = start;
    r->pub.end = end;
    if (!last && t->first > 0 && t->first + t->pub.nruns == t->cap) {
        memmove(t->runs, t->runs + t->first, t->pub.nruns * sizeof(struct run *));
        t->first = 0;
    }
    if (!last)
        task_insert(t, r);
    t->longest = sch_max(t->longest, end - start);
    sch_tell_run(e, r, SCH_RUN_MOVED);
}

static void set_sentence(struct run *r, const char *text)
{
    char *copy = text[0] != '\0' ? strdup(text) : NULL;
    free(r->sentence);
    r->sentence = copy;
    r->pub.sentence = copy != NULL ? copy : "";
}

void sch_run_say(struct sch_engine *e, struct run *r, enum sch_reason reason, const char *fmt, ...)
{
    char text[SCH_SENTENCE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (r->pub.reason == reason && strcmp(r->pub.sentence, text) == 0)
        return;
    r->pub.reason = reason;
    set_sentence(r, text);
    sch_tell_run(e, r, SCH_RUN_STATE);
}

void sch_run_unsay(struct sch_engine *e, struct run *r)
{
    if (r->pub.reason == SCH_NO_REASON)
        return;
    r->pub.reason = SCH_NO_REASON;
    set_sentence(r, "");
    sch_tell_run(e, r, SCH_RUN_STATE);
}

// places

void sch_run_leave(struct sch_engine *e, struct run *r)
{
    if (r->slot.in && !r->pub.placed) {
        sch_timeline_take(&e->windows, &r->slot);
    } else if (r->slot.in) {
        sch_timeline_take(&e->timeline, &r->slot);
        e->freed_from = sch_min(e->freed_from, r->slot.start);
        e->freed_to = sch_max(e->freed_to, r->slot.end);
    }
    ps_list_remove(&r->link);
    if (r->pub.placed && sch_run_ahead(r))
        sch_tell_run(e, r, SCH_RUN_STATE);
    r->pub.placed = false;
    r->asked = false;
    r->passed = false;
    r->held = false;
    r->displaces = false;
}

void sch_run_child_ended(struct sch_engine *e, struct run *r)
{
    if (!r->child)
        return;
    r->child = false;
    if (!r->task->pub.conf.childless) {
        e->children--;
        r->task->account->children--;
    }
    if (sch_state_over(r->pub.state)) {
        ps_list_remove(&r->link);
        ps_list_append(&e->over, &r->link);
    }
    e->child_freed = true;
    PS_LIST_EACH(l, &e->held)
        sch_run_timer(e, PS_CONTAINER(l, struct run, link), e->now);
}

void sch_run_kill(struct sch_engine *e, struct run *r)
{
    const unsigned start = 1u << SCH_RUN_START;
    if ((r->news.acts & start) == 0) {
        sch_tell_run(e, r, SCH_RUN_KILL);
        return;
    }
    r->news.acts &= ~start; // nobody has started it
    if (r->news.acts == 0)
        ps_list_remove(&r->news.link);
    sch_run_child_ended(e, r);
}

static ps_ns kept_until(const struct sch_engine *e, const struct run *r, ps_ns now)
{
    return sch_later(sch_max(now, r->pub.end), e->conf.keep);
}

void sch_run_over(struct sch_engine *e, struct run *r, enum sch_state to, ps_ns now)
{
    sch_run_leave(e, r);
    sch_run_state(e, r, to);
    if (to == SCH_FINISHED || to == SCH_FAILED)
        r->pub.end = sch_max(r->pub.start, sch_min(now, r->pub.end)); // told with the state
    r->pub.expires = kept_until(e, r, now);
    ps_list_append(r->child ? &e->running : &e->over, &r->link); // others wait for the end of its tool
    sch_run_timer(e, r, r->pub.expires);
    sch_task_rearm(e, r->task);
    sch_task_end(e, r->task, now);
}

// Two for each new one, so that a bound that was made smaller is come to by and by.
void sch_run_make_room(struct sch_engine *e)
{
    for (int i = 0; i < 2 && e->runs.count >= e->conf.runs_max && !ps_list_empty(&e->over); i++)
        sch_run_drop(e, PS_CONTAINER(e->over.next, struct run, link));
}

void sch_run_drop(struct sch_engine *e, struct run *r)
{
    struct task *t = r->task;
    sch_run_leave(e, r);
    sch_run_timer(e, r, SCH_NEVER);
    ps_map_take(&e->runs, &r->key);
    task_remove(t, r);
    e->counts[r->pub.state]--;
    if (sch_run_ahead(r)) {
        t->ahead--;
        t->account->ahead--;
    }
    if (!sch_state_over(r->pub.state))
        t->live--;
    sch_tell_run(e, r, SCH_RUN_GONE);
    sch_task_rearm(e, t);
    sch_task_end(e, t, e->now);
    sch_task_gone(e, t);
}
