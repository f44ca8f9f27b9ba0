// SPDX-License-Identifier: Apache-2.0
#include "owping/link.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "crypto/ps_crypto.h"
#include "endpoint/ep_pass.h"
#include "endpoint/ep_source.h"
#include "owping/terminal.h"

// Longer than the half minute for which a server may hold a fetch of a session that still runs.
#define ANSWER_MAX (60 * PS_SEC)
#define SETUP_MAX (20 * PS_SEC) // to connect, and for each answer until the connection is set up

static int tell(const struct link *l, int err, const char *what, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", options_name(l->o), what, why);
    return err;
}

static int pass_from_file(struct link *l)
{
    struct ps_fault fault = {""};
    uint8_t *pass;
    int err = ep_pass_load(l->o->pfs_path, l->o->identity, &pass, &l->pass_len, &fault);
    if (err != 0) {
        fprintf(stderr, "%s: %s\n", options_name(l->o), fault.text);
        return err;
    }
    memcpy(l->pass, pass, l->pass_len);
    ep_pass_free(pass, l->pass_len);
    return 0;
}

static int pass_from_terminal(struct link *l)
{
    char prompt[160];
    snprintf(prompt, sizeof prompt, "Enter passphrase for identity '%s': ", l->o->identity);
    int err = terminal_ask(prompt, l->pass, sizeof l->pass, &l->pass_len);
    if (err != 0)
        return tell(l, err, "no pass-phrase",
                    err == -ENXIO ? "there is no terminal to ask on; use -k FILE" : ps_strerror(err));
    return 0;
}

int link_prepare(struct link *l, const struct options *o, struct ps_loop *loop, const char *operand)
{
    memset(l, 0, sizeof *l);
    l->o = o;
    l->loop = loop;
    if (ps_hostport_parse(operand, OW_PORT, false, &l->server) != 0 || l->server.port == 0)
        return tell(l, PS_ESYNTAX, operand, "not a server: wants NAME, ADDRESS, NAME:PORT or [V6]:PORT");
    if (o->source != NULL) {
        int err = ep_source_find(o->source, o->family, &l->source);
        if (err != 0)
            return tell(l, err, o->source, "not an address, name or interface of this host (-S)");
    }
    if (o->identity == NULL)
        return 0;
    return o->pfs_path != NULL ? pass_from_file(l) : pass_from_terminal(l);
}

static void on_event(void *ctx, const struct ow_client_event *ev)
{
    struct link *l = ctx;
    l->ready = l->ready || ev->type == OW_CEV_READY;
    l->event(l->ctx, ev);
}

static bool scope_missing(const char *host)
{
    struct ps_addr a;
    return ps_addr_parse(host, 0, &a) == 0 && ps_addr_is_linklocal(&a) && ps_addr_scope(&a) == 0;
}

// What to look at when it failed so; "" for nothing in particular.
static const char *hint_for(const struct link *l, int err)
{
    switch (err) {
    case -ECONNREFUSED:
        return " (is an OWAMP server running there?)";
    case PS_EAUTH:
        return " (wrong pass-phrase?)";
    case -EINVAL:
        return scope_missing(l->server.host)
                   ? " (a link-local address needs its interface, as in fe80::1%eth0)"
                   : "";
    case PS_ECLOSED:
        return l->ready ? "" : " (not an OWAMP server, or one that takes no more connections)";
    case PS_EPROTO:
    case PS_EMALFORMED:
        return l->ready ? "" : " (is it an OWAMP server?)";
    default:
        return "";
    }
}

static void on_failed(void *ctx, int err, const char *why)
{
    struct link *l = ctx;
    char what[300], hint[360];
    if (err == -ENODEV && l->o->device != NULL) {
        snprintf(what, sizeof what, "-B, --bind-device: '%s'", l->o->device);
        tell(l, err, what, "no such interface");
    } else if (err == -EADDRNOTAVAIL && l->o->source != NULL) {
        snprintf(what, sizeof what, "-S, --source: '%s'", l->o->source);
        tell(l, err, what, "not an address of this host");
    } else {
        snprintf(what, sizeof what, "%s port %u", l->server.host, (unsigned)l->server.port);
        snprintf(hint, sizeof hint, "%s%s", why, hint_for(l, err));
        tell(l, err, what, hint);
    }
    l->failed(l->ctx);
}

// A name or an interface can have addresses of both families: the server's addresses decide.
static bool source_chosen(struct link *l, const struct ps_addr *addrs, size_t n)
{
    if (l->o->source == NULL)
        return true;
    for (size_t i = 0; i < n; i++)
        if (ep_source_find(l->o->source, addrs[i].sa.sa_family, &l->source) == 0)
            return true;
    return false;
}

static void connect_to(struct link *l, const struct ps_addr *addrs, size_t n)
{
    struct ep_client_conf cc = {.loop = l->loop,
                                .device = l->o->device,
                                .modes = l->o->modes,
                                .identity = l->o->identity,
                                .pass = l->pass,
                                .pass_len = l->pass_len,
                                .timeout = ANSWER_MAX,
                                .setup_timeout = SETUP_MAX,
                                .ctx = l,
                                .event = on_event,
                                .failed = on_failed};
    if (!source_chosen(l, addrs, n)) {
        tell(l, -EAFNOSUPPORT, l->o->source, "no address of the server's address family (-S)");
        l->failed(l->ctx);
        return;
    }
    cc.local = l->source;
    int version = l->source.len != 0 ? ps_addr_version(&l->source) : 0;
    for (size_t i = 0; i < n && cc.naddrs < sizeof cc.addrs / sizeof *cc.addrs; i++)
        if (version == 0 || version == ps_addr_version(&addrs[i]))
            cc.addrs[cc.naddrs++] = addrs[i];
    int err = cc.naddrs == 0 ? -EAFNOSUPPORT : ep_client_open(&l->client, &cc);
    if (err != 0)
        on_failed(l, err, ps_strerror(err));
}

static void on_resolved(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct link *l = ctx;
    if (l->closed)
        return;
    if (err == 0) {
        connect_to(l, addrs, n);
        return;
    }
    char reason[200];
    snprintf(reason, sizeof reason, "%s%s", why,
             l->o->family == AF_INET    ? " (-4: only IPv4 addresses are looked for)"
             : l->o->family == AF_INET6 ? " (-6: only IPv6 addresses are looked for)"
                                        : "");
    tell(l, err, l->server.host, reason);
    l->failed(l->ctx);
}

int link_open(struct link *l, void *ctx, void (*event)(void *, const struct ow_client_event *),
              void (*failed)(void *))
{
    l->ctx = ctx;
    l->event = event;
    l->failed = failed;
    int err = ps_resolve(l->loop, l->server.host, l->server.port, l->o->family, on_resolved, l);
    return err == 0 ? 0 : tell(l, err, l->server.host, ps_strerror(err));
}

void link_close(struct link *l)
{
    l->closed = true;
    ep_client_close(l->client);
    l->client = NULL;
    ps_mem_wipe(l->pass, sizeof l->pass);
}
