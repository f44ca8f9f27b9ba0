// SPDX-License-Identifier: Apache-2.0
// Programs that the loop starts and looks after. A program is the leader of a process group of its own; with
// it goes what it has started and left in there. It does not outlive who has started it: when that thread
// ends, however it does, the kernel kills the program (not what that has started in turn).
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>
#include "base/ps_conf.h"
#include "loop/ps_loop.h"

struct ps_proc;

// What a standard descriptor of the program is, instead of one of ours.
enum {
    PS_PROC_NULL = -1, // /dev/null
    PS_PROC_PIPE = -2, // a pipe, of which ps_proc_take gives the other end
};

struct ps_proc_limit {
    int which;   // RLIMIT_...
    rlim_t most; // soft and hard; one that is lower already stays
};

struct ps_proc_conf {
    const char *path;        // of the program's file; PATH is not searched
    const char *const *argv; // ends with NULL, begins with the program's name; NULL: the path alone
    const char *const *env;  // "NAME=value", ends with NULL; NULL: an empty environment
    const char *dir;         // the working directory; NULL: ours
    int fds[3];              // input, output, errors: PS_PROC_..., or a descriptor, which stays the caller's
    const struct ps_proc_limit *limits;
    size_t nlimits;
};

// How it came to its end.
struct ps_proc_end {
    int status;   // what it exited with; -1: it was killed by a signal
    int signal;   // which; 0: none
    bool overdue; // ps_proc_end_after had asked it to go
};

// The program is over, and so is all that was left in its group. Comes from the loop, once; ps_proc_free is
// fine from inside. What it has written last may still stand in the pipes.
typedef void (*ps_proc_cb)(void *ctx, const struct ps_proc_end *end);

// Starts it with default signals, no other descriptors than three and nothing else of ours but the user, and
// returns when it runs: a program that cannot be executed is told here. A running one keeps the loop alive.
// 0 or -errno, and the fault says it in words.
int ps_proc_start(struct ps_loop *l, const struct ps_proc_conf *conf, ps_proc_cb on_end, void *ctx,
                  struct ps_proc **out, struct ps_fault *fault);
pid_t ps_proc_pid(const struct ps_proc *p);
// The processor time that the program itself has used; -1: not known, or it is over.
ps_ns ps_proc_cpu(const struct ps_proc *p);
// Our end of a pipe (of which: 0 to write, 1 and 2 to read), non-blocking; the caller's from here on. -1: there
// is none, or it was taken.
int ps_proc_take(struct ps_proc *p, int which);
// Sends a signal to the program and its group. Nothing happens when it is over.
void ps_proc_kill(struct ps_proc *p, int signum);
// A deadline: SIGTERM when that time has passed (0: at once), SIGKILL when it has not gone within the grace.
// Again: sets it anew. -ENOMEM.
int ps_proc_end_after(struct ps_proc *p, ps_ns after, ps_ns grace);
// What the programs' own children leave behind when they end falls to this process from here on (it becomes their
// "subreaper"), and the loop waits for them as it does for the programs. -errno.
int ps_proc_adopt(struct ps_loop *l);
// Kills what still runs; on_end does not come. Closes the pipes that were not taken. NULL is fine.
void ps_proc_free(struct ps_proc *p);
// What an end was, in words: "exit status 1", "killed by signal 9 (Killed)". Returns out.
const char *ps_proc_end_words(const struct ps_proc_end *end, char *out, size_t size);
