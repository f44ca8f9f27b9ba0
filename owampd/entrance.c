// SPDX-License-Identifier: Apache-2.0
#include "owampd/entrance.h"
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include "owampd/conn.h"

// Of connections that are turned away or let go so many are told in that time, the others counted.
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
    static const char *const what[] = {"let go", "turned away"};
    struct daemon *d = ctx;
    for (int i = 0; i < CROWD_LINES; i++)
        if (d->crowd.untold[i] != 0)
            ps_log(d->log, PS_LOG_INFO, "control", "%u more were %s", d->crowd.untold[i], what[i]);
    memset(d->crowd.told, 0, sizeof d->crowd.told);
    memset(d->crowd.untold, 0, sizeof d->crowd.untold);
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

static bool told_none(const struct daemon_crowd *crowd)
{
    return crowd->told[CROWD_LET_GO] == 0 && crowd->told[CROWD_TURNED_AWAY] == 0;
}

enum ps_log_level entrance_level(struct daemon *d, enum crowd_line line)
{
    if (d->crowd.told[line] == TOLD_MAX) {
        d->crowd.untold[line]++;
        return PS_LOG_DEBUG;
    }
    if (told_none(&d->crowd))
        ps_timer_start(d->crowd.timer, TOLD_EVERY);
    d->crowd.told[line]++;
    return PS_LOG_INFO;
}

// Has one to give way for somebody who comes from there? One that waits for us only to who has fewer that wait.
static bool gives_way(struct daemon *d, const struct conn *c, const struct ps_addr *from)
{
    return c->guest.state == GUEST_WAITING ||
           guests_weight_beside(&c->guest) > guests_weight(&d->guests, from) + GUEST_DERIVING;
}

// among: only those from this address; NULL: all.
static bool make_room(struct daemon *d, const struct ps_addr *from, const struct ps_addr *among,
                      const char *bound)
{
    char why[120];
    struct guest *guest = guests_yielding(&d->guests, among);
    struct conn *c = guest != NULL ? PS_CONTAINER(guest, struct conn, guest) : NULL;
    if (c == NULL || !gives_way(d, c, from))
        return false;
    snprintf(why, sizeof why, "idle %swhile %s is reached", c->ready ? "" : "in the set-up ", bound);
    d->counts.evicted++;
    conn_drop(c, entrance_level(d, CROWD_LET_GO), why);
    return true;
}

// The bound that keeps one more out; NULL: none.
static const char *no_room(struct daemon *d, const struct ps_addr *from)
{
    static const char per_host[] = "maxcontrolperhost", memory[] = "maxmemory";
    const char *in_all =
        d->max_conns == d->conf->maxcontrolsessions ? "maxcontrolsessions" : "the limit of open files";
    unsigned most = d->conf->maxcontrolperhost;
    if (most != 0 && guests_from(&d->guests, from) >= most && !make_room(d, from, from, per_host))
        return per_host;
    if (d->nconns >= d->max_conns && !make_room(d, from, NULL, in_all))
        return in_all;
    return memory_take(&d->memory, MEMORY_CONNECTION) ? NULL : memory;
}

static void turn_away(struct daemon *d, struct ps_stream *stream, const char *why)
{
    char peer[PS_ADDR_STRLEN];
    d->counts.turned_away++;
    ps_log(d->log, entrance_level(d, CROWD_TURNED_AWAY), "control", "%s: turned away: %s",
           ps_addr_text(ps_stream_peer(stream), peer), why);
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
