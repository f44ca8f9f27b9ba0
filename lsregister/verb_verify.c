// SPDX-License-Identifier: Apache-2.0
// lsregister verify: what the lookup server has, held against what it should have.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "base/ps_plain.h"
#include "lsregister/exits.h"
#include "lsregister/inspect.h"
#include "lsregister/lsclient.h"
#include "lsregister/verb_options.h"
#include "lsregister/verbs.h"

enum { OPT_ROOT = VERB_OWN, OPT_RESOLVER };

static const struct ps_opt table[] = {
    VERB_OPT_CONFIG,
    {OPT_RESOLVER, "resolver", "ADDR[:PORT]", "ask this DNS server", NULL},
    {OPT_ROOT, "root", "DIR", "what is read of the system stands under DIR, as in a container", NULL},
    VERB_OPT_JSON,
    VERB_OPT_END,
};

static const struct ps_opt_prog prog = {
    "lsregister verify",
    "[options]",
    "Asks the lookup server what it has of this host, and holds it against what would be registered now. "
    "Nothing is "
    "changed.",
    "Exit status: 0 all is as it should be; 1 not all; 2 usage; 3 the lookup server does not answer; 4 "
    "something "
    "cannot be read.\nSee lsregister(1).",
    table,
};

struct verify {
    struct verb_options o;
    const char *root;
    struct ps_addr resolver;
    bool has_resolver;
    struct plan plan;
    struct inspected in;
    struct ps_loop *loop;
    struct lswire_reply reply; // of the server
    struct ps_json j;
    bool well;
};

// asking

static void came(void *ctx, struct lswire_reply *reply)
{
    struct verify *v = ctx;
    v->reply = *reply;
    *reply = (struct lswire_reply){0};
    ps_loop_stop(v->loop);
}

static int ask(struct verify *v)
{
    struct ps_httpc_conf conf = {.agent = "lsregister/" PACKAGE_VERSION};
    int version = v->plan.family == PLAN_IPV4 ? 4 : v->plan.family == PLAN_IPV6 ? 6 : 0;
    struct lsclient client = {NULL, version, v->plan.ca_file, NULL};
    char query[80];
    struct lswire_ask a = {.verb = LS_QUERY, .server = v->in.ledger.server, .query = query};
    snprintf(query, sizeof query, "client-uuid=%s", v->in.ledger.uuid);
    int err = ps_loop_new(&v->loop);
    if (err)
        return err;
    err = ps_httpc_new(v->loop, &conf, &client.http);
    if (!err)
        err = lsclient_ask(&client, &a, came, v, NULL);
    if (!err)
        err = ps_loop_run(v->loop);
    ps_httpc_free(client.http);
    ps_loop_free(v->loop);
    return err < 0 ? err : 0;
}

// comparing

static void say(struct verify *v, const char *id, const char *uri, bool good, const char *text)
{
    v->well &= good;
    if (v->o.json) {
        ps_json_open(&v->j, '{');
        ps_json_put_str(&v->j, "id", id);
        ps_json_put_str(&v->j, "uri", uri);
        ps_json_put_bool(&v->j, "good", good);
        ps_json_put_str(&v->j, "text", text);
        ps_json_close(&v->j, '}');
        return;
    }
    ps_plain_put(stdout, id ? id : uri);
    fputs(": ", stdout);
    ps_plain_put(stdout, text);
    fputs("\n", stdout);
}

static const struct record *find(const struct verify *v, const char *uri)
{
    for (size_t i = 0; i < v->reply.n; i++)
        if (record_has(&v->reply.records[i], "uri", uri))
            return &v->reply.records[i];
    return NULL;
}

// The first key whose values differ.
static void tell_difference(const struct record *here, const struct record *there, char *out, size_t size)
{
    const struct record *pair[2] = {here, there};
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < pair[side]->n; i++) {
            const struct record_key *k = &pair[side]->keys[i];
            for (size_t n = 0; n < k->values.n && !record_is_outer(k->name); n++)
                if (!record_has(pair[!side], k->name, k->values.at[n])) {
                    const char *other = record_get(pair[!side], k->name);
                    snprintf(out, size, "differs: %s is \"%.150s\" %s, \"%.150s\" %s", k->name,
                             k->values.at[n], side ? "there" : "here", other ? other : "",
                             side ? "here" : "there");
                    return;
                }
        }
    snprintf(out, size, "differs");
}

