// SPDX-License-Identifier: Apache-2.0
// The names of an address that lead back to it: whoever runs its reverse zone may write any name there, and
// only the zone of the name says whether that is true.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "loop/ps_dns_impl.h"

#define WHY_MAX 320 // a long name is cut off

// A name to be checked.
struct check {
    struct ps_dns_reverse *r;
    struct ps_dns_query *query; // NULL: it is settled
    char name[PS_DNSNAME_STRLEN];
    bool confirmed;
};

struct ps_dns_reverse {
    struct ps_list link;
    struct ps_dns *d;
    struct ps_addr addr;
    ps_ns until;                // monotonic
    struct ps_dns_query *query; // for the PTR records
    struct check *checks;
    size_t n, open;
    int err; // of what could not be checked, the first; or of the first question
    char why[WHY_MAX];
    ps_dns_names_cb cb;
    void *ctx;
};

static void reverse_free(struct ps_dns_reverse *r)
{
    ps_list_remove(&r->link);
    free(r->checks);
    free(r);
}

void ps_dns_reverse_end(struct ps_list *it)
{
    reverse_free(PS_CONTAINER(it, struct ps_dns_reverse, link));
}

static void fail(struct ps_dns_reverse *r, int err, const char *cause)
{
    char host[PS_ADDR_STRLEN];

    if (r->err)
        return;
    r->err = err;
    snprintf(r->why, sizeof r->why, "%s: %s", ps_addr_host(&r->addr, host), cause);
}

static void tell(struct ps_dns_reverse *r)
{
    const char *names[PS_DNS_NAMES];
    struct ps_dns_names told = {.names = names};

    for (size_t i = 0; i < r->n; i++)
        if (r->checks[i].confirmed)
            names[told.n++] = r->checks[i].name;
    if (told.n == 0)
        fail(r, PS_ENOTFOUND, "none of its names leads back to it");
    told.err = told.n > 0 ? 0 : r->err;
    told.why = r->why;
    ps_list_remove(&r->link); // whatever is freed from inside, this is not
    r->cb(r->ctx, &told);
    reverse_free(r);
}

static bool has_addr(const struct ps_dns_answer *a, const struct ps_addr *addr)
{
    for (size_t i = 0; i < a->n; i++)
        if (ps_addr_same_host(&a->addrs[i], addr))
            return true;
    return false;
}

static void checked(void *ctx, const struct ps_dns_answer *a)
{
    struct check *c = ctx;
    struct ps_dns_reverse *r = c->r;

    c->query = NULL;
    c->confirmed = has_addr(a, &r->addr);
    if (a->err && a->err != PS_ENOTFOUND)
        fail(r, a->err, a->why);
    if (--r->open == 0)
        tell(r);
}

static int check(struct check *c)
{
    struct ps_dns_reverse *r = c->r;
    ps_ns left = r->until - ps_loop_mono();
    enum ps_dns_type type = ps_addr_version(&r->addr) == 4 ? PS_DNS_A : PS_DNS_AAAA;
    int err = ps_dns_ask(r->d, type, c->name, left > 0 ? left : 1, checked, c, &c->query);

    r->open += err == 0;
    return err;
}

static int take_names(struct ps_dns_reverse *r, const struct ps_dns_answer *a)
{
    size_t n = a->n < PS_DNS_NAMES ? a->n : PS_DNS_NAMES;

    r->checks = calloc(n + 1, sizeof *r->checks);
    if (!r->checks)
        return -ENOMEM;
    for (r->n = 0; r->n < n; r->n++) {
        struct check *c = &r->checks[r->n];
        c->r = r;
        snprintf(c->name, sizeof c->name, "%s", a->texts[r->n].at);
    }
    return 0;
}

static void named(void *ctx, const struct ps_dns_answer *a)
{
    struct ps_dns_reverse *r = ctx;
    int err;

    r->query = NULL;
    if (a->err == PS_ENOTFOUND)
        fail(r, PS_ENOTFOUND, "it has no name");
    else if (a->err)
        fail(r, a->err, a->why);
    err = take_names(r, a);
    for (size_t i = 0; !err && i < r->n; i++)
        err = check(&r->checks[i]);
    if (err)
        fail(r, err, "not enough memory");
    if (r->open == 0)
        tell(r);
}

int ps_dns_reverse(struct ps_dns *d, const struct ps_addr *addr, ps_ns patience, ps_dns_names_cb cb,
                   void *ctx, struct ps_dns_reverse **out)
{
    struct ps_dns_reverse *r = calloc(1, sizeof *r);
    char name[PS_DNSNAME_STRLEN] = "";
    int err;

    if (!r)
        return -ENOMEM;
    if (patience <= 0)
        patience = ps_dns_give_up(d);
    r->d = d;
    r->addr = *addr;
    ps_addr_unmap(&r->addr);
    r->until = ps_loop_mono() + patience;
    r->cb = cb;
    r->ctx = ctx;
    ps_list_init(&r->link);
    (void)ps_dnsname_reverse(&r->addr, NULL, name); // of none "", which comes back as no name
    err = ps_dns_ask(d, PS_DNS_PTR, name, patience, named, r, &r->query);
    if (err) {
        free(r);
        return err;
    }
    ps_list_append(ps_dns_reverses(d), &r->link);
    if (out)
        *out = r;
    return 0;
}

void ps_dns_reverse_cancel(struct ps_dns_reverse *r)
{
    if (!r)
        return;
    ps_dns_cancel(r->query);
    for (size_t i = 0; i < r->n; i++)
        ps_dns_cancel(r->checks[i].query);
    reverse_free(r);
}
