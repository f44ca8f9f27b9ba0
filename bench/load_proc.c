// SPDX-License-Identifier: Apache-2.0
#include "bench/load_proc.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct processes {
    struct load_process *at;
    size_t n, cap;
};

static bool read_stat(pid_t pid, struct load_process *p)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    const char *rest = strrchr(text, ')'); // the name before it may hold anything
    long parent;
    unsigned long user, system;
    unsigned long long started;
    *p = (struct load_process){.pid = pid};
    if (rest == NULL ||
        sscanf(rest + 1, " %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %lu %lu %*d %*d %lu %*d %llu",
               &parent, &user, &system, &p->threads, &started) != 5)
        return false;
    p->parent = (pid_t)parent;
    p->started = started;
    p->children_ns = (uint64_t)(user + system) * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
    return true;
}

static int add(struct processes *all, pid_t pid)
{
    if (all->n == all->cap) {
        size_t cap = all->cap > 0 ? 2 * all->cap : 512;
        struct load_process *at = realloc(all->at, cap * sizeof *at);
        if (at == NULL)
            return -ENOMEM;
        all->at = at;
        all->cap = cap;
    }
    if (read_stat(pid, &all->at[all->n])) // else it has just ended
        all->n++;
    return 0;
}

static int read_all(struct processes *all)
{
    int err = 0;
    DIR *d = opendir("/proc");
    if (d == NULL)
        return -errno;
    for (struct dirent *e; err == 0 && (e = readdir(d)) != NULL;)
        if (isdigit((unsigned char)e->d_name[0]))
            err = add(all, (pid_t)atol(e->d_name));
    closedir(d);
    return err;
}

static int by_pid(const void *a, const void *b)
{
    const struct load_process *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

static const struct load_process *find(const struct processes *all, pid_t pid)
{
    struct load_process key = {.pid = pid};
    return all->n == 0 ? NULL : bsearch(&key, all->at, all->n, sizeof key, by_pid);
}

// A pass marks the children of those marked before: as many passes as there are generations.
static void mark_tree(struct processes *all, pid_t root)
{
    bool more = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < all->n; i++) {
            struct load_process *p = &all->at[i];
            const struct load_process *parent = p->ours ? NULL : find(all, p->parent);
            if (p->ours || (p->pid != root && (parent == NULL || !parent->ours)))
                continue;
            p->ours = more = true;
        }
    }
}

// The kernel's ticks miss a process that works for less than one at a time: nanoseconds do not.
static uint64_t read_runtime_ns(pid_t pid)
{
    char path[96];
    uint64_t sum = 0;
    snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    DIR *d = opendir(path);
    if (d == NULL)
        return 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        unsigned long long ns;
        snprintf(path, sizeof path, "/proc/%ld/task/%.20s/schedstat", (long)pid, e->d_name);
        FILE *f = isdigit((unsigned char)e->d_name[0]) ? fopen(path, "re") : NULL;
        if (f == NULL)
            continue;
        if (fscanf(f, "%llu", &ns) == 1)
            sum += ns;
        fclose(f);
    }
    closedir(d);
    return sum;
}

int load_pss_add(pid_t pid, uint64_t *bytes, uint64_t *own_bytes)
{
    char path[64], line[160];
    unsigned long kib;
    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", (long)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return errno == ENOENT || errno == ESRCH ? 0 : -errno;
    while (fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "Pss: %lu kB", &kib) == 1)
            *bytes += (uint64_t)kib * 1024;
        else if (own_bytes != NULL && (sscanf(line, "Pss_Anon: %lu kB", &kib) == 1 ||
                                       sscanf(line, "Pss_Shmem: %lu kB", &kib) == 1))
            *own_bytes += (uint64_t)kib * 1024;
    }
    fclose(f);
    return 0;
}

struct files {
    struct stat *at;
    size_t n, cap;
};

