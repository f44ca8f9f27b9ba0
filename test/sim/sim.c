// SPDX-License-Identifier: Apache-2.0
#include "world.h"

static void sim_init(struct sim *s, const struct sim_conf *conf)
{
    s->conf = *conf;
    assert_true(conf->nsessions > 0 && conf->nsessions <= SIM_SESSIONS);
    ps_rand_seed(&s->rand, conf->seed);
    ps_heap_init(&s->heap);
    s->up.conf = &s->conf.up;
    s->down.conf = &s->conf.down;
    for (uint32_t i = 0; i < conf->nsessions; i++)
        session_init(&s->sessions[i], s, &s->conf.sessions[i]);
    host_init(&s->client, s, "client", &s->conf.client);
    host_init(&s->server, s, "server", &s->conf.server);
}

struct sim *sim_run(const struct sim_conf *conf)
{
    struct sim *s = sim_alloc(1, sizeof *s);
    sim_init(s, conf);
    while (sim_step(s))
        continue;
    assert_true(s->client.concluded);
    assert_true(s->server.concluded);
    assert_true(s->fetched);
    for (uint32_t i = 0; i < conf->nsessions; i++)
        truth_check(&s->sessions[i]);
    return s;
}

const struct sim_result *sim_result(const struct sim *s, uint32_t session)
{
    return &s->sessions[session].result;
}

void sim_free(struct sim *s)
{
    host_fini(&s->client);
    host_fini(&s->server);
    for (uint32_t i = 0; i < s->conf.nsessions; i++)
        session_fini(&s->sessions[i]);
    ps_heap_fini(&s->heap);
    free(s);
}

struct sim_session_conf sim_even(bool up, sim_time distance, uint32_t npackets, sim_time timeout)
{
    struct sim_session_conf c = {.up = up, .nslots = 1, .npackets = npackets, .timeout = timeout};
    c.slots[0] = (struct ow_slot){OW_SLOT_FIXED, (ps_ntp)distance};
    return c;
}

void sim_each_seed(const struct sim_conf *conf, uint64_t n, sim_look look)
{
    struct sim_conf c = *conf;
    for (c.seed = 1; c.seed <= n; c.seed++) {
        struct sim *s = sim_run(&c);
        if (look != NULL)
            look(s);
        sim_free(s);
    }
}
