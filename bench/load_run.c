// SPDX-License-Identifier: Apache-2.0
#include "bench/load_run.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "bench/load_link.h"

#define OPENING_MAX 64 // connections being opened at once
#define OPEN_EVERY (2 * PS_MSEC)
#define COLLECT_MAX 32 // and collected from
#define SETTLE PS_SEC  // from the first packets to the beginning of the count
#define PROGRESS_EVERY (200 * PS_MSEC)
#define ENDING_MAX (60 * PS_SEC)
#define REST_TRIES 600 // tenths of a second for the server to come to rest

enum phase { PHASE_OPENING, PHASE_COUNTING, PHASE_ENDING };

struct run {
    struct load_ground ground;
    const struct load_server *server;
    const char *name;
    struct load_result *result;
    struct load_link *links;
    unsigned nlinks, begun, opened, over; // links: opening tried, opened, done with (well or not)
    unsigned opening, collecting;
    enum phase phase;
    ps_ns opening_began, window_began; // CLOCK_MONOTONIC
    double cpu_before;
    uint64_t packets_before;
    struct ps_log log;
    struct ps_timer *open_timer, *phase_timer, *progress_timer;
    int err;
    char *why;
};

static void run_fail(struct run *r, int err, const char *what)
{
    if (r->err == 0)
        snprintf(r->why, 160, "%s: %s", what, ps_strerror(err));
    r->err = err;
    ps_loop_stop(r->ground.loop);
}

static void note_fault(struct run *r, const struct load_link *l, const char *why)
{
    for (unsigned i = 0; i < LOAD_FAULTS_MAX; i++) {
        struct load_fault *f = &r->result->faults[i];
        if (f->sessions != 0 && strcmp(f->why, why) != 0)
            continue;
        snprintf(f->why, sizeof f->why, "%s", why);
        f->sessions += l->n;
        return;
    }
}

static uint64_t packets_now(struct run *r)
{
    struct ps_pump_stats st;
    ps_pump_get_stats(r->ground.pump, &st);
    return r->ground.to ? st.sent : st.received;
}

// links

static void link_over(struct run *r, struct load_link *l)
{
    load_link_close(l);
    if (++r->over == r->nlinks && r->phase == PHASE_ENDING)
        ps_loop_stop(r->ground.loop);
}

// Fetching would cost the server time: it waits until nothing is counted any more.
static void collect_some(struct run *r)
{
    for (unsigned i = 0; i < r->nlinks && r->collecting < COLLECT_MAX; i++) {
        if (r->links[i].stage != LOAD_CONCLUDED)
            continue;
        r->collecting++;
        load_link_collect(&r->links[i]);
    }
}

static void on_opened(void *ctx, struct load_link *l)
{
    struct run *r = ctx;
    r->opening--;
    r->opened++;
    r->result->opened += l->n;
    r->result->opening_s = (double)(ps_loop_mono() - r->opening_began) / (double)PS_SEC;
}

static void on_concluded(void *ctx, struct load_link *l)
{
    struct run *r = ctx;
    (void)l;
    if (r->phase == PHASE_ENDING)
        ps_timer_start(r->open_timer, 0);
}

static void on_over(void *ctx, struct load_link *l)
{
    struct run *r = ctx;
    r->collecting--;
    r->result->ended += l->n;
    link_over(r, l);
    ps_timer_start(r->open_timer, 0);
}

static void on_failed(void *ctx, struct load_link *l, const char *why)
{
    struct run *r = ctx;
    note_fault(r, l, why);
    if (!l->counted)
        r->opening--;
    if (l->fetching)
        r->collecting--;
    link_over(r, l);
    if (r->phase == PHASE_ENDING)
        ps_timer_start(r->open_timer, 0);
}

static const struct load_link_ops link_ops = {on_opened, on_concluded, on_over, on_failed};

// As many as are due by now, for a timer counts whole milliseconds.
static void open_some(struct run *r)
{
    double since = (double)(ps_loop_mono() - r->opening_began) / (double)PS_SEC;
    double due = since * r->ground.conf->open_rate / r->ground.conf->per_connection + 1;
    while (r->begun < r->nlinks && r->begun < due && r->opening < OPENING_MAX) {
        r->opening++;
        int err = load_link_open(&r->links[r->begun++]);
        if (err != 0) {
            run_fail(r, err, "opening a connection");
            return;
        }
    }
}

