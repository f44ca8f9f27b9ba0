// SPDX-License-Identifier: Apache-2.0
#include "pslimits/service.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_hash.h"
#include "base/ps_list.h"
#include "base/ps_rand.h"
#include "limits/lim_hint.h"
#include "loop/ps_ctl_json.h"
#include "pslimits/judgement.h"
#include "pslimits/request.h"
#include "pslimits/tell.h"

#define RELOADS_MAX 64

// One that asks for a verdict.
struct asker {
    struct ps_list link;
    struct service *service;
    struct ps_ctl_request req;
    struct request request;
    struct judgement *judgement;
};

struct service {
    struct service_conf conf;
    struct ps_list askers;
    struct ps_ctl_request reloads[RELOADS_MAX]; // wait for the rules to be read
    size_t nreloads;
    uint64_t passed, denied, refused, busy, malformed;
    uint64_t seed; // of askers' numbers
    ps_ns started;
};

static void put_time(struct ps_json *j, const char *key, ps_ns t)
{
    char text[PS_ISO8601_TIME];
    ps_json_put_str(j, key, t ? ps_iso8601_put_utc(t, text) : NULL);
}

// judge

static void put_diags(struct ps_json *j, const struct lim_verdict *v)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    if (!f)
        return;
    tell_text(f, v);
    if (fclose(f) == 0)
        ps_json_put_str(j, "diags", text);
    free(text);
}

static void drop_asker(struct asker *k)
{
    ps_list_remove(&k->link);
    request_fini(&k->request);
    free(k);
}

struct telling {
    const struct request *request;
    const struct lim_verdict *verdict;
};

static int put_verdict(void *telling, struct ps_json *j, struct ps_fault *fault)
{
    const struct telling *t = telling;
    (void)fault;
    tell_json(j, t->verdict, t->request->reasons);
    if (t->request->diags)
        put_diags(j, t->verdict);
    return 0;
}

// Who wanted what, and what became of it.
static void log_verdict(const struct service *s, const struct lim_request *r, const struct lim_verdict *v)
{
    char address[PS_ADDR_STRLEN];
    const char *start = r->has_run ? r->start_text : "";
    ps_log(s->conf.log, PS_LOG_DEBUG, "verdict", "%s, %s%s%s: %s: %s",
           r->requester.len ? ps_addr_host(&r->requester, address) : "nobody", r->test_type,
           r->has_run ? " at " : "", start,
           v->busy     ? "busy"
           : v->passed ? "passed"
                       : "denied",
           v->why);
}

static void judged(void *ctx, const struct lim_verdict *v, const struct lim_eval *e)
{
    struct asker *k = ctx;
    struct telling telling = {&k->request, v};
    (void)e;
    *(v->busy ? &k->service->busy : v->passed ? &k->service->passed : &k->service->denied) += 1;
    log_verdict(k->service, &k->request.of, v);
    if (v->busy)
        ps_ctl_refuse(k->req, v->why);
    else
        ps_ctl_answer(k->req, put_verdict, &telling);
    drop_asker(k);
}

// Where the only rules there ever were are bad, nobody is let pass, and nobody judged.
static bool is_barred(struct service *s, struct ps_ctl_request req)
{
    struct rules_file_state st;
    char why[1100];
    rules_file_look(s->conf.rules, &st);
    if (!st.barred)
        return false;
    snprintf(why, sizeof why, "the rules are bad, and there are none before them: %s", st.why);
    s->refused++;
    ps_ctl_refuse(req, why);
    return true;
}

// Whose turn it is when scripts are run: processes take turns, and of one those for whom it asks; networks of 64 bits
// count as one.
static uint64_t asker_of(const struct service *s, struct ps_ctl_request req, const struct request *request)
{
    uint8_t host[16];
    ps_addr_to_wire(&request->of.requester, host);
    size_t n = ps_addr_version(&request->of.requester) == 6 ? 8 : sizeof host;
    return (uint64_t)(uint32_t)ps_ctl_peer(req) << 32 | (uint32_t)ps_hash(s->seed, host, n);
}

// A hint that is misspelt would judge a requester who is not told.
static bool has_slip(struct service *s, struct ps_ctl_request req, const struct request *request)
{
    const struct regime *regime = rules_file_regime(s->conf.rules);
    char near[LIM_NAME_HINT], why[400];
    const char *name = regime ? lim_hint_slip(regime->rules, request->of.hints, near) : NULL;
    if (!name)
        return false;
    snprintf(why, sizeof why, "hints.%.100s: is a hint that neither pScheduler nor the rules know; %s", name,
             near);
    s->malformed++;
    ps_ctl_refuse(req, why);
    return true;
}

static void judge(struct service *s, struct ps_ctl_request req, struct request *request)
{
    struct asker *k;
    if (is_barred(s, req) || has_slip(s, req, request)) {
        request_fini(request);
        return;
    }
    k = calloc(1, sizeof *k);
    if (!k) {
        request_fini(request);
        ps_ctl_refuse(req, ps_strerror(-ENOMEM));
        return;
    }
    *k = (struct asker){.service = s, .req = req, .request = *request};
    ps_list_append(&s->askers, &k->link);
    struct regime *regime = rules_file_regime(s->conf.rules);
    if (judgement_begin(facts_witness(s->conf.facts), regime, asker_of(s, req, &k->request), &k->request.of,
                        judged, k, &k->judgement) != 0) {
        drop_asker(k);
        ps_ctl_refuse(req, ps_strerror(-ENOMEM));
    }
}

// status

