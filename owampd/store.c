// SPDX-License-Identifier: Apache-2.0
#include "owampd/store.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

// More than this is not set aside at once: a client may ask for far more packets than it sends. But
// what could never be kept is refused.
#define RESERVE_MAX (64u << 20)
#define SUFFIX ".owp"
#define NAME_LEN (2 * OW_SID_LEN + sizeof SUFFIX)
// A class path is at most as deep as the tree; 16 levels of 80 octets fit.
#define REL_MAX 2048

struct store {
    char *root; // absolute
    int dir;    // of root
    struct ow_policy *policy;
    struct ps_log *log;
};

static void sid_name(const uint8_t sid[16], char out[NAME_LEN])
{
    ps_num_to_hex(sid, OW_SID_LEN, out);
    memcpy(out + 2 * OW_SID_LEN, SUFFIX, sizeof SUFFIX);
}

static bool name_sid(const char *name, uint8_t sid[16])
{
    char hex[2 * OW_SID_LEN + 1];
    if (strlen(name) != NAME_LEN - 1 || strcmp(name + 2 * OW_SID_LEN, SUFFIX) != 0)
        return false;
    memcpy(hex, name, 2 * OW_SID_LEN);
    hex[2 * OW_SID_LEN] = '\0';
    return ps_num_hex(hex, sid, OW_SID_LEN) == 0;
}

static int make_dirs(int dir, const char *path)
{
    char part[REL_MAX];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return -ENAMETOOLONG;
    for (char *p = strchr(part, '/');; p = strchr(p + 1, '/')) {
        if (p != NULL)
            *p = '\0';
        if (mkdirat(dir, part, 0755) != 0 && errno != EEXIST)
            return -errno;
        if (p == NULL)
            return 0;
        *p = '/';
    }
}

// "hierarchy/root/sub" of a class.
static int class_dir(const struct ow_class *class, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "hierarchy/");
    size_t path = ow_class_path(class, out + n, size - n);
    return path >= size - n ? -ENAMETOOLONG : 0;
}

static bool is_link(const struct store *s, const char *link, const char *target)
{
    char found[PATH_MAX];
    ssize_t n = readlinkat(s->dir, link, found, sizeof found);
    return n > 0 && (size_t)n == strlen(target) && memcmp(found, target, (size_t)n) == 0;
}

static int catalog_link(struct store *s, const char *rel, const char *name)
{
    char target[PATH_MAX], link[NAME_LEN + 16];
    if (snprintf(target, sizeof target, "%s/%s/%s", s->root, rel, name) >= (int)sizeof target)
        return -ENAMETOOLONG;
    snprintf(link, sizeof link, "catalog/%s", name);
    // Making a link costs a hundred times what reading one does, and a busy server keeps many.
    if (is_link(s, link, target))
        return 0;
    if (unlinkat(s->dir, link, 0) != 0 && errno != ENOENT)
        return -errno;
    return symlinkat(target, s->dir, link) == 0 ? 0 : -errno;
}

// Calls each(name) for the entries of a directory but "." and "..".
typedef int (*entry_cb)(struct store *s, const char *rel, int dirfd, const char *name, void *arg);

static int each_entry(struct store *s, const char *rel, entry_cb each, void *arg)
{
    int fd = openat(s->dir, rel, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (d == NULL) {
        int err = -errno;
        if (fd >= 0)
            close(fd);
        return err;
    }
    int err = 0;
    for (struct dirent *e; err == 0 && (e = readdir(d)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            err = each(s, rel, dirfd(d), e->d_name, arg);
    closedir(d);
    return err;
}

// Removes from the catalogue what leads to no session.
static int unlink_stale(struct store *s, const char *rel, int dirfd, const char *name, void *arg)
{
    struct stat st;
    (void)arg;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) &&
        fstatat(dirfd, name, &st, 0) == 0 && S_ISREG(st.st_mode))
        return 0;
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR)
        return -errno;
    ps_log(s->log, PS_LOG_WARN, "store", "%s/%s/%s: left alone: a directory has no place there", s->root, rel,
           name);
    return 0;
}