static int add_file(struct files *all, const struct stat *st)
{
    if (all->n == all->cap) {
        size_t cap = all->cap > 0 ? 2 * all->cap : 1024;
        struct stat *at = realloc(all->at, cap * sizeof *at);
        if (at == NULL)
            return -ENOMEM;
        all->at = at;
        all->cap = cap;
    }
    all->at[all->n++] = *st;
    return 0;
}

static int by_inode(const void *a, const void *b)
{
    const struct stat *x = a, *y = b;
    if (x->st_dev != y->st_dev)
        return (x->st_dev > y->st_dev) - (x->st_dev < y->st_dev);
    return (x->st_ino > y->st_ino) - (x->st_ino < y->st_ino);
}

// Descriptors, and the regular files among them.
static int add_files(pid_t pid, struct files *all, uint64_t *descriptors)
{
    char path[64];
    struct stat st;
    int err = 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    DIR *d = opendir(path);
    if (d == NULL)
        return errno == ENOENT ? 0 : -errno;
    for (struct dirent *e; err == 0 && (e = readdir(d)) != NULL;) {
        if (!isdigit((unsigned char)e->d_name[0]))
            continue;
        ++*descriptors;
        if (fstatat(dirfd(d), e->d_name, &st, 0) == 0 && S_ISREG(st.st_mode))
            err = add_file(all, &st);
    }
    closedir(d);
    return err;
}

// A file counts once, however many processes have it open.
static uint64_t files_size(struct files *all)
{
    uint64_t sum = 0;
    if (all->n > 0)
        qsort(all->at, all->n, sizeof *all->at, by_inode);
    for (size_t i = 0; i < all->n; i++)
        if (i == 0 || by_inode(&all->at[i - 1], &all->at[i]) != 0)
            sum += (uint64_t)all->at[i].st_size;
    return sum;
}

static int read_memory(const struct load_process *p, size_t n, struct load_usage *out)
{
    struct files files = {0};
    int err = 0;
    for (size_t i = 0; i < n && err == 0; i++) {
        err = load_pss_add(p[i].pid, &out->pss_bytes, &out->own_bytes);
        if (err == 0)
            err = add_files(p[i].pid, &files, &out->files);
    }
    out->kept_bytes = files_size(&files);
    free(files.at);
    return err;
}

static int mark_trees(struct processes *all, const pid_t *roots, size_t n)
{
    if (all->n > 0)
        qsort(all->at, all->n, sizeof *all->at, by_pid);
    for (size_t i = 0; i < n; i++) {
        if (find(all, roots[i]) == NULL)
            return -ESRCH;
        mark_tree(all, roots[i]);
    }
    return 0;
}

int load_tree_read(const pid_t *roots, size_t nroots, struct load_process **out, size_t *n)
{
    struct processes all = {0};
    size_t kept = 0;
    int err = read_all(&all);
    if (err == 0)
        err = mark_trees(&all, roots, nroots);
    if (err != 0) {
        free(all.at);
        return err;
    }
    for (size_t i = 0; i < all.n; i++) {
        if (!all.at[i].ours)
            continue;
        all.at[kept] = all.at[i];
        all.at[kept].runtime_ns = read_runtime_ns(all.at[i].pid);
        kept++;
    }
    *out = all.at;
    *n = kept;
    return 0;
}

int load_usage_read(pid_t root, bool memory, struct load_usage *out)
{
    struct load_process *p;
    size_t n;
    uint64_t ns = 0;
    memset(out, 0, sizeof *out);
    int err = load_tree_read(&root, 1, &p, &n);
    if (err != 0)
        return err;
    for (size_t i = 0; i < n; i++) {
        out->processes++;
        out->threads += (unsigned)p[i].threads;
        ns += p[i].runtime_ns + p[i].children_ns;
    }
    if (memory)
        err = read_memory(p, n, out);
    free(p);
    out->cpu_s = (double)ns / 1e9;
    return err;
}
