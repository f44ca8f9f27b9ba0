// SPDX-License-Identifier: Apache-2.0
#include "lsregister/ledger.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_rand.h"
#include "base/ps_replace.h"
#include "loop/ps_daemon.h"

#define FILE_MAX ((size_t)16 << 20)
#define MODE 0640
#define NAMES_MAX 1024 // addresses of which names are kept
#define ASKED_MAX 4096 // lines on services

// texts

static void put_entry(struct ps_json *j, const struct registrar_entry *e)
{
    char sum[20];
    snprintf(sum, sizeof sum, "%016llx", (unsigned long long)e->sum);
    ps_json_open(j, '{');
    ps_json_put_str(j, "id", e->id);
    ps_json_put_str(j, "server", e->server);
    ps_json_put_str(j, "uri", e->uri);
    ps_json_put_str(j, "sum", sum);
    ps_json_put_u64(j, "renewed", (uint64_t)(e->renewed / PS_SEC));
    ps_json_put_u64(j, "expires", (uint64_t)(e->expires / PS_SEC));
    ps_json_put_bool(j, "failed", e->failed);
    ps_json_put_str(j, "last", e->last);
    ps_json_close(j, '}');
}

static void put_doomed(struct ps_json *j, const struct registrar_doomed *d)
{
    ps_json_open(j, '{');
    ps_json_put_str(j, "server", d->server);
    ps_json_put_str(j, "uri", d->uri);
    ps_json_put_str(j, "client-uuid", d->client);
    ps_json_put_u64(j, "expires", (uint64_t)(d->expires / PS_SEC));
    ps_json_close(j, '}');
}

char *ledger_format(const struct ledger *l, const struct registrar *r, size_t *len)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    size_t n, ndoomed;
    const struct registrar_entry *entries = registrar_entries(r, &n);
    const struct registrar_doomed *doomed = registrar_doomed(r, &ndoomed);
    const char *server = registrar_server(r);
    j->pretty = true;
    ps_json_open(j, '{');
    ps_json_put_str(j, "client-uuid", registrar_uuid(r));
    ps_json_put_str(j, "server", server ? server : l->server);
    ps_json_put_open(j, "registrations", '[');
    for (size_t i = 0; i < n; i++)
        put_entry(j, &entries[i]);
    ps_json_close(j, ']');
    ps_json_put_open(j, "to-delete", '[');
    for (size_t i = 0; i < ndoomed; i++)
        put_doomed(j, &doomed[i]);
    ps_json_close(j, ']');
    ps_json_key(j, "names");
    record_write(&l->names, j);
    ps_json_put_open(j, "asked", '[');
    for (size_t i = 0; i < l->asked.n; i++)
        ps_json_str(j, l->asked.at[i]);
    ps_json_close(j, ']');
    ps_json_close(j, '}');
    (void)ps_json_end(j);
    return ps_text_close(&t, len);
}

#define SECONDS_MAX (UINT64_C(9000000000))

static int check_uri(struct ps_jget *g, const char *uri)
{
    if (!g->err && uri && !lswire_is_uri(uri))
        ps_jget_fail(g, "uri", PS_EMALFORMED, "wants lookup/TYPE/UUID; got \"%.100s\"", uri);
    return g->err;
}

