// SPDX-License-Identifier: Apache-2.0
#include "lsregister/records.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_addr.h"
#include "base/ps_err.h"

static const struct kind {
    const char *label; // behind the name of the site
    uint16_t port;
    const char *path;   // NULL: no HTTP
    const char *scheme; // without HTTP
    const char *events;
} kinds[PLAN_KINDS] = {
    [PLAN_OWAMP] = {"OWAMP Server", 861, NULL, "tcp", "http://ggf.org/ns/nmwg/tools/owamp/1.0"},
    [PLAN_TWAMP] = {"TWAMP Server", 862, NULL, "tcp", NULL},
    [PLAN_PSCHEDULER] = {"pScheduler", 443, "/pscheduler", NULL, NULL},
    [PLAN_MA] = {"Measurement Archive", 443, "/esmond/perfsonar/archive", NULL, NULL},
    [PLAN_GRIDFTP] = {"GridFTP Server", 2811, NULL, "ftp", "http://ggf.org/ns/nmwg/tools/gridftp/1.0"},
    [PLAN_DASHBOARD] = {"Dashboard", 443, "/grafana", NULL, NULL},
};

struct maker {
    const struct records_from *from;
    const struct plan_host *h;
    size_t host; // its number
    struct wishes *out;
    struct words *notes;
    struct words addresses; // of the host, the main one first
};

static int note(struct maker *m, const char *text)
{
    char line[500];
    snprintf(line, sizeof line, "host %zu: %s", m->host + 1, text);
    return words_add_new(m->notes, line);
}

// addresses

// Whether it is an address, and one that is registered when asked for alone.
static bool is_hidden(const struct plan_host *h, const char *text)
{
    struct ps_addr a;
    return ps_addr_parse(text, 0, &a) == 0 && !h->private_addresses && discover_is_private(&a);
}

static bool is_wanted(const struct records_from *from, const struct plan_host *h, const char *text)
{
    struct ps_addr a;
    if (ps_addr_parse(text, 0, &a) != 0)
        return true; // a name
    int version = ps_addr_version(&a);
    return (from->plan->family != PLAN_IPV4 || version == 4) &&
           (from->plan->family != PLAN_IPV6 || version == 6) && !is_hidden(h, text);
}

// Tells which of those that the configuration names are left out. NULL is fine.
static int note_hidden(struct maker *m, const char *id, const struct words *addresses)
{
    char line[400];
    int err = 0;
    for (size_t i = 0; addresses && i < addresses->n && !err; i++) {
        snprintf(line, sizeof line,
                 "%.120s: %.60s is left out: it is private; \"private-addresses\": true registers it", id,
                 addresses->at[i]);
        err = is_hidden(m->h, addresses->at[i]) ? note(m, line) : 0;
    }
    return err;
}

// The name of an address in the DNS, or NULL.
static const char *name_of(const struct records_from *from, const char *address)
{
    return from->names ? record_get(from->names, address) : NULL;
}

static int rank(const struct records_from *from, const char *address)
{
    struct ps_addr a;
    if (ps_addr_parse(address, 0, &a) != 0)
        return 0; // a name
    bool v4 = ps_addr_version(&a) == 4, named = name_of(from, address) != NULL,
         hidden = discover_is_private(&a);
    if (v4 && named && !hidden)
        return 1;
    if (!v4 && named && !hidden)
        return 2;
    if (v4 && !hidden)
        return 3;
    return hidden ? 5 : 4;
}

// Insertion: equals stay in their order.
static void sort_by_rank(const struct records_from *from, struct words *w)
{
    for (size_t i = 1; i < w->n; i++)
        for (size_t k = i; k > 0 && rank(from, w->at[k]) < rank(from, w->at[k - 1]); k--) {
            char *t = w->at[k];
            w->at[k] = w->at[k - 1];
            w->at[k - 1] = t;
        }
}

static const struct record *planned_interface(const struct plan_host *h, const char *name)
{
    for (size_t i = 0; i < h->ninterfaces; i++) {
        const char *other = record_get(&h->interfaces[i].attrs, "interface-name");
        if (other && strcmp(other, name) == 0)
            return &h->interfaces[i].attrs;
    }
    return NULL;
}

