// SPDX-License-Identifier: Apache-2.0
#include "owping/progress.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EVERY (200 * PS_MSEC)
#define WIDTH 30

struct progress {
    struct ps_timer *timer;
    const char *name;
    ps_ns begin, end;
};

static void on_timer(void *ctx)
{
    struct progress *p = ctx;
    char bar[WIDTH + 1];
    ps_ns now = ps_loop_mono();
    double part = p->end > p->begin ? (double)(now - p->begin) / (double)(p->end - p->begin) : 1;
    int full = part >= 1 ? WIDTH : (int)(part * WIDTH);
    memset(bar, '.', WIDTH);
    memset(bar, '#', (size_t)full);
    bar[WIDTH] = '\0';
    double left = (double)(p->end - now) / (double)PS_SEC;
    fprintf(stderr, "\r%s: [%s] %.1f s left ", p->name, bar, left > 0 ? left : 0);
    ps_timer_start(p->timer, EVERY);
}

void progress_begin(struct progress **out, struct ps_loop *loop, const char *name, double seconds)
{
    *out = NULL;
    if (!isatty(STDERR_FILENO))
        return;
    struct progress *p = calloc(1, sizeof *p);
    if (p == NULL || ps_timer_new(loop, &p->timer, on_timer, p) != 0) {
        free(p);
        return;
    }
    p->name = name;
    p->begin = ps_loop_mono();
    p->end = p->begin + (ps_ns)(seconds * (double)PS_SEC);
    ps_timer_start(p->timer, EVERY);
    *out = p;
}

void progress_end(struct progress **out)
{
    struct progress *p = *out;
    if (p == NULL)
        return;
    fprintf(stderr, "\r\033[K");
    ps_timer_free(p->timer);
    free(p);
    *out = NULL;
}
