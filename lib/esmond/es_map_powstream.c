// SPDX-License-Identifier: Apache-2.0
// powstream's documents: what it measured, and what it did not.
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "esmond/es_iso.h"
#include "esmond/es_map_impl.h"

static void name_end(struct es_map *m, enum es_map_role role, const char *key)
{
    struct ps_jnode end = ps_jnode_member(m->root, key);
    const char *address = es_map_str(es_map_member(end, "address"));
    struct es_map_host *h = &m->hosts[role];
    struct ps_addr addr;

    h->name = es_map_str(es_map_member(end, "host"));
    if (!h->name)
        h->name = address;
    if (address && ps_addr_parse(address, 0, &addr) == 0)
        es_map_found(h, &addr, 1);
}

static int find_hosts(struct es_map *m, struct ps_fault *fault)
{
    const char *direction = es_map_str(ps_jnode_member(m->root, "direction"));
    bool from = direction && strcmp(direction, "from") == 0;

    name_end(m, ES_MAP_SOURCE, "source");
    name_end(m, ES_MAP_DEST, "dest");
    m->hosts[ES_MAP_AGENT] = m->hosts[from ? ES_MAP_DEST : ES_MAP_SOURCE];
    if (m->hosts[ES_MAP_SOURCE].name && m->hosts[ES_MAP_DEST].name)
        return 0;
    if (m->kind == ES_MAP_GAP && (m->hosts[ES_MAP_SOURCE].name || m->hosts[ES_MAP_DEST].name))
        return 0; // what never had a connection does not know its own end
    ps_jnode_fault(m->root, fault,
                   m->kind == ES_MAP_GAP ? "wants the host of source or of dest"
                                         : "wants the hosts of source and dest");
    return PS_EMALFORMED;
}

int es_map_powstream_begin(struct es_map *m, struct ps_fault *fault)
{
    static const char *const kinds[] = {"measurement", "gap", "step"};
    struct ps_jnode start;
    struct ps_jget g;
    size_t kind;
    const char *text;

    ps_jget_init(&g, m->root, fault);
    kind = ps_jneed_word(&g, "type", kinds, 3);
    text = ps_jneed_str(&g, "start", 1, 64);
    if (g.err)
        return g.err;
    start = ps_jnode_member(m->root, "start");
    if (es_iso_time(text, &m->ts)) {
        ps_jnode_fault(start, fault, "wants a time, as in 2026-01-02T03:04:05Z");
        return PS_EMALFORMED;
    }
    m->kind = (enum es_map_kind)(ES_MAP_MEASUREMENT + kind);
    m->test = "latencybg";
    return m->kind == ES_MAP_STEP ? 0 : find_hosts(m, fault);
}

static const struct {
    const char *field, *event;
} values[] = {
    {"packets-sent", "packet-count-sent"},       {"packets-lost", "packet-count-lost"},
    {"packets-duplicated", "packet-duplicates"}, {"packets-reordered", "packet-reorders"},
    {"max-clock-error", "time-error-estimates"}, {"histogram-latency", "histogram-owdelay"},
    {"histogram-ttl", "histogram-ttl"},
};

// The same for all documents of a stream that measured.
void es_map_powstream_registration(struct es_map_writer *w)
{
    static const struct {
        const char *field, *key;
    } params[] = {
        {"bucket-width", "sample-bucket-width"},
        {"timeout", "time-probe-timeout"},
        {"dscp", "ip-dscp"},
        {"padding", "ip-packet-padding"},
    };
    struct ps_jnode root = w->map->root;

    es_map_param_text(w, "tool-name", "powstream");
    es_map_param_text(w, "pscheduler-test-type", w->map->test);
    es_map_param(w, "psuite-stream", ps_jnode_member(root, "stream"));
    es_map_event(w, "failures");
    if (w->map->kind != ES_MAP_MEASUREMENT)
        return;
    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++)
        es_map_param(w, params[i].key, ps_jnode_member(root, params[i].field));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        es_map_event(w, values[i].event);
    es_map_event(w, "packet-loss-rate");
}

// How long it was as well, which pScheduler's failures have no place for.
static void map_gap(struct es_map_writer *w, const char *why)
{
    struct ps_jnode seconds = ps_jnode_member(w->map->root, "seconds");
    double n = es_map_number(seconds, -1);
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    ps_json_put_str(j, "error", why);
    if (n >= 0)
        ps_json_put_double(j, "seconds", n);
    ps_json_close(j, '}');
    es_map_value_text(w, "failures", &t, true);
}

void es_map_powstream_values(struct es_map_writer *w)
{
    struct ps_jnode root = w->map->root;
    const char *reason = es_map_str(ps_jnode_member(root, "reason"));

    if (w->map->kind != ES_MAP_MEASUREMENT) {
        map_gap(w, reason ? reason : "nothing was measured");
        return;
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        es_map_value(w, values[i].event, ps_jnode_member(root, values[i].field));
    es_map_value_ratio(w, "packet-loss-rate", ps_jnode_member(root, "packets-lost"),
                       ps_jnode_member(root, "packets-sent"));
    if (reason && !es_map_truth(ps_jnode_member(root, "finished")))
        es_map_failure(w, reason);
}
