// SPDX-License-Identifier: Apache-2.0
// What the data of several kinds have in common.
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_near.h"
#include "deliver/ps_deliver_kind.h"

#define WAIT_MAX (INT64_C(3660) * 86400 * PS_SEC)

unsigned ps_deliver_schema(struct ps_jget *g, unsigned max)
{
    return (unsigned)ps_jget_u64(g, "schema", 1, max, 1);
}

void ps_deliver_since(struct ps_jget *g, const char *key, unsigned schema, unsigned since)
{
    if (schema < since && ps_jnode_there(ps_jnode_member(g->node, key)))
        ps_jget_fail(g, key, PS_EUNKNOWN, "is not known before schema %u; got schema %u", since, schema);
}

ps_ns ps_deliver_duration(struct ps_jget *g, const char *key, ps_ns min, ps_ns max, ps_ns otherwise)
{
    char least[PS_ISO8601_DURATION], most[PS_ISO8601_DURATION];
    const char *text = ps_jget_str(g, key, 1, 64, NULL);
    ps_ns d;
    int err;

    if (!text)
        return otherwise;
    err = ps_iso8601_duration(text, &d);
    if (err == 0 && d >= min && d <= max)
        return d;
    ps_jget_fail(g, key, err ? err : PS_ERANGE, "wants an ISO 8601 duration from %s to %s; got \"%.64s\"",
                 ps_iso8601_put_duration(min, least), ps_iso8601_put_duration(max, most), text);
    return otherwise;
}

// A member that is not there has the fault of its reader, named from the array.
static void read_segment(struct ps_jget *g, struct ps_jnode n, struct ps_retry_step *step)
{
    struct ps_jget in;

    ps_jget_init(&in, n, g->fault);
    step->attempts = ps_jneed_u64(&in, "attempts", 1, INT64_MAX);
    (void)ps_jneed_str(&in, "wait", 1, 64);
    step->wait = ps_deliver_duration(&in, "wait", 0, WAIT_MAX, 0);
    g->err = ps_deliver_data_end(&in, NULL, 0);
}

void ps_deliver_retry_policy(struct ps_jget *g, struct ps_deliver_retry *out)
{
    struct ps_jnode list = ps_jget_array(g, "retry-policy");

    out->n = 0;
    for (struct ps_jnode n = ps_jnode_first(list); !g->err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        if (out->n == PS_DELIVER_RETRY_MAX)
            ps_jget_fail(g, "retry-policy", PS_ELIMIT, "has more than %d segments", PS_DELIVER_RETRY_MAX);
        else
            read_segment(g, n, &out->steps[out->n++]);
    }
}

static bool is_known(const char *key, const char *const *known, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(known[i], key) == 0)
            return true;
    return false;
}

int ps_deliver_data_end(struct ps_jget *g, const char *const *known, size_t n)
{
    char hint[PS_NEAR_HINT];

    for (struct ps_jnode m = ps_jnode_first(g->node); !g->err && ps_jnode_there(m); m = ps_jnode_next(m)) {
        const char *key = ps_jnode_key(m);
        if (key[0] != '_' || is_known(key, known, n))
            continue;
        ps_jnode_fault(m, g->fault, "is not known here%s", ps_near_hint(key, known, n, hint));
        g->err = PS_EUNKNOWN;
    }
    return ps_jget_end(g);
}
