// SPDX-License-Identifier: Apache-2.0
#include "db/ps_dbqueue.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/ps_err.h"

#define GROUP_MAX 1000 // jobs in a transaction
#define OCTETS_MAX ((size_t)32 << 20)

struct ps_dbqueue {
    struct ps_db *db;
    void *ctx;
    size_t octets_max;
    int fd;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t more;
    struct ps_list waiting, done;
    bool ending;
    struct ps_dbqueue_state state;
};

static struct ps_dbjob *job_of(struct ps_list *node)
{
    return PS_CONTAINER(node, struct ps_dbjob, node);
}

// --- the thread, without the mutex

static bool is_refusal(int err)
{
    return err == PS_ENOTFOUND || err == PS_EDUPLICATE;
}

// From `first` up to `end` in one transaction. An error: nothing of them is stored.
static int write_group(struct ps_dbqueue *q, struct ps_list *first, const struct ps_list *end)
{
    int err = ps_db_begin(q->db);

    if (err)
        return err;
    for (struct ps_list *it = first; !err && it != end; it = it->next) {
        struct ps_dbjob *job = job_of(it);

        job->err = job->write(job, q->ctx);
        err = is_refusal(job->err) ? 0 : job->err;
    }
    if (!err)
        return ps_db_commit(q->db);
    ps_db_rollback(q->db);
    return err;
}

// It may be for one job alone that the transaction failed.
static bool is_everybodys(int err)
{
    return err == -ENOSPC || err == -EIO || err == -EROFS || err == -EBUSY;
}

static int write_all(struct ps_dbqueue *q, struct ps_list *group)
{
    int err = write_group(q, group->next, group);

    if (err == -ENOSPC && ps_db_checkpoint(q->db) == 0) // it may be the log that takes the room
        err = write_group(q, group->next, group);
    if (!err)
        return 0;
    PS_LIST_EACH(it, group)
        job_of(it)->err = err;
    if (is_everybodys(err) || group->next->next == group)
        return err;
    PS_LIST_EACH(it, group) {
        int alone = write_group(q, it, it->next);

        job_of(it)->err = alone ? alone : job_of(it)->err;
    }
    return err;
}

// --- the thread, with the mutex

static void take_group(struct ps_dbqueue *q, struct ps_list *group)
{
    ps_list_init(group);
    for (size_t n = 0; n < GROUP_MAX && !ps_list_empty(&q->waiting); n++) {
        struct ps_list *node = q->waiting.next;

        ps_list_remove(node);
        ps_list_append(group, node);
    }
}

static void hand_back(struct ps_dbqueue *q, struct ps_list *group, int err)
{
    uint64_t one = 1;

    q->state.transactions++;
    q->state.trouble = err;
    PS_LIST_EACH_SAFE(it, group) {
        int how = job_of(it)->err;

        q->state.jobs += how == 0;
        q->state.refused += is_refusal(how);
        q->state.failed += how != 0 && !is_refusal(how);
        ps_list_remove(it);
        ps_list_append(&q->done, it);
    }
    (void)!write(q->fd, &one, sizeof one);
}

static void *run(void *ctx)
{
    struct ps_dbqueue *q = ctx;
    struct ps_list group;
    int err;

    pthread_mutex_lock(&q->mutex);
    for (;;) {
        take_group(q, &group);
        if (!ps_list_empty(&group)) {
            pthread_mutex_unlock(&q->mutex);
            err = write_all(q, &group);
            pthread_mutex_lock(&q->mutex);
            hand_back(q, &group, err);
        } else if (q->ending) {
            break;
        } else {
            pthread_cond_wait(&q->more, &q->mutex);
        }
    }
    pthread_mutex_unlock(&q->mutex);
    return NULL;
}

// --- the owner

int ps_dbqueue_new(struct ps_dbqueue **out, struct ps_db *db, void *ctx, size_t octets_max,
                   struct ps_fault *fault)
{
    struct ps_dbqueue *q = calloc(1, sizeof *q);
    int err = -ENOMEM;

    if (q) {
        *q = (struct ps_dbqueue){.db = db, .ctx = ctx, .octets_max = octets_max ? octets_max : OCTETS_MAX};
        ps_list_init(&q->waiting);
        ps_list_init(&q->done);
        pthread_mutex_init(&q->mutex, NULL);
        pthread_cond_init(&q->more, NULL);
        q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        err = q->fd < 0 ? -errno : -pthread_create(&q->thread, NULL, run, q);
        if (!err) {
            *out = q;
            return 0;
        }
        if (q->fd >= 0)
            close(q->fd);
        free(q);
    }
    ps_fault_set(fault, NULL, 0, "cannot start the thread that writes: %s", ps_strerror(err));
    return err;
}

void ps_dbqueue_free(struct ps_dbqueue *q)
{
    if (!q)
        return;
    pthread_mutex_lock(&q->mutex);
    q->ending = true;
    pthread_cond_signal(&q->more);
    pthread_mutex_unlock(&q->mutex);
    pthread_join(q->thread, NULL);
    (void)ps_dbqueue_reap(q);
    pthread_cond_destroy(&q->more);
    pthread_mutex_destroy(&q->mutex);
    close(q->fd);
    free(q);
}

int ps_dbqueue_put(struct ps_dbqueue *q, struct ps_dbjob *job)
{
    int err = PS_ELIMIT;

    pthread_mutex_lock(&q->mutex);
    if (!q->ending && (!q->state.waiting || q->state.waiting_octets + job->octets <= q->octets_max)) {
        ps_list_append(&q->waiting, &job->node);
        q->state.waiting++;
        q->state.waiting_octets += job->octets;
        pthread_cond_signal(&q->more);
        err = 0;
    }
    pthread_mutex_unlock(&q->mutex);
    return err;
}

int ps_dbqueue_fd(const struct ps_dbqueue *q)
{
    return q->fd;
}

size_t ps_dbqueue_reap(struct ps_dbqueue *q)
{
    struct ps_list done;
    uint64_t seen;
    size_t n = 0;

    ps_list_init(&done);
    pthread_mutex_lock(&q->mutex);
    (void)!read(q->fd, &seen, sizeof seen);
    PS_LIST_EACH_SAFE(it, &q->done) {
        ps_list_remove(it);
        ps_list_append(&done, it);
        q->state.waiting--;
        q->state.waiting_octets -= job_of(it)->octets;
        n++;
    }
    pthread_mutex_unlock(&q->mutex);
    PS_LIST_EACH_SAFE(it, &done) {
        ps_list_remove(it);
        job_of(it)->done(job_of(it));
    }
    return n;
}

void ps_dbqueue_look(struct ps_dbqueue *q, struct ps_dbqueue_state *out)
{
    pthread_mutex_lock(&q->mutex);
    *out = q->state;
    pthread_mutex_unlock(&q->mutex);
}
