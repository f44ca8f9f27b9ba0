// SPDX-License-Identifier: Apache-2.0
#include "pslimits/rules_file.h"
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"
#include "loop/ps_fswatch.h"
#include "pslimits/load.h"

#define GONE_FOR (5 * PS_SEC)        // so long a file stays away before it counts as removed
#define URL_EVERY (15 * 60 * PS_SEC) // where the file names a URL, what it has is read again

struct rules_file {
    struct ps_loop *loop;
    struct facts *facts;
    char *path;
    struct ps_log *log;
    void (*told)(void *ctx);
    void *ctx;
    struct ps_fswatch *watch;
    struct ps_timer *again, *gone;
    struct load *load;
    bool once_more;        // asked for while it was being read
    bool removed;          // it has stayed away
    struct regime *regime; // the last good ones; in force as state.there has it
    struct rules_file_state state;
    char why[1000];
};

static ps_ns now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (ps_ns)t.tv_sec * PS_SEC + t.tv_nsec;
}

static void settle(struct rules_file *r, bool there)
{
    r->state.there = there;
    r->state.barred = false;
    r->state.loaded = now();
    r->state.stale = false;
    r->why[0] = '\0';
}

static void put_in_force(struct rules_file *r, struct regime *regime)
{
    regime_drop(r->regime);
    r->regime = regime;
    settle(r, true);
    // Reading took more than what is kept.
    (void)malloc_trim(0);
}

// What was good once is better than no limits, even where the file was away in between.
static void fail(struct rules_file *r, const char *why)
{
    bool back = r->regime && !r->state.there;
    r->state.failures++;
    r->state.stale = true;
    r->state.there = r->regime != NULL;
    r->state.barred = !r->regime;
    snprintf(r->why, sizeof r->why, "%s", why);
    ps_log(r->log, PS_LOG_WARN, "rules", "%s; %s", why,
           back        ? "those before are in force again"
           : r->regime ? "those before stay in force"
                       : "there are none before them, and everything is refused");
}

// A file that is being replaced may be away for a moment, and nobody is let in meanwhile.
static void miss(struct rules_file *r)
{
    if ((r->state.there || r->state.barred) && !r->removed) {
        r->state.stale = true;
        snprintf(r->why, sizeof r->why, "%s: is not there", r->path);
        if (!ps_timer_running(r->gone)) {
            ps_log(r->log, PS_LOG_WARN, "rules", "%s is not there; %s for %d s more", r->path,
                   r->state.barred ? "everything is refused" : "those before stay in force",
                   (int)(GONE_FOR / PS_SEC));
            ps_timer_start(r->gone, GONE_FOR);
        }
        return;
    }
    settle(r, false);
    ps_log(r->log, PS_LOG_WARN, "rules", "%s is not there: everything passes", r->path);
}

// Each fault is a line of the log, the first of them is why.
static void fail_by_faults(struct rules_file *r, const char *name, const struct lim_faults *f)
{
    char first[900] = "";
    for (size_t i = 0; i < f->n; i++) {
        const struct lim_fault *one = &f->at[i];
        char text[900];
        if (one->weight != LIM_FAULT)
            continue;
        snprintf(text, sizeof text, "%s:%d: %s: %s%s%s", name, one->line, one->path, one->text,
                 one->hint ? "; " : "", one->hint ? one->hint : "");
        if (!first[0])
            memcpy(first, text, sizeof first);
        else
            ps_log(r->log, PS_LOG_WARN, "rules", "%s", text);
    }
    fail(r, first);
}

static void take(struct rules_file *r, const struct load_result *result)
{
    struct regime *regime;
    int err = facts_regime(r->facts, result->rules, r->regime, &regime);
    if (err) {
        lim_rules_free(result->rules);
        fail(r, ps_strerror(err));
        return;
    }
    put_in_force(r, regime);
    ps_log(r->log, PS_LOG_INFO, "rules", "%s: %zu identifiers, %zu classifiers, %zu limits, %zu applications",
           result->name, regime->rules->nidentifiers, regime->rules->nclassifiers, regime->rules->nlimits,
           regime->rules->napplications);
    if (result->faults->warnings)
        ps_log(r->log, PS_LOG_INFO, "rules", "%zu %s: see pslimits check", result->faults->warnings,
               result->faults->warnings == 1 ? "warning" : "warnings");
    if (result->by_url)
        ps_timer_start(r->again, URL_EVERY);
}

static void loaded(void *ctx, const struct load_result *result)
{
    struct rules_file *r = ctx;
    r->load = NULL;
    r->state.loads++;
    if (result->err != -ENOENT)
        ps_timer_stop(r->gone);
    if (result->err == -ENOENT) {
        miss(r);
    } else if (result->err) {
        fail(r, result->why);
        if (result->by_url)
            ps_timer_start(r->again, URL_EVERY);
    } else if (!result->rules) {
        fail_by_faults(r, result->name, result->faults);
    } else {
        take(r, result);
    }
    r->removed = false;
    if (r->once_more) {
        r->once_more = false;
        rules_file_reload(r);
    } else if (r->told) {
        r->told(r->ctx);
    }
}

void rules_file_reload(struct rules_file *r)
{
    if (r->load) {
        r->once_more = true;
        return;
    }
    if (load_begin(r->loop, facts_jq(r->facts), facts_http(r->facts), r->path, loaded, r, &r->load) != 0)
        fail(r, ps_strerror(-ENOMEM));
}

static void changed(void *ctx)
{
    struct rules_file *r = ctx;
    rules_file_reload(r);
}

static void stayed_away(void *ctx)
{
    struct rules_file *r = ctx;
    r->removed = true;
    rules_file_reload(r);
}

bool rules_file_loading(const struct rules_file *r)
{
    return r->load != NULL;
}

struct regime *rules_file_regime(const struct rules_file *r)
{
    return r->state.there ? r->regime : NULL;
}

void rules_file_look(const struct rules_file *r, struct rules_file_state *out)
{
    *out = r->state;
    out->why = r->why;
}

int rules_file_new(struct ps_loop *l, struct facts *f, const char *path, struct ps_log *log,
                   void (*told)(void *ctx), void *ctx, struct rules_file **out)
{
    struct rules_file *r = calloc(1, sizeof *r);
    if (!r)
        return -ENOMEM;
    *r = (struct rules_file){
        .loop = l, .facts = f, .path = strdup(path), .log = log, .told = told, .ctx = ctx};
    int err = r->path ? ps_timer_new(l, &r->again, changed, r) : -ENOMEM;
    if (!err)
        err = ps_timer_new(l, &r->gone, stayed_away, r);
    if (!err)
        err = ps_fswatch_new(l, path, 0, changed, r, &r->watch);
    if (err)
        rules_file_free(r);
    else
        *out = r;
    return err;
}

void rules_file_free(struct rules_file *r)
{
    if (!r)
        return;
    load_drop(r->load);
    ps_fswatch_free(r->watch);
    ps_timer_free(r->again);
    ps_timer_free(r->gone);
    regime_drop(r->regime);
    free(r->path);
    free(r);
}
