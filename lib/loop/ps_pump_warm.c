// SPDX-License-Identifier: Apache-2.0
// After a pause the way through the kernel is out of the caches, and a packet takes some 40 us for what takes 5
// when many are sent: the delays measured would depend on the load. So before the first packet after a pause
// another one goes the same way, from a socket of our own on loopback to itself, and is read again, so that
// no counter of the host shows it.
#include <sys/socket.h>
#include <unistd.h>
#include "loop/ps_pump_impl.h"

#define COLD_AFTER (2 * PS_MSEC)
#define OCTETS 64

static void open_at(struct pump_warm *w, const char *loopback)
{
    struct ps_dgram_conf conf = {0};

    if (ps_addr_parse(loopback, 0, &conf.local) || ps_dgram_open(&conf, &w->fd, &w->self)) {
        w->fd = -1; // a host without this loopback goes without
        return;
    }
    (void)connect(w->fd, &w->self.sa, w->self.len); // so that nobody else sends to it
}

void pump_warm_open(struct pump_thread *t)
{
    open_at(&t->warm[0], "127.0.0.1");
    open_at(&t->warm[1], "::1");
}

void pump_warm_close(struct pump_thread *t)
{
    for (int i = 0; i < 2; i++)
        if (t->warm[i].fd >= 0)
            close(t->warm[i].fd);
}

void pump_warm_up(struct ps_pump *p, const struct ps_flow *next, ps_ns now)
{
    struct pump_warm *w = &p->t.warm[ps_addr_version(&next->t.peer) == 6];
    bool ask = pump_stamp_due(p, next->sock, now);
    uint8_t octets[OCTETS] = {0};
    struct ps_dgram_left left;

    p->t.warmed = 0;
    if (w->fd < 0 || (now - p->t.last_send < COLD_AFTER && now >= p->t.last_send))
        return;
    if ((ask ? ps_dgram_send_stamped : ps_dgram_send)(w->fd, &w->self, next->dscp, octets, sizeof octets) ==
        0)
        (void)recv(w->fd, octets, sizeof octets, MSG_DONTWAIT);
    if (ask)
        (void)ps_dgram_left(w->fd, &left);
    p->t.warmed = pump_clock(CLOCK_REALTIME) - now;
}
