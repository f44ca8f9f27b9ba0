// SPDX-License-Identifier: Apache-2.0
// What perfSONAR's lsregistrationdaemon.conf says, as a plan (fact sheet 2.1, 2.2). A block has what the blocks around
// it say unless it says otherwise; a service's template stands between the two.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "base/ps_near.h"
#include "base/ps_num.h"
#include "lsregister/plan.h"
#include "lsregister/upstream_conf.h"

#define CHAIN 6

// Blocks from the innermost outwards.
struct chain {
    const struct upstream_block *at[CHAIN];
    size_t n;
};

struct reader {
    struct plan *p;
    const char *file;
    struct ps_fault *fault;
};

struct directive {
    const char *name, *key;
};

static const struct directive place_directives[] = {
    {"site_name", "location-sitename"},  {"city", "location-city"},
    {"region", "location-state"},        {"country", "location-country"},
    {"zip_code", "location-code"},       {"latitude", "location-latitude"},
    {"longitude", "location-longitude"}, {NULL, NULL},
};
static const struct directive group_directives[] = {
    {"site_project", "group-communities"}, {"domain", "group-domains"}, {NULL, NULL}};
static const struct directive person_directives[] = {
    {"name", "person-name"},
    {"email", "person-emails"},
    {"phone", "person-phonenumbers"},
    {"organization", "person-organization"},
    {NULL, NULL},
};
static const struct directive host_directives[] = {
    {"host_name", "host-name"},
    {"memory", "host-hardware-memory"},
    {"processor_speed", "host-hardware-processorspeed"},
    {"processor_count", "host-hardware-processorcount"},
    {"processor_cores", "host-hardware-processorcore"},
    {"processor_cpuid", "host-hardware-cpuid"},
    {"os_name", "host-os-name"},
    {"os_version", "host-os-version"},
    {"os_kernel", "host-os-kernel"},
    {"os_architecture", "host-os-architecture"},
    {"tcp_cc_algorithm", "host-net-tcp-congestionalgorithm"},
    {"tcp_max_buffer_send", "host-net-tcp-maxbuffer-send"},
    {"tcp_max_buffer_recv", "host-net-tcp-maxbuffer-recv"},
    {"tcp_autotune_max_buffer_send", "host-net-tcp-autotunemaxbuffer-send"},
    {"tcp_autotune_max_buffer_recv", "host-net-tcp-autotunemaxbuffer-recv"},
    {"tcp_max_backlog", "host-net-tcp-maxbacklog"},
    {"tcp_max_achievable", "host-net-tcp-maxachievable"},
    {"is_virtual_machine", "host-vm"},
    {"manufacturer", "host-manufacturer"},
    {"product_name", "host-productname"},
    {"ipv6_enabled", "host-net-ipv6-enabled"},
    {"bundle_type", "pshost-bundle"},
    {"bundle_version", "pshost-bundle-version"},
    {"install_method", "pshost-install-method"},
    {"toolkit_version", "pshost-toolkitversion"},
    {"role", "pshost-role"},
    {"access_policy", "pshost-access-policy"},
    {"access_policy_notes", "pshost-access-notes"},
    {"certificate", "certificate"},
    {NULL, NULL},
};
static const struct directive interface_directives[] = {
    {"if_name", "interface-name"},      {"address", "interface-addresses"},
    {"mac_address", "interface-mac"},   {"mtu", "interface-mtu"},
    {"capacity", "interface-capacity"}, {"subnet", "interface-subnet"},
    {"if_type", "psinterface-type"},    {"urn", "psinterface-urns"},
    {"test", "pscheduler-tests"},       {NULL, NULL},
};
static const struct directive service_directives[] = {
    {"service_name", "service-name"},
    {"service_version", "service-version"},
    {"authentication_type", "service-authentication-type"},
    {"webui_url", "service-webui-url"},
    {"test", "pscheduler-tests"},
    {"tool", "pscheduler-tools"},
    {NULL, NULL},
};

// Read elsewhere in this file.
static const char *const other_directives[] = {
    "check_interval",
    "ls_instance",
    "ls_instance_latency_threshold",
    "server_flap_threshold",
    "ls_lease_duration",
    "client_uuid_file",
    "autodiscover",
    "autodiscover_interfaces",
    "autodiscover_addresses",
    "allow_internal_addresses",
    "disable_ipv4_reverse_lookup",
    "disable_ipv6_reverse_lookup",
    "disabled",
    "force_up_status",
    "is_local",
    "primary_interface",
    "type",
    "inherits",
    "address",
    "port",
    "http_port",
    "https_port",
    "url_path",
};

