// SPDX-License-Identifier: Apache-2.0
#include "owping/ping.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_log.h"
#include "loop/ps_clocksource.h"
#include "loop/ps_clockwatch.h"
#include "endpoint/ep_ask.h"
#include "owping/leg.h"
#include "owping/link.h"
#include "owping/output.h"
#include "owping/progress.h"

// From now to the first packet: time for the requests to reach the server. One that forks for each
// session gets the second it expects; ours needs little.
#define LEAD PS_SEC
#define LEAD_EARLY (150 * PS_MSEC)
#define TIMEOUT_ABOVE_RTT 2.0
#define NAME_WAIT (2 * PS_SEC)

enum stage { STAGE_CONNECT, STAGE_REQUEST, STAGE_START, STAGE_TEST, STAGE_FETCH, STAGE_NAMES, STAGE_OVER };

struct ping {
    const struct options *o;
    struct ps_log log;
    struct ps_loop *loop;
    struct ps_clock *clock;
    struct ps_clockwatch *clockwatch;
    struct ps_clocksource *clocksource;
    struct ps_hwstamp *hw;
    struct ps_pump *pump;
    struct link link;
    struct ep_trial trial;
    struct leg legs[2];
    unsigned nlegs, asked; // asked: legs whose request has been answered
    struct ep_retrieve retrieve;
    struct progress *progress;
    struct ps_timer *name_timer, *stop_timer;
    char local_name[256];
    bool named;
    struct ps_addr local, remote;
    uint32_t mode;
    bool early;
    bool interrupted;
    bool spoiled; // a session that was asked for is missing by a fault
    enum stage stage;
    int status;
};

static void over(struct ping *p, int status)
{
    if (p->stage == STAGE_OVER)
        return;
    p->stage = STAGE_OVER;
    p->status = status;
    progress_end(&p->progress);
    ps_loop_stop(p->loop);
}

static void tell(const struct ping *p, const char *what, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", options_name(p->o), what, why);
}

static void fail(struct ping *p, const char *what, const char *why)
{
    tell(p, what, why);
    over(p, 1);
}

static void refused(struct ping *p, const char *what, uint8_t accept)
{
    char why[120];
    snprintf(why, sizeof why, "%s (Accept %u); the server's log says why", ow_accept_text(accept),
             (unsigned)accept);
    fail(p, what, why);
}

// --- the end: names, results

static void report(struct ping *p)
{
    struct output out;
    char remote[PS_ADDR_STRLEN], local[PS_ADDR_STRLEN];
    output_begin(&out, p->o);
    if (p->o->report.json) {
        ps_json_put_str(&out.json, "server", p->link.server.host);
        ps_json_put_u64(&out.json, "server_port", p->link.server.port);
        ps_json_put_str(&out.json, "server_address", ps_addr_host(&p->remote, remote));
        ps_json_put_str(&out.json, "local_address", ps_addr_host(&p->local, local));
    }
    output_sessions(&out);
    for (unsigned i = 0; i < p->nlegs; i++) {
        struct leg *leg = &p->legs[i];
        struct ow_report_names names = {leg->to ? p->local_name : p->link.server.host,
                                        leg->to ? p->link.server.host : p->local_name};
        struct ow_report_extra extra = {.direction = leg_name(leg),
                                        .mode = ow_mode_text(p->mode),
                                        .host_dropped = leg->host_dropped,
                                        .ignored = leg->ignored,
                                        .clock_steps = leg->steps,
                                        .here = leg->here};
        if (leg->good && output_session(&out, leg->save.fd, leg->save.path, &names, &extra) != 0)
            p->status = 1;
    }
    if (output_end(&out) != 0)
        p->status = 1;
}

static void on_name_timer(void *ctx)
{
    over(ctx, 0);
}

static void on_local_name(void *ctx, const char *name)
{
    struct ping *p = ctx;
    snprintf(p->local_name, sizeof p->local_name, "%s", name);
    p->named = true;
    if (p->stage == STAGE_NAMES)
        over(p, 0);
}

static void finish(struct ping *p)
{
    for (unsigned i = 0; i < p->nlegs; i++) {
        struct leg *leg = &p->legs[i];
        int err = leg->good ? savefile_commit(&leg->save) : 0;
        if (err != 0) {
            fail(p, leg->save.path, ps_strerror(err));
            return;
        }
    }
    p->stage = STAGE_NAMES;
    link_close(&p->link);
    if (p->named)
        over(p, 0);
    else
        ps_timer_start(p->name_timer, NAME_WAIT);
}

// --- the test

static struct leg *leg_to(struct ping *p)
{
    return p->nlegs > 0 && p->legs[0].to ? &p->legs[0] : NULL;
}

