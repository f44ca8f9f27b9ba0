// SPDX-License-Identifier: Apache-2.0
#include "psarchive/site.h"
#include <time.h>

#define MUCH 32768 // octets that take more than the loop should be held up for

int64_t site_now(void)
{
    return (int64_t)time(NULL);
}

void site_job_begin(struct site *s)
{
    s->jobs++;
}

void site_job_end(struct site *s)
{
    if (--s->jobs == 0 && s->idle)
        s->idle(s->idle_ctx);
}

void site_work(struct site *s, size_t octets, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx)
{
    if (octets > MUCH && ps_work_run(s->loop, work, done, ctx) == 0)
        return;
    work(ctx);
    done(ctx);
}