// First it opens links, in the end it collects from them.
static void on_open_timer(void *ctx)
{
    struct run *r = ctx;
    if (r->phase == PHASE_ENDING) {
        collect_some(r);
        return;
    }
    if (r->begun < r->nlinks)
        ps_timer_start(r->open_timer, OPEN_EVERY);
    open_some(r);
}

// phases

// For whoever has something to do while the packets are counted.
static void announce(const struct run *r, const char *what)
{
    if (r->ground.conf->announce)
        fprintf(stderr, "%s %s: %s\n", r->name, r->ground.to ? "to" : "from", what);
}

static void begin_count(struct run *r)
{
    struct load_usage use;
    int err = load_usage_read(r->server->pid, false, &use);
    if (err != 0) {
        run_fail(r, err, "the server's processes");
        return;
    }
    announce(r, "counting");
    r->phase = PHASE_COUNTING;
    r->cpu_before = use.cpu_s;
    r->packets_before = packets_now(r);
    r->window_began = ps_loop_mono();
    ps_ns length = (ps_ns)(r->ground.conf->seconds * (double)PS_SEC);
    ps_ns left = r->ground.last - ps_clock_now(r->ground.clock);
    ps_timer_start(r->phase_timer, length < left ? length : left > 0 ? left : 0);
}

static void end_count(struct run *r)
{
    struct load_usage use;
    struct load_result *res = r->result;
    int err = load_usage_read(r->server->pid, false, &use);
    res->window_packets = packets_now(r) - r->packets_before;
    res->window_s = (double)(ps_loop_mono() - r->window_began) / (double)PS_SEC;
    res->window_cpu_s = use.cpu_s - r->cpu_before;
    if (err == 0)
        err = load_usage_read(r->server->pid, true, &res->loaded);
    if (err != 0) {
        run_fail(r, err, "the server's processes");
        return;
    }
    announce(r, "counted");
    r->phase = PHASE_ENDING;
    ps_ns left = r->ground.last - ps_clock_now(r->ground.clock);
    ps_timer_start(r->phase_timer, (left > 0 ? left : 0) + ENDING_MAX);
    ps_timer_start(r->open_timer, 0);
    if (r->over == r->nlinks)
        ps_loop_stop(r->ground.loop);
}

static bool settled(const struct run *r)
{
    return (r->begun == r->nlinks && r->opening == 0) || ps_clock_now(r->ground.clock) > r->ground.last;
}

static void on_phase_timer(void *ctx)
{
    struct run *r = ctx;
    if (r->phase == PHASE_COUNTING)
        end_count(r);
    else if (r->phase == PHASE_ENDING)
        ps_loop_stop(r->ground.loop); // somebody does not answer
    else if (settled(r))
        begin_count(r);
    else
        ps_timer_start(r->phase_timer, 100 * PS_MSEC);
}

static void on_progress(void *ctx)
{
    static const char *const names[] = {
        [PHASE_OPENING] = "opening", [PHASE_COUNTING] = "counting", [PHASE_ENDING] = "collecting"};
    struct run *r = ctx;
    fprintf(stderr, "\r%s, %s the server: %s, %u of %u connections open, %u done ", r->name,
            r->ground.to ? "to" : "from", names[r->phase], r->opened, r->nlinks, r->over);
}

// set-up and take-down

// When the first sessions begin, once all are open, and when they end: for so long that the random
// schedules that end early still last until the count is over.
static void set_span(struct run *r)
{
    const struct load_conf *conf = r->ground.conf;
    double opening = (double)r->ground.sessions / conf->open_rate + 2;
    double length = conf->seconds + 2;
    if (!conf->fixed)
        length += 3 * sqrt(length / conf->rate);
    r->ground.first = ps_clock_now(r->ground.clock) + (ps_ns)(opening * (double)PS_SEC);
    r->opening_began = ps_loop_mono();
    r->ground.last = r->ground.first + (ps_ns)(length * (double)PS_SEC);
    ps_timer_start(r->phase_timer, (ps_ns)(opening * (double)PS_SEC) + SETTLE);
    ps_timer_start(r->open_timer, 0);
    if (isatty(STDERR_FILENO))
        ps_timer_repeat(r->progress_timer, PROGRESS_EVERY);
}

