// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_settings.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "http/ps_url.h"
#include "json/ps_jdoc.h"
#include "lsregister/dir_query.h"

#define WEEK (7 * 86400)

void dir_settings_init(struct dir_settings *s)
{
    *s = (struct dir_settings){
        .front = {.places.port = DIR_PORT, .unix_mode = 0660, .connections = 1024, .connections_per_net = 64},
        .lease = dir_lease_defaults,
        .records_max = 100000,
        .prune_every_s = 60,
        .probe_every_s = 300,
        .snapshot_every_s = 3600,
        .upper_every_s = 300,
        .sandbox = true,
    };
    (void)strcpy(s->data, DIR_DATA);
}

void dir_settings_fini(struct dir_settings *s)
{
    ps_netset_free(s->writers);
    s->writers = NULL;
    ps_front_conf_fini(&s->front);
}

// --- members

static void read_text(struct ps_jget *g, const char *key, char *out, size_t size)
{
    const char *text = ps_jget_str(g, key, 0, size - 1, out);

    if (text != out)
        (void)strcpy(out, text);
}

static void read_duration(struct ps_jget *g, const char *key, int64_t min_s, int64_t max_s, int64_t *out)
{
    const char *text = ps_jget_str(g, key, 1, 64, "");
    int64_t s;

    if (!*text)
        return;
    if (dir_lease_parse(text, &s) == 0 && s >= min_s && s <= max_s)
        *out = s;
    else
        ps_jget_fail(g, key, PS_ERANGE, "wants a duration of %lld s to %lld s, as in PT5M; got '%s'",
                     (long long)min_s, (long long)max_s, text);
}

static void read_listens(struct ps_jget *g, struct dir_settings *s, const char *key, bool tls)
{
    struct ps_jnode list = ps_jget_array(g, key);
    const char *text;

    // Who writes that means something by it, which may be either.
    if (!g->err && ps_jnode_there(list) && !ps_jnode_there(ps_jnode_first(list)))
        ps_jget_fail(g, key, PS_EMALFORMED, "is empty: leave it out, or name an address");
    for (struct ps_jnode n = ps_jnode_first(list); ps_jnode_there(n); n = ps_jnode_next(n))
        if (ps_jnode_str(n, 1, 255, &text, g->fault) || ps_places_add(&s->front.places, text, tls))
            ps_jget_fail(g, key, PS_ESYNTAX, "wants " PS_PLACES_FORM ", %d at most", PS_PLACES_MAX);
}

static int add_net(struct ps_netset **set, const char *text)
{
    struct ps_net net;
    int err = ps_net_parse(text, &net);

    if (!err && !*set)
        err = ps_netset_new(set);
    return err ? err : ps_netset_add(*set, &net);
}

// An empty list is a set that has nobody.
static void read_nets(struct ps_jget *g, const char *key, struct ps_netset **set)
{
    struct ps_jnode list = ps_jget_array(g, key);
    const char *text;

    if (!ps_jnode_there(list))
        return;
    if (!*set && ps_netset_new(set))
        ps_jget_fail(g, key, -ENOMEM, "is too much: out of memory");
    for (struct ps_jnode n = ps_jnode_first(list); *set && ps_jnode_there(n); n = ps_jnode_next(n))
        if (ps_jnode_str(n, 1, 64, &text, g->fault) || add_net(set, text))
            ps_jget_fail(g, key, PS_ESYNTAX, "wants addresses or networks, as in 192.0.2.0/24");
    if (*set)
        ps_netset_seal(*set);
}

static int check_locator(const char *text)
{
    static const char end[] = "/lookup/records";
    size_t scheme = strncmp(text, "http://", 7) == 0 ? 7 : strncmp(text, "https://", 8) == 0 ? 8 : 0;
    size_t len = strlen(text);

    return scheme && len >= scheme + sizeof end && strcmp(text + len - strlen(end), end) == 0 ? 0
                                                                                              : PS_ESYNTAX;
}

