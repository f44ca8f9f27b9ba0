// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_cli.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "base/ps_opt.h"
#include "spec/sp_cli_impl.h"
#include "spec/sp_json.h"

#define KEYS_MAX 48
#define NAME_MAX_LEN 40
#define NO_LETTER 256 // of struct ps_opt

static int append(struct ps_buf *out, const char *text, size_t len, int err)
{
    return err ? err : ps_buf_append(out, text, len);
}

// Writes the specification and holds it against the table.
static int build(const struct sp_givens *g, struct ps_buf *out, struct ps_fault *fault)
{
    struct ps_jdoc *doc = NULL;
    struct ps_text t;
    size_t len;
    int err = sp_cli_put(g, ps_text_open(&t), fault);
    char *text = ps_text_close(&t, &len);

    if (!text && !err)
        err = -ENOMEM;
    if (!err)
        err = ps_jdoc_parse(&doc, NULL, text, len, fault);
    if (!err)
        err = sp_validate(g->test, ps_jdoc_root(doc), fault);
    err = append(out, text, len, err);
    ps_jdoc_free(doc);
    free(text);
    return err;
}

int sp_from_cli(const struct sp_test *t, const char *const *args, size_t nargs, struct ps_buf *out,
                struct ps_fault *fault)
{
    struct sp_givens g = {.test = t};

    if (nargs > SP_CLI_ARGS_MAX) {
        ps_fault_set(fault, NULL, 0, "%zu arguments are too many; the most is %d", nargs, SP_CLI_ARGS_MAX);
        return PS_ELIMIT;
    }
    // More than arguments: letters stand together in one.
    g.at = calloc(2 * SP_CLI_ARGS_MAX, sizeof *g.at);
    if (!g.at)
        return -ENOMEM;
    int err = sp_cli_cut(&g, args, nargs, fault);
    if (!err && g.help)
        err = sp_cli_help(t, out);
    else if (!err)
        err = build(&g, out, fault);
    free(g.at);
    return err == 0 && g.help ? SP_CLI_HELP : err;
}

// help

struct help {
    struct ps_opt opts[KEYS_MAX + 2];
    char names[KEYS_MAX][NAME_MAX_LEN];
    size_t n;
};

static void help_key(struct help *h, const struct sp_key *k)
{
    snprintf(h->names[h->n], NAME_MAX_LEN, k->type == SP_T_BOOL ? "[no-]%s" : "%s", k->name);
    h->opts[h->n] =
        (struct ps_opt){k->letter ? k->letter : NO_LETTER + (int)h->n, h->names[h->n], k->arg, k->help, NULL};
    h->n++;
}

static void help_keys(struct help *h, const struct sp_test *t)
{
    for (size_t i = 0; i < t->nkeys && h->n < KEYS_MAX; i++)
        if (!t->keys[i].until)
            help_key(h, &t->keys[i]);
    h->opts[h->n] = (struct ps_opt){'h', "help", NULL, "this text", NULL};
}

int sp_cli_help(const struct sp_test *t, struct ps_buf *out)
{
    char *text = NULL, name[80];
    struct help *h = calloc(1, sizeof *h);
    size_t len = 0;
    FILE *f = h ? open_memstream(&text, &len) : NULL;
    int err = f ? 0 : -ENOMEM;

    if (f) {
        snprintf(name, sizeof name, "task [task options] %s", t->name);
        help_keys(h, t);
        struct ps_opt_prog prog = {name, "[test options]", t->about, NULL, h->opts};
        ps_opt_help(&prog, f);
        err = fclose(f) == 0 ? 0 : -ENOMEM;
    }
    err = append(out, text, len, err);
    free(text);
    free(h);
    return err;
}

// the way back

static void put_option(struct ps_json *j, const char *dashes, const char *name)
{
    char option[NAME_MAX_LEN + 8];

    snprintf(option, sizeof option, "%s%s", dashes, name);
    ps_json_str(j, option);
}

