// SPDX-License-Identifier: Apache-2.0
#include "powstream/names.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_list.h"

#define KEEP (60 * PS_SEC)
#define ADDRS_MAX 16

struct name {
    struct ps_list node;
    struct ps_list queries;
    struct names *owner; // NULL: gone while the look-up is under way
    int family;
    bool asking;
    ps_ns good_until; // 0: no answer
    size_t n;
    struct ps_addr addrs[ADDRS_MAX];
    char host[];
};

struct name_query {
    struct ps_list node;
    struct name *name; // NULL: cancelled
    uint16_t port;
    name_cb cb;
    void *ctx;
    bool deferred;
};

// An address and its name.
struct reverse {
    struct ps_list node;
    struct names *owner; // NULL: gone while the look-up is under way
    bool asking;
    struct ps_addr addr;
    char text[256];
};

struct names {
    struct ps_list all, reverses;
    struct ps_loop *loop;
};

int names_new(struct names **out, struct ps_loop *loop)
{
    struct names *n = malloc(sizeof *n);
    if (n == NULL)
        return -ENOMEM;
    ps_list_init(&n->all);
    ps_list_init(&n->reverses);
    n->loop = loop;
    *out = n;
    return 0;
}

static void answer(struct name_query *q, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct ps_addr mine[ADDRS_MAX];
    for (size_t i = 0; i < n; i++) {
        mine[i] = addrs[i];
        ps_addr_set_port(&mine[i], q->port);
    }
    q->cb(q->ctx, err, why, mine, n);
    free(q);
}

static void on_resolved(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct name *name = ctx;
    if (name->owner == NULL) {
        free(name);
        return;
    }
    name->asking = false;
    name->good_until = err == 0 ? ps_loop_mono() + KEEP : 0;
    name->n = err != 0 ? 0 : n < ADDRS_MAX ? n : ADDRS_MAX;
    for (size_t i = 0; i < name->n; i++)
        name->addrs[i] = addrs[i];
    struct ps_list waiting;
    ps_list_init(&waiting);
    PS_LIST_EACH_SAFE(it, &name->queries) {
        if (PS_CONTAINER(it, struct name_query, node)->deferred)
            continue;
        ps_list_remove(it);
        ps_list_append(&waiting, it);
    }
    while (!ps_list_empty(&waiting)) { // an answer may cancel others of these
        struct name_query *q = PS_CONTAINER(waiting.next, struct name_query, node);
        ps_list_remove(&q->node);
        answer(q, err, why, name->addrs, name->n);
    }
}

static struct name *name_of(struct names *n, const char *host, int family)
{
    PS_LIST_EACH(it, &n->all) {
        struct name *name = PS_CONTAINER(it, struct name, node);
        if (name->family == family && strcmp(name->host, host) == 0)
            return name;
    }
    struct name *name = calloc(1, sizeof *name + strlen(host) + 1);
    if (name == NULL)
        return NULL;
    memcpy(name->host, host, strlen(host) + 1);
    name->family = family;
    name->owner = n;
    ps_list_init(&name->queries);
    ps_list_append(&n->all, &name->node);
    // An address needs no resolver, and must not wait behind one.
    if (ps_addr_parse(host, 0, &name->addrs[0]) == 0 &&
        (family == AF_UNSPEC || family == name->addrs[0].sa.sa_family)) {
        name->n = 1;
        name->good_until = INT64_MAX;
    }
    return name;
}

static void answer_known(void *ctx)
{
    struct name_query *q = ctx;
    if (q->name == NULL) {
        free(q);
        return;
    }
    ps_list_remove(&q->node);
    answer(q, 0, NULL, q->name->addrs, q->name->n);
}

static int start(struct names *n, struct name_query *q)
{
    struct name *name = q->name;
    if (ps_loop_mono() < name->good_until) {
        q->deferred = true;
        return ps_defer(n->loop, answer_known, q);
    }
    if (name->asking)
        return 0;
    int err = ps_resolve(n->loop, name->host, 0, name->family, on_resolved, name);
    name->asking = err == 0;
    return err;
}

int names_find(struct names *n, const char *host, uint16_t port, int family, name_cb cb, void *ctx,
               struct name_query **out)
{
    struct name *name = name_of(n, host, family);
    struct name_query *q = calloc(1, sizeof *q);
    if (name == NULL || q == NULL) {
        free(q);
        return -ENOMEM;
    }
    *q = (struct name_query){.name = name, .port = port, .cb = cb, .ctx = ctx};
    ps_list_append(&name->queries, &q->node);
    int err = start(n, q);
    if (err != 0) {
        ps_list_remove(&q->node);
        free(q);
        return err;
    }
    *out = q;
    return 0;
}

void names_cancel(struct name_query *q)
{
    if (q == NULL)
        return;
    ps_list_remove(&q->node);
    q->name = NULL;
    if (!q->deferred)
        free(q);
}

static void on_reversed(void *ctx, const char *text)
{
    struct reverse *r = ctx;
    r->asking = false;
    if (r->owner == NULL)
        free(r);
    else
        snprintf(r->text, sizeof r->text, "%s", text);
}

const char *names_of(struct names *n, const struct ps_addr *addr)
{
    PS_LIST_EACH(it, &n->reverses) {
        struct reverse *r = PS_CONTAINER(it, struct reverse, node);
        if (ps_addr_same_host(&r->addr, addr))
            return r->text;
    }
    struct reverse *r = calloc(1, sizeof *r);
    if (r == NULL)
        return "-";
    char text[PS_ADDR_STRLEN];
    *r = (struct reverse){.owner = n, .addr = *addr};
    snprintf(r->text, sizeof r->text, "%s", ps_addr_host(addr, text));
    ps_list_append(&n->reverses, &r->node);
    r->asking = ps_reverse(n->loop, addr, on_reversed, r) == 0;
    return r->text;
}

static void forget_reverse(struct reverse *r)
{
    ps_list_remove(&r->node);
    r->owner = NULL;
    if (!r->asking)
        free(r);
}

static void forget(struct name *name)
{
    PS_LIST_EACH_SAFE(it, &name->queries)
        names_cancel(PS_CONTAINER(it, struct name_query, node));
    ps_list_remove(&name->node);
    name->owner = NULL;
    if (!name->asking)
        free(name); // else when the look-up returns
}

void names_free(struct names *n)
{
    if (n == NULL)
        return;
    PS_LIST_EACH_SAFE(it, &n->all)
        forget(PS_CONTAINER(it, struct name, node));
    PS_LIST_EACH_SAFE(it, &n->reverses)
        forget_reverse(PS_CONTAINER(it, struct reverse, node));
    free(n);
}