static int make_engine(struct run *r)
{
    struct load_ground *g = &r->ground;
    int err = ps_loop_new(&g->loop);
    if (err == 0)
        err = ps_clock_new(&g->clock, 0);
    struct ps_pump_conf pc = {.loop = g->loop, .clock = g->clock, .realtime = true, .log = &r->log};
    if (err == 0)
        err = ps_pump_new(&g->pump, &pc);
    if (err == 0)
        err = ps_timer_new(g->loop, &r->open_timer, on_open_timer, r);
    if (err == 0)
        err = ps_timer_new(g->loop, &r->phase_timer, on_phase_timer, r);
    if (err == 0)
        err = ps_timer_new(g->loop, &r->progress_timer, on_progress, r);
    return err;
}

static int make_links(struct run *r)
{
    unsigned per = r->ground.conf->per_connection, all = r->ground.sessions;
    r->nlinks = (all + per - 1) / per;
    r->links = calloc(r->nlinks, sizeof *r->links);
    int err = r->links == NULL ? -ENOMEM : 0;
    for (unsigned i = 0; i < r->nlinks && err == 0; i++)
        err = load_link_init(&r->links[i], &r->ground, i * per, all - i * per < per ? all - i * per : per);
    return err;
}

static void take_down(struct run *r)
{
    for (unsigned i = 0; r->links != NULL && i < r->nlinks; i++)
        load_link_fini(&r->links[i]);
    free(r->links);
    ps_timer_free(r->open_timer);
    ps_timer_free(r->phase_timer);
    ps_timer_free(r->progress_timer);
    ps_pump_free(r->ground.pump);
    ps_loop_free(r->ground.loop);
    ps_clock_free(r->ground.clock);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

// A server that forks is busy for a while with the ends of its processes: not in the next one's time.
static void await_rest(const struct run *r)
{
    struct load_usage use;
    for (int i = 0; i < REST_TRIES; i++) {
        if (load_usage_read(r->server->pid, false, &use) != 0 || use.processes <= r->result->idle.processes)
            return;
        usleep(100 * 1000);
    }
}

static void note_unfinished(struct run *r)
{
    struct ps_pump_stats st;
    for (unsigned i = 0; i < r->nlinks; i++)
        if (r->links[i].stage != LOAD_OVER)
            note_fault(r, &r->links[i], "did not come to an end");
    ps_pump_get_stats(r->ground.pump, &st);
    r->result->client_dropped = st.host_dropped;
}

int load_run(const struct load_conf *conf, const struct load_target *target, bool to, struct load_result *out,
             char why[160])
{
    const struct load_server *server = &target->server[to ? 0 : 1];
    struct run r = {.server = server, .name = target->name, .result = out, .why = why};
    r.ground = (struct load_ground){.conf = conf,
                                    .server = server->addr,
                                    .sessions = target->sessions,
                                    .to = to,
                                    .slot = {.type = conf->fixed ? OW_SLOT_FIXED : OW_SLOT_EXP,
                                             .value = ps_ntpdur_from_double(1 / conf->rate)},
                                    .counts = &out->counts,
                                    .ctx = &r,
                                    .ops = &link_ops};
    ps_log_init(&r.log, "owamp_load");
    int err = make_engine(&r);
    if (err == 0)
        err = make_links(&r);
    if (err == 0)
        err = load_usage_read(server->pid, true, &out->idle);
    if (err == 0) {
        set_span(&r);
        err = ps_loop_run(r.ground.loop);
        note_unfinished(&r);
        if (err == 0)
            err = r.err;
    }
    if (err != 0 && r.err == 0)
        snprintf(why, 160, "cannot measure process %ld: %s", (long)server->pid, ps_strerror(err));
    take_down(&r);
    if (err == 0)
        await_rest(&r);
    return err;
}
