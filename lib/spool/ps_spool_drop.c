// SPDX-License-Identifier: Apache-2.0
// Dropping the oldest records. The tombstone that counts them is on the disk before the first is removed,
// and it names them: whoever finds it after a crash removes the rest. As it takes the place of the
// tombstone before with one rename, every record is at any moment either there or counted, never both
// once the lock was taken again.
#include "spool/ps_spool_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_rand.h"

#define BLOCK 4096u // what a small file takes of a disk
#define FIELD 21    // 20 digits and a blank or newline
#define COUNTS_LEN (6 * FIELD)
#define ENTRY SPOOL_NAME_SIZE // a name and its newline
#define TOMB_MAX (SPOOL_HEAD_LEN + COUNTS_LEN + SPOOL_DROP_MAX * ENTRY)

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

// --- a tombstone's document: a line of six numbers, then names

static void put_counts(const struct ps_spool_loss *l, char out[COUNTS_LEN + 1])
{
    snprintf(out, COUNTS_LEN + 1,
             "%020" PRIu64 " %020" PRIu64 " %020" PRIu64 " %020" PRIu64 " %020" PRId64 " %020" PRId64 "\n",
             l->for_size, l->for_age, l->for_room, l->octets, l->from, l->to);
}

static bool get_counts(const char *text, struct ps_spool_loss *l)
{
    uint64_t v[6];
    for (int i = 0; i < 6; i++) {
        char field[FIELD];
        snprintf(field, sizeof field, "%.20s", text + i * FIELD);
        if (ps_num_u64(field, 10, 0, INT64_MAX, &v[i]) != 0)
            return false;
    }
    *l = (struct ps_spool_loss){v[0] + v[1] + v[2], v[0], v[1], v[2], v[3], (ps_ns)v[4], (ps_ns)v[5]};
    return true;
}

static int get_names(const char *text, struct spool_tomb *t)
{
    struct spool_name n;
    t->names = calloc(t->n + 1, sizeof *t->names);
    if (t->names == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < t->n; i++) {
        memcpy(t->names[i], text + i * ENTRY, ENTRY - 1);
        if (!spool_name_get(t->names[i], SPOOL_REC, &n))
            return PS_EMALFORMED;
    }
    return 0;
}

static int parse_tomb(const uint8_t *file, struct spool_tomb *t)
{
    const char *text = (const char *)file + SPOOL_HEAD_LEN;
    if (t->head.len < COUNTS_LEN || (t->head.len - COUNTS_LEN) % ENTRY != 0)
        return PS_EMALFORMED;
    t->n = (t->head.len - COUNTS_LEN) / ENTRY;
    return get_counts(text, &t->loss) ? get_names(text + COUNTS_LEN, t) : PS_EMALFORMED;
}

void spool_tomb_fini(struct spool_tomb *t)
{
    free(t->names);
    *t = (struct spool_tomb){0};
}

int spool_tomb_load(struct ps_spool *s, const char *file, struct spool_tomb *t)
{
    uint8_t *data = NULL;
    *t = (struct spool_tomb){0};
    int fd = spool_open_file(s->dir, file, O_RDONLY, 0);
    if (fd == -ENOENT)
        return 0;
    int err = fd < 0 ? fd : spool_load(fd, NULL, &t->head, &data);
    if (fd >= 0)
        close(fd);
    if (err == 0)
        err = parse_tomb(data, t);
    free(data);
    if (err == 0)
        return 1;
    spool_tomb_fini(t);
    return err == PS_EMALFORMED || err == -ELOOP ? spool_set_aside(s, file, "a tombstone that cannot be read")
                                                 : err;
}

// --- finishing

static int remove_listed(struct ps_spool *s, const struct spool_tomb *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (unlinkat(s->dir, t->names[i], 0) != 0 && errno != ENOENT)
            return -errno;
    return 0;
}

static int finish_one(struct ps_spool *s, const char *file, uint64_t *untold)
{
    struct spool_tomb t;
    int err = spool_tomb_load(s, file, &t);
    if (err <= 0)
        return err;
    err = remove_listed(s, &t);
    *untold += t.loss.dropped;
    spool_tomb_fini(&t);
    return err;
}

