// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_merge.h"
#include <stdbool.h>
#include <string.h>

static int put_char(struct ps_buf *out, unsigned char c)
{
    if (c == '"' || c == '\\')
        return ps_buf_printf(out, "\\%c", c);
    if (c < 0x20 || c == 0x7f)
        return ps_buf_printf(out, "\\u%04x", c);
    return ps_buf_append(out, &c, 1);
}

int lim_put_string(struct ps_buf *out, const char *s)
{
    int err = ps_buf_append(out, "\"", 1);
    for (; *s && !err; s++)
        err = put_char(out, (unsigned char)*s);
    return err ? err : ps_buf_append(out, "\"", 1);
}

static int put_raw(struct ps_jnode n, struct ps_buf *out)
{
    size_t len;
    const char *raw = ps_jnode_raw(n, &len);
    return ps_buf_append(out, raw, len);
}

static int put_key(const char *key, bool first, struct ps_buf *out)
{
    int err = first ? 0 : ps_buf_append(out, ",", 1);
    if (!err)
        err = lim_put_string(out, key);
    return err ? err : ps_buf_append(out, ":", 1);
}

static bool both_objects(struct ps_jnode a, struct ps_jnode b)
{
    return ps_jnode_type(a) == PS_JTYPE_OBJECT && ps_jnode_type(b) == PS_JTYPE_OBJECT;
}

static int put_member(struct ps_jnode under, struct ps_jnode over, struct ps_buf *out)
{
    if (both_objects(under, over))
        return lim_merge(under, over, out);
    return put_raw(ps_jnode_there(over) ? over : under, out);
}

int lim_merge(struct ps_jnode under, struct ps_jnode over, struct ps_buf *out)
{
    bool first = true;
    int err = ps_buf_append(out, "{", 1);
    for (struct ps_jnode n = ps_jnode_first(under); ps_jnode_there(n) && !err; n = ps_jnode_next(n)) {
        err = put_key(ps_jnode_key(n), first, out);
        if (!err)
            err = put_member(n, ps_jnode_member(over, ps_jnode_key(n)), out);
        first = false;
    }
    for (struct ps_jnode n = ps_jnode_first(over); ps_jnode_there(n) && !err; n = ps_jnode_next(n)) {
        if (ps_jnode_there(ps_jnode_member(under, ps_jnode_key(n))))
            continue;
        err = put_key(ps_jnode_key(n), first, out);
        if (!err)
            err = put_raw(n, out);
        first = false;
    }
    return err ? err : ps_buf_append(out, "}", 1);
}
