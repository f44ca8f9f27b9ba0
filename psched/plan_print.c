// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>
#include "base/ps_iso8601.h"
#include "base/ps_out.h"
#include "psched/plan.h"

#define HOUR (3600 * PS_SEC)
#define BUSIEST 10 // tasks that are listed

#define SCALED 24
// "12.3 M"
static const char *scaled(double v, char out[SCALED])
{
    static const char units[] = " kMGTPE";
    size_t u = 0;
    for (; v >= 999.95 && u + 2 < sizeof units; u++)
        v /= 1000;
    if (u == 0)
        snprintf(out, SCALED, "%.0f ", v);
    else
        snprintf(out, SCALED, "%.1f %c", v, units[u]);
    return out;
}

static double seconds(ps_ns t)
{
    return (double)t / (double)PS_SEC;
}

static double share(ps_ns part, ps_ns whole)
{
    return whole > 0 ? 100 * (double)part / (double)whole : 0;
}

// text

static void print_sum(const struct plan *p, FILE *out)
{
    char a[PS_ISO8601_TIME], b[PS_ISO8601_TIME], packets[SCALED], bits[SCALED], octets[SCALED], year[SCALED];
    const double span = seconds(p->to - p->from);
    fprintf(out, "%zu task%s from %s to %s\n", p->ntasks, p->ntasks == 1 ? "" : "s",
            ps_iso8601_put_utc(p->from, a), ps_iso8601_put_utc(p->to, b));
    fprintf(out, "  runs              %" PRIu64 ", %" PRIu64 " of them later than due for want of room\n",
            p->sum.starts, p->sum.moved);
    fprintf(out, "  not carried out   %" PRIu64 "\n", p->sum.lost);
    for (int r = 0; r <= SCH_RUN_DELETED; r++)
        if (p->by_reason[r] > 0)
            fprintf(out, "    %-16s%" PRIu64 ": %s\n", sch_reason_word((enum sch_reason)r), p->by_reason[r],
                    sch_reason_text((enum sch_reason)r));
    fprintf(out,
            "  exclusive time    %.1f %%, by tests that exclude exclusive ones %.1f %% (overlaps counted)\n",
            share(p->sum.exclusive, p->to - p->from), share(p->sum.normal, p->to - p->from));
    fprintf(out, "  at a time         %u run%s at most\n", p->sum.together, p->sum.together == 1 ? "" : "s");
    fprintf(out, "  traffic           %spackets/s, %sbit/s in the mean\n",
            scaled(p->sum.packets / span, packets), scaled(p->sum.bits / span, bits));
    fprintf(out, "  archive           %sB, %sB a year (values, roll-ups and documents)\n",
            scaled(p->sum.octets, octets), scaled(p->sum.octets / span * 365 * 86400, year));
    if (p->assumed_rate)
        fprintf(out, "  throughput tests without a bandwidth are taken to reach %sbit/s (--rate)\n",
                scaled(p->rate, bits));
}

static void print_hour(const struct plan_hour *h, const char *when, double hours, FILE *out)
{
    char packets[SCALED], bits[SCALED];
    fprintf(out, "%-20s %8.0f %8.0f %8.0f %9.1f %8u %9s %10s\n", when, (double)h->starts / hours,
            (double)h->moved / hours, (double)h->lost / hours, share(h->exclusive, HOUR) / hours, h->together,
            scaled(h->packets / hours / 3600, packets), scaled(h->bits / hours / 3600, bits));
}

static void add_hour(struct plan_hour *sum, const struct plan_hour *h)
{
    sum->starts += h->starts;
    sum->moved += h->moved;
    sum->lost += h->lost;
    sum->exclusive += h->exclusive;
    sum->packets += h->packets;
    sum->bits += h->bits;
    sum->together = h->together > sum->together ? h->together : sum->together;
}

// Means of the hours of a day, where there are too many hours to look at.
static void print_day(const struct plan *p, FILE *out)
{
    for (unsigned hour = 0; hour < 24; hour++) {
        struct plan_hour sum = {0};
        double n = 0;
        char when[16];
        for (size_t i = 0; i < p->nhours; i++) {
            if ((unsigned)((p->from / HOUR + (ps_ns)i) % 24) != hour)
                continue;
            add_hour(&sum, &p->hours[i]);
            n++;
        }
        snprintf(when, sizeof when, "%02u:00Z", hour);
        if (n > 0)
            print_hour(&sum, when, n, out);
    }
}

static void print_hours(const struct plan *p, FILE *out, bool each)
{
    char when[PS_ISO8601_TIME];
    fprintf(out, "\n%-20s %8s %8s %8s %9s %8s %9s %10s\n", each ? "hour" : "hour, mean", "runs", "moved",
            "lost", "exclus. %", "at once", "packet/s", "bit/s");
    if (!each) {
        print_day(p, out);
        return;
    }
    for (size_t i = 0; i < p->nhours; i++)
        print_hour(&p->hours[i], ps_iso8601_put_utc(p->from + (ps_ns)i * HOUR, when), 1, out);
}

