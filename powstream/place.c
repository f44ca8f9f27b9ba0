// SPDX-License-Identifier: Apache-2.0
#include "powstream/place.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"

// The "/." asks for a directory.
static int writable(const char *dir)
{
    char *inside;
    if (asprintf(&inside, "%s/.", dir) < 0)
        return -ENOMEM;
    int err = access(inside, W_OK | X_OK) == 0 ? 0 : -errno;
    free(inside);
    return err;
}

// Without what says nothing: doubled slashes, one at the end, and dots.
static char *tidied(const char *dir)
{
    char *out = malloc(strlen(dir) + 2), *p = out;
    if (out == NULL)
        return NULL;
    for (const char *at = dir; *at != '\0';) {
        size_t n = strcspn(at, "/");
        bool nothing = n == 0 || (n == 1 && *at == '.');
        if (!nothing && (p != out || dir[0] == '/'))
            *p++ = '/';
        if (!nothing)
            p = mempcpy(p, at, n);
        at += n;
        at += *at == '/';
    }
    if (p == out)
        *p++ = dir[0] == '/' ? '/' : '.';
    *p = '\0';
    return out;
}

// "a/b" -> "a" and "b", "b" -> "." and "b"; both inside of tidy, which is cut.
static const char *split(char *tidy, const char **base)
{
    char *slash = strrchr(tidy, '/');
    *base = slash == NULL ? tidy : slash + 1;
    if (slash == NULL)
        return ".";
    *slash = '\0';
    return slash == tidy ? "/" : tidy;
}

char *place_name(const char *dir)
{
    char *tidy = tidied(dir), *whole = tidy == NULL ? NULL : strdup(tidy);
    char *real = whole == NULL ? NULL : realpath(tidy, NULL), *name = NULL;
    const char *base;
    if (whole != NULL && real == NULL) {
        char *parent = realpath(split(tidy, &base), NULL);
        if (parent != NULL && asprintf(&name, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, base) < 0)
            name = NULL;
        else if (parent == NULL)
            name = strdup(whole);
        free(parent);
    }
    free(whole);
    free(tidy);
    return real != NULL ? real : name;
}

// err: why it cannot be made, as far as is known; 0: looks whether it can.
static int makable(const char *dir, int err, struct ps_fault *fault)
{
    const char *base, *parent;
    char *tidy = tidied(dir);
    if (tidy == NULL)
        return -ENOMEM;
    parent = split(tidy, &base);
    if (err == 0)
        err = writable(parent);
    if (err != 0)
        ps_fault_set(fault, dir, 0, "cannot be made in %s: %s", parent, ps_strerror(err));
    free(tidy);
    return err;
}

static int usable(const char *dir, struct ps_fault *fault)
{
    int err = writable(dir);
    if (err != 0)
        ps_fault_set(fault, dir, 0, "%s", ps_strerror(err));
    return err;
}

int place_check(const char *dir, mode_t make, struct ps_fault *fault)
{
    struct stat st;
    return make != 0 && lstat(dir, &st) != 0 ? makable(dir, 0, fault) : usable(dir, fault);
}

int place_take(const char *dir, mode_t make, struct ps_fault *fault)
{
    if (make != 0 && mkdir(dir, make) != 0 && errno != EEXIST)
        return makable(dir, -errno, fault);
    return usable(dir, fault);
}
