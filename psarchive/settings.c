// SPDX-License-Identifier: Apache-2.0
#include "psarchive/settings.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

void settings_init(struct settings *s)
{
    memset(s, 0, sizeof *s);
    memcpy(s->data, SETTINGS_DATA, sizeof SETTINGS_DATA);
    s->unix_mode = 0660;
    s->documents = true;
    s->floor = UINT64_C(200) * 1000 * 1000;
    s->connections = 1024;
    s->connections_per_net = 64;
    s->body = UINT64_C(8) << 20;
    s->bodies = UINT64_C(32) << 20;
}

void settings_fini(struct settings *s)
{
    nets_fini(&s->writers);
    nets_fini(&s->readers);
    nets_fini(&s->proxies);
}

int settings_listen(struct settings *s, const char *text, bool tls)
{
    struct settings_listen *l = &s->listens[s->nlistens];
    struct ps_hostport hp;

    if (s->nlistens == SETTINGS_LISTENS)
        return PS_ELIMIT;
    if (ps_hostport_parse(text, SETTINGS_PORT, true, &hp) ||
        ps_addr_parse(hp.host[0] ? hp.host : "::", hp.port, &l->addr))
        return PS_ESYNTAX;
    l->tls = tls;
    s->nlistens++;
    return 0;
}

// --- lines

// What a line can be about, and how its value is read.
enum form { PATH, NAME, COUNT, SIZE, YES, NETS, LISTEN, LISTEN_TLS, LISTEN_UNIX, SPOOL };

struct key {
    const char *name;
    enum form form;
    size_t at; // in struct settings
    uint64_t min, max;
};

#define AT(member) offsetof(struct settings, member)

static const struct key keys[] = {
    {"data", PATH, AT(data), 0, 0},
    {"listen", LISTEN, 0, 0, 0},
    {"listen-tls", LISTEN_TLS, 0, 0, 0},
    {"listen-unix", LISTEN_UNIX, 0, 0, 0},
    {"certificate", PATH, AT(certificate), 0, 0},
    {"key", PATH, AT(key), 0, 0},
    {"control", PATH, AT(control), 0, 0},
    {"spool", SPOOL, 0, 0, 0},
    {"write-from", NETS, AT(writers), 0, 0},
    {"read-from", NETS, AT(readers), 0, 0},
    {"restrict-reading", YES, AT(restricted), 0, 0},
    {"proxy", NETS, AT(proxies), 0, 0},
    {"proxy-unix", YES, AT(proxy_unix), 0, 0},
    {"retention", PATH, AT(retention), 0, 0},
    {"documents", YES, AT(documents), 0, 0},
    {"free-floor", SIZE, AT(floor), 0, UINT64_MAX / 4},
    {"user", NAME, AT(user), 0, 0},
    {"group", NAME, AT(group), 0, 0},
    {"connections", COUNT, AT(connections), 1, 65536},
    {"connections-per-net", COUNT, AT(connections_per_net), 0, 65536},
    {"request-rate", COUNT, AT(rate), 0, 1000000},
    {"request-body", SIZE, AT(body), 1024, 1 << 30},
    {"request-bodies", SIZE, AT(bodies), 1024, UINT64_C(1) << 40},
};

struct line {
    struct settings *s;
    const struct key *key;
    const char *file;
    int number;
    const char *value; // never empty
    char *rest;        // behind the first word
    struct ps_fault *fault;
};

static int wants(const struct line *l, int err, const char *what)
{
    ps_fault_set(l->fault, l->file, l->number, "%s wants %s; got '%.100s'", l->key->name, what, l->value);
    return err;
}

static void *place(const struct line *l)
{
    return (char *)l->s + l->key->at;
}

static int read_path(const struct line *l, char *out)
{
    size_t len = strlen(l->value);

    if (len >= PATH_MAX)
        return wants(l, PS_ELIMIT, "a shorter path");
    memcpy(out, l->value, len + 1);
    return 0;
}

static int read_name(const struct line *l)
{
    size_t len = strlen(l->value);

    if (len >= SETTINGS_NAME)
        return wants(l, PS_ELIMIT, "a name");
    memcpy(place(l), l->value, len + 1);
    return 0;
}

static int read_count(const struct line *l)
{
    uint64_t n;

    if (ps_num_u64(l->value, 10, l->key->min, l->key->max, &n))
        return wants(l, PS_ERANGE, l->key->min ? "a whole number, 1 or more" : "a whole number");
    *(unsigned *)place(l) = (unsigned)n;
    return 0;
}

