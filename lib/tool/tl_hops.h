// SPDX-License-Identifier: Apache-2.0
// The paths that traceroute and tracepath have found: of each probe of a hop what answered. For lib/tool alone.
#pragma once
#include "base/ps_time.h"
#include "tool/tl_tool_impl.h"

#define TL_HOPS 255
#define TL_HOPS_PATHS 10 // probes of a hop

struct tl_hop {
    bool answered;
    char ip[TL_NAMES_ADDR];
    bool has_rtt;
    ps_ns rtt;
    unsigned mtu;      // 0: not told
    const char *error; // NULL: none
};

struct tl_hops {
    struct tl_hop hop[TL_HOPS_PATHS][TL_HOPS]; // of hop i + 1
    unsigned hops;                             // the highest that was told of
    unsigned paths;
    unsigned first; // the lowest hop that was asked, from 1
};

// The place of a probe's answer, hop from 1; NULL: there is no such place.
struct tl_hop *tl_hops_at(struct tl_hops *h, unsigned hop, unsigned path);
// The result of a trace of hops from first on; take takes what a line tells: false, it is none of a hop.
void tl_hops_parse(const struct tl_said *said, unsigned first, bool (*take)(struct tl_hops *h, char *line),
                   const char *program, struct tl_names *names, struct tl_answer *a);
