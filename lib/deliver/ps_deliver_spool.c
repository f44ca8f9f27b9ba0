// SPDX-License-Identifier: Apache-2.0
// The archiver "spool". A lane is a spool that documents go into, written by one worker at a time; what comes
// meanwhile waits and is then written together, which costs less for each.
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_list.h"
#include "deliver/ps_deliver_kind.h"
#include "spool/ps_spool.h"

#define LANES_MAX 32
#define BATCH 64
#define OCTETS (UINT64_C(1) << 30)
#define AGE (INT64_C(30) * 86400 * PS_SEC)
#define AGE_MAX (INT64_C(3660) * 86400 * PS_SEC)
#define HEADING 84 // octets of a record beside the document

_Static_assert(PS_DELIVER_ID_LEN == PS_SPOOL_ID_LEN, "a job's identity is the record's");

struct target {
    char *dir;
    struct ps_spool_conf conf;
};

struct state {
    struct ps_loop *loop;
    struct ps_list lanes;
    size_t nlanes;
};

struct item {
    struct ps_list link;          // while it waits
    struct ps_deliver_call *call; // NULL: nobody wants to hear of it any more
    struct ps_spool_doc doc;
    char octets[];
};

struct lane {
    struct ps_list link;
    struct state *state; // NULL: the last that has it is the worker
    struct target target;
    struct ps_list waiting;
    bool busy; // a worker has what follows
    struct ps_spool *spool;
    struct item *batch[BATCH];
    size_t nbatch, written;
    int err;
    struct ps_fault fault; // "": the error's words say it
};

// --- data

static void drop(void *target)
{
    struct target *t = target;

    free(t->dir);
}

static void read_directory(struct ps_jget *g, struct target *t)
{
    const char *dir = ps_jneed_str(g, "directory", 1, PATH_MAX - 128);

    if (!g->err && dir[0] != '/')
        ps_jget_fail(g, "directory", PS_ESYNTAX, "wants a path that begins with \"/\"; got \"%.100s\"", dir);
    t->dir = strdup(dir);
    if (!t->dir)
        ps_jget_fail(g, "directory", -ENOMEM, "wants more memory than there is");
}

static int read_data(struct ps_jget *g, void *target, struct ps_deliver_retry *retry)
{
    struct target *t = target;

    (void)ps_deliver_schema(g, 1);
    read_directory(g, t);
    t->conf.max_bytes = ps_jget_u64(g, "max-octets", 1 << 20, UINT64_C(1) << 50, OCTETS);
    t->conf.max_age = ps_deliver_duration(g, "max-age", 60 * PS_SEC, AGE_MAX, AGE);
    ps_deliver_retry_policy(g, retry);
    return ps_deliver_data_end(g, NULL, 0);
}

// --- the worker's part

static ps_ns wall_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (ps_ns)t.tv_sec * PS_SEC + t.tv_nsec;
}

// After an error the spool is opened anew: its directory may be another one by then.
static void write_batch(void *ctx)
{
    struct lane *l = ctx;
    struct ps_spool_doc docs[BATCH];

    l->fault.text[0] = '\0';
    l->written = 0;
    l->err = l->spool ? 0 : ps_spool_open(&l->spool, l->target.dir, &l->target.conf, wall_now(), &l->fault);
    if (l->err)
        return;
    for (size_t i = 0; i < l->nbatch; i++)
        docs[i] = l->batch[i]->doc;
    l->err = ps_spool_write(l->spool, docs, l->nbatch, wall_now(), &l->written);
    if (l->err) {
        ps_spool_close(l->spool);
        l->spool = NULL;
    }
}

// --- lanes

static void free_lane(struct lane *l)
{
    PS_LIST_EACH_SAFE(it, &l->waiting)
        free(PS_CONTAINER(it, struct item, link));
    ps_spool_close(l->spool);
    free(l->target.dir);
    free(l);
}

static void close_lane(struct lane *l)
{
    ps_list_remove(&l->link);
    l->state->nlanes--;
    l->state = NULL;
    if (!l->busy)
        free_lane(l);
}

static bool is_idle(const struct lane *l)
{
    return !l->busy && ps_list_empty(&l->waiting);
}

// The oldest that has nothing to do makes room.
static int make_room(struct state *s)
{
    if (s->nlanes < LANES_MAX)
        return 0;
    PS_LIST_EACH(it, &s->lanes) {
        struct lane *l = PS_CONTAINER(it, struct lane, link);
        if (is_idle(l)) {
            close_lane(l);
            return 0;
        }
    }
    return PS_ELIMIT;
}

static int new_lane(struct state *s, const struct target *t, struct lane **out)
{
    struct lane *l;
    int err = make_room(s);

    if (err)
        return err;
    l = calloc(1, sizeof *l);
    if (!l || !(l->target.dir = strdup(t->dir))) {
        free(l);
        return -ENOMEM;
    }
    l->state = s;
    l->target.conf = t->conf;
    ps_list_init(&l->waiting);
    ps_list_append(&s->lanes, &l->link);
    s->nlanes++;
    *out = l;
    return 0;
}

