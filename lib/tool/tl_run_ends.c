// SPDX-License-Identifier: Apache-2.0
// The two ends of a test. Where this one is told by name, both become addresses of one family: programs want their
// source as an address, and of the family of what they are sent to.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "base/ps_err.h"
#include "tool/tl_run_impl.h"
#include "tool/tl_spec.h"

struct tl_ends {
    struct tl_run *run; // NULL: forgotten, and freed with the last answer
    unsigned pending;
    struct ps_addr near[2], far[2]; // by family: IPv4, IPv6
    char why[256];
};

static void note(struct ps_addr into[2], const struct ps_addr *addrs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ps_addr *place = &into[ps_addr_version(&addrs[i]) == 6];
        if (place->len == 0)
            *place = addrs[i];
    }
}

static void decide(struct tl_ends *e)
{
    struct tl_run *run = e->run;
    int six = e->near[1].len && e->far[1].len, four = e->near[0].len && e->far[0].len;
    char text[PS_ADDR_STRLEN];

    run->ends = NULL;
    if (e->why[0]) {
        tl_run_fail(run, "%s", e->why);
    } else if (!six && !four) {
        tl_run_fail(run, "%.100s and %.100s have no addresses of the same family", run->near, run->far);
    } else {
        snprintf(run->near, sizeof run->near, "%s", ps_addr_host(&e->near[six], text));
        snprintf(run->far, sizeof run->far, "%s", ps_addr_host(&e->far[six], text));
        run->family = six ? 6 : 4;
        tl_run_wait(run);
    }
    free(e);
}

static void one_came(struct tl_ends *e, struct ps_addr into[2], int err, const char *why,
                     const struct ps_addr *addrs, size_t n)
{
    if (err && !e->why[0])
        snprintf(e->why, sizeof e->why, "%s", why);
    note(into, addrs, err ? 0 : n);
    if (--e->pending > 0)
        return;
    if (e->run)
        decide(e);
    else
        free(e);
}

static void near_came(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct tl_ends *e = ctx;

    one_came(e, e->near, err, why, addrs, n);
}

static void far_came(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct tl_ends *e = ctx;

    one_came(e, e->far, err, why, addrs, n);
}

void tl_ends_free(struct tl_ends *e)
{
    if (!e)
        return;
    e->run = NULL;
    if (e->pending == 0)
        free(e);
}

static void look_up(struct tl_run *run)
{
    int family = run->family == 4 ? AF_INET : run->family == 6 ? AF_INET6 : AF_UNSPEC, err;
    struct tl_ends *e = calloc(1, sizeof *e);

    if (!e) {
        tl_run_fail(run, "%s", ps_strerror(-ENOMEM));
        return;
    }
    e->run = run;
    err = ps_resolve(run->runner->loop, run->near, 0, family, near_came, e);
    if (!err) {
        e->pending++;
        err = ps_resolve(run->runner->loop, run->far, 0, family, far_came, e);
        e->pending += err ? 0 : 1;
    }
    if (err) {
        tl_ends_free(e);
        tl_run_fail(run, "%.200s: %s", run->near, ps_strerror(err));
        return;
    }
    run->ends = e;
}

static int family_of(const char *text)
{
    struct ps_addr a;

    return *text && ps_addr_parse(text, 0, &a) == 0 ? ps_addr_version(&a) : 0;
}

void tl_run_find_ends(struct tl_run *run)
{
    struct ps_jnode spec = ps_jdoc_root(run->spec);
    const char *near = tl_spec_near(spec), *far = tl_spec_far(spec);
    int near_family, far_family;

    snprintf(run->near, sizeof run->near, "%s", near ? near : "");
    snprintf(run->far, sizeof run->far, "%s", far ? far : "");
    run->family = tl_spec_family(spec);
    near_family = family_of(run->near);
    far_family = family_of(run->far);
    if (!run->family)
        run->family = near_family ? near_family : far_family;
    if (!run->tool || !run->tool->command || run->tool->probe || run->near[0] == '\0' || near_family)
        tl_run_wait(run);
    else
        look_up(run);
}
