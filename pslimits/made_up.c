// SPDX-License-Identifier: Apache-2.0
#include "pslimits/made_up.h"
#include <string.h>
#include "base/ps_err.h"
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

static struct ps_jnode read_strings(struct lim_read *r, const char *key)
{
    struct ps_jnode array = lim_get_array(r, key, LIM_OPTIONAL);
    for (struct ps_jnode n = ps_jnode_first(array); ps_jnode_there(n); n = ps_jnode_next(n))
        (void)lim_element_str(n, r->faults);
    return array;
}

void made_up_read(struct made_up *m, struct ps_jnode object, struct lim_faults *faults)
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
    m->lists = read_strings(&r, "lists");
    m->fetch = lim_get_object(&r, "url-fetch", LIM_OPTIONAL);
    m->silent = read_strings(&r, "no-answer");
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