// Those of one interface; others: of all but it. What a configuration says of an interface's addresses stands for what
// the system has.
static int add_addresses(const struct records_from *from, const struct plan_host *h, const char *name,
                         bool others, struct words *out)
{
    int err = 0;
    for (size_t i = 0; i < h->ninterfaces && !err; i++) {
        const struct words *w = record_all(&h->interfaces[i].attrs, "interface-addresses");
        const char *of = record_get(&h->interfaces[i].attrs, "interface-name");
        for (size_t k = 0; w && k < w->n && !err; k++)
            if (!name || (strcmp(of ? of : "", name) == 0) != others)
                err = is_wanted(from, h, w->at[k]) ? words_add_new(out, w->at[k]) : 0;
    }
    for (size_t i = 0; i < from->found->ninterfaces && h->find_interfaces && !err; i++) {
        const struct discover_interface *f = &from->found->interfaces[i];
        const struct record *planned = planned_interface(h, f->name);
        char text[PS_ADDR_STRLEN];
        if ((name && (strcmp(f->name, name) == 0) == others) ||
            (planned && record_all(planned, "interface-addresses")))
            continue;
        for (size_t k = 0; k < f->naddrs && !err; k++)
            if (is_wanted(from, h, ps_addr_host(&f->addrs[k], text)))
                err = words_add_new(out, text);
    }
    return err;
}

static int host_addresses(const struct records_from *from, const struct plan_host *h, struct words *out)
{
    struct words rest = {0};
    int err = h->primary ? add_addresses(from, h, h->primary, false, out) : 0;
    sort_by_rank(from, out);
    if (!err)
        err = add_addresses(from, h, h->primary, true, &rest);
    sort_by_rank(from, &rest);
    for (size_t i = 0; i < rest.n && !err; i++)
        err = words_add_new(out, rest.at[i]);
    words_fini(&rest);
    // A host elsewhere may be known by its names alone.
    const struct words *names = record_all(&h->attrs, "host-name");
    for (size_t i = 0; names && i < names->n && !out->n && !err; i++)
        err = is_wanted(from, h, names->at[i]) ? words_add_new(out, names->at[i]) : 0;
    return err;
}

int records_addresses(const struct records_from *from, const struct plan_host *h,
                      const struct plan_service *s, struct words *out)
{
    int err = 0;
    for (size_t i = 0; s && i < s->addresses.n && !err; i++)
        if (is_wanted(from, h, s->addresses.at[i]))
            err = words_add_new(out, s->addresses.at[i]);
    if (err || (s && s->addresses.n && !s->here_addresses))
        return err;
    return host_addresses(from, h, out);
}

// Every part of a name with two labels or more.
static int add_domains(const struct records_from *from, const struct words *addresses, struct record *out)
{
    int err = 0;
    for (size_t i = 0; i < addresses->n; i++) {
        const char *name = name_of(from, addresses->at[i]);
        for (const char *dot = name ? strchr(name, '.') : NULL; dot && strchr(dot + 1, '.') && !err;
             dot = strchr(dot + 1, '.'))
            err = record_add(out, "group-domains", dot + 1);
    }
    return err;
}

// records

// Begins a record of a type.
static int begin(struct maker *m, const char *type, const char *id, struct wish **out)
{
    int err = wishes_add(m->out, id, out);
    return err ? err : record_set(&(*out)->record, "type", type);
}

// What a host and its services share.
static int inherit(struct record *to, const struct record *from)
{
    int err = 0;
    for (size_t i = 0; i < from->n && !err; i++) {
        const struct record_key *k = &from->keys[i];
        if ((strncmp(k->name, "location-", 9) == 0 || strncmp(k->name, "group-", 6) == 0) &&
            !record_all(to, k->name))
            err = record_put(to, k->name, &k->values);
    }
    return err;
}

static const struct wish *same_person(const struct maker *m, const struct record *person)
{
    for (size_t i = 0; i < m->out->n; i++)
        if (strncmp(m->out->at[i].id, "person/", 7) == 0 && record_same(&m->out->at[i].record, person))
            return &m->out->at[i];
    return NULL;
}

static int make_person(struct maker *m, const struct record *attrs, struct words *ids)
{
    struct record person = {0};
    struct wish *w = NULL;
    char id[300];
    const char *name = record_get(attrs, "person-name");
    int err = record_copy(&person, attrs);
    if (!err)
        err = record_set(&person, "type", "person");
    const struct wish *same = err ? NULL : same_person(m, &person);
    snprintf(id, sizeof id, "person/%.200s", name ? name : "");
    for (int n = 2; !err && !same && wishes_find(m->out, id); n++)
        snprintf(id, sizeof id, "person/%.200s/%d", name ? name : "", n);
    if (!err && !same)
        err = begin(m, "person", id, &w);
    if (w && !err)
        err = record_inherit(&w->record, &person);
    record_fini(&person);
    return err ? err : words_add_new(ids, same ? same->id : id);
}

