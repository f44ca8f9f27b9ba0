// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_same.h"
#include <math.h>
#include <string.h>

static bool same_array(struct ps_jnode a, struct ps_jnode b)
{
    struct ps_jnode x = ps_jnode_first(a), y = ps_jnode_first(b);
    while (ps_jnode_there(x) && ps_jnode_there(y)) {
        if (!lim_same(x, y))
            return false;
        x = ps_jnode_next(x);
        y = ps_jnode_next(y);
    }
    return ps_jnode_there(x) == ps_jnode_there(y);
}

static size_t members(struct ps_jnode object)
{
    size_t n = 0;
    for (struct ps_jnode m = ps_jnode_first(object); ps_jnode_there(m); m = ps_jnode_next(m))
        n += ps_jnode_key(m)[0] != '#';
    return n;
}

static bool same_object(struct ps_jnode a, struct ps_jnode b)
{
    if (members(a) != members(b))
        return false;
    for (struct ps_jnode m = ps_jnode_first(a); ps_jnode_there(m); m = ps_jnode_next(m)) {
        const char *key = ps_jnode_key(m);
        if (key[0] != '#' && !lim_same(m, ps_jnode_member(b, key)))
            return false;
    }
    return true;
}

static bool same_number(struct ps_jnode a, struct ps_jnode b)
{
    double x = 0, y = 0;
    if (ps_jnode_double(a, -INFINITY, INFINITY, &x, NULL) != 0 ||
        ps_jnode_double(b, -INFINITY, INFINITY, &y, NULL) != 0)
        return false;
    return !(x < y) && !(x > y);
}

bool lim_same(struct ps_jnode a, struct ps_jnode b)
{
    const char *x = NULL, *y = NULL;
    bool p = false, q = false;
    if (ps_jnode_type(a) != ps_jnode_type(b))
        return false;
    switch (ps_jnode_type(a)) {
    case PS_JTYPE_NONE:
    case PS_JTYPE_NULL:
        return true;
    case PS_JTYPE_BOOL:
        return ps_jnode_bool(a, &p, NULL) == 0 && ps_jnode_bool(b, &q, NULL) == 0 && p == q;
    case PS_JTYPE_NUMBER:
        return same_number(a, b);
    case PS_JTYPE_STRING:
        return ps_jnode_str(a, 0, SIZE_MAX, &x, NULL) == 0 && ps_jnode_str(b, 0, SIZE_MAX, &y, NULL) == 0 &&
               strcmp(x, y) == 0;
    case PS_JTYPE_ARRAY:
        return same_array(a, b);
    case PS_JTYPE_OBJECT:
        return same_object(a, b);
    }
    return false;
}
