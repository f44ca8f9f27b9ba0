// SPDX-License-Identifier: Apache-2.0
// trace and mtu.
#include "spec/sp_keys.h"
#include "spec/sp_texts.h"

static const char *const probe_types[] = {"icmp", "udp", "tcp", NULL};

static const struct sp_key trace_keys[] = {
    KEY_DEST(SP_T_HOST),
    KEY_SOURCE,
    KEY_SOURCE_NODE,
    KEY_IP_VERSION(.since = 1),
    KEY_IP_TOS(.since = 1),
    {.name = "algorithm",
     .type = SP_T_STRING,
     .arg = "NAME",
     .help = "how to trace, for tools that know many ways"},
    {.name = "as", .type = SP_T_BOOL, .help = "find the autonomous system of each hop"},
    {.name = "hostnames", .type = SP_T_BOOL, .help = "look up the names of addresses"},
    {.name = "probe-type",
     .type = SP_T_WORD,
     .words = probe_types,
     .arg = "icmp|udp|tcp",
     .help = "packets to probe with (udp)"},
    {.name = "dest-port", .type = SP_T_INT, .max = PORT_MAX, .arg = "N", .help = "port that is probed"},
    {.name = "first-ttl",
     .type = SP_T_INT,
     .min = 1,
     .max = 255,
     .arg = "N",
     .help = "the hop to begin with"},
    {.name = "hops", .type = SP_T_INT, .min = 1, .max = 255, .arg = "N", .help = "the most hops to try (30)"},
    {.name = "queries",
     .type = SP_T_INT,
     .min = 1,
     .max = 1000,
     .arg = "N",
     .help = "probes for each hop (1)"},
    {.name = "fragment", .type = SP_T_BOOL, .help = "routers may fragment probes"},
    {.name = "length", .type = SP_T_INT, .max = PORT_MAX, .arg = "N", .help = "octets of a probe"},
    {.name = "wait", .type = SP_T_DURATION, .arg = "DURATION", .help = "how long to wait for an answer"},
    {.name = "sendwait", .type = SP_T_DURATION, .arg = "DURATION", .help = "time between probes"},
    {.name = "flow-label",
     .type = SP_T_INT,
     .since = 2,
     .max = 1048575,
     .arg = "N",
     .help = "flow label (IPv6)"},
};

const struct sp_test sp_trace = {
    .name = "trace",
    .about = "The routers on the way to a host",
    .cls = SP_BACKGROUND,
    .who = SP_WHO_SOURCE,
    .schema = 2,
    .open = true,
    SP_KEYS(trace_keys),
    .text = sp_text_trace,
};

static const struct sp_key mtu_keys[] = {
    KEY_DEST(SP_T_HOST),
    KEY_SOURCE,
    KEY_SOURCE_NODE,
    {.name = "port",
     .type = SP_T_INT,
     .max = PORT_MAX,
     .arg = "N",
     .help = "UDP port of the destination (1060)"},
    KEY_IP_VERSION(.since = 2),
};

static const struct sp_line mtu_lines[] = {{"MTU", {"mtu"}, SP_V_NUMBER, "bytes"}, {0}};

const struct sp_test sp_mtu = {
    .name = "mtu",
    .about = "The largest packet that the way to a host takes in one piece",
    .cls = SP_BACKGROUND,
    .who = SP_WHO_SOURCE,
    .schema = 2,
    SP_KEYS(mtu_keys),
    .lines = mtu_lines,
};