// Known there, of no effect here.
static const char *const idle_directives[] = {
    "check_config_interval",
    "ls_key_db",
    "pidfile",
    "user",
    "group",
    "add_signature",
    "signing_key",
    "endpoint",
    "service_locator",
    "config_file",
    "disable_test",
    "disable_autodiscover_tests",
    "autodiscover_tests_url",
    "autodiscover_webui_url",
    "autodiscover_url",
    "autodiscover_ca_file",
    "autodiscover_ca_path",
    "autodiscover_verify_hostname",
    "autodiscover_tests",
    "autodiscover_tools",
    "autodiscover_time_range",
    "autodiscover_indices",
    "autodiscover_index_time_range",
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static int fail(const struct reader *r, int line, const char *name, const char *wants, const char *value)
{
    ps_fault_set(r->fault, r->file, line, "%s %s; got '%.100s'", name, wants, value);
    return PS_EMALFORMED;
}

// looking up

static struct chain chain_with(const struct chain *outer, const struct upstream_block *inner)
{
    struct chain c = {.at = {inner}, .n = 1};
    for (size_t i = 0; i < outer->n && c.n < CHAIN; i++)
        c.at[c.n++] = outer->at[i];
    return c;
}

static const char *find(const struct chain *c, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < c->n && !value; i++)
        value = upstream_conf_get(c->at[i], name);
    return value;
}

// What Perl takes for true.
static bool is_set(const struct chain *c, const char *name, bool otherwise)
{
    const char *v = find(c, name);
    return v ? *v && strcmp(v, "0") != 0 && strcasecmp(v, "no") != 0 && strcasecmp(v, "off") != 0 &&
                   strcasecmp(v, "false") != 0
             : otherwise;
}

// One value of a directive. Perl's registrar would send what is empty as it is.
static int take_value(const struct reader *r, struct record *out, const struct directive *d,
                      const struct upstream_key *k)
{
    const char *fault = k->value[0] ? plan_value_fault(d->key, k->value) : NULL;
    if (fault)
        return fail(r, k->line, d->name, fault, k->value);
    return k->value[0] ? record_add(out, d->key, k->value) : 0;
}

// All values that the innermost block with the directive has.
static int take(const struct reader *r, const struct chain *c, struct record *out, const struct directive *d)
{
    bool found = false;
    int err = 0;
    for (size_t i = 0; i < c->n && !found; i++)
        for (size_t k = 0; k < c->at[i]->nkeys && !err; k++)
            if (strcmp(c->at[i]->keys[k].name, d->name) == 0) {
                found = true;
                err = take_value(r, out, d, &c->at[i]->keys[k]);
            }
    return err;
}

static int take_all(const struct reader *r, const struct chain *c, struct record *out,
                    const struct directive *table)
{
    int err = 0;
    for (const struct directive *d = table; d->name && !err; d++)
        err = take(r, c, out, d);
    return err;
}

static int take_number(const struct reader *r, const struct chain *c, const char *name, uint64_t max,
                       uint64_t *out)
{
    const char *v = find(c, name);
    if (v && ps_num_u64(v, 10, 1, max, out) != 0) {
        char wants[60];
        snprintf(wants, sizeof wants, "wants a whole number from 1 to %llu", (unsigned long long)max);
        return fail(r, 0, name, wants, v);
    }
    return 0;
}

static int take_text(const struct chain *c, const char *name, char **out)
{
    const char *v = find(c, name);
    if (!v || !*v)
        return 0;
    free(*out);
    *out = strdup(v);
    return *out ? 0 : -ENOMEM;
}

// hosts

static int take_persons(const struct reader *r, const struct chain *c, struct plan_host *h)
{
    int err = 0;
    for (size_t i = 0; i < c->n && !h->npersons; i++)
        for (size_t b = 0; b < c->at[i]->nblocks && !err; b++) {
            struct chain admin = {.at = {&c->at[i]->blocks[b]}, .n = 1};
            struct record *person;
            if (strcmp(admin.at[0]->name, "administrator") != 0)
                continue;
            err = plan_add_person(h, &person);
            if (!err)
                err = take_all(r, &admin, person, person_directives);
            if (!err)
                err = take_all(r, &admin, person, place_directives);
        }
    return err;
}

static const struct upstream_block *find_template(const struct chain *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        for (size_t b = 0; b < c->at[i]->nblocks; b++)
            if (strcmp(c->at[i]->blocks[b].name, "service_template") == 0 &&
                strcmp(c->at[i]->blocks[b].arg, name) == 0)
                return &c->at[i]->blocks[b];
    return NULL;
}

