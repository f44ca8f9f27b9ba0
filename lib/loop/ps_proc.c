// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_proc.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_proc_impl.h"
#include "loop/ps_uv.h"

struct ps_proc {
    struct ps_list link;
    struct ps_loop *loop;
    pid_t pid;
    int fds[3];
    ps_proc_cb on_end; // NULL: its owner has let go
    void *ctx;
    struct ps_timer *timer;
    ps_ns grace;
    bool over;
    bool overdue;
};

static void close_pipes(struct ps_proc *p)
{
    for (int i = 0; i < 3; i++) {
        if (p->fds[i] >= 0)
            close(p->fds[i]);
        p->fds[i] = -1;
    }
}

static void destroy(struct ps_proc *p)
{
    ps_list_remove(&p->link);
    ps_timer_free(p->timer);
    close_pipes(p);
    free(p);
}

// --- ends

static struct ps_proc_end end_of(const struct ps_proc *p, int status)
{
    struct ps_proc_end end = {.status = -1, .overdue = p->overdue};

    if (WIFSIGNALED(status))
        end.signal = WTERMSIG(status);
    else
        end.status = WEXITSTATUS(status);
    return end;
}

// While it has not been waited for, its number is no other process's, and no other group's.
static bool is_over(const struct ps_proc *p)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == p->pid;
}

static int reap(struct ps_proc *p)
{
    int status = 0;

    kill(-p->pid, SIGKILL);
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

// p may be gone afterwards.
static void ended(struct ps_proc *p)
{
    struct ps_proc_end end = end_of(p, reap(p));

    p->over = true;
    ps_list_remove(&p->link);
    if (p->timer)
        ps_timer_stop(p->timer);
    if (p->on_end)
        p->on_end(p->ctx, &end);
    else
        destroy(p);
}

static void stay_for_those_owned(struct ps_children *all)
{
    PS_LIST_EACH(it, &all->running) {
        if (PS_CONTAINER(it, struct ps_proc, link)->on_end) {
            uv_ref((uv_handle_t *)&all->signal);
            return;
        }
    }
    uv_unref((uv_handle_t *)&all->signal);
}

static bool is_ours(const struct ps_children *all, pid_t pid)
{
    PS_LIST_EACH(it, &all->running) {
        if (PS_CONTAINER(it, struct ps_proc, link)->pid == pid)
            return true;
    }
    return false;
}

// A program's end is left for its own turn: the signal that tells of it is still to come.
static void reap_adopted(const struct ps_children *all)
{
    siginfo_t info = {0};

    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0 &&
           !is_ours(all, info.si_pid)) {
        if (waitpid(info.si_pid, NULL, WNOHANG) < 0)
            return;
        info.si_pid = 0;
    }
}

// Several ends may be told by one signal. A callback may start and free others: so from the beginning again
// after each, with those that were looked at set aside.
static void child_signal(uv_signal_t *uv, int signum)
{
    struct ps_children *all = uv->data;
    struct ps_list seen;

    (void)signum;
    ps_list_init(&seen);
    while (!ps_list_empty(&all->running)) {
        struct ps_proc *p = PS_CONTAINER(all->running.next, struct ps_proc, link);

        ps_list_remove(&p->link);
        ps_list_append(&seen, &p->link);
        if (is_over(p))
            ended(p);
    }
    while (!ps_list_empty(&seen)) {
        struct ps_list *n = seen.next;

        ps_list_remove(n);
        ps_list_append(&all->running, n);
    }
    if (all->adopting)
        reap_adopted(all);
    stay_for_those_owned(all);
}

void ps_children_init(struct ps_children *all)
{
    ps_list_init(&all->running);
    all->watching = false;
    all->adopting = false;
}

void ps_children_fini(struct ps_children *all)
{
    PS_LIST_EACH_SAFE(it, &all->running) {
        struct ps_proc *p = PS_CONTAINER(it, struct ps_proc, link);

        kill(-p->pid, SIGKILL);
        destroy(p);
    }
}

