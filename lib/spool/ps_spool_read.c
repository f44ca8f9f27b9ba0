// SPDX-License-Identifier: Apache-2.0
// Reading. A file in the reader's hands is open and has a shared lock, which tells the droppers, and
// which ends with the reader however that ends. It holds one record or several: it is in hand as long as one of them
// is, or was not given yet.
#include "spool/ps_spool_hand.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_list.h"

#define SYNC_AFTER 64        // removals
#define SYNC_AFTER_MANY 1024 // of whole batches

// Several threads may use one: what is here is guarded by the mutex. Files are read and closed without it.
struct ps_spool_reader {
    pthread_mutex_t mutex;
    struct ps_spool s;
    int lock; // of SPOOL_READER
    struct spool_hand hand;
    bool tomb_passed; // a tombstone is in hand, or was kept in this pass
    struct spool_window win;
    char cursor[SPOOL_NAME_SIZE]; // the last name that was looked at in this pass
    unsigned unsynced;            // removals
    uint64_t damaged;
    ps_spool_damage_fn *on_damage;
    void *ctx;
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
    spool_hand_init(&r->hand);
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
    spool_hand_fini(&r->hand);
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

static void count_damage(struct ps_spool_reader *r, const char *why)
{
    r->damaged++;
    if (r->on_damage != NULL)
        r->on_damage(r->ctx, r->s.aside, why);
}

static int take_tomb(struct ps_spool_reader *r, struct spool_item **out)
{
    struct spool_tomb t;
    if (r->tomb_passed || r->s.st.untold == 0)
        return 0;
    uint64_t bad = r->s.st.bad;
    int got = find_tomb(&r->s, &t);
    if (r->s.st.bad > bad)
        count_damage(r, "a tombstone that cannot be read");
    if (got <= 0)
        return got;
    struct spool_item *i = spool_item_new(SPOOL_GIVEN, 1);
    if (i != NULL) {
        struct ps_spool_record *rec = &i->records[0].rec;
        rec->kind = PS_SPOOL_TOMBSTONE;
        rec->time = t.head.time;
        rec->loss = t.loss;
        memcpy(rec->id, t.head.id, sizeof rec->id);
        r->tomb_passed = true;
    }
    spool_tomb_fini(&t);
    *out = i;
    return i == NULL ? -ENOMEM : 1;
}

// --- records

static void rewind_locked(struct ps_spool_reader *r)
{
    spool_hand_rewind(&r->hand);
    spool_window_fini(&r->win);
    r->cursor[0] = '\0';
    r->tomb_passed = spool_hand_has(&r->hand, SPOOL_GIVEN);
}

void ps_spool_rewind(struct ps_spool_reader *r)
{
    pthread_mutex_lock(&r->mutex);
    rewind_locked(r);
    pthread_mutex_unlock(&r->mutex);
}

static int set_aside(struct ps_spool_reader *r, const char *name, const char *why)
{
    r->s.aside[0] = '\0';
    int err = spool_set_aside(&r->s, name, why);
    if (r->s.aside[0] != '\0')
        count_damage(r, why);
    return err;
}

static struct spool_item *item_of(const char *name)
{
    struct spool_name n = {.count = 1};
    (void)spool_name_get(name, SPOOL_REC, &n);
    struct spool_item *i = spool_item_new(name, n.count);
    if (i != NULL)
        i->octets = n.len;
    return i;
}

// 1 when the file is in hand now, 0 when there is none of this name (any more).
static int take_named(struct ps_spool_reader *r, const char *name, struct spool_item **out)
{
    int fd = spool_open_file(r->s.dir, name, O_RDONLY, 0);
    if (fd == -ELOOP)
        return set_aside(r, name, SPOOL_NO_FILE);
    if (fd < 0)
        return fd == -ENOENT ? 0 : fd;
    struct spool_item *i = flock(fd, LOCK_SH | LOCK_NB) == 0 ? item_of(name) : NULL;
    if (i == NULL) {
        int err = errno;
        close(fd);
        return -err;
    }
    i->fd = fd;
    i->gone = spool_hand_recall(&r->hand, name);
    *out = i;
    return 1;
}

static int take_record(struct ps_spool_reader *r, struct spool_item **out)
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
        got = spool_hand_has(&r->hand, r->cursor) ? 0 : take_named(r, r->cursor, out);
        if (got != 0)
            return got;
    }
    return 0;
}

