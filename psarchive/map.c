// SPDX-License-Identifier: Apache-2.0
#include "psarchive/map.h"
#include <errno.h>
#include <string.h>
#include "base/ps_err.h"

// A text of the document's own.
static const char *text_of(struct ps_jnode n)
{
    const char *text = NULL;

    return ps_jnode_str(n, 1, SIZE_MAX, &text, NULL) == 0 ? text : NULL;
}

static const struct meta *find_stream(const struct es_map *m, struct roster *roster)
{
    const char *stream = text_of(ps_jnode_member(m->root, "stream"));

    if (m->kind != ES_MAP_GAP || !stream)
        return NULL;
    return roster_stream(roster, stream, m->hosts[ES_MAP_SOURCE].name, m->hosts[ES_MAP_DEST].name);
}

// The meta that the registration is, if that is known; else the registration is made.
static int find_meta(const struct es_map *m, struct roster *roster, struct es_reg *reg,
                     const struct meta **known, struct ps_fault *fault)
{
    _Static_assert(ROSTER_DIGEST == ES_MAP_DIGEST, "a roster's digests are those of maps");
    uint8_t digest[ROSTER_DIGEST];
    bool keyed;
    int err;

    *known = roster ? find_stream(m, roster) : NULL;
    if (*known)
        return 0;
    keyed = roster && es_map_key(m, digest) == 0;
    *known = keyed ? roster_find(roster, digest) : NULL;
    err = *known ? 0 : es_map_register(m, reg, fault);
    if (keyed && !*known && !err)
        *known = roster_note(roster, digest, reg);
    return err;
}

static int begin_put(const struct meta *known, struct es_reg *reg, struct put **out)
{
    struct put *p = put_new(known);

    if (!p)
        return -ENOMEM;
    if (known)
        p->revives = true;
    else
        put_register(p, reg);
    *out = p;
    return 0;
}

static int enter(void *put, int64_t ts, int event, struct es_value *v)
{
    return put_value(put, ts, event, v);
}

int map_make(const struct es_map *m, struct roster *roster, struct put **out, struct ps_fault *fault)
{
    const struct meta *known = NULL;
    struct put *p = NULL;
    struct es_reg reg;
    int err;

    *out = NULL;
    if (m->kind == ES_MAP_STEP)
        return 0;
    es_reg_init(&reg);
    err = find_meta(m, roster, &reg, &known, fault);
    if (!err)
        err = begin_put(known, &reg, &p);
    if (!err)
        err = es_map_values(m, enter, p, fault);
    es_reg_fini(&reg);
    meta_unref(known);
    if (err)
        put_free(p);
    else
        *out = p;
    return err;
}

bool map_has_document(const struct es_map *m)
{
    return m->kind != ES_MAP_GAP;
}
