// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_daemon.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_priv.h"

void ps_daemon_raise_files(unsigned long most)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = most && files.rlim_max > most ? most : files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files); // what there is will do
}

// Who is not root stays who it is.
static int find_ids(const char *user, const char *group, uid_t *uid, gid_t *gid)
{
    int err = 0;

    *uid = geteuid();
    *gid = getegid();
    if (*uid != 0)
        return 0;
    if (user && *user)
        err = ps_priv_user(user, uid, gid);
    return !err && group && *group ? ps_priv_group(group, gid) : err;
}

static void give_folder(const char *dir, const char *user, const char *group)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    uid_t uid;
    gid_t gid;

    if (fd < 0)
        return;
    if (find_ids(user, group, &uid, &gid) == 0 && fchown(fd, uid, gid) != 0)
        (void)rmdir(dir);
    close(fd);
}

bool ps_daemon_make_folder(const char *socket, const char *user, const char *group)
{
    char dir[PATH_MAX];
    char *slash;

    snprintf(dir, sizeof dir, "%s", socket);
    slash = strrchr(dir, '/');
    if (!slash || slash == dir)
        return false;
    *slash = '\0';
    if (mkdir(dir, 0755) != 0)
        return false;
    if (geteuid() == 0)
        give_folder(dir, user, group);
    return true;
}

int ps_daemon_hold(const char *lock, const char *what, const char *program, const char *next, int *fd,
                   struct ps_fault *fault)
{
    pid_t holder;
    int err = ps_priv_lock(lock, fd, &holder); // writes nothing: a full disk is no reason not to start

    if (err == -EAGAIN && holder > 0)
        ps_fault_set(fault, what, 0, "is in use by the %s of process %ld: end that one, or %s", program,
                     (long)holder, next);
    else if (err == -EAGAIN)
        ps_fault_set(fault, what, 0, "is in use by another %s: end that one, or %s", program, next);
    else if (err)
        ps_fault_set(fault, what, 0, "cannot be held (%.200s): %s", lock, ps_strerror(err));
    return err;
}

int ps_daemon_hold_folder(const char *folder, const char *program, int *fd, struct ps_fault *fault)
{
    char lock[PATH_MAX + 8];
    int err = mkdir(folder, 0750) == 0 || errno == EEXIST ? 0 : -errno;

    snprintf(lock, sizeof lock, "%s/lock", folder);
    if (!err)
        return ps_daemon_hold(lock, folder, program, PS_DAEMON_NEXT, fd, fault);
    ps_fault_set(fault, folder, 0, "cannot be made: %s", ps_strerror(err));
    return err;
}

int ps_daemon_check_who(const char *user, const char *group, struct ps_fault *fault)
{
    uid_t uid;
    gid_t gid;
    int err = user[0] ? ps_priv_user(user, &uid, &gid) : 0;

    if (err) {
        ps_fault_set(fault, NULL, 0, "user: there is no '%s' on this host", user);
        return err;
    }
    err = group[0] ? ps_priv_group(group, &gid) : 0;
    if (err)
        ps_fault_set(fault, NULL, 0, "group: there is no '%s' on this host", group);
    return err;
}

int ps_daemon_group(const char *user, const char *group, struct ps_fault *fault)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int err = find_ids(user, group, &uid, &gid);

    if (!err && gid != getegid() && setegid(gid) != 0)
        err = -errno;
    if (err)
        ps_fault_set(fault, NULL, 0, "cannot be of the group of user '%s' group '%s': %s", user ? user : "",
                     group ? group : "", ps_strerror(err));
    return err;
}

int ps_daemon_group_back(void)
{
    return getegid() != getgid() && setegid(getgid()) != 0 ? -errno : 0;
}

int ps_daemon_become(const char *user, const char *group, unsigned keep, struct ps_fault *fault)
{
    uid_t uid;
    gid_t gid;
    int err = find_ids(user, group, &uid, &gid);

    if (!err)
        err = ps_priv_drop(uid, gid, keep);
    if (err)
        ps_fault_set(fault, NULL, 0, "cannot become user '%s' group '%s': %s", user ? user : "",
                     group ? group : "", ps_strerror(err));
    return err;
}
