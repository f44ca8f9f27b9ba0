// SPDX-License-Identifier: Apache-2.0
#include "psarchive/keeper.h"
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "psarchive/purge.h"

#define FIRST PS_SEC // what was to be removed while nobody served
#define EVERY (3600 * PS_SEC)

struct keeper {
    struct site *site;
    struct ps_timer *timer;
    struct retention *policy; // NULL: everything is kept
    struct retention *next;   // after the run that is under way
    bool replaced;            // next counts, NULL as well
    bool running, closed;
    struct purge purge;
    struct keeper_state state;
};

static void free_all(struct keeper *k)
{
    struct site *s = k->site;

    ps_timer_free(k->timer);
    retention_free(k->policy);
    retention_free(k->next);
    free(k);
    site_job_end(s);
}

static bool take_next(struct keeper *k)
{
    if (!k->replaced)
        return false;
    retention_free(k->policy);
    k->policy = k->next;
    k->next = NULL;
    k->replaced = false;
    return true;
}

static void note(struct keeper *k, int err)
{
    const struct purge *p = &k->purge;

    k->state.trouble = err;
    k->state.results += p->points;
    k->state.octets += p->octets;
    if (err) {
        ps_log(k->site->log, PS_LOG_WARN, "retention", "what is too old cannot be removed: %s",
               ps_strerror(err));
        return;
    }
    k->state.runs++;
    k->state.last = site_now();
    if (p->points || p->thinned || p->rollups || p->documents || p->metas)
        ps_log(k->site->log, PS_LOG_INFO, "retention",
               "removed %llu results, a part of %llu, %llu roll-ups, %llu documents, %llu metadata",
               (unsigned long long)p->points, (unsigned long long)p->thinned, (unsigned long long)p->rollups,
               (unsigned long long)p->documents, (unsigned long long)p->metas);
}

static void finish(struct keeper *k, int err)
{
    purge_end(&k->purge);
    if (err != PS_ESTATE) // the writer ends
        note(k, err);
    k->running = false;
    if (k->closed)
        free_all(k);
    else
        ps_timer_start(k->timer, take_next(k) ? FIRST : EVERY);
}

// On the writer's thread.
static int step(void *ctx, struct store *s)
{
    struct keeper *k = ctx;

    return purge_step(&k->purge, s);
}

static void stepped(void *ctx, int got)
{
    struct keeper *k = ctx;

    if (got <= 0) {
        finish(k, got);
        return;
    }
    got = k->closed ? PS_ESTATE : port_call(k->site->port, step, stepped, k);
    if (got)
        finish(k, got);
}

static void run(void *ctx)
{
    struct keeper *k = ctx;
    int err;

    if (!k->policy || k->running) {
        ps_timer_start(k->timer, EVERY);
        return;
    }
    purge_begin(&k->purge, k->policy, site_now());
    k->running = true;
    err = port_call(k->site->port, step, stepped, k);
    if (err)
        finish(k, err);
}

int keeper_reload(struct keeper *k, const char *path, struct ps_fault *fault)
{
    struct retention *policy = NULL;
    int err = path[0] ? retention_load(&policy, path, fault) : 0;

    if (err)
        return err;
    retention_free(k->next);
    k->next = policy;
    k->replaced = true;
    if (k->running)
        return 0;
    (void)take_next(k);
    ps_timer_start(k->timer, FIRST);
    return 0;
}

int keeper_new(struct keeper **out, struct site *s, const char *path, struct ps_fault *fault)
{
    struct keeper *k = calloc(1, sizeof *k);
    int err;

    if (!k)
        return -ENOMEM;
    k->site = s;
    site_job_begin(s);
    err = ps_timer_new(s->loop, &k->timer, run, k);
    if (!err)
        err = keeper_reload(k, path, fault);
    if (err)
        free_all(k);
    else
        *out = k;
    return err;
}

void keeper_free(struct keeper *k)
{
    if (!k)
        return;
    k->closed = true;
    if (!k->running)
        free_all(k);
}

void keeper_look(const struct keeper *k, struct keeper_state *out)
{
    *out = k->state;
}
