// SPDX-License-Identifier: Apache-2.0
// lsregister find and communities: what lookup servers have.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "base/ps_near.h"
#include "base/ps_out.h"
#include "base/ps_plain.h"
#include "lsregister/exits.h"
#include "lsregister/gather.h"
#include "lsregister/verb_options.h"
#include "lsregister/verbs.h"

enum {
    OPT_SERVER = VERB_OWN,
    OPT_BOOTSTRAP,
    OPT_CSV,
    OPT_SERVICE,
    OPT_COMMUNITY,
    OPT_DOMAIN,
    OPT_PLACE,
    OPT_NAME,
    OPT_WHERE,
};

#define OPT_SERVERS                                                                             \
    {'c', "config", "FILE",                                                                     \
     "a configuration, for its servers and bootstrap (" VERB_CONFIG ", if it is there)", NULL}, \
        {OPT_SERVER, "server", "URL", "ask this server alone; may be given again", NULL},       \
        {OPT_BOOTSTRAP, "bootstrap", "URL", "ask the servers of this list", NULL},              \
    {                                                                                           \
        OPT_CSV, "csv", NULL, "as CSV", NULL                                                    \
    }

static const struct ps_opt find_table[] = {
    {OPT_SERVICE, "service", "KIND",
     "services of this kind: owamp, twamp, pscheduler, ma, GridFTP, dashboard", NULL},
    {OPT_COMMUNITY, "community", "NAME", "of this community", NULL},
    {OPT_DOMAIN, "domain", "NAME", "of this domain", NULL},
    {OPT_PLACE, "place", "PLACE", "whose site, city, state, country or code is this", NULL},
    {OPT_NAME, "name", "NAME", "with this name, address or locator", NULL},
    {OPT_WHERE, "where", "KEY=VALUE", "a key of whose record has this value; may be given again", NULL},
    {'4', "ipv4", NULL, "with an address of IPv4", NULL},
    {'6', "ipv6", NULL, "with one of IPv6", NULL},
    OPT_SERVERS,
    VERB_OPT_JSON,
    VERB_OPT_END,
};
static const struct ps_opt_prog find_prog = {
    "lsregister find",
    "[options] [hosts|services|interfaces|persons|all]",
    "Finds what is registered (hosts, unless told otherwise) on all lookup servers, told once each. In "
    "values * stands "
    "for any run of characters, and case is no matter.",
    "Examples:\n"
    "  lsregister find --community LHC --ipv6\n"
    "  lsregister find --service owamp --place CH --csv\n"
    "  lsregister find --name '*.example.org' all\n"
    "Exit status: 0 found; 1 nothing found; 2 usage; 3 not every lookup server answers; 4 something cannot "
    "be "
    "used.\n"
    "See lsregister(1).",
    find_table,
};

static const struct ps_opt communities_table[] = {OPT_SERVERS, VERB_OPT_JSON, VERB_OPT_END};
static const struct ps_opt_prog communities_prog = {
    "lsregister communities",
    "[options]",
    "Tells the communities that hosts and services are in, and how many of each.",
    "Exit status: 0 found; 1 there are none; 2 usage; 3 not every lookup server answers; 4 something cannot "
    "be "
    "used.\n"
    "See lsregister(1).",
    communities_table,
};

struct search {
    const struct ps_opt_prog *prog;
    struct verb_options o;
    struct filter filter;
    struct words servers, keys; // keys: of --where
    const char *bootstrap;
    bool csv;
    struct plan plan;
};

// options

static int add_term(struct search *s, const char *key, const char *value)
{
    if (s->filter.n == FILTER_TERMS)
        return verb_fail(s->prog, -1, "there are too many conditions");
    s->filter.terms[s->filter.n++] = (struct filter_term){key, value};
    return 0;
}

static int add_where(struct search *s, const char *text)
{
    const char *eq = strchr(text, '=');
    char key[200];
    if (!eq || eq == text || (size_t)(eq - text) >= sizeof key)
        return verb_fail(s->prog, -1, "--where %s: wants KEY=VALUE, as in location-city=Geneva", text);
    snprintf(key, sizeof key, "%.*s", (int)(eq - text), text);
    if (words_add(&s->keys, key) != 0)
        return -1;
    return add_term(s, s->keys.at[s->keys.n - 1], eq + 1);
}

static int add_server(struct search *s, const char *text)
{
    char *server;
    if (lswire_server(text, &server) != 0)
        return verb_fail(s->prog, -1, "--server %s: wants a URL, as in http://ls.example.org:8090/", text);
    int err = words_add_new(&s->servers, server);
    free(server);
    return err;
}

