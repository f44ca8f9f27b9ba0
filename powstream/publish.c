// SPDX-License-Identifier: Apache-2.0
#include "powstream/publish.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FDS "/proc/self/fd"

static int open_unnamed(const char *directory)
{
    if (access(FDS, X_OK) != 0)
        return -errno; // it could not be linked
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
    return fd < 0 ? -errno : fd;
}

static int open_unlinked(const char *directory)
{
    char *path;
    if (asprintf(&path, "%s/.pow.XXXXXX", directory) < 0)
        return -ENOMEM;
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        fd = -errno;
    else
        unlink(path);
    free(path);
    return fd;
}

int publish_open(const char *directory, int *linkable)
{
    int fd = open_unnamed(directory);
    *linkable = fd >= 0;
    return fd >= 0 ? fd : open_unlinked(directory);
}

int publish_link(int fd, const char *path)
{
    char name[sizeof FDS + 16];
    snprintf(name, sizeof name, FDS "/%d", fd);
    return linkat(AT_FDCWD, name, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 ? 0 : -errno;
}

static int written(int fd, int (*write)(void *ctx, int fd), void *ctx, const char *from, const char *path)
{
    int err = write(ctx, fd);
    if (err == 0 && from == NULL)
        err = publish_link(fd, path);
    // Some file systems tell of a full disk only now.
    if (close(fd) != 0 && err == 0)
        err = -errno;
    if (err == 0 && from != NULL && link(from, path) != 0)
        err = -errno;
    return err;
}

static int by_temporary_name(const char *path, int (*write)(void *ctx, int fd), void *ctx)
{
    char *temp;
    if (asprintf(&temp, "%s.i", path) < 0)
        return -ENOMEM;
    int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    int err = fd < 0 ? -errno : written(fd, write, ctx, temp, path);
    if (fd >= 0)
        unlink(temp);
    free(temp);
    return err;
}

int publish_make(const char *path, int (*write)(void *ctx, int fd), void *ctx)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    if (directory == NULL)
        return -ENOMEM;
    int fd = open_unnamed(directory);
    free(directory);
    return fd < 0 ? by_temporary_name(path, write, ctx) : written(fd, write, ctx, NULL, path);
}

struct text {
    const char *text;
    size_t len;
};

static int write_text(void *ctx, int fd)
{
    const struct text *t = ctx;
    return publish_write(fd, t->text, t->len);
}

int publish_text(const char *path, const char *text, size_t len)
{
    struct text t = {text, len};
    return publish_make(path, write_text, &t);
}

int publish_write(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}
