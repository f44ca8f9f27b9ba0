// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "loop/ps_fswatch_impl.h"

#define LINKS_MAX 16 // that are followed
#define READS_MAX 16 // of notice at a time
#define TURN_BITS (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define SELF_BITS (IN_DELETE_SELF | IN_MOVE_SELF)
#define LAST_BITS (IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB)

// On the way from the root.
struct walk {
    char at[PATH_MAX];   // a folder, without links; "": the root
    char rest[PATH_MAX]; // what is still to go
    int links;
};

void ps_fsway_open(struct ps_fsway *way)
{
    *way = (struct ps_fsway){.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
}

static void forget_steps(struct ps_fsway *way)
{
    for (size_t i = 0; i < way->n; i++)
        if (way->fd >= 0)
            (void)inotify_rm_watch(way->fd, way->steps[i].wd);
    free(way->steps);
    way->steps = NULL;
    way->n = 0;
}

void ps_fsway_close(struct ps_fsway *way)
{
    forget_steps(way);
    if (way->fd >= 0)
        close(way->fd);
    way->fd = -1;
}

// name in the folder where the walk is.
static void add_step(struct ps_fsway *way, const struct walk *k, const char *name, bool last)
{
    struct ps_fsstep *steps = reallocarray(way->steps, way->n + 1, sizeof *steps);
    uint32_t bits = TURN_BITS | SELF_BITS | (last ? LAST_BITS : 0) | IN_MASK_ADD | IN_ONLYDIR;

    if (!steps) {
        way->partial = true;
        return;
    }
    way->steps = steps;
    steps[way->n] =
        (struct ps_fsstep){.last = last, .wd = inotify_add_watch(way->fd, k->at[0] ? k->at : "/", bits)};
    snprintf(steps[way->n].name, sizeof steps[way->n].name, "%s", name);
    if (steps[way->n].wd < 0)
        way->partial = true;
    else
        way->n++;
}

// Cuts the next name off the rest. False: there is none.
static bool next_name(struct walk *k, char name[NAME_MAX + 1])
{
    size_t skip = strspn(k->rest, "/"), n = strcspn(k->rest + skip, "/");

    if (n == 0 || n > NAME_MAX)
        return false;
    memcpy(name, k->rest + skip, n);
    name[n] = '\0';
    memmove(k->rest, k->rest + skip + n, strlen(k->rest + skip + n) + 1);
    return true;
}

static bool enter(struct walk *k, const char *name)
{
    size_t n = strlen(k->at);

    if (strcmp(name, ".") == 0)
        return true;
    if (strcmp(name, "..") == 0) {
        char *slash = strrchr(k->at, '/');
        if (slash)
            *slash = '\0';
        return true;
    }
    if (n + 1 + strlen(name) >= sizeof k->at)
        return false;
    snprintf(k->at + n, sizeof k->at - n, "/%s", name);
    return true;
}

// From the folder that the link is in, or from the root.
static bool follow(struct walk *k, const char *link)
{
    char target[PATH_MAX], rest[PATH_MAX];
    ssize_t n = readlink(link, target, sizeof target - 1);

    if (n <= 0 || k->links++ >= LINKS_MAX)
        return false;
    target[n] = '\0';
    if (target[0] == '/')
        k->at[0] = '\0';
    memcpy(rest, k->rest, sizeof rest);
    if (strlen(target) + 1 + strlen(rest) >= sizeof k->rest)
        return false;
    memcpy(k->rest, target, (size_t)n);
    k->rest[n] = '/';
    memcpy(k->rest + n + 1, rest, strlen(rest) + 1);
    return true;
}

static bool is_last(const struct walk *k)
{
    return k->rest[strspn(k->rest, "/")] == '\0';
}

// False: it goes no further.
static bool step(struct ps_fsway *way, struct walk *k, const char *name)
{
    char next[2 * PATH_MAX];
    struct stat st;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return enter(k, name);
    add_step(way, k, name, is_last(k));
    snprintf(next, sizeof next, "%s/%s", k->at, name);
    if (lstat(next, &st) != 0)
        return false;
    if (S_ISLNK(st.st_mode))
        return follow(k, next);
    return S_ISDIR(st.st_mode) && enter(k, name);
}

void ps_fsway_find(struct ps_fsway *way, const char *path)
{
    struct walk k = {.links = 0};
    char name[NAME_MAX + 1];
    bool on = true;

    forget_steps(way);
    way->partial = false;
    if (way->fd < 0)
        return;
    snprintf(k.rest, sizeof k.rest, "%s", path);
    while (on && next_name(&k, name))
        on = step(way, &k, name);
    if (on && is_last(&k))
        add_step(way, &k, "", true); // a folder
}

// --- notice

static unsigned bits_of(const struct ps_fsstep *s, const struct inotify_event *e)
{
    bool named = e->len > 0 && (s->name[0] == '\0' || strcmp(s->name, e->name) == 0);

    if (e->mask & (SELF_BITS | IN_IGNORED | IN_UNMOUNT))
        return PS_FSWAY_SEEN | PS_FSWAY_TURNED;
    if (!named)
        return 0;
    if (e->mask & TURN_BITS)
        return PS_FSWAY_SEEN | PS_FSWAY_TURNED;
    return PS_FSWAY_SEEN | (s->last && e->mask & IN_MODIFY ? PS_FSWAY_WRITTEN : 0);
}

static unsigned read_event(const struct ps_fsway *way, const struct inotify_event *e)
{
    unsigned bits = e->mask & IN_Q_OVERFLOW ? PS_FSWAY_SEEN | PS_FSWAY_TURNED : 0;

    for (size_t i = 0; i < way->n; i++)
        if (way->steps[i].wd == e->wd)
            bits |= bits_of(&way->steps[i], e);
    return bits;
}

unsigned ps_fsway_read(struct ps_fsway *way)
{
    _Alignas(struct inotify_event) char octets[16384];
    unsigned bits = 0;
    ssize_t n;

    for (int i = 0; i < READS_MAX && (n = read(way->fd, octets, sizeof octets)) > 0; i++) {
        const struct inotify_event *e;
        for (char *p = octets; p < octets + n; p += sizeof *e + e->len) {
            e = (const struct inotify_event *)(void *)p;
            bits |= read_event(way, e);
        }
    }
    return bits;
}
