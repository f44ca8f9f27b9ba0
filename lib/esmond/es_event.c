// SPDX-License-Identifier: Apache-2.0
#include "esmond/es_event.h"
#include <assert.h>
#include <stddef.h>
#include <string.h>
#include "base/ps_err.h"

static const struct {
    const char *name;
    enum es_event_kind kind;
} events[ES_EVENT_COUNT] = {
    {"throughput", ES_EVENT_INTEGER},
    {"packet-count-sent", ES_EVENT_INTEGER},
    {"packet-count-lost", ES_EVENT_INTEGER},
    {"packet-count-lost-bidir", ES_EVENT_INTEGER},
    {"packet-duplicates", ES_EVENT_INTEGER},
    {"packet-duplicates-bidir", ES_EVENT_INTEGER},
    {"packet-reorders", ES_EVENT_INTEGER},
    {"packet-reorders-bidir", ES_EVENT_INTEGER},
    {"packet-retransmits", ES_EVENT_INTEGER},
    {"packet-rtt", ES_EVENT_INTEGER},
    {"tcp-windowsize", ES_EVENT_INTEGER},
    {"path-mtu", ES_EVENT_INTEGER},
    {"ntp-stratum", ES_EVENT_INTEGER},
    {"ntp-reach", ES_EVENT_INTEGER},
    {"time-error-estimates", ES_EVENT_FLOAT},
    {"ntp-offset", ES_EVENT_FLOAT},
    {"ntp-jitter", ES_EVENT_FLOAT},
    {"ntp-wander", ES_EVENT_FLOAT},
    {"ntp-polling-interval", ES_EVENT_FLOAT},
    {"ntp-delay", ES_EVENT_FLOAT},
    {"ntp-dispersion", ES_EVENT_FLOAT},
    {"packet-loss-rate", ES_EVENT_PERCENTAGE},
    {"packet-loss-rate-bidir", ES_EVENT_PERCENTAGE},
    {"histogram-owdelay", ES_EVENT_HISTOGRAM},
    {"histogram-rtt", ES_EVENT_HISTOGRAM},
    {"histogram-ttl", ES_EVENT_HISTOGRAM},
    {"histogram-ttl-reverse", ES_EVENT_HISTOGRAM},
    {"throughput-subintervals", ES_EVENT_SUBINTERVAL},
    {"packet-retransmits-subintervals", ES_EVENT_SUBINTERVAL},
    {"packet-rtt-subintervals", ES_EVENT_SUBINTERVAL},
    {"tcp-windowsize-subintervals", ES_EVENT_SUBINTERVAL},
    {"failures", ES_EVENT_JSON},
    {"packet-trace", ES_EVENT_JSON},
    {"packet-trace-multi", ES_EVENT_JSON},
    {"pscheduler-raw", ES_EVENT_JSON},
    {"pscheduler-run-href", ES_EVENT_JSON},
    {"streams-throughput", ES_EVENT_JSON},
    {"streams-throughput-subintervals", ES_EVENT_JSON},
    {"streams-packet-retransmits", ES_EVENT_JSON},
    {"streams-packet-retransmits-subintervals", ES_EVENT_JSON},
    {"streams-packet-rtt", ES_EVENT_JSON},
    {"streams-packet-rtt-subintervals", ES_EVENT_JSON},
    {"streams-tcp-windowsize", ES_EVENT_JSON},
    {"streams-tcp-windowsize-subintervals", ES_EVENT_JSON},
    {"streams-tcpinfo", ES_EVENT_JSON},
    {"tcpinfo", ES_EVENT_JSON},
    {"iostat", ES_EVENT_JSON},
    {"mpstat", ES_EVENT_JSON},
    {"rusage", ES_EVENT_JSON},
};

// The same in the order of their names.
static const uint8_t by_name[ES_EVENT_COUNT] = {
    31, 23, 24, 25, 26, 46, 47, 19, 20, 16, 15, 18, 13, 12, 17, 2,  3,  1,  4,  5,  21, 22, 6,  7, 8,
    28, 9,  29, 32, 33, 11, 34, 35, 48, 38, 39, 40, 41, 42, 43, 44, 36, 37, 10, 30, 45, 0,  27, 14};

static const char *const singular[] = {"base", "aggregation", "average", "statistics"};
static const char *const plurals[] = {"base", "aggregations", "averages", "statistics"};

int es_event_find(const char *name)
{
    size_t low = 0, high = ES_EVENT_COUNT;
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

const char *es_event_name(int event)
{
    assert(event >= 0 && event < ES_EVENT_COUNT);
    return events[event].name;
}

enum es_event_kind es_event_kind(int event)
{
    assert(event >= 0 && event < ES_EVENT_COUNT);
    return events[event].kind;
}

bool es_event_summary_allowed(enum es_event_kind kind, enum es_summary_type type)
{
    switch (kind) {
    case ES_EVENT_INTEGER:
    case ES_EVENT_FLOAT:
        return type != ES_SUMMARY_STATISTICS;
    case ES_EVENT_PERCENTAGE:
        return type == ES_SUMMARY_BASE || type == ES_SUMMARY_AGGREGATION;
    case ES_EVENT_HISTOGRAM:
        return type != ES_SUMMARY_AVERAGE;
    case ES_EVENT_SUBINTERVAL:
    case ES_EVENT_JSON:
        break;
    }
    return type == ES_SUMMARY_BASE;
}

const char *es_summary_name(enum es_summary_type type, bool plural)
{
    return plural ? plurals[type] : singular[type];
}

int es_summary_find(const char *name, bool plural, enum es_summary_type *out)
{
    for (unsigned i = 0; i < sizeof singular / sizeof *singular; i++)
        if (strcmp(name, es_summary_name((enum es_summary_type)i, plural)) == 0) {
            *out = (enum es_summary_type)i;
            return 0;
        }
    return PS_EUNKNOWN;
}
