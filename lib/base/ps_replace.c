// SPDX-License-Identifier: Apache-2.0
#include "base/ps_replace.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int ps_write_all(int fd, const void *data, size_t len)
{
    const uint8_t *p = data;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static int write_new(const char *path, const void *data, size_t len, mode_t mode)
{
    // Whatever another run has left there; a link would be one that somebody else put there.
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    int err = ps_write_all(fd, data, len);
    if (!err && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
        err = -errno;
    if (close(fd) != 0 && !err)
        err = -errno;
    return err;
}

int ps_sync_folder(const char *path)
{
    char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (!folder)
        return -ENOMEM;
    if (slash)
        slash[slash == folder] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int err = fd < 0 || fsync(fd) != 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    free(folder);
    return err;
}

int ps_replace_file(const char *path, const void *data, size_t len, mode_t mode)
{
    char *temp;
    if (asprintf(&temp, "%s.tmp", path) < 0)
        return -ENOMEM;
    int err = write_new(temp, data, len, mode);
    if (!err && rename(temp, path) != 0)
        err = -errno;
    if (err && err != -EEXIST)
        (void)unlink(temp);
    if (!err)
        err = ps_sync_folder(path);
    free(temp);
    return err;
}
