// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_priv.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

#define RECORD_MAX 65536        // of the user or group database
#define ID_MAX (UINT32_MAX - 1) // the largest stands for "unchanged"

// users and groups

struct record {
    struct passwd pw;
    struct group gr;
    char text[RECORD_MAX];
};

// "-number" gives the number; anything else gives PS_EUNKNOWN: a name.
static int parse_id(const char *text, uint64_t *id)
{
    if (text[0] != '-')
        return text[0] ? PS_EUNKNOWN : PS_ESYNTAX;
    return ps_num_u64(text + 1, 10, 0, ID_MAX, id) ? PS_ESYNTAX : 0;
}

static int user_record(struct record *r, const char *text, const struct passwd **pw)
{
    struct passwd *found = NULL;
    uint64_t id;
    int rc = parse_id(text, &id);

    if (rc == 0)
        getpwuid_r((uid_t)id, &r->pw, r->text, sizeof r->text, &found);
    else if (rc == PS_EUNKNOWN)
        getpwnam_r(text, &r->pw, r->text, sizeof r->text, &found);
    else
        return rc;
    *pw = found;
    return found ? 0 : PS_ENOTFOUND;
}

int ps_priv_user(const char *text, uid_t *uid, gid_t *gid)
{
    struct record *r = malloc(sizeof *r);
    const struct passwd *pw;
    int rc;

    if (!r)
        return -ENOMEM;
    rc = user_record(r, text, &pw);
    if (rc == 0) {
        *uid = pw->pw_uid;
        *gid = pw->pw_gid;
    }
    free(r);
    return rc;
}

const char *ps_priv_name(uid_t uid, char out[PS_PRIV_NAME])
{
    struct record *r = malloc(sizeof *r);
    struct passwd *pw = NULL;

    if (r)
        getpwuid_r(uid, &r->pw, r->text, sizeof r->text, &pw);
    if (pw)
        snprintf(out, PS_PRIV_NAME, "%s", pw->pw_name);
    else
        snprintf(out, PS_PRIV_NAME, "%lu", (unsigned long)uid);
    free(r);
    return out;
}

static int group_record(struct record *r, const char *text, const struct group **gr)
{
    struct group *found = NULL;
    uint64_t id;
    int rc = parse_id(text, &id);

    if (rc == 0)
        getgrgid_r((gid_t)id, &r->gr, r->text, sizeof r->text, &found);
    else if (rc == PS_EUNKNOWN)
        getgrnam_r(text, &r->gr, r->text, sizeof r->text, &found);
    else
        return rc;
    *gr = found;
    return found ? 0 : PS_ENOTFOUND;
}

int ps_priv_group(const char *text, gid_t *gid)
{
    struct record *r = malloc(sizeof *r);
    const struct group *gr;
    int rc;

    if (!r)
        return -ENOMEM;
    rc = group_record(r, text, &gr);
    if (rc == 0)
        *gid = gr->gr_gid;
    free(r);
    return rc;
}

// giving up root

static bool ids_are(uid_t uid, gid_t gid)
{
    uid_t ru, eu, su;
    gid_t rg, eg, sg;

    if (getresuid(&ru, &eu, &su) < 0 || getresgid(&rg, &eg, &sg) < 0)
        return false;
    return ru == uid && eu == uid && su == uid && rg == gid && eg == gid && sg == gid;
}

// The groups that the user has been given; none where the user has no name.
static int set_groups(uid_t uid, gid_t gid)
{
    struct record *r = malloc(sizeof *r);
    struct passwd *pw = NULL;
    int rc;

    if (!r)
        return -ENOMEM;
    getpwuid_r(uid, &r->pw, r->text, sizeof r->text, &pw);
    rc = pw ? initgroups(pw->pw_name, gid) : setgroups(0, NULL);
    rc = rc < 0 ? -errno : 0;
    free(r);
    return rc;
}

static int set_ids(uid_t uid, gid_t gid)
{
    int rc = set_groups(uid, gid);

    if (rc)
        return rc;
    if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        return -errno;
    return ids_are(uid, gid) ? 0 : -EPERM;
}

static int keep_if_held(cap_t held, cap_t wanted, cap_value_t cap)
{
    cap_flag_value_t on = CAP_CLEAR;

    if (cap_get_flag(held, cap, CAP_PERMITTED, &on) < 0)
        return -errno;
    if (on == CAP_CLEAR)
        return 0;
    if (cap_set_flag(wanted, CAP_PERMITTED, 1, &cap, CAP_SET) < 0 ||
        cap_set_flag(wanted, CAP_EFFECTIVE, 1, &cap, CAP_SET) < 0)
        return -errno;
    return 0;
}

static int keep_some(cap_t held, cap_t wanted, unsigned keep)
{
    int rc = 0;

    for (cap_value_t cap = 0; rc == 0 && cap <= CAP_LAST_CAP; cap++)
        if ((cap == CAP_SYS_NICE && (keep & PS_KEEP_NICE)) ||
            (cap == CAP_NET_BIND_SERVICE && (keep & PS_KEEP_BIND)))
            rc = keep_if_held(held, wanted, cap);
    return rc;
}

static int reduce_caps(unsigned keep)
{
    cap_t held = cap_get_proc();
    cap_t wanted = cap_init();
    int rc = held && wanted ? 0 : -ENOMEM;

    if (rc == 0)
        rc = keep_some(held, wanted, keep);
    if (rc == 0 && cap_set_proc(wanted) < 0)
        rc = -errno;
    if (held)
        cap_free(held);
    if (wanted)
        cap_free(wanted);
    return rc;
}

