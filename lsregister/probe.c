// SPDX-License-Identifier: Apache-2.0
#include "lsregister/probe.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "loop/ps_ctl.h"
#include "loop/ps_stream.h"
#include "http/ps_httpc.h"
#include "lsregister/records.h"

#define GREETING 16 // octets of a server's greeting up to its modes (RFC 4656, 3.1)

struct probe {
    struct ps_loop *loop;
    probe_cb cb; // NULL: nobody asks any more
    void *ctx;
    bool busy;   // a worker or a look-up has it
    bool greets; // its server speaks first
    uint16_t port;
    struct words addresses;
    size_t at; // the address that is tried
    char *socket;
    struct ps_fault shut; // why it could not be asked there; "": it could
    struct record said;
    struct words listen, named; // where it says that it does; what the configuration says of that
    uint16_t listens;           // the port of the first
    struct ps_fault fault;
    int err;
    struct ps_connecting *connecting;
    struct ps_stream *stream;
    struct ps_timer *timer;
    uint8_t greeting[GREETING];
    size_t got;
    // a guess
    enum plan_kind kind;
    bool tls, optional;
    char *path; // NULL: it is none
    struct words where;
    struct ps_httpc *http;
};

static void destroy(struct probe *p)
{
    ps_connect_cancel(p->connecting);
    ps_stream_close(p->stream, 0);
    ps_timer_free(p->timer);
    words_fini(&p->addresses);
    words_fini(&p->listen);
    words_fini(&p->named);
    record_fini(&p->said);
    words_fini(&p->where);
    ps_httpc_free(p->http);
    free(p->path);
    free(p->socket);
    free(p);
}

#define HOW (sizeof((struct ps_fault *)0)->text + 200)

static const char *way(const struct probe *p)
{
    return p->path ? "HTTP" : "TCP";
}

static const char *say_how(const struct probe *p, char out[HOW])
{
    if (p->shut.text[0])
        snprintf(out, HOW, "asked by %s, as %s", way(p), p->shut.text);
    else if (p->socket)
        snprintf(out, HOW, "asked at %s", p->socket);
    else
        snprintf(out, HOW, "asked by %s", way(p));
    return out;
}

static void answer(struct probe *p, bool up, const char *why)
{
    char how[HOW], both[HOW + sizeof p->fault.text];
    if (p->shut.text[0] && !up)
        snprintf(both, sizeof both, "%s; by %s: %s", p->shut.text, way(p), why);
    else
        snprintf(both, sizeof both, "%s", why);
    struct probe_answer a = {.up = up,
                             .why = both,
                             .version = record_get(&p->said, "service-version"),
                             .said = &p->said,
                             .where = &p->where,
                             .port = p->listens,
                             .at_socket = p->socket && !p->shut.text[0],
                             .how = say_how(p, how)};
    if (p->cb)
        p->cb(p->ctx, &a);
    destroy(p);
}

// a daemon of this suite

static int read_texts(struct ps_jnode list, struct words *out)
{
    const char *word;
    int err = 0;
    for (struct ps_jnode n = ps_jnode_first(list); ps_jnode_there(n) && !err; n = ps_jnode_next(n))
        if (ps_jnode_str(n, 1, 100, &word, NULL) == 0)
            err = words_add_new(out, word);
    return err;
}

static int read_well(struct ps_jnode root, struct ps_fault *fault)
{
    const char *word;
    bool ok = false;
    if (ps_jnode_bool(ps_jnode_member(root, "ok"), &ok, NULL) != 0) {
        ps_fault_set(fault, NULL, 0, "its answer has no \"ok\": is it a daemon of this suite?");
        return PS_EMALFORMED;
    }
    if (ok)
        return 0;
    if (ps_jnode_str(ps_jnode_member(root, "error"), 1, 300, &word, NULL) != 0)
        word = "no reason given";
    ps_fault_set(fault, NULL, 0, "it says that it is not well: %s", word);
    return PS_ESTATE;
}

