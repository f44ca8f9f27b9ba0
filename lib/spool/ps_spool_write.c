// SPDX-License-Identifier: Apache-2.0
// Writing: the documents go into temporary files, these to the disk, and then, under the lock, they get
// their names in one go.
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
#include "base/ps_rand.h"

#define GROUP 32                  // files that are written together
#define FULL_TRIES 8              // times that room is made for the same documents
#define SHARED_MAX (64u << 10)    // octets of a document that shares a file
#define TOGETHER_MAX (256u << 10) // octets of the documents in a file
#define PARTS 64                  // files of several take this part of max_bytes at most
#define TMP_NAME_SIZE 48

// --- temporary files

// A file that is to be: of one document or of several.
struct unit {
    struct ps_spool_doc *docs;
    struct spool_name name;
    char tmp[TMP_NAME_SIZE];
    int fd;
};

struct group {
    struct ps_spool *s;
    ps_ns now;
    uint64_t octets; // with headings
    struct unit units[GROUP];
    size_t n;
    size_t made, renamed; // the first ones
};

// How many of the n documents share a file.
static size_t together(const struct ps_spool *s, const struct ps_spool_doc *docs, size_t n)
{
    uint64_t max = TOGETHER_MAX, octets = 0;
    size_t k = 0;
    if (s->conf.max_bytes > 0 && s->conf.max_bytes / PARTS < max)
        max = s->conf.max_bytes / PARTS;
    while (k < n && k < SPOOL_DOCS_MAX && docs[k].len <= SHARED_MAX) {
        octets += SPOOL_LINE_LEN + docs[k].len;
        if (octets > max)
            break;
        k++;
    }
    return k > 1 ? k : 1;
}

static uint64_t octets_of(const struct ps_spool_doc *docs, size_t n)
{
    uint64_t octets = n > 1 ? n * (uint64_t)SPOOL_LINE_LEN : 0;
    for (size_t i = 0; i < n; i++)
        octets += docs[i].len;
    return octets;
}

// As many of the documents as a group has room for, and the spool.
static void group_init(struct group *g, struct ps_spool *s, struct ps_spool_doc *docs, size_t n, ps_ns now)
{
    *g = (struct group){.s = s, .now = now < 0 ? 0 : now};
    while (n > 0 && g->n < GROUP) {
        size_t count = together(s, docs, n);
        uint64_t len = octets_of(docs, count);
        if (g->n > 0 && s->conf.max_bytes > 0 && g->octets + SPOOL_HEAD_LEN + len > s->conf.max_bytes)
            break;
        g->units[g->n++] = (struct unit){
            .docs = docs, .name = {.time = g->now, .len = (uint32_t)len, .count = (uint32_t)count}};
        g->octets += SPOOL_HEAD_LEN + len;
        docs += count;
        n -= count;
    }
}

static int give_identity(struct ps_spool_doc *d)
{
    static const uint8_t none[PS_SPOOL_ID_LEN];
    return memcmp(d->id, none, sizeof none) == 0 ? ps_rand_bytes(d->id, sizeof d->id) : 0;
}

static int make_temporary(struct group *g, struct unit *u)
{
    uint64_t unique;
    int err = ps_rand_bytes(&unique, sizeof unique);
    if (err != 0)
        return err;
    snprintf(u->tmp, TMP_NAME_SIZE, SPOOL_TMP "%ld-%016" PRIx64, (long)getpid(), unique);
    int fd = spool_create(g->s, u->tmp);
    if (fd < 0)
        return fd;
    u->fd = fd;
    g->made++;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno;
}

// Under the spool's lock: whoever has it then knows that an unlocked temporary file is nobody's.
static int make_temporaries(struct group *g)
{
    int err = spool_enter(g->s);
    if (err != 0)
        return err;
    for (size_t i = 0; err == 0 && i < g->n; i++)
        err = make_temporary(g, &g->units[i]);
    spool_leave(g->s);
    return err;
}

static int write_file(const struct unit *u, const void *data)
{
    char head[SPOOL_HEAD_LEN];
    spool_head_make(&u->name, data, head);
    int err = spool_write_all(u->fd, head, sizeof head);
    return err == 0 ? spool_write_all(u->fd, data, u->name.len) : err;
}

static int write_several(const struct unit *u)
{
    char *all = malloc(u->name.len), *to = all;
    if (all == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < u->name.count; i++) {
        const struct ps_spool_doc *d = &u->docs[i];
        spool_line_make(d->id, d->len, to);
        to += SPOOL_LINE_LEN;
        if (d->len > 0)
            memcpy(to, d->data, d->len);
        to += d->len;
    }
    int err = write_file(u, all);
    free(all);
    return err;
}

static int write_temporary(struct unit *u)
{
    int err = 0;
    for (uint32_t i = 0; err == 0 && i < u->name.count; i++)
        err = give_identity(&u->docs[i]);
    if (err != 0)
        return err;
    memcpy(u->name.id, u->docs[0].id, sizeof u->name.id);
    return u->name.count > 1 ? write_several(u) : write_file(u, u->docs[0].data);
}