// What is amiss with the addresses of an interface that the configuration names.
static int note_interface(struct maker *m, const char *id, const struct record *planned,
                          const struct words *addresses)
{
    const struct words *said = record_all(planned, "interface-addresses");
    char line[300];
    if (said || addresses->n)
        return note_hidden(m, id, said);
    snprintf(line, sizeof line, "%.200s: is not registered: it has no address that is to be", id);
    return note(m, line);
}

static int make_interface(struct maker *m, const char *name, const struct record *planned,
                          const struct discover_interface *found, struct words *ids)
{
    struct words addresses = {0};
    struct wish *w = NULL;
    char id[300];
    int err = add_addresses(m->from, m->h, name, false, &addresses);
    snprintf(id, sizeof id, "interface/%zu/%.200s", m->host, name);
    if (!err && planned)
        err = note_interface(m, id, planned, &addresses);
    if (!err && addresses.n && !wishes_find(m->out, id))
        err = begin(m, "interface", id, &w);
    struct record *r = w ? &w->record : NULL;
    if (r && !err && planned)
        err = record_inherit(r, planned);
    if (r && !err)
        err = record_set(r, "interface-name", name);
    if (r && !err)
        err = record_put(r, "interface-addresses", &addresses);
    if (r && !err && found && found->mtu && !record_all(r, "interface-mtu"))
        err = record_addf(r, "interface-mtu", "%llu", (unsigned long long)found->mtu);
    if (r && !err && found && found->mac[0] && !record_all(r, "interface-mac"))
        err = record_set(r, "interface-mac", found->mac);
    if (r && !err && found && found->capacity && !record_all(r, "interface-capacity"))
        err = record_addf(r, "interface-capacity", "%llu", (unsigned long long)found->capacity);
    if (r && !err && !record_all(r, "interface-capacity"))
        err = record_set(r, "interface-capacity", "unknown");
    if (r && !err && !record_all(r, "group-domains"))
        err = add_domains(m->from, &addresses, r);
    words_fini(&addresses);
    return err || !w ? err : words_add(ids, id);
}

static int make_interfaces(struct maker *m, struct words *ids)
{
    const struct discovered *d = m->from->found;
    int err = 0;
    for (size_t i = 0; i < m->h->ninterfaces && !err; i++) {
        const struct record *planned = &m->h->interfaces[i].attrs;
        const char *name = record_get(planned, "interface-name");
        const struct discover_interface *found = NULL;
        for (size_t k = 0; name && m->h->find_interfaces && k < d->ninterfaces; k++)
            if (strcmp(d->interfaces[k].name, name) == 0)
                found = &d->interfaces[k];
        if (name)
            err = make_interface(m, name, planned, found, ids);
    }
    for (size_t i = 0; m->h->find_interfaces && i < d->ninterfaces && !err; i++)
        if (!planned_interface(m->h, d->interfaces[i].name))
            err = make_interface(m, d->interfaces[i].name, NULL, &d->interfaces[i], ids);
    return err;
}

// Addresses among the names that are not to be registered go.
static int sift_names(struct maker *m, struct record *r)
{
    const struct words *names = record_all(r, "host-name");
    struct words kept = {0};
    int err = note_hidden(m, "host-names", names);
    for (size_t i = 0; names && i < names->n && !err; i++)
        err = is_wanted(m->from, m->h, names->at[i]) ? words_add(&kept, names->at[i]) : 0;
    if (names && !err)
        err = record_put(r, "host-name", &kept);
    words_fini(&kept);
    return err;
}

static int put_names(struct maker *m, struct record *r)
{
    const char *main_address = m->addresses.n ? m->addresses.at[0] : NULL;
    const char *name = main_address ? name_of(m->from, main_address) : NULL;
    int err = 0;
    if (record_get(r, "host-name") || !main_address)
        return 0;
    err = record_add(r, "host-name", main_address);
    return err || !name ? err : record_add(r, "host-name", name);
}

static int put_software(const struct maker *m, struct record *r)
{
    int err = 0;
    if (m->h->here && !record_all(r, "pshost-bundle") && !record_all(r, "pshost-bundle-version")) {
        err = record_set(r, "pshost-bundle", "psuite");
        if (!err)
            err = record_set(r, "pshost-bundle-version", PACKAGE_VERSION);
    }
    const char *version = record_get(r, "pshost-bundle-version");
    if (!err && version && !record_all(r, "pshost-toolkitversion"))
        err = record_set(r, "pshost-toolkitversion", version);
    return err;
}