static int read_size(const struct line *l)
{
    uint64_t n;

    if (ps_num_scaled(l->value, l->key->max, &n) || n < l->key->min)
        return wants(l, PS_ERANGE, "a number of octets, as in 500k, 8m or 2g");
    *(uint64_t *)place(l) = n;
    return 0;
}

static int read_yes(const struct line *l)
{
    bool yes = strcmp(l->value, "yes") == 0;

    if (!yes && strcmp(l->value, "no") != 0)
        return wants(l, PS_ESYNTAX, "yes or no");
    *(bool *)place(l) = yes;
    return 0;
}

static int read_nets(struct line *l)
{
    int err = 0;

    for (; !err && l->value; l->value = ps_conf_word(&l->rest)) {
        err = nets_add(place(l), l->value);
        if (err)
            return err == -ENOMEM ? err
                                  : wants(l, err, "addresses or networks, as in 192.0.2.0/24 2001:db8::/32");
    }
    return 0;
}

static int read_listen(const struct line *l, bool tls)
{
    int err = settings_listen(l->s, l->value, tls);

    if (err == PS_ELIMIT)
        return wants(l, err, "fewer lines: 32 at most");
    return err ? wants(l, err, "ADDRESS, ADDRESS:PORT, [V6]:PORT or :PORT") : 0;
}

static int read_unix(struct line *l)
{
    uint64_t mode;
    int err = read_path(l, l->s->unix_path);

    l->value = ps_conf_word(&l->rest);
    if (err || !l->value)
        return err;
    if (ps_num_u64(l->value, 8, 0, 0777, &mode))
        return wants(l, PS_ESYNTAX, "a path and perhaps an octal mode, as in 0660");
    l->s->unix_mode = (unsigned)mode;
    return 0;
}

static int read_spool(const struct line *l)
{
    int err;

    if (l->s->nspools == SETTINGS_SPOOLS)
        return wants(l, PS_ELIMIT, "fewer lines: 16 at most");
    err = read_path(l, l->s->spools[l->s->nspools]);
    if (!err)
        l->s->nspools++;
    return err;
}

static int read_value(struct line *l)
{
    switch (l->key->form) {
    case PATH:
        return read_path(l, place(l));
    case NAME:
        return read_name(l);
    case COUNT:
        return read_count(l);
    case SIZE:
        return read_size(l);
    case YES:
        return read_yes(l);
    case NETS:
        return read_nets(l);
    case LISTEN:
        return read_listen(l, false);
    case LISTEN_TLS:
        return read_listen(l, true);
    case LISTEN_UNIX:
        return read_unix(l);
    case SPOOL:
        return read_spool(l);
    }
    return PS_EUNKNOWN;
}

static int read_line(struct line *l, char *text)
{
    const char *name = ps_conf_word(&text);
    int err;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i].name, name) == 0)
            l->key = &keys[i];
    if (!l->key) {
        ps_fault_set(l->fault, l->file, l->number, "'%.100s' is not known here", name);
        return PS_EUNKNOWN;
    }
    l->rest = text;
    l->value = ps_conf_word(&l->rest);
    if (!l->value) {
        l->value = "";
        return wants(l, PS_ESYNTAX, "a value");
    }
    err = read_value(l);
    if (err || l->key->form == NETS)
        return err;
    l->value = ps_conf_word(&l->rest);
    return l->value ? wants(l, PS_ESYNTAX, "nothing more") : 0;
}

int settings_parse(struct settings *s, const char *file, const char *text, size_t len, struct ps_fault *fault)
{
    struct ps_conf c;
    int err;

    ps_conf_init(&c, file, text, len);
    while ((err = ps_conf_next(&c, fault)) == 1) {
        struct line l = {.s = s, .file = file, .number = c.line, .fault = fault};
        err = read_line(&l, c.buf);
        if (err)
            break;
    }
    ps_conf_fini(&c);
    return err;
}

int settings_check(const struct settings *s, struct ps_fault *fault)
{
    bool tls = false;

    for (size_t i = 0; i < s->nlistens; i++)
        tls |= s->listens[i].tls;
    if (tls && (!s->certificate[0] || !s->key[0]))
        ps_fault_set(fault, NULL, 0, "listen-tls needs a certificate and a key");
    else if (!s->nlistens && !s->unix_path[0] && !s->nspools)
        ps_fault_set(fault, NULL, 0,
                     "there is nothing to listen on: say listen, listen-tls, listen-unix or spool");
    else if (s->body > s->bodies)
        ps_fault_set(fault, NULL, 0, "request-body is larger than request-bodies");
    else
        return 0;
    return PS_ESTATE;
}
