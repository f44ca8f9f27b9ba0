// SPDX-License-Identifier: Apache-2.0
#include "owping/savefile.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A rename would replace a device, a fifo or a link by a file.
static bool replaceable(const char *path)
{
    struct stat st;
    return lstat(path, &st) != 0 || S_ISREG(st.st_mode);
}

int savefile_open(struct savefile *s, const char *path)
{
    const char *dir = getenv("TMPDIR");
    char *temp = NULL;
    s->fd = -1;
    s->path = path;
    s->temp = NULL;
    if (path != NULL && !replaceable(path))
        return -EEXIST;
    if (dir == NULL || dir[0] == '\0')
        dir = "/tmp";
    int n = path != NULL ? asprintf(&temp, "%s.XXXXXX", path) : asprintf(&temp, "%s/owamp.XXXXXX", dir);
    if (n < 0)
        return -ENOMEM;
    s->fd = mkostemp(temp, O_CLOEXEC);
    if (s->fd < 0) {
        int err = -errno;
        free(temp);
        return err;
    }
    if (path == NULL) {
        unlink(temp);
        free(temp);
    } else {
        s->temp = temp;
    }
    return 0;
}

int savefile_commit(struct savefile *s)
{
    if (s->temp == NULL)
        return 0;
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(s->fd, 0666 & ~mask) != 0 || rename(s->temp, s->path) != 0)
        return -errno;
    free(s->temp);
    s->temp = NULL;
    return 0;
}

void savefile_close(struct savefile *s)
{
    if (s->temp != NULL)
        unlink(s->temp);
    free(s->temp);
    s->temp = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}
