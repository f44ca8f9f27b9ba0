// SPDX-License-Identifier: Apache-2.0
// lsregister.conf: our JSON. Man page lsregister.conf(5).
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "http/ps_url.h"
#include "lsregister/plan.h"

#define TEXT 1024 // octets of a value

// A member of an object and the key of the record it becomes.
struct member {
    const char *name, *key;
};

static const struct member location_members[] = {
    {"city", "location-city"},         {"state", "location-state"},
    {"country", "location-country"},   {"code", "location-code"},
    {"latitude", "location-latitude"}, {"longitude", "location-longitude"},
    {"site", "location-sitename"},     {NULL, NULL},
};
static const struct member person_members[] = {
    {"name", "person-name"},
    {"email", "person-emails"},
    {"phone", "person-phonenumbers"},
    {"organization", "person-organization"},
    {NULL, NULL},
};
static const struct member site_members[] = {
    {"domains", "group-domains"},
    {"communities", "group-communities"},
    {"role", "pshost-role"},
    {"access-policy", "pshost-access-policy"},
    {"access-notes", "pshost-access-notes"},
    {"host-names", "host-name"},
    {NULL, NULL},
};
static const struct member host_members[] = {
    {"memory", "host-hardware-memory"},
    {"processor-speed", "host-hardware-processorspeed"},
    {"processor-count", "host-hardware-processorcount"},
    {"processor-cores", "host-hardware-processorcore"},
    {"processor-id", "host-hardware-cpuid"},
    {"os-name", "host-os-name"},
    {"os-version", "host-os-version"},
    {"os-kernel", "host-os-kernel"},
    {"os-architecture", "host-os-architecture"},
    {"tcp-congestion-control", "host-net-tcp-congestionalgorithm"},
    {"tcp-max-achievable", "host-net-tcp-maxachievable"},
    {"manufacturer", "host-manufacturer"},
    {"product", "host-productname"},
    {"virtual-machine", "host-vm"},
    {"bundle", "pshost-bundle"},
    {"bundle-version", "pshost-bundle-version"},
    {"install-method", "pshost-install-method"},
    {NULL, NULL},
};
static const struct member interface_members[] = {
    {"name", "interface-name"},
    {"addresses", "interface-addresses"},
    {"capacity", "interface-capacity"},
    {"mtu", "interface-mtu"},
    {"mac", "interface-mac"},
    {"subnet", "interface-subnet"},
    {"type", "psinterface-type"},
    {"urns", "psinterface-urns"},
    {"domains", "group-domains"},
    {"tests", "pscheduler-tests"},
    {NULL, NULL},
};
static const struct member service_members[] = {
    {"name", "service-name"},
    {"version", "service-version"},
    {"authentication", "service-authentication-type"},
    {"communities", "group-communities"},
    {"domains", "group-domains"},
    {"web-url", "service-webui-url"},
    {NULL, NULL},
};

// One value: a text, a number as it is written, true and false as 1 and 0.
static int read_value(struct ps_jget *g, struct record *r, const struct member *m, struct ps_jnode n)
{
    char number[PS_JDOC_NUMBER + 1];
    const char *text = number;
    size_t len;
    bool yes;
    int err = 0;
    if (ps_jnode_type(n) == PS_JTYPE_NUMBER) {
        const char *raw = ps_jnode_raw(n, &len);
        snprintf(number, sizeof number, "%.*s", (int)len, raw);
    } else if (ps_jnode_bool(n, &yes, NULL) == 0) {
        text = yes ? "1" : "0";
    } else {
        err = ps_jnode_str(n, 1, TEXT, &text, g->fault);
    }
    const char *fault = err ? NULL : plan_value_fault(m->key, text);
    if (fault) {
        ps_jnode_fault(n, g->fault, "%s; got \"%.60s\"", fault, text);
        err = PS_EMALFORMED;
    }
    return err ? err : record_add(r, m->key, text);
}

