// SPDX-License-Identifier: Apache-2.0
#include "esmond/es_map.h"
#include <errno.h>
#include <string.h>
#include "base/ps_err.h"
#include "esmond/es_map_impl.h"

// --- hosts

static void take(struct es_map_host *h, const struct ps_addr *addr)
{
    struct ps_addr a = *addr;

    ps_addr_unmap(&a);
    ps_addr_set_port(&a, 0);
    if (ps_addr_version(&a) == 4 && h->v4.len == 0)
        h->v4 = a;
    else if (ps_addr_version(&a) == 6 && h->v6.len == 0)
        h->v6 = a;
}

void es_map_found(struct es_map_host *h, const struct ps_addr *addrs, size_t n)
{
    h->known = true;
    for (size_t i = 0; i < n; i++)
        take(h, &addrs[i]);
}

static void look_at_host(struct es_map_host *h)
{
    struct ps_addr addr;

    if (!h->name)
        h->known = true;
    else if (!h->known && ps_addr_parse(h->name, 0, &addr) == 0)
        es_map_found(h, &addr, 1);
    else if (ps_addr_is_numeric(h->name))
        h->known = true; // and has no address
}

int es_map_begin(struct es_map *m, struct ps_jnode root, struct ps_fault *fault)
{
    int err = ps_jnode_want(root, PS_JTYPE_OBJECT, fault);

    memset(m, 0, sizeof *m);
    m->root = root;
    if (!err && ps_jnode_there(ps_jnode_member(root, "start-ntp")))
        err = es_map_powstream_begin(m, fault);
    else if (!err)
        err = es_map_run_begin(m, fault);
    for (int i = 0; !err && i < ES_MAP_ROLES; i++)
        look_at_host(&m->hosts[i]);
    return err;
}

void es_map_agent(struct es_map *m, const char *name)
{
    m->hosts[ES_MAP_AGENT] = (struct es_map_host){.name = name};
    look_at_host(&m->hosts[ES_MAP_AGENT]);
}

// --- addresses

static bool has(const struct es_map_host *h, unsigned version)
{
    return (version == 6 ? h->v6.len : h->v4.len) > 0;
}

static unsigned version_of(const struct es_map *m)
{
    const struct es_map_host *s = &m->hosts[ES_MAP_SOURCE], *d = &m->hosts[ES_MAP_DEST];
    double wish = es_map_number(ps_jnode_member(m->spec, "ip-version"), 0);
    static const unsigned versions[] = {6, 4};

    for (size_t i = 0; i < 2; i++) {
        if ((wish == 4 || wish == 6) && versions[i] != (unsigned)wish)
            continue;
        if (has(s, versions[i]) && (!d->name || has(d, versions[i])))
            return versions[i];
    }
    return 0;
}

static void put_address(struct es_map_writer *w, const char *key, enum es_map_role role, unsigned version)
{
    const struct es_map_host *h = &w->map->hosts[role];
    char text[PS_ADDR_STRLEN];

    if (!has(h, version))
        version = 10 - version;
    if (!has(h, version))
        h = &w->map->hosts[ES_MAP_SOURCE];
    if (!has(h, version))
        version = 10 - version;
    es_map_param_text(w, key, ps_addr_host(version == 6 ? &h->v6 : &h->v4, text));
}

static int no_addresses(const struct es_map *m, struct ps_fault *fault)
{
    const struct es_map_host *s = &m->hosts[ES_MAP_SOURCE], *d = &m->hosts[ES_MAP_DEST];
    const struct es_map_host *lacks = s->v4.len + s->v6.len == 0 ? s : d;

    if (lacks->v4.len + lacks->v6.len > 0 || !lacks->name)
        ps_fault_set(fault, NULL, 0,
                     "%.200s and %.200s have no addresses of one family (or of the one wanted)", s->name,
                     d->name ? d->name : "the test");
    else
        ps_fault_set(fault, NULL, 0, "no address is found for '%.255s'", lacks->name);
    return PS_ERESOLVE;
}

// A gap of which one end is known: that is what it tells of.
static int put_known_end(struct es_map_writer *w, const struct es_map_host *h)
{
    char text[PS_ADDR_STRLEN];

    if (h->v4.len + h->v6.len == 0) {
        ps_fault_set(w->fault, NULL, 0, "no address is found for '%.255s'", h->name);
        return PS_ERESOLVE;
    }
    es_map_param_text(w, "subject-type", "network-element");
    es_map_param_text(w, "source", ps_addr_host(h->v6.len ? &h->v6 : &h->v4, text));
    es_map_param_text(w, "input-source", h->name);
    return w->err;
}

static int put_addresses(struct es_map_writer *w)
{
    const struct es_map *m = w->map;
    unsigned version = version_of(m);
    bool pair = m->hosts[ES_MAP_DEST].name;
    bool source = m->hosts[ES_MAP_SOURCE].name;

    if (m->kind == ES_MAP_GAP && !(pair && source))
        return put_known_end(w, &m->hosts[source ? ES_MAP_SOURCE : ES_MAP_DEST]);

    if (!version)
        return no_addresses(m, w->fault);
    es_map_param_text(w, "subject-type", pair ? "point-to-point" : "network-element");
    put_address(w, "source", ES_MAP_SOURCE, version);
    es_map_param_text(w, "input-source", m->hosts[ES_MAP_SOURCE].name);
    if (pair) {
        put_address(w, "destination", ES_MAP_DEST, version);
        es_map_param_text(w, "input-destination", m->hosts[ES_MAP_DEST].name);
    }
    put_address(w, "measurement-agent", ES_MAP_AGENT, version);
    return w->err;
}

// --- the whole

int es_map_register(const struct es_map *m, struct es_reg *out, struct ps_fault *fault)
{
    struct es_map_writer w = {.map = m, .reg = out, .fault = fault};
    int err = put_addresses(&w);

    if (!w.err)
        w.err = err;
    if (!w.err && m->kind == ES_MAP_RUN)
        es_map_run_registration(&w);
    else if (!w.err)
        es_map_powstream_registration(&w);
    return w.err ? w.err : es_reg_check(out, fault);
}

int es_map_values(const struct es_map *m, es_map_put put, void *ctx, struct ps_fault *fault)
{
    struct es_map_writer w = {.map = m, .put = put, .ctx = ctx, .fault = fault};

    if (m->kind == ES_MAP_RUN)
        es_map_run_values(&w);
    else if (m->kind != ES_MAP_STEP)
        es_map_powstream_values(&w);
    return w.err;
}

bool es_map_knows(const struct es_map *m)
{
    return m->kind != ES_MAP_RUN || es_map_run_knows(m);
}
