// SPDX-License-Identifier: Apache-2.0
// What the registration of a document is made of, as octets.
#include <string.h>
#include "base/ps_buf.h"
#include "crypto/ps_crypto.h"
#include "esmond/es_map_impl.h"

#define ROOM 1024 // for most

// With its length before it, so that it cannot be taken for two others.
static int put(struct ps_buf *b, const void *data, size_t len)
{
    uint64_t n = len;
    int err = ps_buf_append(b, &n, sizeof n);

    return err ? err : ps_buf_append(b, data, len);
}

static int put_text(struct ps_buf *b, const char *text)
{
    return put(b, text ? text : "", text ? strlen(text) : 0);
}

// As it stands in the document; what is not there is none of JSON's values.
static int put_node(struct ps_buf *b, struct ps_jnode n)
{
    size_t len;
    const char *raw = ps_jnode_raw(n, &len);

    return put(b, raw, len);
}

static int put_address(struct ps_buf *b, const struct ps_addr *a)
{
    return put(b, &a->in6, a->len);
}

static int put_hosts(struct ps_buf *b, const struct es_map *m)
{
    int err = 0;

    for (size_t i = 0; !err && i < ES_MAP_ROLES; i++) {
        const struct es_map_host *h = &m->hosts[i];
        err = put_text(b, h->name);
        if (!err)
            err = put_address(b, &h->v4);
        if (!err)
            err = put_address(b, &h->v6);
    }
    return err;
}

static int put_members(struct ps_buf *b, const struct es_map *m)
{
    static const char *const run[] = {"tool/name", "reference", "task/reference"};
    static const char *const stream[] = {"stream", "bucket-width", "timeout", "dscp", "padding"};
    const char *const *paths = m->kind == ES_MAP_RUN ? run : stream;
    size_t n = m->kind == ES_MAP_RUN ? sizeof run / sizeof run[0] : sizeof stream / sizeof stream[0];
    int err = m->kind == ES_MAP_RUN ? put_node(b, es_map_run_duration(m)) : 0;

    for (size_t i = 0; !err && i < n; i++)
        err = put_node(b, es_map_member(m->root, paths[i]));
    return err;
}

int es_map_key(const struct es_map *m, uint8_t digest[ES_MAP_DIGEST])
{
    bool href = m->kind == ES_MAP_RUN && es_map_run_href(m);
    uint8_t what[2] = {(uint8_t)m->kind, href};
    struct ps_buf b;
    uint8_t *room;
    int err;

    ps_buf_init(&b, 0);
    (void)ps_buf_reserve(&b, ROOM, &room); // once, and not step by step
    err = put(&b, what, sizeof what);
    if (!err)
        err = put_text(&b, m->test);
    if (!err)
        err = put_node(&b, m->spec);
    if (!err)
        err = put_hosts(&b, m);
    if (!err)
        err = put_members(&b, m);
    if (!err)
        err = ps_sha256(ps_buf_head(&b), ps_buf_len(&b), digest);
    ps_buf_fini(&b);
    return err;
}