int spool_tomb_finish(struct ps_spool *s, uint64_t *untold)
{
    *untold = 0;
    int err = finish_one(s, SPOOL_GIVEN, untold);
    return err == 0 ? finish_one(s, SPOOL_TOMB, untold) : err;
}

// --- writing

// The file that is renamed to the tombstone has its room on the disk beforehand.
static int open_room(const struct ps_spool *s)
{
    int fd = spool_open_file(s->dir, SPOOL_ROOM, O_RDWR, 0);
    return fd == -ENOENT ? spool_create(s, SPOOL_ROOM) : fd;
}

void spool_room_make(const struct ps_spool *s)
{
    static const char zeros[BLOCK];
    struct stat st;
    int fd = open_room(s);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.st_size < (off_t)TOMB_MAX)
        for (size_t done = 0; done < TOMB_MAX; done += sizeof zeros)
            if (spool_write_all(fd, zeros, sizeof zeros) != 0)
                break;
    close(fd);
}

static int write_room(struct ps_spool *s, const char *file, size_t len)
{
    int fd = open_room(s);
    if (fd < 0)
        return fd;
    int err = spool_write_all(fd, file, len);
    if (err == 0 && ftruncate(fd, (off_t)len) != 0)
        err = -errno;
    if (err == 0)
        err = spool_fsync(fd);
    close(fd);
    return err;
}

static int write_tomb(struct ps_spool *s, struct spool_tomb *t)
{
    char counts[COUNTS_LEN + 1];
    char *file = malloc(TOMB_MAX), *text = file == NULL ? NULL : file + SPOOL_HEAD_LEN;
    if (file == NULL)
        return -ENOMEM;
    put_counts(&t->loss, counts);
    memcpy(text, counts, COUNTS_LEN);
    for (size_t i = 0; i < t->n; i++) {
        memcpy(text + COUNTS_LEN + i * ENTRY, t->names[i], ENTRY - 1);
        text[COUNTS_LEN + (i + 1) * ENTRY - 1] = '\n';
    }
    t->head.len = (uint32_t)(COUNTS_LEN + t->n * ENTRY);
    spool_head_make(&t->head, text, file);
    int err = write_room(s, file, SPOOL_HEAD_LEN + (size_t)t->head.len);
    free(file);
    return err;
}

static void add_loss(struct ps_spool_loss *l, const struct ps_spool_loss *more)
{
    if (l->dropped == 0 || more->from < l->from)
        l->from = more->from;
    if (l->dropped == 0 || more->to > l->to)
        l->to = more->to;
    l->dropped += more->dropped;
    l->for_size += more->for_size;
    l->for_age += more->for_age;
    l->for_room += more->for_room;
    l->octets += more->octets;
}

// What the tombstone that waits counts is counted by the new one.
static int take_over(struct ps_spool *s, struct spool_tomb *t)
{
    struct spool_tomb before;
    int err = spool_tomb_load(s, SPOOL_TOMB, &before);
    if (err > 0)
        add_loss(&t->loss, &before.loss);
    spool_tomb_fini(&before);
    return err < 0 ? err : 0;
}

static int write_next(struct ps_spool *s, struct spool_tomb *t)
{
    int err = take_over(s, t);
    if (err == 0)
        err = ps_rand_bytes(t->head.id, sizeof t->head.id);
    if (err == 0)
        err = write_tomb(s, t);
    if (err == 0 && renameat(s->dir, SPOOL_ROOM, s->dir, SPOOL_TOMB) != 0)
        err = -errno;
    return err;
}

// Should this end between the rename and the last removal, the lock's next owner goes on here.
static int bury(struct ps_spool *s, struct spool_tomb *t)
{
    struct ps_spool_loss loss = t->loss;
    int err = spool_change(s);
    if (err == 0)
        err = write_next(s, t);
    if (err != 0)
        return err;
    err = spool_fsync(s->dir);
    if (err == 0)
        err = remove_listed(s, t);
    s->unsure = s->unsure || err != 0 || s->st.records < loss.dropped || s->st.octets < loss.octets;
    s->st.records = less(s->st.records, loss.dropped);
    s->st.octets = less(s->st.octets, loss.octets);
    s->st.untold += loss.dropped;
    s->dropped += loss.dropped;
    spool_room_make(s);
    return err;
}