static int read_host(struct dir_settings *s, struct ps_jnode n, struct ps_fault *fault)
{
    struct dir_host_conf *h = &s->hosts[s->nhosts];
    struct ps_jget g;

    ps_jget_init(&g, n, fault);
    (void)strcpy(h->locator, ps_jneed_str(&g, "locator", 1, DIR_LOCATOR_MAX - 1));
    h->priority = (unsigned)ps_jget_u64(&g, "priority", 0, 100, 100);
    if (h->locator[0] && check_locator(h->locator))
        ps_jget_fail(&g, "locator", PS_ESYNTAX,
                     "wants a URL, as in http://ls.example.net:8090/lookup/records");
    s->nhosts++;
    return ps_jget_end(&g);
}

static void read_hosts(struct ps_jget *g, struct dir_settings *s)
{
    struct ps_jnode list = ps_jget_array(g, "hosts");

    for (struct ps_jnode n = ps_jnode_first(list); !g->err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        if (s->nhosts == DIR_HOSTS)
            ps_jget_fail(g, "hosts", PS_ELIMIT, "wants %d at most", DIR_HOSTS);
        else
            g->err = read_host(s, n, g->fault);
    }
}

// --- objects inside

static int read_lease(struct dir_settings *s, struct ps_jnode n, struct ps_fault *fault)
{
    static const char *const outside[] = {"clamp", "default"};
    struct ps_jget g;

    if (!ps_jnode_there(n))
        return 0;
    ps_jget_init(&g, n, fault);
    read_duration(&g, "default", 1, 366 * 86400, &s->lease.otherwise_s);
    read_duration(&g, "min", 1, 366 * 86400, &s->lease.min_s);
    read_duration(&g, "max", 1, 366 * 86400, &s->lease.max_s);
    read_duration(&g, "grace", 0, 366 * 86400, &s->lease.grace_s);
    s->lease.clamp = ps_jget_word(&g, "outside", outside, 2, s->lease.clamp ? 0 : 1) == 0;
    return ps_jget_end(&g);
}

static int read_snapshot(struct dir_settings *s, struct ps_jnode n, struct ps_fault *fault)
{
    struct ps_jget g;

    if (!ps_jnode_there(n))
        return 0;
    ps_jget_init(&g, n, fault);
    (void)ps_jneed_str(&g, "file", 1, sizeof s->snapshot - 1);
    read_text(&g, "file", s->snapshot, sizeof s->snapshot);
    read_duration(&g, "every", 1, WEEK, &s->snapshot_every_s);
    return ps_jget_end(&g);
}

static void check_query(struct ps_jget *g, const char *text)
{
    struct ps_query params = {0};
    struct dir_query q = {.n = 0};
    struct ps_fault why = {""};

    if (ps_query_parse(&params, text, strlen(text)) || dir_query_read(&q, &params, &why))
        ps_jget_fail(g, "query", PS_ESYNTAX, "wants a query, as in type=host&group-communities=ESnet%s%s",
                     why.text[0] ? ": " : "", why.text);
    dir_query_fini(&q);
    ps_query_fini(&params);
}

static int read_upper(struct dir_settings *s, struct ps_jnode n, struct ps_fault *fault)
{
    struct ps_jget g;

    if (!ps_jnode_there(n))
        return 0;
    ps_jget_init(&g, n, fault);
    (void)ps_jneed_str(&g, "url", 1, sizeof s->upper - 1);
    read_text(&g, "url", s->upper, sizeof s->upper);
    read_text(&g, "query", s->upper_query, sizeof s->upper_query);
    check_query(&g, s->upper_query);
    read_duration(&g, "every", 1, 86400, &s->upper_every_s);
    if (s->upper[0] && check_locator(s->upper))
        ps_jget_fail(&g, "url", PS_ESYNTAX, "wants a URL, as in http://ls.example.net:8090/lookup/records");
    return ps_jget_end(&g);
}

