// SPDX-License-Identifier: Apache-2.0
#include "owampd/entrance.h"
#include <limits.h>
#include <sys/resource.h>
#include "owampd/conn.h"

// Of connections that are let go in their set-up so many are told in that time, the others counted.
#define TOLD_EVERY (5 * PS_SEC)
#define TOLD_MAX 10

// Listeners, logs, what the loop and the packet thread have: their own, with or without clients.
#define OWN_FILES 32

// A quarter of the other descriptors is for files and test sockets.
static unsigned conns_by_files(void)
{
    struct rlimit rl;
    if (getrlimit(RLIMIT_NOFILE, &rl) != 0)
        return UINT_MAX;
    rl.rlim_cur = rl.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &rl); // what there is will do
    if (getrlimit(RLIMIT_NOFILE, &rl) != 0 || rl.rlim_cur >= UINT_MAX)
        return UINT_MAX;
    rlim_t left = rl.rlim_cur > OWN_FILES ? rl.rlim_cur - OWN_FILES : 1;
    return (unsigned)(left - left / 4);
}

static void on_told(void *ctx)
{
    struct daemon *d = ctx;
    if (d->crowd.untold != 0)
        ps_log(d->log, PS_LOG_INFO, "control", "%u more were closed in their set-up", d->crowd.untold);
    d->crowd.told = d->crowd.untold = 0;
}

int entrance_init(struct daemon *d)
{
    unsigned wanted = d->conf->maxcontrolsessions, possible = conns_by_files();
    d->max_conns = wanted != 0 && wanted < possible ? wanted : possible;
    memory_init(&d->memory, d->conf->maxmemory_mib);
    int err = guests_init(&d->guests);
    return err == 0 ? ps_timer_new(d->loop, &d->crowd.timer, on_told, d) : err;
}

void entrance_fini(struct daemon *d)
{
    ps_timer_free(d->crowd.timer);
    d->crowd.timer = NULL;
    guests_fini(&d->guests);
    memory_fini(&d->memory);
}

enum ps_log_level entrance_level(struct daemon *d)
{
    if (d->crowd.told == TOLD_MAX) {
        d->crowd.untold++;
        return PS_LOG_DEBUG;
    }
    if (d->crowd.told++ == 0)
        ps_timer_start(d->crowd.timer, TOLD_EVERY);
    return PS_LOG_INFO;
}

// The one that has asked for nothing for longest; from NULL: of all.
static struct conn *find_idle(struct daemon *d, const struct ps_addr *from)
{
    struct conn *idle = NULL;
    PS_LIST_EACH(it, &d->conns) {
        struct conn *c = PS_CONTAINER(it, struct conn, node);
        if (conn_idle(c) && (idle == NULL || c->heard < idle->heard) &&
            (from == NULL || guests_is_from(&c->guest, from)))
            idle = c;
    }
    return idle;
}

// One that has not even finished its set-up gives way, or else one that asks for nothing.
static bool make_room(struct daemon *d, const struct ps_addr *from, const char *bound)
{
    char why[120];
    struct guest *slow = guests_yielding(&d->guests, from);
    struct conn *c = slow != NULL ? PS_CONTAINER(slow, struct conn, guest) : find_idle(d, from);
    if (c == NULL)
        return false;
    snprintf(why, sizeof why, "idle %swhile %s is reached", slow != NULL ? "in the set-up " : "", bound);
    conn_drop(c, slow != NULL ? entrance_level(d) : PS_LOG_INFO, why);
    return true;
}

// The bound that keeps one more out; NULL: none.
static const char *no_room(struct daemon *d, const struct ps_addr *from)
{
    static const char per_host[] = "maxcontrolperhost", memory[] = "maxmemory";
    const char *in_all =
        d->max_conns == d->conf->maxcontrolsessions ? "maxcontrolsessions" : "the limit of open files";
    unsigned most = d->conf->maxcontrolperhost;
    if (most != 0 && guests_from(&d->guests, from) >= most && !make_room(d, from, per_host))
        return per_host;
    if (d->nconns >= d->max_conns && !make_room(d, NULL, in_all))
        return in_all;
    return memory_take(&d->memory, MEMORY_CONNECTION) ? NULL : memory;
}

static void turn_away(struct daemon *d, struct ps_stream *stream, const char *why)
{
    char peer[PS_ADDR_STRLEN];
    ps_log(d->log, PS_LOG_INFO, "control", "%s: turned away: %s", ps_addr_text(ps_stream_peer(stream), peer),
           why);
    ps_stream_close(stream, 0);
}

void entrance(void *ctx, struct ps_stream *stream)
{
    struct daemon *d = ctx;
    char why[80];
    if (d->stopping) {
        turn_away(d, stream, "the server is stopping");
        return;
    }
    const char *bound = no_room(d, ps_stream_peer(stream));
    if (bound == NULL) {
        conn_open(d, stream);
        return;
    }
    snprintf(why, sizeof why, "%s is reached", bound);
    turn_away(d, stream, why);
}
