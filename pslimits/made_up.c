// SPDX-License-Identifier: Apache-2.0
#include "pslimits/made_up.h"
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "limits/lim_name.h"
#include "pslimits/regime.h"

#define HTTP_OK 200

// reading

static void read_names(struct made_up *m, struct ps_jnode array, struct lim_faults *faults)
{
    for (struct ps_jnode n = ps_jnode_first(array); ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *name = lim_element_str(n, faults);
        if (name && m->nnames == MADE_UP_NAMES)
            lim_fault_at(faults, LIM_FAULT, n, NULL, NULL, "is one too many: there may be %d", MADE_UP_NAMES);
        else if (name)
            m->names[m->nnames++] = name;
    }
}

static size_t read_asns(struct ps_jnode array, uint32_t out[MADE_UP_ASNS], struct lim_faults *faults)
{
    size_t count = 0;
    for (struct ps_jnode n = ps_jnode_first(array); ps_jnode_there(n); n = ps_jnode_next(n)) {
        struct ps_fault fault;
        uint64_t v;
        if (ps_jnode_u64(n, 1, UINT32_MAX, &v, &fault) != 0)
            lim_fault_from(faults, n, &fault);
        else if (count == MADE_UP_ASNS)
            lim_fault_at(faults, LIM_FAULT, n, NULL, NULL, "is one too many: there may be %d", MADE_UP_ASNS);
        else
            out[count++] = (uint32_t)v;
    }
    return count;
}

// Names of the rules that may stand at a place.
struct known {
    const char **names;
    size_t n;
};

static struct known known_of(const struct lim_rules *rules, bool (*id)(const struct lim_identifier *),
                             bool (*limit)(const struct lim_limit *))
{
    struct known k = {calloc(rules->nidentifiers + rules->nlimits + 1, sizeof(const char *)), 0};
    for (size_t i = 0; k.names && i < rules->nidentifiers; i++)
        if (id && id(&rules->identifiers[i]))
            k.names[k.n++] = rules->identifiers[i].name;
    for (size_t i = 0; k.names && i < rules->nlimits; i++)
        if (limit && limit(&rules->limits[i]))
            k.names[k.n++] = rules->limits[i].name;
    return k;
}

static void check_name(const struct known *k, const char *name, struct ps_jnode n, const char *what,
                       struct lim_faults *faults)
{
    char hint[LIM_NAME_HINT];
    for (size_t i = 0; i < k->n; i++)
        if (strcmp(k->names[i], name) == 0)
            return;
    lim_fault_at(faults, LIM_FAULT, n, NULL, lim_name_hint(name, k->names, k->n, hint),
                 "the rules have no %s \"%.60s\"", what, name);
}

static bool fetches_list(const struct lim_identifier *id)
{
    return id->type == LIM_ID_URL;
}

static bool asks_network(const struct lim_identifier *id)
{
    return id->type == LIM_ID_URL || id->type == LIM_ID_BOGON || id->type == LIM_ID_ASN ||
           id->type == LIM_ID_REVERSE || id->type == LIM_ID_LOCALIF || id->type == LIM_ID_LOCALNET ||
           id->type == LIM_ID_JQ;
}

static bool fetches(const struct lim_limit *l)
{
    return l->type == LIM_FETCH;
}

static bool asks(const struct lim_limit *l)
{
    return l->type == LIM_FETCH || l->type == LIM_JQ;
}

static struct ps_jnode read_known(struct lim_read *r, const char *key, struct known k, const char *what)
{
    struct ps_jnode array = lim_get_array(r, key, LIM_OPTIONAL);
    for (struct ps_jnode n = ps_jnode_first(array); ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *name = lim_element_str(n, r->faults);
        if (name)
            check_name(&k, name, n, what, r->faults);
    }
    free(k.names);
    return array;
}