static int take_one(struct ps_spool_reader *r, struct spool_item **out, bool tombstone)
{
    int got = tombstone ? take_tomb(r, out) : take_record(r, out);
    if (got <= 0)
        return got;
    spool_hand_take(&r->hand, *out);
    return 1;
}

static int end_of_pass(struct ps_spool_reader *r)
{
    rewind_locked(r);
    return sync_removals(r);
}

// Whether what was taken is enough.
static bool is_enough(struct spool_item *const *items, size_t n, size_t max)
{
    size_t records = 0, octets = 0;
    for (size_t i = 0; i < n; i++) {
        records += items[i]->n;
        octets += items[i]->octets;
    }
    return records >= max || octets >= PS_SPOOL_TAKE_OCTETS;
}

// Files that are in hand then, with max records if there are as many, but no more than `files`. Under the spool's lock,
// so that nobody drops what is about to be. 1 when there are some.
static int take(struct ps_spool_reader *r, struct spool_item **out, size_t files, size_t max, size_t *n)
{
    int got = spool_enter(&r->s);
    *n = 0;
    if (got < 0)
        return got;
    got = take_one(r, &out[0], true);
    *n = got > 0;
    while (got >= 0 && *n < files && !is_enough(out, *n, max) && (got = take_one(r, &out[*n], false)) > 0)
        ++*n;
    spool_leave(&r->s);
    if (*n > 0)
        return 1;
    return got == 0 ? end_of_pass(r) : got;
}

static const char *why_damaged(const struct spool_item *i)
{
    struct spool_name n = {0};
    struct stat st;
    (void)spool_name_get(i->name, SPOOL_REC, &n);
    off_t whole = (off_t)(SPOOL_HEAD_LEN + n.len);
    if (fstat(i->fd, &st) == 0 && st.st_size != whole)
        return st.st_size < whole ? "cut off: shorter than its name says" : "longer than its name says";
    return "its octets do not fit its checksum and name";
}

// It could not be read; what is damaged is set aside.
static int reject(struct ps_spool_reader *r, struct spool_item *i, int err)
{
    pthread_mutex_lock(&r->mutex);
    spool_hand_drop(&r->hand, i);
    if (err == PS_EMALFORMED) {
        err = spool_enter(&r->s);
        if (err == 0) {
            err = set_aside(r, i->name, why_damaged(i));
            spool_leave(&r->s);
        }
    }
    pthread_mutex_unlock(&r->mutex);
    spool_item_free(i);
    return err;
}

// Reads them. The first error; those that cannot be read are no longer in hand, and NULL.
static int read_all(struct ps_spool_reader *r, struct spool_item **items, size_t n)
{
    int first = 0;
    for (size_t k = 0; k < n; k++) {
        int err = spool_item_read(items[k]);
        if (err == 0)
            continue;
        err = reject(r, items[k], err);
        items[k] = NULL;
        first = first == 0 ? err : first;
    }
    return first;
}

// With the mutex, which is let go meanwhile.
static int fetch(struct ps_spool_reader *r, size_t max)
{
    struct spool_item *items[PS_SPOOL_TAKE_FILES] = {NULL};
    size_t taken, room = PS_SPOOL_HAND_MAX - r->hand.n, files = PS_SPOOL_HAND_FILES - r->hand.files;
    if (files == 0)
        return PS_ELIMIT;
    files = files < PS_SPOOL_TAKE_FILES ? files : PS_SPOOL_TAKE_FILES;
    int got = take(r, items, files, max < room ? max : room, &taken);
    if (got <= 0)
        return got;
    pthread_mutex_unlock(&r->mutex);
    int err = read_all(r, items, taken);
    pthread_mutex_lock(&r->mutex);
    spool_hand_ready(items, taken);
    return err == 0 ? 1 : err;
}

