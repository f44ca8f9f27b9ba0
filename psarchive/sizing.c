// SPDX-License-Identifier: Apache-2.0
#include "psarchive/sizing.h"
#include <math.h>
#include <string.h>

#define PAGE 4096
#define PAGE_USED 4088 // without a page's heading
#define ROW_OVER 17    // octets of a row beside its body: key, lengths, its place in the page
#define TREE 1.02      // inner pages, and what is not full

static const uint32_t windows[SIZING_WINDOWS] = {300, 3600, 86400};

// Which event type has most of a row's octets, and which windows are summed up where nobody says anything else. octets
// are those of `bench/archive_documents TEST ... | psarchive import`, 2026-11-26: latencybg with 600 delays in some 40
// buckets, latency with 100, throughput with 20 intervals, 10 round trips, 12 hops.
static const struct kind {
    const char *name, *main;
    bool rolls[SIZING_WINDOWS];
    struct sizing_octets octets;
} kinds[SIZING_TESTS] = {
    [SIZING_LATENCYBG] = {"latencybg",
                          "histogram-owdelay",
                          {true, true, true},
                          {53.9, 182.6, 4500, {41.1, 66.1, 105.9}}},
    [SIZING_LATENCY] = {"latency",
                        "histogram-owdelay",
                        {true, true, true},
                        {43.6, 153.1, 4500, {19.5, 34.9, 65.5}}},
    [SIZING_THROUGHPUT] = {"throughput",
                           "throughput-subintervals",
                           {false, false, true},
                           {1485, 966.5, 14000, {-1, -1, 12.7}}},
    [SIZING_RTT] = {"rtt", "histogram-rtt", {true, true, true}, {32.7, 125.4, 6500, {4, 17.5, 37}}},
    [SIZING_TRACE] = {"trace", "packet-trace", {false, false, false}, {306.5, 135.6, 6500, {-1, -1, -1}}},
    // An assumption: other tests' results differ.
    [SIZING_OTHER] = {"other", "pscheduler-raw", {false, false, false}, {500, 300, 6500, {-1, -1, -1}}},
};

const char *sizing_name(enum sizing_test test)
{
    return kinds[test].name;
}

int sizing_find(const char *name)
{
    for (int i = 0; i < SIZING_OTHER; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return i;
    return SIZING_OTHER;
}

const struct sizing_octets *sizing_measured(enum sizing_test test)
{
    return &kinds[test].octets;
}

uint32_t sizing_window(int w)
{
    return windows[w];
}

// A large row leaves a part of its page empty; a larger one has pages of its own.
double sizing_room(double octets)
{
    double whole = octets + ROW_OVER;
    if (whole > PAGE_USED)
        return whole / PAGE_USED * PAGE * TREE;
    return PAGE / floor(PAGE_USED / whole) * TREE;
}

// --- how long

// Days that a policy keeps something; infinite: for ever.
static double days(const struct retention *policy, int event, enum es_summary_type type, uint32_t window)
{
    int64_t cut = policy != NULL ? retention_cut(policy, event, type, window, 0) : RETENTION_NEVER;
    return cut == RETENTION_NEVER ? INFINITY : (double)-cut / 86400;
}

static double days_of_window(const struct retention *policy, const struct kind *k, int w)
{
    static const char *const summed[] = {"packet-count-sent", "packet-loss-rate", "throughput"};
    double longest = 0;
    int main = es_event_find(k->main);
    if (es_event_summary_allowed(es_event_kind(main), ES_SUMMARY_AGGREGATION))
        longest = days(policy, main, ES_SUMMARY_AGGREGATION, windows[w]);
    if (strcmp(k->name, "throughput") == 0)
        longest = days(policy, es_event_find(summed[2]), ES_SUMMARY_AVERAGE, windows[w]);
    else
        for (int i = 0; i < 2; i++)
            longest =
                fmax(longest, days(policy, es_event_find(summed[i]), ES_SUMMARY_AGGREGATION, windows[w]));
    return longest;
}

// --- how much

// Roll-ups a second of a path: one for each window, or for each result when these come less often.
static double rollups_per_s(const struct sizing_load *load, int w)
{
    return 1 / fmax(load->every, windows[w]);
}

static double times(double per_day, double n)
{
    return per_day == 0 ? 0 : per_day * n; // nothing for ever is nothing
}

static void add_rollups(const struct sizing_load *load, const struct retention *policy, struct sizing *out)
{
    const struct kind *k = &kinds[load->test];
    for (int w = 0; w < SIZING_WINDOWS; w++) {
        if (!k->rolls[w] || load->octets->rollup[w] < 0)
            continue;
        double per_s = rollups_per_s(load, w) * load->paths, room = sizing_room(load->octets->rollup[w]);
        out->rollups_per_year += per_s * SIZING_YEAR;
        out->per_year += per_s * SIZING_YEAR * room;
        out->kept += times(per_s * 86400 * room, days_of_window(policy, k, w));
    }
}

// What is left of a row when most of it is too old: where its run is to be found.
static void add_rows(const struct sizing_load *load, const struct retention *policy, struct sizing *out)
{
    double room = sizing_room(load->octets->row), rest = fmin(room, sizing_room(18));
    double whole = days(policy, es_event_find(kinds[load->test].main), ES_SUMMARY_BASE, 0);
    double longest = fmax(whole, days(policy, es_event_find("pscheduler-run-href"), ES_SUMMARY_BASE, 0));
    double per_day = out->results_per_s * 86400;
    out->per_year += out->results_per_year * room;
    out->kept += times(per_day * room, whole);
    if (isfinite(whole))
        out->kept += times(per_day * rest, longest - whole);
}

void sizing_make(const struct sizing_load *load, const struct retention *policy, struct sizing *out)
{
    double document = sizing_room(load->octets->document);
    *out = (struct sizing){.results_per_s = load->paths / load->every};
    out->results_per_year = out->results_per_s * SIZING_YEAR;
    out->metas = load->paths * load->octets->meta;
    out->documents_per_year = out->results_per_year * document;
    out->documents_kept = times(out->results_per_s * 86400 * document,
                                days(policy, es_event_find("pscheduler-raw"), ES_SUMMARY_BASE, 0));
    add_rows(load, policy, out);
    add_rollups(load, policy, out);
}
