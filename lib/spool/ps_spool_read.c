// SPDX-License-Identifier: Apache-2.0
// Reading. A record in the reader's hands is an open file with a shared lock, which tells the droppers, and
// which ends with the reader however that ends.
#include "spool/ps_spool_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_list.h"

#define SYNC_AFTER 64        // removals
#define SYNC_AFTER_MANY 1024 // of whole batches

struct item {
    struct ps_spool_record rec;
    struct ps_list link;
    int fd;
    char name[SPOOL_NAME_SIZE];
    uint8_t *file;
};

// Several threads may use one: what is here is guarded by the mutex. Files are read and closed without it.
struct ps_spool_reader {
    pthread_mutex_t mutex;
    struct ps_spool s;
    int lock; // of SPOOL_READER
    struct ps_list hand;
    unsigned nhand;
    bool tomb_passed; // a tombstone is in hand, or was kept in this pass
    struct spool_window win;
    char cursor[SPOOL_NAME_SIZE]; // the last name that was looked at in this pass
    unsigned unsynced;            // removals
    uint64_t damaged;
};

// --- one reader

static long holder(int fd)
{
    char text[24] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    return n > 0 ? strtol(text, NULL, 10) : 0;
}

static int say_holder(int fd)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0)
        return -errno;
    return pwrite(fd, text, (size_t)n, 0) < 0 && errno != ENOSPC ? -errno : 0;
}

static int take_reader_lock(struct ps_spool_reader *r, long *other)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    r->lock = spool_open_file(r->s.dir, SPOOL_READER, O_RDWR, 0);
    if (r->lock == -ENOENT)
        r->lock = spool_create(&r->s, SPOOL_READER);
    if (r->lock == -EEXIST) // made by another one meanwhile
        r->lock = spool_open_file(r->s.dir, SPOOL_READER, O_RDWR, 0);
    if (r->lock < 0)
        return r->lock;
    if (fcntl(r->lock, F_OFD_SETLK, &l) == 0)
        return say_holder(r->lock);
    if (errno != EAGAIN && errno != EACCES)
        return -errno;
    *other = holder(r->lock);
    return -EBUSY;
}

static int open_reader(struct ps_spool_reader *r, const char *dir, struct ps_fault *fault)
{
    static const struct ps_spool_conf unbounded;
    long other = 0;
    int err = spool_open(&r->s, dir, &unbounded, fault);
    if (err != 0)
        return err;
    err = take_reader_lock(r, &other);
    if (err == -EBUSY && other > 0)
        ps_fault_set(fault, dir, 0, "spool directory: process %ld is reading it already", other);
    else if (err == -EBUSY)
        ps_fault_set(fault, dir, 0, "spool directory: another process is reading it already");
    else if (err != 0)
        ps_fault_set(fault, dir, 0, "spool directory: %s: %s", SPOOL_READER, ps_strerror(err));
    return err;
}

