// SPDX-License-Identifier: Apache-2.0
#include "powstream/chain.h"
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"

#define RETRY_FIRST PS_SEC
// The next session is asked for so long before the present one ends, or half a session before.
#define PREPARE (10 * PS_SEC)
#define LEAD_UNKNOWN PS_SEC
// A gap that lasts is told as it grows, so often.
#define GAP_EVERY (60 * PS_SEC)
// A session that is agreed so long behind its start has missed it.
#define LATE (500 * PS_MSEC)
// A former run may have accounted for a little more than its clock showed: where the server's is ahead.
#define AHEAD (20 * PS_SEC)

static ps_ntp later(ps_ntp t, ps_ns d)
{
    return t + ps_ntpdur_from_ns(d);
}

static ps_ns until(ps_ntp t, ps_ntp now)
{
    return ps_ntp_before(now, t) ? ps_ntpdur_to_ns(t - now) : 0;
}

void chain_begin(struct chain *c, const struct chain_conf *conf, uint64_t seed, struct chain_now now,
                 const struct ledger_note *note, const char *reason)
{
    c->conf = *conf;
    ps_rand_seed(&c->rand, seed);
    c->lead = LEAD_UNKNOWN;
    c->not_before = later(now.wall, conf->delay);
    c->told_at = now.mono;
    if (note != NULL)
        ledger_resume(c->ledger, note, reason);
    else
        ledger_begin(c->ledger, now.wall, "setting up");
    ledger_idle(c->ledger, now.wall);
    if (ps_ntp_before(later(now.wall, AHEAD), c->ledger->covered)) {
        ledger_blame(c->ledger, "the clock was set back while powstream was not running", now.wall);
        ledger_step(c->ledger, c->ledger->covered, now.wall);
    }
    ledger_blame(c->ledger, "setting up", now.wall);
}

static bool carries(const struct chain *c, unsigned lane)
{
    return c->lanes[lane].state == LANE_RUNNING || c->lanes[lane].state == LANE_STOPPING;
}

static bool any_in(const struct chain *c, enum chain_lane state, unsigned *lane)
{
    for (unsigned i = 0; i < CHAIN_LANES; i++) {
        if (c->lanes[i].state == state) {
            *lane = i;
            return true;
        }
    }
    return false;
}

bool chain_measuring(const struct chain *c)
{
    unsigned lane;
    return any_in(c, LANE_RUNNING, &lane) || any_in(c, LANE_STOPPING, &lane);
}

bool chain_over(const struct chain *c)
{
    unsigned lane;
    return c->finishing && !chain_measuring(c) && !any_in(c, LANE_ASKING, &lane);
}

// --- the next session

static ps_ns prepare_time(const struct chain *c)
{
    ps_ns prepare = c->conf.duration / 2 < PREPARE ? c->conf.duration / 2 : PREPARE;
    return prepare < 2 * c->lead ? 2 * c->lead : prepare;
}

// When the next session is to begin if it is asked for now.
static ps_ntp next_start(const struct chain *c, struct chain_now now)
{
    ps_ntp start = later(now.wall, c->lead);
    if (ps_ntp_before(start, c->not_before))
        start = c->not_before;
    if (ps_ntp_before(start, c->ledger->covered))
        start = c->ledger->covered;
    return start;
}

static void ask(struct chain *c, unsigned lane, struct chain_now now)
{
    ledger_confirm(c->ledger, now.wall);
    c->lanes[lane].state = LANE_ASKING;
    c->lanes[lane].id = c->next_id++;
    c->lanes[lane].start = next_start(c, now);
    c->ops->request(c->ctx, lane, c->lanes[lane].id, c->lanes[lane].start);
}

// How long until the next session is to be asked for.
static ps_ns ask_in(const struct chain *c, struct chain_now now)
{
    ps_ntp from = c->ledger->covered;
    ps_ns wait = until(ps_ntp_before(from, c->not_before) ? c->not_before : from, now.wall);
    ps_ns prepare = prepare_time(c);
    return wait > prepare ? wait - prepare : 0;
}