static void fetch(struct ping *p, struct leg *leg)
{
    struct ow_fetch f = {.begin = 0, .end = UINT32_MAX};
    memcpy(f.sid, leg->party.req.sid, OW_SID_LEN);
    p->stage = STAGE_FETCH;
    ep_retrieve_init(&p->retrieve, leg->save.fd, &leg->party.req, p->o->slots);
    int err = ep_client_fetch(p->link.client, &f);
    if (err != 0)
        fail(p, "fetching the session", ps_strerror(err));
}

static void on_fetch(struct ping *p, const struct ow_client_event *ev)
{
    int err = ep_retrieve_event(&p->retrieve, ev);
    char why[160];
    if (err == 0 && !p->retrieve.done)
        return;
    if (err == PS_EREFUSED) {
        snprintf(why, sizeof why, "%s (Accept %u): it has no complete record of it",
                 ow_accept_text(p->retrieve.ack.accept), (unsigned)p->retrieve.ack.accept);
        tell(p, "the server does not give the session back", why);
    } else if (err == PS_EPROTO) {
        fail(p, "fetching the session", "what the server sends is not the session that was asked for");
        return;
    } else if (err != 0) {
        fail(p, "saving the fetched session", ps_strerror(err));
        return;
    }
    leg_to(p)->good = err == 0;
    finish(p);
}

static int on_send_stop(void *ctx, uint8_t accept, const struct ow_stop_rec *recs, uint32_t n)
{
    struct ping *p = ctx;
    int err = ep_client_stop(p->link.client, accept, recs, n);
    if (err != 0)
        fail(p, "ending the test", ps_strerror(err));
    else
        ps_timer_start(p->stop_timer, ep_trial_patience(&p->trial));
    return err;
}

static void on_stop_timer(void *ctx)
{
    fail(ctx, "ending the test", "the server does not say that its side has ended");
}

static void on_concluded(void *ctx)
{
    struct ping *p = ctx;
    if (p->trial.peer_accept != OW_ACCEPT_OK)
        tell(p, "the server ended the test", ow_accept_text(p->trial.peer_accept));
    ps_timer_stop(p->stop_timer);
    ps_clockwatch_look(p->clockwatch);
    for (unsigned i = 0; i < p->nlegs; i++) {
        leg_end(&p->legs[i]);
        p->spoiled = p->spoiled || p->legs[i].failure != 0;
    }
    if (leg_to(p) != NULL)
        fetch(p, leg_to(p));
    else
        finish(p);
}

static double seconds_left(const struct ping *p)
{
    const struct ow_request *req = &p->legs[0].party.req;
    ps_ns end = ps_ntp_to_ns(req->start) +
                ps_ntpdur_to_ns(ow_slots_duration(p->o->slots, p->o->nslots, p->o->count)) +
                ep_client_rtt(p->link.client) + (p->early ? 0 : ps_ntpdur_to_ns(req->timeout));
    return (double)(end - ps_clock_now(p->clock)) / (double)PS_SEC;
}

static void start(struct ping *p)
{
    p->stage = STAGE_START;
    // Receivers first: a server whose clock is ahead of ours sends as soon as it hears of the start.
    for (unsigned i = 0; i < p->nlegs; i++) {
        if (!p->legs[i].to && leg_start(&p->legs[i]) != 0) {
            over(p, 1);
            return;
        }
    }
    int err = ep_client_start(p->link.client);
    if (err != 0) {
        fail(p, "starting the test", ps_strerror(err));
        return;
    }
    double left = seconds_left(p);
    if (!options_silent(p->o)) {
        printf("Approximately %.1f seconds until results available\n", left);
        fflush(stdout);
    }
    progress_begin(&p->progress, p->loop, options_name(p->o), left);
}

static void on_started(struct ping *p, uint8_t accept)
{
    if (accept != OW_ACCEPT_OK) {
        refused(p, "the server did not start the test", accept);
        return;
    }
    p->stage = STAGE_TEST;
    for (unsigned i = 0; i < p->nlegs; i++) {
        if (p->legs[i].to && leg_start(&p->legs[i]) != 0) {
            over(p, 1);
            return;
        }
    }
    ep_trial_begin(&p->trial, p->early);
    if (p->interrupted)
        ep_trial_interrupt(&p->trial);
}

static void on_stop(struct ping *p, const struct ow_stop *stop)
{
    const char *fault = ep_trial_peer_stop(&p->trial, stop);
    if (fault != NULL)
        fail(p, "the server's end of the test", fault);
}

// --- the requests

