// SPDX-License-Identifier: Apache-2.0
// Where tests exclude each other on an interface, not on the whole host, it has to be known by which one a test goes
// out: the kernel tells by the way to its destination.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "psched/admit.h"

#define DISCARD 9 // a port; nothing is sent

static int source_of(const struct ps_addr *to, struct ps_addr *from)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    int fd = socket(to->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int err = fd < 0 ? -errno : 0;

    if (!err && (connect(fd, &to->sa, to->len) < 0 || getsockname(fd, (struct sockaddr *)&sa, &len) < 0))
        err = -errno;
    if (fd >= 0)
        close(fd);
    return err ? err : ps_addr_from_sockaddr((struct sockaddr *)&sa, len, from);
}

static void note_interface(struct admission *a, const struct ps_addr *to)
{
    struct ps_addr from;
    const struct ps_localnet_addr *all;
    size_t n;

    if (source_of(to, &from))
        return;
    all = ps_localnet_all(a->site->localnet, &n);
    for (size_t i = 0; i < n; i++)
        if (ps_addr_same_host(&all[i].addr, &from))
            snprintf(a->detail.resource, sizeof a->detail.resource, "%s", all[i].ifname);
}

// One whose way is not known has the whole host for itself.
static void resolved(void *ctx, int err, const char *why, const struct ps_addr *addrs, size_t n)
{
    struct admission *a = ctx;

    (void)why;
    if (!err && n)
        note_interface(a, &addrs[0]);
    admit_next(a);
}

enum admit_step admit_find_place(struct admission *a)
{
    const char *dest = NULL;

    if (!a->site->settings->per_interface || sch_class_anytime(a->detail.cls))
        return ADMIT_ON;
    (void)ps_jnode_str(ps_jnode_member(a->task.spec, "dest"), 1, 255, &dest, NULL);
    if (!dest || ps_resolve(a->site->loop, dest, DISCARD, AF_UNSPEC, resolved, a))
        return ADMIT_ON;
    return ADMIT_WAITS;
}
