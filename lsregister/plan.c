// SPDX-License-Identifier: Apache-2.0
#include "lsregister/plan.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_addr.h"
#include "base/ps_err.h"
#include "base/ps_keys.h"
#include "base/ps_netset.h"
#include "base/ps_num.h"

const char *const plan_kind_names[PLAN_KINDS] = {
    [PLAN_OWAMP] = "owamp", [PLAN_TWAMP] = "twamp",     [PLAN_PSCHEDULER] = "pscheduler",
    [PLAN_MA] = "ma",       [PLAN_GRIDFTP] = "gridftp", [PLAN_DASHBOARD] = "dashboard",
};

const char *plan_kind_name(enum plan_kind kind)
{
    return kind == PLAN_GRIDFTP ? "GridFTP" : plan_kind_names[kind];
}

int plan_kind_read(const char *text, enum plan_kind *out)
{
    for (int k = 0; k < PLAN_KINDS; k++)
        if (strcasecmp(text, plan_kind_names[k]) == 0) {
            *out = (enum plan_kind)k;
            return 0;
        }
    return PS_EUNKNOWN;
}

int plan_init(struct plan *p)
{
    *p = (struct plan){
        .bootstrap = strdup(PLAN_BOOTSTRAP),
        .state_dir = PLAN_STATE_DIR,
        .socket = PLAN_SOCKET,
        .interval = 3600 * PS_SEC,
        .look = 300 * PS_SEC,
        .better = 0.1,
        .better_times = 3,
        .sandbox = true,
    };
    return p->bootstrap ? 0 : -ENOMEM;
}

static void fini_service(struct plan_service *s)
{
    record_fini(&s->attrs);
    words_fini(&s->addresses);
    free(s->path);
    free(s->socket);
}

static void fini_host(struct plan_host *h)
{
    record_fini(&h->attrs);
    for (size_t i = 0; i < h->npersons; i++)
        record_fini(&h->persons[i]);
    for (size_t i = 0; i < h->ninterfaces; i++)
        record_fini(&h->interfaces[i].attrs);
    for (size_t i = 0; i < h->nservices; i++)
        fini_service(&h->services[i]);
    free(h->persons);
    free(h->interfaces);
    free(h->services);
    free(h->site_name);
    free(h->primary);
}

void plan_fini(struct plan *p)
{
    for (size_t i = 0; i < p->nhosts; i++)
        fini_host(&p->hosts[i]);
    free(p->hosts);
    words_fini(&p->servers);
    words_fini(&p->warnings);
    free(p->bootstrap);
    free(p->ca_file);
    free(p->token);
    free(p->uuid_file);
    *p = (struct plan){0};
}

const char *plan_keep_fixed(struct plan *next, const struct plan *now, char *out, size_t size)
{
    static const struct ps_key_span fixed[] = {
        PS_KEY_SPAN(struct plan, "state", state_dir, state_dir),
        PS_KEY_SPAN(struct plan, "socket", socket, socket),
        PS_KEY_SPAN(struct plan, "sandbox", sandbox, sandbox),
    };
    return ps_keys_keep(fixed, sizeof fixed / sizeof *fixed, next, now, out, size);
}

// Room for one more, all zeros. Few enough for a realloc each.
static void *grow(void *at, size_t *n, size_t size, size_t max, int *err)
{
    *err = *n < max ? 0 : PS_ELIMIT;
    void *grown = *err ? NULL : realloc(at, (*n + 1) * size);
    if (!*err && !grown)
        *err = -ENOMEM;
    if (*err)
        return at;
    memset((char *)grown + *n * size, 0, size);
    ++*n;
    return grown;
}

int plan_add_host(struct plan *p, struct plan_host **out)
{
    int err;
    p->hosts = grow(p->hosts, &p->nhosts, sizeof *p->hosts, PLAN_HOSTS, &err);
    if (err)
        return err;
    *out = &p->hosts[p->nhosts - 1];
    (*out)->names4 = (*out)->names6 = true;
    return 0;
}

