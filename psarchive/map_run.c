// SPDX-License-Identifier: Apache-2.0
// Runs of pScheduler: what all have, and tests whose results are a list of fields.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "http/ps_url.h"
#include "psarchive/iso.h"
#include "psarchive/map_impl.h"

#define FIELDS 12

struct field {
    const char *from, *to;
};

// How a test is mapped. Lists end with NULL.
struct kind {
    const char *test;
    const char *events[FIELDS];   // that every run registers, beside failures
    struct field params[FIELDS];  // of the spec
    struct field seconds[FIELDS]; // the same, durations
    struct field values[FIELDS];  // of the result
    struct field ratio;           // a loss rate: the field that is counted; the event type
    const char *sent;             // of how many
    void (*registration)(struct map_writer *w);
    void (*more)(struct map_writer *w);
};

static void rtt_values(struct map_writer *w);
static void disk_registration(struct map_writer *w);
static void disk_values(struct map_writer *w);

#define LATENCY                                                                                         \
    .events = {"packet-count-sent", "histogram-owdelay", "histogram-ttl",   "packet-duplicates",        \
               "packet-loss-rate",  "packet-count-lost", "packet-reorders", "time-error-estimates"},    \
    .params = {{"packet-count", "sample-size"},                                                         \
               {"bucket-width", "sample-bucket-width"},                                                 \
               {"packet-interval", "time-probe-interval"},                                              \
               {"packet-timeout", "time-probe-timeout"},                                                \
               {"ip-tos", "ip-tos"},                                                                    \
               {"flip", "mode-flip"},                                                                   \
               {"packet-padding", "ip-packet-padding"},                                                 \
               {"single-participant-mode", "mode-single-participant"}},                                 \
    .values = {{"histogram-latency", "histogram-owdelay"}, {"histogram-ttl", "histogram-ttl"},          \
               {"packets-sent", "packet-count-sent"},      {"packets-lost", "packet-count-lost"},       \
               {"packets-reordered", "packet-reorders"},   {"packets-duplicated", "packet-duplicates"}, \
               {"max-clock-error", "time-error-estimates"}},                                            \
    .ratio = {"packets-lost", "packet-loss-rate"}, .sent = "packets-sent"

static const struct kind kinds[] = {
    {.test = "latency", LATENCY},
    {.test = "latencybg", LATENCY},
    {.test = "rtt",
     .events = {"packet-count-sent", "histogram-rtt", "histogram-ttl-reverse", "packet-duplicates-bidir",
                "packet-loss-rate-bidir", "packet-count-lost-bidir", "packet-reorders-bidir"},
     .params = {{"count", "sample-size"},
                {"flowlabel", "ip-packet-flowlabel"},
                {"tos", "ip-tos"},
                {"length", "ip-packet-size"},
                {"ttl", "ip-ttl"}},
     .seconds = {{"interval", "time-probe-interval"},
                 {"timeout", "time-test-timeout"},
                 {"deadline", "time-probe-timeout"}},
     .values = {{"sent", "packet-count-sent"},
                {"lost", "packet-count-lost-bidir"},
                {"duplicates", "packet-duplicates-bidir"},
                {"reorders", "packet-reorders-bidir"}},
     .ratio = {"lost", "packet-loss-rate-bidir"},
     .sent = "sent",
     .more = rtt_values},
    {.test = "trace",
     .events = {"packet-trace", "path-mtu"},
     .params = {{"algorithm", "trace-algorithm"},
                {"first-ttl", "trace-first-ttl"},
                {"fragment", "ip-fragment"},
                {"hops", "trace-max-ttl"},
                {"length", "ip-packet-size"},
                {"probe-type", "ip-transport-protocol"},
                {"queries", "trace-num-queries"},
                {"tos", "ip-tos"}},
     .seconds = {{"sendwait", "time-probe-interval"}, {"wait", "time-test-timeout"}},
     .registration = map_trace_registration,
     .more = map_trace_values},
    {.test = "throughput",
     .events = {"throughput", "throughput-subintervals"},
     .params = {{"tos", "ip-tos"},
                {"dscp", "ip-dscp"},
                {"buffer-length", "bw-buffer-size"},
                {"parallel", "bw-parallel-streams"},
                {"bandwidth", "bw-target-bandwidth"},
                {"window-size", "tcp-window-size"},
                {"dynamic-window-size", "tcp-dynamic-window-size"},
                {"mss", "tcp-max-segment-size"},
                {"omit", "bw-ignore-first-seconds"}},
     .registration = map_throughput_registration,
     .more = map_throughput_values},
    {.test = "disk-to-disk",
     .events = {"throughput", "pscheduler-raw"},
     .params = {{"parallel", "bw-parallel-streams"}},
     .values = {{"throughput", "throughput"}},
     .registration = disk_registration,
     .more = disk_values},
};