// Members that are texts or arrays of such.
static void take_members(struct ps_jget *g, struct record *r, const struct member *table)
{
    for (const struct member *m = table; m->name; m++) {
        struct ps_jnode n = ps_jget_node(g, m->name);
        int err = 0;
        if (g->err || !ps_jnode_there(n))
            continue;
        if (ps_jnode_type(n) != PS_JTYPE_ARRAY)
            err = read_value(g, r, m, n);
        else if (ps_jnode_count(n) > RECORD_VALUES)
            ps_jget_fail(g, m->name, PS_ELIMIT, "has more than %d values", RECORD_VALUES);
        else
            for (n = ps_jnode_first(n); ps_jnode_there(n) && !err; n = ps_jnode_next(n))
                err = read_value(g, r, m, n);
        if (err)
            g->err = err;
    }
}

static int read_object(struct ps_jnode n, struct record *r, const struct member *table,
                       struct ps_fault *fault)
{
    struct ps_jget g;
    ps_jget_init(&g, n, fault);
    take_members(&g, r, table);
    return ps_jget_end(&g);
}

static void take_object(struct ps_jget *g, const char *key, struct record *r, const struct member *table)
{
    struct ps_jnode n = ps_jget_object(g, key);
    if (!g->err && ps_jnode_there(n))
        g->err = read_object(n, r, table, g->fault);
}

static void take_string(struct ps_jget *g, const char *key, char **out)
{
    const char *s = ps_jget_str(g, key, 1, TEXT, NULL);
    if (!s || g->err)
        return;
    free(*out);
    *out = strdup(s);
    if (!*out)
        g->err = -ENOMEM;
}

static void take_words(struct ps_jget *g, const char *key, struct words *out)
{
    struct ps_jnode n = ps_jget_array(g, key);
    for (n = ps_jnode_first(n); ps_jnode_there(n) && !g->err; n = ps_jnode_next(n)) {
        const char *s;
        g->err = ps_jnode_str(n, 1, TEXT, &s, g->fault);
        if (!g->err)
            g->err = words_add_new(out, s);
    }
}

// Hosts, as in a record's key.
static void check_words(struct ps_jget *g, const char *name, const char *key, const struct words *w)
{
    for (size_t i = 0; i < w->n && !g->err; i++) {
        const char *fault = plan_value_fault(key, w->at[i]);
        if (fault)
            ps_jget_fail(g, name, PS_EMALFORMED, "%s; got \"%.60s\"", fault, w->at[i]);
    }
}

// A daemon's working folder is not where the file was written.
static void check_socket(struct ps_jget *g, const char *path)
{
    if (!g->err && (*path != '/' || strlen(path) >= PLAN_SOCKET_MAX))
        ps_jget_fail(g, "socket", PS_ELIMIT, "wants an absolute path of less than %d octets; got \"%.60s\"",
                     PLAN_SOCKET_MAX, path);
}

static void take_socket(struct ps_jget *g, char **out)
{
    take_string(g, "socket", out);
    if (*out)
        check_socket(g, *out);
}

static void take_place(struct ps_jget *g, const char *key, char *out, size_t size)
{
    const char *s = ps_jget_str(g, key, 1, size - 1, out);
    if (!g->err && s != out)
        snprintf(out, size, "%s", s);
}

static void take_duration(struct ps_jget *g, const char *key, ps_ns min, ps_ns max, ps_ns *out)
{
    const char *s = ps_jget_str(g, key, 1, 60, NULL);
    ps_ns d;
    if (!s || g->err)
        return;
    if (ps_iso8601_duration(s, &d) != 0 || d < min || d > max) {
        char low[PS_ISO8601_DURATION], high[PS_ISO8601_DURATION];
        ps_jget_fail(g, key, PS_ERANGE, "wants an ISO 8601 duration from %s to %s; got \"%.60s\"",
                     ps_iso8601_put_duration(min, low), ps_iso8601_put_duration(max, high), s);
        return;
    }
    *out = d;
}

// hosts

// Where nothing is said of where it is, it is this suite's.
static void take_usual_socket(struct ps_jget *g, struct plan_service *s)
{
    const char *usual = plan_usual_socket(s->kind);
    if (g->err || !usual || s->socket || s->addresses.n || s->port || s->http_port || s->https_port ||
        s->path)
        return;
    s->socket = strdup(usual);
    if (!s->socket)
        g->err = -ENOMEM;
}