static uint64_t lost_of(const struct plan_task *t)
{
    return t->preempted + t->missed + t->skipped;
}

// Those that lose most; each pass finds the next, in the order of the file where they lose as much.
static void print_losers(const struct plan *p, FILE *out)
{
    uint64_t most = UINT64_MAX;
    unsigned n = 0;
    while (n < BUSIEST) {
        uint64_t next = 0;
        for (size_t i = 0; i < p->ntasks; i++)
            if (lost_of(&p->tasks[i]) < most && lost_of(&p->tasks[i]) > next)
                next = lost_of(&p->tasks[i]);
        if (next == 0)
            return;
        if (n == 0)
            fprintf(out, "\nWhat is not carried out, by task:\n");
        for (size_t i = 0; i < p->ntasks && n < BUSIEST; i++) {
            const struct plan_task *t = &p->tasks[i];
            if (lost_of(t) != next)
                continue;
            fprintf(out, "  %zu, %s: %" PRIu64 " of %" PRIu64 "; the last: %s\n", i + 1, t->name, next,
                    t->runs + t->skipped, t->why);
            n++;
        }
        most = next;
    }
}

void plan_text(const struct plan *p, FILE *out, bool each_hour)
{
    print_sum(p, out);
    print_hours(p, out, each_hour);
    print_losers(p, out);
}

// JSON

static void put_hour(struct ps_json *j, const struct plan_hour *h, double span)
{
    ps_json_put_u64(j, "runs", h->starts);
    ps_json_put_u64(j, "moved", h->moved);
    ps_json_put_u64(j, "lost", h->lost);
    ps_json_put_double(j, "exclusive-seconds", seconds(h->exclusive));
    ps_json_put_double(j, "normal-seconds", seconds(h->normal));
    ps_json_put_u64(j, "at-once", h->together);
    ps_json_put_double(j, "packets-per-second", h->packets / span);
    ps_json_put_double(j, "bits-per-second", h->bits / span);
    ps_json_put_double(j, "archive-octets", h->octets);
}

static void put_task(struct ps_json *j, const struct plan_task *t, ps_ns span)
{
    char text[PS_ISO8601_DURATION];
    ps_json_open(j, '{');
    ps_json_put_str(j, "name", t->name);
    ps_json_put_str(j, "class", sch_class_word(t->conf.cls));
    ps_json_put_str(j, "duration", ps_iso8601_put_duration(t->conf.duration, text));
    ps_json_put_u64(j, "runs", t->done);
    ps_json_put_u64(j, "moved", t->moved);
    ps_json_put_double(j, "moved-seconds-mean", t->moved > 0 ? seconds(t->wait) / (double)t->moved : 0);
    ps_json_put_double(j, "moved-seconds-most", seconds(t->worst));
    ps_json_put_u64(j, "preempted", t->preempted);
    ps_json_put_u64(j, "missed", t->missed);
    ps_json_put_u64(j, "skipped", t->skipped);
    if (t->why[0] != '\0')
        ps_json_put_str(j, "why", t->why);
    ps_json_put_double(j, "packets-per-second", t->of.packets * (double)t->done / seconds(span));
    ps_json_put_double(j, "bits-per-second", t->of.bits * (double)t->done / seconds(span));
    ps_json_close(j, '}');
}

static void put_reasons(struct ps_json *j, const struct plan *p)
{
    ps_json_put_open(j, "reasons", '{');
    for (int r = 0; r <= SCH_RUN_DELETED; r++)
        if (p->by_reason[r] > 0)
            ps_json_put_u64(j, sch_reason_word((enum sch_reason)r), p->by_reason[r]);
    ps_json_close(j, '}');
}

int plan_json(const struct plan *p, FILE *out)
{
    struct ps_json j;
    char text[PS_ISO8601_TIME];
    ps_json_init(&j, out, true);
    ps_json_open(&j, '{');
    ps_json_put_str(&j, "from", ps_iso8601_put_utc(p->from, text));
    ps_json_put_str(&j, "to", ps_iso8601_put_utc(p->to, text));
    ps_json_put_double(&j, "assumed-rate", p->rate);
    ps_json_put_bool(&j, "rate-was-assumed", p->assumed_rate);
    ps_json_put_open(&j, "sum", '{');
    put_hour(&j, &p->sum, seconds(p->to - p->from));
    ps_json_close(&j, '}');
    put_reasons(&j, p);
    ps_json_put_open(&j, "hours", '[');
    for (size_t i = 0; i < p->nhours; i++) {
        ps_json_open(&j, '{');
        ps_json_put_str(&j, "from", ps_iso8601_put_utc(p->from + (ps_ns)i * HOUR, text));
        put_hour(&j, &p->hours[i], 3600);
        ps_json_close(&j, '}');
    }
    ps_json_close(&j, ']');
    ps_json_put_open(&j, "tasks", '[');
    for (size_t i = 0; i < p->ntasks; i++)
        put_task(&j, &p->tasks[i], p->to - p->from);
    ps_json_close(&j, ']');
    ps_json_close(&j, '}');
    return ps_json_end(&j);
}
