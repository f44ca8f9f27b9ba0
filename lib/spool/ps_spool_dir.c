// SPDX-License-Identifier: Apache-2.0
// The directory: opening it, looking through it.
#include "spool/ps_spool_impl.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_rand.h"

#define WINDOW 1024 // names that are remembered

// --- opening

static void sync_parent(int dir)
{
    int fd = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)spool_fsync(fd);
    close(fd);
}

static int open_dir(struct ps_spool *s, const char *dir)
{
    struct stat st;
    bool made = mkdir(dir, 0750) == 0;
    if (!made && errno != EEXIST)
        return -errno;
    s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir < 0 || fstat(s->dir, &st) != 0)
        return -errno;
    s->open_to_group = (st.st_mode & S_IWGRP) != 0;
    if (made)
        sync_parent(s->dir);
    return faccessat(s->dir, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0 ? 0 : -errno;
}

static int first_look(struct ps_spool *s)
{
    int err = spool_enter(s);
    if (err != 0)
        return err;
    spool_room_make(s);
    spool_leave(s);
    return 0;
}

int spool_open(struct ps_spool *s, const char *dir, const struct ps_spool_conf *conf, struct ps_fault *fault)
{
    *s = (struct ps_spool){.dir = -1, .lock = -1, .conf = *conf};
    int err = open_dir(s, dir);
    if (err != 0) {
        ps_fault_set(fault, dir, 0, "spool directory: %s", ps_strerror(err));
        return err;
    }
    err = first_look(s);
    if (err == -ELOOP)
        ps_fault_set(fault, dir, 0, "spool directory: %s in it is not a regular file of its own",
                     SPOOL_STATE);
    else if (err != 0)
        ps_fault_set(fault, dir, 0, "spool directory: cannot be used: %s", ps_strerror(err));
    return err;
}

void spool_close(struct ps_spool *s)
{
    spool_window_fini(&s->old);
    if (s->lock >= 0)
        close(s->lock);
    if (s->dir >= 0)
        close(s->dir);
}

int spool_create(const struct ps_spool *s, const char *name)
{
    int fd = spool_open_file(s->dir, name, O_RDWR | O_CREAT | O_EXCL, 0640);
    if (fd < 0 || !s->open_to_group || fchmod(fd, 0660) == 0)
        return fd;
    int err = -errno;
    close(fd);
    unlinkat(s->dir, name, 0);
    return err;
}

// --- looking through it

int spool_each(const struct ps_spool *s, int (*each)(void *arg, const char *name), void *arg)
{
    int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    int err = d == NULL ? -errno : 0;
    if (d == NULL && fd >= 0)
        close(fd);
    while (d != NULL && err == 0) {
        errno = 0;
        struct dirent *e = readdir(d);
        if (e == NULL) {
            err = -errno;
            break;
        }
        err = each(arg, e->d_name);
    }
    if (d != NULL)
        closedir(d);
    return err;
}

struct look {
    const char *suffix, *after;
    char (*names)[SPOOL_NAME_SIZE]; // 2 * WINDOW of them: sorted and cut when full
    size_t n;
    uint64_t records, octets, bad, next_seq;
};

static int compare_names(const void *a, const void *b)
{
    return memcmp(a, b, SPOOL_NAME_SIZE);
}

static void cut_names(struct look *l)
{
    qsort(l->names, l->n, sizeof *l->names, compare_names);
    l->n = l->n > WINDOW ? WINDOW : l->n;
}

static int look_at(void *arg, const char *name)
{
    struct look *l = arg;
    struct spool_name n;
    bool record = spool_name_get(name, SPOOL_REC, &n), bad = !record && spool_name_get(name, SPOOL_BAD, &n);
    if (!record && !bad)
        return 0;
    l->records += record ? n.count : 0;
    l->octets += record ? SPOOL_HEAD_LEN + (uint64_t)n.len : 0;
    l->bad += bad;
    l->next_seq = n.seq >= l->next_seq && n.seq < UINT64_MAX ? n.seq + 1 : l->next_seq;
    if (strcmp(name + SPOOL_NAME_SIZE - 5, l->suffix) != 0 || strcmp(name, l->after) <= 0)
        return 0;
    if (l->n == 2 * WINDOW)
        cut_names(l);
    memcpy(l->names[l->n++], name, SPOOL_NAME_SIZE);
    return 0;
}

