// SPDX-License-Identifier: Apache-2.0
// load_watch SECONDS GROUP...: what groups of processes, each with all their descendants, use in so many
// seconds. A group is "pid,pid,...". For each a line: "processes cpu_seconds pss_kib", the first the most
// at once, the last the mean of samples over the time.
//
// A process that ends in between takes its time with it: it is known to its last sample, and its parent
// knows it in whole ticks of 10 ms, apart for user and system. Neither is more than it was, and the
// greater one counts.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_num.h"
#include "bench/load_proc.h"

#define SAMPLE_NS 250000000L
#define MEMORY_EVERY 40 // samples

struct seen {
    pid_t pid;
    uint64_t started;
    uint64_t first_ns, last_ns;
    bool there;
};

struct group {
    pid_t *roots;
    size_t nroots;
    struct seen *seen; // by pid and start
    size_t nseen;
    bool begun;
    uint64_t children_first_ns, children_last_ns;
    size_t most;
    uint64_t pss_bytes;
    unsigned pss_samples;
};

static int by_identity(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    if (x->pid != y->pid)
        return (x->pid > y->pid) - (x->pid < y->pid);
    return (x->started > y->started) - (x->started < y->started);
}

static void note(struct group *g, const struct load_process *p, size_t known)
{
    struct seen key = {.pid = p->pid, .started = p->started, .last_ns = p->runtime_ns, .there = true};
    struct seen *s = known ? bsearch(&key, g->seen, known, sizeof key, by_identity) : NULL;
    g->children_last_ns += p->children_ns;
    if (s == NULL) {
        key.first_ns = g->begun ? 0 : p->runtime_ns;
        g->seen[g->nseen++] = key;
        return;
    }
    s->there = true;
    if (p->runtime_ns > s->last_ns) // one that is just ending has no threads
        s->last_ns = p->runtime_ns;
}

static int add_memory(struct group *g, const struct load_process *p, size_t n)
{
    int err = 0;
    for (size_t i = 0; i < n && err == 0; i++)
        err = load_pss_add(p[i].pid, &g->pss_bytes, NULL);
    g->pss_samples++;
    return err;
}

static int sample(struct group *g, bool memory)
{
    struct load_process *p;
    size_t n, known = g->nseen;
    int err = load_tree_read(g->roots, g->nroots, &p, &n);
    if (err != 0)
        return err;
    struct seen *more = realloc(g->seen, (known + n + 1) * sizeof *more);
    if (more == NULL) {
        free(p);
        return -ENOMEM;
    }
    g->seen = more;
    g->children_last_ns = 0;
    for (size_t i = 0; i < known; i++)
        g->seen[i].there = false;
    for (size_t i = 0; i < n; i++)
        note(g, &p[i], known);
    qsort(g->seen, g->nseen, sizeof *g->seen, by_identity);
    if (!g->begun)
        g->children_first_ns = g->children_last_ns;
    g->begun = true;
    g->most = n > g->most ? n : g->most;
    err = memory ? add_memory(g, p, n) : 0;
    free(p);
    return err;
}

static double cpu_seconds(const struct group *g)
{
    double there = 0, gone = 0, gone_before = 0;
    for (size_t i = 0; i < g->nseen; i++) {
        const struct seen *s = &g->seen[i];
        *(s->there ? &there : &gone) += (double)(s->last_ns - s->first_ns);
        if (!s->there)
            gone_before += (double)s->first_ns;
    }
    double awaited = (double)g->children_last_ns - (double)g->children_first_ns - gone_before;
    return (there + (awaited > gone ? awaited : gone)) / 1e9;
}

static int watch(struct group *groups, size_t n, uint64_t seconds)
{
    struct timespec next;
    uint64_t samples = seconds * (1000000000L / SAMPLE_NS);
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (uint64_t i = 0; i <= samples; i++) {
        for (size_t k = 0; k < n; k++) {
            int err = sample(&groups[k], i % MEMORY_EVERY == 0);
            if (err != 0)
                return err;
        }
        next.tv_nsec += SAMPLE_NS;
        next.tv_sec += next.tv_nsec / 1000000000L;
        next.tv_nsec %= 1000000000L;
        while (i < samples && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) == EINTR)
            ;
    }
    return 0;
}

static bool group_parse(char *text, struct group *g)
{
    char *save = NULL;
    g->roots = calloc(strlen(text) + 1, sizeof *g->roots);
    if (g->roots == NULL)
        return false;
    for (char *word = strtok_r(text, ",", &save); word != NULL; word = strtok_r(NULL, ",", &save)) {
        uint64_t pid;
        if (ps_num_u64(word, 10, 1, INT32_MAX, &pid) != 0)
            return false;
        g->roots[g->nroots++] = (pid_t)pid;
    }
    return g->nroots > 0;
}

static int run(struct group *groups, size_t n, uint64_t seconds)
{
    int err = watch(groups, n, seconds);
    if (err != 0) {
        fprintf(stderr, "load_watch: %s\n", strerror(-err));
        return 4;
    }
    for (size_t i = 0; i < n; i++)
        printf("%zu %.6f %.1f\n", groups[i].most, cpu_seconds(&groups[i]),
               (double)groups[i].pss_bytes / 1024 / groups[i].pss_samples);
    return fflush(stdout) == 0 ? 0 : 4;
}

int main(int argc, char **argv)
{
    uint64_t seconds = 0;
    size_t n = argc > 2 ? (size_t)argc - 2 : 0;
    struct group *groups = calloc(n + 1, sizeof *groups);
    bool good = groups != NULL && n > 0 && ps_num_u64(argv[1], 10, 1, 1000000, &seconds) == 0;
    for (size_t i = 0; i < n && good; i++)
        good = group_parse(argv[i + 2], &groups[i]);
    if (!good)
        fprintf(stderr, "Usage: load_watch SECONDS PID[,PID...]...\n");
    int status = good ? run(groups, n, seconds) : 2;
    for (size_t i = 0; groups != NULL && i < n; i++) {
        free(groups[i].roots);
        free(groups[i].seen);
    }
    free(groups);
    return status;
}
