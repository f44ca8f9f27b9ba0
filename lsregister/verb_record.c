// SPDX-License-Identifier: Apache-2.0
// lsregister record: what would be registered.
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "base/ps_plain.h"
#include "lsregister/exits.h"
#include "lsregister/inspect.h"
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
    "lsregister record",
    "[options]",
    "Prints the records that would be registered now, and says why others would not, and how services were "
    "asked. "
    "Nothing is sent. Keys of records that are not registered yet stand as <id>.",
    "Exit status: 0 there are some; 1 there are none; 2 usage; 4 something cannot be read.\nSee "
    "lsregister(1).",
    table,
};

struct show {
    struct verb_options o;
    const char *root;
    struct ps_addr resolver;
    bool has_resolver;
};

// The record with what its links stand for.
static int compose(const struct inspected *in, const struct wish *w, struct record *out)
{
    size_t n;
    const struct registrar_entry *e = registrar_entries(in->registrar, &n);
    int err = registrar_compose(in->registrar, w->id, out);
    for (size_t l = 0; l < w->nlinks; l++)
        for (size_t i = 0; i < w->links[l].ids.n && !err; i++) {
            bool registered = false;
            for (size_t k = 0; k < n; k++)
                registered |= e[k].uri && strcmp(e[k].id, w->links[l].ids.at[i]) == 0;
            if (!registered)
                err = record_addf(out, w->links[l].key, "<%s>", w->links[l].ids.at[i]);
        }
    if (!err && !in->ledger.uuid[0])
        err = record_set(out, "client-uuid", "<not chosen yet>");
    return err;
}

static void print_record(const char *id, const struct record *r)
{
    ps_plain_put(stdout, id);
    fputs("\n", stdout);
    for (size_t i = 0; i < r->n; i++)
        for (size_t v = 0; v < r->keys[i].values.n; v++) {
            printf("    %-36s ", v ? "" : r->keys[i].name);
            ps_plain_put(stdout, r->keys[i].values.at[v]);
            fputs("\n", stdout);
        }
}

static int print_all(const struct inspected *in, bool json)
{
    struct ps_json j;
    int err = 0;
    ps_json_init(&j, stdout, true);
    if (json)
        ps_json_open(&j, '[');
    for (size_t i = 0; i < in->wishes.n && !err; i++) {
        struct record r = {0};
        err = compose(in, &in->wishes.at[i], &r);
        if (!err && json)
            record_write(&r, &j);
        else if (!err)
            print_record(in->wishes.at[i].id, &r);
        record_fini(&r);
    }
    if (json) {
        ps_json_close(&j, ']');
        (void)ps_json_end(&j);
    }
    return err;
}

static int own(void *ctx, int letter, const char *value)
{
    struct show *s = ctx;
    if (letter == OPT_ROOT) {
        s->root = value;
        return 0;
    }
    s->has_resolver = true;
    return verb_resolver(&prog, value, &s->resolver);
}

int record_main(int argc, char **argv)
{
    struct show s = {.o = {.own = own, .ctx = &s}};
    struct ps_fault fault = {""};
    struct inspected in = {.ledger = {.lock = -1}};
    struct plan plan;
    char why[200];
    int status = verb_options_read(&s.o, &prog, 0, argc, argv);
    if (status >= 0)
        return status;
    int err = verb_load(verb_config_path(s.o.config), &plan, &fault);
    struct inspect_conf conf = {&plan, s.root ? s.root : "", s.has_resolver ? &s.resolver : NULL};
    if (!err)
        err = inspect(&conf, &in, &fault);
    for (size_t i = 0; i < in.notes.n && !err; i++)
        (void)verb_fail(&prog, 0, "%s", in.notes.at[i]);
    for (size_t i = 0; i < in.asked.n && !err; i++)
        (void)verb_fail(&prog, 0, "%s", in.asked.at[i]);
    if (!err && !plan_is_complete(&plan, why, sizeof why))
        (void)verb_fail(&prog, 0, "nothing is registered: %s", why);
    if (!err)
        err = print_all(&in, s.o.json);
    if (err)
        status = verb_fail(&prog, EXIT_SYSTEM, "%s", fault.text[0] ? fault.text : ps_strerror(err));
    else
        status = verb_flush(&prog, in.wishes.n ? EXIT_DONE : EXIT_NO);
    inspected_fini(&in);
    plan_fini(&plan);
    return status;
}
