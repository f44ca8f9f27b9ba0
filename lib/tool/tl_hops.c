// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_hops.h"
#include <stdlib.h>
#include "tool/tl_spec.h"

static struct tl_hops *hops_new(unsigned first)
{
    struct tl_hops *h = calloc(1, sizeof *h);

    if (h)
        h->first = first ? first : 1;
    return h;
}

struct tl_hop *tl_hops_at(struct tl_hops *h, unsigned hop, unsigned path)
{
    if (hop < 1 || hop > TL_HOPS || path >= TL_HOPS_PATHS)
        return NULL;
    if (hop > h->hops)
        h->hops = hop;
    if (path >= h->paths)
        h->paths = path + 1;
    return &h->hop[path][hop - 1];
}

static void put_hop(const struct tl_hop *hop, struct tl_names *names, bool with_as, struct ps_json *j)
{
    ps_json_open(j, '{');
    if (hop->answered) {
        tl_names_put(names, hop->ip, with_as, j);
        if (hop->has_rtt)
            tl_put_duration(j, "rtt", hop->rtt);
        if (hop->mtu)
            ps_json_put_u64(j, "mtu", hop->mtu);
        if (hop->error)
            ps_json_put_str(j, "error", hop->error);
    }
    ps_json_close(j, '}');
}

static void put_paths(const struct tl_hops *h, struct tl_names *names, bool with_as, struct tl_answer *a)
{
    struct ps_json *j = tl_answer_begin(a, 1);

    ps_json_put_open(j, "paths", '[');
    for (unsigned p = 0; p < h->paths; p++) {
        ps_json_open(j, '[');
        for (unsigned i = h->first - 1; i < h->hops; i++)
            put_hop(&h->hop[p][i], names, with_as, j);
        ps_json_close(j, ']');
    }
    ps_json_close(j, ']');
    tl_answer_end(a);
}

void tl_hops_parse(const struct tl_said *said, unsigned first, bool (*take)(struct tl_hops *h, char *line),
                   const char *program, struct tl_names *names, struct tl_answer *a)
{
    struct tl_hops *h = hops_new(first);
    const char *p = said->out;
    char line[TL_LINE];
    bool some = false;

    if (!h) {
        tl_answer_fail(a, "not enough memory");
        return;
    }
    while (tl_line(&p, line))
        some = take(h, line) || some;
    if (some && said->status == 0 && h->hops > 0)
        put_paths(h, names, tl_spec_flag(said->test.spec, "as", true), a);
    else
        tl_answer_blame(a, said, program);
    free(h);
}
