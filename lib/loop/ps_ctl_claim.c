// SPDX-License-Identifier: Apache-2.0
// How a daemon comes by the path of a Unix socket that it listens on.
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_ctl_impl.h"

#define BACKLOG 64
#define LOCK_TRIES 50
#define LOCK_WAIT_US 20000

int ps_ctl_address(const char *path, struct sockaddr_un *sa, struct ps_fault *fault)
{
    size_t n = strlen(path);

    if (n == 0 || n >= sizeof sa->sun_path) {
        if (n == 0)
            ps_fault_set(fault, NULL, 0, "the path of the socket is empty");
        else
            ps_fault_set(fault, path, 0, "a socket's path has at most %zu octets; this one has %zu",
                         sizeof sa->sun_path - 1, n);
        return n == 0 ? -EINVAL : -ENAMETOOLONG;
    }
    memset(sa, 0, sizeof *sa);
    sa->sun_family = AF_UNIX;
    memcpy(sa->sun_path, path, n);
    return 0;
}

static int fail(const char *path, int err, const char *what, struct ps_fault *fault)
{
    ps_fault_set(fault, path, 0, "%s%s", what, ps_strerror(err));
    return err;
}

// Two daemons that start at once must not both find the same socket dead and then remove each other's.
// A lock on the directory needs no file of its own. Where it cannot be had we go on without.
static int lock_directory(const char *path)
{
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    free(copy);
    for (int i = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && i < LOCK_TRIES; i++)
        usleep(LOCK_WAIT_US);
    return fd;
}

static int unix_socket(int flags)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

    return fd < 0 ? -errno : fd;
}

// Whether somebody listens: 0 for nobody, -EADDRINUSE, or the reason why that cannot be known.
static int probe(const struct sockaddr_un *sa)
{
    int fd = unix_socket(SOCK_NONBLOCK);
    int err;

    if (fd < 0)
        return fd;
    err = connect(fd, (const struct sockaddr *)sa, sizeof *sa) < 0 ? errno : 0;
    close(fd);
    if (err == ECONNREFUSED || err == ENOENT)
        return 0;
    return err == 0 || err == EAGAIN || err == EPROTOTYPE ? -EADDRINUSE : -err;
}

// Makes way for a new socket: 0 when the path is free now.
static int clear_path(const char *path, const struct sockaddr_un *sa, struct ps_fault *fault)
{
    struct stat st;
    int err;

    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : fail(path, -errno, "", fault);
    if (!S_ISSOCK(st.st_mode)) {
        ps_fault_set(fault, path, 0,
                     "is something else than a socket, and stays; remove it or choose another path");
        return -EEXIST;
    }
    err = probe(sa);
    if (err == -EADDRINUSE)
        ps_fault_set(fault, path, 0, "another process serves this socket");
    else if (err)
        fail(path, err, "cannot tell whether this socket is in use: ", fault);
    else if (unlink(path) < 0 && errno != ENOENT)
        err = fail(path, -errno, "cannot remove the socket of a process that is gone: ", fault);
    return err;
}

// The file is born with its mode: a chmod by its name would follow a link that somebody puts in its place meanwhile.
// (As Linux has it, its mode is that of the socket, without what the umask takes.) That is the whole process's for a
// moment, so it is eased no further than it has to be.
static int bind_as(int fd, const struct sockaddr_un *sa, mode_t mode)
{
    mode_t mask = umask(077);
    int err = 0;

    (void)umask(mask & ~mode);
    if (fchmod(fd, mode) < 0 || bind(fd, (const struct sockaddr *)sa, sizeof *sa) < 0)
        err = -errno;
    (void)umask(mask);
    return err;
}

static int bind_and_listen(int fd, const char *path, const struct sockaddr_un *sa, unsigned mode,
                           struct ps_ctl_claim *out, struct ps_fault *fault)
{
    struct stat st;
    int err = bind_as(fd, sa, mode);

    if (err)
        return fail(path, err, "cannot make the socket: ", fault);
    if (lstat(path, &st) == 0 && listen(fd, BACKLOG) == 0) {
        *out = (struct ps_ctl_claim){.fd = fd, .dev = st.st_dev, .ino = st.st_ino};
        return 0;
    }
    err = fail(path, -errno, "cannot make the socket: ", fault);
    unlink(path);
    return err;
}

int ps_ctl_claim(const char *path, unsigned mode, struct ps_ctl_claim *out, struct ps_fault *fault)
{
    struct sockaddr_un sa;
    int fd, lock, err = ps_ctl_address(path, &sa, fault);

    if (err)
        return err;
    fd = unix_socket(SOCK_NONBLOCK);
    if (fd < 0)
        return fail(path, fd, "", fault);
    lock = lock_directory(path);
    err = clear_path(path, &sa, fault);
    if (!err)
        err = bind_and_listen(fd, path, &sa, mode, out, fault);
    if (lock >= 0)
        close(lock);
    if (err)
        close(fd);
    return err;
}

void ps_ctl_unclaim(const char *path, const struct ps_ctl_claim *claim)
{
    struct stat st;

    if (lstat(path, &st) == 0 && st.st_dev == claim->dev && st.st_ino == claim->ino)
        unlink(path);
}
