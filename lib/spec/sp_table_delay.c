// SPDX-License-Identifier: Apache-2.0
// rtt, latency and latencybg.
#include "base/ps_err.h"
#include "spec/sp_keys.h"
#include "spec/sp_texts.h"

static int check_flow_label(struct sp_check *c, struct ps_jnode spec)
{
    int64_t version = 6;

    (void)ps_jnode_i64(ps_jnode_member(spec, "ip-version"), 4, 6, &version, NULL);
    if (version == 6 || !ps_jnode_there(ps_jnode_member(spec, "flow-label")))
        return 0;
    size_t mark = sp_check_enter(c, "flow-label");
    int err = sp_check_fail(c, PS_ERANGE, "only IPv6 has flow labels, and 'ip-version' is 4");
    sp_check_leave(c, mark);
    return err;
}

static const char *const rtt_protocols[] = {"icmp", "twamp", NULL};

static const struct sp_key rtt_keys[] = {
    KEY_DEST(SP_T_HOST),
    {.name = "count",
     .type = SP_T_INT,
     .min = 1,
     .max = COUNT_MAX,
     .letter = 'c',
     .arg = "N",
     .help = "packets to send (5)"},
    {.name = "interval",
     .type = SP_T_DURATION,
     .letter = 'i',
     .arg = "DURATION",
     .help = "time between packets (PT1S)"},
    {.name = "length", .type = SP_T_INT, .max = PORT_MAX, .arg = "N", .help = "octets of a packet's data"},
    {.name = "ttl", .type = SP_T_INT, .max = 255, .arg = "N", .help = "hops that a packet may take"},
    {.name = "deadline", .type = SP_T_DURATION, .arg = "DURATION", .help = "time after which all is over"},
    {.name = "timeout", .type = SP_T_DURATION, .arg = "DURATION", .help = "how long to wait for each answer"},
    KEY_SOURCE,
    KEY_SOURCE_NODE,
    KEY_IP_VERSION(.since = 1),
    KEY_IP_TOS(.since = 1),
    {.name = "flow-label", .type = SP_T_INT, .max = 1048575, .arg = "N", .help = "flow label (IPv6)"},
    {.name = "hostnames", .type = SP_T_BOOL, .help = "look up the names of addresses"},
    {.name = "suppress-loopback", .type = SP_T_BOOL, .help = "multicast does not come back to its sender"},
    {.name = "protocol",
     .type = SP_T_WORD,
     .since = 2,
     .words = rtt_protocols,
     .words_until = 3,
     .arg = "icmp|twamp|...",
     .help = "what to measure with (icmp)"},
    {.name = "fragment", .type = SP_T_BOOL, .since = 3, .help = "routers may fragment packets"},
    {.name = "port",
     .type = SP_T_INT,
     .since = 4,
     .max = PORT_MAX,
     .arg = "N",
     .help = "port of the destination, for protocols that have ports"},
};

const struct sp_test sp_rtt = {
    .name = "rtt",
    .about = "Round-trip time between hosts",
    .cls = SP_BACKGROUND,
    .who = SP_WHO_SOURCE,
    .schema = 4,
    SP_KEYS(rtt_keys),
    .more = check_flow_label,
    .text = sp_text_rtt,
};

#define KEYS_LATENCY(count_)                                                                             \
    KEY_SOURCE, KEY_SOURCE_NODE, KEY_DEST(SP_T_HOST), KEY_DEST_NODE,                                     \
        {.name = "packet-count",                                                                         \
         .type = SP_T_INT,                                                                               \
         .min = 1,                                                                                       \
         .max = COUNT_MAX,                                                                               \
         .letter = 'c',                                                                                  \
         .arg = "N",                                                                                     \
         .help = "packets to send " count_},                                                             \
        {.name = "packet-interval",                                                                      \
         .type = SP_T_NUMBER,                                                                            \
         .open = true,                                                                                   \
         .max = 1e9,                                                                                     \
         .letter = 'i',                                                                                  \
         .arg = "SECONDS",                                                                               \
         .help = "time between packets (0.1)"},                                                          \
        {.name = "packet-timeout",                                                                       \
         .type = SP_T_INT,                                                                               \
         .max = COUNT_MAX,                                                                               \
         .letter = 'L',                                                                                  \
         .arg = "SECONDS",                                                                               \
         .help = "time after which a packet is lost (0)"},                                               \
        {.name = "packet-padding",                                                                       \
         .type = SP_T_INT,                                                                               \
         .max = PORT_MAX,                                                                                \
         .letter = 'p',                                                                                  \
         .arg = "N",                                                                                     \
         .help = "octets that packets are made longer by (0)"},                                          \
        {.name = "ctrl-port",                                                                            \
         .type = SP_T_INT,                                                                               \
         .max = PORT_MAX,                                                                                \
         .letter = 'C',                                                                                  \
         .arg = "N",                                                                                     \
         .help = "port of the server's control connection (861)"},                                       \
        {.name = "data-ports",                                                                           \
         .type = SP_T_PORTS,                                                                             \
         .letter = 'P',                                                                                  \
         .arg = "LOW-HIGH",                                                                              \
         .help = "ports of the client's packets"},                                                       \
        KEY_IP_TOS(.letter = 'T'), KEY_IP_VERSION(.since = 1),                                           \
        {.name = "bucket-width",                                                                         \
         .type = SP_T_NUMBER,                                                                            \
         .open = true,                                                                                   \
         .max = 1,                                                                                       \
         .letter = 'b',                                                                                  \
         .arg = "SECONDS",                                                                               \
         .help = "width of a bucket of the histogram (0.001)"},                                          \
        {.name = "output-raw", .type = SP_T_BOOL, .letter = 'R', .help = "the result has every packet"}, \
    {                                                                                                    \
        .name = "flip", .type = SP_T_BOOL, .letter = 'f',                                                \
        .help = "the destination is the client and asks for packets"                                     \
    }

static const char *const latency_protocols[] = {"owamp", "twamp", NULL};

static const struct sp_key latency_keys[] = {
    KEYS_LATENCY("(100)"),
    {.name = "reverse", .type = SP_T_BOOL, .since = 2, .help = "report the way back (TWAMP)"},
    {.name = "traverse-nat",
     .type = SP_T_BOOL,
     .since = 3,
     .help = "work through address translation (TWAMP)"},
    {.name = "protocol",
     .type = SP_T_WORD,
     .since = 4,
     .words = latency_protocols,
     .arg = "owamp|twamp",
     .help = "what to measure with (owamp)"},
};

const struct sp_test sp_latency = {
    .name = "latency",
    .about = "One-way delay between hosts",
    .cls = SP_NORMAL,
    .who = SP_WHO_FLIP,
    .schema = 4,
    SP_KEYS(latency_keys),
    .text = sp_text_latency,
};

static const struct sp_key latencybg_keys[] = {
    KEYS_LATENCY("for each result (600)"),
    {.name = "duration",
     .type = SP_T_DURATION,
     .open = true,
     .letter = 't',
     .arg = "DURATION",
     .help = "how long to measure (PT24H)"},
    {.name = "protocol",
     .type = SP_T_WORD,
     .since = 2,
     .words = latency_protocols,
     .arg = "owamp|twamp",
     .help = "what to measure with (owamp)"},
};

const struct sp_test sp_latencybg = {
    .name = "latencybg",
    .about = "One-way delay between hosts, measured all the time with a result every so often",
    .cls = SP_BACKGROUND_MULTI,
    .who = SP_WHO_FLIP,
    .schema = 2,
    SP_KEYS(latencybg_keys),
    .text = sp_text_latency,
};
