// SPDX-License-Identifier: Apache-2.0
// A lane made up: how long things take, and what goes wrong with them.
#include "day.h"

#define SETUP_MAX (20 * SIM_SEC)
#define ANSWER_MAX (60 * SIM_SEC)
#define STOP_PATIENCE (30 * SIM_SEC)
#define LEAD (1000 * PS_MSEC)
#define LEAD_EARLY (150 * PS_MSEC)
#define IN_FLIGHT_GRACE (SIM_SEC / 2)

static struct sim *world(struct day_lane *l)
{
    return &l->d->sim;
}

void day_reason(const struct day *d, char *out, size_t size, const char *what, const struct day_fault *f)
{
    snprintf(out, size, "%s #%u", what, (unsigned)(f - d->conf.faults));
}

static struct day_session *take_session(struct day_lane *l)
{
    struct day_session *ss = l->session;
    l->session = NULL;
    return ss;
}

void day_lane_drop(struct day_lane *l)
{
    sim_cancel(world(l), &l->act);
    day_session_free(take_session(l));
    l->phase = PHASE_DOWN;
}

// --- failures

static void lose(struct day_lane *l, const char *reason)
{
    struct day *d = l->d;
    ps_ntp upto = 0;
    bool whole;
    sim_cancel(world(l), &l->act);
    day_look(d); // before a file is ended: it may have been spoilt
    if (l->phase == PHASE_DOWN)
        return;
    struct day_session *ss = l->phase == PHASE_TEST ? l->session : NULL;
    if (ss != NULL && !d->conf.to && day_fault(d, DAY_DISK) == NULL)
        upto = day_session_end(ss, true, &whole);
    if (upto != 0)
        day_keep_file(d, ss->start, upto);
    char text[sizeof l->reason];
    snprintf(text, sizeof text, "%s", reason);
    chain_lost(&d->chain, l->index, upto, text, day_now(d)); // closes the lane
    day_wake(d);
}

void day_lane_break(struct day_lane *l, const char *reason)
{
    if (l->phase != PHASE_DOWN)
        lose(l, reason);
}

// The step that is under way fails after that time.
static void fail_in(struct day_lane *l, sim_time wait, const char *what, const struct day_fault *f)
{
    day_reason(l->d, l->reason, sizeof l->reason, what, f);
    sim_at(world(l), &l->act, world(l)->now + wait);
}

static void succeed_in(struct day_lane *l, sim_time wait)
{
    l->reason[0] = '\0';
    sim_at(world(l), &l->act, world(l)->now + wait);
}

// An answer is waited for, so long: it comes when the path is there again, or never.
static void await(struct day_lane *l, sim_time wait, sim_time most)
{
    const struct day_fault *hang = day_fault(l->d, DAY_HANG), *cut = day_fault(l->d, DAY_CUT);
    const sim_time now = world(l)->now;
    if (hang != NULL)
        fail_in(l, most, "no answer", hang);
    else if (cut != NULL && cut->span.to + l->d->conf.rtt - now > most)
        fail_in(l, most, "no answer through the path", cut);
    else if (cut != NULL)
        succeed_in(l, cut->span.to + l->d->conf.rtt - now);
    else
        succeed_in(l, wait);
}

// --- connecting and asking

static void do_connect(void *ctx, unsigned i)
{
    struct day *d = ctx;
    struct day_lane *l = &d->lanes[i];
    const struct day_fault *name = day_fault(d, DAY_NAME), *down = day_fault(d, DAY_DOWN);
    assert_int_equal(l->phase, PHASE_DOWN);
    l->phase = PHASE_CONNECT;
    if (name != NULL)
        fail_in(l, name->amount, "name not found", name);
    else if (down != NULL)
        fail_in(l, d->conf.rtt, "connection refused", down);
    else
        await(l, 4 * d->conf.rtt + sim_upto(&d->sim, SIM_SEC / 10), SETUP_MAX);
}

static void do_request(void *ctx, unsigned i, uint32_t id, ps_ntp start)
{
    struct day *d = ctx;
    struct day_lane *l = &d->lanes[i];
    const struct day_fault *late = day_fault(d, DAY_LATE), *refusal = day_fault(d, DAY_REFUSAL);
    (void)id;
    assert_int_equal(l->phase, PHASE_IDLE);
    l->phase = PHASE_ASK;
    l->start = start;
    if (refusal != NULL)
        fail_in(l, d->conf.rtt, "the server refused the session (Accept 5)", refusal);
    else
        await(l, 2 * d->conf.rtt + (late != NULL ? late->amount : 0), ANSWER_MAX);
}

