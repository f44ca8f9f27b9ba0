// SPDX-License-Identifier: Apache-2.0
// A specification against its test's table.
#include <string.h>
#include "base/ps_err.h"
#include "spec/sp_json.h"
#include "spec/sp_table.h"

#define PORT_MAX 65535

static int check_schema(struct sp_check *c, const struct sp_test *t, struct ps_jnode spec, int *out)
{
    struct ps_jnode n = ps_jnode_member(spec, "schema");
    int64_t schema = 1;

    size_t mark = sp_check_enter(c, "schema");
    int err = ps_jnode_there(n) ? sp_check_int(c, n, 1, SP_INT_MAX, &schema) : 0;
    if (!err && schema > t->schema)
        err = sp_check_fail(c, PS_EVERSION, "%lld is newer than the highest schema of %s, which is %d",
                            (long long)schema, t->name, t->schema);
    sp_check_leave(c, mark);
    *out = (int)schema;
    return err;
}

static int check_ports(struct sp_check *c, struct ps_jnode n)
{
    static const char *const ends[] = {"lower", "upper"};
    int64_t port[2] = {0, 0};

    int err = sp_check_type(c, n, PS_JTYPE_OBJECT);
    for (size_t i = 0; !err && i < 2; i++) {
        struct ps_jnode end = ps_jnode_member(n, ends[i]);
        if (!ps_jnode_there(end))
            return sp_check_missing(c, ends[i]);
        size_t mark = sp_check_enter(c, ends[i]);
        err = sp_check_int(c, end, 0, PORT_MAX, &port[i]);
        sp_check_leave(c, mark);
    }
    for (struct ps_jnode m = ps_jnode_first(n); !err && ps_jnode_there(m); m = ps_jnode_next(m)) {
        const char *key = ps_jnode_key(m);
        if (key[0] != '#' && strcmp(key, "lower") != 0 && strcmp(key, "upper") != 0)
            err = sp_check_unexpected(c, key, NULL);
    }
    if (!err && port[0] > port[1])
        err = sp_check_fail(c, PS_ERANGE, "the lower port, %d, is above the upper one, %d", (int)port[0],
                            (int)port[1]);
    return err;
}

static int check_hosts(struct sp_check *c, struct ps_jnode n)
{
    const char *host;
    size_t i = 0;

    int err = sp_check_type(c, n, PS_JTYPE_ARRAY);
    if (!err)
        err = sp_check_count(c, n, SP_PARTICIPANTS_MAX);
    if (!err && ps_jnode_count(n) == 0)
        err = sp_check_fail(c, PS_ERANGE, "[] is too short");
    for (struct ps_jnode m = ps_jnode_first(n); !err && ps_jnode_there(m); m = ps_jnode_next(m)) {
        size_t mark = sp_check_enter_nth(c, i++);
        err = sp_check_hostport(c, m, &host);
        sp_check_leave(c, mark);
    }
    return err;
}

// A line's end in a header would begin another one.
static int check_headers(struct sp_check *c, struct ps_jnode n)
{
    const char *value;

    int err = sp_check_type(c, n, PS_JTYPE_OBJECT);
    if (!err)
        err = sp_check_count(c, n, SP_SPEC_ITEMS);
    for (struct ps_jnode m = ps_jnode_first(n); !err && ps_jnode_there(m); m = ps_jnode_next(m)) {
        const char *key = ps_jnode_key(m);
        if (key[0] == '#')
            continue;
        size_t mark = sp_check_enter(c, key);
        err = sp_check_string(c, m, &value);
        if (!err && (!key[0] || strpbrk(key, ": \t\r\n") || strpbrk(value, "\r\n")))
            err = sp_check_fail(c, PS_EMALFORMED, "is not a header of HTTP");
        sp_check_leave(c, mark);
    }
    return err;
}

static int check_url(struct sp_check *c, struct ps_jnode n)
{
    char shown[SP_QUOTED];
    const char *url;

    int err = sp_check_string(c, n, &url);
    if (err)
        return err;
    size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
    if (scheme == 0 || strcspn(url + scheme, "/?#") == 0)
        return sp_check_fail(c, PS_EMALFORMED, "%s is not a URL that begins with http:// or https://",
                             sp_quoted(n, shown));
    for (const char *p = url; *p; p++)
        if (*p <= ' ' || *p == 0x7f)
            return sp_check_fail(c, PS_EMALFORMED,
                                 "%s has a blank or a control character, which URLs have not",
                                 sp_quoted(n, shown));
    return 0;
}

static int check_integer(struct sp_check *c, const struct sp_key *k, struct ps_jnode n)
{
    bool bounded = k->min < k->max;
    int64_t v;

    return sp_check_int(c, n, bounded ? (int64_t)k->min : -SP_INT_MAX, bounded ? (int64_t)k->max : SP_INT_MAX,
                        &v);
}

