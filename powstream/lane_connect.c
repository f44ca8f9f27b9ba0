// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include "base/ps_err.h"
#include "endpoint/ep_source.h"
#include "powstream/lane_impl.h"

// From now to the first packet of a session that is asked for late: a server that forks for each session
// gets the second it expects, ours needs little. Behind that some round trips.
#define LEAD PS_SEC
#define LEAD_EARLY (150 * PS_MSEC)
#define LEAD_RTTS 3
#define ANSWER_MAX (60 * PS_SEC)
#define SETUP_MAX (20 * PS_SEC)

static void tell_connected(struct lane *l)
{
    l->stage = STAGE_IDLE;
    l->conf.ops->connected(l->conf.ctx, l,
                           (l->early ? LEAD_EARLY : LEAD) + LEAD_RTTS * ep_client_rtt(l->client));
}

// The server's other address, for the test packets.
static void on_test_names(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct lane *l = ctx;
    l->query = NULL;
    for (size_t i = 0; i < n; i++) {
        if (ps_addr_version(&addrs[i]) != ps_addr_version(&l->local))
            continue;
        l->remote = addrs[i];
        tell_connected(l);
        return;
    }
    lane_failf(l, lane_want(l)->test_host,
               err != 0 ? why : "no address of the control connection's address family");
}

static void on_ready(struct lane *l)
{
    struct ow_client *m = ep_client_machine(l->client);
    l->mode = ow_client_mode(m);
    l->early = ow_client_early(m);
    l->local = *ep_client_local(l->client);
    l->remote = *ep_client_peer(l->client);
    (void)names_of(l->conf.ground->names,
                   &l->local); // so that the first result has the name as the others do
    int err = lane_want(l)->test_host == NULL ? 0
                                              : names_find(l->conf.ground->names, lane_want(l)->test_host, 0,
                                                           lane_want(l)->family, on_test_names, l, &l->query);
    if (err != 0)
        lane_failf(l, lane_want(l)->test_host, ps_strerror(err));
    else if (l->query == NULL)
        tell_connected(l);
}

static void on_event(void *ctx, const struct ow_client_event *ev)
{
    struct lane *l = ctx;
    l->asked = 0;
    l->mute = false;
    switch (ev->type) {
    case OW_CEV_READY:
        on_ready(l);
        break;
    case OW_CEV_ACCEPT:
        lane_accepted(l, &ev->accept);
        break;
    case OW_CEV_STARTED:
        lane_started(l, ev->accept.accept);
        break;
    case OW_CEV_STOP: {
        const char *fault = ep_trial_peer_stop(&l->trial, &ev->stop);
        if (fault != NULL)
            lane_failf(l, "the server's end of the session", fault);
        break;
    }
    case OW_CEV_FETCH_ACK:
    case OW_CEV_FETCH_HEAD:
    case OW_CEV_FETCH_DATA:
    case OW_CEV_FETCH_DONE:
        lane_fetch_event(l, ev);
        break;
    case OW_CEV_NONE:
    case OW_CEV_GREETING:
    case OW_CEV_FAILED:
        break;
    }
}

static void on_client_failed(void *ctx, int err, const char *why)
{
    struct lane *l = ctx;
    l->mute = err == PS_ETIMEOUT;
    lane_failf(l, "the control connection", err == PS_EAUTH ? "wrong pass-phrase?" : why);
}

// The server's addresses that can be reached from where the stream is to come from.
static int choose_addresses(const struct lane *l, struct ep_client_conf *cc, const struct ps_addr *addrs,
                            size_t n)
{
    const char *source = lane_want(l)->source;
    for (size_t i = 0; source != NULL && i < n; i++)
        if (ep_source_find(source, addrs[i].sa.sa_family, &cc->local) == 0)
            break;
    if (source != NULL && cc->local.len == 0)
        return PS_ENOTFOUND;
    int version = cc->local.len != 0 ? ps_addr_version(&cc->local) : 0;
    for (size_t i = 0; i < n && cc->naddrs < sizeof cc->addrs / sizeof *cc->addrs; i++)
        if (version == 0 || version == ps_addr_version(&addrs[i]))
            cc->addrs[cc->naddrs++] = addrs[i];
    return cc->naddrs > 0 ? 0 : -EAFNOSUPPORT;
}

static void on_names(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct lane *l = ctx;
    l->query = NULL;
    if (err != 0) {
        lane_failf(l, lane_want(l)->server, why);
        return;
    }
    struct ep_client_conf cc = {.loop = l->conf.ground->loop,
                                .device = l->conf.ground->device,
                                .modes = lane_want(l)->modes,
                                .identity = l->conf.pass != NULL ? lane_want(l)->identity : NULL,
                                .pass = l->conf.pass,
                                .pass_len = l->conf.pass_len,
                                .timeout = ANSWER_MAX,
                                .setup_timeout = SETUP_MAX,
                                .ctx = l,
                                .event = on_event,
                                .failed = on_client_failed};
    err = choose_addresses(l, &cc, addrs, n);
    if (err == PS_ENOTFOUND)
        lane_failf(l, lane_want(l)->source, "not an address of this host in the server's address family");
    else if (err != 0 || (err = ep_client_open(&l->client, &cc)) != 0)
        lane_failf(l, lane_want(l)->server, ps_strerror(err));
    else
        l->asked = ps_loop_mono();
}

void lane_connect(struct lane *l)
{
    lane_close(l);
    int err = names_find(l->conf.ground->names, lane_want(l)->server, lane_want(l)->port,
                         lane_want(l)->family, on_names, l, &l->query);
    if (err != 0)
        lane_fail_soon(l, lane_want(l)->server, err);
}
