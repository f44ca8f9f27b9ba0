// SPDX-License-Identifier: Apache-2.0
// A database from a backup, in the place of what is there.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "db/ps_db.h"

#define OLD_MAX 1000

// SQLite holds locks on a database that is in use.
static bool in_use(const char *path)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool used = fcntl(fd, F_SETLK, &l) != 0 && (errno == EAGAIN || errno == EACCES);
    close(fd);
    return used;
}

static int check_place(const char *to, bool replace, struct ps_fault *fault)
{
    if (access(to, F_OK) != 0)
        return 0;
    if (!replace) {
        ps_fault_set(fault, to, 0, "there is one already");
        return PS_EDUPLICATE;
    }
    if (in_use(to)) {
        ps_fault_set(fault, to, 0, "in use by another process: end that first");
        return -EBUSY;
    }
    return 0;
}

static int name(char out[PATH_MAX], const char *path, const char *middle, const char *end)
{
    int n = snprintf(out, PATH_MAX, "%s%s%s", path, middle, end);
    return n > 0 && n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

// The first of .old, .old.2, ... of which nothing is there.
static int find_old(const char *path, char end[16])
{
    char to[PATH_MAX];
    struct stat st;
    for (int i = 1; i <= OLD_MAX; i++) {
        snprintf(end, 16, i == 1 ? ".old" : ".old.%d", i);
        if (name(to, path, end, "") != 0)
            return -ENAMETOOLONG;
        if (lstat(to, &st) != 0)
            return errno == ENOENT ? 0 : -errno;
    }
    return -EEXIST;
}

static int move_away(const char *path)
{
    static const char *const parts[] = {"-wal", "-shm", ""};
    char from[PATH_MAX], to[PATH_MAX], end[16];
    int err = find_old(path, end);
    for (size_t i = 0; err == 0 && i < sizeof parts / sizeof *parts; i++) {
        if (name(from, path, "", parts[i]) != 0 || name(to, path, end, parts[i]) != 0)
            return -ENAMETOOLONG;
        if (rename(from, to) != 0 && errno != ENOENT)
            err = -errno;
    }
    return err;
}

// As the one whose place it takes, so that who served that can serve it.
static int take_after(const char *fresh, const char *old)
{
    struct stat st;
    if (stat(old, &st) != 0)
        return chmod(fresh, 0640) != 0 ? -errno : 0;
    if (chown(fresh, st.st_uid, st.st_gid) != 0 || chmod(fresh, st.st_mode & 0777) != 0)
        return -errno;
    return 0;
}

static int put_in_place(const char *fresh, const char *to, struct ps_fault *fault)
{
    int err = take_after(fresh, to);
    if (err == 0)
        err = move_away(to);
    if (err == 0 && rename(fresh, to) != 0)
        err = -errno;
    if (err != 0) {
        (void)unlink(fresh);
        ps_fault_set(fault, to, 0, "%s", ps_strerror(err));
    }
    return err;
}

// The copy is complete and durable before anything is moved.
static int check_version(struct ps_db *db, const char *from, int newest, struct ps_fault *fault)
{
    int64_t version = 0;
    const int err = ps_db_number(db, "PRAGMA user_version", &version);
    if (err != 0)
        ps_db_say(db, err, fault);
    else if (version > newest)
        ps_fault_set(fault, from, 0, "version %d of the database is newer than this program: update it",
                     (int)version);
    else
        return 0;
    return err != 0 ? err : PS_EVERSION;
}

int ps_db_restore(const char *from, const char *to, uint32_t application, int newest, bool replace,
                  bool (*progress)(void *ctx, int left, int total), void *ctx, struct ps_fault *fault)
{
    const struct ps_db_conf conf = {.read_only = true, .application = application};
    char fresh[PATH_MAX];
    struct ps_db *db;
    int err = check_place(to, replace, fault);
    if (err == 0 && name(fresh, to, ".new", "") != 0) {
        ps_fault_set(fault, to, 0, "%s", ps_strerror(-ENAMETOOLONG));
        err = -ENAMETOOLONG;
    }
    if (err == 0)
        err = ps_db_open(&db, from, &conf, fault);
    if (err != 0)
        return err;
    err = ps_db_check(db, fault);
    if (err == 0)
        err = check_version(db, from, newest, fault);
    if (err == 0)
        err = ps_db_backup(db, fresh, progress, ctx, fault);
    ps_db_close(db);
    return err == 0 ? put_in_place(fresh, to, fault) : err;
}
