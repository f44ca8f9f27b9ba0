// SPDX-License-Identifier: Apache-2.0
// Which results are sent when, and how that ended.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psched/archiving_impl.h"
#include "psched/planner.h"
#include "psched/show.h"

#define WRITE_AFTER (20 * PS_MSEC) // what ends meanwhile shares a transaction
#define LOOK_AGAIN (60 * PS_SEC)   // at the latest
#define HOLD_FIRST (1 * PS_SEC)    // an archive that failed is left alone for so long, and longer each time
#define HOLD_MOST (60 * PS_SEC)
#define RETRY_FIRST (10 * PS_SEC) // of an archive without a policy, twice as long each time
#define RETRY_MOST (600 * PS_SEC)

// --- how a try ended

static struct item *item_of(const struct archiving *a, const char *run, int64_t place)
{
    PS_LIST_EACH(it, &a->items) {
        struct item *i = PS_CONTAINER(it, struct item, link);

        if (i->place == place && strcmp(i->run, run) == 0)
            return i;
    }
    return NULL;
}

static ps_ns doubled(ps_ns first, uint64_t times, ps_ns most)
{
    ps_ns d = times < 16 ? first << times : most;

    return d < most ? d : most;
}

// One that is refused for what it is says nothing of how the archive is.
static void note_failure(struct queue *q, const struct ps_deliver_outcome *o, ps_ns now)
{
    q->last_failure = now;
    snprintf(q->last_error, sizeof q->last_error, "%s", o->text);
    if (o->end == PS_DELIVER_REFUSED)
        return;
    q->not_before = now + doubled(HOLD_FIRST, q->failures, HOLD_MOST);
    q->failures++;
}

static void sent(void *ctx, const struct ps_deliver_outcome *o)
{
    struct item *i = ctx;
    struct queue *q = i->queue;
    struct archiving *a = q->of;
    ps_ns now = site_now(a->site), age = archiving_age(a, q);

    i->ended = true;
    i->end = o->end;
    i->next = now + o->wait;
    i->attempts++;
    i->text = strdup(o->text);
    // Where an archive says nothing of failures, they are no reason to lose a result.
    if (o->end == PS_DELIVER_GIVE_UP && !archive_has_policy(q->archive) && now - i->begun < age) {
        i->end = PS_DELIVER_AGAIN;
        i->next = now + doubled(RETRY_FIRST, i->attempts - 1, RETRY_MOST);
    }
    q->sending--;
    if (o->end == PS_DELIVER_DONE) {
        q->failures = 0;
        q->not_before = 0;
        q->last_success = now;
        q->archived++;
    } else {
        note_failure(q, o, now);
        q->failed++;
    }
    if (!ps_timer_running(a->writer))
        ps_timer_start(a->writer, WRITE_AFTER);
}

// --- writing that down

static char *diag_of(const struct item *i, ps_ns now)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    show_time(j, "time", now);
    ps_json_put_u64(j, "return-code", 0);
    ps_json_put_open(j, "stdout", '{');
    ps_json_put_bool(j, "succeeded", i->end == PS_DELIVER_DONE);
    if (i->text && i->text[0])
        ps_json_put_str(j, "error", i->text);
    ps_json_close(j, '}');
    ps_json_put_str(j, "stderr", "");
    ps_json_close(j, '}');
    ps_json_raw(j, ",", 1);
    return ps_text_close(&t, NULL);
}

static int write_item(struct archiving *a, const struct item *i, ps_ns now)
{
    struct ps_stmt *st = a->st[ARCHIVING_DONE];
    bool last = i->end != PS_DELIVER_AGAIN;
    char *diag = last || i->attempts <= ARCHIVING_DIAGS ? diag_of(i, now) : NULL;
    int err;

    ps_stmt_text(st, 1, i->run);
    ps_stmt_i64(st, 2, i->place);
    ps_stmt_i64(st, 3, (int64_t)i->attempts);
    ps_stmt_i64(st, 4, now);
    if (last)
        ps_stmt_null(st, 5);
    else
        ps_stmt_i64(st, 5, i->next);
    ps_stmt_i64(st, 6, i->end == PS_DELIVER_DONE);
    ps_stmt_text(st, 7, diag ? diag : "");
    err = ps_stmt_run(st);
    free(diag);
    if (err || !last)
        return err;
    ps_stmt_text(a->st[ARCHIVING_OVER], 1, i->run);
    return ps_stmt_run(a->st[ARCHIVING_OVER]);
}

