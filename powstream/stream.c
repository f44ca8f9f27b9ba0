// SPDX-License-Identifier: Apache-2.0
#include "powstream/stream.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_rand.h"
#include "endpoint/ep_pass.h"
#include "powstream/chain.h"
#include "powstream/lock.h"
#include "powstream/parts.h"
#include "powstream/place.h"

#define FOLDER_MODE 0755
#define SPOOL_MODE 0750
#define CHANGED "the stream was changed"
#define NOT_RUNNING "powstream was not running"

struct stream {
    struct stream_env env;
    struct stream_conf conf;
    uint8_t *pass;
    size_t pass_len;
    int lock, spool_lock; // -1: none
    const char *folder;
    struct chain chain;
    struct ledger ledger;
    struct lane *lanes[CHAIN_LANES];
    struct parts *parts[CHAIN_LANES];
    struct output output;
    struct ps_timer *timer;
    ps_ntp measured; // the end of what was measured last; before there is anything, where the account begins
    ps_ntp noted;    // what the last note told, how many spans behind it, and when
    unsigned noted_later;
    ps_ns noted_at;
    bool other_reason;     // since then
    char failure[64];      // told last; "": it has measured since
    const char *finishing; // why; NULL: it goes on
    bool begun;
    bool warned; // see warn_short
};

static struct chain_now now_of(const struct stream *p)
{
    return (struct chain_now){ps_ntp_from_ns(ps_clock_now(p->env.ground->clock)), ps_loop_mono()};
}

static void wake(struct stream *p)
{
    ps_timer_start(p->timer, 0);
}

// A gap that grows is noted as it does; a session that runs is not in the note before it has ended.
static void note(struct stream *p)
{
    struct ledger_note note;
    const struct chain_now now = now_of(p);
    ledger_make_note(&p->ledger, now.wall, &note);
    if (note.told == p->noted && note.n == p->noted_later &&
        (note.n == 0 || (!p->other_reason && now.mono - p->noted_at < CHAIN_GAP_LOOK)))
        return;
    output_note(&p->output, &note);
    p->noted = note.told;
    p->noted_later = note.n;
    p->noted_at = now.mono;
    p->other_reason = false;
}

static void on_timer(void *ctx)
{
    struct stream *p = ctx;
    ground_look(p->env.ground);
    ps_ns wait = chain_tick(&p->chain, now_of(p));
    note(p);
    if (chain_over(&p->chain))
        p->env.over(p->env.ctx, p);
    else
        ps_timer_start(p->timer, wait);
}

static void on_entry(void *ctx, const struct ledger_entry *e)
{
    struct stream *p = ctx;
    bool later = e->kind == LEDGER_MEASURED && ps_ntp_before(p->measured, e->to);
    if (later || e->kind == LEDGER_STEP)
        p->measured = e->to;
    output_entry(&p->output, e);
}

// --- what the lanes tell

static unsigned index_of(const struct stream *p, const struct lane *l)
{
    unsigned i = 0;
    while (i < CHAIN_LANES && p->lanes[i] != l)
        i++;
    return i;
}

// A server that keeps the RFC's timing ends a session its timeout and more behind the last packet.
static void warn_short(struct stream *p, const struct lane *l)
{
    double duration = stream_conf_duration(&p->conf);
    if (p->warned || lane_early(l) || duration >= 10 + p->conf.timeout)
        return;
    p->warned = true;
    ps_log(
        p->env.ground->log, PS_LOG_WARN, p->conf.name,
        "a session of %.3g s is shorter than 10 s and the timeout of %.3g s: with this server, which is of "
        "another make, gaps are likely",
        duration, p->conf.timeout);
}

static void on_connected(void *ctx, struct lane *l, ps_ns lead)
{
    struct stream *p = ctx;
    warn_short(p, l);
    chain_connected(&p->chain, index_of(p, l), lead);
    wake(p);
}

static void on_agreed(void *ctx, struct lane *l, ps_ntp start, ps_ntp end)
{
    struct stream *p = ctx;
    unsigned i = index_of(p, l);
    chain_agreed(&p->chain, i, start, end, now_of(p));
    if (p->conf.every != 0 && p->chain.lanes[i].state == LANE_RUNNING)
        parts_begin(p->parts[i], l);
    p->failure[0] = '\0';
    wake(p);
}

