// SPDX-License-Identifier: Apache-2.0
#include "powstream/lock.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/ps_err.h"

static int refused(const char *dir, const char *as, int fd, struct ps_fault *fault)
{
    int32_t holder;
    int err = errno == EACCES || errno == EAGAIN ? -EBUSY : -errno;
    bool known = err == -EBUSY && pread(fd, &holder, sizeof holder, 0) == sizeof holder;
    if (err != -EBUSY)
        ps_fault_set(fault, dir, 0, "cannot lock it: %s", ps_strerror(err));
    else if (known && holder == (int32_t)getpid())
        ps_fault_set(fault, dir, 0, "another stream of this powstream writes there%s", as);
    else if (known)
        ps_fault_set(fault, dir, 0, "another powstream (pid %d) writes there%s", (int)holder, as);
    else
        ps_fault_set(fault, dir, 0, "another powstream writes there%s", as);
    return err;
}

// DIGITS_DIGITS.owp.i and .sum.i, of 20 digits each.
static bool half_written(const char *name)
{
    static const char digits[] = "0123456789";
    return strlen(name) == 47 && strspn(name, digits) == 20 && name[20] == '_' &&
           strspn(name + 21, digits) == 20 &&
           (strcmp(name + 41, ".owp.i") == 0 || strcmp(name + 41, ".sum.i") == 0);
}

static void tidy(const char *dir)
{
    DIR *d = opendir(dir);
    if (d == NULL)
        return;
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (half_written(e->d_name))
            (void)unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
}

// as: how another one would write there that must not.
static int lock(const char *dir, const char *as, char *path, int *out, struct ps_fault *fault)
{
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    int err = fd < 0 ? -errno : 0;
    if (err != 0)
        ps_fault_set(fault, path, 0, "%s", ps_strerror(err));
    free(path);
    if (err != 0)
        return err;
    // Upstream's kind, for its sake, and one that a second stream of this process meets as well.
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int32_t me = (int32_t)getpid();
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fcntl(fd, F_SETLK, &whole) != 0) {
        err = refused(dir, as, fd, fault);
        close(fd);
        return err;
    }
    // What holds is the lock; a full disk only keeps others from being told who has it.
    if (ftruncate(fd, 0) == 0)
        (void)!pwrite(fd, &me, sizeof me, 0);
    *out = fd;
    return 0;
}

int lock_directory(const char *dir, int *fd, struct ps_fault *fault)
{
    char *path;
    if (asprintf(&path, "%s/.powlock", dir) < 0)
        return -ENOMEM;
    int err = lock(dir, "", path, fd, fault);
    if (err == 0)
        tidy(dir);
    return err;
}

int lock_spool(const char *dir, const char *stream, int *fd, struct ps_fault *fault)
{
    char *path;
    if (asprintf(&path, "%s/.powlock.%s", dir, stream) < 0)
        return -ENOMEM;
    return lock(dir, " for a stream of that name", path, fd, fault);
}
