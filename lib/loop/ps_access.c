// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_access.h"
#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_priv.h"

#define ALL (R_OK | W_OK | X_OK)

void ps_access_parent(const char *path, char parent[PATH_MAX])
{
    char copy[PATH_MAX];

    snprintf(copy, sizeof copy, "%s", path);
    snprintf(parent, PATH_MAX, "%s", dirname(copy));
}

int ps_access_look(const char *folder, int mode)
{
    struct stat st;

    if (stat(folder, &st))
        return -errno;
    if (!S_ISDIR(st.st_mode))
        return -ENOTDIR;
    return eaccess(folder, mode) == 0 ? 0 : -errno;
}

// --- what to say

// The first folder on the way to a path that this process may not pass. False: there is none.
static bool find_bar(const char *path, char bar[PATH_MAX])
{
    for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        snprintf(bar, PATH_MAX, "%.*s", (int)(p - path), path);
        if (eaccess(bar, X_OK) != 0 && errno == EACCES)
            return true;
    }
    return false;
}

// what: "cannot be written"; advice: a command, for who it is and `path`.
static int tell(struct ps_fault *fault, const char *key, const char *path, const char *what, int err,
                const char *command, const char *operand)
{
    char bar[PATH_MAX], name[PS_PRIV_NAME];

    ps_priv_name(geteuid(), name);
    if (err != -EACCES)
        ps_fault_set(fault, NULL, 0, "%s: %.250s %s: %s", key, path, what, ps_strerror(err));
    else if (find_bar(path, bar))
        ps_fault_set(fault, NULL, 0,
                     "%s: %.250s %s by the user '%s', who may not pass %.200s: chmod o+x %.200s, or name "
                     "another place",
                     key, path, what, name, bar, bar);
    else
        ps_fault_set(fault, NULL, 0, "%s: %.250s %s by the user '%s': %s: %s %s %.200s", key, path, what,
                     name, ps_strerror(err), command, name, operand);
    return err;
}

static int tell_not_made(struct ps_fault *fault, const char *key, const char *path, const char *parent,
                         int err, const char *command)
{
    char what[PATH_MAX];

    snprintf(what, sizeof what, "cannot be made in %.200s", parent);
    return tell(fault, key, path, what, err, command, path);
}

// --- looking

int ps_access_folder(const char *key, const char *folder, struct ps_fault *fault)
{
    char parent[PATH_MAX];
    int err = ps_access_look(folder, ALL);

    if (err && err != -ENOENT)
        return tell(fault, key, folder, "cannot be written", err, "chown", folder);
    if (!err)
        return 0;
    ps_access_parent(folder, parent);
    err = ps_access_look(parent, W_OK | X_OK);
    return err ? tell_not_made(fault, key, folder, parent, err, "install -d -o") : 0;
}

// What is missing can be made: its folder is writable.
static int look_at_file(const char *file)
{
    return eaccess(file, R_OK | W_OK) == 0 || errno == ENOENT ? 0 : -errno;
}

int ps_access_kept(const char *key, const char *folder, const char *const *names, struct ps_fault *fault)
{
    char file[PATH_MAX];
    int err = ps_access_folder(key, folder, fault);

    for (; !err && *names; names++) {
        if ((size_t)snprintf(file, sizeof file, "%s/%s", folder, *names) >= sizeof file)
            err = -ENAMETOOLONG;
        else
            err = look_at_file(file);
        if (err)
            tell(fault, key, file, "cannot be written", err, "chown -R", folder);
    }
    return err;
}

int ps_access_file(const char *key, const char *file, struct ps_fault *fault)
{
    char parent[PATH_MAX];
    int err;

    ps_access_parent(file, parent);
    err = ps_access_look(parent, W_OK | X_OK);
    if (err == -EACCES)
        return tell(fault, key, parent, "cannot be written", err, "chown", parent);
    if (err)
        return tell_not_made(fault, key, file, parent, err, "");
    err = look_at_file(file);
    return err ? tell(fault, key, file, "cannot be written", err, "chown", file) : 0;
}

int ps_access_read(const char *key, const char *file, struct ps_fault *fault)
{
    int err = eaccess(file, R_OK) == 0 ? 0 : -errno;

    return err ? tell(fault, key, file, "cannot be read", err, "chown", file) : 0;
}
