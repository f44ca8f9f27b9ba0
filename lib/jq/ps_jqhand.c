// SPDX-License-Identifier: Apache-2.0
#include "jq/ps_jqhand.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "jq/ps_jqworker.h"
#include "loop/ps_proc.h"
#include "loop/ps_watch.h"

#define CHUNK ((size_t)4096) // what most answers fit into
#define CHUNK_MORE ((size_t)65536)
#define FEW 8              // outputs for which no memory is asked
#define TICK (5 * PS_MSEC) // at least, between looks at its processor time
#define PATIENCE 4         // times the processor time that a job may take, on the clock

enum state { STARTING, IDLE, COMPILING, RUNNING };

struct slot {
    uint64_t program; // 0: none
    uint64_t used;    // when, counted in uses
};

struct ps_jqhand {
    struct ps_list link;
    const struct ps_jqhand_conf *conf;
    const struct ps_jqhand_ops *ops;
    void *ctx;
    struct ps_proc *proc;
    int fd; // -1: it has ended its side; how it ends is still to come
    struct ps_watch *watch;
    struct ps_timer *deadline;
    ps_ns within;   // processor time that the job may take
    ps_ns cpu;      // what the worker had used before
    ps_ns patience; // when the job is over in any case
    struct ps_buf in;
    struct ps_jqhand_job *job;
    const struct ps_buf *sending; // NULL: nothing
    size_t sent;
    enum state state;
    unsigned held;
    bool worn;
    unsigned slot; // of the job's program
    uint64_t uses;
    struct slot slots[PS_JQFRAME_SLOTS];
};

// --- its end

// The owner frees h.
static void fail(struct ps_jqhand *h, int err, const char *why)
{
    const struct ps_jq_result r = {.err = err, .why = why};

    h->ops->gone(h->ctx, h, h->job, &r);
}

static const char *time_words(ps_ns t, char out[32])
{
    if (t % PS_SEC == 0)
        snprintf(out, 32, "%" PRId64 " s", t / PS_SEC);
    else
        snprintf(out, 32, "%" PRId64 " ms", t / PS_MSEC);
    return out;
}

static void fail_late(struct ps_jqhand *h)
{
    char why[256], t[32];

    if (h->state == STARTING)
        snprintf(why, sizeof why, "%.150s: does not start within %s", h->conf->worker,
                 time_words(h->conf->start_time, t));
    else if (h->state == COMPILING)
        snprintf(why, sizeof why, "took longer than %s to compile", time_words(h->conf->compile_time, t));
    else
        snprintf(why, sizeof why, "ran longer than %s", time_words(h->conf->run_time, t));
    fail(h, h->state == STARTING ? -ETIMEDOUT : PS_ETIMEOUT, why);
}

static void fail_no_memory(struct ps_jqhand *h)
{
    char why[64];

    snprintf(why, sizeof why, "wanted more than %zu MiB of memory", h->conf->memory >> 20);
    fail(h, PS_ELIMIT, why);
}

static bool is_crash(int signum)
{
    return signum == SIGSEGV || signum == SIGBUS || signum == SIGFPE || signum == SIGILL;
}

static void fail_ended(struct ps_jqhand *h, const struct ps_proc_end *end)
{
    char why[256], words[64];

    if (end->signal == SIGABRT)
        snprintf(why, sizeof why, "the jq library aborted");
    else if (is_crash(end->signal))
        snprintf(why, sizeof why, "the jq library crashed (signal %d)", end->signal);
    else
        snprintf(why, sizeof why, "its worker ended: %s", ps_proc_end_words(end, words, sizeof words));
    fail(h, PS_ECLOSED, why);
}

static void fail_start(struct ps_jqhand *h, const struct ps_proc_end *end)
{
    char why[256], words[64];

    if (end->status == PS_JQWORKER_UNCONFINED)
        snprintf(why, sizeof why, "%.150s: the kernel refuses what should confine it", h->conf->worker);
    else
        snprintf(why, sizeof why, "%.150s: does not start: %s", h->conf->worker,
                 ps_proc_end_words(end, words, sizeof words));
    fail(h, -ECHILD, why);
}