static int write_queue(struct archiving *a, const struct queue *q)
{
    struct ps_stmt *st = a->st[ARCHIVING_ARCHIVE_COUNT];

    ps_stmt_i64(st, 1, q->id);
    ps_stmt_i64(st, 2, (int64_t)q->archived);
    ps_stmt_i64(st, 3, (int64_t)q->failed);
    ps_stmt_i64(st, 4, (int64_t)q->dropped);
    ps_stmt_i64(st, 5, q->last_success);
    ps_stmt_i64(st, 6, q->last_failure);
    ps_stmt_text(st, 7, q->last_error);
    return ps_stmt_run(st);
}

static int write_all(struct archiving *a, ps_ns now)
{
    int err = store_begin(a->site->store);

    if (err)
        return err;
    PS_LIST_EACH(it, &a->items) {
        struct item *i = PS_CONTAINER(it, struct item, link);

        if (!err && i->ended)
            err = write_item(a, i, now);
        if (!err && i->ended)
            err = write_queue(a, i->queue);
    }
    if (err)
        store_rollback(a->site->store);
    return err ? err : store_commit(a->site->store);
}

// The last archive has it: what the task keeps after that is counted from now.
static void tell_complete(struct archiving *a, const char *run)
{
    struct ps_stmt *st = a->st[ARCHIVING_OPEN];
    struct sch_engine *e = planner_engine(a->site->planner);
    const struct sch_run *r = sch_engine_run(e, run);
    int64_t open = 1;

    ps_stmt_text(st, 1, run);
    if (ps_stmt_step(st) == 1) {
        open = ps_stmt_col_i64(st, 0);
        ps_stmt_reset(st);
    }
    if (r && open == 0) {
        sch_engine_archived(e, r, site_now(a->site));
        planner_kick(a->site->planner);
    }
}

static void forget_ended(struct archiving *a)
{
    PS_LIST_EACH_SAFE(it, &a->items) {
        struct item *i = PS_CONTAINER(it, struct item, link);
        char run[SCH_ID];
        bool last = i->end != PS_DELIVER_AGAIN;

        if (!i->ended)
            continue;
        memcpy(run, i->run, sizeof run);
        ps_list_remove(&i->link);
        free(i->text);
        free(i);
        if (last)
            tell_complete(a, run);
    }
}

void archiving_write(void *ctx)
{
    struct archiving *a = ctx;
    bool any = false;
    int err;

    PS_LIST_EACH(it, &a->items)
        any |= PS_CONTAINER(it, struct item, link)->ended;
    if (!any)
        return;
    err = write_all(a, site_now(a->site));
    if (err) {
        // Kept in mind, and not sent again meanwhile.
        ps_log(a->site->log, PS_LOG_WARN, "archiving", "what was sent cannot be noted: %s", ps_strerror(err));
        ps_timer_start(a->writer, PS_SEC);
        return;
    }
    forget_ended(a);
    archiving_kick(a);
}

// --- what is sent next

struct due {
    char run[SCH_ID];
    int64_t place;
    uint64_t attempts;
    ps_ns begun, last;
    char *doc; // NULL: the run is still there
    size_t len;
};

static size_t read_due(struct archiving *a, const struct queue *q, ps_ns now, struct due *out, size_t max)
{
    struct ps_stmt *st = a->st[ARCHIVING_DUE];
    size_t n = 0;

    ps_stmt_i64(st, 1, q->id);
    ps_stmt_i64(st, 2, now);
    ps_stmt_i64(st, 3, (int64_t)max);
    while (n < max && ps_stmt_step(st) == 1) {
        struct due *d = &out[n++];
        const char *run = ps_stmt_col_text(st, 0), *doc;

        snprintf(d->run, sizeof d->run, "%s", run ? run : "");
        d->place = ps_stmt_col_i64(st, 1);
        d->attempts = (uint64_t)ps_stmt_col_i64(st, 2);
        d->begun = ps_stmt_col_i64(st, 3);
        d->last = ps_stmt_col_i64(st, 4);
        doc = ps_stmt_col_blob(st, 5, &d->len);
        d->doc = doc && d->len ? strndup(doc, d->len) : NULL;
    }
    ps_stmt_reset(st);
    return n;
}

