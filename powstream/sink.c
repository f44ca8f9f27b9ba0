// SPDX-License-Identifier: Apache-2.0
#include "powstream/sink.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_list.h"
#include "spool/ps_spool.h"

#define RETRY_S 2
#define LAST_S 10
#define APPEND_MAX (1 << 20)
#define BATCH 64
#define BUCKETS 256
#define SPOOL_BYTES (UINT64_C(1) << 30)
#define SPOOL_AGE (30 * 24 * 3600 * PS_SEC)

enum item_kind { ITEM_LINE, ITEM_DOCUMENT, ITEM_FILE, ITEM_APPEND };

struct item {
    struct ps_list node;
    enum item_kind kind;
    size_t len;
    char *text;
    uint8_t id[PS_SPOOL_ID_LEN]; // of a document that was offered already
    char name[];
};

struct target {
    struct ps_list node;  // of its bucket
    struct ps_list ready; // of those that have items
    struct ps_list items;
    size_t waiting; // octets
    struct ps_spool *spool;
    time_t not_before; // CLOCK_MONOTONIC seconds: it failed and is tried again then
    char dir[];        // "": standard output
};

struct sink {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t more;
    struct ps_list buckets[BUCKETS]; // targets by their names
    struct ps_list ready;
    atomic_bool ending;
    _Atomic time_t end_by;
    bool broken;
    uint64_t dropped;
    char trouble[200];
    void (*on_broken)(void *ctx);
    void *ctx;
};

static time_t seconds(void)
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

// --- writing; without the mutex

static int write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        text += n;
        len -= (size_t)n;
    }
    return 0;
}