// Enters what a class directory already holds: catalogue and disk use.
static int adopt_entry(struct store *s, const char *rel, int dirfd, const char *name, void *arg)
{
    const struct ow_class *class = arg;
    uint8_t sid[OW_SID_LEN];
    struct stat st;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (S_ISDIR(st.st_mode))
        return 0; // a subclass's, or not ours: looked at on its own
    if (!S_ISREG(st.st_mode) || !name_sid(name, sid)) {
        ps_log(s->log, PS_LOG_WARN, "store", "%s/%s/%s: left alone: not a session file", s->root, rel, name);
        return 0;
    }
    struct ow_charge charge = {0};
    struct ps_fault why;
    if (ow_policy_charge(s->policy, class, 0, 0, &charge, &why) == 0)
        (void)ow_policy_settle_disk(s->policy, &charge, (uint64_t)st.st_size); // over the limit: so it is
    return catalog_link(s, rel, name);
}

static int warn_stranger(struct store *s, const char *rel, int dirfd, const char *name, void *arg)
{
    const struct ow_class *parent = arg;
    struct stat st;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
        return 0;
    const struct ow_class *c = ow_limits_by_name(ow_policy_limits(s->policy), name);
    if (c == NULL || c->parent != parent)
        ps_log(s->log, PS_LOG_WARN, "store",
               "%s/%s/%s: not served: no class of that name belongs there (see the limits file)", s->root,
               rel, name);
    return 0;
}

static int adopt_class(struct store *s, const struct ow_class *class)
{
    char rel[REL_MAX];
    int err = class_dir(class, rel, sizeof rel);
    if (err == 0)
        err = each_entry(s, rel, adopt_entry, (void *)(uintptr_t) class);
    if (err == 0)
        err = each_entry(s, rel, warn_stranger, (void *)(uintptr_t) class);
    if (err != -ENOTDIR && err != -ELOOP)
        return err == -ENOENT ? 0 : err;
    ps_log(s->log, PS_LOG_WARN, "store", "%s/%s: not a directory: class %s cannot receive", s->root, rel,
           class->name);
    return 0;
}

static int rebuild(struct store *s)
{
    int err = make_dirs(s->dir, "catalog");
    if (err == 0)
        err = make_dirs(s->dir, "hierarchy");
    if (err == 0)
        err = each_entry(s, "catalog", unlink_stale, NULL);
    if (err == 0)
        err = each_entry(s, "hierarchy", warn_stranger, NULL);
    const struct ow_limits *limits = ow_policy_limits(s->policy);
    for (size_t i = 0; err == 0 && i < ow_limits_count(limits); i++)
        err = adopt_class(s, ow_limits_class(limits, i));
    return err;
}

int store_open(struct store **out, const char *datadir, struct ow_policy *policy, struct ps_log *log,
               struct ps_fault *fault)
{
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    s->policy = policy;
    s->log = log;
    s->root = realpath(datadir, NULL);
    s->dir = s->root == NULL ? -1 : open(s->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int err = s->dir < 0 ? -errno : 0;
    // Two servers would count each other's disk and remove each other's links.
    if (err == 0 && flock(s->dir, LOCK_EX | LOCK_NB) != 0) {
        ps_fault_set(fault, datadir, 0, "data directory: %s",
                     errno == EWOULDBLOCK ? "another owampd uses it" : strerror(errno));
        store_free(s);
        return -EBUSY;
    }
    if (err == 0)
        err = rebuild(s);
    if (err != 0) {
        ps_fault_set(fault, datadir, 0, "data directory: %s", ps_strerror(err));
        store_free(s);
        return err;
    }
    *out = s;
    return 0;
}

void store_free(struct store *s)
{
    if (s == NULL)
        return;
    if (s->dir >= 0)
        close(s->dir);
    free(s->root);
    free(s);
}

static int reserve_space(int fd, uint64_t octets)
{
    struct statvfs fs;
    if (octets > RESERVE_MAX) {
        if (fstatvfs(fd, &fs) == 0 && octets / fs.f_frsize >= fs.f_bavail)
            return -ENOSPC;
        octets = RESERVE_MAX;
    }
    if (octets == 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)octets) == 0)
        return 0;
    return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -errno;
}