static struct ps_jnode read_fetch(struct lim_read *r, const struct lim_rules *rules)
{
    struct ps_jnode object = lim_get_object(r, "url-fetch", LIM_OPTIONAL);
    struct known k = known_of(rules, NULL, fetches);
    for (struct ps_jnode n = ps_jnode_first(object); ps_jnode_there(n); n = ps_jnode_next(n))
        if (ps_jnode_key(n)[0] != '#')
            check_name(&k, ps_jnode_key(n), n, "limit of type url-fetch", r->faults);
    free(k.names);
    return object;
}

void made_up_read(struct made_up *m, struct ps_jnode object, const struct lim_rules *rules,
                  struct lim_faults *faults)
{
    struct lim_read r;
    memset(m, 0, sizeof *m);
    lim_read_begin(&r, object, faults);
    read_names(m, lim_get_array(&r, "names", LIM_OPTIONAL), faults);
    m->nasns = read_asns(lim_get_array(&r, "asns", LIM_OPTIONAL), m->asns, faults);
    m->npeers = read_asns(lim_get_array(&r, "peer-asns", LIM_OPTIONAL), m->peers, faults);
    m->bogon = lim_get_bool(&r, "bogon", LIM_OPTIONAL, false);
    m->local_interface = lim_get_bool(&r, "local-interface", LIM_OPTIONAL, false);
    m->local_subnet = lim_get_bool(&r, "local-subnet", LIM_OPTIONAL, m->local_interface);
    m->lists =
        read_known(&r, "lists", known_of(rules, fetches_list, NULL), "identifier of type ip-cidr-list-url");
    m->fetch = read_fetch(&r, rules);
    m->silent = read_known(&r, "no-answer", known_of(rules, asks_network, asks),
                           "identifier or limit that asks for something,");
    (void)lim_read_end(&r);
}

// answering

static bool names_it(struct ps_jnode array, const char *name)
{
    for (struct ps_jnode n = ps_jnode_first(array); ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *s = "";
        if (ps_jnode_str(n, 0, SIZE_MAX, &s, NULL) == 0 && strcmp(s, name) == 0)
            return true;
    }
    return false;
}

// A number is a status; anything else is the body of a good answer.
static void answer_fetch(const struct made_up *m, const char *of, struct question *q)
{
    struct ps_jnode n = ps_jnode_member(m->fetch, of);
    struct lim_answer a = {.status = HTTP_OK, .text = ""};
    uint64_t status;
    if (!ps_jnode_there(n)) {
        question_fail(q, PS_EREFUSED, "the case says nothing of what the server answers");
        return;
    }
    if (ps_jnode_u64(n, 100, 999, &status, NULL) == 0)
        a.status = (int)status;
    else
        a.text = ps_jnode_raw(n, &a.len);
    question_answer(q, &a);
}

static void answer_asns(const struct made_up *m, bool peers, struct question *q)
{
    struct lim_answer a = {.asns = peers ? m->peers : m->asns, .n = peers ? m->npeers : m->nasns};
    question_answer(q, &a);
}

static void answer_yes(struct question *q, bool yes)
{
    question_answer(q, &(struct lim_answer){.yes = yes});
}

void made_up_ask(void *ctx, const struct lim_ask *ask, struct question *q)
{
    const struct made_up *m = ctx;
    if (ask->of && names_it(m->silent, ask->of)) {
        question_fail(q, PS_ETIMEOUT, "there is no answer");
        return;
    }
    switch (ask->fact) {
    case LIM_FACT_NAMES:
        question_answer(q, &(struct lim_answer){.names = m->names, .n = m->nnames});
        break;
    case LIM_FACT_BOGON:
        answer_yes(q, m->bogon);
        break;
    case LIM_FACT_ASNS:
        answer_asns(m, ask->peers, q);
        break;
    case LIM_FACT_LIST:
        answer_yes(q, names_it(m->lists, ask->of));
        break;
    case LIM_FACT_LOCALIF:
        answer_yes(q, m->local_interface);
        break;
    case LIM_FACT_LOCALNET:
        answer_yes(q, m->local_subnet);
        break;
    case LIM_FACT_JQ:
        regime_run(question_regime(q), ask, q);
        break;
    case LIM_FACT_FETCH:
        answer_fetch(m, ask->of, q);
        break;
    }
}
