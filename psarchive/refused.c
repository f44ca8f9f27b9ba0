// SPDX-License-Identifier: Apache-2.0
#include "psarchive/refused.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

static unsigned count(int dir)
{
    unsigned n = 0;
    int fd = dup(dir);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (d == NULL) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        size_t len = strlen(e->d_name);
        n += len > 5 && strcmp(e->d_name + len - 5, ".json") == 0;
    }
    closedir(d);
    return n;
}

static int open_dir(struct refused *r)
{
    r->dir = open(r->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return r->dir >= 0 ? 0 : -errno;
}

int refused_open(struct refused *r, const char *spool)
{
    *r = (struct refused){.dir = -1};
    if (asprintf(&r->path, "%s/refused", spool) < 0)
        return -ENOMEM;
    int err = open_dir(r);
    if (err == 0)
        r->n = count(r->dir);
    return err == -ENOENT ? 0 : err;
}

void refused_close(struct refused *r)
{
    if (r->dir >= 0)
        close(r->dir);
    free(r->path);
    r->path = NULL;
}

static int make_dir(struct refused *r)
{
    if (r->dir >= 0)
        return 0;
    if (mkdir(r->path, 0750) != 0 && errno != EEXIST)
        return -errno;
    return open_dir(r);
}

static int write_file(int dir, const char *name, const void *data, size_t len)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    int err = fd < 0 ? -errno : 0;
    const char *p = data;
    while (err == 0 && len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno != EINTR)
            err = -errno;
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    if (err == 0 && fsync(fd) != 0)
        err = -errno;
    if (fd >= 0)
        close(fd);
    if (err != 0 && fd >= 0)
        (void)unlinkat(dir, name, 0);
    return err;
}

int refused_put(struct refused *r, const struct ps_spool_record *rec, const char *reason)
{
    char id[2 * PS_SPOOL_ID_LEN + 1], name[sizeof id + 8], line[600];
    if (r->n >= REFUSED_MAX)
        return PS_ELIMIT;
    int err = make_dir(r);
    if (err != 0)
        return err;
    ps_num_to_hex(rec->id, PS_SPOOL_ID_LEN, id);
    int n = snprintf(line, sizeof line, "%s\n", reason);
    snprintf(name, sizeof name, "%s.reason", id);
    err = write_file(r->dir, name, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
    snprintf(name, sizeof name, "%s.json", id);
    if (err == 0)
        err = write_file(r->dir, name, rec->data, rec->len);
    if (err == 0 && fsync(r->dir) != 0)
        err = -errno;
    r->n += err == 0;
    return err;
}