static ps_ntp on_result(void *ctx, struct lane *l, const struct lane_result *r, const char **fault)
{
    struct stream *p = ctx;
    ps_ntp upto = output_session(&p->output, r, fault);
    if (p->conf.every != 0 && upto != 0)
        parts_finish(p->parts[index_of(p, l)], r, upto);
    output_names(&p->output);
    return upto;
}

static void on_ended(void *ctx, struct lane *l, ps_ntp upto, const char *reason)
{
    struct stream *p = ctx;
    unsigned i = index_of(p, l);
    parts_stop(p->parts[i]);
    if (upto == 0)
        upto = p->chain.lanes[i].start;
    chain_ended(&p->chain, i, upto, reason, now_of(p));
    wake(p);
}

static void on_lost(void *ctx, struct lane *l, ps_ntp upto, const char *reason)
{
    struct stream *p = ctx;
    unsigned i = index_of(p, l);
    parts_stop(p->parts[i]);
    // Of a server that stays away each attempt fails alike: that is told once.
    if (p->chain.lanes[i].state != LANE_IDLE && strncmp(p->failure, reason, sizeof p->failure - 1) != 0) {
        ps_log(p->env.ground->log, PS_LOG_INFO, p->conf.name, "%s", reason);
        snprintf(p->failure, sizeof p->failure, "%s", reason);
    }
    chain_lost(&p->chain, i, upto, reason, now_of(p));
    p->other_reason = true;
    wake(p);
}

static const struct lane_ops lane_ops = {on_connected, on_agreed, on_result, on_ended, on_lost, NULL};

// --- what the chain wants

static int have_lane(struct stream *p, unsigned i)
{
    if (p->lanes[i] != NULL)
        return 0;
    struct lane_conf lc = {.ground = p->env.ground,
                           .stream = &p->conf,
                           .pass = p->pass,
                           .pass_len = p->pass_len,
                           .folder = p->folder,
                           .ctx = p,
                           .ops = &lane_ops};
    int err = p->conf.every != 0 ? parts_new(&p->parts[i], &lc, &p->output) : 0;
    return err != 0 ? err : lane_new(&p->lanes[i], &lc);
}

static void do_connect(void *ctx, unsigned i)
{
    struct stream *p = ctx;
    if (have_lane(p, i) == 0)
        lane_connect(p->lanes[i]);
    else
        p->chain.lanes[i].state = LANE_DOWN; // no memory: tried again in a second
}

static void do_request(void *ctx, unsigned i, uint32_t id, ps_ntp start)
{
    struct stream *p = ctx;
    (void)id;
    lane_request(p->lanes[i], start);
}

static void do_stop(void *ctx, unsigned i, bool cut, ps_ntp cut_at)
{
    struct stream *p = ctx;
    lane_stop(p->lanes[i], cut, cut_at);
}

static void do_close(void *ctx, unsigned i)
{
    struct stream *p = ctx;
    parts_stop(p->parts[i]);
    if (p->lanes[i] != NULL)
        lane_close(p->lanes[i]);
}

static const struct chain_ops chain_ops = {do_connect, do_request, do_stop, do_close};

// --- from outside

static int take_pass(struct stream *p, struct ps_fault *fault)
{
    if (p->conf.identity == NULL)
        return 0;
    return ep_pass_load(p->conf.pass_path, p->conf.identity, &p->pass, &p->pass_len, fault);
}

// Where its sessions are kept while they run.
static const char *folder_of(const struct stream_conf *c)
{
    const char *tmp = getenv("TMPDIR");
    return c->directory != NULL ? c->directory : tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp";
}

static mode_t folder_mode(const struct stream_conf *c)
{
    return c->make_directory ? FOLDER_MODE : 0;
}

static int check_places(const struct stream_conf *c, struct ps_fault *fault)
{
    int err = place_check(folder_of(c), folder_mode(c), fault);
    return err == 0 && c->spool != NULL ? place_check(c->spool, SPOOL_MODE, fault) : err;
}

int stream_check(const struct stream_conf *c, struct ps_fault *fault)
{
    uint8_t *pass = NULL;
    size_t len = 0;
    int err = c->identity == NULL ? 0 : ep_pass_load(c->pass_path, c->identity, &pass, &len, fault);
    ep_pass_free(pass, len);
    return err == 0 ? check_places(c, fault) : err;
}

