// SPDX-License-Identifier: Apache-2.0
// powstream's documents: what it measured, and what it did not.
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/iso.h"
#include "psarchive/map_impl.h"

static void name_end(struct map *m, enum map_role role, const char *key)
{
    struct ps_jnode end = ps_jnode_member(m->root, key);
    const char *address = map_str(map_member(end, "address"));
    struct map_host *h = &m->hosts[role];
    struct ps_addr addr;

    h->name = map_str(map_member(end, "host"));
    if (!h->name)
        h->name = address;
    if (address && ps_addr_parse(address, 0, &addr) == 0)
        map_found(h, &addr, 1);
}

static int find_hosts(struct map *m, struct ps_fault *fault)
{
    const char *direction = map_str(ps_jnode_member(m->root, "direction"));
    bool from = direction && strcmp(direction, "from") == 0;

    name_end(m, MAP_SOURCE, "source");
    name_end(m, MAP_DEST, "dest");
    m->hosts[MAP_AGENT] = m->hosts[from ? MAP_DEST : MAP_SOURCE];
    if (m->hosts[MAP_SOURCE].name && m->hosts[MAP_DEST].name)
        return 0;
    if (m->kind == MAP_GAP) {
        m->kind = MAP_UNPLACED;
        memset(m->hosts, 0, sizeof m->hosts);
        return 0;
    }
    ps_jnode_fault(m->root, fault, "wants the hosts of source and dest");
    return PS_EMALFORMED;
}

int map_powstream_begin(struct map *m, struct ps_fault *fault)
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
    if (iso_time(text, &m->ts)) {
        ps_jnode_fault(start, fault, "wants a time, as in 2026-01-02T03:04:05Z");
        return PS_EMALFORMED;
    }
    m->kind = (enum map_kind)(MAP_MEASUREMENT + kind);
    m->test = "latencybg";
    return m->kind == MAP_STEP ? 0 : find_hosts(m, fault);
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
void map_powstream_registration(struct map_writer *w)
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

    map_param_text(w, "tool-name", "powstream");
    map_param_text(w, "pscheduler-test-type", w->map->test);
    map_param(w, "psuite-stream", ps_jnode_member(root, "stream"));
    map_event(w, "failures");
    if (w->map->kind != MAP_MEASUREMENT)
        return;
    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++)
        map_param(w, params[i].key, ps_jnode_member(root, params[i].field));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        map_event(w, values[i].event);
    map_event(w, "packet-loss-rate");
}

void map_powstream_values(struct map_writer *w)
{
    struct ps_jnode root = w->map->root;
    const char *reason = map_str(ps_jnode_member(root, "reason"));

    if (w->map->kind != MAP_MEASUREMENT) {
        map_failure(w, reason ? reason : "nothing was measured");
        return;
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        map_value(w, values[i].event, ps_jnode_member(root, values[i].field));
    map_value_ratio(w, "packet-loss-rate", ps_jnode_member(root, "packets-lost"),
                    ps_jnode_member(root, "packets-sent"));
    if (reason && !map_truth(ps_jnode_member(root, "finished")))
        map_failure(w, reason);
}
