// SPDX-License-Identifier: Apache-2.0
// Who is the requester? Identifiers, each with its reason.
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "limits/lim_eval_impl.h"
#include "limits/lim_hint.h"
#include "limits/lim_match.h"

static void decide(struct lim_eval *e, size_t i, bool yes, const char *why)
{
    const struct lim_identifier *id = &e->rules->identifiers[i];
    bool result = yes != id->invert;
    lim_decide(e, &e->identifiers[i], result ? LIM_YES : LIM_NO, "%s%s", why,
               id->invert ? " (inverted)" : "");
}

// It cannot be told: no, inverted or not.
static void give_up(struct lim_eval *e, size_t i, const char *why)
{
    lim_decide(e, &e->identifiers[i], LIM_ERROR, "%s", why);
}

static const struct ps_net *net_of(const struct lim_nets *nets, const struct ps_addr *a)
{
    const struct ps_net *best = NULL;
    for (size_t i = 0; nets->net && i < nets->n; i++)
        if (ps_net_has(&nets->net[i], a) && (!best || nets->net[i].bits > best->bits))
            best = &nets->net[i];
    return best;
}

static void by_nets(struct lim_eval *e, size_t i)
{
    const struct lim_nets *nets = &e->rules->identifiers[i].nets;
    const struct ps_addr *a = &e->request.requester;
    char host[PS_ADDR_STRLEN], net[PS_NET_STRLEN], why[200];
    bool yes = ps_netset_has(nets->set, a);
    const struct ps_net *best = yes ? net_of(nets, a) : NULL;
    if (best)
        snprintf(why, sizeof why, "%s is in %s", ps_addr_host(a, host), ps_net_text(best, net));
    else
        snprintf(why, sizeof why, "%s is in %s of %zu networks", ps_addr_host(a, host), yes ? "one" : "none",
                 nets->n);
    decide(e, i, yes, why);
}

// An address in the one way that it is written here: ::ffff:10.1.2.3 is 10.1.2.3. Else the text.
static const char *plain(const char *text, char out[PS_ADDR_STRLEN])
{
    struct ps_addr a;
    if (ps_addr_parse(text, 0, &a) != 0)
        return text;
    ps_addr_unmap(&a);
    return ps_addr_host(&a, out);
}

// Addresses are matched by what they are, as they are in networks.
static int match_hint(const struct lim_identifier *id, const char **value, char out[PS_ADDR_STRLEN])
{
    char wanted[PS_ADDR_STRLEN];
    struct lim_match m = id->match;
    if (lim_hint_is_given(id->hint)) {
        *value = plain(*value, out);
        if (m.style == LIM_EXACT)
            m.text = plain(m.text, wanted);
    }
    return lim_match(&m, *value);
}

static void by_hint(struct lim_eval *e, size_t i)
{
    const struct lim_identifier *id = &e->rules->identifiers[i];
    const char *value = NULL;
    char why[400], host[PS_ADDR_STRLEN];
    if (ps_jnode_str(ps_jnode_member(e->request.hints, id->hint), 0, SIZE_MAX, &value, NULL) != 0) {
        snprintf(why, sizeof why, "there is no hint \"%.60s\"", id->hint);
        decide(e, i, false, why);
        return;
    }
    int got = match_hint(id, &value, host);
    if (got < 0) {
        snprintf(why, sizeof why, "hint \"%.60s\": the pattern takes too long on \"%.100s\"", id->hint,
                 value);
        give_up(e, i, why);
        return;
    }
    snprintf(why, sizeof why, "hint \"%.60s\" is \"%.100s\"", id->hint, value);
    decide(e, i, got > 0, why);
}

static void want(const struct lim_identifier *id, enum lim_fact fact, struct lim_ask *ask)
{
    ask->fact = fact;
    ask->timeout = id->timeout;
    ask->peers = id->peers;
    ask->list = id->list;
}

static void want_program(const struct lim_eval *e, const struct lim_identifier *id, struct lim_ask *ask)
{
    ask->fact = LIM_FACT_JQ;
    ask->program = id->program;
    ask->input.text = ps_jnode_raw(e->request.hints, &ask->input.len);
}

// What is known by itself is decided; true: it has to be asked.
static bool by_itself(struct lim_eval *e, size_t i, struct lim_ask *ask)
{
    static const enum lim_fact facts[LIM_ID_TYPES] = {
        [LIM_ID_URL] = LIM_FACT_LIST,        [LIM_ID_BOGON] = LIM_FACT_BOGON,
        [LIM_ID_ASN] = LIM_FACT_ASNS,        [LIM_ID_REVERSE] = LIM_FACT_NAMES,
        [LIM_ID_LOCALIF] = LIM_FACT_LOCALIF, [LIM_ID_LOCALNET] = LIM_FACT_LOCALNET,
    };
    const struct lim_identifier *id = &e->rules->identifiers[i];
    if (id->type == LIM_ID_ALWAYS) {
        decide(e, i, true, "everybody is");
    } else if (id->type == LIM_ID_HINT) {
        by_hint(e, i);
    } else if (id->type == LIM_ID_JQ) {
        want_program(e, id, ask);
        return true;
    } else if (ps_addr_version(&e->request.requester) == 0) {
        give_up(e, i, "there is no hint \"requester\"");
    } else if (id->type == LIM_ID_CIDRS) {
        by_nets(e, i);
    } else if (id->nets.set && ps_netset_has(id->nets.set, &e->request.requester)) {
        decide(e, i, false, "the address is excluded");
    } else {
        want(id, facts[id->type], ask);
        return true;
    }
    return false;
}