static int check_number(struct sp_check *c, const struct sp_key *k, struct ps_jnode n)
{
    bool bounded = k->min < k->max;
    double v;

    return sp_check_number(c, n, bounded ? k->min : -1e308, bounded ? k->max : 1e308, k->open, &v);
}

static int check_ip_version(struct sp_check *c, struct ps_jnode n)
{
    char shown[SP_QUOTED];
    int64_t v;

    int err = sp_check_int(c, n, -SP_INT_MAX, SP_INT_MAX, &v);
    if (!err && v != 4 && v != 6)
        err = sp_check_fail(c, PS_EUNKNOWN, "%s is not one of [4, 6]", sp_quoted(n, shown));
    return err;
}

static int check_duration(struct sp_check *c, const struct sp_key *k, struct ps_jnode n)
{
    char shown[SP_QUOTED];
    ps_ns d;

    int err = sp_check_duration(c, n, &d);
    if (!err && k->open && d <= 0)
        err = sp_check_fail(c, PS_ERANGE, "%s is no time at all", sp_quoted(n, shown));
    return err;
}

static int check_word(struct sp_check *c, const struct sp_key *k, struct ps_jnode n, int schema)
{
    const char *text;
    size_t which;

    return k->words_until && schema > k->words_until ? sp_check_string(c, n, &text)
                                                     : sp_check_word(c, n, k->words, &which);
}

static int check_value(struct sp_check *c, const struct sp_key *k, struct ps_jnode n, int schema)
{
    const char *text;

    switch (k->type) {
    case SP_T_STRING:
        return sp_check_string(c, n, &text);
    case SP_T_HOST:
        return sp_check_host(c, n, &text);
    case SP_T_HOSTPORT:
        return sp_check_hostport(c, n, &text);
    case SP_T_URL:
        return check_url(c, n);
    case SP_T_BOOL:
        return sp_check_type(c, n, PS_JTYPE_BOOL);
    case SP_T_INT:
    case SP_T_SI:
        return check_integer(c, k, n);
    case SP_T_NUMBER:
        return check_number(c, k, n);
    case SP_T_IP_VERSION:
        return check_ip_version(c, n);
    case SP_T_DURATION:
        return check_duration(c, k, n);
    case SP_T_WORD:
        return check_word(c, k, n, schema);
    case SP_T_PORTS:
        return check_ports(c, n);
    case SP_T_HOSTS:
        return check_hosts(c, n);
    case SP_T_HEADERS:
        return check_headers(c, n);
    case SP_T_ANY:
        break;
    }
    return 0;
}

// A key that the schema does not know: perhaps another one does.
static int check_unknown(struct sp_check *c, const struct sp_test *t, const char *key)
{
    char why[60];

    if (t->open)
        return 0;
    for (int schema = 1; schema <= t->schema; schema++) {
        if (!sp_key_find(t, key, schema))
            continue;
        snprintf(why, sizeof why, "it needs \"schema\": %d", schema);
        return sp_check_unexpected(c, key, why);
    }
    return sp_check_unexpected(c, key, NULL);
}

static int check_members(struct sp_check *c, const struct sp_test *t, struct ps_jnode spec, int schema)
{
    int err = 0;

    for (struct ps_jnode n = ps_jnode_first(spec); !err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *name = ps_jnode_key(n);
        const struct sp_key *k = sp_key_find(t, name, schema);
        if (name[0] == '#' || strcmp(name, "schema") == 0)
            continue;
        if (!k) {
            err = check_unknown(c, t, name);
            continue;
        }
        size_t mark = sp_check_enter(c, name);
        err = check_value(c, k, n, schema);
        sp_check_leave(c, mark);
    }
    return err;
}

static int check_required(struct sp_check *c, const struct sp_test *t, struct ps_jnode spec)
{
    for (size_t i = 0; i < t->nkeys; i++)
        if (t->keys[i].required && !ps_jnode_there(ps_jnode_member(spec, t->keys[i].name)))
            return sp_check_missing(c, t->keys[i].name);
    return 0;
}

int sp_validate(const struct sp_test *t, struct ps_jnode spec, struct ps_fault *fault)
{
    struct sp_check c;
    int schema;

    sp_check_init(&c, "", fault);
    if (!ps_jnode_there(spec))
        return sp_check_fail(&c, PS_ENOTFOUND, "there is no specification");
    int err = sp_check_type(&c, spec, PS_JTYPE_OBJECT);
    if (!err && sp_json_depth(spec) > SP_SPEC_DEPTH)
        err = sp_check_fail(&c, PS_ELIMIT, "is nested deeper than %d levels", SP_SPEC_DEPTH);
    if (!err)
        err = check_schema(&c, t, spec, &schema);
    if (!err)
        err = check_required(&c, t, spec);
    if (!err)
        err = check_members(&c, t, spec, schema);
    if (!err && t->more)
        err = t->more(&c, spec);
    return err;
}