static void put_pair(struct ps_json *j, const struct sp_key *k, const char *value)
{
    put_option(j, "--", k->name);
    ps_json_str(j, value);
}

static void put_list(struct ps_json *j, const struct sp_key *k, struct ps_jnode list)
{
    const char *host;

    for (struct ps_jnode n = ps_jnode_first(list); ps_jnode_there(n); n = ps_jnode_next(n))
        if (ps_jnode_str(n, 0, SIZE_MAX, &host, NULL) == 0)
            put_pair(j, k, host);
}

static void put_headers(struct ps_json *j, const struct sp_key *k, struct ps_jnode headers)
{
    char line[2 * SP_SPEC_STRING + 4];
    const char *value;

    for (struct ps_jnode n = ps_jnode_first(headers); ps_jnode_there(n); n = ps_jnode_next(n)) {
        if (ps_jnode_key(n)[0] == '#' || ps_jnode_str(n, 0, SIZE_MAX, &value, NULL) != 0)
            continue;
        snprintf(line, sizeof line, "%s: %s", ps_jnode_key(n), value);
        put_pair(j, k, line);
    }
}

static void put_ports(struct ps_json *j, const struct sp_key *k, struct ps_jnode n)
{
    int64_t lower = 0, upper = 0;
    char range[60];

    (void)ps_jnode_i64(ps_jnode_member(n, "lower"), 0, INT64_MAX, &lower, NULL);
    (void)ps_jnode_i64(ps_jnode_member(n, "upper"), 0, INT64_MAX, &upper, NULL);
    snprintf(range, sizeof range, "%" PRId64 "-%" PRId64, lower, upper);
    put_pair(j, k, range);
}

// In digits alone, where the document may have 1e3.
static void put_integer(struct ps_json *j, const struct sp_key *k, struct ps_jnode n)
{
    int64_t v = 0;
    char text[24];

    (void)ps_jnode_i64(n, INT64_MIN, INT64_MAX, &v, NULL);
    snprintf(text, sizeof text, "%" PRId64, v);
    put_pair(j, k, text);
}

// Numbers as they were written, strings as they are, JSON as JSON.
static void put_plain(struct ps_json *j, const struct sp_key *k, struct ps_jnode n)
{
    const char *text;
    char *copy;

    if (k->type != SP_T_ANY && ps_jnode_str(n, 0, SIZE_MAX, &text, NULL) == 0) {
        put_pair(j, k, text);
        return;
    }
    copy = ps_jnode_copy(n);
    put_pair(j, k, copy ? copy : "");
    free(copy);
}

static void put_back(struct ps_json *j, const struct sp_key *k, struct ps_jnode n)
{
    bool on = false;

    if (k->type == SP_T_BOOL) {
        (void)ps_jnode_bool(n, &on, NULL);
        put_option(j, on ? "--" : "--no-", k->name);
    } else if (k->type == SP_T_HOSTS) {
        put_list(j, k, n);
    } else if (k->type == SP_T_HEADERS) {
        put_headers(j, k, n);
    } else if (k->type == SP_T_PORTS) {
        put_ports(j, k, n);
    } else if (k->type == SP_T_INT || k->type == SP_T_SI || k->type == SP_T_IP_VERSION) {
        put_integer(j, k, n);
    } else {
        put_plain(j, k, n);
    }
}

void sp_to_cli(const struct sp_test *t, struct ps_jnode spec, bool with_type, struct ps_json *j)
{
    int schema = sp_spec_schema(spec);

    ps_json_open(j, '[');
    if (with_type)
        ps_json_str(j, t->name);
    for (size_t i = 0; i < t->nkeys; i++) {
        struct ps_jnode n = ps_jnode_member(spec, t->keys[i].name);
        if (ps_jnode_there(n) && sp_key_find(t, t->keys[i].name, schema) == &t->keys[i])
            put_back(j, &t->keys[i], n);
    }
    ps_json_close(j, ']');
}
