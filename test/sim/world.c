// SPDX-License-Identifier: Apache-2.0
// Events, clocks and what carries octets between the hosts.
#include "world.h"

void *sim_alloc(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);
    assert_non_null(p);
    return p;
}

// --- events

void sim_event_init(struct sim_event *e, void (*fire)(void *ctx), void *ctx)
{
    *e = (struct sim_event){.fire = fire, .ctx = ctx};
}

void sim_at(struct sim *s, struct sim_event *e, sim_time when)
{
    assert_true(when >= s->now);
    assert_int_equal(ps_heap_set(&s->heap, &e->node, when), 0);
}

void sim_cancel(struct sim *s, struct sim_event *e)
{
    ps_heap_remove(&s->heap, &e->node);
}

bool sim_step(struct sim *s)
{
    struct ps_heap_node *top = ps_heap_top(&s->heap);
    if (top == NULL)
        return false;
    // The node is the event's first member.
    struct sim_event *e = (struct sim_event *)(void *)top;
    ps_heap_remove(&s->heap, top);
    s->now = top->key;
    e->fire(e->ctx);
    return true;
}

bool sim_chance(struct sim *s, double p)
{
    return p > 0 && ps_rand_double(&s->rand) < p;
}

sim_time sim_upto(struct sim *s, sim_time n)
{
    return n > 0 ? (sim_time)(ps_rand_u64(&s->rand) % (uint64_t)n) : 0;
}

bool sim_within(const struct sim_span *span, sim_time t)
{
    return t >= span->from && t < span->to;
}

// --- clocks

static sim_time ahead_at(const struct sim_clock *c, sim_time t, bool stepped)
{
    sim_time drift = (sim_time)((__int128)t * c->conf->ppb / 1000000000);
    return c->conf->ahead + drift + (stepped ? c->conf->step : 0);
}

sim_time sim_clock_ahead(const struct sim_clock *c, sim_time t)
{
    return ahead_at(c, t, c->conf->step != 0 && t >= c->conf->step_at);
}

ps_ntp sim_clock_read(const struct sim_clock *c, sim_time t)
{
    return c->epoch + (ps_ntp)(t + sim_clock_ahead(c, t));
}

sim_time sim_clock_when(const struct sim_clock *c, ps_ntp local, sim_time now)
{
    const bool stepped = c->conf->step != 0 && now >= c->conf->step_at;
    const sim_time want = ps_ntp_diff(local, c->epoch);
    sim_time t = now, miss;
    if (now + ahead_at(c, now, stepped) >= want)
        return now;
    // The clock's rate is nearly one: each round leaves a small part of what was missing.
    for (int i = 0; i < 8 && (miss = want - t - ahead_at(c, t, stepped)) != 0; i++)
        t += miss;
    while (t + ahead_at(c, t, stepped) < want)
        t++;
    while (t > now && t - 1 + ahead_at(c, t - 1, stepped) >= want)
        t--;
    return t;
}

// --- the path of test packets

struct flight {
    struct sim_event event;
    struct sim_session *session;
    struct sim_copy copy;
    uint8_t data[SIM_HEAD];
};

static void flight_lands(void *ctx)
{
    struct flight *f = ctx;
    session_arrival(f->session, &f->copy, f->data);
    free(f);
}

static bool path_drops(struct sim *s, struct sim_path *p)
{
    p->bursting = sim_chance(s, p->bursting ? p->conf->burst_stay : p->conf->burst);
    return p->bursting || sim_chance(s, p->conf->loss) || sim_within(&p->conf->outage, s->now);
}

static sim_time path_delay(struct sim *s, const struct sim_path_conf *p)
{
    return p->delay + sim_upto(s, p->jitter) + (sim_chance(s, p->held) ? p->hold : 0);
}

static void path_carry(struct sim_session *ss, struct sim_path *p, uint32_t seq, const uint8_t *data)
{
    struct sim *s = ss->sim;
    struct flight *f = sim_alloc(1, sizeof *f);
    f->session = ss;
    f->copy = (struct sim_copy){.seq = seq, .sent = s->now, .delay = path_delay(s, p->conf)};
    f->copy.ttl = (uint8_t)(255 - p->conf->hops - sim_upto(s, p->conf->more_hops + 1));
    memcpy(f->data, data, SIM_HEAD);
    sim_event_init(&f->event, flight_lands, f);
    sim_at(s, &f->event, s->now + f->copy.delay);
}

void sim_path_send(struct sim_session *ss, uint32_t seq, const uint8_t *data)
{
    struct sim *s = ss->sim;
    struct sim_path *p = ss->conf->up ? &s->up : &s->down;
    uint32_t copies = 1, most = p->conf->copies_max > 0 ? p->conf->copies_max : 2;
    while (copies < most && sim_chance(s, p->conf->dup))
        copies++;
    for (uint32_t i = 0; i < copies; i++)
        if (!path_drops(s, p))
            path_carry(ss, p, seq, data);
}

// --- the control connection

struct piece {
    struct sim_event event;
    struct sim_host *to;
    size_t n;
    uint8_t data[];
};

static void piece_arrives(void *ctx)
{
    struct piece *p = ctx;
    host_input(p->to, p->data, p->n);
    free(p);
}

// Now and then only a few octets.
static size_t piece_len(struct sim *s, size_t have)
{
    const size_t most = 1 + (size_t)sim_upto(s, sim_chance(s, 0.2) ? 20 : 1448);
    return have < most ? have : most;
}

void sim_pipe_send(struct sim_host *from, struct ps_buf *out)
{
    struct sim *s = from->sim;
    struct sim_host *to = from == &s->client ? &s->server : &s->client;
    while (ps_buf_len(out) > 0) {
        const size_t n = piece_len(s, ps_buf_len(out));
        const sim_time when = s->now + s->conf.control_delay + sim_upto(s, s->conf.control_jitter);
        struct piece *p = sim_alloc(1, sizeof *p + n);
        p->to = to;
        p->n = n;
        memcpy(p->data, ps_buf_head(out), n);
        ps_buf_consume(out, n);
        to->heard = when > to->heard ? when : to->heard;
        sim_event_init(&p->event, piece_arrives, p);
        sim_at(s, &p->event, to->heard); // equal times keep their order
    }
}
