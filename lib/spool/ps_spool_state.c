// SPDX-License-Identifier: Apache-2.0
// The lock of a spool, and the counters in the locked file. They are never trusted further than the one
// who wrote them got: a process that was killed leaves `unfinished`, and the next one counts anew.
#include "spool/ps_spool_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/ps_err.h"

#define MAGIC UINT64_C(0x316c6f6f70737370) // "psspool1"

// --- the lock

static int lock_whole(int fd, short type)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET};
    while (fcntl(fd, F_OFD_SETLKW, &l) != 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

static int open_state(struct ps_spool *s)
{
    if (s->lock >= 0)
        close(s->lock);
    s->lock = spool_open_file(s->dir, SPOOL_STATE, O_RDWR, 0);
    if (s->lock == -ENOENT)
        s->lock = spool_create(s, SPOOL_STATE);
    return s->lock < 0 && s->lock != -EEXIST ? s->lock : 0;
}

// A file that was removed meanwhile is locked by nobody else.
static int lock_state(struct ps_spool *s)
{
    struct stat st = {0};
    for (int tries = 0; tries < 100; tries++) {
        int err = s->lock < 0 ? open_state(s) : 0;
        if (err == 0 && s->lock >= 0)
            err = lock_whole(s->lock, F_WRLCK);
        if (err == 0 && s->lock >= 0 && fstat(s->lock, &st) != 0)
            err = -errno;
        if (err != 0 || st.st_nlink > 0)
            return err;
        if (s->lock >= 0)
            close(s->lock);
        s->lock = -1;
    }
    return -EBUSY;
}

// --- the counters

static uint64_t state_crc(const struct spool_state *st)
{
    return spool_crc(0, st, offsetof(struct spool_state, crc));
}

static bool load_state(struct ps_spool *s)
{
    struct spool_state st;
    ssize_t n;
    do
        n = pread(s->lock, &st, sizeof st, 0);
    while (n < 0 && errno == EINTR);
    if (n != sizeof st || st.magic != MAGIC || st.crc != state_crc(&st))
        return false;
    s->st = st;
    return st.unfinished == 0;
}

static int store_state(struct ps_spool *s)
{
    s->st.magic = MAGIC;
    s->st.crc = state_crc(&s->st);
    struct spool_state st = s->st;
    ssize_t n;
    do
        n = pwrite(s->lock, &st, sizeof st, 0);
    while (n < 0 && errno == EINTR);
    return n == sizeof st ? 0 : n < 0 ? -errno : -EIO;
}

// Where the file cannot say so, it must not say anything.
int spool_change(struct ps_spool *s)
{
    if (s->changing)
        return 0;
    s->st.unfinished = 1;
    int err = store_state(s);
    if (err != 0 && ftruncate(s->lock, 0) != 0)
        return err;
    s->changing = true;
    return 0;
}

void spool_leave(struct ps_spool *s)
{
    s->st.unfinished = 0;
    if (s->changing && !s->unsure)
        (void)store_state(s);
    s->changing = s->unsure = false;
    (void)lock_whole(s->lock, F_UNLCK);
}

void spool_uncount(struct ps_spool *s, const struct spool_name *n)
{
    uint64_t octets = SPOOL_HEAD_LEN + (uint64_t)n->len;
    if (s->st.records < n->count || s->st.octets < octets) {
        s->unsure = true;
        return;
    }
    s->st.records -= n->count;
    s->st.octets -= octets;
}

// --- what was left

// An unlocked one has no writer: they are made and locked under the spool's lock.
static int drop_temporary(struct ps_spool *s, const char *name)
{
    int fd = spool_open_file(s->dir, name, O_RDONLY, 0);
    if (fd < 0)
        return 0;
    bool left = flock(fd, LOCK_EX | LOCK_NB) == 0;
    int err = left && unlinkat(s->dir, name, 0) != 0 && errno != ENOENT ? -errno : 0;
    close(fd);
    return err;
}

// ".psspool-tmp-" digits "-" 16 hexadecimal digits
static bool is_temporary(const char *name)
{
    if (strncmp(name, SPOOL_TMP, strlen(SPOOL_TMP)) != 0)
        return false;
    const char *pid = name + strlen(SPOOL_TMP);
    size_t digits = strspn(pid, "0123456789");
    return digits > 0 && pid[digits] == '-' && strspn(pid + digits + 1, "0123456789abcdef") == 16 &&
           strlen(pid + digits + 1) == 16;
}

static int drop_if_temporary(void *arg, const char *name)
{
    return is_temporary(name) ? drop_temporary(arg, name) : 0;
}

static int recover(struct ps_spool *s)
{
    int err = spool_change(s);
    if (err == 0)
        err = spool_tomb_finish(s, &s->st.untold);
    if (err == 0)
        err = spool_each(s, drop_if_temporary, s);
    if (err == 0)
        err = spool_window_fill(s, &s->old, NULL);
    const char *head = spool_window_head(&s->old);
    struct spool_name n = {0};
    s->st.oldest = head != NULL && spool_name_get(head, SPOOL_REC, &n) ? n.time : 0;
    return err;
}

int spool_enter(struct ps_spool *s)
{
    int err = lock_state(s);
    if (err != 0)
        return err;
    if (load_state(s) && s->looked)
        return 0;
    err = recover(s);
    s->looked = err == 0;
    if (err == 0)
        return 0;
    s->unsure = true;
    spool_leave(s);
    return err;
}
