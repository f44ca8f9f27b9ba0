// SPDX-License-Identifier: Apache-2.0
// Asks the daemon that keeps the clock (chronyd, ntpd, ptp4l) what it makes of it, on a worker thread, and tells
// the clock (ps_clock_set_source). It is asked while somebody has use for it, every 16 s at most, and otherwise
// nothing is done. Used from the loop's thread.
#pragma once
#include "base/ps_addr.h"
#include "loop/ps_clock.h"
#include "loop/ps_loop.h"

#define PS_CLOCKSOURCE_EVERY (16 * PS_SEC)
// How long one daemon is waited for, and all of them together.
#define PS_CLOCKSOURCE_PATIENCE (300 * PS_MSEC)
#define PS_CLOCKSOURCE_IN_ALL (900 * PS_MSEC)
#define PS_CLOCKSOURCE_PTP4L 4
#define PS_CLOCKSOURCE_PATH 100 // of a Unix socket, with the NUL

// Whom to ask, in this order: the first that follows something is taken, else the first that answers. Those
// with an empty address or path are not asked.
struct ps_clocksource_conf {
    struct ps_addr chrony; // UDP
    char chrony_path
        [PS_CLOCKSOURCE_PATH]; // where that does not answer; needs the right to make a socket beside it
    struct ps_addr ntpd;
    char ptp4l[PS_CLOCKSOURCE_PTP4L][PS_CLOCKSOURCE_PATH]; // the first that can be reached
};

// The usual places, or those that OWAMP_DEBUG_CLOCKSOURCE has, separated by commas: chrony=ADDR:PORT,
// chrony=/PATH, ntpd=ADDR:PORT, ptp4l=/PATH, or none. PS_ESYNTAX, PS_ELIMIT.
int ps_clocksource_env(struct ps_clocksource_conf *out);

// Asks them in the caller's thread, which blocks for up to PS_CLOCKSOURCE_IN_ALL or until wake_fd (-1: none) can be
// read. 0, with *out as the answer; PS_ENOTFOUND: nobody says anything, out->name is NULL.
int ps_clocksource_ask(const struct ps_clocksource_conf *conf, int wake_fd, struct ps_source *out);

struct ps_clocksource;
// After the first answer, and each that is of another daemon or of one that has begun or ceased to follow
// something. May use or release, but not free.
typedef void (*ps_clocksource_cb)(void *ctx, const struct ps_source *source);
// cb may be NULL. The clock must stay until it is freed.
int ps_clocksource_new(struct ps_loop *l, struct ps_clock *c, const struct ps_clocksource_conf *conf,
                       ps_clocksource_cb cb, void *ctx, struct ps_clocksource **out);
// Waits for nothing: what is being asked is given up. NULL is fine. To be called before ps_loop_free.
void ps_clocksource_free(struct ps_clocksource *s);
// Somebody has use for what it says from now on, and no longer.
void ps_clocksource_use(struct ps_clocksource *s);
void ps_clocksource_release(struct ps_clocksource *s);
// Asks once, if the last answer is old: to know it before it is needed.
void ps_clocksource_look(struct ps_clocksource *s);
// A line about it: "chrony follows 192.0.2.1, stratum 3, error 0.000012 s, bound 0.001830 s".
#define PS_CLOCKSOURCE_TEXT 200
const char *ps_clocksource_text(const struct ps_source *source, char out[PS_CLOCKSOURCE_TEXT]);