// Who answers may be another daemon, as when the configuration names its socket.
static int read_program(enum plan_kind kind, struct ps_jnode root, struct ps_fault *fault)
{
    static const char *const programs[PLAN_KINDS] = {
        [PLAN_OWAMP] = "owampd", [PLAN_PSCHEDULER] = "psched", [PLAN_MA] = "psarchive"};
    const char *word;
    if (!programs[kind] || ps_jnode_str(ps_jnode_member(root, "program"), 1, 100, &word, NULL) != 0 ||
        strcmp(word, programs[kind]) == 0)
        return 0;
    ps_fault_set(fault, NULL, 0, "it is %s who answers there, not %s", word, programs[kind]);
    return PS_ESTATE;
}

int probe_read_status(enum plan_kind kind, const char *text, size_t len, struct record *said,
                      struct words *listen, struct ps_fault *fault)
{
    static const struct {
        const char *member, *key;
    } lists[] = {{"tests", "pscheduler-tests"}, {"tools", "pscheduler-tools"}};
    struct ps_jdoc *doc;
    const char *word;
    int err = ps_jdoc_parse(&doc, "status", text, len, fault);
    if (err)
        return err;
    struct ps_jnode root = ps_jdoc_root(doc);
    err = read_well(root, fault);
    if (!err)
        err = read_program(kind, root, fault);
    if (!err && ps_jnode_str(ps_jnode_member(root, "version"), 1, 100, &word, NULL) == 0)
        err = record_set(said, "service-version", word);
    for (size_t i = 0; i < sizeof lists / sizeof *lists && !err; i++)
        for (struct ps_jnode n = ps_jnode_first(ps_jnode_member(root, lists[i].member));
             ps_jnode_there(n) && !err; n = ps_jnode_next(n))
            if (ps_jnode_str(n, 1, 100, &word, NULL) == 0)
                err = record_add(said, lists[i].key, word);
    if (!err)
        err = read_texts(ps_jnode_member(root, "listen"), listen);
    ps_jdoc_free(doc);
    return err;
}

static void ask_daemon(void *ctx)
{
    struct probe *p = ctx;
    char *reply;
    size_t len;
    p->err = ps_ctl_call(p->socket, "{\"verb\":\"status\"}", PROBE_PATIENCE, &reply, &len, &p->fault);
    if (p->err)
        return;
    p->err = probe_read_status(p->kind, reply, len, &p->said, &p->listen, &p->fault);
    free(reply);
}

bool probe_is_shut(int err)
{
    return err == -ENOENT || err == -ENOTDIR || err == -ECONNREFUSED || err == -EACCES || err == -EPERM;
}

const char *probe_otherwise(const struct plan_service *s)
{
    return records_path(s) ? "HTTP" : "TCP";
}

// Whether who listens there is reached at an address. Names, and what the configuration names, are not for us to judge.
static bool reaches(const struct probe *p, const struct ps_addr *at, const char *address)
{
    struct ps_addr a;
    if (words_has(&p->named, address) || ps_addr_parse(address, 0, &a) != 0)
        return true;
    if (ps_addr_is_any(at))
        return ps_addr_version(at) == 6 || ps_addr_version(&a) == 4;
    return ps_addr_same_host(at, &a);
}

// Of a server without HTTP, which says all of it: at which of the addresses it listens.
static int find_where(struct probe *p)
{
    struct ps_hostport hp;
    struct ps_addr at;
    int err = 0;
    for (size_t i = 0; i < p->listen.n; i++) {
        if (ps_hostport_parse(p->listen.at[i], 0, false, &hp) != 0 ||
            ps_addr_parse(hp.host, hp.port, &at) != 0 || (p->listens && hp.port != p->listens))
            continue;
        p->listens = hp.port;
        for (size_t k = 0; k < p->addresses.n && !err; k++)
            if (reaches(p, &at, p->addresses.at[k]))
                err = words_add_new(&p->where, p->addresses.at[k]);
    }
    if (!err && !p->listens)
        ps_fault_set(&p->fault, p->socket, 0, "it says that it listens nowhere");
    else if (!err && !p->where.n && p->addresses.n)
        ps_fault_set(&p->fault, p->socket, 0, "it listens on %s, which is no address that is registered",
                     p->listen.at[0]);
    return p->fault.text[0] ? PS_ENOTFOUND : err;
}