// A kind that nobody registers would find nothing, and leave one to wonder. What suite and upstream know, or knew.
static int add_service(struct search *s, const char *text)
{
    static const char *const kinds[] = {"owamp", "twamp", "pscheduler", "ma",         "GridFTP", "dashboard",
                                        "bwctl", "ndt",   "npad",       "traceroute", "ping"};
    char hint[PS_NEAR_HINT];
    size_t n = sizeof kinds / sizeof *kinds, i = 0;
    while (i < n && strcasecmp(kinds[i], text) != 0)
        i++;
    if (i == n && !strchr(text, '*'))
        return verb_fail(
            s->prog, -1,
            "--service %s: no such kind is known%s; --where service-type=%s finds it all the same", text,
            ps_near_hint(text, kinds, n, hint), text);
    s->filter.type = "service";
    return add_term(s, "service-type", text);
}

static int own(void *ctx, int letter, const char *value)
{
    struct search *s = ctx;
    switch (letter) {
    case OPT_SERVER:
        return add_server(s, value);
    case OPT_BOOTSTRAP:
        s->bootstrap = value;
        return 0;
    case OPT_CSV:
        s->csv = true;
        return 0;
    case OPT_SERVICE:
        return add_service(s, value);
    case OPT_COMMUNITY:
        return add_term(s, "group-communities", value);
    case OPT_DOMAIN:
        return add_term(s, "group-domains", value);
    case OPT_PLACE:
        return add_term(s, "location", value);
    case OPT_NAME:
        return add_term(s, "name", value);
    case OPT_WHERE:
        return add_where(s, value);
    default:
        s->filter.version = letter - '0';
        return 0;
    }
}

static int set_type(struct search *s, const char *word)
{
    static const char *const words[] = {"hosts", "services", "interfaces", "persons", "all"};
    static const char *const types[] = {"host", "service", "interface", "person", NULL};
    for (size_t i = 0; i < 5; i++)
        if (strcasecmp(word, words[i]) == 0 || (types[i] && strcasecmp(word, types[i]) == 0)) {
            if (s->filter.type && types[i] != s->filter.type && i != 1)
                return verb_fail(s->prog, -1, "--service finds services, not %s", words[i]);
            s->filter.type = types[i];
            return 0;
        }
    return verb_fail(s->prog, -1, "'%s': wants hosts, services, interfaces, persons or all", word);
}

// output

static void print_words(FILE *f, const struct words *w, const char *between)
{
    for (size_t i = 0; w && i < w->n; i++) {
        fputs(i ? between : "", f);
        ps_plain_put(f, w->at[i]);
    }
}

static const struct words *names_of(const struct record *r)
{
    static const char *const keys[] = {"service-locator", "host-name", "interface-addresses",
                                       "person-emails"};
    const struct words *w = NULL;
    for (size_t i = 0; i < 4 && !w; i++)
        w = record_all(r, keys[i]);
    return w;
}

static const char *kind_of(const struct record *r)
{
    const char *kind = record_get(r, "service-type");
    if (!kind)
        kind = record_get(r, "type");
    return kind ? kind : "";
}

// A person is known by a name, and reached elsewhere.
static void print_names(const struct record *r)
{
    const char *person = record_get(r, "person-name");
    const struct words *names = names_of(r);
    if (person)
        ps_plain_put(stdout, person);
    fputs(person && names ? " " : "", stdout);
    print_words(stdout, names, " ");
}

// KIND NAMES (SITE, CITY, COUNTRY) [COMMUNITIES]
static void print_text(const struct gathered *g)
{
    static const char *const places[] = {"location-sitename", "location-city", "location-state",
                                         "location-country"};
    for (size_t i = 0; i < g->n; i++) {
        const struct record *r = &g->at[i].record;
        const struct words *communities = record_all(r, "group-communities");
        const char *before = "  (";
        ps_plain_put(stdout, kind_of(r));
        fputs("  ", stdout);
        print_names(r);
        for (size_t k = 0; k < 4; k++) {
            const char *place = record_get(r, places[k]);
            if (!place || !*place)
                continue;
            fputs(before, stdout);
            ps_plain_put(stdout, place);
            before = ", ";
        }
        fputs(strcmp(before, ", ") == 0 ? ")" : "", stdout);
        if (communities && communities->n) {
            fputs("  [", stdout);
            print_words(stdout, communities, ", ");
            fputs("]", stdout);
        }
        fputs("\n", stdout);
    }
}

