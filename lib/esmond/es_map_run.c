// SPDX-License-Identifier: Apache-2.0
// Runs of pScheduler: what all have, and tests whose results are a list of fields.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "http/ps_url.h"
#include "esmond/es_iso.h"
#include "esmond/es_map_impl.h"

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
    bool raw;                     // its result is kept as it is as well
    void (*registration)(struct es_map_writer *w);
    void (*more)(struct es_map_writer *w);
};

static void rtt_values(struct es_map_writer *w);
static void put_spec(struct es_map_writer *w);

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
     .registration = es_map_trace_registration,
     .more = es_map_trace_values},
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
     .registration = es_map_throughput_registration,
     .more = es_map_throughput_values},
    {.test = "disk-to-disk",
     .events = {"throughput"},
     .params = {{"parallel", "bw-parallel-streams"}},
     .values = {{"throughput", "throughput"}},
     .raw = true,
     .registration = put_spec},
};

static const struct kind *kind_of(const struct es_map *m)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].test, m->test) == 0)
            return &kinds[i];
    return NULL;
}

bool es_map_run_knows(const struct es_map *m)
{
    return kind_of(m);
}

// How its values are made; NULL: it has none but its result.
static const struct kind *mapped_kind(const struct es_map *m)
{
    return m->form == ES_MAP_RAW ? NULL : kind_of(m);
}

static bool wants_raw(const struct es_map *m, const struct kind *k)
{
    return !k || k->raw || m->form == ES_MAP_BOTH;
}

// --- what the document is

static int find_test(struct es_map *m, struct ps_fault *fault)
{
    struct ps_jnode test = ps_jnode_member(m->root, "test");

    if (!ps_jnode_there(test))
        test = es_map_member(m->root, "task/test");
    m->test = es_map_str(es_map_member(test, "type"));
    m->spec = es_map_member(test, "spec");
    m->outcome = ps_jnode_member(m->root, "result");
    if (!m->test || !ps_jnode_there(m->outcome)) {
        ps_jnode_fault(m->root, fault,
                       "is no result document: it has neither a test and its result nor start-ntp");
        return PS_EUNSUPPORTED;
    }
    return ps_jnode_type(m->spec) == PS_JTYPE_OBJECT ? 0 : ps_jnode_want(m->spec, PS_JTYPE_OBJECT, fault);
}

static int find_time(struct es_map *m, struct ps_fault *fault)
{
    struct ps_jnode n = es_map_member(m->root, "schedule/start");
    const char *text;

    if (!es_map_str(n))
        n = es_map_member(m->root, "run/start-time");
    text = es_map_str(n);
    if (text && es_iso_time(text, &m->ts) == 0)
        return 0;
    ps_jnode_fault(text ? n : m->root, fault, "wants a time of ISO 8601 in schedule.start or run.start-time");
    return PS_EMALFORMED;
}

// The first of participants: an address or a name, or an object that says which.
static const char *lead_of(const struct es_map *m)
{
    struct ps_jnode first = ps_jnode_first(ps_jnode_member(m->root, "participants"));

    return es_map_str(first);
}

static const char *host_of_url(struct es_map *m, int i, struct ps_jnode n)
{
    const char *text = es_map_str(n);
    struct ps_url u;

    if (!text || ps_url_parse(&u, text, strlen(text)))
        return NULL;
    snprintf(m->url_host[i], sizeof m->url_host[i], "%.255s", u.host);
    ps_url_fini(&u);
    return m->url_host[i][0] ? m->url_host[i] : NULL;
}

static void find_disk_hosts(struct es_map *m)
{
    const char *source = host_of_url(m, 0, ps_jnode_member(m->spec, "source"));
    const char *dest = host_of_url(m, 1, ps_jnode_member(m->spec, "dest"));
    const char *lead = lead_of(m);

    m->hosts[ES_MAP_SOURCE].name = source ? source : lead;
    m->hosts[ES_MAP_DEST].name = dest ? dest : lead;
}

static int find_hosts(struct es_map *m, struct ps_fault *fault)
{
    const char *lead = lead_of(m);
    const char *source = es_map_str(ps_jnode_member(m->spec, "source"));
    const char *dest = es_map_str(ps_jnode_member(m->spec, "dest"));
    bool paired = kind_of(m);

    m->hosts[ES_MAP_SOURCE].name = paired && source ? source : lead;
    m->hosts[ES_MAP_DEST].name = paired ? dest : NULL;
    m->hosts[ES_MAP_AGENT].name = lead;
    if (strcmp(m->test, "disk-to-disk") == 0)
        find_disk_hosts(m);
    if (!m->hosts[ES_MAP_SOURCE].name)
        ps_jnode_fault(m->root, fault, "wants a source in its test's spec, or participants");
    else if (paired && !m->hosts[ES_MAP_DEST].name)
        ps_jnode_fault(m->spec, fault, "'dest' is missing");
    else
        return 0;
    return PS_EMALFORMED;
}

int es_map_run_begin(struct es_map *m, struct ps_fault *fault)
{
    int err = find_test(m, fault);

    m->kind = ES_MAP_RUN;
    if (!err)
        err = find_time(m, fault);
    return err ? err : find_hosts(m, fault);
}

// --- registration

const char *es_map_run_href(const struct es_map *m)
{
    const char *href = es_map_str(es_map_member(m->root, "run/href"));

    return href ? href : es_map_str(ps_jnode_member(m->root, "run-href"));
}

