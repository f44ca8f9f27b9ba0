// SPDX-License-Identifier: Apache-2.0
// Options to a specification.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_addr.h"
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_num.h"
#include "spec/sp_cli_impl.h"
#include "spec/sp_json.h"
#include "spec/sp_si.h"

#define DURATION_MAX 1e9 // seconds of a bare number

// null takes the value's place: the document is finished all the same.
static int fail(struct ps_json *j, struct ps_fault *fault, const struct sp_key *k, const char *what,
                const char *value)
{
    char shown[SP_QUOTED];

    ps_json_null(j);
    ps_fault_set(fault, NULL, 0, "option --%s: invalid %s value: %s", k->name, what,
                 sp_quoted_text(value, shown));
    return PS_EMALFORMED;
}

static int put_int(struct ps_json *j, const struct sp_key *k, const char *value, struct ps_fault *fault)
{
    int64_t v;

    int err = k->type == SP_T_SI ? sp_si_parse(value, &v) : ps_num_i64(value, 10, INT64_MIN, INT64_MAX, &v);
    if (err)
        return fail(j, fault, k, "integer", value);
    ps_json_i64(j, v);
    return 0;
}

static int put_number(struct ps_json *j, const struct sp_key *k, const char *value, struct ps_fault *fault)
{
    double v;

    if (ps_num_double(value, -1e300, 1e300, &v) != 0)
        return fail(j, fault, k, "floating-point", value);
    ps_json_double(j, v);
    return 0;
}

// Bare numbers are seconds.
static int put_duration(struct ps_json *j, const char *value)
{
    char text[PS_ISO8601_DURATION];
    double seconds;

    if (ps_num_double(value, 0, DURATION_MAX, &seconds) == 0)
        value = ps_iso8601_put_duration((ps_ns)(seconds * (double)PS_SEC + 0.5), text);
    ps_json_str(j, value);
    return 0;
}

static int put_ports(struct ps_json *j, const struct sp_key *k, const char *value, struct ps_fault *fault)
{
    struct ps_portrange r;

    if (ps_portrange_parse(value, &r) != 0)
        return fail(j, fault, k, "port range", value);
    ps_json_open(j, '{');
    ps_json_put_u64(j, "lower", r.low);
    ps_json_put_u64(j, "upper", r.high);
    ps_json_close(j, '}');
    return 0;
}

static int put_any(struct ps_json *j, const struct sp_key *k, const char *value, struct ps_fault *fault)
{
    struct ps_jdoc *doc;

    if (ps_jdoc_parse(&doc, NULL, value, strlen(value), NULL) != 0)
        return fail(j, fault, k, "JSON", value);
    sp_json_put(j, ps_jdoc_root(doc), 0);
    ps_jdoc_free(doc);
    return 0;
}

static bool is_of(const struct sp_given *g, const struct sp_key *k)
{
    return strcmp(g->key->name, k->name) == 0;
}

static void put_hosts(struct ps_json *j, const struct sp_givens *g, const struct sp_key *k)
{
    ps_json_open(j, '[');
    for (size_t i = 0; i < g->n; i++)
        if (is_of(&g->at[i], k))
            ps_json_str(j, g->at[i].value);
    ps_json_close(j, ']');
}

static int put_header(struct ps_json *j, const struct sp_key *k, const char *value, struct ps_fault *fault)
{
    const char *colon = strchr(value, ':');
    char *name = colon && colon > value ? strndup(value, (size_t)(colon - value)) : NULL;

    if (!name) {
        ps_json_key(j, "");
        return fail(j, fault, k, "header", value);
    }
    ps_json_put_str(j, name, colon + 1 + strspn(colon + 1, " "));
    free(name);
    return 0;
}

static int put_headers(struct ps_json *j, const struct sp_givens *g, const struct sp_key *k,
                       struct ps_fault *fault)
{
    int err = 0;

    ps_json_open(j, '{');
    for (size_t i = 0; !err && i < g->n; i++)
        if (is_of(&g->at[i], k))
            err = put_header(j, k, g->at[i].value, fault);
    ps_json_close(j, '}');
    return err;
}

// last is what counts of options that were given more than once.
static int put_value(struct ps_json *j, const struct sp_givens *g, const struct sp_key *k,
                     const struct sp_given *last, struct ps_fault *fault)
{
    switch (k->type) {
    case SP_T_BOOL:
        ps_json_bool(j, !last->off);
        return 0;
    case SP_T_INT:
    case SP_T_SI:
    case SP_T_IP_VERSION:
        return put_int(j, k, last->value, fault);
    case SP_T_NUMBER:
        return put_number(j, k, last->value, fault);
    case SP_T_DURATION:
        return put_duration(j, last->value);
    case SP_T_PORTS:
        return put_ports(j, k, last->value, fault);
    case SP_T_HEADERS:
        return put_headers(j, g, k, fault);
    case SP_T_ANY:
        return put_any(j, k, last->value, fault);
    case SP_T_HOSTS:
        put_hosts(j, g, k);
        return 0;
    case SP_T_STRING:
    case SP_T_HOST:
    case SP_T_HOSTPORT:
    case SP_T_URL:
    case SP_T_WORD:
        break;
    }
    ps_json_str(j, last->value);
    return 0;
}

static const struct sp_given *last_of(const struct sp_givens *g, const struct sp_key *k, size_t *count)
{
    const struct sp_given *last = NULL;

    *count = 0;
    for (size_t i = 0; i < g->n; i++) {
        if (is_of(&g->at[i], k)) {
            last = &g->at[i];
            ++*count;
        }
    }
    return last;
}

// A key that has become a list in a newer schema is that when it was given more than once, or with a port.
static bool alone(const struct sp_key *k, const struct sp_given *last, size_t count)
{
    return k->type == SP_T_HOSTS && count == 1 && !strpbrk(last->value, ":[");
}

// The oldest schema that can say all that is said.
static int schema_of(const struct sp_givens *g)
{
    int schema = 1;
    size_t count;

    for (size_t i = 0; i < g->test->nkeys; i++) {
        const struct sp_key *k = &g->test->keys[i];
        const struct sp_given *last = last_of(g, k, &count);
        int since = last && !alone(k, last, count) ? sp_key_since(k, last->value) : 1;
        schema = since > schema ? since : schema;
    }
    return schema;
}

int sp_cli_put(const struct sp_givens *g, struct ps_json *j, struct ps_fault *fault)
{
    int schema = schema_of(g), err = 0;
    size_t count;

    ps_json_open(j, '{');
    ps_json_put_u64(j, "schema", (uint64_t)schema);
    for (size_t i = 0; !err && i < g->test->nkeys; i++) {
        const struct sp_key *k = &g->test->keys[i];
        const struct sp_given *last = last_of(g, k, &count);
        bool same = sp_key_find(g->test, k->name, schema) == k;
        // What this schema does not have any more is told by sp_validate.
        if (!last || (!same && sp_key_find(g->test, k->name, schema)))
            continue;
        ps_json_key(j, k->name);
        err = put_value(j, g, k, last, fault);
    }
    ps_json_close(j, '}');
    return err;
}
