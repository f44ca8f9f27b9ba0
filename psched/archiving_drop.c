// SPDX-License-Identifier: Apache-2.0
// What waits too long, or is too much, is dropped, the oldest first. A note stays with the run.
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "psched/archiving_impl.h"
#include "psched/show.h"

#define AT_ONCE 1000

struct old {
    char run[SCH_ID];
    int64_t place, octets;
    ps_ns begun;
};

static size_t read_oldest(struct archiving *a, const struct queue *q, struct old *out)
{
    struct ps_stmt *st = a->st[ARCHIVING_OLDEST];
    size_t n = 0;

    ps_stmt_i64(st, 1, q->id);
    while (n < AT_ONCE && ps_stmt_step(st) == 1) {
        const char *run = ps_stmt_col_text(st, 0);
        struct old *o = &out[n++];

        snprintf(o->run, sizeof o->run, "%s", run ? run : "");
        o->place = ps_stmt_col_i64(st, 1);
        o->octets = ps_stmt_col_i64(st, 2);
        o->begun = ps_stmt_col_i64(st, 3);
    }
    ps_stmt_reset(st);
    return n;
}

static bool is_sending(const struct archiving *a, const struct old *o)
{
    PS_LIST_EACH(it, &a->items) {
        const struct item *i = PS_CONTAINER(it, struct item, link);

        if (i->place == o->place && strcmp(i->run, o->run) == 0)
            return true;
    }
    return false;
}

static int drop_one(struct archiving *a, struct queue *q, const struct old *o, const char *why, ps_ns now)
{
    struct ps_stmt *st = a->st[ARCHIVING_DONE];
    char diag[256], at[PS_ISO8601_TIME];
    int err;

    snprintf(diag, sizeof diag,
             "{\"time\":\"%s\",\"return-code\":1,\"stdout\":{\"succeeded\":false,\"error\":\"dropped: "
             "%s\"},\"stderr\":\"\"},",
             ps_iso8601_put_utc(now, at), why);
    ps_stmt_text(st, 1, o->run);
    ps_stmt_i64(st, 2, o->place);
    ps_stmt_i64(st, 3, 0);
    ps_stmt_i64(st, 4, now);
    ps_stmt_null(st, 5);
    ps_stmt_i64(st, 6, 0);
    ps_stmt_text(st, 7, diag);
    err = ps_stmt_run(st);
    q->dropped++;
    if (err)
        return err;
    ps_stmt_text(a->st[ARCHIVING_OVER], 1, o->run);
    return ps_stmt_run(a->st[ARCHIVING_OVER]);
}

static int64_t octets_of(struct archiving *a, const struct queue *q)
{
    struct ps_stmt *st = a->st[ARCHIVING_OCTETS];
    int64_t octets = 0;

    ps_stmt_i64(st, 1, q->id);
    if (ps_stmt_step(st) == 1) {
        octets = ps_stmt_col_i64(st, 1);
        ps_stmt_reset(st);
    }
    return octets;
}

ps_ns archiving_age(const struct archiving *a, const struct queue *q)
{
    ps_ns ttl = q->archive ? archive_ttl(q->archive) : -1, age = a->site->settings->backlog_age;

    return ttl >= 0 && ttl < age ? ttl : age;
}

static int drop_of(struct archiving *a, struct queue *q, struct old *old, ps_ns now)
{
    size_t n = read_oldest(a, q, old);
    int64_t over = octets_of(a, q) - (int64_t)a->site->settings->backlog;
    int err = 0;

    for (size_t i = 0; !err && i < n; i++) {
        bool late = now - old[i].begun > archiving_age(a, q);

        if ((!late && over <= 0) || is_sending(a, &old[i]))
            continue;
        err = drop_one(a, q, &old[i], late ? ARCHIVING_TOO_OLD : "too much waits for this archive", now);
        over -= old[i].octets;
    }
    return err;
}

void archiving_drop(void *ctx)
{
    struct archiving *a = ctx;
    struct old *old = malloc(AT_ONCE * sizeof *old);
    int err;

    archiving_defaults(a);
    err = old ? store_begin(a->site->store) : 0;

    if (!old || err) {
        free(old);
        return; // the next time
    }
    PS_LIST_EACH(it, &a->queues) {
        struct queue *q = PS_CONTAINER(it, struct queue, link);

        if (!err)
            err = drop_of(a, q, old, site_now(a->site));
    }
    if (err)
        store_rollback(a->site->store);
    else
        err = store_commit(a->site->store);
    if (err)
        ps_log(a->site->log, PS_LOG_WARN, "archiving", "what is too old cannot be dropped: %s",
               ps_strerror(err));
    free(old);
}
