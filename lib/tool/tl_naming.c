// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_naming.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_cymru.h"

struct item {
    struct tl_naming *all;
    struct tl_named *named;
    struct ps_dns_reverse *host; // under way; NULL: done
    struct ps_dns_query *as;     // the number, then the owner
};

struct tl_naming {
    struct ps_dns *dns;
    ps_ns deadline; // of the loop's clock
    size_t pending;
    tl_naming_cb cb;
    void *ctx;
    size_t n;
    struct item items[];
};

static void one_done(struct tl_naming *all)
{
    if (--all->pending == 0)
        all->cb(all->ctx);
}

static ps_ns left(const struct tl_naming *all)
{
    ps_ns t = all->deadline - ps_loop_mono();

    return t > PS_MSEC ? t : PS_MSEC;
}

static void got_host(void *ctx, const struct ps_dns_names *names)
{
    struct item *i = ctx;

    i->host = NULL;
    if (names->n > 0)
        snprintf(i->named->host, sizeof i->named->host, "%s", names->names[0]);
    one_done(i->all);
}

static void got_owner(void *ctx, const struct ps_dns_answer *a)
{
    struct item *i = ctx;

    i->as = NULL;
    if (a->n > 0)
        ps_cymru_owner(a->texts[0].at, a->texts[0].len, i->named->owner, sizeof i->named->owner);
    one_done(i->all);
}

static void got_number(void *ctx, const struct ps_dns_answer *a)
{
    struct item *i = ctx;
    uint32_t asn = 0;
    size_t n = 0;
    char name[PS_DNSNAME_STRLEN];

    i->as = NULL;
    if (a->n > 0)
        ps_cymru_asns(a->texts[0].at, a->texts[0].len, &asn, 1, &n);
    if (n > 0) {
        i->named->asn = asn;
        ps_cymru_owner_name(asn, name);
        if (ps_dns_ask(i->all->dns, PS_DNS_TXT, name, left(i->all), got_owner, i, &i->as) == 0)
            return;
        i->as = NULL;
    }
    one_done(i->all);
}

static int ask_host(struct item *i, const struct ps_addr *addr)
{
    int err = ps_dns_reverse(i->all->dns, addr, left(i->all), got_host, i, &i->host);

    if (err)
        i->host = NULL;
    else
        i->all->pending++;
    return err;
}

static int ask_as(struct item *i, const struct ps_addr *addr)
{
    char name[PS_DNSNAME_STRLEN];
    int err;

    if (ps_cymru_asn_name(addr, false, name))
        return 0;
    err = ps_dns_ask(i->all->dns, PS_DNS_TXT, name, left(i->all), got_number, i, &i->as);
    if (err)
        i->as = NULL;
    else
        i->all->pending++;
    return err;
}

static int ask(struct tl_naming *all, struct tl_names *names)
{
    int err = 0;

    PS_LIST_EACH(it, &names->all) {
        struct item *i = &all->items[all->n];
        struct ps_addr addr;
        i->named = PS_CONTAINER(it, struct tl_named, link);
        i->all = all;
        if (ps_addr_parse(i->named->addr, 0, &addr))
            continue;
        all->n++;
        if (names->want_hosts)
            err = ask_host(i, &addr);
        if (!err && names->want_as)
            err = ask_as(i, &addr);
        if (err)
            break;
    }
    return err;
}

int tl_naming_start(struct ps_dns *dns, struct tl_names *names, ps_ns patience, tl_naming_cb cb, void *ctx,
                    struct tl_naming **out)
{
    struct tl_naming *all = calloc(1, sizeof *all + names->n * sizeof all->items[0]);
    int err;

    if (!all)
        return -ENOMEM;
    all->dns = dns;
    all->deadline = ps_loop_mono() + patience;
    all->cb = cb;
    all->ctx = ctx;
    err = ask(all, names);
    if (err || all->pending == 0) {
        tl_naming_free(all);
        return err ? err : -ENOENT;
    }
    *out = all;
    return 0;
}

void tl_naming_free(struct tl_naming *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->n; i++) {
        ps_dns_reverse_cancel(n->items[i].host);
        ps_dns_cancel(n->items[i].as);
    }
    free(n);
}