int plan_add_service(struct plan_host *h, enum plan_kind kind, struct plan_service **out)
{
    int err;
    h->services = grow(h->services, &h->nservices, sizeof *h->services, PLAN_SERVICES, &err);
    if (err)
        return err;
    *out = &h->services[h->nservices - 1];
    (*out)->kind = kind;
    return 0;
}

int plan_add_interface(struct plan_host *h, struct plan_interface **out)
{
    int err;
    h->interfaces = grow(h->interfaces, &h->ninterfaces, sizeof *h->interfaces, PLAN_INTERFACES, &err);
    if (!err)
        *out = &h->interfaces[h->ninterfaces - 1];
    return err;
}

int plan_add_person(struct plan_host *h, struct record **out)
{
    int err;
    h->persons = grow(h->persons, &h->npersons, sizeof *h->persons, PLAN_PERSONS, &err);
    if (!err)
        *out = &h->persons[h->npersons - 1];
    return err;
}

const char *plan_usual_socket(enum plan_kind kind)
{
    static const char *const sockets[PLAN_KINDS] = {
        [PLAN_OWAMP] = "/run/owampd/owampd.sock",
        [PLAN_PSCHEDULER] = "/run/psched/psched.sock",
        [PLAN_MA] = "/run/psarchive/psarchive.sock",
    };
    return sockets[kind];
}

int plan_add_usual_services(struct plan_host *h)
{
    int err = 0;
    for (enum plan_kind kind = 0; kind < PLAN_KINDS && !err; kind++) {
        struct plan_service *s = NULL;
        if (!plan_usual_socket(kind))
            continue;
        err = plan_add_service(h, kind, &s);
        if (err)
            break;
        s->optional = true;
        s->socket = strdup(plan_usual_socket(kind));
        err = s->socket ? 0 : -ENOMEM;
    }
    return err;
}

int plan_warn(struct plan *p, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return words_add_new(&p->warnings, text);
}

bool plan_is_complete(const struct plan *p, char *why, size_t size)
{
    snprintf(why, size, "no host is to be registered");
    for (size_t i = 0; i < p->nhosts; i++) {
        const struct plan_host *h = &p->hosts[i];
        bool person = false;
        for (size_t k = 0; k < h->npersons; k++)
            person |=
                record_get(&h->persons[k], "person-name") && record_get(&h->persons[k], "person-emails");
        if (!person)
            snprintf(why, size, "there is no administrator with a name and an e-mail address");
        else if (!h->site_name)
            snprintf(why, size, "there is no name of a site");
        if (!person || !h->site_name)
            return false;
    }
    return p->nhosts > 0;
}

// values

static bool is_word(const char *const *words, const char *value)
{
    while (*words && strcmp(*words, value) != 0)
        words++;
    return *words != NULL;
}

static bool is_number(const char *value, double bound)
{
    double d;
    return ps_num_double(value, -bound, bound, &d) == 0;
}

static bool is_country(const char *v)
{
    return strlen(v) == 2 && v[0] >= 'A' && v[0] <= 'Z' && v[1] >= 'A' && v[1] <= 'Z';
}

static bool is_email(const char *v)
{
    const char *at = strchr(v, '@');
    return at && at > v && at[1] && !strpbrk(v, " \t,;<>") && !strchr(at + 1, '@');
}

static bool is_address(const char *v)
{
    struct ps_addr a;
    return ps_addr_parse(v, 0, &a) == 0;
}

// A name of the DNS (RFC 1123, 2.1; underscores are met), or an address. What has no letter and no address's form is
// a mistyped address.
static bool is_host(const char *v)
{
    size_t label = 0;
    bool letter = false;
    if (is_address(v))
        return true;
    for (const char *p = v; *p; p++) {
        label = *p == '.' ? 0 : label + 1;
        letter |= isalpha((unsigned char)*p) != 0;
        if ((!isalnum((unsigned char)*p) && !strchr("-_.", *p)) || label > 63 || (*p == '.' && p[1] == '.'))
            return false;
    }
    return letter && strlen(v) < 254 && *v != '.' && *v != '-';
}

