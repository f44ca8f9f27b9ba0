// SPDX-License-Identifier: Apache-2.0
// Identifiers of a file of rules.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "limits/lim_hint.h"
#include "limits/lim_match.h"
#include "limits/lim_parse_impl.h"
#include "limits/lim_script.h"

#define ANSWER_TIME (2 * PS_SEC) // where the file says nothing
#define ANSWER_MAX (60 * PS_SEC) // the longest that a requester is kept waiting for an answer
#define EVERY_MIN (10 * PS_SEC)  // between fetches of a list
#define EVERY_MAX (INT64_C(3660) * 86400 * PS_SEC)

// networks

static void read_net(struct lim_parsing *p, struct ps_jnode n, struct lim_nets *nets)
{
    const char *text = lim_element_str(n, p->faults);
    struct ps_net *net = &nets->net[nets->n];
    char right[PS_NET_STRLEN], hint[PS_NET_STRLEN + 20];
    if (!text)
        return;
    int err = ps_net_parse(text, net);
    if (err) {
        lim_fault_at(p->faults, LIM_FAULT, n, NULL, "as in 192.0.2.0/24, 2001:db8::/32 or 192.0.2.7",
                     "\"%.60s\" is no network%s", text, err == PS_ERANGE ? ": the prefix is too long" : "");
        return;
    }
    snprintf(hint, sizeof hint, "write %s", ps_net_text(net, right));
    if (net->had_host_bits)
        lim_fault_at(p->faults, LIM_WARNING, n, NULL, hint, "\"%.60s\" has bits set behind its prefix", text);
    if (ps_netset_add(nets->set, net) != 0)
        p->faults->err = -ENOMEM;
    nets->n++;
}

void lim_read_nets(struct lim_parsing *p, struct ps_jnode array, struct lim_nets *nets)
{
    nets->net = lim_room(p, array, sizeof *nets->net);
    if (ps_netset_new(&nets->set) != 0)
        p->faults->err = -ENOMEM;
    if (!nets->net || !nets->set)
        return;
    for (struct ps_jnode n = ps_jnode_first(array); ps_jnode_there(n); n = ps_jnode_next(n))
        read_net(p, n, nets);
    ps_netset_seal(nets->set);
    if (nets->n <= LIM_NETS_NAMED)
        return;
    free(nets->net);
    nets->net = NULL;
}

// data

// Others may be made up for one's own requests.
static void check_hint(struct lim_read *r, const char *hint)
{
    char near[LIM_NAME_HINT];
    if (hint[0] && !lim_hint_is_given(hint))
        lim_fault_at(r->faults, LIM_WARNING, ps_jnode_member(r->node, "hint"), NULL,
                     lim_hint_near(hint, near), "pScheduler gives no hint \"%.60s\"", hint);
}

static void read_hint(struct lim_identifier *id, struct lim_read *r)
{
    struct ps_jnode match = lim_get_object(r, "match", LIM_NEEDED);
    id->hint = lim_get_str(r, "hint", LIM_NEEDED, 1);
    check_hint(r, id->hint);
    if (ps_jnode_there(match))
        lim_match_read(&id->match, match, r->faults);
}

static void read_reverse(struct lim_identifier *id, struct lim_read *r)
{
    struct ps_jnode match = lim_get_object(r, "match", LIM_NEEDED);
    id->timeout = lim_get_duration(r, "timeout", LIM_NEEDED, PS_MSEC, ANSWER_MAX, ANSWER_TIME);
    if (ps_jnode_there(match))
        lim_match_read(&id->match, match, r->faults);
}

static struct lim_list *new_list(struct lim_parsing *p)
{
    struct lim_rules *rules = p->rules;
    struct lim_list **lists = realloc(rules->lists, (rules->nlists + 1) * sizeof(struct lim_list *));
    if (lists)
        rules->lists = lists;
    struct lim_list *l = lists ? calloc(1, sizeof *l) : NULL;
    if (!l) {
        p->faults->err = -ENOMEM;
        return NULL;
    }
    l->index = rules->nlists;
    rules->lists[rules->nlists++] = l;
    return l;
}

static void check_source(struct lim_parsing *p, struct lim_read *r, const char *url, const char *key)
{
    if (url[0] && !lim_is_web_url(url))
        lim_fault_at(p->faults, LIM_FAULT, ps_jnode_member(r->node, key), NULL,
                     "as in https://www.example.org/list", "\"%.60s\" is not a URL of http or https", url);
}