static int take_entry(struct registrar *r, struct ps_jnode n, struct ps_fault *fault)
{
    struct registrar_entry e = {0};
    struct ps_jget g;
    uint64_t sum = 0;
    ps_jget_init(&g, n, fault);
    const char *id = ps_jneed_str(&g, "id", 1, 256), *server = ps_jneed_str(&g, "server", 0, 2000);
    struct ps_jnode uri = ps_jget_node(&g, "uri");
    const char *text = NULL, *hex = ps_jneed_str(&g, "sum", 16, 16), *last;
    if (!g.err && ps_jnode_type(uri) != PS_JTYPE_NULL)
        g.err = ps_jnode_str(uri, 1, 300, &text, fault);
    if (!g.err && ps_num_u64(hex, 16, 0, UINT64_MAX, &sum) != 0)
        ps_jget_fail(&g, "sum", PS_EMALFORMED, "wants 16 hexadecimal digits");
    e.sum = sum;
    e.renewed = (ps_ns)ps_jget_u64(&g, "renewed", 0, SECONDS_MAX, 0) * PS_SEC;
    e.expires = (ps_ns)ps_jget_u64(&g, "expires", 0, SECONDS_MAX, 0) * PS_SEC;
    e.failed = ps_jget_bool(&g, "failed", false);
    last = ps_jget_str(&g, "last", 0, 4096, "");
    snprintf(e.last, sizeof e.last, "%s", last);
    if (check_uri(&g, text) != 0 || ps_jget_end(&g) != 0)
        return g.err;
    e.id = strdup(id);
    e.server = strdup(server);
    e.uri = text ? strdup(text) : NULL;
    int err = e.id && e.server && (e.uri || !text) ? registrar_put_entry(r, &e) : -ENOMEM;
    free(e.id);
    free(e.server);
    free(e.uri);
    return err;
}

static int take_doomed(struct registrar *r, struct ps_jnode n, struct ps_fault *fault)
{
    struct ps_jget g;
    ps_jget_init(&g, n, fault);
    const char *server = ps_jneed_str(&g, "server", 1, 2000), *uri = ps_jneed_str(&g, "uri", 1, 300);
    const char *client = ps_jget_str(&g, "client-uuid", 0, REGISTRAR_UUID - 1, NULL);
    ps_ns expires = (ps_ns)ps_jget_u64(&g, "expires", 0, SECONDS_MAX, 0) * PS_SEC;
    if (check_uri(&g, uri) != 0 || ps_jget_end(&g) != 0)
        return g.err;
    return registrar_put_doomed(r, server, uri, client, expires);
}

// More than a host has are left out: they are asked for again.
static int take_names(struct record *out, struct ps_jnode names)
{
    int err = 0;
    for (struct ps_jnode m = ps_jnode_first(names); ps_jnode_there(m) && out->n < NAMES_MAX;
         m = ps_jnode_next(m))
        for (struct ps_jnode v = ps_jnode_first(m); ps_jnode_there(v) && !err; v = ps_jnode_next(v)) {
            const char *name;
            if (ps_jnode_str(v, 1, 255, &name, NULL) == 0)
                err = record_add(out, ps_jnode_key(m), name);
        }
    return err;
}

static int take_asked(struct words *out, struct ps_jnode list)
{
    const char *line;
    int err = 0;
    for (struct ps_jnode n = ps_jnode_first(list); ps_jnode_there(n) && out->n < ASKED_MAX && !err;
         n = ps_jnode_next(n))
        if (ps_jnode_str(n, 1, 1000, &line, NULL) == 0)
            err = words_add_new(out, line);
    return err;
}

int ledger_parse(struct ledger *l, struct registrar *r, const char *text, size_t len, struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    struct ps_jget g;
    int err = ps_jdoc_parse(&doc, "registrations.json", text, len, fault);
    if (err)
        return err;
    ps_jget_init(&g, ps_jdoc_root(doc), fault);
    const char *uuid = ps_jneed_str(&g, "client-uuid", 0, 100), *server = NULL;
    struct ps_jnode node = ps_jget_node(&g, "server");
    struct ps_jnode entries = ps_jget_array(&g, "registrations"), doomed = ps_jget_array(&g, "to-delete");
    struct ps_jnode names = ps_jget_object(&g, "names"), lines = ps_jget_array(&g, "asked");
    if (!g.err && ps_jnode_str(node, 1, 2000, &server, NULL) == 0) {
        free(l->server);
        l->server = strdup(server);
    }
    // Those of another client-uuid are not ours any more, and expire.
    bool ours = uuid && strcmp(uuid, registrar_uuid(r)) == 0;
    for (struct ps_jnode n = ps_jnode_first(entries); ps_jnode_there(n) && !g.err && ours;
         n = ps_jnode_next(n))
        g.err = take_entry(r, n, fault);
    for (struct ps_jnode n = ps_jnode_first(doomed); ps_jnode_there(n) && !g.err && ours;
         n = ps_jnode_next(n))
        g.err = take_doomed(r, n, fault);
    if (!g.err)
        g.err = take_names(&l->names, names);
    if (!g.err)
        g.err = take_asked(&l->asked, lines);
    err = ps_jget_end(&g);
    ps_jdoc_free(doc);
    (void)registrar_take_changed(r);
    return err;
}

