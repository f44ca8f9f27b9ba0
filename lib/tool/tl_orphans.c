// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_orphans.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RUN "PSCHED_RUN="
#define OWNER "PSCHED_OWNER="
#define ENVIRONMENT_MAX 131072
#define AT_ONCE 256
#define ROUNDS 100
#define QUICK_ROUNDS 20
#define KERNEL_THREAD 0x00200000 // PF_KTHREAD of linux/sched.h, in the 9th field of stat
#define NR_PIDFD_SEND_SIGNAL 424 // the same on every architecture
#define NR_PIDFD_OPEN 434

// --- what /proc says of a process

static ssize_t read_file(pid_t pid, const char *name, char *out, size_t size)
{
    char path[64];
    size_t len = 0;
    ssize_t n = 0;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    while (len < size - 1 && (n = read(fd, out + len, size - 1 - len)) > 0)
        len += (size_t)n;
    close(fd);
    out[len] = '\0';
    return n < 0 ? -1 : (ssize_t)len;
}

// Fields of stat that are wanted, counted as in proc(5).
enum { STATE = 3, FLAGS = 9, BEGAN = 22, ENV_START = 50, ENV_END = 51 };

// What follows the name, which may hold anything; NULL: it is not there, or a zombie.
static const char *stat_of(pid_t pid, char *text, size_t size)
{
    const char *p = read_file(pid, "stat", text, size) > 0 ? strrchr(text, ')') : NULL;

    return p && p[1] != '\0' && p[2] != 'Z' && p[2] != 'X' ? p + 2 : NULL;
}

static unsigned long long stat_field(const char *p, int wanted)
{
    for (int field = STATE; p && field < wanted; field++) {
        p = strchr(p, ' ');
        p = p ? p + 1 : NULL;
    }
    return p ? strtoull(p, NULL, 10) : 0;
}

// 0: it is not there, or a zombie.
static unsigned long long began(pid_t pid)
{
    char text[1024];

    return stat_field(stat_of(pid, text, sizeof text), BEGAN);
}

// Of a process that showed no environment: whether it is or was in the midst of execve, which lays it out while the
// process runs.
static bool is_being_born(pid_t pid)
{
    char text[1024];
    const char *stat = stat_of(pid, text, sizeof text);
    unsigned long long end = stat_field(stat, ENV_END);

    if (!stat || stat_field(stat, FLAGS) & KERNEL_THREAD)
        return false;
    return end == 0 || end != stat_field(stat, ENV_START) || *stat == 'R' || *stat == 'D';
}

static const char *variable(const char *env, size_t len, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = env; p < env + len; p += strlen(p) + 1) {
        if (strncmp(p, name, n) == 0)
            return p + n;
    }
    return NULL;
}

// "PID-BEGAN"
static bool is_there(const char *owner)
{
    char *end;
    long pid = strtol(owner, &end, 10);
    unsigned long long since;

    if (pid <= 0 || *end != '-')
        return false;
    since = strtoull(end + 1, NULL, 10);
    return since > 0 && began((pid_t)pid) == since;
}

struct search {
    const char *run; // NULL: runs whose owner is not there
    char *env;
    struct tl_orphan *out;
    size_t max, n;
    size_t unknown; // processes whose environment could not be seen yet
};

// Whether it bears the mark that is looked for; o->run is then filled in.
static bool is_marked(struct search *s, pid_t pid, struct tl_orphan *o)
{
    ssize_t len = read_file(pid, "environ", s->env, ENVIRONMENT_MAX);
    const char *mark = len > 0 ? variable(s->env, (size_t)len, RUN) : NULL, *owner;

    if (len == 0 && is_being_born(pid))
        s->unknown++;
    if (!mark || strlen(mark) >= sizeof o->run)
        return false;
    owner = variable(s->env, (size_t)len, OWNER);
    snprintf(o->run, sizeof o->run, "%s", mark);
    return s->run ? strcmp(mark, s->run) == 0 : owner && !is_there(owner);
}

// Most processes have no mark, and are looked at but once. One that has is looked at again after it is known when it
// began, lest its number has become another process's in between.
static bool belongs(struct search *s, pid_t pid, struct tl_orphan *o)
{
    if (!is_marked(s, pid, o))
        return false;
    o->pid = pid;
    o->began = began(pid);
    return o->began && is_marked(s, pid, o);
}

// --- all of them

void tl_orphans_mark(const char *run, char out[TL_ORPHANS_MARKS][TL_ORPHANS_MARK])
{
    snprintf(out[0], TL_ORPHANS_MARK, RUN "%.*s", TL_ORPHANS_RUN - 1, run);
    snprintf(out[1], TL_ORPHANS_MARK, OWNER "%d-%llu", (int)getpid(), began(getpid()));
}

static void look_through(DIR *proc, struct search *s)
{
    const struct dirent *e;

    while (s->n < s->max && (e = readdir(proc))) {
        long pid = isdigit((unsigned char)e->d_name[0]) ? strtol(e->d_name, NULL, 10) : 0;
        if (pid > 0 && pid != getpid() && belongs(s, (pid_t)pid, &s->out[s->n]))
            s->n++;
    }
}

static int search(struct search *s)
{
    DIR *proc = opendir("/proc");
    int err;

    s->n = s->unknown = 0;
    s->env = malloc(ENVIRONMENT_MAX);
    err = !s->env ? -ENOMEM : !proc ? -errno : 0;
    if (!err)
        look_through(proc, s);
    if (proc)
        closedir(proc);
    free(s->env);
    return err;
}

int tl_orphans_find(const char *run, struct tl_orphan *out, size_t max, size_t *n)
{
    struct search s = {.run = run, .out = out, .max = max};
    int err = search(&s);

    *n = s.n;
    return err;
}

// By a descriptor, so that what is looked at is what is killed.
static void kill_one(const struct tl_orphan *o)
{
    int fd = (int)syscall(NR_PIDFD_OPEN, o->pid, 0);

    if (fd >= 0) {
        if (began(o->pid) == o->began)
            syscall(NR_PIDFD_SEND_SIGNAL, fd, SIGKILL, NULL, 0);
        close(fd);
    } else if (errno == ENOSYS && began(o->pid) == o->began) {
        kill(o->pid, SIGKILL);
    }
}

// What was killed takes a moment to go, and what is being born to be there.
static void rest(int round)
{
    if (round > 0)
        usleep(round < QUICK_ROUNDS ? 1000 : 10000);
}

int tl_orphans_kill(const char *run)
{
    struct search s = {.run = run, .out = calloc(AT_ONCE, sizeof *s.out), .max = AT_ONCE};
    int err = s.out ? 0 : -ENOMEM, killed = 0;
    bool more = true;

    // One that is about to fork may have done so while we looked: again, until nothing is found.
    for (int round = 0; !err && more && round < ROUNDS; round++) {
        rest(round);
        err = search(&s);
        for (size_t i = 0; i < s.n; i++)
            kill_one(&s.out[i]);
        if (killed == 0)
            killed = (int)s.n;
        more = s.n + s.unknown > 0;
    }
    free(s.out);
    return err ? err : killed;
}