bool lim_identify(struct lim_eval *e, size_t i, struct lim_ask *ask)
{
    const struct lim_identifier *id = &e->rules->identifiers[i];
    *ask = (struct lim_ask){.id = (unsigned)i, .of = id->name, .requester = &e->request.requester};
    bool asked = by_itself(e, i, ask);
    e->identifiers[i].state = asked ? LIM_ASKED : LIM_DONE;
    return asked;
}

// answers

// One of the names, as it is or with a dot at its end, as pScheduler tries both.
static int match_name(const struct lim_match *m, const char *name)
{
    char dotted[260];
    int got = lim_match(m, name);
    if (got > 0)
        return got;
    snprintf(dotted, sizeof dotted, "%s.", name);
    return lim_match(m, dotted);
}

static void by_names(struct lim_eval *e, size_t i, const struct lim_answer *a)
{
    const struct lim_match *m = &e->rules->identifiers[i].match;
    char why[400] = "";
    bool late = false;
    for (size_t k = 0; k < a->n; k++) {
        int got = match_name(m, a->names[k]);
        if (got > 0) {
            snprintf(why, sizeof why, "its name is %.255s", a->names[k]);
            decide(e, i, true, why);
            return;
        }
        snprintf(why, sizeof why, "its name %.255s %s", a->names[k],
                 got < 0 ? "takes the pattern too long" : "does not match");
        late |= got < 0;
    }
    if (late)
        give_up(e, i, "one of its names takes the pattern too long");
    else
        decide(e, i, false, a->n ? why : "it has no name that leads back to it");
}

static void by_asns(struct lim_eval *e, size_t i, const struct lim_answer *a)
{
    const struct lim_identifier *id = &e->rules->identifiers[i];
    const char *of = id->peers ? "peers of its network are" : "it is in";
    char why[400];
    size_t used = (size_t)snprintf(why, sizeof why, "%s", a->n ? of : "it is in no autonomous system");
    for (size_t k = 0; k < a->n; k++) {
        for (size_t n = 0; n < id->nasns; n++) {
            if (id->asns[n] != a->asns[k])
                continue;
            snprintf(why, sizeof why, "%s AS%u", of, (unsigned)a->asns[k]);
            decide(e, i, true, why);
            return;
        }
        if (used < sizeof why)
            used += (size_t)snprintf(why + used, sizeof why - used, " AS%u", (unsigned)a->asns[k]);
    }
    decide(e, i, false, why);
}

static void by_output(struct lim_eval *e, size_t i, const struct lim_answer *a)
{
    char why[200];
    if (!a->text) {
        give_up(e, i, "the script says nothing");
        return;
    }
    bool yes = strcmp(a->text, "true") == 0;
    snprintf(why, sizeof why, "the script says %.*s", (int)(a->len > 100 ? 100 : a->len), a->text);
    if (yes || strcmp(a->text, "false") == 0)
        decide(e, i, yes, why);
    else
        give_up(e, i, why);
}

static void by_yes(struct lim_eval *e, size_t i, const struct lim_answer *a)
{
    static const char *const words[LIM_ID_TYPES][2] = {
        [LIM_ID_URL] = {"the list does not have it", "the list has it"},
        [LIM_ID_BOGON] = {"it is no bogon", "it is a bogon"},
        [LIM_ID_LOCALIF] = {"no interface of this host has it", "an interface of this host has it"},
        [LIM_ID_LOCALNET] = {"it is on no subnet of this host", "it is on a subnet of this host"},
    };
    const char *why = words[e->rules->identifiers[i].type][a->yes];
    decide(e, i, a->yes, why ? why : "");
}

// What holds where the question has no answer: what the rules say; where they say nothing, it cannot be told.
static void without_answer(struct lim_eval *e, size_t i, const struct lim_answer *a)
{
    const struct lim_identifier *id = &e->rules->identifiers[i];
    bool yes = id->fail_result || (id->list && id->list->fail_state);
    bool said = id->type == LIM_ID_BOGON || id->type == LIM_ID_ASN || (id->list && id->list->fail_said);
    lim_no_answer(e, &e->identifiers[i], !said ? LIM_ERROR : yes != id->invert ? LIM_YES : LIM_NO, a);
}

void lim_identified(struct lim_eval *e, size_t i, const struct lim_answer *a)
{
    enum lim_id_type type = e->rules->identifiers[i].type;
    if (a->err)
        without_answer(e, i, a);
    else if (type == LIM_ID_REVERSE)
        by_names(e, i, a);
    else if (type == LIM_ID_ASN)
        by_asns(e, i, a);
    else if (type == LIM_ID_JQ)
        by_output(e, i, a);
    else
        by_yes(e, i, a);
}