// files

static char *path_in(const struct ledger *l, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", l->dir, name) < 0 ? NULL : path;
}

static int wrong(struct ps_fault *fault, const char *path, int err)
{
    ps_fault_set(fault, path, 0, "%s", ps_strerror(err));
    return err;
}

static int write_file(const struct ledger *l, const char *name, const char *text, size_t len,
                      struct ps_fault *fault)
{
    char *path = path_in(l, name);
    int err = path ? ps_replace_file(path, text, len, MODE) : -ENOMEM;
    if (err)
        (void)wrong(fault, path ? path : l->dir, err);
    free(path);
    return err;
}

int ledger_save(struct ledger *l, const struct registrar *r, struct ps_fault *fault)
{
    size_t len;
    char *text = ledger_format(l, r, &len);
    if (!text)
        return wrong(fault, l->dir, -ENOMEM);
    int err = write_file(l, "registrations.json", text, len, fault);
    free(text);
    return err;
}

static void put_aside(const char *path)
{
    char *bad;
    if (asprintf(&bad, "%s.bad", path) < 0)
        return;
    (void)rename(path, bad);
    free(bad);
}

int ledger_load(struct ledger *l, struct registrar *r, struct ps_fault *fault)
{
    char *path = path_in(l, "registrations.json"), *text;
    size_t len;
    int err = path ? ps_conf_load(path, FILE_MAX, &text, &len) : -ENOMEM;
    if (!err) {
        err = ledger_parse(l, r, text, len, fault);
        free(text);
        if (err && err != -ENOMEM && l->lock >= 0)
            put_aside(path);
    } else if (err != -ENOENT) {
        (void)wrong(fault, path ? path : l->dir, err);
    }
    free(path);
    return err == -ENOENT ? 0 : err;
}

bool ledger_is_off(const struct ledger *l)
{
    char *path = path_in(l, "off");
    bool off = path && access(path, F_OK) == 0;
    free(path);
    return off;
}

int ledger_set_off(const struct ledger *l, bool off, struct ps_fault *fault)
{
    static const char text[] = "lsregister off: nothing is registered until lsregister on\n";
    if (off)
        return write_file(l, "off", text, sizeof text - 1, fault);
    char *path = path_in(l, "off");
    int err = path ? 0 : -ENOMEM;
    if (!err && unlink(path) != 0 && errno != ENOENT)
        err = wrong(fault, path, -errno);
    free(path);
    return err;
}

// identity

