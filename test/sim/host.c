// SPDX-License-Identifier: Apache-2.0
// A host: its side of the control connection, and when its part of the test is over.
#include "world.h"
#include "base/ps_err.h"

#define ENDDELAY (SIM_SEC / 2)
#define IN_FLIGHT_GRACE (SIM_SEC / 2)
#define IDENTITY "ana"

static const uint8_t secret[16] = "from passphrase";
static const uint8_t client_iv[16] = "client's IV....";

uint32_t host_mode(const struct sim *s)
{
    return s->conf.mode != 0 ? s->conf.mode : OW_MODE_OPEN;
}

static void flush(struct sim_host *h)
{
    sim_pipe_send(h, h->client != NULL ? ow_client_out(h->client) : ow_server_out(h->server));
}

// --- the test

#define EACH_SESSION(ss, s) \
    for (struct sim_session *ss = (s)->sessions; ss < (s)->sessions + (s)->conf.nsessions; ss++)

static void stop_sent(struct sim_host *h, const struct ow_stop_rec *recs, uint32_t n)
{
    int err = h->client != NULL ? ow_client_stop(h->client, OW_ACCEPT_OK, recs, n)
                                : ow_server_stop(h->server, OW_ACCEPT_OK, recs, n);
    assert_int_equal(err, 0);
    h->stop_sent = true;
    flush(h);
}

static void fetch_next(struct sim *s);

static void conclude(struct sim_host *h)
{
    struct sim *s = h->sim;
    h->testing = false;
    h->concluded = true;
    EACH_SESSION(ss, s)
    {
        if (ss->receiver == h)
            session_end(ss);
    }
    if (h->client != NULL)
        fetch_next(s);
}

static void send_stop(struct sim_host *h)
{
    struct ow_stop_rec recs[SIM_SESSIONS] = {0};
    uint32_t n = 0;
    EACH_SESSION(ss, h->sim)
    {
        if (ss->sender != h)
            continue;
        // The list is only read through this record.
        union {
            const struct ow_skip *in;
            struct ow_skip *out;
        } skips = {.in = ow_send_skips(ss->send, &recs[n].nskips)};
        memcpy(recs[n].sid, ss->req.sid, OW_SID_LEN);
        recs[n].next_seqno = ow_send_next_seqno(ss->send);
        recs[n++].skips = skips.out;
    }
    stop_sent(h, recs, n);
    if (h->stop_seen)
        conclude(h);
}

// By the RFC's timing a sender waits until its last packet must have come or be lost.
static bool sender_over(const struct sim_host *h, const struct sim_session *ss, sim_time *until)
{
    *until = h->sim->now;
    if (ss->sending)
        return false;
    if (h->sim->conf.rfc_timing)
        *until = sim_clock_when(&h->clock, ow_send_last_time(ss->send) + (ps_ntp)ss->conf->timeout + ENDDELAY,
                                h->sim->now);
    return *until == h->sim->now;
}

static bool part_over(struct sim_host *h)
{
    bool over = true;
    EACH_SESSION(ss, h->sim)
    {
        sim_time until = h->sim->now;
        over &= ss->sender == h ? sender_over(h, ss, &until) : ow_recv_complete(ss->recv);
        if (until > h->sim->now)
            sim_at(h->sim, &h->finish, until);
    }
    return over;
}

static bool senders_idle(const struct sim_host *h)
{
    EACH_SESSION(ss, h->sim)
    {
        if (ss->sender == h && ss->sending)
            return false;
    }
    return true;
}

void host_progress(struct sim_host *h)
{
    if (!h->testing || h->stop_sent)
        return;
    bool now = h->cut_short || (h->stop_seen && h->sim->conf.rfc_timing);
    if (now ? senders_idle(h) : part_over(h))
        send_stop(h);
}

static void begin(struct sim_host *h)
{
    h->testing = true;
    EACH_SESSION(ss, h->sim)
    {
        if (ss->sender == h)
            session_start_send(ss);
    }
    host_progress(h);
}