static void take_service(struct plan_host *h, struct ps_jnode n, struct ps_jget *outer)
{
    struct plan_service *s = NULL;
    struct ps_jget g;
    if (outer->err)
        return;
    ps_jget_init(&g, n, outer->fault);
    enum plan_kind kind = (enum plan_kind)ps_jneed_word(&g, "type", plan_kind_names, PLAN_KINDS);
    if (!g.err)
        g.err = plan_add_service(h, kind, &s);
    if (s) {
        take_members(&g, &s->attrs, service_members);
        take_object(&g, "location", &s->attrs, location_members);
        take_words(&g, "addresses", &s->addresses);
        check_words(&g, "addresses", "interface-addresses", &s->addresses);
        s->port = (uint16_t)ps_jget_u64(&g, "port", 1, 65535, 0);
        s->http_port = (uint16_t)ps_jget_u64(&g, "http-port", 1, 65535, 0);
        s->https_port = (uint16_t)ps_jget_u64(&g, "https-port", 1, 65535, 0);
        take_string(&g, "path", &s->path);
        take_socket(&g, &s->socket);
        take_usual_socket(&g, s);
        s->force_up = ps_jget_bool(&g, "always-up", false);
        if (!g.err && s->http_port && s->http_port == s->https_port)
            ps_jget_fail(&g, "https-port", PS_EDUPLICATE, "is http-port, too");
    }
    outer->err = ps_jget_end(&g);
}

static void take_services(struct ps_jget *g, struct plan_host *h)
{
    struct ps_jnode list = ps_jget_array(g, "services");
    for (struct ps_jnode n = ps_jnode_first(list); ps_jnode_there(n); n = ps_jnode_next(n))
        take_service(h, n, g);
    if (!g->err && !ps_jnode_there(list))
        g->err = plan_add_usual_services(h);
}

static void take_interfaces(struct ps_jget *g, struct plan_host *h)
{
    struct ps_jnode list = ps_jget_array(g, "interfaces");
    for (struct ps_jnode n = ps_jnode_first(list); ps_jnode_there(n) && !g->err; n = ps_jnode_next(n)) {
        struct plan_interface *i = NULL;
        g->err = plan_add_interface(h, &i);
        if (!g->err)
            g->err = read_object(n, &i->attrs, interface_members, g->fault);
        if (!g->err && !record_get(&i->attrs, "interface-name")) {
            ps_jnode_fault(n, g->fault, "wants a name");
            g->err = PS_EMALFORMED;
        }
    }
}

static void take_persons(struct ps_jget *g, struct plan_host *h)
{
    struct ps_jnode list = ps_jget_array(g, "administrators");
    for (struct ps_jnode n = ps_jnode_first(list); ps_jnode_there(n) && !g->err; n = ps_jnode_next(n)) {
        struct record *person = NULL;
        g->err = plan_add_person(h, &person);
        if (!g->err)
            g->err = read_object(n, person, person_members, g->fault);
    }
}

// Where interfaces are looked for, whether there is one of that name is seen then.
static void check_primary(struct ps_jget *g, const struct plan_host *h)
{
    bool there = h->find_interfaces || !h->primary;
    for (size_t i = 0; i < h->ninterfaces && !there; i++)
        there = record_has(&h->interfaces[i].attrs, "interface-name", h->primary);
    if (!g->err && !there)
        ps_jget_fail(g, "primary-interface", PS_EUNKNOWN, "is none of the interfaces; got \"%.60s\"",
                     h->primary);
}

static void take_site(struct ps_jget *g, struct plan_host *h)
{
    take_string(g, "site", &h->site_name);
    const char *fault = h->site_name ? plan_value_fault("location-sitename", h->site_name) : NULL;
    if (!g->err && fault)
        ps_jget_fail(g, "site", PS_EMALFORMED, "%s", fault);
}

