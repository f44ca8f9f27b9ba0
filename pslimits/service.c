// SPDX-License-Identifier: Apache-2.0
#include "pslimits/service.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_list.h"
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
    uint64_t asked, passed, denied, malformed;
    ps_ns started;
};

// answers

struct answer {
    char *text;
    size_t len;
    FILE *file;
    struct ps_json json;
};

static bool open_answer(struct answer *a)
{
    a->file = open_memstream(&a->text, &a->len);
    if (!a->file)
        return false;
    ps_json_init(&a->json, a->file, false);
    ps_json_open(&a->json, '{');
    return true;
}

static void send_answer(struct answer *a, struct ps_ctl_request req)
{
    static const char sorry[] = "{\"ok\":false,\"error\":\"out of memory\"}";
    ps_json_close(&a->json, '}');
    int err = ps_json_end(&a->json);
    if (fclose(a->file) != 0 || err)
        (void)ps_ctl_reply(req, sorry, sizeof sorry - 1);
    else
        (void)ps_ctl_reply(req, a->text, a->len);
    free(a->text);
}

static void put_time(struct ps_json *j, const char *key, ps_ns t)
{
    char text[PS_ISO8601_TIME];
    struct ps_when w = {.at = t};
    ps_json_put_str(j, key, t ? ps_iso8601_put_time(&w, text) : NULL);
}

static void refuse(struct ps_ctl_request req, const char *why)
{
    struct answer a;
    if (!open_answer(&a))
        return;
    ps_json_put_bool(&a.json, "ok", false);
    ps_json_put_str(&a.json, "error", why);
    send_answer(&a, req);
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

static void judged(void *ctx, const struct lim_verdict *v, const struct lim_eval *e)
{
    struct asker *k = ctx;
    struct answer a;
    (void)e;
    *(v->passed ? &k->service->passed : &k->service->denied) += 1;
    ps_log(k->service->conf.log, PS_LOG_DEBUG, "verdict", "%s: %s", v->passed ? "passed" : "denied", v->why);
    if (open_answer(&a)) {
        ps_json_put_bool(&a.json, "ok", true);
        tell_json(&a.json, v, k->request.reasons);
        if (k->request.diags)
            put_diags(&a.json, v);
        send_answer(&a, k->req);
    }
    drop_asker(k);
}

static void judge(struct service *s, struct ps_ctl_request req, struct request *request)
{
    struct asker *k = calloc(1, sizeof *k);
    if (!k) {
        request_fini(request);
        refuse(req, ps_strerror(-ENOMEM));
        return;
    }
    *k = (struct asker){.service = s, .req = req, .request = *request};
    ps_list_append(&s->askers, &k->link);
    struct regime *regime = rules_file_regime(s->conf.rules);
    if (judgement_begin(facts_witness(s->conf.facts), regime, &k->request.of, judged, k, &k->judgement) !=
        0) {
        drop_asker(k);
        refuse(req, ps_strerror(-ENOMEM));
    }
}

// status

static void put_rules(const struct service *s, struct ps_json *j)
{
    struct rules_file_state st;
    const struct regime *regime = rules_file_regime(s->conf.rules);
    rules_file_look(s->conf.rules, &st);
    ps_json_key(j, "rules");
    ps_json_open(j, '{');
    ps_json_put_str(j, "file", s->conf.file);
    ps_json_put_bool(j, "in-force", regime != NULL);
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
    ps_json_key(j, "lists");
    ps_json_open(j, '[');
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
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
}

static void put_jq(const struct service *s, struct ps_json *j)
{
    struct ps_jq_stats st;
    ps_jq_stats(facts_jq(s->conf.facts), &st);
    ps_json_key(j, "scripts");
    ps_json_open(j, '{');
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

static void status(const struct service *s, struct ps_ctl_request req)
{
    struct answer a;
    if (!open_answer(&a))
        return;
    ps_json_put_bool(&a.json, "ok", true);
    ps_json_put_str(&a.json, "program", "pslimits");
    ps_json_put_str(&a.json, "version", PACKAGE_VERSION);
    ps_json_put_u64(&a.json, "pid", (uint64_t)getpid());
    put_time(&a.json, "since", s->started);
    ps_json_put_u64(&a.json, "passed", s->passed);
    ps_json_put_u64(&a.json, "denied", s->denied);
    ps_json_put_u64(&a.json, "malformed", s->malformed);
    ps_json_put_u64(&a.json, "under-way", count_askers(s));
    put_rules(s, &a.json);
    put_lists(s, &a.json);
    put_jq(s, &a.json);
    send_answer(&a, req);
}

// reload

static void reload(struct service *s, struct ps_ctl_request req)
{
    if (s->nreloads == RELOADS_MAX) {
        refuse(req, "too many wait for the rules to be read");
        return;
    }
    s->reloads[s->nreloads++] = req;
    rules_file_reload(s->conf.rules);
}

void service_reloaded(struct service *s)
{
    struct rules_file_state st;
    rules_file_look(s->conf.rules, &st);
    for (size_t i = 0; i < s->nreloads; i++) {
        struct answer a;
        if (!open_answer(&a))
            continue;
        ps_json_put_bool(&a.json, "ok", !st.stale);
        if (st.stale)
            ps_json_put_str(&a.json, "error", st.why);
        put_rules(s, &a.json);
        send_answer(&a, s->reloads[i]);
    }
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
        refuse(req, fault.text[0] ? fault.text : ps_strerror(err));
    } else if (request.verb == REQUEST_JUDGE) {
        judge(s, req, &request);
    } else {
        request_fini(&request);
        if (request.verb == REQUEST_STATUS)
            status(s, req);
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