static void stop_senders(struct sim_host *h)
{
    EACH_SESSION(ss, h->sim)
    {
        if (ss->sender == h)
            session_stop_send(ss);
    }
}

static const struct ow_stop_rec *stop_rec(const struct ow_stop *stop, const uint8_t sid[OW_SID_LEN])
{
    for (uint32_t i = 0; i < stop->nrecs; i++)
        if (memcmp(stop->recs[i].sid, sid, OW_SID_LEN) == 0)
            return &stop->recs[i];
    fail_msg("Stop-Sessions says nothing of a session");
    return NULL;
}

static sim_time longest_timeout(const struct sim *s)
{
    sim_time most = 0;
    for (uint32_t i = 0; i < s->conf.nsessions; i++)
        most = s->conf.sessions[i].timeout > most ? s->conf.sessions[i].timeout : most;
    return most;
}

static void heard_stop(struct sim_host *h, const struct ow_stop *stop)
{
    h->stop_seen = true;
    stop_senders(h);
    EACH_SESSION(ss, h->sim)
    {
        if (ss->receiver == h)
            session_limit(ss, stop_rec(stop, ss->req.sid));
    }
    if (h->stop_sent) {
        conclude(h);
        return;
    }
    // What counts comes within the timeout from now, however far ahead the other clock is.
    if (!h->sim->conf.rfc_timing)
        sim_at(h->sim, &h->finish, h->sim->now + longest_timeout(h->sim) + IN_FLIGHT_GRACE);
    EACH_SESSION(ss, h->sim)
    {
        if (ss->receiver == h)
            session_tick(ss);
    }
    host_progress(h);
}

// --- the client's side of the control connection

static void request_next(struct sim *s)
{
    struct sim_host *h = &s->client;
    if (h->asked == s->conf.nsessions) {
        assert_int_equal(ow_client_start(h->client), 0);
        return;
    }
    struct sim_session *ss = &s->sessions[h->asked++];
    ss->req = session_request(ss);
    assert_int_equal(ow_client_request(h->client, &ss->req, ss->conf->slots), 0);
}

static void choose(struct sim_host *h, uint32_t mode)
{
    struct ow_keys keys;
    assert_int_equal(mode, host_mode(h->sim));
    ps_rand_fill(&h->sim->rand, &keys, sizeof keys);
    int err = mode == OW_MODE_OPEN ? ow_client_choose(h->client, mode, NULL, NULL, NULL, NULL)
                                   : ow_client_choose(h->client, mode, IDENTITY, secret, &keys, client_iv);
    assert_int_equal(err, 0);
}

static void agreed(struct sim_host *h, const struct ow_accept_msg *a)
{
    struct sim_session *ss = &h->sim->sessions[h->asked - 1];
    const struct ow_keys *keys = ow_client_keys(h->client);
    assert_int_equal(a->accept, OW_ACCEPT_OK);
    assert_memory_equal(a->sid, ss->req.sid, OW_SID_LEN); // known to both: the world is shared
    if (ss->sender == h)
        session_prepare_send(ss, ss->conf->slots, keys);
    else
        session_prepare_recv(ss, ss->conf->slots, keys);
    request_next(h->sim);
}

static void fetch_next(struct sim *s)
{
    struct ow_fetch f = {.begin = 0, .end = UINT32_MAX};
    while (s->fetching < s->conf.nsessions && !s->sessions[s->fetching].conf->up)
        session_keep_file(&s->sessions[s->fetching++]);
    s->fetched = s->fetching == s->conf.nsessions;
    if (s->fetched)
        return;
    memcpy(f.sid, s->sessions[s->fetching].req.sid, OW_SID_LEN);
    assert_int_equal(ow_client_fetch(s->client.client, &f), 0);
    flush(&s->client);
}