static void ask_next(struct ping *p)
{
    if (p->asked == p->nlegs) {
        start(p);
        return;
    }
    int err = ep_client_request(p->link.client, &p->legs[p->asked].party.req, p->o->slots);
    if (err != 0)
        fail(p, "requesting a session", ps_strerror(err));
}

static void on_accept(struct ping *p, const struct ow_accept_msg *accept)
{
    struct leg *leg = &p->legs[p->asked];
    if (accept->accept != OW_ACCEPT_OK) {
        refused(p,
                leg->to ? "the server refused the session to it" : "the server refused the session from it",
                accept->accept);
        return;
    }
    const char *fault = ep_ask_fault(&leg->party.req, accept);
    if (fault != NULL) {
        fail(p, "the server's answer to the request", fault);
        return;
    }
    struct ow_client *m = ep_client_machine(p->link.client);
    if (leg_ready(leg, accept, p->mode, ow_client_keys(m)) != 0) {
        over(p, 1);
        return;
    }
    ep_trial_add(&p->trial, &leg->party);
    p->asked++;
    ask_next(p);
}

static int open_legs(struct ping *p, const struct leg_ground *g, ps_ntp start_time, ps_ntp timeout)
{
    bool wanted[2] = {p->o->to, p->o->from};
    for (unsigned i = 0; i < 2; i++) {
        if (!wanted[i])
            continue;
        struct leg *leg = &p->legs[p->nlegs++];
        leg->o = p->o;
        leg->trial = &p->trial;
        leg->to = i == 0;
        // A tick apart, for the names of -p are times: with fixed slots they would be the same.
        if (leg_open(leg, g, start_time + i, timeout) != 0)
            return -1;
    }
    return 0;
}

static ps_ntp start_time(const struct ping *p, ps_ns rtt)
{
    ps_ns lead = (p->early ? LEAD_EARLY : LEAD) + (1 + p->o->to + p->o->from) * rtt;
    ps_ns delay = (ps_ns)(p->o->delay * (double)PS_SEC);
    return ps_ntp_from_ns(ps_clock_now(p->clock) + (delay > lead ? delay : lead));
}

static void on_ready(struct ping *p)
{
    struct ow_client *m = ep_client_machine(p->link.client);
    ps_ns rtt = ep_client_rtt(p->link.client);
    double timeout = p->o->timeout_given ? p->o->timeout : (double)rtt / (double)PS_SEC + TIMEOUT_ABOVE_RTT;
    p->stage = STAGE_REQUEST;
    p->mode = ow_client_mode(m);
    p->early = ow_client_early(m);
    p->local = *ep_client_local(p->link.client);
    p->remote = *ep_client_peer(p->link.client);
    ps_addr_host(&p->local, p->local_name);
    if (ps_reverse(p->loop, &p->local, on_local_name, p) != 0)
        p->named = true;
    struct leg_ground g = {p->loop, p->pump, p->clock, p->local, p->remote};
    if (open_legs(p, &g, start_time(p, rtt), ps_ntpdur_from_double(timeout)) != 0)
        over(p, 1);
    else
        ask_next(p);
}

static void on_event(void *ctx, const struct ow_client_event *ev)
{
    struct ping *p = ctx;
    if (p->stage == STAGE_OVER)
        return; // more may have come with what ended it
    switch (ev->type) {
    case OW_CEV_READY:
        on_ready(p);
        break;
    case OW_CEV_ACCEPT:
        on_accept(p, &ev->accept);
        break;
    case OW_CEV_STARTED:
        on_started(p, ev->accept.accept);
        break;
    case OW_CEV_STOP:
        on_stop(p, &ev->stop);
        break;
    case OW_CEV_FETCH_ACK:
    case OW_CEV_FETCH_HEAD:
    case OW_CEV_FETCH_DATA:
    case OW_CEV_FETCH_DONE:
        on_fetch(p, ev);
        break;
    case OW_CEV_NONE:
    case OW_CEV_GREETING:
    case OW_CEV_FAILED:
        break;
    }
}

// What came from the server is here, and shown: the whole session when only the other one's fetch failed,
// what there is of it when the server died in mid-test.
static void on_link_failed(void *ctx)
{
    struct ping *p = ctx;
    uint32_t highest;
    p->spoiled = true;
    ps_clockwatch_look(p->clockwatch);
    for (unsigned i = 0; p->stage == STAGE_TEST && i < p->nlegs; i++)
        if (!p->legs[i].to && ep_receiver_highest(p->legs[i].party.receiver, &highest))
            leg_end(&p->legs[i]);
    if (p->stage == STAGE_FETCH || p->stage == STAGE_TEST)
        finish(p);
    else
        over(p, 1);
}