// --- beginnings

static int watch(struct ps_loop *l)
{
    struct ps_children *all = ps_loop_children(l);
    int rc;

    if (all->watching)
        return 0;
    rc = uv_signal_init(ps_loop_uv(l), &all->signal);
    if (rc)
        return rc;
    all->watching = true; // it is the loop's to close from here on
    all->signal.data = all;
    uv_unref((uv_handle_t *)&all->signal);
    return uv_signal_start(&all->signal, child_signal, SIGCHLD);
}

int ps_proc_adopt(struct ps_loop *l)
{
    int err = watch(l);

    if (err)
        return err;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return -errno;
    ps_loop_children(l)->adopting = true;
    return 0;
}

static struct ps_proc *make(struct ps_loop *l, ps_proc_cb on_end, void *ctx)
{
    struct ps_proc *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    ps_list_init(&p->link);
    p->loop = l;
    p->on_end = on_end;
    p->ctx = ctx;
    for (int i = 0; i < 3; i++)
        p->fds[i] = -1;
    return p;
}

int ps_proc_start(struct ps_loop *l, const struct ps_proc_conf *conf, ps_proc_cb on_end, void *ctx,
                  struct ps_proc **out, struct ps_fault *fault)
{
    struct ps_proc *p = make(l, on_end, ctx);
    int err = p ? watch(l) : -ENOMEM;

    if (err)
        ps_fault_set(fault, conf->path, 0, "cannot be started: %s", ps_strerror(err));
    else
        err = ps_proc_fork(conf, &p->pid, p->fds, fault);
    if (err) {
        free(p);
        return err;
    }
    ps_list_append(&ps_loop_children(l)->running, &p->link);
    uv_ref((uv_handle_t *)&ps_loop_children(l)->signal);
    *out = p;
    return 0;
}

pid_t ps_proc_pid(const struct ps_proc *p)
{
    return p->pid;
}

ps_ns ps_proc_cpu(const struct ps_proc *p)
{
    struct timespec t;
    clockid_t clock;

    if (p->over || clock_getcpuclockid(p->pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return -1;
    return (ps_ns)t.tv_sec * PS_SEC + t.tv_nsec;
}

int ps_proc_take(struct ps_proc *p, int which)
{
    int fd = p->fds[which];

    p->fds[which] = -1;
    return fd;
}

void ps_proc_kill(struct ps_proc *p, int signum)
{
    if (!p->over)
        kill(-p->pid, signum);
}

static void insist(void *ctx)
{
    struct ps_proc *p = ctx;

    if (p->overdue) {
        ps_proc_kill(p, SIGKILL);
        return;
    }
    p->overdue = true;
    ps_proc_kill(p, SIGTERM);
    ps_timer_start(p->timer, p->grace);
}

int ps_proc_end_after(struct ps_proc *p, ps_ns after, ps_ns grace)
{
    int err = p->timer ? 0 : ps_timer_new(p->loop, &p->timer, insist, p);

    if (err || p->over)
        return err;
    p->grace = grace;
    p->overdue = false;
    if (after > 0)
        ps_timer_start(p->timer, after);
    else
        insist(p);
    return 0;
}

void ps_proc_free(struct ps_proc *p)
{
    if (!p)
        return;
    p->on_end = NULL;
    if (p->over) {
        destroy(p);
        return;
    }
    close_pipes(p);
    kill(-p->pid, SIGKILL);
    if (p->timer)
        ps_timer_stop(p->timer);
    stay_for_those_owned(ps_loop_children(p->loop));
}

const char *ps_proc_end_words(const struct ps_proc_end *end, char *out, size_t size)
{
    if (end->signal)
        snprintf(out, size, "killed by signal %d (%s)", end->signal, strsignal(end->signal));
    else
        snprintf(out, size, "exit status %d", end->status);
    return out;
}