static void fetched_head(const struct sim_session *ss, const struct ow_client_event *ev)
{
    assert_int_equal(ev->ack.finished, OW_FIN_NORMAL);
    assert_int_equal(ev->ack.next_seqno, ss->result.next_seqno);
    assert_int_equal(ev->ack.nskips, ss->nskips);
    if (ss->nskips > 0)
        assert_memory_equal(ev->skips, ss->skips, ss->nskips * sizeof *ss->skips);
    assert_int_equal(ev->request.nslots, ss->conf->nslots);
    assert_true(ev->request.start == ss->req.start);
}

static void fetched_data(struct sim_session *ss, const struct ow_client_event *ev)
{
    struct ow_rec rec;
    for (uint32_t i = 0; i < ev->nrecords; i++) {
        ow_rec_unpack(ev->records + (size_t)i * OW_REC_LEN, &rec);
        session_keep(ss, &rec);
    }
}

static void client_event(struct sim_host *h, const struct ow_client_event *ev)
{
    struct sim *s = h->sim;
    switch (ev->type) {
    case OW_CEV_NONE:
        break;
    case OW_CEV_GREETING:
        choose(h, ev->mode);
        break;
    case OW_CEV_READY:
        request_next(s);
        break;
    case OW_CEV_ACCEPT:
        agreed(h, &ev->accept);
        break;
    case OW_CEV_STARTED:
        assert_int_equal(ev->accept.accept, OW_ACCEPT_OK);
        begin(h);
        break;
    case OW_CEV_STOP:
        heard_stop(h, &ev->stop);
        break;
    case OW_CEV_FETCH_ACK:
        assert_int_equal(ev->ack.accept, OW_ACCEPT_OK);
        break;
    case OW_CEV_FETCH_HEAD:
        fetched_head(&s->sessions[s->fetching], ev);
        break;
    case OW_CEV_FETCH_DATA:
        fetched_data(&s->sessions[s->fetching], ev);
        break;
    case OW_CEV_FETCH_DONE:
        s->fetching++;
        fetch_next(s);
        break;
    case OW_CEV_FAILED:
        fail_msg("client: %s", ev->why);
    }
}

// --- the server's side

static void asked(struct sim_host *h, const struct ow_server_event *ev)
{
    struct sim_session *ss = &h->sim->sessions[h->asked++];
    const struct ow_keys *keys = ow_server_keys(h->server);
    assert_int_equal(ev->request.npackets, ss->conf->npackets);
    if (ss->receiver == h)
        ps_rand_fill(&h->sim->rand, ss->req.sid, OW_SID_LEN);
    else
        assert_memory_equal(ev->request.sid, ss->req.sid, OW_SID_LEN);
    if (ss->receiver == h)
        session_prepare_recv(ss, ev->slots, keys);
    else
        session_prepare_send(ss, ev->slots, keys);
    assert_int_equal(ow_server_accept(h->server, OW_ACCEPT_OK, 8765, ss->req.sid), 0);
}

static void serve_records(struct ow_server *server, struct ow_file *f)
{
    uint8_t out[OW_REC_LEN];
    struct ow_rec rec;
    while (ow_file_next(f, &rec) > 0) {
        ow_rec_pack(&rec, out);
        assert_int_equal(ow_server_fetch_data(server, out, 1), 0);
    }
    assert_int_equal(ow_server_fetch_end(server), 0);
}

static void serve_fetch(struct sim_host *h, const struct ow_fetch *fetch)
{
    struct ow_file *f;
    struct ow_fetch_ack ack = {0};
    EACH_SESSION(ss, h->sim)
    {
        if (memcmp(ss->req.sid, fetch->sid, OW_SID_LEN) != 0)
            continue;
        assert_int_equal(ow_file_new(&f, ss->fd, "session", NULL), 0);
        const struct ow_file_head *head = ow_file_head(f);
        ack.finished = (uint8_t)head->finished;
        ack.next_seqno = head->next_seqno;
        ack.nrecords = (uint32_t)ow_file_count(f);
        const struct ow_skip *skips = ow_file_skips(f, &ack.nskips);
        int err = ow_server_fetch_begin(h->server, &ack, &head->request, ow_file_slots(f), skips);
        assert_int_equal(err, 0);
        serve_records(h->server, f);
        ow_file_free(f);
        return;
    }
    fail_msg("a session is fetched that there is not");
}

