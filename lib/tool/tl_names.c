// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_names.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tl_names_init(struct tl_names *n, bool want_hosts, bool want_as)
{
    memset(n, 0, sizeof *n);
    n->want_hosts = want_hosts;
    n->want_as = want_as;
    ps_list_init(&n->all);
    return ps_map_init(&n->map, TL_NAMES_ADDR);
}

void tl_names_fini(struct tl_names *n)
{
    PS_LIST_EACH_SAFE(it, &n->all) {
        free(PS_CONTAINER(it, struct tl_named, link));
    }
    ps_map_fini(&n->map);
}

static struct tl_named *enter(struct tl_names *n, const char key[TL_NAMES_ADDR])
{
    struct tl_named *named = calloc(1, sizeof *named);

    if (!named)
        return NULL;
    memcpy(named->addr, key, TL_NAMES_ADDR);
    if (ps_map_put(&n->map, key, named)) {
        free(named);
        return NULL;
    }
    ps_list_append(&n->all, &named->link);
    n->n++;
    return named;
}

struct tl_named *tl_names_get(struct tl_names *n, const char *addr)
{
    char key[TL_NAMES_ADDR] = "";
    struct tl_named *known;
    size_t len = strlen(addr);

    if ((!n->want_hosts && !n->want_as) || len >= sizeof key)
        return NULL;
    memcpy(key, addr, len);
    known = ps_map_get(&n->map, key);
    return known || n->n == TL_NAMES_MAX ? known : enter(n, key);
}

void tl_names_put(struct tl_names *n, const char *addr, bool with_as, struct ps_json *j)
{
    const struct tl_named *named = tl_names_get(n, addr);

    ps_json_put_str(j, "ip", addr);
    if (!named)
        return;
    if (named->host[0])
        ps_json_put_str(j, "hostname", named->host);
    if (!with_as || !named->asn)
        return;
    ps_json_put_open(j, "as", '{');
    ps_json_put_u64(j, "number", named->asn);
    if (named->owner[0])
        ps_json_put_str(j, "owner", named->owner);
    ps_json_close(j, '}');
}