static int put_ipv6(const struct maker *m, struct record *r)
{
    bool v6 = false;
    if (record_all(r, "host-net-ipv6-enabled"))
        return 0;
    for (size_t i = 0; i < m->addresses.n; i++) {
        struct ps_addr a;
        v6 |= ps_addr_parse(m->addresses.at[i], 0, &a) == 0 && ps_addr_version(&a) == 6;
    }
    return record_set(r, "host-net-ipv6-enabled", v6 ? "1" : "0");
}

static int make_host(struct maker *m, const struct words *persons, const struct words *interfaces)
{
    struct wish *w = NULL;
    char id[40];
    snprintf(id, sizeof id, "host/%zu", m->host);
    int err = begin(m, "host", id, &w);
    if (err)
        return err;
    struct record *r = &w->record;
    err = record_inherit(r, &m->h->attrs);
    if (!err && m->h->here)
        err = record_inherit(r, &m->from->found->host);
    if (!err)
        err = sift_names(m, r);
    if (!err)
        err = put_names(m, r);
    if (!err)
        err = put_ipv6(m, r);
    if (!err)
        err = put_software(m, r);
    if (!err && m->h->here)
        err = add_domains(m->from, &m->addresses, r);
    for (size_t i = 0; i < interfaces->n && !err; i++)
        err = wish_link(w, "host-net-interfaces", interfaces->at[i]);
    for (size_t i = 0; i < persons->n && !err; i++)
        err = wish_link(w, "host-administrators", persons->at[i]);
    return err;
}

// services

const char *records_path(const struct plan_service *s)
{
    return kinds[s->kind].path ? s->path ? s->path : kinds[s->kind].path : NULL;
}

uint16_t records_port(const struct plan_service *s, bool *tls)
{
    *tls = kinds[s->kind].path && (s->https_port || !s->http_port);
    if (kinds[s->kind].path && !s->port)
        return *tls ? s->https_port ? s->https_port : 443 : s->http_port;
    return s->port ? s->port : kinds[s->kind].port;
}

static int add_url(struct record *r, const char *scheme, const char *host, uint16_t port, uint16_t usual,
                   const char *path)
{
    struct ps_addr a;
    bool literal6 = ps_addr_parse(host, 0, &a) == 0 && ps_addr_version(&a) == 6;
    const char *open = literal6 ? "[" : "", *close = literal6 ? "]" : "";
    if (port == usual)
        return record_addf(r, "service-locator", "%s://%s%s%s%s%s", scheme, open, host, close,
                           path[0] && path[0] != '/' ? "/" : "", path);
    return record_addf(r, "service-locator", "%s://%s%s%s:%u%s%s", scheme, open, host, close, (unsigned)port,
                       path[0] && path[0] != '/' ? "/" : "", path);
}

static int add_locators(const struct maker *m, const struct plan_service *s, const struct service_look *look,
                        const char *address, struct record *r)
{
    const struct kind *k = &kinds[s->kind];
    const char *name = name_of(m->from, address);
    uint16_t port = s->port ? s->port : look->port ? look->port : k->port;
    if (!k->path)
        return add_url(r, k->scheme, name ? name : address, port, 0, "");
    int err = 0;
    uint16_t https = s->https_port ? s->https_port : s->port ? s->port : s->http_port ? 0 : 443;
    if (https)
        err = add_url(r, "https", address, https, 443, records_path(s));
    if (!err && s->http_port)
        err = add_url(r, "http", address, s->http_port, 80, records_path(s));
    return err;
}

static int fill_service(const struct maker *m, const struct plan_service *s, const struct service_look *look,
                        struct record *r)
{
    const struct kind *k = &kinds[s->kind];
    int err = record_set(r, "service-type", plan_kind_name(s->kind));
    if (!err)
        err = record_inherit(r, &s->attrs);
    if (!err)
        err = record_inherit(r, &look->attrs);
    if (!err)
        err = inherit(r, &m->h->attrs);
    if (!err && !record_all(r, "service-name"))
        err = record_addf(r, "service-name", "%s%s%s", m->h->site_name ? m->h->site_name : "",
                          m->h->site_name ? " " : "", k->label);
    if (!err && k->events && !record_all(r, "psservice-eventtypes"))
        err = record_set(r, "psservice-eventtypes", k->events);
    return err;
}