int ps_priv_drop(uid_t uid, gid_t gid, unsigned keep)
{
    int rc = 0;

    if (prctl(PR_SET_KEEPCAPS, keep == PS_KEEP_USUAL ? 0 : 1, 0, 0, 0) < 0)
        return -errno;
    // Groups of a process that is this user already were chosen by whoever started it.
    if (!ids_are(uid, gid))
        rc = set_ids(uid, gid);
    // Root without its capabilities could not even write its own files.
    if (rc == 0 && uid != 0 && keep != PS_KEEP_USUAL)
        rc = reduce_caps(keep);
    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    return rc;
}

// Appends a name without its "cap_"; one that has no room is left out.
static void append_cap(char *out, size_t size, cap_value_t cap)
{
    char *name = cap_to_name(cap);
    size_t used = strlen(out);
    const char *text = name && strncmp(name, "cap_", 4) == 0 ? name + 4 : name;

    if (text && strlen(text) + 2 <= size - used)
        snprintf(out + used, size - used, "%s%s", used ? " " : "", text);
    cap_free(name);
}

const char *ps_priv_caps(char *out, size_t size)
{
    cap_t held = cap_get_proc();
    cap_flag_value_t on;

    out[0] = '\0';
    for (cap_value_t cap = 0; held && cap <= CAP_LAST_CAP; cap++)
        if (cap_get_flag(held, cap, CAP_PERMITTED, &on) == 0 && on == CAP_SET)
            append_cap(out, size, cap);
    if (held)
        cap_free(held);
    return out;
}

int ps_priv_no_new(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

// memory

int ps_priv_lock_memory(void)
{
    struct rlimit most = {RLIM_INFINITY, RLIM_INFINITY};
    struct rlimit now;

    // With a finite limit the first allocation beyond it would fail.
    if (setrlimit(RLIMIT_MEMLOCK, &most) < 0 &&
        (getrlimit(RLIMIT_MEMLOCK, &now) < 0 || now.rlim_cur != RLIM_INFINITY))
        return -EPERM;
    return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0 ? -errno : 0;
}

// daemonising

// A child that died without a word passes on its own exit status.
static int child_status(pid_t child)
{
    int status;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static _Noreturn void wait_for_child(int fd, pid_t child)
{
    uint8_t status;
    ssize_t n;

    do
        n = read(fd, &status, 1);
    while (n < 0 && errno == EINTR);
    _exit(n == 1 ? status : child_status(child));
}

static int detach(void)
{
    int rc = 0;
    int fd;

    if (setsid() < 0 || chdir("/") < 0)
        return -errno;
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (int i = 0; i <= 2 && rc == 0; i++)
        if (fd != i && dup2(fd, i) < 0)
            rc = -errno;
    if (fd > 2)
        close(fd);
    return rc;
}

// Where a standard descriptor is closed, the pipe would get its number and then lose it.
static int fill_standard_fds(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

int ps_priv_daemonise(int *ready_fd)
{
    int rc = fill_standard_fds();
    int fds[2];
    pid_t child;

    if (rc)
        return rc;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    fflush(NULL); // or both processes would write what is buffered
    child = fork();
    if (child < 0) {
        rc = -errno;
        close(fds[0]);
        close(fds[1]);
        return rc;
    }
    if (child > 0) {
        close(fds[1]);
        wait_for_child(fds[0], child);
    }
    close(fds[0]);
    *ready_fd = fds[1];
    return detach();
}

void ps_priv_ready(int ready_fd, int status)
{
    uint8_t octet = (uint8_t)status;
    ssize_t n;

    if (ready_fd < 0)
        return;
    do
        n = write(ready_fd, &octet, 1);
    while (n < 0 && errno == EINTR);
    close(ready_fd);
}

// pid files

// Who holds the lock; 0 in a pid namespace that cannot see it. -ENOENT: nobody any more.
static int lock_holder(int fd, pid_t *holder)
{
    struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_GETLK, &fl) < 0)
        return -errno;
    *holder = fl.l_pid;
    return fl.l_type == F_UNLCK ? -ENOENT : 0;
}

static int lock_file(int fd, pid_t *holder)
{
    struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int rc = -ENOENT;

    // The holder may end between the two questions.
    while (rc == -ENOENT) {
        if (fcntl(fd, F_SETLK, &fl) == 0)
            return 0;
        if (errno != EAGAIN && errno != EACCES)
            return -errno;
        rc = lock_holder(fd, holder);
    }
    return rc ? rc : -EAGAIN;
}

static int write_pid(int fd)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    ssize_t put;

    if (ftruncate(fd, 0) < 0)
        return -errno;
    put = pwrite(fd, text, (size_t)n, 0);
    if (put < 0)
        return -errno;
    return put == n ? 0 : -ENOSPC;
}

int ps_priv_lock(const char *path, int *fd, pid_t *holder)
{
    // Root must not write through a link that the directory's owner put there.
    int f = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    int rc;

    *holder = 0;
    if (f < 0)
        return -errno;
    rc = lock_file(f, holder);
    if (rc)
        close(f);
    else
        *fd = f;
    return rc;
}

int ps_priv_pidfile(const char *path, int *fd, pid_t *holder)
{
    int f, rc = ps_priv_lock(path, &f, holder);

    if (rc)
        return rc;
    rc = write_pid(f);
    if (rc)
        close(f);
    else
        *fd = f;
    return rc;
}