static void read_list(struct lim_parsing *p, struct lim_identifier *id, struct lim_read *r)
{
    struct lim_list *l = new_list(p);
    char of[128];
    if (!l)
        return;
    l->source = lim_get_str(r, "source", LIM_NEEDED, 1);
    check_source(p, r, l->source, "source");
    l->bind = lim_get_str(r, "bind", LIM_OPTIONAL, 1);
    l->update = lim_get_duration(r, "update", LIM_NEEDED, EVERY_MIN, EVERY_MAX, PS_SEC);
    l->retry = lim_get_duration(r, "retry", LIM_NEEDED, EVERY_MIN, EVERY_MAX, PS_SEC);
    l->fail_state = lim_get_bool(r, "fail-state", LIM_OPTIONAL, false);
    l->fail_said = ps_jnode_there(ps_jnode_member(r->node, "fail-state"));
    struct ps_jnode transform = lim_get_object(r, "transform", LIM_OPTIONAL);
    snprintf(of, sizeof of, "the transform of identifier \"%.60s\"", id->name);
    if (ps_jnode_there(transform))
        l->transform = lim_script_read(p->rules, transform, LIM_SCRIPT_PLAIN, of, p->faults);
    lim_read_nets(p, lim_get_array(r, "exclude", LIM_OPTIONAL), &id->nets);
    id->list = l;
}

static void read_bogon(struct lim_parsing *p, struct lim_identifier *id, struct lim_read *r)
{
    id->timeout = lim_get_duration(r, "timeout", LIM_OPTIONAL, PS_MSEC, ANSWER_MAX, ANSWER_TIME);
    id->fail_result = lim_get_bool(r, "fail-result", LIM_NEEDED, false);
    lim_read_nets(p, lim_get_array(r, "exclude", LIM_OPTIONAL), &id->nets);
}

static void read_asn(struct lim_parsing *p, struct lim_identifier *id, struct lim_read *r)
{
    struct ps_jnode asns = lim_get_array(r, "asns", LIM_NEEDED);
    id->timeout = lim_get_duration(r, "timeout", LIM_OPTIONAL, PS_MSEC, ANSWER_MAX, ANSWER_TIME);
    id->fail_result = lim_get_bool(r, "fail-result", LIM_NEEDED, false);
    id->peers = lim_get_bool(r, "peers", LIM_OPTIONAL, false);
    id->asns = lim_room(p, asns, sizeof *id->asns);
    for (struct ps_jnode n = ps_jnode_first(asns); id->asns && ps_jnode_there(n); n = ps_jnode_next(n)) {
        struct ps_fault fault;
        uint64_t v = 0;
        if (ps_jnode_u64(n, 1, UINT32_MAX, &v, &fault) != 0)
            lim_fault_from(p->faults, n, &fault);
        else
            id->asns[id->nasns++] = (uint32_t)v;
    }
}

static void read_jq(struct lim_parsing *p, struct lim_identifier *id, struct ps_jnode data)
{
    char of[128];
    snprintf(of, sizeof of, "identifier \"%.60s\"", id->name);
    id->program = lim_script_read(p->rules, data, LIM_SCRIPT_PLAIN, of, p->faults);
}

static void read_data(struct lim_parsing *p, struct lim_identifier *id, struct ps_jnode data)
{
    struct lim_read r;
    if (id->type == LIM_ID_JQ) {
        read_jq(p, id, data);
        return;
    }
    lim_read_begin(&r, data, p->faults);
    if (id->type == LIM_ID_HINT)
        read_hint(id, &r);
    else if (id->type == LIM_ID_CIDRS)
        lim_read_nets(p, lim_get_array(&r, "cidrs", LIM_NEEDED), &id->nets);
    else if (id->type == LIM_ID_URL)
        read_list(p, id, &r);
    else if (id->type == LIM_ID_BOGON)
        read_bogon(p, id, &r);
    else if (id->type == LIM_ID_ASN)
        read_asn(p, id, &r);
    else if (id->type == LIM_ID_REVERSE)
        read_reverse(id, &r);
    (void)lim_read_end(&r);
}

static void read_identifier(struct lim_parsing *p, struct ps_jnode n)
{
    struct lim_rules *rules = p->rules;
    struct lim_identifier *id = &rules->identifiers[rules->nidentifiers];
    struct lim_read r;
    lim_read_begin(&r, n, p->faults);
    id->node = n;
    lim_read_name(p, &r, "an identifier", rules->identifiers, rules->nidentifiers, sizeof *id, &id->name,
                  &id->description);
    size_t type = lim_get_word(&r, "type", LIM_NEEDED, lim_id_types, LIM_ID_TYPES, LIM_ID_TYPES);
    struct ps_jnode data = lim_get_object(&r, "data", LIM_NEEDED);
    id->invert = lim_get_bool(&r, "invert", LIM_OPTIONAL, false);
    id->type = (enum lim_id_type)type;
    if (type < LIM_ID_TYPES && ps_jnode_there(data))
        read_data(p, id, data);
    (void)lim_read_end(&r);
    rules->nidentifiers++;
}

void lim_read_identifiers(struct lim_parsing *p, struct ps_jnode array)
{
    p->rules->identifiers = lim_room(p, array, sizeof *p->rules->identifiers);
    for (struct ps_jnode n = ps_jnode_first(array); p->rules->identifiers && ps_jnode_there(n);
         n = ps_jnode_next(n))
        read_identifier(p, n);
}