static const struct kind *kind_of(const struct map *m)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].test, m->test) == 0)
            return &kinds[i];
    return NULL;
}

// --- what the document is

static int find_test(struct map *m, struct ps_fault *fault)
{
    struct ps_jnode test = ps_jnode_member(m->root, "test");

    if (!ps_jnode_there(test))
        test = map_member(m->root, "task/test");
    m->test = map_str(map_member(test, "type"));
    m->spec = map_member(test, "spec");
    m->outcome = ps_jnode_member(m->root, "result");
    if (!m->test || !ps_jnode_there(m->outcome)) {
        ps_jnode_fault(m->root, fault,
                       "is no result document: it has neither a test and its result nor start-ntp");
        return PS_EUNSUPPORTED;
    }
    return ps_jnode_type(m->spec) == PS_JTYPE_OBJECT ? 0 : ps_jnode_want(m->spec, PS_JTYPE_OBJECT, fault);
}

static int find_time(struct map *m, struct ps_fault *fault)
{
    struct ps_jnode n = map_member(m->root, "schedule/start");
    const char *text;

    if (!map_str(n))
        n = map_member(m->root, "run/start-time");
    text = map_str(n);
    if (text && iso_time(text, &m->ts) == 0)
        return 0;
    ps_jnode_fault(text ? n : m->root, fault, "wants a time of ISO 8601 in schedule.start or run.start-time");
    return PS_EMALFORMED;
}

// The first of participants: an address or a name, or an object that says which.
static const char *lead_of(const struct map *m)
{
    struct ps_jnode first = ps_jnode_first(ps_jnode_member(m->root, "participants"));

    return map_str(first);
}

static const char *host_of_url(struct map *m, int i, struct ps_jnode n)
{
    const char *text = map_str(n);
    struct ps_url u;

    if (!text || ps_url_parse(&u, text, strlen(text)))
        return NULL;
    snprintf(m->url_host[i], sizeof m->url_host[i], "%.255s", u.host);
    ps_url_fini(&u);
    return m->url_host[i][0] ? m->url_host[i] : NULL;
}

static void find_disk_hosts(struct map *m)
{
    const char *source = host_of_url(m, 0, ps_jnode_member(m->spec, "source"));
    const char *dest = host_of_url(m, 1, ps_jnode_member(m->spec, "dest"));
    const char *lead = lead_of(m);

    m->hosts[MAP_SOURCE].name = source ? source : lead;
    m->hosts[MAP_DEST].name = dest ? dest : lead;
}

static int find_hosts(struct map *m, struct ps_fault *fault)
{
    const char *lead = lead_of(m);
    const char *source = map_str(ps_jnode_member(m->spec, "source"));
    const char *dest = map_str(ps_jnode_member(m->spec, "dest"));
    bool paired = kind_of(m);

    m->hosts[MAP_SOURCE].name = paired && source ? source : lead;
    m->hosts[MAP_DEST].name = paired ? dest : NULL;
    m->hosts[MAP_AGENT].name = lead;
    if (strcmp(m->test, "disk-to-disk") == 0)
        find_disk_hosts(m);
    if (!m->hosts[MAP_SOURCE].name)
        ps_jnode_fault(m->root, fault, "wants a source in its test's spec, or participants");
    else if (paired && !m->hosts[MAP_DEST].name)
        ps_jnode_fault(m->spec, fault, "'dest' is missing");
    else
        return 0;
    return PS_EMALFORMED;
}

int map_run_begin(struct map *m, struct ps_fault *fault)
{
    int err = find_test(m, fault);

    m->kind = MAP_RUN;
    if (!err)
        err = find_time(m, fault);
    return err ? err : find_hosts(m, fault);
}

// --- registration

static const char *href_of(const struct map *m)
{
    const char *href = map_str(map_member(m->root, "run/href"));

    return href ? href : map_str(ps_jnode_member(m->root, "run-href"));
}

static void put_tool(struct map_writer *w)
{
    const char *tool = map_str(map_member(w->map->root, "tool/name"));
    char text[300];

    snprintf(text, sizeof text, "pscheduler/%.255s", tool ? tool : "");
    map_param_text(w, "tool-name", tool ? text : NULL);
}

static void put_duration(struct map_writer *w)
{
    struct ps_jnode n = map_member(w->map->root, "schedule/duration");

    if (!map_str(n))
        n = map_member(w->map->root, "task/detail/duration");
    map_param_seconds(w, "time-duration", n);
}

