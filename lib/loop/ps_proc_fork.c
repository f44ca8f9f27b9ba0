// SPDX-License-Identifier: Apache-2.0
// From the fork to the program. Memory is not copied for the moment between the two, which a process of 30 MiB would
// feel: 2 ms a fork, and a fault for each page that it writes afterwards. The child runs in our memory, on a stack of
// its own, while this thread waits (as posix_spawn does it), and does nothing but set itself up: only what is safe in a
// signal's handler may be called, for other threads may hold any lock, and nothing is written but its own variables.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_proc_impl.h"

#define CLOSE_LATER 4u     // CLOSE_RANGE_CLOEXEC
#define NR_CLOSE_RANGE 436 // the same on every architecture
#define FD_ASIDE 10        // above those that the program gets
#define STACK 65536        // of the child

struct launch {
    const struct ps_proc_conf *conf;
    char *const *argv, *const *env;
    pid_t parent;
    int theirs[3]; // what becomes its standard descriptors
    int ours[3];
    int report; // where a failure is told; closed by a success
};

// --- the child

// Which step failed, told beside errno.
enum step { STEP_PROCESS, STEP_DESCRIPTORS, STEP_LIMITS, STEP_DIRECTORY, STEP_EXECUTION };

struct failure {
    enum step step;
    int err;
};

static void default_signals(void)
{
    struct sigaction sa = {.sa_handler = SIG_DFL};
    sigset_t none;

    sigemptyset(&sa.sa_mask);
    for (int i = 1; i < NSIG; i++)
        sigaction(i, &sa, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

// First aside, lest one of them is overwritten before its turn.
static int place_descriptors(const struct launch *l)
{
    int aside[3];

    for (int i = 0; i < 3; i++) {
        aside[i] = fcntl(l->theirs[i], F_DUPFD_CLOEXEC, FD_ASIDE);
        if (aside[i] < 0)
            return -1;
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(aside[i], i) < 0)
            return -1;
    }
    syscall(NR_CLOSE_RANGE, 3u, ~0u, CLOSE_LATER); // ours close by themselves; a library's may not
    return 0;
}

static int set_limits(const struct ps_proc_conf *conf)
{
    struct rlimit now, want;

    for (size_t i = 0; i < conf->nlimits; i++) {
        rlim_t most = conf->limits[i].most;

        if (getrlimit(conf->limits[i].which, &now) < 0)
            return -1;
        want.rlim_cur = now.rlim_cur < most ? now.rlim_cur : most;
        want.rlim_max = now.rlim_max < most ? now.rlim_max : most;
        if (setrlimit(conf->limits[i].which, &want) < 0)
            return -1;
    }
    return 0;
}

static enum step become(const struct launch *l)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setpgid(0, 0) < 0)
        return STEP_PROCESS;
    if (getppid() != l->parent) // it had gone before, and hears nothing
        return STEP_PROCESS;
    if (place_descriptors(l) < 0)
        return STEP_DESCRIPTORS;
    if (l->conf->dir && chdir(l->conf->dir) < 0)
        return STEP_DIRECTORY;
    if (set_limits(l->conf) < 0)
        return STEP_LIMITS;
    default_signals();
    execve(l->conf->path, l->argv, l->env);
    return STEP_EXECUTION;
}

static int run_child(void *launch)
{
    const struct launch *l = launch;
    struct failure f;

    memset(&f, 0, sizeof f);
    f.step = become(l);
    f.err = errno;
    (void)!write(l->report, &f, sizeof f);
    return 127; // its exit status
}

// --- the parent