// The service and its template alone: ports and addresses are not inherited.
static int take_ends(const struct reader *r, const struct chain *own, struct plan_service *s)
{
    uint64_t port = 0, http = 0, https = 0;
    int err = take_number(r, own, "port", 65535, &port);
    if (!err)
        err = take_number(r, own, "http_port", 65535, &http);
    if (!err)
        err = take_number(r, own, "https_port", 65535, &https);
    s->port = (uint16_t)port;
    s->http_port = (uint16_t)http;
    s->https_port = (uint16_t)https;
    if (!err)
        err = take_text(own, "url_path", &s->path);
    for (size_t i = 0; i < own->n && !s->addresses.n; i++)
        for (size_t k = 0; k < own->at[i]->nkeys && !err; k++)
            if (strcmp(own->at[i]->keys[k].name, "address") == 0)
                err = words_add_new(&s->addresses, own->at[i]->keys[k].value);
    return err;
}

static int fill_service(const struct reader *r, const struct chain *c, const struct chain *own,
                        struct plan_service *s)
{
    int err = take_all(r, c, &s->attrs, service_directives);
    if (!err)
        err = take_all(r, c, &s->attrs, place_directives);
    if (!err)
        err = take_all(r, c, &s->attrs, group_directives);
    s->force_up = is_set(c, "force_up_status", false);
    s->here_addresses = is_set(c, "autodiscover_addresses", is_set(c, "autodiscover", false));
    return err ? err : take_ends(r, own, s);
}

static int take_service(const struct reader *r, const struct chain *outer, const struct upstream_block *b,
                        struct plan_host *h)
{
    const char *base = upstream_conf_get(b, "inherits");
    const struct upstream_block *template = base ? find_template(outer, base) : NULL;
    struct chain c = *outer, own = {.at = {b}, .n = 1};
    struct plan_service *s;
    enum plan_kind kind;
    if (base && !template)
        return fail(r, b->line, "inherits", "wants the name of a service_template", base);
    if (template) {
        c = chain_with(&c, template);
        own.at[own.n++] = template;
    }
    c = chain_with(&c, b);
    const char *type = find(&own, "type");
    if (is_set(&c, "disabled", false))
        return 0;
    if (!type || plan_kind_read(type, &kind) != 0)
        return plan_warn(r->p, "line %d: no service of type '%.60s' can be registered; left out", b->line,
                         type ? type : "");
    int err = plan_add_service(h, kind, &s);
    return err ? err : fill_service(r, &c, &own, s);
}

static int take_interface(const struct reader *r, const struct chain *outer, const struct upstream_block *b,
                          struct plan_host *h)
{
    struct chain own = {.at = {b}, .n = 1}, c = chain_with(outer, b);
    struct plan_interface *i;
    if (is_set(&c, "disabled", false))
        return 0;
    int err = plan_add_interface(h, &i);
    if (!err)
        err = take_all(r, &own, &i->attrs, interface_directives);
    if (!err)
        err = take_all(r, &c, &i->attrs, group_directives);
    record_drop(&i->attrs, "group-communities");
    return err;
}

static int take_parts(const struct reader *r, const struct chain *c, struct plan_host *h)
{
    int err = 0;
    for (size_t i = 0; i < c->at[0]->nblocks && !err; i++) {
        const struct upstream_block *b = &c->at[0]->blocks[i];
        if (strcmp(b->name, "service") == 0)
            err = take_service(r, c, b, h);
        else if (strcmp(b->name, "interface") == 0)
            err = take_interface(r, c, b, h);
    }
    return err;
}

static int take_host(const struct reader *r, const struct chain *c)
{
    struct plan_host *h;
    bool here = is_set(c, "is_local", false), find_out = here && is_set(c, "autodiscover", false);
    if (is_set(c, "disabled", false))
        return 0;
    int err = plan_add_host(r->p, &h);
    if (err)
        return err;
    h->here = find_out;
    h->find_interfaces = here && is_set(c, "autodiscover_interfaces", find_out);
    h->private_addresses = is_set(c, "allow_internal_addresses", false);
    h->names4 = !is_set(c, "disable_ipv4_reverse_lookup", false);
    h->names6 = !is_set(c, "disable_ipv6_reverse_lookup", false);
    err = take_text(c, "primary_interface", &h->primary);
    if (!err)
        err = take_text(c, "site_name", &h->site_name);
    if (!err)
        err = take_all(r, c, &h->attrs, host_directives);
    if (!err)
        err = take_all(r, c, &h->attrs, place_directives);
    if (!err)
        err = take_all(r, c, &h->attrs, group_directives);
    if (!err)
        err = take_persons(r, c, h);
    return err ? err : take_parts(r, c, h);
}

