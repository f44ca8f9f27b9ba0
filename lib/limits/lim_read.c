// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_read.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "limits/lim_name.h"

void lim_read_begin(struct lim_read *r, struct ps_jnode object, struct lim_faults *faults)
{
    struct ps_fault fault;
    *r = (struct lim_read){.node = object, .faults = faults, .before = faults->faults};
    if (ps_jnode_there(object) && ps_jnode_want(object, PS_JTYPE_OBJECT, &fault) != 0) {
        lim_fault_from(faults, object, &fault);
        r->node = (struct ps_jnode){NULL, 0};
    }
}

static void know(struct lim_read *r, const char *key)
{
    assert(r->nnames < LIM_READ_NAMES);
    r->names[r->nnames++] = key;
}

struct ps_jnode lim_get(struct lim_read *r, const char *key, enum lim_need need)
{
    struct ps_jnode n = ps_jnode_member(r->node, key);
    know(r, key);
    if (need == LIM_NEEDED && !ps_jnode_there(n) && ps_jnode_there(r->node))
        lim_fault_at(r->faults, LIM_FAULT, r->node, key, NULL, "is missing");
    return n;
}

// Whether a reading of n went well; tells if not.
static bool well(struct lim_read *r, struct ps_jnode n, int err, const struct ps_fault *fault)
{
    if (err)
        lim_fault_from(r->faults, n, fault);
    return err == 0;
}

const char *lim_get_str(struct lim_read *r, const char *key, enum lim_need need, size_t min)
{
    struct ps_jnode n = lim_get(r, key, need);
    struct ps_fault fault;
    const char *s = "";
    if (ps_jnode_there(n) && !well(r, n, ps_jnode_str(n, min, SIZE_MAX, &s, &fault), &fault))
        return "";
    return s;
}

bool lim_get_bool(struct lim_read *r, const char *key, enum lim_need need, bool otherwise)
{
    struct ps_jnode n = lim_get(r, key, need);
    struct ps_fault fault;
    bool v = otherwise;
    if (ps_jnode_there(n) && !well(r, n, ps_jnode_bool(n, &v, &fault), &fault))
        return otherwise;
    return v;
}

static struct ps_jnode typed(struct lim_read *r, const char *key, enum lim_need need, enum ps_jtype type)
{
    struct ps_jnode n = lim_get(r, key, need);
    struct ps_fault fault;
    if (ps_jnode_there(n) && !well(r, n, ps_jnode_want(n, type, &fault), &fault))
        return (struct ps_jnode){NULL, 0};
    return n;
}

struct ps_jnode lim_get_array(struct lim_read *r, const char *key, enum lim_need need)
{
    return typed(r, key, need, PS_JTYPE_ARRAY);
}

struct ps_jnode lim_get_object(struct lim_read *r, const char *key, enum lim_need need)
{
    return typed(r, key, need, PS_JTYPE_OBJECT);
}

size_t lim_get_word(struct lim_read *r, const char *key, enum lim_need need, const char *const *words,
                    size_t n, size_t otherwise)
{
    struct ps_jnode node = lim_get(r, key, need);
    struct ps_fault fault;
    size_t v = otherwise;
    if (ps_jnode_there(node) && !well(r, node, ps_jnode_word(node, words, n, &v, &fault), &fault))
        return otherwise;
    return v;
}

static const char *duration_fault(int err, ps_ns min, ps_ns max, char out[160])
{
    char low[PS_ISO8601_DURATION], high[PS_ISO8601_DURATION];
    if (err == PS_EUNSUPPORTED)
        return "years and months have no fixed length: use weeks or days";
    if (err == PS_ESYNTAX)
        return "an ISO 8601 duration is written as PT30S, PT4H, P1D, P1DT12H";
    snprintf(out, 160, "from %s to %s", ps_iso8601_put_duration(min, low),
             ps_iso8601_put_duration(max, high));
    return out;
}

ps_ns lim_get_duration(struct lim_read *r, const char *key, enum lim_need need, ps_ns min, ps_ns max,
                       ps_ns otherwise)
{
    struct ps_jnode n = lim_get(r, key, need);
    struct ps_fault fault;
    const char *s = NULL;
    char hint[160];
    ps_ns d = otherwise;
    if (!ps_jnode_there(n) || !well(r, n, ps_jnode_str(n, 1, SIZE_MAX, &s, &fault), &fault))
        return otherwise;
    int err = ps_iso8601_duration(s, &d);
    if (!err && (d < min || d > max))
        err = PS_ERANGE;
    if (!err)
        return d;
    lim_fault_at(r->faults, LIM_FAULT, n, NULL, duration_fault(err, min, max, hint),
                 "\"%.40s\" is not a duration%s", s, err == PS_ERANGE ? " that can be had here" : "");
    return otherwise;
}

const char *lim_element_str(struct ps_jnode n, struct lim_faults *faults)
{
    struct ps_fault fault;
    const char *s = NULL;
    if (ps_jnode_str(n, 1, SIZE_MAX, &s, &fault) == 0)
        return s;
    lim_fault_from(faults, n, &fault);
    return NULL;
}

static bool asked_for(const struct lim_read *r, const char *key)
{
    for (size_t i = 0; i < r->nnames; i++)
        if (strcmp(r->names[i], key) == 0)
            return true;
    return key[0] == '#';
}

bool lim_read_end(struct lim_read *r)
{
    char hint[LIM_NAME_HINT];
    for (struct ps_jnode n = ps_jnode_first(r->node); ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *key = ps_jnode_key(n);
        if (!asked_for(r, key))
            lim_fault_at(r->faults, LIM_FAULT, n, NULL, lim_name_hint(key, r->names, r->nnames, hint),
                         "is not known here");
    }
    return r->faults->faults == r->before;
}

bool lim_is_web_url(const char *text)
{
    size_t scheme = strncmp(text, "http://", 7) == 0 ? 7 : strncmp(text, "https://", 8) == 0 ? 8 : 0;
    return scheme && text[scheme] && !strchr("/?#:@", text[scheme]);
}
