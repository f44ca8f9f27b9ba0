// SPDX-License-Identifier: Apache-2.0
#include "psarchive/event.h"
#include <assert.h>
#include <stddef.h>
#include <string.h>
#include "base/ps_err.h"

static const struct {
    const char *name;
    enum event_kind kind;
} events[EVENT_COUNT] = {
    {"throughput", EVENT_INTEGER},
    {"packet-count-sent", EVENT_INTEGER},
    {"packet-count-lost", EVENT_INTEGER},
    {"packet-count-lost-bidir", EVENT_INTEGER},
    {"packet-duplicates", EVENT_INTEGER},
    {"packet-duplicates-bidir", EVENT_INTEGER},
    {"packet-reorders", EVENT_INTEGER},
    {"packet-reorders-bidir", EVENT_INTEGER},
    {"packet-retransmits", EVENT_INTEGER},
    {"packet-rtt", EVENT_INTEGER},
    {"tcp-windowsize", EVENT_INTEGER},
    {"path-mtu", EVENT_INTEGER},
    {"ntp-stratum", EVENT_INTEGER},
    {"ntp-reach", EVENT_INTEGER},
    {"time-error-estimates", EVENT_FLOAT},
    {"ntp-offset", EVENT_FLOAT},
    {"ntp-jitter", EVENT_FLOAT},
    {"ntp-wander", EVENT_FLOAT},
    {"ntp-polling-interval", EVENT_FLOAT},
    {"ntp-delay", EVENT_FLOAT},
    {"ntp-dispersion", EVENT_FLOAT},
    {"packet-loss-rate", EVENT_PERCENTAGE},
    {"packet-loss-rate-bidir", EVENT_PERCENTAGE},
    {"histogram-owdelay", EVENT_HISTOGRAM},
    {"histogram-rtt", EVENT_HISTOGRAM},
    {"histogram-ttl", EVENT_HISTOGRAM},
    {"histogram-ttl-reverse", EVENT_HISTOGRAM},
    {"throughput-subintervals", EVENT_SUBINTERVAL},
    {"packet-retransmits-subintervals", EVENT_SUBINTERVAL},
    {"packet-rtt-subintervals", EVENT_SUBINTERVAL},
    {"tcp-windowsize-subintervals", EVENT_SUBINTERVAL},
    {"failures", EVENT_JSON},
    {"packet-trace", EVENT_JSON},
    {"packet-trace-multi", EVENT_JSON},
    {"pscheduler-raw", EVENT_JSON},
    {"pscheduler-run-href", EVENT_JSON},
    {"streams-throughput", EVENT_JSON},
    {"streams-throughput-subintervals", EVENT_JSON},
    {"streams-packet-retransmits", EVENT_JSON},
    {"streams-packet-retransmits-subintervals", EVENT_JSON},
    {"streams-packet-rtt", EVENT_JSON},
    {"streams-packet-rtt-subintervals", EVENT_JSON},
    {"streams-tcp-windowsize", EVENT_JSON},
    {"streams-tcp-windowsize-subintervals", EVENT_JSON},
    {"streams-tcpinfo", EVENT_JSON},
    {"tcpinfo", EVENT_JSON},
    {"iostat", EVENT_JSON},
    {"mpstat", EVENT_JSON},
    {"rusage", EVENT_JSON},
};

// The same in the order of their names.
static const uint8_t by_name[EVENT_COUNT] = {
    31, 23, 24, 25, 26, 46, 47, 19, 20, 16, 15, 18, 13, 12, 17, 2,  3,  1,  4,  5,  21, 22, 6,  7, 8,
    28, 9,  29, 32, 33, 11, 34, 35, 48, 38, 39, 40, 41, 42, 43, 44, 36, 37, 10, 30, 45, 0,  27, 14};

static const char *const singular[] = {"base", "aggregation", "average", "statistics"};
static const char *const plurals[] = {"base", "aggregations", "averages", "statistics"};

int event_find(const char *name)
{
    size_t low = 0, high = EVENT_COUNT;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = strcmp(events[by_name[mid]].name, name);
        if (order == 0)
            return by_name[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return PS_EUNKNOWN;
}

const char *event_name(int event)
{
    assert(event >= 0 && event < EVENT_COUNT);
    return events[event].name;
}

enum event_kind event_kind(int event)
{
    assert(event >= 0 && event < EVENT_COUNT);
    return events[event].kind;
}

bool event_summary_allowed(enum event_kind kind, enum summary_type type)
{
    switch (kind) {
    case EVENT_INTEGER:
    case EVENT_FLOAT:
        return type != SUMMARY_STATISTICS;
    case EVENT_PERCENTAGE:
        return type == SUMMARY_BASE || type == SUMMARY_AGGREGATION;
    case EVENT_HISTOGRAM:
        return type != SUMMARY_AVERAGE;
    case EVENT_SUBINTERVAL:
    case EVENT_JSON:
        break;
    }
    return type == SUMMARY_BASE;
}

const char *summary_name(enum summary_type type, bool plural)
{
    return plural ? plurals[type] : singular[type];
}

int summary_find(const char *name, bool plural, enum summary_type *out)
{
    for (unsigned i = 0; i < sizeof singular / sizeof *singular; i++)
        if (strcmp(name, summary_name((enum summary_type)i, plural)) == 0) {
            *out = (enum summary_type)i;
            return 0;
        }
    return PS_EUNKNOWN;
}