int ps_spool_reader_open(struct ps_spool_reader **out, const char *dir, struct ps_fault *fault)
{
    struct ps_spool_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        ps_fault_set(fault, dir, 0, "spool directory: %s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    pthread_mutex_init(&r->mutex, NULL);
    ps_list_init(&r->hand);
    r->lock = -1;
    int err = open_reader(r, dir, fault);
    if (err != 0) {
        ps_spool_reader_close(r);
        return err;
    }
    *out = r;
    return 0;
}

// --- what is in hand

static void item_free(struct item *i)
{
    if (i == NULL)
        return;
    if (i->fd >= 0) {
        (void)flock(i->fd, LOCK_UN); // also where a child has the descriptor
        close(i->fd);
    }
    free(i->file);
    free(i);
}

static struct item *item_new(const char *name)
{
    struct item *i = calloc(1, sizeof *i);
    if (i == NULL)
        return NULL;
    i->fd = -1;
    snprintf(i->name, sizeof i->name, "%s", name);
    i->rec.name = i->name;
    return i;
}

static bool in_hand(const struct ps_spool_reader *r, const char *name)
{
    PS_LIST_EACH(l, &r->hand)
        if (strcmp(PS_CONTAINER(l, struct item, link)->name, name) == 0)
            return true;
    return false;
}

static struct item *take_out(struct ps_spool_reader *r, const struct ps_spool_record *rec)
{
    PS_LIST_EACH(l, &r->hand) {
        struct item *i = PS_CONTAINER(l, struct item, link);
        if (&i->rec != rec)
            continue;
        ps_list_remove(l);
        r->nhand--;
        return i;
    }
    return NULL;
}

static int sync_removals(struct ps_spool_reader *r)
{
    int err = r->unsynced > 0 ? spool_fsync(r->s.dir) : 0;
    r->unsynced = err == 0 ? 0 : r->unsynced;
    return err;
}

void ps_spool_reader_close(struct ps_spool_reader *r)
{
    if (r == NULL)
        return;
    (void)sync_removals(r);
    PS_LIST_EACH_SAFE(l, &r->hand)
        item_free(PS_CONTAINER(l, struct item, link));
    spool_window_fini(&r->win);
    if (r->lock >= 0)
        close(r->lock);
    spool_close(&r->s);
    pthread_mutex_destroy(&r->mutex);
    free(r);
}

// --- tombstones

// One that was given before comes first; the next one is not given while it is there.
static int find_tomb(struct ps_spool *s, struct spool_tomb *t)
{
    int got = spool_tomb_load(s, SPOOL_GIVEN, t);
    if (got != 0)
        return got;
    got = spool_tomb_load(s, SPOOL_TOMB, t);
    int err = got > 0 ? spool_change(s) : got;
    if (err == 0 && got > 0 && renameat(s->dir, SPOOL_TOMB, s->dir, SPOOL_GIVEN) != 0)
        err = -errno;
    if (err == 0 && got > 0)
        err = spool_fsync(s->dir);
    if (err != 0)
        spool_tomb_fini(t);
    return err == 0 ? got : err;
}

static int take_tomb(struct ps_spool_reader *r, struct item **out)
{
    struct spool_tomb t;
    if (r->tomb_passed || r->s.st.untold == 0)
        return 0;
    uint64_t bad = r->s.st.bad;
    int got = find_tomb(&r->s, &t);
    r->damaged += r->s.st.bad > bad;
    if (got <= 0)
        return got;
    struct item *i = item_new(SPOOL_GIVEN);
    if (i != NULL) {
        i->rec.kind = PS_SPOOL_TOMBSTONE;
        i->rec.time = t.head.time;
        i->rec.loss = t.loss;
        memcpy(i->rec.id, t.head.id, sizeof i->rec.id);
        r->tomb_passed = true;
    }
    spool_tomb_fini(&t);
    *out = i;
    return i == NULL ? -ENOMEM : 1;
}

// --- records

static void rewind_locked(struct ps_spool_reader *r)
{
    spool_window_fini(&r->win);
    r->cursor[0] = '\0';
    r->tomb_passed = in_hand(r, SPOOL_GIVEN);
}

void ps_spool_rewind(struct ps_spool_reader *r)
{
    pthread_mutex_lock(&r->mutex);
    rewind_locked(r);
    pthread_mutex_unlock(&r->mutex);
}

static int set_aside(struct ps_spool_reader *r, const char *name)
{
    r->damaged++;
    return spool_set_aside(&r->s, name);
}

// 1 when the record is in hand now, 0 when there is none of this name (any more).
static int take_named(struct ps_spool_reader *r, const char *name, struct item **out)
{
    int fd = spool_open_file(r->s.dir, name, O_RDONLY, 0);
    if (fd == -ELOOP)
        return set_aside(r, name);
    if (fd < 0)
        return fd == -ENOENT ? 0 : fd;
    struct item *i = flock(fd, LOCK_SH | LOCK_NB) == 0 ? item_new(name) : NULL;
    if (i == NULL) {
        int err = errno;
        close(fd);
        return -err;
    }
    i->fd = fd;
    *out = i;
    return 1;
}

static int take_record(struct ps_spool_reader *r, struct item **out)
{
    for (int got = 0; got == 0;) {
        const char *name = spool_window_head(&r->win);
        if (name == NULL) {
            int err = spool_window_fill(&r->s, &r->win, r->cursor);
            name = spool_window_head(&r->win);
            if (name == NULL)
                return err;
        }
        memcpy(r->cursor, name, sizeof r->cursor);
        r->win.at++;
        got = in_hand(r, r->cursor) ? 0 : take_named(r, r->cursor, out);
        if (got != 0)
            return got;
    }
    return 0;
}

static int take_one(struct ps_spool_reader *r, struct item **out, bool tombstone)
{
    int got = tombstone ? take_tomb(r, out) : take_record(r, out);
    if (got <= 0)
        return got;
    ps_list_append(&r->hand, &(*out)->link);
    r->nhand++;
    return 1;
}

static int end_of_pass(struct ps_spool_reader *r)
{
    rewind_locked(r);
    return sync_removals(r);
}

// Up to max, which are in hand then. Under the spool's lock, so that nobody drops what is about to be. 1 when there are
// some.
static int take(struct ps_spool_reader *r, struct item **out, size_t max, size_t *n)
{
    int got = r->nhand == PS_SPOOL_HAND_MAX ? PS_ELIMIT : spool_enter(&r->s);
    *n = 0;
    if (got < 0)
        return got;
    if (max > PS_SPOOL_HAND_MAX - r->nhand)
        max = PS_SPOOL_HAND_MAX - r->nhand;
    got = take_one(r, &out[0], true);
    *n = got > 0;
    while (got >= 0 && *n < max && (got = take_one(r, &out[*n], false)) > 0)
        ++*n;
    spool_leave(&r->s);
    if (*n > 0)
        return 1;
    return got == 0 ? end_of_pass(r) : got;
}

static int read_record(struct item *i)
{
    struct spool_name n;
    if (i->rec.kind == PS_SPOOL_TOMBSTONE)
        return 0;
    (void)spool_name_get(i->name, SPOOL_REC, &n);
    int err = spool_load(i->fd, &n, NULL, &i->file);
    if (err != 0)
        return err;
    i->rec.time = n.time;
    i->rec.data = i->file + SPOOL_HEAD_LEN;
    i->rec.len = n.len;
    memcpy(i->rec.id, n.id, sizeof n.id);
    return 0;
}

// It could not be read; what is damaged is set aside.
static int reject(struct ps_spool_reader *r, struct item *i, int err)
{
    pthread_mutex_lock(&r->mutex);
    ps_list_remove(&i->link);
    r->nhand--;
    if (err == PS_EMALFORMED) {
        err = spool_enter(&r->s);
        if (err == 0) {
            err = set_aside(r, i->name);
            spool_leave(&r->s);
        }
    }
    pthread_mutex_unlock(&r->mutex);
    item_free(i);
    return err;
}

static int admit_all(struct ps_spool_reader *r, struct item **items, size_t taken,
                     const struct ps_spool_record **recs, size_t *n)
{
    int first = 0;
    for (size_t k = 0; k < taken; k++) {
        int err = read_record(items[k]);
        if (err == 0)
            recs[(*n)++] = &items[k]->rec;
        else {
            err = reject(r, items[k], err);
            first = first == 0 ? err : first;
        }
    }
    return first;
}

int ps_spool_next_many(struct ps_spool_reader *r, const struct ps_spool_record **recs, size_t max, size_t *n)
{
    struct item *items[PS_SPOOL_HAND_MAX] = {NULL};
    *n = 0;
    for (;;) {
        size_t taken;
        pthread_mutex_lock(&r->mutex);
        int got = take(r, items, max, &taken);
        pthread_mutex_unlock(&r->mutex);
        if (got <= 0)
            return got;
        int err = admit_all(r, items, taken, recs, n);
        if (*n > 0 || err != 0)
            return *n > 0 ? 1 : err;
    }
}

int ps_spool_next(struct ps_spool_reader *r, const struct ps_spool_record **rec)
{
    size_t n;
    return ps_spool_next_many(r, rec, 1, &n);
}

// --- afterwards

static int remove_item(struct ps_spool *s, const struct item *i)
{
    struct spool_name n;
    int err = spool_change(s);
    if (err != 0)
        return err;
    if (unlinkat(s->dir, i->name, 0) != 0) {
        s->unsure = true;
        return errno == ENOENT ? 0 : -errno;
    }
    if (i->rec.kind == PS_SPOOL_TOMBSTONE)
        s->st.untold -= i->rec.loss.dropped < s->st.untold ? i->rec.loss.dropped : s->st.untold;
    else if (spool_name_get(i->name, SPOOL_REC, &n))
        spool_uncount(s, &n);
    return 0;
}

// Under one lock. The first error; the others are removed nevertheless.
static int remove_all(struct ps_spool_reader *r, struct item **items, size_t n)
{
    int err = spool_enter(&r->s), first = err;
    if (err != 0)
        return err;
    for (size_t k = 0; k < n; k++) {
        err = remove_item(&r->s, items[k]);
        if (err == 0)
            r->unsynced++;
        else if (first == 0)
            first = err;
        if (err == 0 && items[k]->rec.kind == PS_SPOOL_TOMBSTONE)
            r->tomb_passed = false;
    }
    spool_leave(&r->s);
    return first;
}

static int finish(struct ps_spool_reader *r, const struct ps_spool_record *const *recs, size_t n,
                  unsigned sync_after)
{
    struct item *items[PS_SPOOL_HAND_MAX];
    size_t have = 0;
    pthread_mutex_lock(&r->mutex);
    for (size_t k = 0; k < n && have < PS_SPOOL_HAND_MAX; k++) {
        items[have] = take_out(r, recs[k]);
        have += items[have] != NULL;
    }
    int err = have > 0 ? remove_all(r, items, have) : 0;
    if (have < n)
        err = err != 0 ? err : PS_ESTATE;
    if (err == 0 && r->unsynced >= sync_after)
        err = sync_removals(r);
    pthread_mutex_unlock(&r->mutex);
    for (size_t k = 0; k < have; k++)
        item_free(items[k]);
    return err;
}

int ps_spool_done(struct ps_spool_reader *r, const struct ps_spool_record *rec)
{
    return finish(r, &rec, 1, SYNC_AFTER);
}

int ps_spool_done_many(struct ps_spool_reader *r, const struct ps_spool_record *const *recs, size_t n)
{
    return finish(r, recs, n, SYNC_AFTER_MANY);
}

void ps_spool_keep(struct ps_spool_reader *r, const struct ps_spool_record *rec)
{
    pthread_mutex_lock(&r->mutex);
    struct item *i = take_out(r, rec);
    pthread_mutex_unlock(&r->mutex);
    item_free(i);
}

uint64_t ps_spool_damaged(struct ps_spool_reader *r)
{
    pthread_mutex_lock(&r->mutex);
    uint64_t damaged = r->damaged;
    pthread_mutex_unlock(&r->mutex);
    return damaged;
}

int ps_spool_reader_stat(struct ps_spool_reader *r, struct ps_spool_stat *st)
{
    pthread_mutex_lock(&r->mutex);
    int err = ps_spool_stat(&r->s, st);
    pthread_mutex_unlock(&r->mutex);
    return err;
}
