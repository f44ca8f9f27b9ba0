// SPDX-License-Identifier: Apache-2.0
// Notice of inotify says when to look, and what is there says whether anything has changed: so a notice too
// many does no harm, and one that is missing is made up for by the next look.
#include "loop/ps_fswatch.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "loop/ps_fswatch_impl.h"
#include "loop/ps_watch.h"

#define PATIENCE 10 // times settle, for what never settles
#define LOOK_SLACK PS_SEC

struct ps_fswatch {
    struct ps_fsway way;
    char path[PATH_MAX]; // absolute
    ps_ns settle, since; // the latter: when the first change was seen that has not settled
    bool unsettled;
    struct ps_sight told, seen;
    struct ps_timer *settler, *looker;
    struct ps_watch *watch;
    ps_fswatch_cb cb;
    void *ctx;
};

bool ps_fswatch_is_noticed(const struct ps_fswatch *w)
{
    return w->way.fd >= 0 && !w->way.partial;
}

// Makes the next look come in time.
static void look_later(struct ps_fswatch *w)
{
    ps_ns wait = ps_fswatch_is_noticed(w) ? PS_FSWATCH_LOOK : PS_FSWATCH_POLL;

    ps_timer_about(w->looker, wait, LOOK_SLACK);
}

// What is new has to settle before it is told, but not for ever.
static void unsettle(struct ps_fswatch *w)
{
    ps_ns now = ps_loop_mono(), left;

    if (!w->unsettled)
        w->since = now;
    w->unsettled = true;
    left = w->since + PATIENCE * w->settle - now;
    ps_timer_start(w->settler, left < w->settle ? left : w->settle);
}

static void look(struct ps_fswatch *w)
{
    struct ps_sight now = ps_sight_of(w->path, w->seen.notices);

    if (ps_sight_same(&now, &w->seen))
        return;
    w->seen = now;
    unsettle(w);
}

static void on_settled(void *ctx)
{
    struct ps_fswatch *w = ctx;

    look(w);
    if (ps_timer_running(w->settler) && ps_loop_mono() - w->since < PATIENCE * w->settle)
        return;
    ps_timer_stop(w->settler);
    w->unsettled = false;
    if (ps_sight_same(&w->seen, &w->told))
        return; // and back again
    w->told = w->seen;
    w->cb(w->ctx); // may free
}

static void on_look(void *ctx)
{
    struct ps_fswatch *w = ctx;
    struct ps_sight before = w->seen;

    look(w);
    if (w->way.partial || !ps_sight_same(&before, &w->seen))
        ps_fsway_find(&w->way, w->path);
    look_later(w);
}

static void came(void *ctx, int ready)
{
    struct ps_fswatch *w = ctx;
    unsigned news = ps_fsway_read(&w->way);

    (void)ready;
    if (news & PS_FSWAY_TURNED) {
        ps_fsway_find(&w->way, w->path);
        look_later(w);
    }
    if (news & PS_FSWAY_WRITTEN) {
        w->seen.notices++;
        unsettle(w);
    }
    if (news)
        look(w);
}

void ps_fswatch_seen(struct ps_fswatch *w)
{
    w->seen = w->told = ps_sight_of(w->path, w->seen.notices);
    ps_timer_stop(w->settler);
    w->unsettled = false;
}

// --- the whole

static int set_path(struct ps_fswatch *w, const char *path)
{
    char folder[PATH_MAX] = "";
    int n;

    if (path[0] != '/' && !getcwd(folder, sizeof folder))
        return -errno;
    n = snprintf(w->path, sizeof w->path, "%s/%s", folder, path);
    return n < 0 || (size_t)n >= sizeof w->path ? -ENAMETOOLONG : 0;
}

// Without notice it looks more often.
static void set_notice(struct ps_fswatch *w, struct ps_loop *l)
{
    ps_fsway_open(&w->way);
    if (w->way.fd >= 0 && ps_watch_new(l, w->way.fd, came, w, &w->watch))
        ps_fsway_close(&w->way);
    if (w->watch)
        ps_watch_set(w->watch, PS_WATCH_READ);
    ps_fsway_find(&w->way, w->path);
}

int ps_fswatch_new(struct ps_loop *l, const char *path, ps_ns settle, ps_fswatch_cb cb, void *ctx,
                   struct ps_fswatch **out)
{
    struct ps_fswatch *w = calloc(1, sizeof *w);
    int err;

    if (!w)
        return -ENOMEM;
    w->way.fd = -1;
    w->settle = settle > 0 ? settle : PS_FSWATCH_SETTLE;
    w->cb = cb;
    w->ctx = ctx;
    err = set_path(w, path);
    if (!err)
        err = ps_timer_new(l, &w->settler, on_settled, w);
    if (!err)
        err = ps_timer_new(l, &w->looker, on_look, w);
    if (err) {
        ps_fswatch_free(w);
        return err;
    }
    set_notice(w, l); // before the first look, so that nothing is missed
    ps_fswatch_seen(w);
    look_later(w);
    *out = w;
    return 0;
}

void ps_fswatch_free(struct ps_fswatch *w)
{
    if (!w)
        return;
    ps_watch_free(w->watch);
    ps_fsway_close(&w->way);
    ps_timer_free(w->settler);
    ps_timer_free(w->looker);
    free(w);
}