// The lock in the spool comes last: its file does not stay behind when something else is in the way.
static int take_folder(struct stream *p, struct ps_fault *fault)
{
    const struct stream_conf *c = &p->conf;
    p->folder = folder_of(c);
    int err = place_take(p->folder, folder_mode(c), fault);
    if (err == 0 && c->directory != NULL)
        err = lock_directory(c->directory, &p->lock, fault);
    if (err == 0 && c->spool != NULL)
        err = place_take(c->spool, SPOOL_MODE, fault); // notes go there before the first document does
    if (err == 0 && c->spool != NULL)
        err = lock_spool(c->spool, c->name, &p->spool_lock, fault);
    return err;
}

static int set_up(struct stream *p, const struct stream_conf *conf, struct ps_fault *fault)
{
    p->lock = p->spool_lock = -1;
    int err = stream_conf_copy(&p->conf, conf);
    if (err == 0)
        err = ps_timer_new(p->env.ground->loop, &p->timer, on_timer, p);
    if (err != 0)
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(err));
    if (err == 0)
        err = take_pass(p, fault);
    if (err == 0)
        err = check_places(conf, fault); // before anything is made
    if (err == 0)
        err = take_folder(p, fault);
    return err;
}

int stream_new(struct stream **out, const struct stream_conf *conf, const struct stream_env *env,
               struct ps_fault *fault)
{
    struct stream *p = calloc(1, sizeof *p);
    if (p == NULL) {
        ps_fault_set(fault, NULL, 0, "out of memory");
        return -ENOMEM;
    }
    p->env = *env;
    int err = set_up(p, conf, fault);
    if (err != 0) {
        stream_free(p);
        return err;
    }
    p->output = (struct output){.conf = &p->conf, .ground = env->ground, .sink = env->sink};
    p->ledger.ctx = p->chain.ctx = p;
    p->ledger.emit = on_entry;
    p->chain.ops = &chain_ops;
    p->chain.ledger = &p->ledger;
    *out = p;
    return 0;
}

// Whether there is anything that it gives account of from before now.
static bool past_note(const struct stream *p, const struct stream_past *past, struct ledger_note *note)
{
    bool known = past->since != 0 || output_noted(&p->output, note);
    if (past->waited == 0)
        return known;
    if (!known)
        note->told = past->waited;
    ledger_note_gap(note, past->waited, past->since != 0 ? CHANGED : NOT_RUNNING);
    ledger_note_gap(note, now_of(p).wall, past->why);
    return true;
}

void stream_begin(struct stream *p, ps_ns stagger, const struct stream_past *past)
{
    struct chain_conf cc = {.duration = (ps_ns)(stream_conf_duration(&p->conf) * (double)PS_SEC),
                            .delay = (ps_ns)(p->conf.delay * (double)PS_SEC) + stagger,
                            .retry_max = (ps_ns)(p->conf.retry * (double)PS_SEC)};
    struct ledger_note note = {.told = past->since};
    uint64_t seed = 0;
    (void)ps_rand_bytes(&seed, sizeof seed); // a poor one only makes pauses alike
    bool known = past_note(p, past, &note);
    p->measured = known ? note.told : now_of(p).wall;
    for (unsigned i = 0; i < note.n; i++)
        if (note.later[i].reason[0] == '\0')
            p->measured = note.later[i].to;
    const char *reason = past->waited != 0 ? past->why : past->since != 0 ? CHANGED : NOT_RUNNING;
    chain_begin(&p->chain, &cc, seed, now_of(p), known ? &note : NULL, reason);
    p->begun = true;
    wake(p);
}

void stream_clock_set(struct stream *p, ps_ntp last_good, ps_ntp before, ps_ntp after)
{
    chain_clock_set(&p->chain, last_good, before, after, now_of(p));
    wake(p);
}

// No server may hold up the end; one that owes an answer already still less.
static void hurry(struct stream *p)
{
    bool silent = false;
    for (unsigned i = 0; i < CHAIN_LANES; i++)
        silent = silent || (p->lanes[i] != NULL && lane_silent(p->lanes[i]));
    for (unsigned i = 0; i < CHAIN_LANES; i++)
        if (p->lanes[i] != NULL)
            lane_hurry(p->lanes[i], silent);
}