static void take_host(struct ps_jget *g, struct plan_host *h)
{
    h->here = true;
    h->find_interfaces = ps_jget_bool(g, "find-interfaces", true);
    h->private_addresses = ps_jget_bool(g, "private-addresses", false);
    h->names4 = h->names6 = ps_jget_bool(g, "reverse-lookup", true);
    take_site(g, h);
    take_string(g, "primary-interface", &h->primary);
    take_members(g, &h->attrs, site_members);
    take_object(g, "location", &h->attrs, location_members);
    take_object(g, "host", &h->attrs, host_members);
    take_persons(g, h);
    take_interfaces(g, h);
    check_primary(g, h);
    take_services(g, h);
    if (!g->err && h->site_name && !record_get(&h->attrs, "location-sitename"))
        g->err = record_set(&h->attrs, "location-sitename", h->site_name);
}

// how

static void check_url(struct ps_jget *g, const char *key, const char *text)
{
    struct ps_url u;
    if (g->err)
        return;
    int err = ps_url_parse(&u, text, strlen(text));
    if (!err && strcmp(u.scheme, "http") != 0 && strcmp(u.scheme, "https") != 0)
        err = PS_EUNSUPPORTED;
    if (err)
        ps_jget_fail(g, key, err,
                     "wants URLs as in http://ls.example.org:8090/lookup/records; got \"%.100s\"", text);
    ps_url_fini(&u);
}

// Servers that somebody else chooses are told no secret.
static void take_token(struct ps_jget *g, struct plan *p)
{
    take_string(g, "token", &p->token);
    for (const char *c = p->token ? p->token : ""; *c && !g->err; c++)
        if (*c <= ' ' || *c > '~')
            ps_jget_fail(g, "token", PS_ESYNTAX, "wants letters, digits and signs of ASCII, without spaces");
    if (!g->err && p->token && !p->servers.n)
        g->err = plan_warn(p, "token: is told only to servers that \"servers\" names, and it names none");
}

static void take_manners(struct ps_jget *g, struct plan *p)
{
    static const char *const families[] = {"any", "ipv4", "ipv6"};
    take_words(g, "servers", &p->servers);
    for (size_t i = 0; i < p->servers.n; i++)
        check_url(g, "servers", p->servers.at[i]);
    take_string(g, "bootstrap", &p->bootstrap);
    check_url(g, "bootstrap", p->bootstrap);
    take_string(g, "ca-file", &p->ca_file);
    take_token(g, p);
    take_place(g, "state", p->state_dir, sizeof p->state_dir);
    check_socket(g, ps_jget_str(g, "socket", 1, TEXT, p->socket));
    take_place(g, "socket", p->socket, sizeof p->socket);
    p->sandbox = ps_jget_bool(g, "sandbox", p->sandbox);
    take_duration(g, "interval", 60 * PS_SEC, 7 * 86400 * PS_SEC, &p->interval);
    take_duration(g, "look", PS_SEC, 86400 * PS_SEC, &p->look);
    take_duration(g, "lease", 60 * PS_SEC, 30 * 86400 * PS_SEC, &p->lease);
    p->family = (enum plan_family)ps_jget_word(g, "family", families, 3, PLAN_ANY);
    if (!g->err && p->lease && p->lease < 2 * p->interval)
        ps_jget_fail(g, "lease", PS_ERANGE,
                     "wants twice the interval at least, or records expire on the way");
    if (!g->err && !p->lease && p->interval > 3600 * PS_SEC)
        g->err =
            plan_warn(p, "interval: servers keep a record for two hours, unless lease asks for more; it is "
                         "renewed in half the time that they grant");
}

int plan_read(struct plan *p, const char *name, const char *text, size_t len, struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    struct plan_host *h = NULL;
    struct ps_jget g;
    int err = ps_jdoc_parse(&doc, name, text, len, fault);
    if (err)
        return err;
    ps_jget_init(&g, ps_jdoc_root(doc), fault);
    take_manners(&g, p);
    if (!g.err)
        g.err = plan_add_host(p, &h);
    if (h)
        take_host(&g, h);
    err = ps_jget_end(&g);
    ps_jdoc_free(doc);
    return err;
}