// All are on their way to the disk before the first is waited for.
static int write_temporaries(struct group *g)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < g->n; i++)
        err = write_temporary(&g->units[i]);
    for (size_t i = 0; err == 0 && g->n > 1 && i < g->n; i++)
        (void)sync_file_range(g->units[i].fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    for (size_t i = 0; err == 0 && i < g->n; i++)
        err = spool_fsync(g->units[i].fd);
    return err;
}

// Removes those that have not become records.
static void group_fini(struct group *g)
{
    for (size_t i = 0; i < g->made; i++) {
        if (i >= g->renamed)
            unlinkat(g->s->dir, g->units[i].tmp, 0);
        close(g->units[i].fd);
    }
}

// --- records

static int rename_all(struct group *g)
{
    struct ps_spool *s = g->s;
    char name[SPOOL_NAME_SIZE];
    for (; g->renamed < g->n; g->renamed++) {
        struct unit *u = &g->units[g->renamed];
        struct spool_name *n = &u->name;
        n->seq = s->st.next_seq++;
        spool_name_put(n, SPOOL_REC, name);
        // A record is nobody's; as long as we have the spool's lock, so may be a temporary file.
        if (flock(u->fd, LOCK_UN) != 0 || renameat(s->dir, u->tmp, s->dir, name) != 0)
            return -errno;
        if (s->st.records == 0)
            s->st.oldest = n->time;
        s->st.records += n->count;
        s->st.octets += SPOOL_HEAD_LEN + (uint64_t)n->len;
    }
    return 0;
}

static int publish(struct group *g)
{
    struct ps_spool *s = g->s;
    int err = spool_enter(s);
    if (err != 0)
        return err;
    err = spool_drop(s, g->octets, 0, g->now);
    if (err == 0)
        err = spool_change(s);
    if (err == 0)
        err = rename_all(g);
    spool_leave(s);
    int sync = g->renamed > 0 ? spool_fsync(s->dir) : 0;
    return err == 0 ? sync : err;
}

static int write_group(struct group *g, size_t *put)
{
    int err = make_temporaries(g);
    if (err == 0)
        err = write_temporaries(g);
    if (err == 0)
        err = publish(g);
    group_fini(g);
    *put = 0;
    for (size_t i = 0; i < g->renamed; i++)
        *put += g->units[i].name.count;
    return err;
}

// Applies the bounds, or makes room on a full disk.
static int drop_only(struct ps_spool *s, uint64_t room, ps_ns now)
{
    uint64_t before = s->dropped;
    int err = spool_enter(s);
    if (err != 0)
        return err;
    err = spool_drop(s, 0, room, now);
    spool_leave(s);
    return err == 0 && room > 0 && s->dropped == before ? -ENOSPC : err;
}

static bool is_full(int err)
{
    return err == -ENOSPC || err == -EDQUOT;
}

static int check_sizes(const struct ps_spool *s, const struct ps_spool_doc *docs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (docs[i].len > PS_SPOOL_DOC_MAX ||
            (s->conf.max_bytes > 0 && SPOOL_HEAD_LEN + (uint64_t)docs[i].len > s->conf.max_bytes))
            return PS_ELIMIT;
    return 0;
}

static int write_all(struct ps_spool *s, struct ps_spool_doc *docs, size_t n, ps_ns now, size_t *done)
{
    int err = 0;
    for (unsigned tries = 0; err == 0 && *done < n;) {
        struct group g;
        size_t put;
        group_init(&g, s, docs + *done, n - *done, now);
        err = write_group(&g, &put);
        *done += put;
        tries = put > 0 ? 0 : tries + 1;
        if (is_full(err) && s->conf.drop_when_full && tries <= FULL_TRIES) {
            int full = err;
            err = drop_only(s, g.octets + g.n * 4096, now);
            if (is_full(err))
                err = full;
        }
    }
    return err;
}

int ps_spool_write(struct ps_spool *s, struct ps_spool_doc *docs, size_t n, ps_ns now, size_t *written)
{
    size_t done = 0;
    int err = check_sizes(s, docs, n);
    if (err == 0)
        err = n == 0 ? drop_only(s, 0, now) : write_all(s, docs, n, now, &done);
    if (written != NULL)
        *written = done;
    return err;
}

// --- the handle

int ps_spool_open(struct ps_spool **out, const char *dir, const struct ps_spool_conf *conf, ps_ns now,
                  struct ps_fault *fault)
{
    struct ps_spool *s = malloc(sizeof *s);
    if (s == NULL) {
        ps_fault_set(fault, dir, 0, "spool directory: %s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    int err = spool_open(s, dir, conf, fault);
    if (err != 0) {
        ps_spool_close(s);
        return err;
    }
    (void)drop_only(s, 0, now); // what does not succeed, the next write does or tells
    *out = s;
    return 0;
}

void ps_spool_close(struct ps_spool *s)
{
    if (s == NULL)
        return;
    spool_close(s);
    free(s);
}

int ps_spool_stat(struct ps_spool *s, struct ps_spool_stat *st)
{
    int err = spool_enter(s);
    if (err != 0)
        return err;
    err = spool_find_oldest(s, &st->oldest);
    st->records = s->st.records;
    st->octets = s->st.octets;
    st->untold = s->st.untold;
    st->dropped = s->dropped;
    st->bad = s->st.bad;
    spool_leave(s);
    return err;
}

uint64_t ps_spool_dropped(const struct ps_spool *s)
{
    return s->dropped;
}
