// SPDX-License-Identifier: Apache-2.0
// The cursor over an object's members.
#include <assert.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_near.h"
#include "json/ps_jdoc_impl.h"

static void keep(struct ps_jget *g, int err)
{
    if (!g->err)
        g->err = err;
}

void ps_jget_init(struct ps_jget *g, struct ps_jnode object, struct ps_fault *fault)
{
    *g = (struct ps_jget){.node = object, .fault = fault};
    g->err = ps_jnode_there(object) ? ps_jnode_want(object, PS_JTYPE_OBJECT, fault) : PS_ENOTFOUND;
}

static bool known(const struct ps_jget *g, const char *key)
{
    size_t i = 0;

    while (i < g->nnames && strcmp(g->names[i], key) != 0)
        i++;
    return i < g->nnames;
}

void ps_jget_know(struct ps_jget *g, const char *key)
{
    if (known(g, key))
        return;
    assert(g->nnames < PS_JGET_NAMES);
    g->names[g->nnames++] = key;
}

struct ps_jnode ps_jget_node(struct ps_jget *g, const char *key)
{
    ps_jget_know(g, key);
    return g->err ? (struct ps_jnode){NULL, 0} : ps_jnode_member(g->node, key);
}

static struct ps_jnode need(struct ps_jget *g, const char *key)
{
    struct ps_jnode n = ps_jget_node(g, key);

    if (!ps_jnode_there(n))
        ps_jget_fail(g, key, PS_ENOTFOUND, "is missing");
    return n;
}

void ps_jget_fail(struct ps_jget *g, const char *key, int err, const char *fmt, ...)
{
    struct ps_jnode n = key ? ps_jnode_member(g->node, key) : g->node;
    va_list ap;

    if (g->err)
        return;
    g->err = err;
    va_start(ap, fmt);
    if (ps_jnode_there(n))
        ps_jnode_vfault(n, NULL, g->fault, fmt, ap);
    else
        ps_jnode_vfault(g->node, key, g->fault, fmt, ap);
    va_end(ap);
}

int ps_jget_end(struct ps_jget *g)
{
    char hint[PS_NEAR_HINT];

    for (struct ps_jnode n = ps_jnode_first(g->node); !g->err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *key = ps_jnode_key(n);
        if (key[0] == '#' || key[0] == '_' || known(g, key))
            continue;
        ps_jnode_fault(n, g->fault, "is not known here%s", ps_near_hint(key, g->names, g->nnames, hint));
        g->err = PS_EUNKNOWN;
    }
    return g->err;
}

// A member that is there replaces the default; one that will not do is a fault and leaves it.

static const char *str_of(struct ps_jget *g, struct ps_jnode n, size_t min, size_t max, const char *v)
{
    if (ps_jnode_there(n))
        keep(g, ps_jnode_str(n, min, max, &v, g->fault));
    return v;
}

static bool bool_of(struct ps_jget *g, struct ps_jnode n, bool v)
{
    if (ps_jnode_there(n))
        keep(g, ps_jnode_bool(n, &v, g->fault));
    return v;
}

static uint64_t u64_of(struct ps_jget *g, struct ps_jnode n, uint64_t min, uint64_t max, uint64_t v)
{
    if (ps_jnode_there(n))
        keep(g, ps_jnode_u64(n, min, max, &v, g->fault));
    return v;
}

static int64_t i64_of(struct ps_jget *g, struct ps_jnode n, int64_t min, int64_t max, int64_t v)
{
    if (ps_jnode_there(n))
        keep(g, ps_jnode_i64(n, min, max, &v, g->fault));
    return v;
}

static double double_of(struct ps_jget *g, struct ps_jnode n, double min, double max, double v)
{
    if (ps_jnode_there(n))
        keep(g, ps_jnode_double(n, min, max, &v, g->fault));
    return v;
}

static size_t word_of(struct ps_jget *g, struct ps_jnode n, const char *const *words, size_t nwords, size_t v)
{
    if (ps_jnode_there(n))
        keep(g, ps_jnode_word(n, words, nwords, &v, g->fault));
    return v;
}

static struct ps_jnode typed(struct ps_jget *g, struct ps_jnode n, enum ps_jtype type)
{
    int err = ps_jnode_there(n) ? ps_jnode_want(n, type, g->fault) : 0;

    keep(g, err);
    return err ? (struct ps_jnode){NULL, 0} : n;
}

const char *ps_jget_str(struct ps_jget *g, const char *key, size_t min, size_t max, const char *otherwise)
{
    return str_of(g, ps_jget_node(g, key), min, max, otherwise);
}

bool ps_jget_bool(struct ps_jget *g, const char *key, bool otherwise)
{
    return bool_of(g, ps_jget_node(g, key), otherwise);
}

uint64_t ps_jget_u64(struct ps_jget *g, const char *key, uint64_t min, uint64_t max, uint64_t otherwise)
{
    return u64_of(g, ps_jget_node(g, key), min, max, otherwise);
}

int64_t ps_jget_i64(struct ps_jget *g, const char *key, int64_t min, int64_t max, int64_t otherwise)
{
    return i64_of(g, ps_jget_node(g, key), min, max, otherwise);
}

double ps_jget_double(struct ps_jget *g, const char *key, double min, double max, double otherwise)
{
    return double_of(g, ps_jget_node(g, key), min, max, otherwise);
}

size_t ps_jget_word(struct ps_jget *g, const char *key, const char *const *words, size_t nwords,
                    size_t otherwise)
{
    return word_of(g, ps_jget_node(g, key), words, nwords, otherwise);
}

struct ps_jnode ps_jget_array(struct ps_jget *g, const char *key)
{
    return typed(g, ps_jget_node(g, key), PS_JTYPE_ARRAY);
}

struct ps_jnode ps_jget_object(struct ps_jget *g, const char *key)
{
    return typed(g, ps_jget_node(g, key), PS_JTYPE_OBJECT);
}

const char *ps_jneed_str(struct ps_jget *g, const char *key, size_t min, size_t max)
{
    return str_of(g, need(g, key), min, max, "");
}

bool ps_jneed_bool(struct ps_jget *g, const char *key)
{
    return bool_of(g, need(g, key), false);
}

uint64_t ps_jneed_u64(struct ps_jget *g, const char *key, uint64_t min, uint64_t max)
{
    return u64_of(g, need(g, key), min, max, 0);
}

int64_t ps_jneed_i64(struct ps_jget *g, const char *key, int64_t min, int64_t max)
{
    return i64_of(g, need(g, key), min, max, 0);
}

double ps_jneed_double(struct ps_jget *g, const char *key, double min, double max)
{
    return double_of(g, need(g, key), min, max, 0);
}

size_t ps_jneed_word(struct ps_jget *g, const char *key, const char *const *words, size_t nwords)
{
    return word_of(g, need(g, key), words, nwords, 0);
}

struct ps_jnode ps_jneed_array(struct ps_jget *g, const char *key)
{
    return typed(g, need(g, key), PS_JTYPE_ARRAY);
}

struct ps_jnode ps_jneed_object(struct ps_jget *g, const char *key)
{
    return typed(g, need(g, key), PS_JTYPE_OBJECT);
}