// --- the end of a session

static void ended(struct day_lane *l)
{
    struct day *d = l->d;
    day_look(d);
    if (l->phase != PHASE_TEST)
        return;
    struct day_session *ss = l->session;
    const struct day_fault *disk = day_fault(d, DAY_DISK);
    char reason[80] = "the server ended the session early";
    bool whole = false, asked = ss->stopping && disk == NULL;
    ps_ntp upto = disk == NULL ? day_session_end(ss, false, &whole) : 0;
    if (upto != 0)
        day_keep_file(d, ss->start, upto);
    if (disk != NULL)
        day_reason(d, reason, sizeof reason, "No space left on device", disk);
    else if (ow_send_next_seqno(ss->send) == d->conf.count && !ss->cut)
        snprintf(reason, sizeof reason, "the session ended before its last packets were decided");
    const ps_ntp reached = upto == 0 ? ss->start : upto;
    day_session_free(take_session(l));
    l->phase = PHASE_IDLE;
    chain_ended(&d->chain, l->index, reached, whole || asked ? NULL : reason, day_now(d));
}

// All is sent, or it was told to stop: both sides' Stop-Sessions, and what is fetched.
static void session_ends(void *ctx)
{
    struct day_session *ss = ctx;
    struct day *d = ss->d;
    struct day_lane *l = &d->lanes[ss->lane];
    const bool stopping = ss->stopping;
    const uint32_t id = ss->id;
    day_look(d);
    if (l->session == NULL || l->session->id != id || ss->stopping != stopping)
        return;
    const sim_time in_flight = ss->sent_all_at + d->conf.timeout + IN_FLIGHT_GRACE;
    const bool wait = !ss->stopping && (d->conf.rfc || !day_session_complete(ss));
    if (wait && d->sim.now < in_flight) {
        sim_at(&d->sim, &ss->ends, d->sim.now + SIM_SEC / 4);
        return;
    }
    ss->ending = true;
    await(l, d->conf.rtt * (d->conf.to ? 3 : 1), d->conf.timeout + STOP_PATIENCE);
}

static void do_stop(void *ctx, unsigned i, bool cut, ps_ntp cut_at)
{
    struct day *d = ctx;
    struct day_session *ss = d->lanes[i].session;
    assert_int_equal(d->lanes[i].phase, PHASE_TEST);
    if (!ss->ending || !d->conf.to) {
        ss->cut = cut;
        ss->cut_at = cut_at;
    }
    if (ss->ending)
        return;
    const bool stop_seen = ss->sent_all_at != 0 && d->sim.now > ss->sent_all_at + d->conf.rtt;
    day_session_stop(ss);
    if (stop_seen && !d->conf.to && day_fault(d, DAY_HANG) == NULL && day_fault(d, DAY_CUT) == NULL) {
        ended(&d->lanes[i]); // our stop was the last that was missing
        return;
    }
    sim_at(&d->sim, &ss->ends, d->sim.now + d->conf.rtt);
}

static void do_close(void *ctx, unsigned i)
{
    struct day *d = ctx;
    day_lane_drop(&d->lanes[i]);
}

const struct chain_ops day_lane_ops = {do_connect, do_request, do_stop, do_close};

// --- the step that is under way is over

static void agreed(struct day_lane *l)
{
    struct day *d = l->d;
    l->phase = PHASE_TEST;
    struct day_session *ss = day_session_new(d, l->index, l->start);
    l->session = ss;
    sim_event_init(&ss->ends, session_ends, ss);
    day_session_begin(ss);
    chain_agreed(&d->chain, l->index, ss->start, ss->end, day_now(d)); // may close the lane
}

static void acts(void *ctx)
{
    struct day_lane *l = ctx;
    struct day *d = l->d;
    if (l->reason[0] != '\0') {
        lose(l, l->reason);
        return;
    }
    if (l->phase == PHASE_CONNECT) {
        l->phase = PHASE_IDLE;
        chain_connected(&d->chain, l->index,
                        (d->conf.rfc ? LEAD : LEAD_EARLY) + 3 * ps_ntpdur_to_ns((ps_ntp)d->conf.rtt));
    } else if (l->phase == PHASE_ASK) {
        agreed(l);
    } else {
        assert_int_equal(l->phase, PHASE_TEST);
        ended(l);
    }
    day_wake(d);
}

void day_lane_init(struct day *d, unsigned index)
{
    struct day_lane *l = &d->lanes[index];
    *l = (struct day_lane){.d = d, .index = index};
    sim_event_init(&l->act, acts, l);
}
