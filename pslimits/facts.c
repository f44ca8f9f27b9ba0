// SPDX-License-Identifier: Apache-2.0
#include "pslimits/facts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_cymru.h"
#include "base/ps_err.h"
#include "loop/ps_dns.h"
#include "loop/ps_localnet.h"
#include "pslimits/fetch.h"
#include "pslimits/judgement.h"

#define OUTPUT_MAX ((size_t)8 << 20) // of a script: lists may be long

struct facts {
    struct ps_loop *loop;
    struct facts_conf conf;
    struct ps_jq *jq;
    struct ps_dns *dns;
    struct ps_httpc *http;
    struct fetch *fetch;
    struct ps_localnet *localnet;
    struct witness witness;
};

// names

static void got_names(void *ctx, const struct ps_dns_names *n)
{
    struct lim_answer a = {
        .err = n->err == PS_ENOTFOUND ? 0 : n->err, .why = n->why, .names = n->names, .n = n->n};
    question_answer(ctx, &a);
}

static void got_bogon(void *ctx, const struct ps_dns_answer *d)
{
    struct lim_answer a = {.err = d->err == PS_ENOTFOUND ? 0 : d->err, .why = d->why};
    a.yes = !d->err && ps_cymru_is_bogon(d->addrs, d->n);
    question_answer(ctx, &a);
}

static void got_asns(void *ctx, const struct ps_dns_answer *d)
{
    uint32_t asns[PS_CYMRU_ASNS];
    struct lim_answer a = {.err = d->err == PS_ENOTFOUND ? 0 : d->err, .why = d->why, .asns = asns};
    for (size_t i = 0; i < d->n && !d->err; i++)
        ps_cymru_asns(d->texts[i].at, d->texts[i].len, asns, PS_CYMRU_ASNS, &a.n);
    question_answer(ctx, &a);
}

static int ask_names(struct facts *f, const struct lim_ask *ask, struct question *q)
{
    return ps_dns_reverse(f->dns, ask->requester, ask->timeout, got_names, q, NULL);
}

static int ask_bogon(struct facts *f, const struct lim_ask *ask, struct question *q)
{
    char name[PS_DNSNAME_STRLEN];
    int err = ps_cymru_bogon_name(ask->requester, name);
    return err ? err : ps_dns_ask(f->dns, PS_DNS_A, name, ask->timeout, got_bogon, q, NULL);
}

static int ask_asns(struct facts *f, const struct lim_ask *ask, struct question *q)
{
    char name[PS_DNSNAME_STRLEN];
    int err = ps_cymru_asn_name(ask->requester, ask->peers, name);
    return err ? err : ps_dns_ask(f->dns, PS_DNS_TXT, name, ask->timeout, got_asns, q, NULL);
}

// the rest

static void ask_local(struct facts *f, const struct lim_ask *ask, struct question *q)
{
    struct lim_answer a = {.err = ps_localnet_error(f->localnet)};
    a.yes = ask->fact == LIM_FACT_LOCALIF ? ps_localnet_is_own(f->localnet, ask->requester)
                                          : ps_localnet_is_near(f->localnet, ask->requester);
    question_answer(q, &a);
}

static void ask_world(void *ctx, const struct lim_ask *ask, struct question *q)
{
    struct facts *f = ctx;
    int err = 0;
    switch (ask->fact) {
    case LIM_FACT_NAMES:
        err = ask_names(f, ask, q);
        break;
    case LIM_FACT_BOGON:
        err = ask_bogon(f, ask, q);
        break;
    case LIM_FACT_ASNS:
        err = ask_asns(f, ask, q);
        break;
    case LIM_FACT_LIST:
        lists_ask(question_regime(q)->lists, ask, q);
        break;
    case LIM_FACT_LOCALIF:
    case LIM_FACT_LOCALNET:
        ask_local(f, ask, q);
        break;
    case LIM_FACT_JQ:
        regime_run(question_regime(q), ask, q);
        break;
    case LIM_FACT_FETCH:
        fetch_ask(f->fetch, ask, q);
        break;
    }
    if (err)
        question_fail(q, err, ps_strerror(err));
}

static int open_all(struct facts *f)
{
    const struct facts_conf *c = &f->conf;
    struct ps_jq_conf jq = {.output = OUTPUT_MAX};
    struct ps_dns_conf dns = {.servers = c->resolver, .nservers = c->resolver != NULL};
    struct ps_httpc_conf http = {.agent = "pslimits/" PACKAGE_VERSION};
    int err = ps_jq_new(f->loop, &jq, &f->jq);
    if (!err)
        err = ps_dns_new(f->loop, &dns, &f->dns);
    if (!err)
        err = ps_httpc_new(f->loop, &http, &f->http);
    if (!err)
        err = fetch_new(f->loop, f->http, &f->fetch);
    return err ? err : ps_localnet_new(f->loop, &f->localnet);
}

int facts_new(struct ps_loop *l, const struct facts_conf *conf, struct facts **out)
{
    struct facts *f = calloc(1, sizeof *f);
    if (!f)
        return -ENOMEM;
    f->loop = l;
    f->conf = *conf;
    f->witness = (struct witness){ask_world, f, NULL};
    int err = open_all(f);
    if (err)
        facts_free(f);
    else
        *out = f;
    return err;
}

void facts_free(struct facts *f)
{
    if (!f)
        return;
    ps_jq_free(f->jq);
    ps_dns_free(f->dns);
    ps_httpc_free(f->http);
    fetch_free(f->fetch);
    ps_localnet_free(f->localnet);
    witness_fini(&f->witness);
    free(f);
}

struct witness *facts_witness(struct facts *f)
{
    return &f->witness;
}

struct ps_jq *facts_jq(struct facts *f)
{
    return f->jq;
}

struct ps_httpc *facts_http(struct facts *f)
{
    return f->http;
}

int facts_regime(struct facts *f, struct lim_rules *rules, struct regime *former, struct regime **out)
{
    struct lists_conf conf = {f->loop, f->http, f->conf.cache, f->conf.patient, f->conf.log};
    int err = regime_new(f->jq, rules, out);
    if (err)
        return err;
    err = lists_new(&conf, *out, former ? former->lists : NULL, &(*out)->lists);
    if (err)
        regime_release(*out);
    return err;
}
