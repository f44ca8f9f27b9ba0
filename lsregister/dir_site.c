// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_site.h"
#include <time.h>

int64_t dir_now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void dir_job_begin(struct dir_site *s)
{
    s->jobs++;
}

void dir_job_end(struct dir_site *s)
{
    if (--s->jobs == 0 && s->idle)
        s->idle(s->idle_ctx);
}