static int ask_by_net(struct probe *p);

static void daemon_asked(void *ctx)
{
    struct probe *p = ctx;
    p->busy = false;
    if (p->cb && probe_is_shut(p->err)) {
        p->shut = p->fault;
        p->fault.text[0] = '\0';
        p->err = ask_by_net(p);
        if (!p->err)
            return;
    } else if (!p->err && p->kind == PLAN_OWAMP) {
        p->err = find_where(p);
    }
    if (p->err && !p->fault.text[0])
        ps_fault_set(&p->fault, p->socket, 0, "%s", ps_strerror(p->err));
    answer(p, p->err == 0, p->fault.text);
}

// any other

static int try_next(struct probe *p);

static void failed(struct probe *p, const char *why)
{
    ps_timer_stop(p->timer);
    ps_stream_close(p->stream, 0);
    p->stream = NULL;
    ps_fault_set(&p->fault, NULL, 0, "%s port %u: %s", p->addresses.at[p->at], (unsigned)p->port, why);
    p->at++;
    if (try_next(p) != 0)
        answer(p, false, p->fault.text);
}

static void greeted(void *ctx, const uint8_t *data, size_t n)
{
    struct probe *p = ctx;
    size_t room = GREETING - p->got;
    memcpy(p->greeting + p->got, data, n < room ? n : room);
    p->got += n < room ? n : room;
    if (p->got < GREETING)
        return;
    // Modes of 0: the server does not want to talk.
    if (p->greeting[12] || p->greeting[13] || p->greeting[14] || p->greeting[15])
        answer(p, true, "");
    else
        failed(p, "it greets, but takes no sessions");
}

static void ended(void *ctx, int err)
{
    (void)err;
    failed(ctx, "it closed the connection without a greeting");
}

static void no_greeting(void *ctx)
{
    failed(ctx, "it took the connection but did not greet");
}

static void connected(void *ctx, int err, struct ps_stream *stream)
{
    static const struct ps_stream_ops ops = {greeted, ended, NULL};
    struct probe *p = ctx;
    p->connecting = NULL;
    p->stream = stream;
    if (err) {
        failed(p, ps_strerror(err));
    } else if (!p->greets) {
        answer(p, true, "");
    } else {
        p->got = 0;
        ps_timer_start(p->timer, PROBE_PATIENCE);
        ps_stream_start(stream, &ops, p);
    }
}

static void resolved(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct probe *p = ctx;
    p->busy = false;
    if (!p->cb) {
        destroy(p);
        return;
    }
    if (!err && ps_connect(p->loop, addrs, n, NULL, NULL, PROBE_PATIENCE, connected, p, &p->connecting) != 0)
        err = -ENOMEM;
    if (err)
        failed(p, why);
}

static int try_next(struct probe *p)
{
    if (p->at == p->addresses.n)
        return PS_ENOTFOUND;
    int err = ps_resolve(p->loop, p->addresses.at[p->at], p->port, AF_UNSPEC, resolved, p);
    p->busy = err == 0;
    return err;
}

// a guess

#define ROOT_MAX ((size_t)1 << 20) // octets of what is read of a service's root

bool probe_is_kind(enum plan_kind kind, int status, const char *body, size_t len)
{
    struct ps_jdoc *doc = NULL;
    if (status != 200 || ps_jdoc_parse_foreign(&doc, NULL, body, len, NULL) != 0)
        return false;
    enum ps_jtype type = ps_jnode_type(ps_jdoc_root(doc));
    ps_jdoc_free(doc);
    return kind == PLAN_PSCHEDULER ? type == PS_JTYPE_STRING
                                   : type == PS_JTYPE_ARRAY || type == PS_JTYPE_OBJECT;
}

static int guess_next(struct probe *p);