// The first signal ends a test early and shows what there is; before the test, or a second time,
// it ends the program.
static void on_signal(void *ctx, int signum)
{
    struct ping *p = ctx;
    (void)signum;
    if (p->stage < STAGE_START || p->interrupted)
        over(p, 2);
    else if (p->stage == STAGE_TEST)
        ep_trial_interrupt(&p->trial);
    else if (p->stage == STAGE_NAMES)
        over(p, 0);
    p->interrupted = true;
}

// --- set-up and take-down

// Without its stamps it goes on with the kernel's.
static void open_hw(struct ping *p)
{
    struct ps_fault why = {""};
    if (p->o->hw != NULL && ps_hwstamp_open(p->o->hw, &p->hw, &why) != 0)
        fprintf(stderr, "%s: --hw-timestamps: %s; the kernel's arrival times are used\n", options_name(p->o),
                why.text);
}

// From now to the end: it has answered before the first packet leaves.
static int use_source(struct ping *p)
{
    struct ps_clocksource_conf conf;
    int err = ps_clocksource_env(&conf);
    if (err != 0) {
        tell(p, "OWAMP_DEBUG_CLOCKSOURCE", "wants chrony=, ntpd= and ptp4l=, or none");
        return err;
    }
    err = ps_clocksource_new(p->loop, p->clock, &conf, NULL, NULL, &p->clocksource);
    if (err == 0)
        ps_clocksource_use(p->clocksource);
    return err;
}

static int set_up(struct ping *p)
{
    ps_ns offset;
    int err = ps_clock_env_offset(&offset);
    if (err != 0)
        tell(p, "OWAMP_DEBUG_TIMEOFFSET", "not a number of seconds");
    if (err == 0)
        err = ps_loop_new(&p->loop);
    if (err == 0)
        err = ps_clock_new(&p->clock, offset);
    if (err == 0)
        err = ps_clockwatch_new(p->loop, p->clock, NULL, NULL, &p->clockwatch);
    if (err == 0)
        err = use_source(p);
    if (err == 0)
        err = ep_trial_init(&p->trial, p->loop, p->clock, (ps_ns)(p->o->enddelay * (double)PS_SEC));
    if (err == 0)
        err = ps_timer_new(p->loop, &p->name_timer, on_name_timer, p);
    if (err == 0)
        err = ps_timer_new(p->loop, &p->stop_timer, on_stop_timer, p);
    if (err == 0)
        open_hw(p);
    struct ps_pump_conf pc = {.loop = p->loop,
                              .clock = p->clock,
                              .ports = p->o->ports,
                              .device = p->o->device,
                              .realtime = true,
                              .limited = PS_LOG_DEBUG,
                              .log = &p->log,
                              .hw = p->hw};
    if (err == 0)
        err = ps_pump_new(&p->pump, &pc);
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
    for (size_t i = 0; err == 0 && i < 3; i++)
        err = ps_signal_add(p->loop, signals[i], on_signal, p);
    return err;
}

static void take_down(struct ping *p)
{
    for (unsigned i = 0; i < p->nlegs; i++) {
        leg_close(&p->legs[i]);
        savefile_close(&p->legs[i].save);
    }
    link_close(&p->link);
    ep_retrieve_fini(&p->retrieve);
    progress_end(&p->progress);
    ep_trial_fini(&p->trial);
    ps_timer_free(p->name_timer);
    ps_timer_free(p->stop_timer);
    ps_pump_free(p->pump);
    ps_hwstamp_free(p->hw);
    ps_clockwatch_free(p->clockwatch);
    ps_clocksource_free(p->clocksource);
    ps_loop_free(p->loop);
    ps_clock_free(p->clock);
}

static int measure(struct ping *p)
{
    int err = set_up(p);
    if (err != 0) {
        tell(p, "cannot start", ps_strerror(err));
        return 1;
    }
    p->trial.ctx = p;
    p->trial.send_stop = on_send_stop;
    p->trial.concluded = on_concluded;
    if (link_prepare(&p->link, p->o, p->loop, p->o->operands[0]) != 0 ||
        link_open(&p->link, p, on_event, on_link_failed) != 0)
        return 1;
    p->status = 1;
    err = ps_loop_run(p->loop);
    if (err == 0 && p->status == 0)
        report(p);
    return p->status == 0 && p->spoiled ? 1 : p->status;
}

int ping_run(const struct options *o)
{
    struct ping *p = calloc(1, sizeof *p);
    if (p == NULL)
        return 1;
    p->o = o;
    ps_log_init(&p->log, options_name(o));
    int status = measure(p);
    take_down(p);
    free(p);
    return status;
}
