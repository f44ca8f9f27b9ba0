// SPDX-License-Identifier: Apache-2.0
#include "lsregister/survey.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "lsregister/probe.h"

#define QUESTIONS 512 // addresses that are looked up
#define LINE (RECORDS_ID + 300)

// A service, from look to look.
struct watched {
    struct survey *survey;
    const struct plan_service *service;
    struct probe *probe;
    char id[RECORDS_ID];
    unsigned downs; // in a row
    bool was;
    char why[LINE], how[LINE]; // it does not answer; it was asked; "": not told
};

struct question {
    struct survey *survey;
    struct ps_dns_query *query;
    char address[PS_ADDR_STRLEN];
};

struct survey {
    struct survey_conf conf;
    survey_cb cb; // NULL: nobody asks any more
    void *ctx;
    const struct plan *plan;
    bool working; // a worker has it
    bool running;
    struct discovered found;
    int err;
    struct question questions[QUESTIONS];
    size_t nquestions, asked; // asked: without an answer yet
    struct watched *watched;  // one for each service of the plan
    struct service_look *looks;
    size_t nwatched, probing;
};

static void drop_watched(struct survey *s)
{
    for (size_t i = 0; i < s->nwatched; i++) {
        probe_cancel(s->watched[i].probe);
        record_fini(&s->looks[i].attrs);
        words_fini(&s->looks[i].where);
    }
    free(s->watched);
    free(s->looks);
    s->watched = NULL;
    s->looks = NULL;
    s->nwatched = 0;
}

static void destroy(struct survey *s)
{
    for (size_t i = 0; i < s->nquestions; i++)
        ps_dns_cancel(s->questions[i].query);
    drop_watched(s);
    discovered_fini(&s->found);
    free(s);
}

static struct records_from from_of(const struct survey *s)
{
    return (struct records_from){s->plan, &s->found, s->conf.names, s->looks};
}

static void finish(struct survey *s)
{
    struct wishes wishes = {0};
    struct words notes = {0}, asked = {0};
    struct records_from from = from_of(s);
    if (!s->err)
        s->err = records_make(&from, &wishes, &notes);
    for (size_t i = 0; i < s->nwatched && !s->err; i++)
        if (!s->looks[i].there && s->watched[i].why[0] && !s->watched[i].service->optional)
            s->err = words_add_new(&notes, s->watched[i].why);
    for (size_t i = 0; i < s->nwatched && !s->err; i++)
        if (s->watched[i].how[0])
            s->err = words_add(&asked, s->watched[i].how);
    struct survey_result r = {s->err, s->err ? ps_strerror(s->err) : "", &wishes, &notes, &asked, &s->found};
    s->running = false;
    s->cb(s->ctx, &r);
    wishes_fini(&wishes);
    words_fini(&notes);
    words_fini(&asked);
}

// services

static void forget(struct service_look *look)
{
    record_fini(&look->attrs);
    words_fini(&look->where);
    *look = (struct service_look){.there = false};
}

static void learn(struct service_look *look, const struct probe_answer *a)
{
    forget(look);
    look->port = a->port;
    if (record_copy(&look->attrs, a->said) != 0)
        record_fini(&look->attrs);
    if (words_copy(&look->where, a->where) != 0)
        words_fini(&look->where);
}

// What it said of itself holds for as long as it is waited for.
static void settle(struct watched *w, struct service_look *look, const struct probe_answer *a)
{
    w->why[0] = w->how[0] = '\0';
    if (a->up) {
        w->downs = 0;
        w->was = true;
        learn(look, a);
        snprintf(w->how, sizeof w->how, "%s: answers, %.250s", w->id, a->how);
    } else {
        w->downs++;
        snprintf(w->why, sizeof w->why, "%s: does not answer: %.250s", w->id, a->why);
        // Nobody has named it, and yet it is there.
        if (a->at_socket && w->service->optional)
            memcpy(w->how, w->why, sizeof w->how);
    }
    bool there = a->up || (w->was && w->survey->conf.patient && w->downs <= SURVEY_GRACE);
    if (!there)
        forget(look);
    w->was &= there;
    look->there = there;
}

static void probed(void *ctx, const struct probe_answer *a)
{
    struct watched *w = ctx;
    struct survey *s = w->survey;
    w->probe = NULL;
    settle(w, &s->looks[w - s->watched], a);
    if (--s->probing == 0)
        finish(s);
}

static int probe_one(struct survey *s, const struct plan_host *h, struct watched *w)
{
    struct records_from from = from_of(s);
    struct words addresses = {0};
    if (w->service->force_up) {
        s->looks[w - s->watched].there = true;
        return 0;
    }
    int err = records_addresses(&from, h, w->service, &addresses);
    if (!err)
        err = probe_start(s->conf.loop, w->service, &addresses, probed, w, &w->probe);
    words_fini(&addresses);
    s->probing += err == 0;
    return err;
}

static void probe_all(struct survey *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->plan->nhosts; i++)
        for (size_t k = 0; k < s->plan->hosts[i].nservices && !s->err; k++)
            s->err = probe_one(s, &s->plan->hosts[i], &s->watched[n++]);
    if (s->probing == 0)
        finish(s);
}

// names

