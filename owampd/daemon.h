// SPDX-License-Identifier: Apache-2.0
// The server's one context: what all its connections share.
#pragma once
#include "base/ps_list.h"
#include "base/ps_log.h"
#include "base/ps_map.h"
#include "loop/ps_clocksource.h"
#include "loop/ps_clockwatch.h"
#include "loop/ps_loop.h"
#include "loop/ps_pump.h"
#include "loop/ps_stream.h"
#include "owamp/ow_pfs.h"
#include "owamp/ow_policy.h"
#include "owampd/conf.h"
#include "owampd/guests.h"
#include "owampd/memory.h"
#include "owampd/store.h"

// Lines on connections, of either kind.
enum crowd_line { CROWD_LET_GO, CROWD_TURNED_AWAY, CROWD_LINES };

struct daemon_crowd {
    struct ps_timer *timer;
    unsigned told[CROWD_LINES], untold[CROWD_LINES];
};

// Since the start.
struct daemon_counts {
    uint64_t connections, turned_away; // turned_away: before a word was said, for want of room
    uint64_t evicted;                  // gave way to others
    uint64_t sessions, refused;        // that were asked for: granted, and not
};

struct daemon {
    const struct conf *conf; // as started; a reload changes limits and pass-phrases alone
    struct ps_log *log;
    struct ps_loop *loop;
    struct ps_clock *clock;
    struct ps_clockwatch *clockwatch;
    struct ps_clocksource *clocksource;
    struct ps_hwstamp *hw;
    struct ps_pump *pump;
    struct ps_listener *listener;
    struct ps_timer *reaper, *dieby;
    struct ow_policy *policy;
    struct ow_pfs *pfs; // NULL: no pass-phrase file
    struct store *store;
    struct ps_list conns;
    unsigned nconns, max_conns; // as the configuration and the limit of open files have it
    struct guests guests;
    struct memory memory;
    struct daemon_crowd crowd;
    struct daemon_counts counts;
    unsigned nsessions;      // at present
    struct ps_map receiving; // SID to the session that is being received
    ps_ntp start_time;
    bool stopping;
};

struct daemon_files {
    char conf[512], limits[512], pfs[512];
};

// Reads limits and pass-phrases (a missing file is no fault; *limits is then the default class and
// *pfs NULL). The fault names file, line and cause.
int daemon_read_rules(const struct daemon_files *files, struct ow_limits **limits, struct ow_pfs **pfs,
                      struct ps_fault *fault);
// Makes the loop and listens: what may need root. Always to be freed.
int daemon_bind(struct daemon *d, const struct conf *conf, struct ps_log *log, struct ps_fault *fault);
// The rest, but the loop's run: rules, data directory, packet thread.
int daemon_start(struct daemon *d, const struct daemon_files *files, struct ps_fault *fault);
// Port we listen on.
uint16_t daemon_port(const struct daemon *d);
// Stops accepting, ends running tests, and stops the loop when the last connection is gone or
// after conf->dieby seconds.
void daemon_stop(struct daemon *d);
// A connection has gone.
void daemon_conn_gone(struct daemon *d);
void daemon_free(struct daemon *d);
