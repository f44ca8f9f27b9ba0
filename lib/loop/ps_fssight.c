// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "loop/ps_fswatch.h"
#include "loop/ps_fswatch_impl.h"

// FNV-1a: it tells versions of one's own files apart, and nobody gains by making it fail.
static uint64_t mix(uint64_t sum, const void *data, size_t n)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < n; i++)
        sum = (sum ^ p[i]) * UINT64_C(1099511628211);
    return sum;
}

static uint64_t sum_of(const char *name, const struct stat *st)
{
    const int64_t fields[] = {(int64_t)st->st_dev,  (int64_t)st->st_ino, (int64_t)st->st_mode,
                              (int64_t)st->st_size, st->st_mtim.tv_sec,  st->st_mtim.tv_nsec,
                              st->st_ctim.tv_sec,   st->st_ctim.tv_nsec};
    size_t n = S_ISREG(st->st_mode) ? 8 : 3; // what is in other folders, and fifos, does not count

    return mix(mix(UINT64_C(14695981039346656037), name, strlen(name) + 1), fields, n * sizeof fields[0]);
}

static uint64_t sum_of_entry(DIR *dir, const char *name)
{
    struct stat st;

    // A link that leads nowhere is one still.
    if (fstatat(dirfd(dir), name, &st, 0) != 0 && fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        memset(&st, 0, sizeof st);
    return sum_of(name, &st);
}

// In whatever order they come.
static int add_entries(const char *path, uint64_t *sum)
{
    DIR *dir = opendir(path);
    struct dirent *it;

    if (!dir)
        return errno;
    for (int n = 0; n < PS_FSWATCH_ENTRIES && (it = readdir(dir)) != NULL; n++)
        if (strcmp(it->d_name, ".") != 0 && strcmp(it->d_name, "..") != 0)
            *sum += sum_of_entry(dir, it->d_name);
    closedir(dir);
    return 0;
}

struct ps_sight ps_sight_of(const char *path, unsigned notices)
{
    struct ps_sight s = {.notices = notices};
    struct stat st;

    if (stat(path, &st) != 0) {
        s.err = errno;
        return s;
    }
    s.sum = sum_of("", &st);
    if (S_ISDIR(st.st_mode))
        s.err = add_entries(path, &s.sum);
    return s;
}

bool ps_sight_same(const struct ps_sight *a, const struct ps_sight *b)
{
    return a->err == b->err && a->sum == b->sum && a->notices == b->notices;
}