static void put_rules(const struct service *s, struct ps_json *j)
{
    struct rules_file_state st;
    const struct regime *regime = rules_file_regime(s->conf.rules);
    rules_file_look(s->conf.rules, &st);
    ps_json_put_open(j, "rules", '{');
    ps_json_put_str(j, "file", s->conf.file);
    ps_json_put_bool(j, "in-force", regime != NULL);
    ps_json_put_bool(j, "refusing", st.barred);
    put_time(j, "loaded", st.loaded);
    ps_json_put_bool(j, "stale", st.stale);
    ps_json_put_str(j, "fault", st.why[0] ? st.why : NULL);
    ps_json_put_u64(j, "reads", st.loads);
    if (regime) {
        ps_json_put_u64(j, "schema", regime->rules->schema);
        ps_json_put_u64(j, "identifiers", regime->rules->nidentifiers);
        ps_json_put_u64(j, "classifiers", regime->rules->nclassifiers);
        ps_json_put_u64(j, "limits", regime->rules->nlimits);
        ps_json_put_u64(j, "applications", regime->rules->napplications);
    }
    ps_json_close(j, '}');
}

static void put_lists(const struct service *s, struct ps_json *j)
{
    const struct regime *regime = rules_file_regime(s->conf.rules);
    struct lists_state st;
    ps_json_put_open(j, "lists", '[');
    for (size_t i = 0; regime && lists_look(regime->lists, i, &st); i++) {
        ps_json_open(j, '{');
        ps_json_put_str(j, "source", st.source);
        ps_json_put_u64(j, "networks", st.networks);
        ps_json_put_u64(j, "no-networks", st.strange);
        if (st.strange)
            ps_json_put_u64(j, "first-no-network", (uint64_t)st.first_strange);
        ps_json_key(j, "age");
        if (st.age >= 0)
            ps_json_i64(j, st.age / PS_SEC);
        else
            ps_json_null(j);
        ps_json_put_str(j, "fault", st.why[0] ? st.why : NULL);
        ps_json_put_str(j, "copy-fault", st.copy_err ? ps_strerror(st.copy_err) : NULL);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
}

static void put_jq(const struct service *s, struct ps_json *j)
{
    struct ps_jq_stats st;
    ps_jq_stats(facts_jq(s->conf.facts), &st);
    ps_json_put_open(j, "scripts", '{');
    ps_json_put_u64(j, "run", st.asked);
    ps_json_put_u64(j, "failed", st.failed);
    ps_json_put_u64(j, "waiting", st.waiting);
    ps_json_put_u64(j, "workers", st.workers);
    ps_json_put_u64(j, "workers-replaced", st.replaced);
    ps_json_close(j, '}');
}

static size_t count_askers(const struct service *s)
{
    size_t n = 0;
    PS_LIST_EACH(it, &s->askers)
        n++;
    return n;
}

static int put_status(void *service, struct ps_json *j, struct ps_fault *fault)
{
    const struct service *s = service;
    (void)fault;
    ps_ctl_put_program(j, "pslimits");
    put_time(j, "since", s->started);
    ps_json_put_str(j, "confined", s->conf.confined[0] ? s->conf.confined : NULL);
    ps_json_put_u64(j, "passed", s->passed);
    ps_json_put_u64(j, "denied", s->denied);
    ps_json_put_u64(j, "refused", s->refused);
    ps_json_put_u64(j, "busy", s->busy);
    ps_json_put_u64(j, "malformed", s->malformed);
    ps_json_put_u64(j, "under-way", count_askers(s));
    put_rules(s, j);
    put_lists(s, j);
    put_jq(s, j);
    return 0;
}

// reload

static void reload(struct service *s, struct ps_ctl_request req)
{
    if (s->nreloads == RELOADS_MAX) {
        ps_ctl_refuse(req, "too many wait for the rules to be read");
        return;
    }
    s->reloads[s->nreloads++] = req;
    rules_file_reload(s->conf.rules);
}

static int put_reloaded(void *service, struct ps_json *j, struct ps_fault *fault)
{
    (void)fault;
    put_rules(service, j);
    return 0;
}

void service_reloaded(struct service *s)
{
    struct rules_file_state st;
    rules_file_look(s->conf.rules, &st);
    for (size_t i = 0; i < s->nreloads; i++)
        if (st.stale)
            ps_ctl_refuse(s->reloads[i], st.why);
        else
            ps_ctl_answer(s->reloads[i], put_reloaded, s);
    s->nreloads = 0;
}

// requests

void service_request(void *ctx, struct ps_ctl_request req, const char *line, size_t len)
{
    struct service *s = ctx;
    struct request request;
    struct ps_fault fault = {""};
    int err = request_read(&request, line, len, &fault);
    if (err) {
        s->malformed++;
        request_fini(&request);
        ps_ctl_refuse(req, fault.text[0] ? fault.text : ps_strerror(err));
    } else if (request.verb == REQUEST_JUDGE) {
        judge(s, req, &request);
    } else {
        request_fini(&request);
        if (request.verb == REQUEST_STATUS)
            ps_ctl_answer(req, put_status, s);
        else
            reload(s, req);
    }
}

int service_new(const struct service_conf *conf, struct service **out)
{
    struct service *s = calloc(1, sizeof *s);
    struct timespec t;
    if (!s)
        return -ENOMEM;
    int err = ps_rand_bytes(&s->seed, sizeof s->seed);
    if (err) {
        free(s);
        return err;
    }
    s->conf = *conf;
    ps_list_init(&s->askers);
    clock_gettime(CLOCK_REALTIME, &t);
    s->started = (ps_ns)t.tv_sec * PS_SEC;
    *out = s;
    return 0;
}

void service_free(struct service *s)
{
    if (!s)
        return;
    PS_LIST_EACH_SAFE(it, &s->askers) {
        struct asker *k = PS_CONTAINER(it, struct asker, link);
        judgement_drop(k->judgement);
        drop_asker(k);
    }
    free(s);
}