static void root_came(void *ctx, const struct ps_httpc_answer *a)
{
    struct probe *p = ctx;
    const char *address = p->addresses.at[p->at++];
    if (a->err)
        ps_fault_set(&p->fault, NULL, 0, "%s", a->why);
    else if (!probe_is_kind(p->kind, a->status, a->body, a->len))
        ps_fault_set(&p->fault, NULL, 0, "%s: is no %s", a->url, plan_kind_name(p->kind));
    else if (words_add(&p->where, address) != 0)
        ps_fault_set(&p->fault, NULL, 0, "%s", ps_strerror(-ENOMEM));
    if (guess_next(p) == 0)
        return;
    bool up = p->where.n > 0;
    // What somebody has named is registered as it was named.
    if (!p->optional)
        words_fini(&p->where);
    answer(p, up, up ? "" : p->fault.text);
}

// PS_ENOTFOUND: all were asked.
static int guess_next(struct probe *p)
{
    char *url;
    if (p->at == p->addresses.n)
        return PS_ENOTFOUND;
    const char *host = p->addresses.at[p->at];
    bool literal6 = strchr(host, ':') != NULL;
    // An archive may have much to list.
    if (asprintf(&url, "%s://%s%s%s:%u%s/%s", p->tls ? "https" : "http", literal6 ? "[" : "", host,
                 literal6 ? "]" : "", (unsigned)p->port, p->path, p->kind == PLAN_MA ? "?limit=1" : "") < 0)
        return -ENOMEM;
    // A certificate tells who it is, and that is not what is asked.
    struct ps_httpc_ask ask = {
        .method = "GET", .url = url, .timeout = PROBE_PATIENCE, .answer_max = ROOT_MAX, .insecure = true};
    int err = ps_httpc_ask(p->http, &ask, root_came, p, NULL);
    free(url);
    return err;
}

static int guess(struct probe *p)
{
    struct ps_httpc_conf conf = {.conns_per_host = 1, .agent = "lsregister/" PACKAGE_VERSION};
    int err = ps_httpc_new(p->loop, &conf, &p->http);
    return err ? err : guess_next(p);
}

static void no_address(void *ctx)
{
    struct probe *p = ctx;
    p->busy = false;
    answer(p, false, "it has no address");
}

static int ask_by_net(struct probe *p)
{
    int err = 0;
    if (p->addresses.n)
        return p->path ? guess(p) : try_next(p);
    err = ps_defer(p->loop, no_address, p);
    p->busy = err == 0;
    return err;
}

static int set_up(struct probe *p, const struct plan_service *s, const struct words *addresses)
{
    p->port = records_port(s, &p->tls);
    p->kind = s->kind;
    p->greets = s->kind == PLAN_OWAMP || s->kind == PLAN_TWAMP;
    p->optional = s->optional;
    bool guessed = records_path(s) && (s->optional || s->socket);
    p->path = guessed ? strdup(records_path(s)) : NULL;
    p->socket = s->socket ? strdup(s->socket) : NULL;
    if ((s->socket && !p->socket) || (guessed && !p->path))
        return -ENOMEM;
    int err = words_copy(&p->addresses, addresses);
    if (!err)
        err = words_copy(&p->named, &s->addresses);
    return err ? err : ps_timer_new(p->loop, &p->timer, no_greeting, p);
}

int probe_start(struct ps_loop *l, const struct plan_service *s, const struct words *addresses, probe_cb cb,
                void *ctx, struct probe **out)
{
    struct probe *p = calloc(1, sizeof *p);
    if (!p)
        return -ENOMEM;
    *p = (struct probe){.loop = l, .cb = cb, .ctx = ctx};
    int err = set_up(p, s, addresses);
    if (!err && p->socket) {
        err = ps_work_run(l, ask_daemon, daemon_asked, p);
        p->busy = err == 0;
    } else if (!err) {
        err = ask_by_net(p);
    }
    if (err) {
        destroy(p);
        return err;
    }
    *out = p;
    return 0;
}

void probe_cancel(struct probe *p)
{
    if (!p)
        return;
    p->cb = NULL;
    if (!p->busy)
        destroy(p);
}