static void read_places(struct ps_jget *g, struct dir_settings *s)
{
    read_text(g, "data", s->data, sizeof s->data);
    read_listens(g, s, "listen", false);
    read_listens(g, s, "listen-tls", true);
    read_text(g, "listen-unix", s->front.unix_path, sizeof s->front.unix_path);
    read_text(g, "control", s->front.control, sizeof s->front.control);
    read_text(g, "certificate", s->front.certificate, sizeof s->front.certificate);
    read_text(g, "key", s->front.key, sizeof s->front.key);
    read_text(g, "user", s->front.user, sizeof s->front.user);
    read_text(g, "group", s->front.group, sizeof s->front.group);
    s->sandbox = ps_jget_bool(g, "sandbox", s->sandbox);
}

static void read_rules(struct ps_jget *g, struct dir_settings *s)
{
    static const char *const duplicates[] = {"adopt", "refuse"}, *const ownership[] = {"open", "strict"};

    read_nets(g, "register-from", &s->writers);
    read_nets(g, "proxies", &s->front.proxies);
    s->duplicates = (enum dir_duplicates)ps_jget_word(g, "duplicates", duplicates, 2, s->duplicates);
    s->ownership = (enum dir_ownership)ps_jget_word(g, "ownership", ownership, 2, s->ownership);
    s->records_max = ps_jget_u64(g, "records", 1, 4000000, s->records_max);
    read_duration(g, "prune-every", 1, 86400, &s->prune_every_s);
    read_hosts(g, s);
    read_duration(g, "probe-every", 1, 86400, &s->probe_every_s);
    s->front.connections = (unsigned)ps_jget_u64(g, "connections", 1, 65536, s->front.connections);
    s->front.connections_per_net =
        (unsigned)ps_jget_u64(g, "connections-per-net", 0, 65536, s->front.connections_per_net);
    s->front.rate = (unsigned)ps_jget_u64(g, "request-rate", 0, 1000000, s->front.rate);
}

static int read_all(struct dir_settings *s, struct ps_jnode root, struct ps_fault *fault)
{
    struct ps_jnode lease, snapshot, upper;
    struct ps_jget g;
    int err;

    ps_jget_init(&g, root, fault);
    read_places(&g, s);
    read_rules(&g, s);
    lease = ps_jget_object(&g, "lease");
    snapshot = ps_jget_object(&g, "snapshot");
    upper = ps_jget_object(&g, "upper");
    err = ps_jget_end(&g);
    if (!err)
        err = read_lease(s, lease, fault);
    if (!err)
        err = read_snapshot(s, snapshot, fault);
    return err ? err : read_upper(s, upper, fault);
}

int dir_settings_load(struct dir_settings *s, const char *path, struct ps_fault *fault)
{
    struct ps_jdoc *doc = NULL;
    int err = ps_jdoc_load(&doc, path, DIR_FILE_MAX, fault);

    if (!err)
        err = read_all(s, ps_jdoc_root(doc), fault);
    ps_jdoc_free(doc);
    return err;
}

int dir_settings_check(const struct dir_settings *s, struct ps_fault *fault)
{
    int err = ps_front_conf_check(&s->front, fault);

    if (err)
        return err;
    if (!s->front.places.n && !s->front.unix_path[0])
        ps_fault_set(fault, NULL, 0, "there is nothing to listen on: say listen, listen-tls or listen-unix");
    else if (!s->data[0])
        ps_fault_set(fault, NULL, 0, "data wants the name of a file, as in " DIR_DATA);
    else if (s->lease.min_s > s->lease.max_s || s->lease.otherwise_s > s->lease.max_s)
        ps_fault_set(fault, NULL, 0, "lease: min and default have to be no longer than max");
    else
        return 0;
    return PS_ESTATE;
}

// --- a reload

static const struct ps_key_span fixed[] = {
    PS_KEY_SPAN(struct dir_settings, "data", data, data),
    PS_FRONT_FIXED(struct dir_settings),
    PS_KEY_SPAN(struct dir_settings, "sandbox", sandbox, sandbox),
};

const char *dir_settings_keep_fixed(struct dir_settings *next, const struct dir_settings *now, char *out,
                                    size_t size)
{
    return ps_keys_keep(fixed, sizeof fixed / sizeof fixed[0], next, now, out, size);
}
