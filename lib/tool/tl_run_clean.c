// SPDX-License-Identifier: Apache-2.0
// What a run leaves: processes that have left its group, and its directory. /proc and the disk are for a worker.
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "tool/tl_run_impl.h"

#define DEPTH 16 // descriptors for walking down a folder

struct tl_clean {
    struct tl_run *run; // NULL: forgotten
    char uuid[TL_ORPHANS_RUN];
    char *dir;
};

char *tl_run_make_dir(const char *tmp, struct ps_fault *fault)
{
    char *dir = NULL;

    if (asprintf(&dir, "%s/psched-XXXXXX", tmp) < 0)
        dir = NULL;
    if (dir && mkdtemp(dir))
        return dir;
    ps_fault_set(fault, tmp, 0, "no directory for the run can be made there: %s", ps_strerror(-errno));
    free(dir);
    return NULL;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    (void)remove(path);
    return 0;
}

// What is in the folder, not itself.
static int remove_below(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return ftw->level > 0 ? remove_one(path, st, flag, ftw) : 0;
}

void tl_runner_sweep(const char *tmp)
{
    (void)nftw(tmp, remove_below, DEPTH, FTW_DEPTH | FTW_PHYS);
}

static void work(void *ctx)
{
    struct tl_clean *c = ctx;

    (void)tl_orphans_kill(c->uuid);
    if (c->dir)
        (void)nftw(c->dir, remove_one, DEPTH, FTW_DEPTH | FTW_PHYS);
}

static void done(void *ctx)
{
    struct tl_clean *c = ctx;
    struct tl_run *run = c->run;

    free(c->dir);
    free(c);
    if (!run)
        return;
    run->clean = NULL;
    tl_run_judge(run);
}

void tl_clean_forget(struct tl_clean *c)
{
    if (c)
        c->run = NULL;
}

// Without memory the directory stays, and so do such processes; the result is what it is.
void tl_run_clean(struct tl_run *run)
{
    struct tl_clean *c = calloc(1, sizeof *c);

    ps_timer_stop(run->timer);
    if (!c) {
        tl_run_after(run, 0, tl_run_judge);
        return;
    }
    c->run = run;
    memcpy(c->uuid, run->uuid, sizeof c->uuid);
    c->dir = run->dir;
    if (ps_work_run(run->runner->loop, work, done, c)) {
        free(c);
        tl_run_after(run, 0, tl_run_judge);
        return;
    }
    run->dir = NULL;
    run->clean = c;
}