static ps_ns go_on(struct chain *c, struct chain_now now)
{
    unsigned lane;
    ps_ns wait = ask_in(c, now);
    if (wait > 0)
        return wait;
    if (any_in(c, LANE_ASKING, &lane))
        return PS_SEC;
    if (now.mono < c->retry_at)
        return c->retry_at - now.mono;
    if (any_in(c, LANE_IDLE, &lane)) {
        ask(c, lane, now);
    } else if (any_in(c, LANE_CONNECTING, &lane)) {
        return PS_SEC;
    } else if (any_in(c, LANE_DOWN, &lane)) {
        c->lanes[lane].state = LANE_CONNECTING;
        ledger_confirm(c->ledger, now.wall);
        c->ops->connect(c->ctx, lane);
    } else {
        ledger_blame(c->ledger, "all control connections are busy with sessions that have not ended",
                     now.wall);
    }
    return PS_SEC;
}

static void tell_gap(struct chain *c, struct chain_now now)
{
    unsigned lane;
    if (now.mono - c->told_at < GAP_EVERY)
        return;
    c->told_at = now.mono;
    if (!any_in(c, LANE_ASKING, &lane)) // its start is agreed upon already
        ledger_idle(c->ledger, now.wall);
}

// --- the clock

// What the ledger takes for now: a step is not in it before it has been dealt with.
static ps_ntp ledger_time(const struct chain *c, struct chain_now now)
{
    return c->stepping ? c->before : now.wall;
}

static void step_when_quiet(struct chain *c, struct chain_now now)
{
    unsigned lane;
    if (!c->stepping || chain_measuring(c) || any_in(c, LANE_ASKING, &lane))
        return;
    c->stepping = false;
    ledger_blame(c->ledger, c->why, c->before);
    ledger_step(c->ledger, c->before, c->after);
    c->not_before = now.wall;
    c->retry_at = 0;
}

// How long the ledger can be left alone.
static ps_ns look_in(const struct chain *c, struct chain_now now)
{
    if (c->ledger->nspans > 0 && c->ledger->spans[0].state == SPAN_GAP)
        return PS_SEC;
    return ps_ntp_before(c->ledger->covered, now.wall) ? CHAIN_GAP_LOOK : GAP_EVERY;
}

ps_ns chain_tick(struct chain *c, struct chain_now now)
{
    step_when_quiet(c, now);
    if (c->stepping)
        return PS_SEC;
    ledger_pass(c->ledger, now.wall);
    tell_gap(c, now);
    if (c->finishing || c->resetting)
        return PS_SEC;
    ps_ns wait = go_on(c, now), most = look_in(c, now);
    return wait < most ? wait : most;
}

static void drop(struct chain *c, unsigned lane)
{
    c->lanes[lane].state = LANE_DOWN;
    c->ops->close(c->ctx, lane);
}

static void drop_unbegun(struct chain *c, ps_ntp now, const char *why)
{
    for (unsigned i = 0; i < CHAIN_LANES; i++) {
        if (c->lanes[i].state != LANE_RUNNING || !ps_ntp_before(now, c->lanes[i].start))
            continue;
        ledger_settle(c->ledger, c->lanes[i].id, c->lanes[i].start, why, now);
        drop(c, i);
    }
}

static void stop_all(struct chain *c, ps_ntp now, bool cut, ps_ntp cut_at, const char *why)
{
    ledger_idle(c->ledger, now); // a gap that began before has its own reason
    drop_unbegun(c, now, why);
    for (unsigned i = 0; i < CHAIN_LANES; i++) {
        if (c->lanes[i].state == LANE_RUNNING || (cut && c->lanes[i].state == LANE_STOPPING)) {
            c->lanes[i].state = LANE_STOPPING;
            c->ops->stop(c->ctx, i, cut, cut_at);
        } else if (c->lanes[i].state == LANE_ASKING || c->lanes[i].state == LANE_CONNECTING) {
            drop(c, i);
        }
    }
}

void chain_clock_set(struct chain *c, ps_ntp last_good, ps_ntp before, ps_ntp after, struct chain_now now)
{
    bool again = c->stepping; // before the first was dealt with
    // The time between the two passes as if the first had not been yet.
    c->before = again ? c->before + (before - c->after) : before;
    c->after = after;
    c->stepping = true;
    double step = ps_ntpdiff_to_double(ps_ntp_diff(after, c->before));
    if (after == c->before)
        snprintf(c->why, sizeof c->why, "the clock was set, and set back");
    else
        snprintf(c->why, sizeof c->why, "the clock was set by %+.3f s", step);
    if (!again)
        stop_all(c, before, true, last_good, c->why);
    step_when_quiet(c, now);
}