static bool is_uuid(const char *s)
{
    if (strlen(s) != 36)
        return false;
    for (int i = 0; i < 36; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-' : !strchr("0123456789abcdefABCDEF", s[i]))
            return false;
    return true;
}

// A random one, of version 4.
static int make_uuid(char out[REGISTRAR_UUID])
{
    uint8_t b[16];
    char hex[33];
    int err = ps_rand_bytes(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    ps_num_to_hex(b, sizeof b, hex);
    snprintf(out, REGISTRAR_UUID, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    return err;
}

static int save_identity(const struct ledger *l, const char *machine, struct ps_fault *fault)
{
    char *text;
    int n =
        asprintf(&text, "{\"client-uuid\": \"%s\", \"machine\": \"%s\"}\n", l->uuid, machine ? machine : "");
    if (n < 0)
        return -ENOMEM;
    int err = write_file(l, "identity.json", text, (size_t)n, fault);
    free(text);
    return err;
}

static void advise(struct ps_fault *fault)
{
    char text[sizeof fault->text];
    snprintf(text, sizeof text, "%s", fault->text);
    snprintf(
        fault->text, sizeof fault->text,
        "%.300s; without this file a new client-uuid is taken, and what is registered under the one before "
        "(it stands in registrations.json, too) expires",
        text);
}

// *found: it names a uuid, and no other machine.
static int read_identity(struct ledger *l, const char *machine, bool *found, struct ps_fault *fault)
{
    struct ps_jdoc *doc = NULL;
    struct ps_jget g;
    char *path = path_in(l, "identity.json");
    int err = path ? ps_jdoc_load(&doc, path, 4096, fault) : -ENOMEM;
    *found = false;
    if (!err) {
        ps_jget_init(&g, ps_jdoc_root(doc), fault);
        const char *uuid = ps_jneed_str(&g, "client-uuid", 36, 36),
                   *of = ps_jget_str(&g, "machine", 0, 200, "");
        err = ps_jget_end(&g);
        if (!err && !is_uuid(uuid)) {
            ps_fault_set(fault, path, 0, "client-uuid is no uuid");
            err = PS_EMALFORMED;
        }
        if (!err && (!machine || !*of || strcmp(of, machine) == 0)) {
            snprintf(l->uuid, sizeof l->uuid, "%s", uuid);
            *found = true;
        }
    }
    if (err <= PS_ESHORT) // a fault of what stands there
        advise(fault);
    ps_jdoc_free(doc);
    free(path);
    return err == -ENOENT ? 0 : err;
}

static bool read_uuid_file(const char *path, char out[REGISTRAR_UUID])
{
    char *text;
    size_t len;
    if (!path || ps_conf_load(path, 4096, &text, &len) != 0)
        return false;
    text[strcspn(text, " \t\r\n")] = '\0';
    bool good = is_uuid(text);
    if (good)
        snprintf(out, REGISTRAR_UUID, "%.36s", text);
    free(text);
    return good;
}

static int take_lock(struct ledger *l, struct ps_fault *fault)
{
    char *path = path_in(l, "lock");
    int err = path ? ps_daemon_hold(path, l->dir, "lsregister", "wait for it", &l->lock, fault) : -ENOMEM;
    free(path);
    return err;
}

static int start(struct ledger *l, const char *dir)
{
    *l = (struct ledger){.dir = strdup(dir), .lock = -1};
    return l->dir ? 0 : -ENOMEM;
}

int ledger_open(struct ledger *l, const char *dir, const char *uuid_file, const char *machine,
                struct ps_fault *fault)
{
    bool found = false;
    int err = start(l, dir);
    if (!err && mkdir(dir, 0750) != 0 && errno != EEXIST)
        err = wrong(fault, dir, -errno);
    if (!err)
        err = take_lock(l, fault);
    if (!err)
        err = read_identity(l, machine, &found, fault);
    if (err || found)
        return err;
    if (!read_uuid_file(uuid_file, l->uuid))
        err = make_uuid(l->uuid);
    return err ? err : save_identity(l, machine, fault);
}

int ledger_look(struct ledger *l, const char *dir, struct ps_fault *fault)
{
    bool found;
    int err = start(l, dir);
    return err ? err : read_identity(l, NULL, &found, fault);
}

int ledger_rename(struct ledger *l, const char *machine, struct ps_fault *fault)
{
    int err = make_uuid(l->uuid);
    return err ? err : save_identity(l, machine, fault);
}

void ledger_close(struct ledger *l)
{
    if (l->dir && l->lock >= 0)
        close(l->lock);
    free(l->dir);
    free(l->server);
    record_fini(&l->names);
    words_fini(&l->asked);
    *l = (struct ledger){.lock = -1};
}
