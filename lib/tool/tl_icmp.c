// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_icmp.h"
#include <stdlib.h>
#include <string.h>

static const char *const codes[] = {
    "net-unreachable",
    "host-unreachable",
    "protocol-unreachable",
    "port-unreachable",
    "fragmentation-needed-and-df-set",
    "source-route-failed",
    "destination-network-unknown",
    "destination-host-unknown",
    "source-host-isolated",
    "destination-network-administratively-prohibited",
    "destination-host-administratively-prohibited",
    "network-unreachable-for-type-of-service",
    "icmp-destination-host-unreachable-tos",
    "communication-administratively-prohibited",
    "host-precedence-violation",
    "precedence-cutoff-in-effect",
};
#define CODES (sizeof codes / sizeof *codes)

const char *tl_icmp_code(unsigned code)
{
    return code < CODES ? codes[code] : NULL;
}

const char *tl_icmp_mark(const char *mark)
{
    static const char letters[] = "NHPxFSxxxxxxxXVC"; // in the order of the codes
    const char *at;
    char *end;
    unsigned long code;

    if (mark[0] != '!' || mark[1] == '\0')
        return NULL;
    if (mark[2] == '\0' && mark[1] != 'x' && (at = strchr(letters, mark[1])))
        return codes[at - letters];
    if (mark[1] < '0' || mark[1] > '9')
        return NULL;
    code = strtoul(mark + 1, &end, 10);
    return *end == '\0' && code < CODES ? codes[code] : NULL;
}

// What iputils' ping says.
static const struct {
    const char *text, *name;
} words[] = {
    {"Destination Net Unreachable", "net-unreachable"},
    {"Destination Host Unreachable", "host-unreachable"},
    {"Destination Protocol Unreachable", "protocol-unreachable"},
    {"Destination Port Unreachable", "port-unreachable"},
    {"Frag needed and DF set", "fragmentation-needed-and-df-set"},
    {"Source Route Failed", "source-route-failed"},
    {"Destination Net Unknown", "destination-network-unknown"},
    {"Destination Host Unknown", "destination-host-unknown"},
    {"Source Host Isolated", "source-host-isolated"},
    {"Destination Net Prohibited", "destination-network-administratively-prohibited"},
    {"Destination Host Prohibited", "destination-host-administratively-prohibited"},
    {"Destination Net Unreachable for Type of Service", "network-unreachable-for-type-of-service"},
    {"Destination Host Unreachable for Type of Service", "icmp-destination-host-unreachable-tos"},
    {"Packet filtered", "communication-administratively-prohibited"},
    {"Precedence Violation", "host-precedence-violation"},
    {"Precedence Cutoff", "precedence-cutoff-in-effect"},
    {"Time to live exceeded", "time-exceeded"},
    {"Time exceeded: Hop limit", "time-exceeded"},
    {"Frag reassembly time exceeded", "reassembly-time-exceeded"},
    {"Time exceeded: Defragmentation failure", "reassembly-time-exceeded"},
    {"Destination unreachable: No route", "net-unreachable"},
    {"Destination unreachable: Administratively prohibited", "communication-administratively-prohibited"},
    {"Destination unreachable: Beyond scope of source address", "source-host-isolated"},
    {"Destination unreachable: Address unreachable", "host-unreachable"},
    {"Destination unreachable: Port unreachable", "port-unreachable"},
    {"Packet too big", "packet-too-big"},
    {"Source Quench", "source-quench"},
    {"Redirect", "redirect"},
};

const char *tl_icmp_words(const char *text)
{
    const char *name = "other";
    size_t best = 0;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i].text);
        if (len > best && strncmp(text, words[i].text, len) == 0) {
            best = len;
            name = words[i].name;
        }
    }
    return name;
}
