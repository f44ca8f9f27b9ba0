// SPDX-License-Identifier: Apache-2.0
// Whether all who take part in a task are this host, which is all that is possible here.
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include "base/ps_err.h"
#include "psched/admit.h"
#include "tool/tl_party.h"

static enum admit_step refuse_host(struct admission *a, const char *host)
{
    return admit_refuse(
        a, 422,
        "%.255s takes part in this task as well, and only what takes place on this host alone "
        "can be run here: measure between this host and one without pScheduler (single-ended), "
        "or within this host (loopback)",
        host);
}

// A name with a port is that of one scheduler of several that its host may have.
static bool is_own_name(const struct admission *a, const char *host)
{
    return strcasecmp(host, a->site->name) == 0 || strcasecmp(host, "localhost") == 0;
}

static bool has_own(const struct admission *a, const struct ps_addr *addrs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ps_localnet_is_own(a->site->localnet, &addrs[i]))
            return true;
    return false;
}

// The one that is looked at.
static const char *host_of(struct ps_jdoc *participants, size_t i)
{
    struct ps_jnode n = ps_jnode_first(ps_jdoc_root(participants));
    const char *host = "";

    while (i-- > 0)
        n = ps_jnode_next(n);
    (void)ps_jnode_str(n, 1, 255, &host, NULL);
    return host;
}

static void resolved(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct admission *a = ctx;
    struct ps_jdoc *doc;

    (void)why;
    if (!err && has_own(a, addrs, n)) {
        a->next_host++;
        admit_on(a);
    } else if (ps_jdoc_parse_foreign(&doc, NULL, a->detail.participants, strlen(a->detail.participants),
                                     NULL)) {
        (void)admit_refuse(a, 500, "%s", ps_strerror(-ENOMEM));
    } else {
        (void)refuse_host(a, host_of(doc, a->next_host));
        ps_jdoc_free(doc);
    }
}

static enum admit_step look_at(struct admission *a, const char *host)
{
    struct ps_addr addr;

    if (is_own_name(a, host))
        return ADMIT_ON;
    if (ps_addr_parse(host, 0, &addr) == 0)
        return has_own(a, &addr, 1) ? ADMIT_ON : refuse_host(a, host);
    if (strchr(host, ':'))
        return refuse_host(a, host);
    if (ps_resolve(a->site->loop, host, 0, AF_UNSPEC, resolved, a))
        return admit_refuse(a, 500, "%s", ps_strerror(-ENOMEM));
    return ADMIT_WAITS;
}

static enum admit_step check_contexts(struct admission *a, size_t participants)
{
    size_t n = ps_jnode_count(a->task.contexts);

    if (!ps_jnode_there(a->task.contexts) || n == participants)
        return ADMIT_ON;
    return admit_refuse(a, 400, "At /contexts: wants a list for each of %zu participants; got %zu",
                        participants, n);
}

enum admit_step admit_all_here(struct admission *a)
{
    enum admit_step step = ADMIT_ON;
    struct ps_jdoc *doc;
    size_t n;

    if (ps_jdoc_parse_foreign(&doc, NULL, a->detail.participants, strlen(a->detail.participants), NULL))
        return admit_refuse(a, 500, "%s", ps_strerror(-ENOMEM));
    n = ps_jnode_count(ps_jdoc_root(doc));
    if (n == 0 || n > TL_PARTY_MAX)
        step = admit_refuse(a, 422, "This task has %zu participants: 1 to %d are possible", n, TL_PARTY_MAX);
    // Who runs a test alone is who is asked to. One that is refused is gone.
    while (step == ADMIT_ON && n > 1 && a->next_host < n) {
        step = look_at(a, host_of(doc, a->next_host));
        if (step == ADMIT_ON)
            a->next_host++;
    }
    ps_jdoc_free(doc);
    return step == ADMIT_ON ? check_contexts(a, n) : step;
}