static void answered(void *ctx, const struct ps_dns_answer *a)
{
    struct question *q = ctx;
    struct survey *s = q->survey;
    q->query = NULL;
    struct words names = {0};
    for (size_t i = 0; i < a->n && !a->err && !s->err; i++)
        s->err = words_add(&names, a->texts[i].at);
    words_sort(&names); // servers shuffle them, and a host has to keep its name
    if (a->err == PS_ENOTFOUND)
        record_drop(s->conf.names, q->address);
    else if (!a->err && !s->err)
        s->err = record_put(s->conf.names, q->address, &names);
    words_fini(&names);
    if (--s->asked == 0)
        probe_all(s);
}

static int ask_name(struct survey *s, const struct plan_host *h, const char *address)
{
    char name[PS_DNSNAME_STRLEN];
    struct ps_addr a;
    if (s->nquestions == QUESTIONS || ps_addr_parse(address, 0, &a) != 0 ||
        !(ps_addr_version(&a) == 4 ? h->names4 : h->names6) || ps_dnsname_reverse(&a, NULL, name) != 0)
        return 0;
    struct question *q = &s->questions[s->nquestions];
    *q = (struct question){.survey = s};
    snprintf(q->address, sizeof q->address, "%s", address);
    int err = ps_dns_ask(s->conf.dns, PS_DNS_PTR, name, SURVEY_DNS_PATIENCE, answered, q, &q->query);
    s->nquestions += err == 0;
    s->asked += err == 0;
    return err;
}

// Names of addresses that the host has no more.
static void forget_names(struct survey *s)
{
    for (size_t i = s->conf.names->n; i-- > 0;) {
        const char *address = s->conf.names->keys[i].name;
        bool asked = false;
        for (size_t q = 0; q < s->nquestions; q++)
            asked |= strcmp(s->questions[q].address, address) == 0;
        if (!asked)
            record_drop(s->conf.names, address);
    }
}

static void ask_names(struct survey *s)
{
    struct records_from from = from_of(s);
    s->nquestions = 0;
    for (size_t i = 0; i < s->plan->nhosts && s->conf.dns; i++) {
        const struct plan_host *h = &s->plan->hosts[i];
        struct words addresses = {0};
        if (!s->err)
            s->err = records_addresses(&from, h, NULL, &addresses);
        for (size_t k = 0; k < h->nservices && !s->err; k++)
            s->err = records_addresses(&from, h, &h->services[k], &addresses);
        for (size_t k = 0; k < addresses.n && !s->err; k++)
            s->err = ask_name(s, h, addresses.at[k]);
        words_fini(&addresses);
    }
    if (s->nquestions && !s->err)
        forget_names(s);
    if (s->asked == 0)
        probe_all(s);
}

// the host

static void work(void *ctx)
{
    struct survey *s = ctx;
    s->err = discover(s->conf.root, s->conf.addrs, &s->found);
}

static void worked(void *ctx)
{
    struct survey *s = ctx;
    s->working = false;
    if (!s->cb)
        destroy(s);
    else if (s->err)
        finish(s);
    else
        ask_names(s);
}

// What is known of services stays as long as the plan has them.
static int watch_services(struct survey *s, survey_was_fn was)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < s->plan->nhosts; i++)
        n += s->plan->hosts[i].nservices;
    struct watched *watched = calloc(n + 1, sizeof *watched);
    struct service_look *looks = calloc(n + 1, sizeof *looks);
    if (!watched || !looks) {
        free(watched);
        free(looks);
        return -ENOMEM;
    }
    for (size_t i = 0; i < s->plan->nhosts; i++)
        for (size_t k = 0; k < s->plan->hosts[i].nservices; k++, at++) {
            struct watched *w = &watched[at];
            w->survey = s;
            w->service = &s->plan->hosts[i].services[k];
            records_service_id(w->service->kind, i, k, w->id);
            w->was = was && was(s->ctx, w->id);
            for (size_t o = 0; o < s->nwatched; o++)
                if (strcmp(s->watched[o].id, w->id) == 0) {
                    w->was = s->watched[o].was;
                    w->downs = s->watched[o].downs;
                    looks[at] = s->looks[o];
                    s->looks[o] = (struct service_look){.there = false};
                }
        }
    drop_watched(s);
    s->watched = watched;
    s->looks = looks;
    s->nwatched = n;
    return 0;
}

int survey_start(struct survey *s, const struct plan *plan, survey_was_fn was)
{
    if (s->running)
        return -EBUSY;
    s->plan = plan;
    s->err = 0;
    discovered_fini(&s->found);
    int err = watch_services(s, was);
    if (!err)
        err = ps_work_run(s->conf.loop, work, worked, s);
    s->working = s->running = err == 0;
    return err;
}

bool survey_is_running(const struct survey *s)
{
    return s->running;
}

int survey_new(const struct survey_conf *conf, survey_cb cb, void *ctx, struct survey **out)
{
    struct survey *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->conf = *conf;
    s->cb = cb;
    s->ctx = ctx;
    *out = s;
    return 0;
}

void survey_free(struct survey *s)
{
    if (!s)
        return;
    s->cb = NULL;
    if (!s->working)
        destroy(s);
}
