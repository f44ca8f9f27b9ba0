// SPDX-License-Identifier: Apache-2.0
// When the store cannot be written, or is not what it was.
#include <string.h>
#include "base/ps_err.h"
#include "psched/planner_impl.h"
#include "psched/task.h"

int planner_sound(const struct planner *p)
{
    return p->damaged ? PS_EMALFORMED : store_look(p->site->store);
}

void planner_in_trouble(struct planner *p, int err)
{
    struct planner_state *st = &p->state;
    struct ps_fault fault = {""};

    store_say(p->site->store, err, &fault);
    if (!st->trouble)
        st->since = site_now(p->site);
    if (st->trouble != err)
        ps_log(p->site->log, PS_LOG_WARN, "store", "%s: nothing new is started until that is over",
               fault.text);
    st->trouble = err;
    p->damaged = p->damaged || err == PS_EMALFORMED;
    snprintf(st->words, sizeof st->words, "%s", fault.text);
    p->behind = true;
}

void planner_out_of_trouble(struct planner *p)
{
    if (p->state.trouble)
        ps_log(p->site->log, PS_LOG_INFO, "store", "can be written again");
    p->state.trouble = 0;
    p->behind = false;
}

int planner_ready(struct planner *p)
{
    return p->state.trouble ? planner_flush(p) : planner_unread(p, planner_sound(p));
}

void planner_inspect(struct planner *p)
{
    (void)planner_unread(p, planner_sound(p));
}

int planner_unread(struct planner *p, int err)
{
    if (err && err != PS_ENOTFOUND) {
        planner_in_trouble(p, err);
        planner_kick(p);
    }
    return err;
}

static int forget_task(struct store *s, const char *task)
{
    int err = store_begin(s);

    if (err)
        return err;
    err = store_task_gone(s, task);
    if (!err)
        return store_commit(s);
    store_rollback(s);
    return err;
}

// Its runs follow by what the engine says; without it they are nobody's, and are swept out at the next start if this
// process does not come to that.
int planner_purge(struct planner *p, const char *task, struct ps_fault *fault)
{
    int err = planner_ready(p);

    if (!err)
        err = planner_unread(p, forget_task(p->site->store, task));
    if (err) {
        ps_fault_set(fault, NULL, 0, "the task stays, since that cannot be written down: %s", p->state.words);
        return err;
    }
    (void)sch_engine_purge(p->engine, task, site_now(p->site));
    (void)planner_flush(p);
    return 0;
}