void stream_abandon(struct stream *p)
{
    for (unsigned i = 0; i < CHAIN_LANES; i++)
        if (p->lanes[i] != NULL)
            lane_abandon(p->lanes[i], "stopped without the server");
}

void stream_finish(struct stream *p, const char *reason)
{
    p->finishing = reason;
    ground_look(p->env.ground);
    hurry(p);
    chain_finish(&p->chain, reason, now_of(p));
    wake(p);
}

void stream_reset(struct stream *p)
{
    ground_look(p->env.ground);
    chain_reset(&p->chain, "restarted by SIGHUP", now_of(p));
    wake(p);
}

ps_ntp stream_settle(struct stream *p)
{
    if (p->begun) {
        ledger_blame(&p->ledger, p->finishing, p->ledger.covered);
        ledger_idle(&p->ledger, now_of(p).wall);
        note(p);
    }
    p->begun = false;
    return ledger_told(&p->ledger);
}

void stream_free(struct stream *p)
{
    if (p == NULL)
        return;
    if (p->finishing != NULL)
        (void)stream_settle(p);
    for (unsigned i = 0; i < CHAIN_LANES; i++) {
        parts_free(p->parts[i]);
        lane_free(p->lanes[i]);
    }
    ps_timer_free(p->timer);
    ep_pass_free(p->pass, p->pass_len);
    if (p->lock >= 0)
        close(p->lock);
    if (p->spool_lock >= 0)
        close(p->spool_lock);
    ledger_fini(&p->ledger);
    stream_conf_free(&p->conf);
    free(p);
}

const struct stream_conf *stream_configuration(const struct stream *p)
{
    return &p->conf;
}

void stream_counts(const struct stream *p, struct output_counts *sum)
{
    const struct output_counts *c = &p->output.counts;
    sum->sessions += c->sessions;
    sum->sent += c->sent;
    sum->lost += c->lost;
    sum->duplicates += c->duplicates;
    sum->gaps += c->gaps;
    sum->gap_seconds += c->gap_seconds;
}

bool stream_measuring(const struct stream *p)
{
    return chain_measuring(&p->chain);
}

void stream_put_gap(struct ps_json *j, ps_ntp since, ps_ntp now, const char *reason)
{
    char text[40];
    ps_ntp_format_utc(since, text, sizeof text);
    ps_json_put_open(j, "gap-open", '{');
    ps_json_put_str(j, "since", since != 0 ? text : NULL);
    ps_json_put_double(j, "seconds",
                       since == 0                  ? NAN
                       : ps_ntp_before(since, now) ? ps_ntpdiff_to_double(ps_ntp_diff(now, since))
                                                   : 0);
    ps_json_put_str(j, "reason", reason);
    ps_json_close(j, '}');
}

static void put_gap(const struct stream *p, struct ps_json *j)
{
    if (!chain_measuring(&p->chain)) {
        stream_put_gap(j, p->measured, now_of(p).wall, ledger_reason(&p->ledger));
        return;
    }
    ps_json_key(j, "gap-open");
    ps_json_null(j);
}

void stream_status(const struct stream *p, struct ps_json *j)
{
    const struct output_counts *c = &p->output.counts;
    char told[40];
    ps_ntp_format_utc(ledger_told(&p->ledger), told, sizeof told);
    ps_json_put_bool(j, "measuring", chain_measuring(&p->chain));
    ps_json_put_str(j, "state", chain_measuring(&p->chain) ? "measuring" : ledger_reason(&p->ledger));
    ps_json_put_str(j, "accounted-until", told);
    ps_json_put_u64(j, "failures-in-a-row", p->chain.failures);
    ps_json_put_u64(j, "sessions", c->sessions);
    ps_json_put_u64(j, "packets-sent", c->sent);
    ps_json_put_u64(j, "packets-lost", c->lost);
    ps_json_put_u64(j, "packets-duplicated", c->duplicates);
    ps_json_put_u64(j, "gaps", c->gaps);
    ps_json_put_double(j, "gap-seconds", c->gap_seconds);
    put_gap(p, j);
}