// RFC 4180; several values with a blank in between.
static void put_cell(const struct words *w, bool last)
{
    fputc('"', stdout);
    for (size_t i = 0; w && i < w->n; i++) {
        fputs(i ? " " : "", stdout);
        for (const char *p = w->at[i]; *p; p++) {
            if (*p == '"')
                fputc('"', stdout);
            fputc((unsigned char)*p < 32 ? ' ' : *p, stdout);
        }
    }
    fputs(last ? "\"\r\n" : "\",", stdout);
}

static void print_csv(const struct gathered *g)
{
    static const char *const keys[] = {"type",
                                       "service-type",
                                       "service-name",
                                       "person-name",
                                       "location-sitename",
                                       "location-city",
                                       "location-state",
                                       "location-country",
                                       "location-latitude",
                                       "location-longitude",
                                       "group-communities",
                                       "group-domains",
                                       "uri"};
    static const size_t n = sizeof keys / sizeof *keys;
    fputs("names,server", stdout);
    for (size_t k = 0; k < n; k++)
        printf(",%s", keys[k]);
    fputs("\r\n", stdout);
    for (size_t i = 0; i < g->n; i++) {
        char *server = strdup(g->at[i].server);
        struct words one = {&server, 1};
        put_cell(names_of(&g->at[i].record), false);
        put_cell(server ? &one : NULL, false);
        free(server);
        for (size_t k = 0; k < n; k++)
            put_cell(record_all(&g->at[i].record, keys[k]), k + 1 == n);
    }
}

static void put_servers(struct ps_json *j, const struct gathered *g)
{
    ps_json_put_open(j, "servers", '[');
    for (size_t i = 0; i < g->nservers; i++) {
        ps_json_open(j, '{');
        ps_json_put_str(j, "server", g->servers[i].server);
        ps_json_put_u64(j, "found", g->servers[i].found);
        ps_json_put_u64(j, "left-out", g->servers[i].left_out);
        ps_json_put_str(j, "error", g->servers[i].why[0] ? g->servers[i].why : NULL);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
}

static void print_json(const struct gathered *g)
{
    struct ps_json j;
    ps_json_init(&j, stdout, true);
    ps_json_open(&j, '{');
    put_servers(&j, g);
    ps_json_put_open(&j, "records", '[');
    for (size_t i = 0; i < g->n; i++) {
        ps_json_open(&j, '{');
        ps_json_put_str(&j, "server", g->at[i].server);
        ps_json_key(&j, "record");
        record_write(&g->at[i].record, &j);
        ps_json_close(&j, '}');
    }
    ps_json_close(&j, ']');
    ps_json_close(&j, '}');
    (void)ps_json_end(&j);
}

// searching

// A configuration is of use, not of need, unless one is named.
static int load(struct search *s)
{
    struct ps_fault fault = {""};
    int err = verb_load(verb_config_path(s->o.config), &s->plan, &fault);
    if (err == -ENOENT && !s->o.config)
        return -1;
    return err ? verb_fail(s->prog, EXIT_SYSTEM, "%s", fault.text) : -1;
}

static int look(struct search *s, struct gathered *g)
{
    bool told = s->servers.n || s->bootstrap;
    int status = s->o.json && s->csv ? verb_fail(s->prog, EXIT_USAGE, "--json or --csv, not both") : load(s);
    struct gather_conf conf = {.servers = told ? &s->servers : &s->plan.servers,
                               .bootstrap = s->bootstrap ? s->bootstrap : s->plan.bootstrap,
                               .ip_version = s->plan.family == PLAN_IPV4   ? 4
                                             : s->plan.family == PLAN_IPV6 ? 6
                                                                           : 0,
                               .ca_file = s->plan.ca_file};
    if (status >= 0)
        return status;
    int err = gather(&conf, &s->filter, g);
    if (err)
        return verb_fail(s->prog, EXIT_SYSTEM, "%s", ps_strerror(err));
    if (g->why[0])
        return verb_fail(s->prog, EXIT_NETWORK, "no lookup server is known: %s", g->why);
    for (size_t i = 0; i < g->nservers; i++) {
        const struct gather_server *at = &g->servers[i];
        if (at->why[0])
            (void)verb_fail(s->prog, 0, "%s: %s", at->server, at->why);
        if (at->left_out)
            (void)verb_fail(s->prog, 0, "%s: %zu of what it sent is left out: no records, or too many",
                            at->server, at->left_out);
    }
    return g->answered ? -1 : verb_fail(s->prog, EXIT_NETWORK, "no lookup server answers");
}

// What was found is all there is only where every server has answered.
static int finish(const struct search *s, const struct gathered *g, size_t found)
{
    int status = g->answered < g->nservers ? EXIT_NETWORK : found ? EXIT_DONE : EXIT_NO;
    return verb_flush(s->prog, status);
}

static void search_fini(struct search *s, struct gathered *g)
{
    gathered_fini(g);
    words_fini(&s->servers);
    words_fini(&s->keys);
    plan_fini(&s->plan);
}

int find_main(int argc, char **argv)
{
    struct search s = {.prog = &find_prog, .o = {.own = own, .ctx = &s}};
    struct gathered g = {0};
    int status = verb_options_read(&s.o, &find_prog, 1, argc, argv);
    if (status < 0 && s.o.argc == 0 && !s.filter.type)
        s.filter.type = "host";
    if (status < 0 && s.o.argc == 1 && set_type(&s, s.o.argv[0]) != 0)
        status = EXIT_USAGE;
    if (status < 0)
        status = look(&s, &g);
    if (status < 0) {
        if (s.o.json)
            print_json(&g);
        else if (s.csv)
            print_csv(&g);
        else
            print_text(&g);
        status = finish(&s, &g, g.n);
    }
    search_fini(&s, &g);
    return status;
}

// communities

struct community {
    const char *name;
    size_t hosts, services;
};

struct communities {
    struct community *at;
    size_t n;
};

static int count_in(struct communities *c, const char *name, bool host, bool service)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->at[i].name, name) == 0) {
            c->at[i].hosts += host;
            c->at[i].services += service;
            return 0;
        }
    struct community *at = realloc(c->at, (c->n + 1) * sizeof *at);
    if (!at)
        return -ENOMEM;
    c->at = at;
    at[c->n++] = (struct community){name, host, service};
    return 0;
}