static void ended(void *ctx, const struct ps_proc_end *end)
{
    struct ps_jqhand *h = ctx;

    if (h->state == STARTING)
        fail_start(h, end);
    else if (end->status == PS_JQWORKER_NO_MEMORY)
        fail_no_memory(h);
    else
        fail_ended(h, end);
}

// --- sending

static void watch_as_needed(struct ps_jqhand *h)
{
    ps_watch_set(h->watch, PS_WATCH_READ | (h->sending ? PS_WATCH_WRITE : 0));
}

// A worker that has gone says so by its end.
static void send_on(struct ps_jqhand *h)
{
    while (h->sending && h->sent < ps_buf_len(h->sending)) {
        ssize_t n = send(h->fd, ps_buf_head(h->sending) + h->sent, ps_buf_len(h->sending) - h->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        h->sent = n < 0 ? ps_buf_len(h->sending) : h->sent + (size_t)n;
    }
    if (h->sending && h->sent == ps_buf_len(h->sending))
        h->sending = NULL;
    watch_as_needed(h);
}

static void send_frame(struct ps_jqhand *h, const struct ps_buf *frame, enum state state, ps_ns within)
{
    ps_jqframe_set_slot(ps_buf_head(frame), h->slot);
    h->sending = frame;
    h->sent = 0;
    h->state = state;
    h->within = within;
    h->cpu = ps_proc_cpu(h->proc);
    h->patience = ps_loop_mono() + PATIENCE * within;
    ps_timer_start(h->deadline, within);
    if (h->fd >= 0)
        send_on(h);
}

// --- answers

// What came is moved out of h first: afterwards it may be gone.
static void answer(struct ps_jqhand *h, const struct ps_jq_result *r)
{
    struct ps_jqhand_job *job = h->job;
    struct ps_buf in = h->in;

    ps_buf_init(&h->in, in.max);
    ps_timer_stop(h->deadline);
    h->state = IDLE;
    h->job = NULL;
    h->ops->answered(h->ctx, h, job, r);
    ps_buf_fini(&in);
}

static void answer_outputs(struct ps_jqhand *h, const struct ps_jqframe *f, size_t n)
{
    struct ps_jq_output few[FEW], *all = n <= FEW ? few : malloc(n * sizeof *all);
    struct ps_jq_result r = {.why = "", .outputs = all, .noutputs = n};

    if (all)
        ps_jqframe_outputs(f, all, n);
    else
        r = (struct ps_jq_result){.err = -ENOMEM, .why = ps_strerror(-ENOMEM)};
    answer(h, &r);
    if (all != few)
        free(all);
}

static void answer_fault(struct ps_jqhand *h, const struct ps_jqframe_fault *f)
{
    struct ps_jq_result r = {.err = f->err, .why = f->why.text, .line = f->line};

    if (h->state == COMPILING)
        h->slots[h->slot].program = 0;
    answer(h, &r);
}

static void run(struct ps_jqhand *h)
{
    static const struct ps_jq_result good = {.why = ""};

    if (h->job->run)
        send_frame(h, h->job->run, RUNNING, h->conf->run_time);
    else
        answer(h, &good);
}

static void babble(struct ps_jqhand *h)
{
    fail(h, PS_ECLOSED, "its worker sent what is no answer");
}

static void take_ready(struct ps_jqhand *h, const struct ps_jqframe *f)
{
    if (ps_jqframe_get_ready(f, &h->held)) {
        babble(h);
        return;
    }
    ps_timer_stop(h->deadline);
    h->state = IDLE;
    ps_buf_consume(&h->in, f->whole);
    h->ops->ready(h->ctx, h);
}

static void take_compiled(struct ps_jqhand *h, const struct ps_jqframe *f)
{
    if (ps_jqframe_get_compiled(f)) {
        babble(h);
        return;
    }
    ps_buf_consume(&h->in, f->whole);
    h->ops->compiled(h->ctx);
    run(h);
}

static void take_done(struct ps_jqhand *h, const struct ps_jqframe *f)
{
    size_t n;

    if (ps_jqframe_get_done(f, &n))
        babble(h);
    else
        answer_outputs(h, f, n);
}

static void take_fault(struct ps_jqhand *h, const struct ps_jqframe *f)
{
    struct ps_jqframe_fault fault;

    if (ps_jqframe_get_fault(f, &fault))
        babble(h);
    else
        answer_fault(h, &fault);
}

// It says one thing when it is started or asked, and then waits. h may be gone afterwards.
static void take(struct ps_jqhand *h, const struct ps_jqframe *f)
{
    h->worn = f->flags & PS_JQFRAME_WORN;
    if (f->whole != ps_buf_len(&h->in) || h->sending)
        babble(h);
    else if (h->state == STARTING && f->type == PS_JQFRAME_READY)
        take_ready(h, f);
    else if (h->state == COMPILING && f->type == PS_JQFRAME_COMPILED)
        take_compiled(h, f);
    else if (h->state == RUNNING && f->type == PS_JQFRAME_DONE)
        take_done(h, f);
    else if ((h->state == COMPILING || h->state == RUNNING) && f->type == PS_JQFRAME_FAULT)
        take_fault(h, f);
    else
        babble(h);
}

// --- reading

// It has closed its side. How it ended will be told; if it is not ending by itself, the deadline is.
static void hang_up(struct ps_jqhand *h)
{
    ps_watch_free(h->watch);
    h->watch = NULL;
    close(h->fd);
    h->fd = -1;
    if (h->state == IDLE)
        ps_proc_kill(h->proc, SIGKILL);
}

// 1: there may be more.
static int read_some(struct ps_jqhand *h)
{
    size_t room = ps_buf_len(&h->in) < CHUNK ? CHUNK : CHUNK_MORE;
    uint8_t *p;
    ssize_t n;
    int err = ps_buf_reserve(&h->in, room, &p);

    if (err)
        return err;
    n = recv(h->fd, p, room, MSG_DONTWAIT);
    if (n > 0)
        ps_buf_commit(&h->in, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        hang_up(h);
    return n > 0 && (size_t)n == room;
}

// true: something was taken, or came amiss, and h may be gone.
static bool read_all(struct ps_jqhand *h)
{
    struct ps_jqframe f;
    int more = h->fd >= 0, got;

    while (more > 0)
        more = read_some(h);
    got = more < 0 ? more : ps_jqframe_next(&h->in, h->conf->output + PS_JQ_WHY_MAX, &f);
    if (got > 0)
        take(h, &f);
    else if (got < 0)
        babble(h);
    return got != 0;
}

static void ready_to(void *ctx, int ready)
{
    struct ps_jqhand *h = ctx;

    if ((ready & PS_WATCH_WRITE) && h->sending)
        send_on(h);
    if (ready & PS_WATCH_READ)
        (void)read_all(h);
}

// What the job may still take. A host that is busy elsewhere does not give a worker its time at once.
static ps_ns left(const struct ps_jqhand *h)
{
    ps_ns now = ps_loop_mono(), cpu = ps_proc_cpu(h->proc), more;

    if (h->state == STARTING || cpu < 0 || h->cpu < 0 || now >= h->patience)
        return 0;
    more = h->within - (cpu - h->cpu);
    return more < h->patience - now ? more : h->patience - now;
}

// If the loop was held up, the answer may have come in time.
static void overdue(void *ctx)
{
    struct ps_jqhand *h = ctx;
    ps_ns more;

    if (read_all(h))
        return;
    more = left(h);
    if (more > 0)
        ps_timer_start(h->deadline, more > TICK ? more : TICK);
    else
        fail_late(h);
}

// --- its beginning

static int start(struct ps_loop *l, struct ps_jqhand *h, int theirs, struct ps_fault *fault)
{
    char memory[24], output[24];
    const char *argv[] = {"ps-jq-worker", h->conf->library, memory, output, NULL};
    struct ps_proc_conf conf = {
        .path = h->conf->worker, .argv = argv, .dir = "/", .fds = {theirs, PS_PROC_NULL, PS_PROC_NULL}};

    snprintf(memory, sizeof memory, "%zu", h->conf->memory);
    snprintf(output, sizeof output, "%zu", h->conf->output);
    return ps_proc_start(l, &conf, ended, h, &h->proc, fault);
}

static int prepare(struct ps_loop *l, struct ps_jqhand *h, struct ps_fault *fault)
{
    int fds[2], err;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return -errno;
    h->fd = fds[0];
    err = ps_watch_new(l, h->fd, ready_to, h, &h->watch);
    if (!err)
        err = ps_timer_new(l, &h->deadline, overdue, h);
    if (!err)
        err = start(l, h, fds[1], fault);
    close(fds[1]);
    return err;
}

int ps_jqhand_new(struct ps_loop *l, const struct ps_jqhand_conf *conf, const struct ps_jqhand_ops *ops,
                  void *ctx, struct ps_jqhand **out, struct ps_fault *fault)
{
    struct ps_jqhand *h = calloc(1, sizeof *h);
    int err = -ENOMEM;

    fault->text[0] = '\0';
    if (h) {
        ps_list_init(&h->link);
        h->conf = conf;
        h->ops = ops;
        h->ctx = ctx;
        h->fd = -1;
        ps_buf_init(&h->in, conf->output + PS_JQ_WHY_MAX + PS_JQFRAME_HEAD + CHUNK_MORE);
        err = prepare(l, h, fault);
    }
    if (err) {
        if (fault->text[0] == '\0')
            ps_fault_set(fault, conf->worker, 0, "cannot be started: %s", ps_strerror(err));
        ps_jqhand_free(h);
        return err;
    }
    watch_as_needed(h);
    ps_timer_start(h->deadline, conf->start_time);
    *out = h;
    return 0;
}

void ps_jqhand_free(struct ps_jqhand *h)
{
    if (!h)
        return;
    ps_list_remove(&h->link);
    ps_watch_free(h->watch);
    if (h->fd >= 0)
        close(h->fd);
    ps_timer_free(h->deadline);
    ps_proc_free(h->proc);
    ps_buf_fini(&h->in);
    free(h);
}

// --- jobs

static int find(const struct ps_jqhand *h, uint64_t program)
{
    for (int i = 0; i < PS_JQFRAME_SLOTS; i++) {
        if (h->slots[i].program == program)
            return i;
    }
    return -1;
}

static unsigned longest_unused(const struct ps_jqhand *h)
{
    unsigned least = 0;

    for (unsigned i = 1; i < PS_JQFRAME_SLOTS; i++) {
        if (h->slots[i].used < h->slots[least].used)
            least = i;
    }
    return least;
}

void ps_jqhand_give(struct ps_jqhand *h, struct ps_jqhand_job *job)
{
    int known = find(h, job->program);

    h->job = job;
    h->slot = known >= 0 ? (unsigned)known : longest_unused(h);
    h->slots[h->slot] = (struct slot){job->program, ++h->uses};
    if (known >= 0)
        run(h);
    else
        send_frame(h, job->compile, COMPILING, h->conf->compile_time);
}

bool ps_jqhand_idle(const struct ps_jqhand *h)
{
    return h->state == IDLE && h->fd >= 0;
}

bool ps_jqhand_starting(const struct ps_jqhand *h)
{
    return h->state == STARTING;
}

bool ps_jqhand_worn(const struct ps_jqhand *h)
{
    return h->worn;
}

unsigned ps_jqhand_held(const struct ps_jqhand *h)
{
    return h->held;
}

bool ps_jqhand_knows(const struct ps_jqhand *h, uint64_t program)
{
    return find(h, program) >= 0;
}

struct ps_list *ps_jqhand_link(struct ps_jqhand *h)
{
    return &h->link;
}

struct ps_jqhand *ps_jqhand_of(struct ps_list *link)
{
    return PS_CONTAINER(link, struct ps_jqhand, link);
}
