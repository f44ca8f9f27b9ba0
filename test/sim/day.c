// SPDX-License-Identifier: Apache-2.0
// The host of a stream: its clock, its process, and what befalls them.
#include "day.h"

#define LOOK_EVERY SIM_SEC

// --- clocks

static ps_ntp clock_ahead(const struct day *d, sim_time ahead)
{
    sim_time drift = (sim_time)((__int128)d->sim.now * d->conf.ppb / 1000000000);
    return SIM_EPOCH + (ps_ntp)(d->sim.now + drift + ahead);
}

ps_ntp day_clock(const struct day *d)
{
    return clock_ahead(d, d->ahead);
}

ps_ntp day_server_clock(const struct day *d)
{
    return SIM_EPOCH + (ps_ntp)(d->sim.now + d->conf.server_ahead);
}

struct chain_now day_now(const struct day *d)
{
    return (struct chain_now){day_clock(d), ps_ntpdur_to_ns((ps_ntp)d->sim.now)};
}

// --- what the ledger tells

static void *grow(void *at, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return at;
    *cap = *cap > 0 ? 2 * *cap : 64;
    at = realloc(at, *cap * size);
    assert_non_null(at);
    return at;
}

static void new_gen(struct day *d, ps_ntp from)
{
    size_t cap = d->gens_cap;
    d->gens = grow(d->gens, d->gen + 1, &cap, sizeof *d->gens);
    d->gens_cap = (unsigned)cap;
    d->gens[d->gen] = (struct day_gen){.from = from, .ahead = d->ahead};
}

static void on_entry(void *ctx, const struct ledger_entry *e)
{
    struct day *d = ctx;
    d->entries = grow(d->entries, d->nentries, &d->entries_cap, sizeof *d->entries);
    struct day_entry *mine = &d->entries[d->nentries++];
    *mine = (struct day_entry){e->kind, d->gen, e->from, e->to, d->sim.now, ""};
    snprintf(mine->reason, sizeof mine->reason, "%s", e->reason != NULL ? e->reason : "");
    if (e->kind != LEDGER_STEP)
        return;
    d->gens[d->gen++].to = e->from;
    new_gen(d, e->to);
    d->told += ps_ntp_diff(e->to, e->from);
}

void day_keep_file(struct day *d, ps_ntp start, ps_ntp upto)
{
    d->files = grow(d->files, d->nfiles, &d->files_cap, sizeof *d->files);
    d->files[d->nfiles++] = (struct day_file){d->gen, start, upto};
}

// --- the process

void day_look(struct day *d)
{
    const ps_ntp now = day_clock(d);
    if (d->ahead != d->seen_ahead) {
        const ps_ntp before = clock_ahead(d, d->seen_ahead), last_good = d->last_good;
        d->stepped += d->ahead - d->seen_ahead;
        d->seen_ahead = d->ahead; // before the chain is told: what it does may look again
        d->last_good = now;
        chain_clock_set(&d->chain, last_good, before, now, day_now(d));
        day_wake(d);
    }
    d->last_good = now;
}

static void on_watch(void *ctx)
{
    struct day *d = ctx;
    day_look(d);
    sim_at(&d->sim, &d->watch, d->sim.now + LOOK_EVERY);
}

void day_wake(struct day *d)
{
    if (d->alive)
        sim_at(&d->sim, &d->tick, d->sim.now);
}

static void stop_process(struct day *d)
{
    d->alive = false;
    sim_cancel(&d->sim, &d->tick);
    sim_cancel(&d->sim, &d->watch);
    for (unsigned i = 0; i < CHAIN_LANES; i++)
        day_lane_drop(&d->lanes[i]);
}

static void on_tick(void *ctx)
{
    struct day *d = ctx;
    day_look(d);
    ps_ns wait = chain_tick(&d->chain, day_now(d));
    ledger_make_note(&d->ledger, day_clock(d), &d->noted);
    if (chain_over(&d->chain)) {
        ledger_blame(&d->ledger, "powstream was stopped", d->ledger.covered);
        ledger_idle(&d->ledger, day_clock(d));
        ledger_make_note(&d->ledger, day_clock(d), &d->noted);
        d->gens[d->gen].to = d->noted.told;
        stop_process(d);
        d->over = true;
        return;
    }
    sim_at(&d->sim, &d->tick, d->sim.now + (sim_time)ps_ntpdur_from_ns(wait > 0 ? wait : 1) + 1);
}

static void start_process(struct day *d)
{
    const struct day_conf *c = &d->conf;
    struct chain_conf cc = {.duration = ps_ntpdur_to_ns((ps_ntp)c->interval * c->count),
                            .retry_max = 60 * PS_SEC};
    if (cc.retry_max > cc.duration)
        cc.retry_max = cc.duration;
    memset(&d->chain, 0, sizeof d->chain);
    ledger_fini(&d->ledger);
    memset(&d->ledger, 0, sizeof d->ledger);
    d->ledger.ctx = d->chain.ctx = d;
    d->ledger.emit = on_entry;
    d->chain.ledger = &d->ledger;
    d->chain.ops = &day_lane_ops;
    d->alive = true;
    d->seen_ahead = d->ahead;
    d->last_good = day_clock(d);
    chain_begin(&d->chain, &cc, ps_rand_u64(&d->sim.rand), day_now(d), d->noted.told != 0 ? &d->noted : NULL,
                "powstream was not running");
    sim_at(&d->sim, &d->watch, d->sim.now + LOOK_EVERY);
    day_wake(d);
}

