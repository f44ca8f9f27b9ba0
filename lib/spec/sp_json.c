// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS 62 // of a writer that has 64

unsigned sp_json_depth(struct ps_jnode n)
{
    enum ps_jtype type = ps_jnode_type(n);
    unsigned deepest = 0;

    if (type != PS_JTYPE_ARRAY && type != PS_JTYPE_OBJECT)
        return 0;
    for (struct ps_jnode m = ps_jnode_first(n); ps_jnode_there(m); m = ps_jnode_next(m)) {
        unsigned d = sp_json_depth(m);
        deepest = d > deepest ? d : deepest;
    }
    return deepest + 1;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(ps_jnode_key(*(const struct ps_jnode *)a), ps_jnode_key(*(const struct ps_jnode *)b));
}

static void put_member(struct ps_json *j, struct ps_jnode n, unsigned flags)
{
    const char *key = ps_jnode_key(n);

    if ((flags & SP_JSON_UNCOMMENT) && key[0] == '#')
        return;
    ps_json_key(j, key);
    if ((flags & SP_JSON_SANITISE) && key[0] == '_')
        ps_json_null(j);
    else
        sp_json_put(j, n, flags);
}

// Without memory to sort in, the members come as they are.
static void put_members(struct ps_json *j, struct ps_jnode object, unsigned flags)
{
    size_t count = ps_jnode_count(object), at = 0;
    struct ps_jnode *members = flags & SP_JSON_SORT && count ? calloc(count, sizeof *members) : NULL;

    for (struct ps_jnode n = ps_jnode_first(object); ps_jnode_there(n); n = ps_jnode_next(n)) {
        if (members)
            members[at++] = n;
        else
            put_member(j, n, flags);
    }
    if (members)
        qsort(members, at, sizeof *members, by_key);
    for (size_t i = 0; i < at; i++)
        put_member(j, members[i], flags);
    free(members);
}

static void put_array(struct ps_json *j, struct ps_jnode n, unsigned flags)
{
    ps_json_open(j, '[');
    for (struct ps_jnode m = ps_jnode_first(n); ps_jnode_there(m); m = ps_jnode_next(m))
        sp_json_put(j, m, flags);
    ps_json_close(j, ']');
}

static void put_object(struct ps_json *j, struct ps_jnode n, unsigned flags)
{
    ps_json_open(j, '{');
    put_members(j, n, flags);
    ps_json_close(j, '}');
}

static void put_scalar(struct ps_json *j, struct ps_jnode n)
{
    const char *text;

    if (ps_jnode_str(n, 0, SIZE_MAX, &text, NULL) == 0) {
        ps_json_str(j, text);
        return;
    }
    ps_jnode_put(j, NULL, n);
}

void sp_json_put(struct ps_json *j, struct ps_jnode n, unsigned flags)
{
    enum ps_jtype type = ps_jnode_type(n);
    bool nested = type == PS_JTYPE_ARRAY || type == PS_JTYPE_OBJECT;

    if (type == PS_JTYPE_NONE || (nested && j->depth >= LEVELS))
        ps_json_null(j);
    else if (type == PS_JTYPE_OBJECT)
        put_object(j, n, flags);
    else if (type == PS_JTYPE_ARRAY)
        put_array(j, n, flags);
    else
        put_scalar(j, n);
}

int sp_json_copy(struct ps_jdoc **out, struct ps_jnode n, unsigned flags)
{
    struct ps_text t;

    sp_json_put(ps_text_open(&t), n, flags);
    return ps_jdoc_parse_text(out, &t, NULL);
}

static bool equal_numbers(struct ps_jnode a, struct ps_jnode b)
{
    int64_t ia, ib;
    double da, db;

    if (ps_jnode_i64(a, INT64_MIN, INT64_MAX, &ia, NULL) == 0 &&
        ps_jnode_i64(b, INT64_MIN, INT64_MAX, &ib, NULL) == 0)
        return ia == ib;
    return ps_jnode_double(a, -1e308, 1e308, &da, NULL) == 0 &&
           ps_jnode_double(b, -1e308, 1e308, &db, NULL) == 0 && da >= db && da <= db;
}

static bool equal_texts(struct ps_jnode a, struct ps_jnode b)
{
    size_t la, lb;
    const char *ta = ps_jnode_raw(a, &la), *tb = ps_jnode_raw(b, &lb);

    return la == lb && memcmp(ta, tb, la) == 0;
}

static bool equal_scalars(struct ps_jnode a, struct ps_jnode b)
{
    const char *ta, *tb;

    if (ps_jnode_type(a) != ps_jnode_type(b))
        return false;
    if (ps_jnode_str(a, 0, SIZE_MAX, &ta, NULL) == 0 && ps_jnode_str(b, 0, SIZE_MAX, &tb, NULL) == 0)
        return strcmp(ta, tb) == 0;
    return equal_texts(a, b) || (ps_jnode_type(a) == PS_JTYPE_NUMBER && equal_numbers(a, b));
}

static bool holds_members(struct ps_jnode value, struct ps_jnode pattern)
{
    for (struct ps_jnode p = ps_jnode_first(pattern); ps_jnode_there(p); p = ps_jnode_next(p)) {
        struct ps_jnode v = ps_jnode_member(value, ps_jnode_key(p));
        if (!ps_jnode_there(v) || !sp_json_contains(v, p))
            return false;
    }
    return true;
}

static bool holds_one(struct ps_jnode array, struct ps_jnode pattern)
{
    for (struct ps_jnode v = ps_jnode_first(array); ps_jnode_there(v); v = ps_jnode_next(v))
        if (ps_jnode_type(v) == ps_jnode_type(pattern) && sp_json_contains(v, pattern))
            return true;
    return false;
}

static bool holds_items(struct ps_jnode value, struct ps_jnode pattern)
{
    for (struct ps_jnode p = ps_jnode_first(pattern); ps_jnode_there(p); p = ps_jnode_next(p))
        if (!holds_one(value, p))
            return false;
    return true;
}

bool sp_json_contains(struct ps_jnode value, struct ps_jnode pattern)
{
    enum ps_jtype vt = ps_jnode_type(value), pt = ps_jnode_type(pattern);

    if (vt == PS_JTYPE_OBJECT && pt == PS_JTYPE_OBJECT)
        return holds_members(value, pattern);
    if (vt == PS_JTYPE_ARRAY && pt == PS_JTYPE_ARRAY)
        return holds_items(value, pattern);
    if (vt == PS_JTYPE_ARRAY && pt != PS_JTYPE_OBJECT)
        return holds_one(value, pattern);
    return vt != PS_JTYPE_ARRAY && vt != PS_JTYPE_OBJECT && vt != PS_JTYPE_NONE &&
           equal_scalars(value, pattern);
}