static int by_count(const void *a, const void *b)
{
    const struct community *x = a, *y = b;
    if (x->hosts != y->hosts)
        return x->hosts < y->hosts ? 1 : -1;
    if (x->services != y->services)
        return x->services < y->services ? 1 : -1;
    return strcmp(x->name, y->name);
}

static int count_all(const struct gathered *g, struct communities *c)
{
    int err = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct record *r = &g->at[i].record;
        const struct words *w = record_all(r, "group-communities");
        bool host = record_has(r, "type", "host"), service = record_has(r, "type", "service");
        for (size_t k = 0; w && k < w->n && (host || service) && !err; k++)
            err = w->at[k][0] ? count_in(c, w->at[k], host, service) : 0;
    }
    if (c->n)
        qsort(c->at, c->n, sizeof *c->at, by_count);
    return err;
}

static void print_communities_json(const struct communities *c, const struct gathered *g)
{
    struct ps_json j;
    ps_json_init(&j, stdout, true);
    ps_json_open(&j, '{');
    put_servers(&j, g);
    ps_json_put_open(&j, "communities", '[');
    for (size_t i = 0; i < c->n; i++) {
        ps_json_open(&j, '{');
        ps_json_put_str(&j, "name", c->at[i].name);
        ps_json_put_u64(&j, "hosts", c->at[i].hosts);
        ps_json_put_u64(&j, "services", c->at[i].services);
        ps_json_close(&j, '}');
    }
    ps_json_close(&j, ']');
    ps_json_close(&j, '}');
    (void)ps_json_end(&j);
}

static void print_communities(const struct communities *c, bool csv)
{
    if (csv)
        fputs("name,hosts,services\r\n", stdout);
    for (size_t i = 0; i < c->n; i++) {
        if (csv) {
            char *name = strdup(c->at[i].name);
            struct words one = {&name, 1};
            put_cell(name ? &one : NULL, false);
            free(name);
            printf("%zu,%zu\r\n", c->at[i].hosts, c->at[i].services);
        } else {
            printf("%6zu hosts %6zu services  ", c->at[i].hosts, c->at[i].services);
            ps_plain_put(stdout, c->at[i].name);
            fputs("\n", stdout);
        }
    }
}

int communities_main(int argc, char **argv)
{
    struct search s = {.prog = &communities_prog, .o = {.own = own, .ctx = &s}};
    struct gathered g = {0};
    struct communities c = {0};
    int status = verb_options_read(&s.o, &communities_prog, 0, argc, argv);
    if (status < 0)
        status = look(&s, &g);
    if (status < 0 && count_all(&g, &c) != 0)
        status = verb_fail(&communities_prog, EXIT_SYSTEM, "%s", ps_strerror(-ENOMEM));
    if (status < 0) {
        if (s.o.json)
            print_communities_json(&c, &g);
        else
            print_communities(&c, s.csv);
        status = finish(&s, &g, c.n);
    }
    free(c.at);
    search_fini(&s, &g);
    return status;
}
