// SPDX-License-Identifier: Apache-2.0
// How long psched's engine takes to lay out the runs of many tasks up to its horizon, and to keep them laid out.
//
//     sched_layout [TASKS [REPEAT [HOURS]]]    1000 tasks, each hour (seconds), for 24 hours of virtual time after that
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include "base/ps_err.h"
#include "sched/sch_engine.h"

#define BEGIN (INT64_C(1800000000) * PS_SEC)

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(const char *what, int err)
{
    fprintf(stderr, "sched_layout: %s: %s\n", what, ps_strerror(err));
    return 4;
}

// One in twenty is exclusive, one in four normal, one in ten by the calendar.
static int add(struct sch_engine *e, unsigned n, ps_ns repeat)
{
    struct ps_fault fault;
    const struct sch_task *t;
    struct sch_task_conf c = {.cls = n % 20 == 0  ? SCH_EXCLUSIVE
                                     : n % 4 == 0 ? SCH_NORMAL
                                                  : SCH_BACKGROUND,
                              .duration = 10 * PS_SEC,
                              .schedule = {.slip = 300 * PS_SEC, .until = SCH_NEVER},
                              .participants = 1,
                              .added = BEGIN};
    snprintf(c.id, sizeof c.id, "00000000-0000-4000-8000-%012x", n);
    if (n % 10 == 1) {
        c.schedule.by_cron = true;
        (void)sch_cron_parse(&c.schedule.cron, "7 * * * *", &fault);
    } else {
        c.schedule.repeat = repeat;
    }
    const int err = sch_engine_add(e, &c, NULL, BEGIN, &t, &fault);
    if (err != 0)
        fprintf(stderr, "sched_layout: %s\n", fault.text);
    return err;
}

// Steps, and has each run that starts end in time. Returns how many runs were planned.
static unsigned long settle(struct sch_engine *e, ps_ns now, unsigned long *started)
{
    struct sch_action a;
    unsigned long planned = 0;
    do {
        (void)sch_engine_step(e, now);
        while (sch_engine_next(e, &a)) {
            planned += a.act == SCH_RUN_PLANNED;
            if (a.act != SCH_RUN_START)
                continue;
            ++*started;
            (void)sch_engine_ended(e, a.run, true, SCH_NO_REASON, NULL, now);
        }
    } while (sch_engine_due(e) <= now);
    return planned;
}

int main(int argc, char **argv)
{
    const unsigned tasks = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
    const ps_ns repeat = PS_SEC * (argc > 2 ? strtol(argv[2], NULL, 10) : 3600);
    const ps_ns hours = argc > 3 ? strtol(argv[3], NULL, 10) : 24;
    struct sch_conf conf = sch_conf_default;
    struct sch_engine *e;
    struct rusage use;
    unsigned long started = 0;
    conf.runs_max = conf.runs_per_requester = 10000000;
    conf.children_max = conf.children_per_requester = tasks;
    if (tasks == 0 || repeat <= 0)
        return 2;
    int err = sch_engine_new(&e, &conf);
    for (unsigned i = 0; i < tasks && err == 0; i++)
        err = add(e, i, repeat);
    if (err != 0)
        return fail("tasks", err);
    double from = seconds();
    unsigned long planned = settle(e, BEGIN, &started);
    printf("%u tasks, horizon 24 h: %lu runs laid out in %.1f ms of CPU\n", tasks, planned,
           1e3 * (seconds() - from));
    from = seconds();
    for (ps_ns now = BEGIN; now < BEGIN + hours * 3600 * PS_SEC; now = sch_engine_due(e))
        planned += settle(e, now, &started);
    getrusage(RUSAGE_SELF, &use);
    printf(
        "%ld h of virtual time: %lu runs planned, %lu started, in %.1f ms of CPU; %ld kB resident at most\n",
        (long)hours, planned, started, 1e3 * (seconds() - from), use.ru_maxrss);
    sch_engine_free(e);
    return 0;
}
