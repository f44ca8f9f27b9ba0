// SPDX-License-Identifier: Apache-2.0
#include "psarchive/map.h"
#include <errno.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/map_impl.h"

// --- hosts

static void take(struct map_host *h, const struct ps_addr *addr)
{
    struct ps_addr a = *addr;

    ps_addr_unmap(&a);
    ps_addr_set_port(&a, 0);
    if (ps_addr_version(&a) == 4 && h->v4.len == 0)
        h->v4 = a;
    else if (ps_addr_version(&a) == 6 && h->v6.len == 0)
        h->v6 = a;
}

void map_found(struct map_host *h, const struct ps_addr *addrs, size_t n)
{
    h->known = true;
    for (size_t i = 0; i < n; i++)
        take(h, &addrs[i]);
}

static void look_at_host(struct map_host *h)
{
    struct ps_addr addr;

    if (!h->name)
        h->known = true;
    else if (!h->known && ps_addr_parse(h->name, 0, &addr) == 0)
        map_found(h, &addr, 1);
    else if (ps_addr_is_numeric(h->name))
        h->known = true; // and has no address
}

int map_begin(struct map *m, struct ps_jnode root, struct ps_fault *fault)
{
    int err = ps_jnode_want(root, PS_JTYPE_OBJECT, fault);

    memset(m, 0, sizeof *m);
    m->root = root;
    if (!err && ps_jnode_there(ps_jnode_member(root, "start-ntp")))
        err = map_powstream_begin(m, fault);
    else if (!err)
        err = map_run_begin(m, fault);
    for (int i = 0; !err && i < MAP_ROLES; i++)
        look_at_host(&m->hosts[i]);
    return err;
}

// --- addresses

static bool has(const struct map_host *h, unsigned version)
{
    return (version == 6 ? h->v6.len : h->v4.len) > 0;
}

static unsigned version_of(const struct map *m)
{
    const struct map_host *s = &m->hosts[MAP_SOURCE], *d = &m->hosts[MAP_DEST];
    double wish = map_number(ps_jnode_member(m->spec, "ip-version"), 0);
    static const unsigned versions[] = {6, 4};

    for (size_t i = 0; i < 2; i++) {
        if ((wish == 4 || wish == 6) && versions[i] != (unsigned)wish)
            continue;
        if (has(s, versions[i]) && (!d->name || has(d, versions[i])))
            return versions[i];
    }
    return 0;
}

static void put_address(struct map_writer *w, const char *key, enum map_role role, unsigned version)
{
    const struct map_host *h = &w->map->hosts[role];
    char text[PS_ADDR_STRLEN];

    if (!has(h, version))
        version = 10 - version;
    if (!has(h, version))
        h = &w->map->hosts[MAP_SOURCE];
    if (!has(h, version))
        version = 10 - version;
    map_param_text(w, key, ps_addr_host(version == 6 ? &h->v6 : &h->v4, text));
}

static int no_addresses(const struct map *m, struct ps_fault *fault)
{
    const struct map_host *s = &m->hosts[MAP_SOURCE], *d = &m->hosts[MAP_DEST];
    const struct map_host *lacks = s->v4.len + s->v6.len == 0 ? s : d;

    if (lacks->v4.len + lacks->v6.len > 0 || !lacks->name)
        ps_fault_set(fault, NULL, 0,
                     "%.200s and %.200s have no addresses of one family (or of the one wanted)", s->name,
                     d->name ? d->name : "the test");
    else
        ps_fault_set(fault, NULL, 0, "no address is found for '%.255s'", lacks->name);
    return PS_ERESOLVE;
}

static int put_addresses(struct map_writer *w)
{
    const struct map *m = w->map;
    unsigned version = version_of(m);
    bool pair = m->hosts[MAP_DEST].name;

    if (!version)
        return no_addresses(m, w->fault);
    map_param_text(w, "subject-type", pair ? "point-to-point" : "network-element");
    put_address(w, "source", MAP_SOURCE, version);
    map_param_text(w, "input-source", m->hosts[MAP_SOURCE].name);
    if (pair) {
        put_address(w, "destination", MAP_DEST, version);
        map_param_text(w, "input-destination", m->hosts[MAP_DEST].name);
    }
    put_address(w, "measurement-agent", MAP_AGENT, version);
    return w->err;
}

// --- the whole

static void put_registration(struct map_writer *w)
{
    int err = put_addresses(w);

    if (!w->err)
        w->err = err;
    if (!w->err && w->map->kind == MAP_RUN)
        map_run_registration(w);
    else if (!w->err)
        map_powstream_registration(w);
    if (!w->err)
        w->err = registration_check(w->reg, w->fault);
}

int map_make(struct map *m, struct put **out, struct ps_fault *fault)
{
    struct registration reg;
    struct map_writer w = {.map = m, .reg = &reg, .fault = fault};

    *out = NULL;
    if (m->kind == MAP_STEP || m->kind == MAP_UNPLACED)
        return 0;
    registration_init(&reg);
    put_registration(&w);
    w.put = w.err ? NULL : put_new(NULL);
    if (!w.err && !w.put)
        w.err = -ENOMEM;
    if (!w.err)
        put_register(w.put, &reg);
    if (!w.err && m->kind == MAP_RUN)
        map_run_values(&w);
    else if (!w.err)
        map_powstream_values(&w);
    registration_fini(&reg);
    if (!w.err) {
        *out = w.put;
        return 0;
    }
    put_free(w.put);
    return w.err;
}