static void server_event(struct sim_host *h, const struct ow_server_event *ev)
{
    switch (ev->type) {
    case OW_SEV_NONE:
    case OW_SEV_READY:
        break;
    case OW_SEV_IDENTIFY:
        assert_string_equal(ev->setup.keyid, IDENTITY);
        assert_int_equal(ow_server_identity(h->server, secret), 0);
        break;
    case OW_SEV_REQUEST:
        asked(h, ev);
        break;
    case OW_SEV_START:
        assert_true(ev->early);
        assert_int_equal(ow_server_start(h->server, OW_ACCEPT_OK), 0);
        begin(h);
        break;
    case OW_SEV_STOP:
        heard_stop(h, &ev->stop);
        break;
    case OW_SEV_FETCH:
        serve_fetch(h, &ev->fetch);
        break;
    case OW_SEV_FAILED:
        fail_msg("server: %s", ev->why);
    }
}

void host_input(struct sim_host *h, const uint8_t *data, size_t n)
{
    struct ow_client_event cev;
    struct ow_server_event sev;
    if (h->client != NULL) {
        assert_int_equal(ow_client_input(h->client, data, n), 0);
        while (ow_client_next(h->client, &cev))
            client_event(h, &cev);
    } else {
        assert_int_equal(ow_server_input(h->server, data, n), 0);
        while (ow_server_next(h->server, &sev))
            server_event(h, &sev);
    }
    flush(h);
}

// --- what happens to the host

static void finish_fires(void *ctx)
{
    struct sim_host *h = ctx;
    h->cut_short |= h->stop_seen && !h->sim->conf.rfc_timing;
    host_progress(h);
}

static void interrupt_fires(void *ctx)
{
    struct sim_host *h = ctx;
    h->cut_short = true;
    stop_senders(h);
    host_progress(h);
}

// All that waits for a time of this clock waits anew.
static void step_fires(void *ctx)
{
    struct sim_host *h = ctx;
    EACH_SESSION(ss, h->sim)
    {
        if (ss->sender == h && ss->sending)
            session_start_send(ss);
        if (ss->receiver == h)
            session_clock_set(ss);
    }
    host_progress(h);
}

static void at_some_time(struct sim *s, struct sim_event *e, sim_time when)
{
    if (when > 0)
        sim_at(s, e, when);
}

void host_init(struct sim_host *h, struct sim *s, const char *name, const struct sim_host_conf *conf)
{
    h->sim = s;
    h->name = name;
    h->conf = conf;
    h->clock = (struct sim_clock){.epoch = s->conf.epoch != 0 ? s->conf.epoch : SIM_EPOCH, .conf = conf};
    sim_event_init(&h->finish, finish_fires, h);
    sim_event_init(&h->step, step_fires, h);
    sim_event_init(&h->interrupt, interrupt_fires, h);
    at_some_time(s, &h->step, conf->step_at);
    at_some_time(s, &h->interrupt, conf->interrupt_at);
    if (h == &s->client) {
        assert_int_equal(ow_client_new(&h->client, host_mode(s)), 0);
        return;
    }
    struct ow_server_conf sc = {.modes = OW_MODE_ALL, .count = OW_COUNT_DEFAULT};
    sc.start_time = sim_clock_read(&h->clock, 0);
    ps_rand_fill(&s->rand, sc.challenge, sizeof sc.challenge);
    ps_rand_fill(&s->rand, sc.salt, sizeof sc.salt);
    ps_rand_fill(&s->rand, sc.iv, sizeof sc.iv);
    assert_int_equal(ow_server_new(&h->server, &sc), 0);
    flush(h);
}

void host_fini(struct sim_host *h)
{
    ow_client_free(h->client);
    ow_server_free(h->server);
}
