// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include "sched.h"

ps_ns sched_clock(const struct sched_world *w)
{
    return w->now + w->ahead;
}

uint64_t sched_random(struct sched_world *w, uint64_t below)
{
    return ps_rand_u64(&w->rand) % below;
}

bool sched_chance(struct sched_world *w, unsigned percent)
{
    return sched_random(w, 100) < percent;
}

// time

static ps_ns engine_next(const struct sched_world *w)
{
    const ps_ns due = sch_engine_due(w->e);
    return due == SCH_NEVER ? SCH_NEVER : due - w->ahead;
}

static ps_ns later(ps_ns a, ps_ns b)
{
    return a > b ? a : b;
}

static ps_ns sooner(ps_ns a, ps_ns b)
{
    return a < b ? a : b;
}

static void step(struct sched_world *w)
{
    for (int i = 0; w->e != NULL; i++) {
        assert_int_equal(sch_engine_step(w->e, sched_clock(w)), 0);
        if (sched_clock(w) >= w->paused_until)
            w->paused_until = INT64_MIN;
        if (w->conf.kills && sched_random(w, 20000) == 0) { // before anything is kept
            sched_kill(w);
            return;
        }
        sched_drain(w);
        if (w->e == NULL || engine_next(w) > w->now)
            return;
        if (i > 100000)
            fail_msg("seed %llu: the engine has something to do at %lld for ever",
                     (unsigned long long)w->conf.seed, (long long)sched_clock(w));
    }
}

static void live_on(struct sched_world *w, ps_ns *act)
{
    ps_ns next = sooner(*act, sched_children_next(w));
    next = sooner(next, w->e != NULL ? sooner(engine_next(w), sched_answers_next(w)) : w->down_until);
    w->now = later(w->now, next);
    sched_children_end(w);
    if (w->e == NULL && w->now >= w->down_until)
        sched_restart(w);
    if (w->e != NULL)
        sched_answer(w);
    if (w->now >= *act) {
        if (w->e != NULL)
            sched_users_act(w);
        *act = w->now + 1 + (ps_ns)sched_random(w, 2 * (uint64_t)w->conf.every);
    }
    step(w);
}

struct sched_world *sched_live(const struct sched_conf *conf)
{
    struct sched_world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->conf = *conf;
    ps_rand_seed(&w->rand, conf->seed);
    w->now = SCHED_EPOCH;
    w->paused_until = INT64_MIN;
    w->engine = sch_conf_default;
    w->engine.zone = sch_zone_utc;
    w->engine.children_max = 12;
    w->engine.children_per_requester = 6;
    w->engine.seed = conf->seed;
    assert_int_equal(sch_engine_new(&w->e, &w->engine), 0);
    for (ps_ns act = w->now; w->now < SCHED_EPOCH + conf->life;)
        live_on(w, &act);
    while (w->e == NULL) {
        w->now = w->down_until;
        sched_children_end(w);
        sched_restart(w);
        step(w);
    }
    for (w->conf.kills = false; engine_next(w) <= w->now + 10 * PS_MSEC; w->now += PS_MSEC)
        step(w); // what was put off for a moment
    sched_check_told(w);
    sched_check_all(w);
    return w;
}

void sched_free(struct sched_world *w)
{
    sch_engine_free(w->e);
    for (size_t i = 0; i < w->ntasks; i++) {
        for (size_t k = 0; k < w->tasks[i]->nruns; k++)
            free(w->tasks[i]->runs[k]);
        free(w->tasks[i]->runs);
        free(w->tasks[i]);
    }
    free(w);
}
