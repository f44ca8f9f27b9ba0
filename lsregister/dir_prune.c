// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_prune.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

#define STEP 500        // records in one transaction
#define MARGIN_MS 60000 // behind the grace, so that no renewal that was granted is still under way

struct dir_prune {
    struct dir_site *site;
    struct ps_timer *timer;
    struct dir_write write;
    bool working, stopped;
};

static void prune_free(struct dir_prune *p)
{
    ps_timer_free(p->timer);
    free(p);
}

static void wait_for_next(struct dir_prune *p)
{
    ps_timer_start(p->timer, p->site->settings->prune_every_s * PS_SEC);
}

static void settle(struct dir_prune *p, const struct dir_lease_row *row)
{
    struct dir_rec *rec = dir_index_by_uuid(p->site->index, row->uuid);

    rec->leaving = false;
    if (p->write.job.err)
        return;
    p->site->counts.pruned++;
    dir_index_remove(p->site->index, rec);
}

static void written(struct dir_write *w)
{
    struct dir_prune *p = PS_CONTAINER(w, struct dir_prune, write);
    struct dir_site *s = p->site;
    bool more = w->n == STEP && !w->job.err;

    if (w->job.err)
        ps_log(s->log, PS_LOG_WARN, "prune", "records cannot be removed: %s", ps_strerror(w->job.err));
    for (size_t i = 0; i < w->n; i++)
        settle(p, &w->rows[i]);
    dir_write_fini(w);
    p->working = false;
    if (p->stopped)
        prune_free(p);
    else if (more)
        ps_timer_start(p->timer, 0);
    else
        wait_for_next(p);
    dir_job_end(s);
}

static int give(struct dir_prune *p, struct dir_rec **recs, size_t n)
{
    struct dir_write *w = &p->write;
    int err = dir_write_init(w, p->site->store, DIR_WRITE_REMOVE, n);

    if (err)
        return err;
    for (size_t i = 0; i < n; i++) {
        memcpy(w->rows[i].uuid, recs[i]->uuid, DIR_UUID);
        w->rows[i].id = recs[i]->id;
    }
    w->done = written;
    err = dir_write_put(w);
    if (err)
        dir_write_fini(w);
    return err;
}

static void due(void *ctx)
{
    struct dir_prune *p = ctx;
    struct dir_rec *recs[STEP];
    int64_t ended = dir_now_ms() - p->site->settings->lease.grace_s * 1000 - MARGIN_MS;
    uint32_t at = 0;
    size_t n = p->working ? 0 : dir_index_ended(p->site->index, &at, ended, recs, STEP);

    if (p->working)
        return;
    if (!n || give(p, recs, n)) {
        wait_for_next(p);
        return;
    }
    for (size_t i = 0; i < n; i++)
        recs[i]->leaving = true;
    p->working = true;
    dir_job_begin(p->site);
}

int dir_prune_start(struct dir_prune **out, struct dir_site *s)
{
    struct dir_prune *p = calloc(1, sizeof *p);
    int err = p ? ps_timer_new(s->loop, &p->timer, due, p) : -ENOMEM;

    if (err) {
        free(p);
        return err;
    }
    p->site = s;
    ps_timer_start(p->timer, 0);
    *out = p;
    return 0;
}

void dir_prune_stop(struct dir_prune *p)
{
    if (!p)
        return;
    p->stopped = true;
    ps_timer_stop(p->timer);
    if (!p->working)
        prune_free(p);
}

void dir_prune_reload(struct dir_prune *p)
{
    if (!p->working)
        wait_for_next(p);
}