// --- faults

const struct day_fault *day_fault(const struct day *d, enum day_kind kind)
{
    for (unsigned i = 0; i < d->conf.nfaults; i++) {
        const struct day_fault *f = &d->conf.faults[i];
        if (f->kind == kind && sim_within(&f->span, d->sim.now))
            return f;
    }
    return NULL;
}

static void break_all(struct day *d, const struct day_fault *f, const char *what, bool idle_only)
{
    char reason[80];
    day_reason(d, reason, sizeof reason, what, f);
    for (unsigned i = 0; i < CHAIN_LANES; i++)
        if (!idle_only || d->lanes[i].phase == PHASE_IDLE)
            day_lane_break(&d->lanes[i], reason);
}

static void set_clock(struct day *d, sim_time amount)
{
    d->ahead += amount;
    for (unsigned i = 0; i < CHAIN_LANES; i++) {
        struct day_session *ss = d->lanes[i].session;
        if (ss != NULL && d->conf.to)
            day_session_clock_set(ss);
        if (ss != NULL)
            ss->blinked |= d->ahead == d->seen_ahead;
    }
}

static void fault_begins(void *ctx)
{
    struct day_fault *f = ctx;
    struct day *d = f->day;
    if (f->kind == DAY_DOWN)
        break_all(d, f, "connection reset", false);
    if (f->kind == DAY_CUT && f->amount != 0)
        break_all(d, f, "connection timed out", false);
    if (f->kind == DAY_BREAK)
        break_all(d, f, "connection reset", f->amount != 0);
    if (f->kind == DAY_STEP)
        set_clock(d, f->amount);
    if (f->kind == DAY_RESET && d->alive && !d->over) {
        day_look(d);
        chain_reset(&d->chain, "restarted by SIGHUP", day_now(d));
        day_wake(d);
    }
    if (f->kind == DAY_KILL && d->alive) {
        if (d->chain.stepping) // it did not come to tell
            d->stepped -= ps_ntp_diff(d->chain.after, d->chain.before);
        stop_process(d);
    }
}

static void fault_ends(void *ctx)
{
    struct day_fault *f = ctx;
    struct day *d = f->day;
    if (f->kind != DAY_KILL || d->alive || d->over)
        return;
    d->gens[d->gen++].to = d->noted.told;
    d->ahead += f->amount;
    new_gen(d, d->noted.told);
    const sim_time told = d->told;
    start_process(d);
    d->silently += d->told - told;
    d->ahead_of_time |= ps_ntp_before(day_clock(d), d->ledger.covered);
}

static void on_finish(void *ctx)
{
    struct day *d = ctx;
    if (!d->alive) { // it is not there to be told
        d->over = true;
        d->gens[d->gen].to = d->noted.told;
        return;
    }
    day_look(d);
    chain_finish(&d->chain, "powstream was stopped", day_now(d));
    day_wake(d);
}

// --- the whole

static struct day *day_new(const struct day_conf *conf)
{
    struct day *d = sim_alloc(1, sizeof *d);
    d->conf = *conf;
    ps_heap_init(&d->sim.heap);
    ps_rand_seed(&d->sim.rand, conf->seed);
    sim_event_init(&d->tick, on_tick, d);
    sim_event_init(&d->watch, on_watch, d);
    sim_event_init(&d->finish, on_finish, d);
    for (unsigned i = 0; i < CHAIN_LANES; i++)
        day_lane_init(d, i);
    for (unsigned i = 0; i < conf->nfaults; i++) {
        struct day_fault *f = &conf->faults[i];
        f->day = d;
        sim_event_init(&f->begin, fault_begins, f);
        sim_event_init(&f->end, fault_ends, f);
        sim_at(&d->sim, &f->begin, f->span.from);
        sim_at(&d->sim, &f->end, f->span.to);
    }
    sim_at(&d->sim, &d->finish, conf->life);
    return d;
}

struct day *day_run(const struct day_conf *conf)
{
    struct day *d = day_new(conf);
    new_gen(d, day_clock(d));
    start_process(d);
    while (!d->over && sim_step(&d->sim))
        ;
    while (sim_step(&d->sim)) // what is in flight, faults that come too late
        ;
    if (!d->over)
        fail_msg("seed %llu: the stream does not end", (unsigned long long)conf->seed);
    return d;
}

void day_free(struct day *d)
{
    if (d == NULL)
        return;
    ps_heap_fini(&d->sim.heap);
    ledger_fini(&d->ledger);
    free(d->entries);
    free(d->files);
    free(d->gens);
    free(d);
}
