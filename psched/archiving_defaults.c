// SPDX-License-Identifier: Apache-2.0
// The folder of default archives: a specification a file, for whatever this host measures. Read again when it changes.
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/ps_conf.h"
#include "base/ps_err.h"
#include "psched/archiving_impl.h"
#include "spec/sp_task.h"

#define FILE_MAX ((size_t)1 << 20)

static int is_specification(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static void forget(struct archiving *a)
{
    for (size_t i = 0; i < a->ndefaults; i++)
        free(a->defaults[i]);
    a->ndefaults = 0;
}

// Whether it is one that could be used now.
static int look_at(struct archiving *a, const char *text, size_t len, struct ps_fault *fault)
{
    const struct archive_env env = {a->site, a->deliver};
    struct archive *archive = NULL;
    int err = archive_new(&archive, &env, text, len, fault);

    archive_free(archive);
    return err;
}

static void read_one(struct archiving *a, const char *dir, const char *name)
{
    char path[PATH_MAX + 256], *text = NULL;
    struct ps_fault fault = {""};
    size_t len;
    int err;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    err = ps_conf_load(path, FILE_MAX, &text, &len);
    if (err == PS_ENOTFILE || err == -EISDIR)
        return;
    if (!err)
        err = look_at(a, text, len, &fault);
    if (err) {
        ps_log(a->site->log, PS_LOG_WARN, "archives", "%s is left out: %s", path,
               fault.text[0] ? fault.text : ps_strerror(err));
        free(text);
        return;
    }
    a->defaults[a->ndefaults++] = text;
}

static void add_stamp(uint64_t *stamp, uint64_t value)
{
    *stamp = (*stamp ^ value) * UINT64_C(0x100000001b3); // FNV-1a
}

static void stamp_file(uint64_t *stamp, const char *dir, const char *name)
{
    char path[PATH_MAX + 256];
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (stat(path, &st) != 0)
        return;
    add_stamp(stamp, (uint64_t)st.st_ino);
    add_stamp(stamp, (uint64_t)st.st_size);
    add_stamp(stamp, (uint64_t)st.st_mtim.tv_sec * UINT64_C(1000000000) + (uint64_t)st.st_mtim.tv_nsec);
}

// What the folder looks like from outside. False: it is not there.
static bool stamp_of(const char *dir, struct dirent ***names, int *n, uint64_t *stamp)
{
    *stamp = UINT64_C(0xcbf29ce484222325);
    *n = scandir(dir, names, is_specification, alphasort);
    for (int i = 0; i < *n; i++)
        stamp_file(stamp, dir, (*names)[i]->d_name);
    return *n >= 0;
}

static void read_all(struct archiving *a, const char *dir, struct dirent **names, int n)
{
    forget(a);
    for (int i = 0; i < n; i++) {
        if (a->ndefaults < ARCHIVING_DEFAULTS)
            read_one(a, dir, names[i]->d_name);
        else
            ps_log(a->site->log, PS_LOG_WARN, "archives", "%s/%s is left out: there are more than %d", dir,
                   names[i]->d_name, ARCHIVING_DEFAULTS);
    }
}

void archiving_defaults(struct archiving *a)
{
    const char *dir = a->site->settings->archives;
    struct dirent **names = NULL;
    uint64_t stamp = 0;
    int n = 0;

    if (!dir[0] || !stamp_of(dir, &names, &n, &stamp)) {
        forget(a);
        a->stamp = 0;
        return;
    }
    if (stamp != a->stamp)
        read_all(a, dir, names, n);
    a->stamp = stamp;
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
}
