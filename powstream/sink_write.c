// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "powstream/publish.h"
#include "powstream/sink_impl.h"

#define APPEND_MAX (1 << 20)
#define SPOOL_BYTES (UINT64_C(1) << 30)
#define SPOOL_AGE (30 * 24 * 3600 * PS_SEC)

time_t sink_seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec;
}

static ps_ns wall_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (ps_ns)ts.tv_sec * PS_SEC + ts.tv_nsec;
}

// A reader that stalls must not keep the program from ending.
static int write_line(const struct sink_end *end, const char *text, size_t len)
{
    while (len > 0) {
        struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
        size_t part = len < PIPE_BUF ? len : PIPE_BUF; // a pipe that takes any takes these without blocking
        if (poll(&p, 1, 500) <= 0) {
            if (atomic_load(&end->near) && sink_seconds() > atomic_load(&end->by))
                return -ETIMEDOUT;
            continue;
        }
        int err = publish_write(STDOUT_FILENO, text, part);
        if (err != 0)
            return err;
        text += part;
        len -= part;
    }
    return 0;
}

static int open_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

// In place: a rename would leave a deleted file each time, and new ones cost the more for each of those. The
// text is short, begins with what counts, and can stay longer than it is when the process is killed.
static int overwrite_at(int dir, const struct item *it)
{
    const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(dir, it->name, flags, 0644);
    if (fd < 0 && errno == ELOOP && unlinkat(dir, it->name, 0) == 0) // a link has no place there
        fd = openat(dir, it->name, flags, 0644);
    if (fd < 0)
        return -errno;
    int err = publish_write(fd, it->text, it->len);
    if (err == 0 && ftruncate(fd, (off_t)it->len) != 0)
        err = -errno;
    if (close(fd) != 0 && err == 0)
        err = -errno;
    return err;
}

static int append_at(int dir, const struct item *it)
{
    char old[300];
    struct stat st, now;
    snprintf(old, sizeof old, "%s.1", it->name);
    if (fstatat(dir, it->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > APPEND_MAX)
        (void)renameat(dir, it->name, dir, old);
    int fd = openat(dir, it->name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    int err = fstat(fd, &st) == 0 ? 0 : -errno;
    if (err == 0)
        err = publish_write(fd, it->text, it->len);
    if (err != 0 && fstat(fd, &now) == 0 && now.st_size > st.st_size)
        (void)!ftruncate(fd, st.st_size); // a line that found no room as a whole is written again
    if (close(fd) != 0 && err == 0)
        err = -errno;
    return err;
}

static int write_whole(const struct target *t, const struct item *it)
{
    char *path;
    if (asprintf(&path, "%s/%s", t->dir, it->name) < 0)
        return -ENOMEM;
    int err = publish_text(path, it->text, it->len);
    free(path);
    return err == -EEXIST ? 0 : err;
}

static int write_file(const struct target *t, const struct item *it)
{
    if (it->kind == ITEM_WHOLE)
        return write_whole(t, it);
    int dir = open_dir(t->dir);
    if (dir < 0)
        return dir;
    int err = it->kind == ITEM_FILE ? overwrite_at(dir, it) : append_at(dir, it);
    close(dir);
    return err;
}

static int write_documents(struct target *t, struct item **items, size_t n, size_t *done)
{
    static const struct ps_spool_conf conf = {SPOOL_BYTES, SPOOL_AGE, true};
    struct ps_spool_doc docs[SINK_BATCH];
    struct ps_fault fault;
    int err = t->spool == NULL ? ps_spool_open(&t->spool, t->dir, &conf, wall_now(), &fault) : 0;
    if (err != 0)
        return err;
    for (size_t i = 0; i < n; i++) {
        docs[i] = (struct ps_spool_doc){.data = items[i]->text, .len = items[i]->len};
        memcpy(docs[i].id, items[i]->id, sizeof docs[i].id);
    }
    err = ps_spool_write(t->spool, docs, n, wall_now(), done);
    for (size_t i = 0; i < n; i++)
        memcpy(items[i]->id, docs[i].id, sizeof items[i]->id);
    return err;
}

int sink_write(const struct sink_end *end, struct target *t, struct item **items, size_t n, size_t *done)
{
    int err = 0;
    if (items[0]->kind == ITEM_DOCUMENT)
        return write_documents(t, items, n, done);
    for (*done = 0; *done < n && err == 0; *done += err == 0)
        err = items[*done]->kind == ITEM_LINE ? write_line(end, items[*done]->text, items[*done]->len)
                                              : write_file(t, items[*done]);
    return err;
}