int ps_spool_next_many(struct ps_spool_reader *r, const struct ps_spool_record **recs, size_t max, size_t *n)
{
    *n = 0;
    pthread_mutex_lock(&r->mutex);
    int got = 1;
    while (got > 0 && *n == 0) {
        got = r->hand.n == PS_SPOOL_HAND_MAX ? PS_ELIMIT : 1;
        spool_hand_give(&r->hand, recs, max, n);
        if (got > 0 && *n == 0)
            got = fetch(r, max);
    }
    if (got < 0)
        spool_hand_give(&r->hand, recs, max, n); // read before the one that could not be
    pthread_mutex_unlock(&r->mutex);
    return *n > 0 ? 1 : got;
}

int ps_spool_next(struct ps_spool_reader *r, const struct ps_spool_record **rec)
{
    size_t n;
    return ps_spool_next_many(r, rec, 1, &n);
}

// --- afterwards

static int remove_item(struct ps_spool *s, const struct spool_item *i)
{
    struct spool_name n;
    int err = spool_change(s);
    if (err != 0)
        return err;
    if (unlinkat(s->dir, i->name, 0) != 0) {
        s->unsure = true;
        return errno == ENOENT ? 0 : -errno;
    }
    const struct ps_spool_record *rec = &i->records[0].rec;
    if (rec->kind == PS_SPOOL_TOMBSTONE)
        s->st.untold -= rec->loss.dropped < s->st.untold ? rec->loss.dropped : s->st.untold;
    else if (spool_name_get(i->name, SPOOL_REC, &n))
        spool_uncount(s, &n);
    return 0;
}

// Under one lock. The first error; the others are removed nevertheless.
static int remove_all(struct ps_spool_reader *r, struct spool_item **items, size_t n)
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
        if (err == 0 && items[k]->records[0].rec.kind == PS_SPOOL_TOMBSTONE)
            r->tomb_passed = false;
    }
    spool_leave(&r->s);
    return first;
}

// Which of the files are to be removed: *n of them, moved to the front. What is not gone of the others comes again.
static void sort_out(struct ps_spool_reader *r, struct spool_item **items, size_t *n, size_t have)
{
    *n = 0;
    for (size_t k = 0; k < have; k++) {
        struct spool_item *i = items[k];
        if (!spool_item_all_gone(i)) {
            spool_hand_remember(&r->hand, i);
            continue;
        }
        items[k] = items[*n];
        items[(*n)++] = i;
    }
}

static int finish(struct ps_spool_reader *r, const struct ps_spool_record *const *recs, size_t n,
                  unsigned sync_after)
{
    struct spool_item *items[PS_SPOOL_HAND_FILES];
    size_t have = 0, known = 0, remove;
    pthread_mutex_lock(&r->mutex);
    for (size_t k = 0; k < n; k++) {
        bool found;
        items[have] = spool_hand_release(&r->hand, recs[k], GONE, &found);
        have += items[have] != NULL;
        known += found;
    }
    sort_out(r, items, &remove, have);
    int err = remove > 0 ? remove_all(r, items, remove) : 0;
    if (known < n)
        err = err != 0 ? err : PS_ESTATE;
    if (err == 0 && r->unsynced >= sync_after)
        err = sync_removals(r);
    pthread_mutex_unlock(&r->mutex);
    for (size_t k = 0; k < have; k++)
        spool_item_free(items[k]);
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
    bool found;
    struct spool_item *i = spool_hand_release(&r->hand, rec, KEPT, &found);
    if (i != NULL && i->gone != 0)
        spool_hand_remember(&r->hand, i);
    pthread_mutex_unlock(&r->mutex);
    spool_item_free(i);
}

void ps_spool_on_damage(struct ps_spool_reader *r, ps_spool_damage_fn *fn, void *ctx)
{
    pthread_mutex_lock(&r->mutex);
    r->on_damage = fn;
    r->ctx = ctx;
    pthread_mutex_unlock(&r->mutex);
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
