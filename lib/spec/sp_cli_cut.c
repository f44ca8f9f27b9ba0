// SPDX-License-Identifier: Apache-2.0
// Arguments to options, as getopt_long cuts them; but pure, and with messages for whoever asked from afar.
#include <string.h>
#include "base/ps_err.h"
#include "spec/sp_cli_impl.h"

#define NO "no-"
#define NO_LEN 3

struct cut {
    struct sp_givens *g;
    const char *const *args;
    size_t nargs, next;
    struct ps_fault *fault;
};

static int fail(struct cut *c, const char *what, const char *name)
{
    char shown[SP_QUOTED];

    sp_quoted_text(name, shown);
    shown[strlen(shown) - 1] = '\0'; // without its quotes
    ps_fault_set(c->fault, NULL, 0, "%s: %s", what, shown + 1);
    return PS_ESYNTAX;
}

// A long name, in whole or its beginning.
struct name {
    const char *text;
    size_t len;
};

struct match {
    const struct sp_key *key;
    bool off, exact, ambiguous;
};

static void consider(struct match *m, const struct name *n, const struct sp_key *k, const char *name,
                     bool off)
{
    bool no = off && n->len >= NO_LEN && strncmp(n->text, NO, NO_LEN) == 0;
    size_t skip = no ? NO_LEN : 0;

    if ((off && !no) || strncmp(name, n->text + skip, n->len - skip) != 0)
        return;
    bool exact = strlen(name) == n->len - skip;
    bool same = m->key && strcmp(m->key->name, k->name) == 0 && m->off == off;
    if (m->exact || (m->key && same))
        return;
    if (exact || !m->key)
        *m = (struct match){.key = k, .off = off, .exact = exact};
    else
        m->ambiguous = true;
}

static struct match find_long(const struct sp_test *t, const struct name *n)
{
    struct match m = {NULL, false, false, false};

    for (size_t i = 0; i < t->nkeys; i++) {
        const struct sp_key *k = &t->keys[i];
        consider(&m, n, k, k->name, false);
        if (k->also)
            consider(&m, n, k, k->also, false);
        if (k->type == SP_T_BOOL)
            consider(&m, n, k, k->name, true);
    }
    return m;
}

static void give(struct cut *c, const struct sp_key *key, const char *value, bool off)
{
    c->g->at[c->g->n++] = (struct sp_given){key, value, off};
}

// The option's value: what stands behind it, or else the next argument.
static int give_value(struct cut *c, const struct sp_key *k, const char *value, const char *option)
{
    if (!value && c->next == c->nargs)
        return fail(c, "this option requires an argument", option);
    give(c, k, value ? value : c->args[c->next++], false);
    return 0;
}

static int cut_long(struct cut *c, const char *arg)
{
    struct name n = {arg + 2, strcspn(arg + 2, "=")};
    const char *value = n.text[n.len] ? n.text + n.len + 1 : NULL;
    struct match m = find_long(c->g->test, &n);

    if (!m.key && n.len > 0 && strncmp("help", n.text, n.len) == 0) {
        c->g->help = true;
        return 0;
    }
    if (!m.key)
        return fail(c, "no such option", arg);
    if (m.ambiguous)
        return fail(c, "ambiguous option", arg);
    if (m.key->type != SP_T_BOOL)
        return give_value(c, m.key, value, arg);
    if (value)
        return fail(c, "this option takes no value", arg);
    give(c, m.key, NULL, m.off);
    return 0;
}

static const struct sp_key *find_letter(const struct sp_test *t, char letter)
{
    for (size_t i = 0; i < t->nkeys; i++)
        if (t->keys[i].letter == letter)
            return &t->keys[i];
    return NULL;
}

static int cut_letters(struct cut *c, const char *arg)
{
    for (const char *p = arg + 1; *p; p++) {
        const struct sp_key *k = find_letter(c->g->test, *p);
        char option[3] = {'-', *p, '\0'};
        if (!k && *p == 'h')
            c->g->help = true;
        else if (!k)
            return fail(c, "no such option", option);
        else if (k->type == SP_T_BOOL)
            give(c, k, NULL, false);
        else
            return give_value(c, k, p[1] ? p + 1 : NULL, option);
    }
    return 0;
}

// A switch among letters is an option that has no argument to itself: there are no more options than octets, but the
// room is for arguments.
static bool room(const struct cut *c, const char *arg)
{
    return c->g->n + strlen(arg) <= SP_CLI_ARGS_MAX;
}

int sp_cli_cut(struct sp_givens *g, const char *const *args, size_t nargs, struct ps_fault *fault)
{
    struct cut c = {g, args, nargs, 0, fault};
    int err = 0;

    while (!err && c.next < nargs) {
        const char *arg = args[c.next++];
        if (arg[0] != '-' || !arg[1])
            return fail(&c, "unexpected argument", arg);
        if (arg[1] == '-' && !arg[2])
            return c.next < nargs ? fail(&c, "unexpected argument", args[c.next]) : 0;
        if (arg[1] != '-' && !room(&c, arg))
            return fail(&c, "too many options", arg);
        err = arg[1] == '-' ? cut_long(&c, arg) : cut_letters(&c, arg);
    }
    return err;
}