static int send_document(struct item *i, ps_ns last, const char *doc, size_t len, struct ps_fault *fault)
{
    struct archive_job job = {
        .doc = doc,
        .len = len,
        .attempts = i->attempts,
        .last_attempt = last,
        .elapsed = site_now(i->queue->of->site) - i->begun,
    };
    struct sch_key key;
    int err = sch_id_read(i->run, &key);

    if (err)
        return err;
    memcpy(job.id, key.octets, sizeof job.id);
    return archive_send(i->queue->archive, &job, sent, i, fault);
}

// It cannot even be begun: as a try that failed.
static void fail_item(struct item *i, enum ps_deliver_end end, const char *why)
{
    const struct ps_deliver_outcome o = {.end = end, .text = why};

    sent(i, &o);
}

static void send_due(struct queue *q, struct due *d)
{
    struct archiving *a = q->of;
    const struct sch_run *r = sch_engine_run(planner_engine(a->site->planner), d->run);
    struct item *i = calloc(1, sizeof *i);
    struct ps_fault fault = {""};
    int err;

    if (!i)
        return;
    *i = (struct item){.queue = q, .place = d->place, .attempts = d->attempts, .begun = d->begun};
    memcpy(i->run, d->run, sizeof i->run);
    ps_list_append(&a->items, &i->link);
    q->sending++;
    if (site_now(a->site) - i->begun > archiving_age(a, q)) {
        fail_item(i, PS_DELIVER_REFUSED, ARCHIVING_TOO_OLD);
        return;
    }
    if (!d->doc && r)
        d->doc = archiving_document(a, r, archive_origin(q->archive), &d->len);
    if (!d->doc) {
        fail_item(i, PS_DELIVER_GIVE_UP, "its run is not known any more");
        return;
    }
    err = send_document(i, d->last, d->doc, d->len, &fault);
    if (err)
        fail_item(i, archive_end_of(err), fault.text[0] ? fault.text : ps_strerror(err));
}

static void look_at(struct queue *q, ps_ns now)
{
    struct due due[2 * ARCHIVING_SENDS];
    size_t most = q->failures ? 1 : ARCHIVING_SENDS, n;

    if (!q->archive || q->not_before > now || q->sending >= most)
        return;
    n = read_due(q->of, q, now, due, sizeof due / sizeof due[0]);
    for (size_t k = 0; k < n; k++) {
        if (q->sending < most && !item_of(q->of, due[k].run, due[k].place))
            send_due(q, &due[k]);
        free(due[k].doc);
    }
}

// When the queue has something again; SCH_NEVER: not by itself.
static ps_ns next_of(struct archiving *a, const struct queue *q)
{
    struct ps_stmt *st = a->st[ARCHIVING_NEXT];
    ps_ns at = SCH_NEVER;

    if (!q->archive || q->sending)
        return at;
    ps_stmt_i64(st, 1, q->id);
    if (ps_stmt_step(st) == 1) {
        at = ps_stmt_col_i64(st, 0);
        ps_stmt_reset(st);
    }
    if (at == 0)
        return SCH_NEVER;
    return at > q->not_before ? at : q->not_before;
}

void archiving_look(void *ctx)
{
    struct archiving *a = ctx;
    ps_ns now = site_now(a->site), next = now + LOOK_AGAIN;

    PS_LIST_EACH(it, &a->queues) {
        struct queue *q = PS_CONTAINER(it, struct queue, link);
        ps_ns at;

        look_at(q, now);
        at = next_of(a, q);
        next = at < next ? at : next;
    }
    ps_timer_start(a->timer, next > now ? next - now : PS_MSEC);
}