static void put_reference(struct map_writer *w)
{
    struct ps_jnode n = ps_jnode_member(w->map->root, "reference");

    if (!ps_jnode_there(n))
        n = map_member(w->map->root, "task/reference");
    if (ps_jnode_type(n) == PS_JTYPE_OBJECT)
        map_param_flat(w, "pscheduler-reference", n);
}

static void put_spec(struct map_writer *w)
{
    char key[META_KEY_MAX + 2];

    snprintf(key, sizeof key, "pscheduler-%s", w->map->test);
    map_param_flat(w, key, w->map->spec);
}

static void put_kind(struct map_writer *w, const struct kind *k)
{
    struct ps_jnode spec = w->map->spec;

    map_event(w, "failures");
    for (size_t i = 0; i < FIELDS && k->events[i]; i++)
        map_event(w, k->events[i]);
    for (size_t i = 0; i < FIELDS && k->params[i].from; i++)
        map_param(w, k->params[i].to, ps_jnode_member(spec, k->params[i].from));
    for (size_t i = 0; i < FIELDS && k->seconds[i].from; i++)
        map_param_seconds(w, k->seconds[i].to, ps_jnode_member(spec, k->seconds[i].from));
    if (k->registration)
        k->registration(w);
}

void map_run_registration(struct map_writer *w)
{
    const struct kind *k = kind_of(w->map);

    map_param_text(w, "pscheduler-test-type", w->map->test);
    put_tool(w);
    put_duration(w);
    if (k) {
        put_kind(w, k);
    } else {
        map_event(w, "failures");
        map_event(w, "pscheduler-raw");
        put_spec(w);
    }
    put_reference(w);
    if (href_of(w->map))
        map_event(w, "pscheduler-run-href");
}

// --- values

static void put_href(struct map_writer *w)
{
    if (href_of(w->map))
        map_object_text(w, "pscheduler-run-href", "href", href_of(w->map));
}

static void put_failure(struct map_writer *w)
{
    const char *why = map_str(map_member(w->map->outcome, "error"));

    map_failure(w, why ? why : "the test failed, and nothing says why");
}

static void put_fields(struct map_writer *w, const struct kind *k)
{
    struct ps_jnode outcome = w->map->outcome;

    for (size_t i = 0; i < FIELDS && k->values[i].from; i++)
        map_value(w, k->values[i].to, ps_jnode_member(outcome, k->values[i].from));
    if (k->sent)
        map_value_ratio(w, k->ratio.to, ps_jnode_member(outcome, k->ratio.from),
                        ps_jnode_member(outcome, k->sent));
    if (k->more)
        k->more(w);
}

void map_run_values(struct map_writer *w)
{
    const struct kind *k = kind_of(w->map);

    if (!map_truth(map_member(w->map->outcome, "succeeded")))
        put_failure(w);
    else if (k)
        put_fields(w, k);
    else
        map_value(w, "pscheduler-raw", w->map->outcome);
    put_href(w);
}

// --- rtt

static int count_rtt(struct hist *h, struct ps_jnode n)
{
    const char *text = map_str(n);
    double seconds;
    char key[HIST_KEY_MAX];

    if (!text || iso_duration(text, &seconds))
        return 0;
    snprintf(key, sizeof key, "%.2f", seconds * 1000);
    return hist_add(h, key, 1);
}

static int count_ttl(struct hist *h, struct ps_jnode n)
{
    double ttl = map_number(n, 0);
    char key[HIST_KEY_MAX];

    if (ttl < 1 || ttl > 255)
        return 0;
    snprintf(key, sizeof key, "%.0f", ttl);
    return hist_add(h, key, 1);
}

static void count_trips(struct map_writer *w, const char *name, const char *field,
                        int (*count)(struct hist *, struct ps_jnode))
{
    struct ps_jnode trips = ps_jnode_member(w->map->outcome, "roundtrips");
    struct value v = {.form = VALUE_HIST};
    int err = 0;

    hist_init(&v.hist);
    for (struct ps_jnode m = ps_jnode_first(trips); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = count(&v.hist, map_member(m, field));
    if (!err)
        err = hist_settle(&v.hist);
    if (!w->err)
        w->err = err;
    if (v.hist.n)
        map_value_take(w, name, &v);
    value_fini(&v);
}

static void rtt_values(struct map_writer *w)
{
    count_trips(w, "histogram-rtt", "rtt", count_rtt);
    count_trips(w, "histogram-ttl-reverse", "ttl", count_ttl);
}

// --- disk-to-disk

static void disk_registration(struct map_writer *w)
{
    put_spec(w);
}

static void disk_values(struct map_writer *w)
{
    map_value(w, "pscheduler-raw", w->map->outcome);
}