static int look_through(struct ps_spool *s, struct look *l)
{
    l->names = malloc(2 * WINDOW * sizeof *l->names);
    if (l->names == NULL)
        return -ENOMEM;
    int err = spool_each(s, look_at, l);
    if (err == 0)
        cut_names(l);
    return err;
}

int spool_window_fill(struct ps_spool *s, struct spool_window *w, const char *after)
{
    struct look l = {.suffix = SPOOL_REC, .after = after == NULL ? "" : after, .next_seq = s->st.next_seq};
    spool_window_fini(w);
    int err = look_through(s, &l);
    if (err != 0) {
        free(l.names);
        return err;
    }
    w->names = l.names;
    w->n = l.n;
    s->st.records = l.records;
    s->st.octets = l.octets;
    s->st.bad = l.bad;
    s->st.next_seq = l.next_seq;
    return 0;
}

const char *spool_window_head(const struct spool_window *w)
{
    return w->at < w->n ? w->names[w->at] : NULL;
}

int spool_find_oldest(struct ps_spool *s, ps_ns *time)
{
    struct spool_name n = {0};
    int err = 0;
    for (bool fetched = false; err == 0 && s->st.records > 0;) {
        const char *name = spool_window_head(&s->old);
        if (name == NULL && fetched)
            break;
        if (name == NULL) {
            err = spool_window_fill(s, &s->old, NULL);
            fetched = true;
        } else if (faccessat(s->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
            (void)spool_name_get(name, SPOOL_REC, &n);
            break;
        } else {
            s->old.at++;
        }
    }
    *time = n.time;
    return err;
}

void spool_window_fini(struct spool_window *w)
{
    free(w->names);
    *w = (struct spool_window){0};
}

// --- what is damaged

static void reason_name(const char *bad, char out[SPOOL_NAME_SIZE + sizeof SPOOL_REASON])
{
    int stem = (int)(strlen(bad) - strlen(SPOOL_BAD));
    snprintf(out, SPOOL_NAME_SIZE + sizeof SPOOL_REASON, "%.*s%s", stem, bad, SPOOL_REASON);
}

static void write_reason(const struct ps_spool *s, const char *bad, const char *why)
{
    char name[SPOOL_NAME_SIZE + sizeof SPOOL_REASON], line[200];
    reason_name(bad, name);
    int n = snprintf(line, sizeof line, "%s\n", why);
    int fd = spool_create(s, name);
    if (fd < 0)
        return;
    (void)spool_write_all(fd, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
    close(fd);
}

static int remove_bad(const struct ps_spool *s, const char *bad)
{
    char name[SPOOL_NAME_SIZE + sizeof SPOOL_REASON];
    reason_name(bad, name);
    (void)unlinkat(s->dir, name, 0);
    return unlinkat(s->dir, bad, 0);
}

static void prune_bad(struct ps_spool *s)
{
    struct look l = {.suffix = SPOOL_BAD, .after = ""};
    if (look_through(s, &l) == 0) {
        s->st.bad = l.bad;
        for (size_t i = 0; i < l.n && s->st.bad > PS_SPOOL_BAD_MAX; i++)
            if (remove_bad(s, l.names[i]) == 0)
                s->st.bad--;
    }
    free(l.names);
}

// A tombstone gets a name as a record would have.
static int bad_name(struct ps_spool *s, const char *name, char out[SPOOL_NAME_SIZE])
{
    struct spool_name n = {.seq = s->st.next_seq, .count = 1};
    if (!spool_name_get(name, SPOOL_REC, &n)) {
        n = (struct spool_name){.seq = s->st.next_seq++, .count = 1};
        s->unsure = true; // what it counted is not known
        int err = ps_rand_bytes(n.id, sizeof n.id);
        if (err != 0)
            return err;
    } else {
        spool_uncount(s, &n);
    }
    spool_name_put(&n, SPOOL_BAD, out);
    return 0;
}

int spool_set_aside(struct ps_spool *s, const char *name, const char *why)
{
    char bad[SPOOL_NAME_SIZE];
    int err = spool_change(s);
    if (err == 0)
        err = bad_name(s, name, bad);
    if (err == 0 && renameat(s->dir, name, s->dir, bad) != 0)
        err = -errno;
    if (err != 0) {
        s->unsure = true;
        return err == -ENOENT ? 0 : err;
    }
    memcpy(s->aside, bad, sizeof s->aside);
    write_reason(s, bad, why);
    if (++s->st.bad > PS_SPOOL_BAD_MAX)
        prune_bad(s);
    return 0;
}
