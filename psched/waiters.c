// SPDX-License-Identifier: Apache-2.0
#include "psched/waiters.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_list.h"

struct waiter {
    struct ps_list link;
    struct waiters *of;
    struct ps_http_req *req;
    struct ps_timer *timer;
    waiter_look look;
    bool woken;
    char task[SCH_ID];
};

struct waiters {
    struct site *site;
    struct ps_list list;
    struct ps_timer *soon;
};

static void drop(struct waiter *w)
{
    ps_list_remove(&w->link);
    ps_timer_free(w->timer);
    free(w);
}

static void late(void *ctx)
{
    struct waiter *w = ctx;

    (void)w->look(w->of->site, w->req, w->task, true);
    drop(w);
}

static void look_all(void *ctx)
{
    struct waiters *all = ctx;

    PS_LIST_EACH_SAFE(it, &all->list) {
        struct waiter *w = PS_CONTAINER(it, struct waiter, link);

        if (w->woken && w->look(all->site, w->req, w->task, false))
            drop(w);
        else
            w->woken = false;
    }
}

int waiters_new(struct site *s, struct waiters **out)
{
    struct waiters *all = calloc(1, sizeof *all);

    if (!all)
        return -ENOMEM;
    all->site = s;
    ps_list_init(&all->list);
    if (ps_timer_new(s->loop, &all->soon, look_all, all)) {
        free(all);
        return -ENOMEM;
    }
    *out = all;
    return 0;
}

void waiters_end(struct waiters *all)
{
    if (!all)
        return;
    PS_LIST_EACH_SAFE(it, &all->list)
        late(PS_CONTAINER(it, struct waiter, link));
}

void waiters_free(struct waiters *all)
{
    if (!all)
        return;
    ps_timer_free(all->soon);
    free(all);
}

void waiters_add(struct waiters *all, struct ps_http_req *req, const char *task, ps_ns patience,
                 waiter_look look)
{
    struct waiter *w;

    if (look(all->site, req, task, patience == 0))
        return;
    w = calloc(1, sizeof *w);
    if (!w || ps_timer_new(all->site->loop, &w->timer, late, w)) {
        free(w);
        (void)look(all->site, req, task, true);
        return;
    }
    w->of = all;
    w->req = req;
    w->look = look;
    snprintf(w->task, sizeof w->task, "%s", task);
    ps_list_append(&all->list, &w->link);
    ps_timer_start(w->timer, patience < WAITERS_MOST ? patience : WAITERS_MOST);
}

void waiters_wake(struct waiters *all, const char *task)
{
    bool any = false;

    PS_LIST_EACH(it, &all->list) {
        struct waiter *w = PS_CONTAINER(it, struct waiter, link);

        if (strcmp(w->task, task) == 0)
            any = w->woken = true;
    }
    if (any)
        ps_timer_start(all->soon, 0);
}