static int open_pipe(struct launch *l, int which)
{
    int ends[2], mine = which == 0 ? 1 : 0;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    l->theirs[which] = ends[!mine];
    l->ours[which] = ends[mine];
    return fcntl(ends[mine], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int open_descriptor(struct launch *l, int which)
{
    int fd = l->conf->fds[which];

    if (fd == PS_PROC_PIPE)
        return open_pipe(l, which);
    if (fd == PS_PROC_NULL)
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    l->theirs[which] = fd;
    return fd < 0 ? -errno : 0;
}

static void shut(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void close_theirs(const struct launch *l)
{
    for (int i = 0; i < 3; i++) {
        if (l->conf->fds[i] < 0)
            shut(l->theirs[i]);
    }
}

static int tell(const struct launch *l, const struct failure *f, struct ps_fault *fault)
{
    const char *why = ps_strerror(-f->err);

    switch (f->step) {
    case STEP_DIRECTORY:
        ps_fault_set(fault, l->conf->dir, 0, "cannot be the working directory of %s: %s", l->conf->path, why);
        break;
    case STEP_LIMITS:
        ps_fault_set(fault, l->conf->path, 0, "cannot be started: its limits cannot be set: %s", why);
        break;
    case STEP_PROCESS:
    case STEP_DESCRIPTORS:
    case STEP_EXECUTION:
        ps_fault_set(fault, l->conf->path, 0, "cannot be started: %s", why);
    }
    return -f->err;
}

// Until the child is the program, or has failed to become it.
static int await_program(const struct launch *l, int report, pid_t pid, struct ps_fault *fault)
{
    struct failure f;
    ssize_t n;

    do
        n = read(report, &f, sizeof f);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return 0;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (n != sizeof f)
        f = (struct failure){STEP_PROCESS, EIO};
    return tell(l, &f, fault);
}

// The thread sanitizer keeps books of signals in the memory that the child would share: its child has a copy.
static pid_t make_child(struct launch *l, char *stack)
{
#if defined(__SANITIZE_THREAD__)
    pid_t pid = fork();

    (void)stack;
    if (pid == 0)
        _exit(run_child(l));
    return pid;
#else
    return clone(run_child, stack, CLONE_VM | CLONE_VFORK | SIGCHLD, l);
#endif
}

// No signal may reach the child while it still has our handlers. Its number, or -1 and errno.
static pid_t fork_quietly(struct launch *l)
{
    char *stack = malloc(STACK);
    sigset_t all, before;
    pid_t pid;
    int err;

    if (!stack)
        return -1;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = make_child(l, stack + STACK); // stacks grow down
    err = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    free(stack);
    errno = err;
    return pid;
}

static int start(struct launch *l, pid_t *pid, struct ps_fault *fault)
{
    struct failure f = {STEP_PROCESS, 0};
    int report[2], err;

    if (pipe2(report, O_CLOEXEC) < 0) {
        f.err = errno;
        return tell(l, &f, fault);
    }
    l->parent = getpid();
    l->report = report[1];
    *pid = fork_quietly(l);
    f.err = errno;
    close(report[1]);
    err = *pid < 0 ? tell(l, &f, fault) : await_program(l, report[0], *pid, fault);
    close(report[0]);
    return err;
}

// execve does not change them, but its type says it might.
static char *const *words(const char *const *list)
{
    union {
        const char *const *in;
        char *const *out;
    } u = {list};

    return u.out;
}

int ps_proc_fork(const struct ps_proc_conf *conf, pid_t *pid, int ours[3], struct ps_fault *fault)
{
    const char *alone[] = {conf->path, NULL}, *none[] = {NULL};
    struct launch l = {.conf = conf,
                       .argv = words(conf->argv ? conf->argv : alone),
                       .env = words(conf->env ? conf->env : none),
                       .theirs = {-1, -1, -1},
                       .ours = {-1, -1, -1}};
    struct failure f = {STEP_DESCRIPTORS, 0};

    for (int i = 0; i < 3 && !f.err; i++)
        f.err = -open_descriptor(&l, i);
    f.err = -(f.err ? tell(&l, &f, fault) : start(&l, pid, fault));
    close_theirs(&l);
    for (int i = 0; i < 3 && f.err; i++)
        shut(l.ours[i]);
    if (!f.err)
        memcpy(ours, l.ours, sizeof l.ours);
    return -f.err;
}