static const struct registrar_entry *entry_of(const struct verify *v, const char *id)
{
    size_t n;
    const struct registrar_entry *e = registrar_entries(v->in.registrar, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(e[i].id, id) == 0)
            return &e[i];
    return NULL;
}

static void verify_one(struct verify *v, const char *id)
{
    const struct registrar_entry *e = entry_of(v, id);
    const struct record *there = e && e->uri ? find(v, e->uri) : NULL;
    struct record here = {0};
    char text[600];
    ps_ns expires = there ? lswire_expires(there) : 0;
    bool good = false;
    if (!e || !e->uri)
        snprintf(text, sizeof text, "is not registered%s%.300s", e && e->last[0] ? ": " : "",
                 e ? e->last : "");
    else if (!there)
        snprintf(text, sizeof text, "the server does not have %s any more", e->uri);
    else if (expires && v->reply.date && expires <= v->reply.date)
        snprintf(text, sizeof text, "is expired there (%s)", record_get(there, "expires"));
    else if (registrar_compose(v->in.registrar, id, &here) != 0 || !record_same(&here, there))
        tell_difference(&here, there, text, sizeof text);
    else
        good = snprintf(text, sizeof text, "is there as it should be, until %s",
                        expires ? record_get(there, "expires") : "no time that it tells") > 0;
    say(v, id, e ? e->uri : NULL, good, text);
    record_fini(&here);
}

static void verify_strangers(struct verify *v)
{
    size_t n;
    const struct registrar_entry *e = registrar_entries(v->in.registrar, &n);
    for (size_t i = 0; i < v->reply.n; i++) {
        const struct record *r = &v->reply.records[i];
        const char *uri = record_get(r, "uri");
        bool ours = false;
        ps_ns expires = lswire_expires(r);
        for (size_t k = 0; k < n && uri; k++)
            ours |= e[k].uri && strcmp(e[k].uri, uri) == 0;
        if (!ours && uri && record_has(r, "client-uuid", v->in.ledger.uuid) &&
            !(expires && expires <= v->reply.date))
            say(v, NULL, uri, false,
                "is under our client-uuid, but is not ours; it goes when it expires, or belongs to a copy of "
                "this host");
    }
}

static int judge(struct verify *v)
{
    v->well = true;
    ps_json_init(&v->j, stdout, true);
    if (v->o.json)
        ps_json_open(&v->j, '[');
    for (size_t i = 0; i < v->in.wishes.n; i++)
        verify_one(v, v->in.wishes.at[i].id);
    verify_strangers(v);
    if (v->o.json) {
        ps_json_close(&v->j, ']');
        (void)ps_json_end(&v->j);
    }
    return v->well && v->in.wishes.n ? EXIT_DONE : EXIT_NO;
}

static int own(void *ctx, int letter, const char *value)
{
    struct verify *v = ctx;
    if (letter == OPT_ROOT) {
        v->root = value;
        return 0;
    }
    v->has_resolver = true;
    return verb_resolver(&prog, value, &v->resolver);
}

static int work(struct verify *v)
{
    struct ps_fault fault = {""};
    int err = verb_load(verb_config_path(v->o.config), &v->plan, &fault);
    struct inspect_conf conf = {&v->plan, v->root ? v->root : "", v->has_resolver ? &v->resolver : NULL};
    if (!err)
        err = inspect(&conf, &v->in, &fault);
    if (err)
        return verb_fail(&prog, EXIT_SYSTEM, "%s", fault.text[0] ? fault.text : ps_strerror(err));
    for (size_t i = 0; i < v->in.notes.n; i++)
        (void)verb_fail(&prog, 0, "%s", v->in.notes.at[i]);
    if (!v->in.ledger.uuid[0] || !v->in.ledger.server)
        return verb_fail(&prog, EXIT_NO,
                         "nothing was ever registered from here; lsregister serve or once does it");
    err = ask(v);
    if (err)
        return verb_fail(&prog, EXIT_SYSTEM, "%s", ps_strerror(err));
    if (v->reply.outcome != LS_OK)
        return verb_fail(&prog, EXIT_NETWORK, "%s", v->reply.why);
    return verb_flush(&prog, judge(v));
}

int verify_main(int argc, char **argv)
{
    struct verify v = {.o = {.own = own, .ctx = &v}, .in = {.ledger = {.lock = -1}}};
    int status = verb_options_read(&v.o, &prog, 0, argc, argv);
    if (status < 0)
        status = work(&v);
    lswire_reply_fini(&v.reply);
    inspected_fini(&v.in);
    plan_fini(&v.plan);
    return status;
}
