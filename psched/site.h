// SPDX-License-Identifier: Apache-2.0
// What the parts of a serving psched share. All of it belongs to the loop's thread.
#pragma once
#include "base/ps_log.h"
#include "http/ps_httpd.h"
#include "jq/ps_jq.h"
#include "loop/ps_clocksource.h"
#include "loop/ps_ctl_ask.h"
#include "loop/ps_dns.h"
#include "loop/ps_localnet.h"
#include "loop/ps_loop.h"
#include "psched/settings.h"
#include "tool/tl_plugin.h"
#include "tool/tl_run.h"
#include "tool/tl_site.h"
#include "tool/tl_streams.h"

struct archiving;
struct health;
struct planner;
struct runs;
struct store;
struct tasks;
struct waiters;

struct site {
    struct ps_loop *loop;
    struct ps_log *log;
    const struct settings *settings; // of now: a reload changes them
    char name[SETTINGS_HOST];        // of this host
    struct ps_httpd *httpd;
    struct ps_clock *clock;
    struct ps_clocksource *source;
    struct ps_dns *dns;
    struct ps_localnet *localnet;
    struct ps_jq *jq;
    struct ps_ctl_asker *limits; // NULL: everything is allowed
    struct tl_site programs;
    struct tl_streams *streams;
    struct tl_plugins *plugins; // NULL: none
    struct tl_runner *runner;
    struct runs *runs;
    struct store *store;
    struct tasks *tasks;
    struct planner *planner;
    struct waiters *waiters;
    struct archiving *archiving;
    struct health *health;
    ps_ns started;
};

// Nanoseconds since 1970, and the same as ISO 8601 in whole seconds or microseconds.
ps_ns site_now(const struct site *s);
