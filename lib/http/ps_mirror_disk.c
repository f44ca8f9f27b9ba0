// SPDX-License-Identifier: Apache-2.0
// A whole copy or the one before, whenever the power fails: written beside it, synced, renamed.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_replace.h"
#include "http/ps_mirror_impl.h"

// What a worker has in hand. It outlives its owner if need be.
struct job {
    struct ps_mirror_disk *owner; // NULL: nobody asks any more
    struct ps_buf text;           // empty: touch alone
    ps_ns fetched;
    int err;
    char *path, *temp; // in one allocation, behind path
};

struct ps_mirror_disk {
    struct ps_loop *loop;
    char *path;
    struct job *running, *next;
    ps_mirror_disk_cb cb;
    void *ctx;
};

// --- on the worker

static struct timespec timespec_of(ps_ns t)
{
    return (struct timespec){.tv_sec = t / PS_SEC, .tv_nsec = t % PS_SEC};
}

static int fill(int fd, const struct job *j)
{
    struct timespec times[2] = {timespec_of(j->fetched), timespec_of(j->fetched)};
    int err = ps_write_all(fd, ps_buf_head(&j->text), ps_buf_len(&j->text));

    if (!err && (futimens(fd, times) != 0 || fsync(fd) != 0))
        err = -errno;
    return err;
}

static int write_copy(const struct job *j)
{
    int fd, err;

    // Whatever another run has left there; a link would be one that somebody else put there.
    (void)unlink(j->temp);
    fd = open(j->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    err = fill(fd, j);
    if (close(fd) != 0 && !err)
        err = -errno;
    if (!err && rename(j->temp, j->path) != 0)
        err = -errno;
    if (err)
        (void)unlink(j->temp);
    return err ? err : ps_sync_folder(j->path);
}

static void work(void *ctx)
{
    struct job *j = ctx;
    struct timespec times[2] = {timespec_of(j->fetched), timespec_of(j->fetched)};

    if (ps_buf_len(&j->text) > 0)
        j->err = write_copy(j);
    else
        j->err = utimensat(AT_FDCWD, j->path, times, AT_SYMLINK_NOFOLLOW) != 0 ? -errno : 0;
}

// --- on the loop

static void job_free(struct job *j)
{
    if (!j)
        return;
    ps_buf_fini(&j->text);
    free(j->path);
    free(j);
}

static struct job *job_new(struct ps_mirror_disk *d, ps_ns fetched)
{
    struct job *j = calloc(1, sizeof *j);
    size_t n = strlen(d->path);

    if (!j)
        return NULL;
    ps_buf_init(&j->text, 0);
    j->owner = d;
    j->fetched = fetched;
    j->path = malloc(2 * n + sizeof ".tmp" + 1);
    if (!j->path) {
        free(j);
        return NULL;
    }
    j->temp = j->path + n + 1;
    memcpy(j->path, d->path, n + 1);
    snprintf(j->temp, n + sizeof ".tmp", "%s.tmp", d->path);
    return j;
}

static void run_next(struct ps_mirror_disk *d);

static void done(void *ctx)
{
    struct job *j = ctx;
    struct ps_mirror_disk *d = j->owner;
    int err = j->err;

    job_free(j);
    if (!d)
        return;
    d->running = NULL;
    run_next(d);
    d->cb(d->ctx, err);
}

static void run_next(struct ps_mirror_disk *d)
{
    struct job *j = d->next;
    int err;

    if (!j || d->running)
        return;
    d->next = NULL;
    err = ps_work_run(d->loop, work, done, j);
    if (!err) {
        d->running = j;
        return;
    }
    job_free(j);
    d->cb(d->ctx, err);
}

static void enqueue(struct ps_mirror_disk *d, struct job *j)
{
    if (!j) {
        d->cb(d->ctx, -ENOMEM);
        return;
    }
    job_free(d->next);
    d->next = j;
    run_next(d);
}

void ps_mirror_disk_write(struct ps_mirror_disk *d, struct ps_buf *text, ps_ns fetched)
{
    struct job *j = job_new(d, fetched);

    if (j)
        j->text = *text;
    else
        ps_buf_fini(text);
    ps_buf_init(text, 0);
    enqueue(d, j);
}

void ps_mirror_disk_touch(struct ps_mirror_disk *d, ps_ns fetched)
{
    if (d->next)
        d->next->fetched = fetched; // what waits is the document that is still the same
    else
        enqueue(d, job_new(d, fetched));
}

int ps_mirror_disk_new(struct ps_loop *l, const char *path, ps_mirror_disk_cb cb, void *ctx,
                       struct ps_mirror_disk **out)
{
    struct ps_mirror_disk *d = calloc(1, sizeof *d);

    if (!d)
        return -ENOMEM;
    d->path = strdup(path);
    if (!d->path) {
        free(d);
        return -ENOMEM;
    }
    d->loop = l;
    d->cb = cb;
    d->ctx = ctx;
    *out = d;
    return 0;
}

void ps_mirror_disk_free(struct ps_mirror_disk *d)
{
    if (!d)
        return;
    if (d->running)
        d->running->owner = NULL;
    job_free(d->next);
    free(d->path);
    free(d);
}