// --- choosing

struct want {
    ps_ns before;        // older ones go
    uint64_t size, room; // octets that must go yet
};

static uint64_t on_disk(const struct spool_name *n)
{
    return (SPOOL_HEAD_LEN + (uint64_t)n->len + BLOCK - 1) / BLOCK * BLOCK;
}

static bool wanted(const struct want *w, const struct spool_name *n)
{
    return n->time < w->before || w->size > 0 || w->room > 0;
}

static void choose(struct want *w, const struct spool_name *n, struct ps_spool_loss *l)
{
    uint64_t octets = SPOOL_HEAD_LEN + (uint64_t)n->len;
    struct ps_spool_loss one = {.dropped = n->count, .octets = octets, .from = n->time, .to = n->time};
    bool for_age = n->time < w->before, for_size = !for_age && w->size > 0;
    one.for_age = for_age ? n->count : 0;
    one.for_size = for_size ? n->count : 0;
    one.for_room = for_age || for_size ? 0 : n->count;
    add_loss(l, &one);
    w->size = less(w->size, octets);
    w->room = less(w->room, on_disk(n));
}

// 1 when nobody has the record in hand; it cannot be taken while we have the lock.
static int is_free(struct ps_spool *s, const char *name)
{
    int fd = spool_open_file(s->dir, name, O_RDONLY, 0);
    if (fd == -ELOOP)
        return spool_set_aside(s, name, SPOOL_NO_FILE);
    if (fd < 0) // what cannot be read can be dropped
        return fd == -ENOENT ? 0 : fd == -EACCES ? 1 : fd;
    int is = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 1 : errno == EWOULDBLOCK ? 0 : -errno;
    close(fd);
    return is;
}

// A batch of the oldest that are wanted and free. Names are fetched only while there are none in the batch:
// these are still in the directory.
static int gather(struct ps_spool *s, struct want *w, struct spool_tomb *t)
{
    bool fetched = false;
    while (t->n < SPOOL_DROP_MAX) {
        const char *name = spool_window_head(&s->old);
        struct spool_name n = {0};
        if (name == NULL && (t->n > 0 || fetched))
            return 0;
        if (name == NULL) {
            int err = spool_window_fill(s, &s->old, NULL);
            if (err != 0)
                return err;
            fetched = true;
            continue;
        }
        (void)spool_name_get(name, SPOOL_REC, &n);
        if (!wanted(w, &n)) {
            s->st.oldest = n.time;
            return 0;
        }
        int is = is_free(s, name);
        if (is < 0)
            return is;
        if (is > 0) {
            memcpy(t->names[t->n++], name, SPOOL_NAME_SIZE);
            choose(w, &n, &t->loss);
        }
        s->old.at++;
    }
    return 0;
}

static int drop_batches(struct ps_spool *s, struct want *w, ps_ns now)
{
    int err = 0;
    for (size_t n = 1; err == 0 && n > 0;) {
        struct spool_tomb t = {.head = {.time = now < 0 ? 0 : now, .count = 1}};
        t.names = calloc(SPOOL_DROP_MAX, sizeof *t.names);
        err = t.names == NULL ? -ENOMEM : gather(s, w, &t);
        n = t.n;
        if (err == 0 && n > 0)
            err = bury(s, &t);
        if (err != 0) // what was passed over is still there
            spool_window_fini(&s->old);
        spool_tomb_fini(&t);
    }
    return err;
}

int spool_drop(struct ps_spool *s, uint64_t need, uint64_t room, ps_ns now)
{
    const struct ps_spool_conf *c = &s->conf;
    struct want w = {.before = c->max_age > 0 ? now - c->max_age : INT64_MIN, .room = room};
    if (c->max_bytes > 0)
        w.size = less(s->st.octets + need, c->max_bytes);
    if (w.size == 0 && room == 0 && (s->st.records == 0 || s->st.oldest >= w.before))
        return 0;
    return drop_batches(s, &w, now);
}
