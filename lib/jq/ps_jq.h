// SPDX-License-Identifier: Apache-2.0
// jq programs (limits, rewrites, priorities, transforms) run in worker processes that can do nothing but
// compute. libjq aborts, loops and eats memory when a program wants it to, so it is never called in the
// process that asks: a worker that runs too long, wants too much or dies is killed and replaced, the request
// fails with the reason in words, and those that wait behind it are served.
//
// Everything is called from the loop's thread; callbacks come from the loop, never from inside the call that
// asks. A worker compiles a program at its first use (some 15 ms) and keeps it; a run then takes some 0.1 ms.
//
// What programs see: the jq that the host has (1.6 and later). Numbers are doubles there: integers above 2^53
// lose digits. `env` and `$ENV` are empty, `input` gives nothing, `now` is the time and local time the host's.
// `import` and `include` find what is below the library folder (pscheduler/iso8601, pscheduler/si) and nothing
// else. They may stand anywhere in a program and count as if they stood at its beginning.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "loop/ps_loop.h"

#define PS_JQ_PROGRAM_MAX \
    ((size_t)256 << 10)                    // octets of a program, its prelude and the names of its arguments
#define PS_JQ_ARGS_MAX 16                  // named arguments
#define PS_JQ_INPUT_MAX ((size_t)16 << 20) // octets of the input and all arguments
#define PS_JQ_WHY_MAX 4096                 // octets of a reason; a longer one is cut

struct ps_jq;         // the workers and what waits for them
struct ps_jq_program; // a program, known to any worker that needed it
struct ps_jq_request; // one that was asked and not answered

// Zero or NULL: the default.
struct ps_jq_conf {
    // Absolute paths of the helper program and of the folder of modules; defaults: $PSUITE_JQ_WORKER and
    // $PSUITE_JQ_LIBRARY, else those of the installation.
    const char *worker, *library;
    unsigned workers; // at most; they are started when needed and stay. Default 2
    // How long a worker may take, in processor time, so that a busy host is not the program's fault; four times as much
    // on the clock.
    ps_ns run_time;      // of a program on one input. Default 500 ms
    ps_ns compile_time;  // Default 5 s
    ps_ns wait_time;     // of a run, until a worker takes it up. Default 5 s
    size_t memory;       // octets that a run may add to a worker's. Default 64 MiB
    size_t output;       // octets of all the outputs of a run. Default 1 MiB
    size_t queue;        // requests that wait. Default 20,000
    size_t queue_octets; // of their inputs. Default 64 MiB
};

// Copies what conf holds (NULL: defaults). Starts no worker yet. 0 or -ENOMEM.
int ps_jq_new(struct ps_loop *l, const struct ps_jq_conf *conf, struct ps_jq **out);
// Kills the workers and forgets what was asked: no callback comes. Programs may be freed after it. NULL is
// fine. Not from inside a callback of its own.
void ps_jq_free(struct ps_jq *jq);

// programs

struct ps_jq_source {
    const char *text; // the program; empty: "."
    size_t len;
    const char *prelude;      // definitions that it may use, in one line and without comments, as in
                              // "def hint($n): $hints[$n];"; NULL: none. Lines in faults count without it
    const char *const *names; // of its arguments, without the "$": letters, digits and "_"
    size_t nnames;
};

// Copies the source. No jq is asked: a program that does not compile fails at its first use, or at a check.
// PS_ELIMIT (see above), -EINVAL (a name that is none, NUL in the text), -ENOMEM.
int ps_jq_program_new(struct ps_jq *jq, const struct ps_jq_source *source, struct ps_jq_program **out);
// Forgets it; requests that were asked go on. NULL is fine.
void ps_jq_program_free(struct ps_jq_program *p);

// requests

struct ps_jq_output {
    const char *text; // JSON without blanks, in UTF-8, NUL behind it; keys of objects as jq has them
    size_t len;
};

// What came of a request. err and what the words are about:
//   0             it is done: outputs, of which there may be none. A check has none
//   PS_ESYNTAX    it does not compile: jq's message; line as far as jq tells one. Also a library that is not
//                 there, and an argument that is not JSON
//   PS_EREFUSED   the program failed: jq's message ("Cannot index number with \"a\"", what error() was given)
//   PS_ETIMEOUT   "ran longer than 500 ms", "took longer than 5 s to compile"
//   PS_ESTATE     "waited longer than 5 s for others", which is no fault of the program: it has not been run
//   PS_ELIMIT     "wanted more than 64 MiB of memory", "made more than 1 MiB of output"
//   PS_ECLOSED    its worker died of it: "the jq library aborted", "... crashed (signal 11)"; or was killed
//   -errno        no worker can be started; which file, and why
// Of all these but PS_ESTATE and the last the program is the cause. A request whose worker was killed from outside before it
// answered is PS_ECLOSED, too.
struct ps_jq_result {
    int err;
    const char *why; // in words, for people; "" when err is 0. One line
    unsigned line;   // in the program's text, from 1; 0: not known
    const struct ps_jq_output *outputs;
    size_t noutputs;
};

// The result is good during the call. Asking again, cancelling others and freeing programs are fine from inside.
typedef void (*ps_jq_cb)(void *ctx, const struct ps_jq_result *r);

// One JSON document each.
struct ps_jq_value {
    const char *text;
    size_t len;
};

// Runs the program on the input; args are as many as the program has names, in that order. All is copied.
// Answered by exactly one callback unless it is cancelled. Requests are taken up in the order in which they were
// asked (those of several askers: see below), but those of a program that has lately cost a worker its time or its life stand aside: all others come
// before them, a worker is kept free of them if there are two, and the newest of them comes first, for the older
// ones' time is up soonest. out may be NULL. PS_ELIMIT: too many wait, or this one is too large; -ENOMEM.
int ps_jq_run(struct ps_jq_program *p, const struct ps_jq_value *input, const struct ps_jq_value *args,
              ps_jq_cb cb, void *ctx, struct ps_jq_request **out);
// The same on behalf of an asker, a number that means something to the caller, its upper half that of a group: groups
// take turns, and within one its askers. An asker has no more than half of the queue, a group no more than three
// quarters (PS_ELIMIT). All of ps_jq_run and ps_jq_check are one, of number 0.
int ps_jq_run_for(struct ps_jq_program *p, uint64_t asker, const struct ps_jq_value *input,
                  const struct ps_jq_value *args, ps_jq_cb cb, void *ctx, struct ps_jq_request **out);
// Compiles it only: is it a program?
int ps_jq_check(struct ps_jq_program *p, ps_jq_cb cb, void *ctx, struct ps_jq_request **out);
// The callback will not come. Not after it came. NULL is fine.
void ps_jq_cancel(struct ps_jq_request *r);

// How it is: for a daemon's status.
struct ps_jq_stats {
    unsigned workers;            // now
    bool unconfined;             // this kernel lacks something of what should confine them
    size_t waiting, running;     // requests
    unsigned long long asked;    // since the start
    unsigned long long failed;   // answered with an error
    unsigned long long replaced; // workers that were killed or died
    unsigned long long compiled; // programs, in whatever worker
};
// What workers are started from, and the folder of modules that they read: for what confines the process.
void ps_jq_paths(const struct ps_jq *jq, const char **worker, const char **library);
void ps_jq_stats(const struct ps_jq *jq, struct ps_jq_stats *out);