static void put_tool(struct es_map_writer *w)
{
    const char *tool = es_map_str(es_map_member(w->map->root, "tool/name"));
    char text[300];

    snprintf(text, sizeof text, "pscheduler/%.255s", tool ? tool : "");
    es_map_param_text(w, "tool-name", tool ? text : NULL);
}

// The task's, where it is told: the schedule's may be how long this run took in the end, and each run would be of
// other metadata.
struct ps_jnode es_map_run_duration(const struct es_map *m)
{
    struct ps_jnode n = es_map_member(m->root, "task/detail/duration");

    return es_map_str(n) ? n : es_map_member(m->root, "schedule/duration");
}

static void put_reference(struct es_map_writer *w)
{
    struct ps_jnode n = ps_jnode_member(w->map->root, "reference");

    if (!ps_jnode_there(n))
        n = es_map_member(w->map->root, "task/reference");
    if (ps_jnode_type(n) == PS_JTYPE_OBJECT)
        es_map_param_flat(w, "pscheduler-reference", n);
}

static void put_spec(struct es_map_writer *w)
{
    char key[ES_REG_NAME_MAX + 2];

    snprintf(key, sizeof key, "pscheduler-%s", w->map->test);
    es_map_param_flat(w, key, w->map->spec);
}

static void put_kind(struct es_map_writer *w, const struct kind *k)
{
    struct ps_jnode spec = w->map->spec;

    es_map_event(w, "failures");
    for (size_t i = 0; i < FIELDS && k->events[i]; i++)
        es_map_event(w, k->events[i]);
    for (size_t i = 0; i < FIELDS && k->params[i].from; i++)
        es_map_param(w, k->params[i].to, ps_jnode_member(spec, k->params[i].from));
    for (size_t i = 0; i < FIELDS && k->seconds[i].from; i++)
        es_map_param_seconds(w, k->seconds[i].to, ps_jnode_member(spec, k->seconds[i].from));
    if (k->registration)
        k->registration(w);
}

// Raw: what the test is says nothing else.
static void put_raw(struct es_map_writer *w)
{
    es_map_event(w, "failures");
    es_map_event(w, "pscheduler-raw");
    put_spec(w);
}

void es_map_run_registration(struct es_map_writer *w)
{
    const struct kind *k = mapped_kind(w->map);

    es_map_param_text(w, "pscheduler-test-type", w->map->test);
    put_tool(w);
    es_map_param_seconds(w, "time-duration", es_map_run_duration(w->map));
    if (k)
        put_kind(w, k);
    else
        put_raw(w);
    if (k && wants_raw(w->map, k))
        es_map_event(w, "pscheduler-raw");
    put_reference(w);
    if (es_map_run_href(w->map))
        es_map_event(w, "pscheduler-run-href");
}

// --- values

static void put_href(struct es_map_writer *w)
{
    if (es_map_run_href(w->map))
        es_map_object_text(w, "pscheduler-run-href", "href", es_map_run_href(w->map));
}

static void put_failure(struct es_map_writer *w)
{
    const char *why = es_map_str(es_map_member(w->map->outcome, "error"));

    es_map_failure(w, why ? why : "the test failed, and nothing says why");
}

static void put_fields(struct es_map_writer *w, const struct kind *k)
{
    struct ps_jnode outcome = w->map->outcome;

    for (size_t i = 0; i < FIELDS && k->values[i].from; i++)
        es_map_value(w, k->values[i].to, ps_jnode_member(outcome, k->values[i].from));
    if (k->sent)
        es_map_value_ratio(w, k->ratio.to, ps_jnode_member(outcome, k->ratio.from),
                           ps_jnode_member(outcome, k->sent));
    if (k->more)
        k->more(w);
}

void es_map_run_values(struct es_map_writer *w)
{
    const struct kind *k = mapped_kind(w->map);

    if (!es_map_truth(es_map_member(w->map->outcome, "succeeded"))) {
        put_failure(w);
    } else {
        if (k)
            put_fields(w, k);
        if (wants_raw(w->map, k))
            es_map_value(w, "pscheduler-raw", w->map->outcome);
    }
    put_href(w);
}

// --- rtt

static int count_rtt(struct es_hist *h, struct ps_jnode n)
{
    const char *text = es_map_str(n);
    double seconds;
    char key[ES_HIST_KEY_MAX];

    if (!text || es_iso_duration(text, &seconds))
        return 0;
    snprintf(key, sizeof key, "%.2f", seconds * 1000);
    return es_hist_add(h, key, 1);
}

static int count_ttl(struct es_hist *h, struct ps_jnode n)
{
    double ttl = es_map_number(n, 0);
    char key[ES_HIST_KEY_MAX];

    if (ttl < 1 || ttl > 255)
        return 0;
    snprintf(key, sizeof key, "%.0f", ttl);
    return es_hist_add(h, key, 1);
}

static void count_trips(struct es_map_writer *w, const char *name, const char *field,
                        int (*count)(struct es_hist *, struct ps_jnode))
{
    struct ps_jnode trips = ps_jnode_member(w->map->outcome, "roundtrips");
    struct es_value v = {.form = ES_VALUE_HIST};
    int err = 0;

    es_hist_init(&v.hist);
    for (struct ps_jnode m = ps_jnode_first(trips); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = count(&v.hist, es_map_member(m, field));
    if (!err)
        err = es_hist_settle(&v.hist);
    if (!w->err)
        w->err = err;
    if (v.hist.n)
        es_map_value_take(w, name, &v);
    es_value_fini(&v);
}

static void rtt_values(struct es_map_writer *w)
{
    count_trips(w, "histogram-rtt", "rtt", count_rtt);
    count_trips(w, "histogram-ttl-reverse", "ttl", count_ttl);
}