int store_create(struct store *s, const struct ow_class *class, const uint8_t sid[16], uint64_t reserve,
                 int *fd)
{
    char rel[REL_MAX], name[NAME_LEN], path[REL_MAX + NAME_LEN];
    int err = class_dir(class, rel, sizeof rel);
    if (err == 0)
        err = make_dirs(s->dir, rel);
    if (err != 0)
        return err;
    sid_name(sid, name);
    snprintf(path, sizeof path, "%s/%s", rel, name);
    int f = openat(s->dir, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (f < 0)
        return -errno;
    err = reserve_space(f, reserve);
    if (err == 0)
        err = catalog_link(s, rel, name);
    if (err != 0) {
        close(f);
        unlinkat(s->dir, path, 0);
        return err;
    }
    *fd = f;
    return 0;
}

// The path that the catalogue holds for a session.
static int catalog_target(struct store *s, const uint8_t sid[16], char *out, size_t size)
{
    char name[NAME_LEN], link[NAME_LEN + 16];
    sid_name(sid, name);
    snprintf(link, sizeof link, "catalog/%s", name);
    ssize_t n = readlinkat(s->dir, link, out, size - 1);
    if (n < 0)
        return -errno;
    out[n] = '\0';
    return 0;
}

static void path_class(const char *path, char class_name[OW_CLASS_NAME + 1])
{
    const char *end = strrchr(path, '/');
    const char *begin = end;
    while (begin != NULL && begin > path && begin[-1] != '/')
        begin--;
    int n = end == NULL ? 0 : (int)(end - begin);
    snprintf(class_name, OW_CLASS_NAME + 1, "%.*s", n, begin == NULL ? "" : begin);
}

int store_find(struct store *s, const uint8_t sid[16], int *fd, char class_name[OW_CLASS_NAME + 1])
{
    char target[PATH_MAX];
    int err = catalog_target(s, sid, target, sizeof target);
    if (err != 0)
        return err;
    int f = open(target, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (f < 0)
        return -errno;
    path_class(target, class_name);
    *fd = f;
    return 0;
}

int store_remove(struct store *s, const uint8_t sid[16])
{
    char target[PATH_MAX], name[NAME_LEN], link[NAME_LEN + 16];
    int err = catalog_target(s, sid, target, sizeof target);
    if (err != 0)
        return err == -ENOENT ? 0 : err;
    if (unlink(target) != 0 && errno != ENOENT)
        return -errno;
    sid_name(sid, name);
    snprintf(link, sizeof link, "catalog/%s", name);
    return unlinkat(s->dir, link, 0) == 0 || errno == ENOENT ? 0 : -errno;
}

struct expiry {
    int64_t before;
    bool (*in_use)(void *ctx, const uint8_t sid[16]);
    void *ctx;
    unsigned removed;
};

static int expire_entry(struct store *s, const char *rel, int dirfd, const char *name, void *arg)
{
    struct expiry *x = arg;
    uint8_t sid[OW_SID_LEN];
    struct stat st;
    char target[PATH_MAX];
    struct ow_charge held = {0};
    (void)rel;
    if (!name_sid(name, sid))
        return 0;
    bool dangling = fstatat(dirfd, name, &st, 0) != 0;
    if (!dangling && (st.st_mtime >= x->before || x->in_use(x->ctx, sid)))
        return 0;
    if (catalog_target(s, sid, target, sizeof target) != 0 || store_remove(s, sid) != 0 || dangling)
        return 0;
    path_class(target, held.class_name);
    held.disk = (uint64_t)st.st_size;
    ow_policy_release_disk(s->policy, &held);
    x->removed++;
    return 0;
}

unsigned store_expire(struct store *s, int64_t before, bool (*in_use)(void *ctx, const uint8_t sid[16]),
                      void *ctx)
{
    struct expiry x = {.before = before, .in_use = in_use, .ctx = ctx};
    (void)each_entry(s, "catalog", expire_entry, &x);
    return x.removed;
}