// A reader that stalls must not keep the program from ending.
static int write_line(const struct sink *s, const char *text, size_t len)
{
    while (len > 0) {
        struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
        size_t part = len < PIPE_BUF ? len : PIPE_BUF; // a pipe that takes any takes these without blocking
        if (poll(&p, 1, 500) <= 0) {
            if (atomic_load(&s->ending) && seconds() > atomic_load(&s->end_by))
                return -ETIMEDOUT;
            continue;
        }
        int err = write_all(STDOUT_FILENO, text, part);
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
    int err = write_all(fd, it->text, it->len);
    if (err == 0 && ftruncate(fd, (off_t)it->len) != 0)
        err = -errno;
    if (close(fd) != 0 && err == 0)
        err = -errno;
    return err;
}

static int append_at(int dir, const struct item *it)
{
    char old[300];
    struct stat st;
    snprintf(old, sizeof old, "%s.1", it->name);
    if (fstatat(dir, it->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > APPEND_MAX)
        (void)renameat(dir, it->name, dir, old);
    int fd = openat(dir, it->name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    int err = write_all(fd, it->text, it->len);
    if (close(fd) != 0 && err == 0)
        err = -errno;
    return err;
}

static int write_file(const struct target *t, const struct item *it)
{
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
    struct ps_spool_doc docs[BATCH];
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

static int write_items(const struct sink *s, struct target *t, struct item **items, size_t n, size_t *done)
{
    int err = 0;
    if (items[0]->kind == ITEM_DOCUMENT)
        return write_documents(t, items, n, done);
    for (*done = 0; *done < n && err == 0; *done += err == 0)
        err = items[*done]->kind == ITEM_LINE ? write_line(s, items[*done]->text, items[*done]->len)
                                              : write_file(t, items[*done]);
    return err;
}

// --- the queue; with the mutex

static void item_free(struct item *it)
{
    free(it->text);
    free(it);
}

static struct ps_list *bucket_of(struct sink *s, const char *dir)
{
    uint32_t h = 2166136261u; // FNV-1a
    for (const char *p = dir; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * 16777619u;
    return &s->buckets[h % BUCKETS];
}

static struct target *target_of(struct sink *s, const char *dir)
{
    struct ps_list *bucket = bucket_of(s, dir);
    PS_LIST_EACH(it, bucket) {
        struct target *t = PS_CONTAINER(it, struct target, node);
        if (strcmp(t->dir, dir) == 0)
            return t;
    }
    struct target *t = calloc(1, sizeof *t + strlen(dir) + 1);
    if (t == NULL)
        return NULL;
    memcpy(t->dir, dir, strlen(dir) + 1);
    ps_list_init(&t->items);
    ps_list_init(&t->ready);
    ps_list_append(bucket, &t->node);
    return t;
}

static struct target *next_target(struct sink *s, time_t now)
{
    PS_LIST_EACH(it, &s->ready) {
        struct target *t = PS_CONTAINER(it, struct target, ready);
        if (t->not_before > now)
            continue;
        ps_list_remove(&t->ready); // to the end: each gets its turn
        ps_list_append(&s->ready, &t->ready);
        return t;
    }
    return NULL;
}

static bool anything_waits(const struct sink *s)
{
    return !ps_list_empty(&s->ready);
}

// The first items of a target, of one kind.
static size_t take(struct target *t, struct item *items[BATCH])
{
    size_t n = 0;
    PS_LIST_EACH(it, &t->items) {
        struct item *item = PS_CONTAINER(it, struct item, node);
        if (n == BATCH || (n > 0 && item->kind != items[0]->kind))
            break;
        items[n++] = item;
    }
    return n;
}

static void remove_done(struct target *t, struct item **items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ps_list_remove(&items[i]->node);
        t->waiting -= items[i]->len;
        item_free(items[i]);
    }
    if (ps_list_empty(&t->items))
        ps_list_remove(&t->ready);
}

static void drop_all(struct sink *s, struct target *t)
{
    while (!ps_list_empty(&t->items)) {
        struct item *it = PS_CONTAINER(t->items.next, struct item, node);
        remove_done(t, &it, 1);
        s->dropped++;
    }
}

static void failed(struct sink *s, struct target *t, int err)
{
    snprintf(s->trouble, sizeof s->trouble, "%s: %s", t->dir[0] != '\0' ? t->dir : "standard output",
             ps_strerror(err));
    if (t->dir[0] != '\0') {
        t->not_before = seconds() + RETRY_S;
        return;
    }
    drop_all(s, t); // a reader that has gone does not come back
    if (!s->broken) {
        s->broken = true;
        s->on_broken(s->ctx);
    }
}

static void work_on(struct sink *s, struct target *t)
{
    struct item *items[BATCH] = {NULL};
    size_t n = take(t, items), done = 0;
    pthread_mutex_unlock(&s->mutex);
    int err = write_items(s, t, items, n, &done);
    pthread_mutex_lock(&s->mutex);
    remove_done(t, items, done);
    if (err != 0)
        failed(s, t, err);
    else
        s->trouble[0] = '\0';
}

static void wait_for_more(struct sink *s)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += 1;
    if (anything_waits(s))
        pthread_cond_timedwait(&s->more, &s->mutex, &ts);
    else if (!s->ending)
        pthread_cond_wait(&s->more, &s->mutex);
}

static void *run(void *ctx)
{
    struct sink *s = ctx;
    pthread_mutex_lock(&s->mutex);
    while (!s->ending || (anything_waits(s) && seconds() <= s->end_by)) {
        struct target *t = next_target(s, seconds());
        if (t != NULL)
            work_on(s, t);
        else
            wait_for_more(s);
    }
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

int sink_new(struct sink **out, void (*on_broken)(void *ctx), void *ctx)
{
    pthread_condattr_t attr;
    struct sink *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < BUCKETS; i++)
        ps_list_init(&s->buckets[i]);
    ps_list_init(&s->ready);
    s->on_broken = on_broken;
    s->ctx = ctx;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->more, &attr);
    pthread_condattr_destroy(&attr);
    int err = -pthread_create(&s->thread, NULL, run, s);
    if (err != 0) {
        pthread_cond_destroy(&s->more);
        pthread_mutex_destroy(&s->mutex);
        free(s);
        return err;
    }
    *out = s;
    return 0;
}

static void target_free(struct sink *s, struct target *t)
{
    drop_all(s, t);
    ps_spool_close(t->spool);
    free(t);
}

size_t sink_free(struct sink *s)
{
    if (s == NULL)
        return 0;
    pthread_mutex_lock(&s->mutex);
    s->ending = true;
    s->end_by = seconds() + LAST_S;
    pthread_cond_signal(&s->more);
    pthread_mutex_unlock(&s->mutex);
    pthread_join(s->thread, NULL);
    for (size_t i = 0; i < BUCKETS; i++) {
        PS_LIST_EACH_SAFE(it, &s->buckets[i])
            target_free(s, PS_CONTAINER(it, struct target, node));
    }
    size_t lost = (size_t)s->dropped;
    pthread_cond_destroy(&s->more);
    pthread_mutex_destroy(&s->mutex);
    free(s);
    return lost;
}

static int put(struct sink *s, const char *dir, struct item *it)
{
    int err = 0;
    pthread_mutex_lock(&s->mutex);
    struct target *t = target_of(s, dir);
    if (t == NULL)
        err = -ENOMEM;
    else if (t->waiting + it->len > SINK_WAITING || (dir[0] == '\0' && s->broken))
        err = PS_ELIMIT;
    if (err == 0) {
        if (ps_list_empty(&t->items))
            ps_list_append(&s->ready, &t->ready);
        ps_list_append(&t->items, &it->node);
        t->waiting += it->len;
        pthread_cond_signal(&s->more);
    } else {
        s->dropped++;
    }
    pthread_mutex_unlock(&s->mutex);
    if (err != 0)
        item_free(it);
    return err;
}

static int give(struct sink *s, enum item_kind kind, const char *dir, const char *name, char *text)
{
    struct item *it = text == NULL ? NULL : calloc(1, sizeof *it + strlen(name) + 1);
    if (it == NULL) {
        free(text);
        return -ENOMEM;
    }
    it->kind = kind;
    it->text = text;
    it->len = strlen(text);
    memcpy(it->name, name, strlen(name) + 1);
    return put(s, dir, it);
}

int sink_line(struct sink *s, char *text)
{
    return give(s, ITEM_LINE, "", "", text);
}

int sink_document(struct sink *s, const char *dir, char *text)
{
    return give(s, ITEM_DOCUMENT, dir, "", text);
}

int sink_file(struct sink *s, const char *dir, const char *name, char *text)
{
    return give(s, ITEM_FILE, dir, name, text);
}

bool sink_file_waits(struct sink *s, const char *dir, const char *name, char *text, size_t size)
{
    bool found = false;
    pthread_mutex_lock(&s->mutex);
    struct target *t = target_of(s, dir);
    if (t != NULL) {
        PS_LIST_EACH(it, &t->items) {
            const struct item *item = PS_CONTAINER(it, struct item, node);
            if (item->kind != ITEM_FILE || strcmp(item->name, name) != 0)
                continue;
            snprintf(text, size, "%s", item->text); // the last one counts
            found = true;
        }
    }
    pthread_mutex_unlock(&s->mutex);
    return found;
}

int sink_append(struct sink *s, const char *dir, const char *name, char *text)
{
    return give(s, ITEM_APPEND, dir, name, text);
}

bool sink_trouble(struct sink *s, uint64_t *dropped, char *why, size_t size)
{
    pthread_mutex_lock(&s->mutex);
    *dropped = s->dropped;
    snprintf(why, size, "%s", s->trouble);
    bool trouble = s->trouble[0] != '\0' || s->dropped > 0;
    pthread_mutex_unlock(&s->mutex);
    return trouble;
}