void records_service_id(enum plan_kind kind, size_t host, size_t service, char out[RECORDS_ID])
{
    snprintf(out, RECORDS_ID, "service/%zu/%s/%zu", host, plan_kind_names[kind], service);
}

static int make_service(struct maker *m, size_t number, const struct service_look *look,
                        const struct words *persons)
{
    const struct plan_service *s = &m->h->services[number];
    struct words addresses = {0};
    struct wish *w = NULL;
    char id[RECORDS_ID], host[40];
    records_service_id(s->kind, m->host, number, id);
    snprintf(host, sizeof host, "host/%zu", m->host);
    int err = look->where.n ? words_copy(&addresses, &look->where)
                            : records_addresses(m->from, m->h, s, &addresses);
    if (!err)
        err = note_hidden(m, id, &s->addresses);
    if (!err && addresses.n)
        err = begin(m, "service", id, &w);
    if (w && !err)
        err = fill_service(m, s, look, &w->record);
    for (size_t i = 0; w && i < addresses.n && !err; i++)
        err = add_locators(m, s, look, addresses.at[i], &w->record);
    if (w && !err && m->h->here)
        err = add_domains(m->from, &addresses, &w->record);
    if (w && !err)
        err = wish_link(w, "service-host", host);
    for (size_t i = 0; w && i < persons->n && !err; i++)
        err = wish_link(w, "service-administrators", persons->at[i]);
    words_fini(&addresses);
    // A server takes the second for a duplicate of the first.
    for (size_t i = 0; w && i + 1 < m->out->n && !err; i++)
        if (wish_same(&m->out->at[i], w)) {
            wishes_pop(m->out);
            return note(m, "a service is named twice, and is registered once");
        }
    return err;
}

// Why a host has no address to be registered with.
static int note_addresses(struct maker *m)
{
    for (size_t i = 0; m->h->find_interfaces && i < m->from->found->ninterfaces; i++) {
        const struct discover_interface *f = &m->from->found->interfaces[i];
        char address[PS_ADDR_STRLEN], line[300];
        for (size_t k = 0; k < f->naddrs && !m->h->private_addresses; k++)
            if (discover_is_private(&f->addrs[k])) {
                snprintf(line, sizeof line,
                         "nothing is registered: its addresses, as %s of %s, are private; "
                         "\"private-addresses\": true "
                         "registers them",
                         ps_addr_host(&f->addrs[k], address), f->name);
                return note(m, line);
            }
    }
    int err = note_hidden(m, "host-names", record_all(&m->h->attrs, "host-name"));
    return err ? err
               : note(m, "nothing is registered: it has no address of the family that is to be registered");
}

// A name of an interface that this host has not, as after another card was put in.
static int note_primary(struct maker *m)
{
    const char *name = m->h->primary;
    char line[300];
    bool there = !name || !m->h->find_interfaces || planned_interface(m->h, name);
    for (size_t i = 0; i < m->from->found->ninterfaces && !there; i++)
        there = strcmp(m->from->found->interfaces[i].name, name) == 0;
    if (there)
        return 0;
    snprintf(line, sizeof line, "primary-interface: this host has no interface \"%.100s\"", name);
    return note(m, line);
}

static int make_all(struct maker *m, const struct service_look *looks)
{
    struct words persons = {0}, interfaces = {0};
    int err = host_addresses(m->from, m->h, &m->addresses);
    if (!err && !m->addresses.n)
        err = note_addresses(m);
    if (err || !m->addresses.n)
        return err;
    err = note_primary(m);
    for (size_t i = 0; i < m->h->npersons && !err; i++)
        err = make_person(m, &m->h->persons[i], &persons);
    if (!err)
        err = make_interfaces(m, &interfaces);
    if (!err)
        err = make_host(m, &persons, &interfaces);
    for (size_t i = 0; looks && i < m->h->nservices && !err; i++)
        if (looks[i].there)
            err = make_service(m, i, &looks[i], &persons);
    words_fini(&persons);
    words_fini(&interfaces);
    return err;
}

int records_make(const struct records_from *from, struct wishes *out, struct words *notes)
{
    const struct service_look *looks = from->looks;
    int err = 0;
    for (size_t i = 0; i < from->plan->nhosts && !err; i++) {
        struct maker m = {from, &from->plan->hosts[i], i, out, notes, {0}};
        err = make_all(&m, looks);
        looks += looks ? m.h->nservices : 0;
        words_fini(&m.addresses);
    }
    return err;
}