static bool is_mac(const char *v)
{
    size_t pairs = 0;
    for (; isxdigit((unsigned char)v[0]) && isxdigit((unsigned char)v[1]); v += v[2] ? 3 : 2) {
        pairs++;
        if (!v[2])
            return pairs == 6 || pairs == 8 || pairs == 20; // of Ethernet, EUI-64, InfiniBand
        if (v[2] != ':' && v[2] != '-')
            return false;
    }
    return false;
}

static bool is_subnet(const char *v)
{
    struct ps_net net;
    return ps_net_parse(v, &net) == 0;
}

static bool is_mtu(const char *v)
{
    uint64_t n;
    return ps_num_u64(v, 10, 68, INT32_MAX, &n) == 0;
}

// With or without a unit behind it.
static bool is_amount(const char *v)
{
    return isdigit((unsigned char)v[0]) != 0;
}

// Something that shows, on one line.
static bool is_title(const char *v)
{
    bool shows = false;
    for (; *v; v++) {
        if ((unsigned char)*v < 32 || *v == 127)
            return false;
        shows |= *v != ' ';
    }
    return shows;
}

// What is wrong with what is told of hosts and interfaces, or NULL.
static const char *thing_fault(const char *key, const char *value)
{
    static const struct {
        const char *key;
        bool (*good)(const char *value);
        const char *fault;
    } checks[] = {
        {"location-sitename", is_title, "wants a name on one line"},
        {"person-name", is_title, "wants a name on one line"},
        {"host-name", is_host, "wants the name of a host, or an address"},
        {"interface-addresses", is_host, "wants an address, or the name of a host"},
        {"interface-mtu", is_mtu, "wants a number of octets, 68 or more"},
        {"interface-mac", is_mac, "wants an address as in 00:53:00:12:34:56"},
        {"interface-subnet", is_subnet, "wants a network, as in 198.51.100.0/24"},
        {"host-hardware-memory", is_amount, "wants an amount, as in \"15902 MB\""},
        {"host-hardware-processorspeed", is_amount, "wants an amount, as in \"2400 MHz\""},
        {"host-hardware-processorcount", is_amount, "wants a number"},
        {"host-hardware-processorcore", is_amount, "wants a number"},
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (strcmp(checks[i].key, key) == 0 && !checks[i].good(value))
            return checks[i].fault;
    return NULL;
}

const char *plan_value_fault(const char *key, const char *value)
{
    static const char *const roles[] = {"nren",           "regional",  "site-border",  "site-internal",
                                        "science-dmz",    "test-host", "default-path", "backup-path",
                                        "exchange-point", NULL};
    static const char *const policies[] = {"public", "private", "research-education", "limited", NULL};
    if (strcmp(key, "location-country") == 0 && !is_country(value))
        return "wants the two capital letters of a country (ISO 3166), as in CH";
    if (strcmp(key, "location-latitude") == 0 && !is_number(value, 90))
        return "wants degrees from -90 to 90";
    if (strcmp(key, "location-longitude") == 0 && !is_number(value, 180))
        return "wants degrees from -180 to 180";
    if (strcmp(key, "pshost-role") == 0 && !is_word(roles, value))
        return "wants nren, regional, site-border, site-internal, science-dmz, exchange-point, test-host, "
               "default-path or backup-path";
    if (strcmp(key, "pshost-access-policy") == 0 && !is_word(policies, value))
        return "wants public, private, research-education or limited";
    if (strcmp(key, "person-emails") == 0 && !is_email(value))
        return "wants an e-mail address";
    return thing_fault(key, value);
}

int plan_read_any(struct plan *p, const char *name, const char *text, size_t len, struct ps_fault *fault)
{
    static const char mark[] = "\xef\xbb\xbf"; // of the byte order, as some editors leave it
    size_t at = 0;
    if (len >= 3 && memcmp(text, mark, 3) == 0) {
        text += 3;
        len -= 3;
    }
    while (at < len && strchr(" \t\r\n", text[at]))
        at++;
    // Half of a writing in place, or a disk that was full: nobody says by it that all is to be deleted.
    if (at == len) {
        ps_fault_set(fault, name, 0, "is empty");
        return PS_EMALFORMED;
    }
    if (text[at] == '{')
        return plan_read(p, name, text, len, fault);
    return plan_read_upstream(p, name, text, len, fault);
}
