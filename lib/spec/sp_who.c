// SPDX-License-Identifier: Apache-2.0
// Who takes part in a test.
#include "base/ps_err.h"
#include "spec/sp_table.h"

static const char *text_of(struct ps_jnode spec, const char *key)
{
    const char *text = NULL;

    (void)ps_jnode_str(ps_jnode_member(spec, key), 0, SIZE_MAX, &text, NULL);
    return text;
}

// The node where one is named, else the host.
static const char *either(struct ps_jnode spec, const char *node, const char *host)
{
    const char *text = text_of(spec, node);

    return text ? text : text_of(spec, host);
}

static bool has(struct ps_jnode spec, const char *key)
{
    return ps_jnode_there(ps_jnode_member(spec, key));
}

static struct ps_jnode list_of(struct ps_jnode spec)
{
    struct ps_jnode host = ps_jnode_member(spec, "host");

    return ps_jnode_type(host) == PS_JTYPE_ARRAY ? host : (struct ps_jnode){NULL, 0};
}

// That they are there counts, whatever their value: so do peers.
static bool single_ended(struct ps_jnode spec)
{
    return has(spec, "single-ended") || has(spec, "loopback");
}

static bool flipped(struct ps_jnode spec)
{
    bool flip = false;

    (void)ps_jnode_bool(ps_jnode_member(spec, "flip"), &flip, NULL);
    return flip;
}

size_t sp_participants_count(const struct sp_test *t, struct ps_jnode spec)
{
    if (t->who == SP_WHO_PAIR)
        return single_ended(spec) ? 1 : 2;
    size_t n = t->who == SP_WHO_LIST ? ps_jnode_count(list_of(spec)) : 0;
    return n ? n : 1;
}

static const char *nth_of(struct ps_jnode list, size_t i)
{
    struct ps_jnode n = ps_jnode_first(list);
    const char *text = NULL;

    while (i-- > 0)
        n = ps_jnode_next(n);
    (void)ps_jnode_str(n, 0, SIZE_MAX, &text, NULL);
    return text;
}

const char *sp_participant(const struct sp_test *t, struct ps_jnode spec, size_t i)
{
    switch (t->who) {
    case SP_WHO_FLIP:
        if (flipped(spec))
            return either(spec, "dest-node", "dest");
        break;
    case SP_WHO_PAIR:
        if (i == 1)
            return either(spec, "dest-node", "dest");
        break;
    case SP_WHO_LIST:
        if (ps_jnode_there(list_of(spec)))
            return nth_of(list_of(spec), i);
        return either(spec, "host-node", "host");
    case SP_WHO_HOST:
        return either(spec, "host-node", "host");
    case SP_WHO_SOURCE:
        break;
    }
    return either(spec, "source-node", "source");
}

void sp_participants(const struct sp_test *t, struct ps_jnode spec, struct ps_json *j)
{
    bool host = t->who == SP_WHO_HOST || t->who == SP_WHO_LIST;
    size_t n = sp_participants_count(t, spec);

    ps_json_open(j, '{');
    ps_json_put_open(j, "participants", '[');
    for (size_t i = 0; i < n; i++)
        ps_json_str(j, sp_participant(t, spec, i));
    ps_json_close(j, ']');
    if (!sp_participant(t, spec, 0))
        ps_json_put_str(j, "null-reason", host ? "No host specified" : "No source specified");
    ps_json_close(j, '}');
}
