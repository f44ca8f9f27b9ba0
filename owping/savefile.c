// SPDX-License-Identifier: Apache-2.0
#include "owping/savefile.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"

// Where the file will be: behind a link, its target. A rename over anything else than a regular
// file would destroy what is there.
static int find_place(const char *path, char **place)
{
    struct stat st;
    *place = realpath(path, NULL);
    if (*place == NULL && lstat(path, &st) == 0)
        return -errno; // a link to nowhere
    if (*place == NULL && (*place = strdup(path)) == NULL)
        return -ENOMEM;
    if (lstat(*place, &st) != 0 || S_ISREG(st.st_mode))
        return 0;
    return S_ISDIR(st.st_mode) ? -EISDIR : -EEXIST;
}

static int make_temp(struct savefile *s)
{
    const char *dir = getenv("TMPDIR");
    if (dir == NULL || dir[0] == '\0')
        dir = "/tmp";
    int n = s->place != NULL ? asprintf(&s->temp, "%s.XXXXXX", s->place)
                             : asprintf(&s->temp, "%s/owamp.XXXXXX", dir);
    if (n < 0) {
        s->temp = NULL;
        return -ENOMEM;
    }
    s->fd = mkostemp(s->temp, O_CLOEXEC);
    if (s->fd >= 0)
        return 0;
    int err = -errno;
    free(s->temp);
    s->temp = NULL;
    return err;
}

int savefile_open(struct savefile *s, const char *path)
{
    *s = (struct savefile){.fd = -1, .path = path};
    int err = path != NULL ? find_place(path, &s->place) : 0;
    if (err == 0)
        err = make_temp(s);
    if (err != 0) {
        free(s->place);
        s->place = NULL;
        return err;
    }
    if (path == NULL) {
        unlink(s->temp);
        free(s->temp);
        s->temp = NULL;
    }
    return 0;
}

const char *savefile_strerror(int err)
{
    return err == -EEXIST ? "not a regular file; it is left as it is" : ps_strerror(err);
}

int savefile_commit(struct savefile *s)
{
    if (s->temp == NULL)
        return 0;
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(s->fd, 0666 & ~mask) != 0 || rename(s->temp, s->place) != 0)
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
    free(s->place);
    s->temp = s->place = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}