static void stop_for(struct chain *c, const char *reason, struct chain_now now)
{
    if (!c->stepping)
        snprintf(c->why, sizeof c->why, "%s", reason);
    stop_all(c, ledger_time(c, now), false, now.wall, c->why);
}

void chain_finish(struct chain *c, const char *reason, struct chain_now now)
{
    if (c->finishing)
        return;
    c->finishing = true;
    stop_for(c, reason, now);
}

void chain_reset(struct chain *c, const char *reason, struct chain_now now)
{
    c->resetting = true;
    stop_for(c, reason, now);
    for (unsigned i = 0; i < CHAIN_LANES; i++)
        if (c->lanes[i].state == LANE_IDLE)
            drop(c, i);
    c->failures = 0;
    c->retry_at = now.mono;
    ledger_blame(c->ledger, c->why, c->ledger->covered);
    c->resetting = chain_measuring(c);
}

// --- events

static void tried_in_vain(struct chain *c, const char *reason, struct chain_now now)
{
    ps_ns pause = RETRY_FIRST << (c->failures < 20 ? c->failures : 20);
    if (pause > c->conf.retry_max)
        pause = c->conf.retry_max;
    c->failures++;
    c->retry_at = now.mono + (ps_ns)((double)pause * (0.5 + 0.5 * ps_rand_double(&c->rand)));
    ledger_blame(c->ledger, reason, ledger_time(c, now));
}

void chain_connected(struct chain *c, unsigned lane, ps_ns lead)
{
    c->lanes[lane].state = LANE_IDLE;
    c->lead = lead;
}

void chain_agreed(struct chain *c, unsigned lane, ps_ntp start, ps_ntp end, struct chain_now now)
{
    int err = ps_ntp_before(later(start, LATE), now.wall)
                  ? PS_ETIMEOUT
                  : ledger_agree(c->ledger, c->lanes[lane].id, start, end);
    if (err != 0) {
        drop(c, lane);
        tried_in_vain(
            c, err == PS_ETIMEOUT ? "the server agreed too late" : "the session would overlap another", now);
        return;
    }
    c->lanes[lane].state = LANE_RUNNING;
    c->lanes[lane].start = start;
    c->lanes[lane].end = end;
    c->retry_at = 0;
    c->told_at = now.mono;
    ledger_blame(c->ledger, "no further session was agreed", now.wall);
}

// A session measured up to `upto`; reason: why not all, NULL: it was stopped.
static void settle(struct chain *c, unsigned lane, ps_ntp upto, const char *reason, struct chain_now now)
{
    if (ps_ntp_before(c->lanes[lane].start, upto))
        c->failures = 0; // to agree and then to break off is to fail, too
    if (c->stepping || c->resetting || reason == NULL)
        reason = c->why;
    ledger_settle(c->ledger, c->lanes[lane].id, upto, reason, ledger_time(c, now));
}

void chain_ended(struct chain *c, unsigned lane, ps_ntp upto, const char *reason, struct chain_now now)
{
    c->lanes[lane].state = LANE_IDLE;
    settle(c, lane, upto, reason, now);
    if (c->resetting)
        drop(c, lane);
    else if (reason != NULL && !c->stepping && !c->finishing)
        tried_in_vain(c, reason, now);
    c->resetting = c->resetting && chain_measuring(c);
}

void chain_lost(struct chain *c, unsigned lane, ps_ntp upto, const char *reason, struct chain_now now)
{
    bool idle = c->lanes[lane].state == LANE_IDLE; // a server may close what is not in use
    bool carried = carries(c, lane);
    c->lanes[lane].state = LANE_DOWN;
    c->ops->close(c->ctx, lane);
    if (carried)
        settle(c, lane, upto == 0 ? c->lanes[lane].start : upto, reason, now);
    if (!idle && !c->resetting && !c->stepping)
        tried_in_vain(c, reason, now);
    c->resetting = c->resetting && chain_measuring(c);
}