static int find_lane(struct state *s, const struct target *t, struct lane **out)
{
    PS_LIST_EACH(it, &s->lanes) {
        struct lane *l = PS_CONTAINER(it, struct lane, link);
        if (strcmp(l->target.dir, t->dir) == 0 && l->target.conf.max_bytes == t->conf.max_bytes &&
            l->target.conf.max_age == t->conf.max_age) {
            *out = l;
            return 0;
        }
    }
    return new_lane(s, t, out);
}

// --- sending

static void go_on(struct lane *l);

static void end_item(const struct lane *l, struct item *it, bool written)
{
    struct ps_deliver_call *call = it->call;

    free(it);
    if (call && written)
        ps_deliver_done(call);
    else if (call && l->fault.text[0])
        ps_deliver_failed(call, 0, "%s", l->fault.text);
    else if (call)
        ps_deliver_failed(call, 0, "%s: %s", l->target.dir, ps_strerror(l->err));
}

// Whoever is told may have all closed: the lane stays busy until all are told.
static void batch_written(void *ctx)
{
    struct lane *l = ctx;

    for (size_t i = 0; i < l->nbatch; i++)
        end_item(l, l->batch[i], i < l->written);
    l->busy = false;
    if (l->state)
        go_on(l);
    else
        free_lane(l);
}

static void worker_missing(void *ctx)
{
    struct lane *l = ctx;

    l->written = 0;
    l->fault.text[0] = '\0';
    batch_written(l);
}

static void go_on(struct lane *l)
{
    int err;

    if (!is_idle(l) && !l->busy) {
        l->nbatch = 0;
        PS_LIST_EACH_SAFE(it, &l->waiting) {
            if (l->nbatch == BATCH)
                break;
            ps_list_remove(it);
            l->batch[l->nbatch++] = PS_CONTAINER(it, struct item, link);
        }
        l->busy = true;
        err = ps_work_run(l->state->loop, write_batch, batch_written,
                          l); // from here on the lane is the worker's
        if (err) {
            l->err = err;
            ps_defer(l->state->loop, worker_missing, l);
        }
    }
}

static int check_size(const struct target *t, size_t len, struct ps_fault *fault)
{
    if (len <= PS_SPOOL_DOC_MAX && len + HEADING <= t->conf.max_bytes)
        return 0;
    ps_fault_set(fault, NULL, 0, "%s: a document of %zu octets is too large: %llu are taken at most", t->dir,
                 len,
                 (unsigned long long)(t->conf.max_bytes < PS_SPOOL_DOC_MAX ? t->conf.max_bytes - HEADING
                                                                           : PS_SPOOL_DOC_MAX));
    return PS_EREFUSED;
}

static int send_item(void *state, void *target, struct ps_deliver_call *call,
                     const struct ps_deliver_job *job, void **own, struct ps_fault *fault)
{
    struct lane *l;
    struct item *it;
    int err = check_size(target, job->len, fault);

    if (err)
        return err;
    err = find_lane(state, target, &l);
    it = err ? NULL : malloc(sizeof *it + job->len);
    if (!it) {
        err = err ? err : -ENOMEM;
        ps_fault_set(fault, NULL, 0, "%s: %s", ((struct target *)target)->dir, ps_strerror(err));
        return err;
    }
    it->call = call;
    it->doc = (struct ps_spool_doc){.data = it->octets, .len = job->len};
    memcpy(it->doc.id, job->id, sizeof it->doc.id);
    if (job->len > 0)
        memcpy(it->octets, job->doc, job->len);
    ps_list_append(&l->waiting, &it->link);
    go_on(l);
    *own = it;
    return 0;
}

static int open_state(const struct ps_deliver_env *env, void **out)
{
    struct state *s = calloc(1, sizeof *s);

    if (!s)
        return -ENOMEM;
    s->loop = env->loop;
    ps_list_init(&s->lanes);
    *out = s;
    return 0;
}

static void close_state(void *state)
{
    struct state *s = state;

    PS_LIST_EACH_SAFE(it, &s->lanes)
        close_lane(PS_CONTAINER(it, struct lane, link));
    free(s);
}

// What a worker has stays until it is done.
static void cancel(void *own)
{
    struct item *it = own;

    it->call = NULL;
    if (!ps_list_empty(&it->link)) {
        ps_list_remove(&it->link);
        free(it);
    }
}

const struct ps_deliver_kind ps_deliver_spool = {
    .name = "spool",
    .target_size = sizeof(struct target),
    .read = read_data,
    .drop = drop,
    .open = open_state,
    .close = close_state,
    .send = send_item,
    .cancel = cancel,
};