static int take_site(const struct reader *r, const struct chain *c)
{
    int err = 0;
    for (size_t i = 0; i < c->at[0]->nblocks && !err; i++)
        if (strcmp(c->at[0]->blocks[i].name, "host") == 0) {
            struct chain host = chain_with(c, &c->at[0]->blocks[i]);
            err = take_host(r, &host);
        }
    return err;
}

// how

static int take_manners(const struct reader *r, const struct chain *top)
{
    const char *server = find(top, "ls_instance"), *better = find(top, "ls_instance_latency_threshold");
    struct plan *p = r->p;
    uint64_t interval = 3600, lease = 0, times = p->better_times;
    int err = server ? words_add_new(&p->servers, server) : 0;
    if (!err)
        err = take_number(r, top, "check_interval", 7 * 86400, &interval);
    if (!err)
        err = take_number(r, top, "ls_lease_duration", 30 * 86400, &lease);
    if (!err)
        err = take_number(r, top, "server_flap_threshold", 1000, &times);
    if (!err && better && ps_num_double(better, 0, 1000, &p->better) != 0)
        err = fail(r, 0, "ls_instance_latency_threshold", "wants a fraction, as in 0.1", better);
    if (!err)
        err = take_text(top, "client_uuid_file", &p->uuid_file);
    p->interval = (ps_ns)interval * PS_SEC;
    p->lease = (ps_ns)lease * PS_SEC;
    p->better_times = (unsigned)times;
    if (!err && lease && lease < 2 * interval) {
        err =
            plan_warn(p,
                      "ls_lease_duration is less than twice check_interval, and records would expire on the "
                      "way: %llu s are asked for",
                      2 * (unsigned long long)interval);
        p->lease = 2 * p->interval;
    }
    return err;
}

// warnings

static bool in_table(const struct directive *table, const char *name)
{
    while (table->name && strcmp(table->name, name) != 0)
        table++;
    return table->name != NULL;
}

static bool in_list(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

static bool is_known(const char *name)
{
    const struct directive *const tables[] = {place_directives, group_directives,     person_directives,
                                              host_directives,  interface_directives, service_directives};
    for (size_t i = 0; i < COUNT(tables); i++)
        if (in_table(tables[i], name))
            return true;
    return in_list(other_directives, COUNT(other_directives), name);
}

static int warn_key(const struct reader *r, const struct upstream_key *k)
{
    char hint[PS_NEAR_HINT];
    if (is_known(k->name))
        return 0;
    if (in_list(idle_directives, COUNT(idle_directives), k->name))
        return plan_warn(r->p, "line %d: %s has no effect here", k->line, k->name);
    return plan_warn(r->p, "line %d: %.60s is not known%s", k->line, k->name,
                     ps_near_hint(k->name, other_directives, COUNT(other_directives), hint));
}

static int warn_block(const struct reader *r, const struct upstream_block *b)
{
    static const char *const names[] = {
        "", "site", "host", "interface", "service", "administrator", "service_template"};
    int err = 0;
    if (!in_list(names, COUNT(names), b->name))
        return plan_warn(r->p, "line %d: <%.60s> is not registered by this program; left out", b->line,
                         b->name);
    for (size_t i = 0; i < b->nkeys && !err; i++)
        err = warn_key(r, &b->keys[i]);
    for (size_t i = 0; i < b->nblocks && !err; i++)
        err = warn_block(r, &b->blocks[i]);
    return err;
}

int plan_read_upstream(struct plan *p, const char *name, const char *text, size_t len, struct ps_fault *fault)
{
    struct upstream_block root = {0};
    struct reader r = {p, name, fault};
    struct chain top = {.at = {&root}, .n = 1};
    int err = upstream_conf_read(&root, name, text, len, fault);
    if (!err)
        err = take_manners(&r, &top);
    for (size_t i = 0; i < root.nblocks && !err; i++)
        if (strcmp(root.blocks[i].name, "site") == 0) {
            struct chain site = chain_with(&top, &root.blocks[i]);
            err = take_site(&r, &site);
        }
    if (err == PS_ELIMIT && !fault->text[0])
        ps_fault_set(fault, name, 0,
                     "has more hosts, interfaces, services or administrators than can be registered");
    if (!err)
        err = warn_block(&r, &root);
    upstream_conf_fini(&root);
    return err;
}
