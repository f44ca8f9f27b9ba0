// SPDX-License-Identifier: Apache-2.0
#include "bench/load_report.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include "base/ps_out.h"

#define MIB (1024.0 * 1024)

// What a run comes to.
struct figures {
    double cpu_us;      // a packet
    double cpu_percent; // of one processor
    double memory_kib;  // a session
    double own_kib;     // of it a session, what no file backs
    double memory_mib;  // all of it
    double delay_us[5], late_us[2];
};

static const double delay_at[5] = {0.5, 0.9, 0.99, 0.999, 1};
static const char *const delay_name[5] = {"p50", "p90", "p99", "p99.9", "max"};
static const double late_at[2] = {0.5, 0.99};
static const char *const late_name[2] = {"p50", "p99"};

static double per(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

static double percentile_us(struct load_dist *d, double p)
{
    return d->n == 0 ? NAN : (double)load_dist_percentile(d, p) / (double)PS_USEC;
}

static struct figures figure(struct load_result *r)
{
    struct figures f = {
        .cpu_us = per(r->window_cpu_s * 1e6, (double)r->window_packets),
        .cpu_percent = per(r->window_cpu_s * 100, r->window_s),
        .memory_kib = per(((double)r->loaded.pss_bytes - (double)r->idle.pss_bytes) / 1024, r->opened),
        .own_kib = per(((double)r->loaded.own_bytes - (double)r->idle.own_bytes) / 1024, r->opened),
        .memory_mib = (double)r->loaded.pss_bytes / MIB,
    };
    for (int i = 0; i < 5; i++)
        f.delay_us[i] = percentile_us(&r->counts.delay, delay_at[i]);
    for (int i = 0; i < 2; i++)
        f.late_us[i] = percentile_us(&r->counts.late, late_at[i]);
    return f;
}

// text

struct table {
    FILE *out;
    unsigned n;
    unsigned asked[LOAD_TARGETS_MAX];
    struct load_result *r;
    struct figures f[LOAD_TARGETS_MAX];
};

// One row: a value for each server, and their ratio where it means something.
static void row(const struct table *t, const char *name, const double v[LOAD_TARGETS_MAX], int digits,
                bool ratio)
{
    fprintf(t->out, "  %-32s", name);
    for (unsigned i = 0; i < t->n; i++) {
        if (isnan(v[i]))
            fprintf(t->out, "%14s", "-");
        else
            fprintf(t->out, "%14.*f", digits, v[i]);
    }
    if (ratio && t->n == 2 && !isnan(v[0] + v[1]))
        fprintf(t->out, "%14.3f", per(v[0], v[1]));
    fputc('\n', t->out);
}

#define ROW(t, name, digits, ratio, expr)             \
    do {                                              \
        double v[LOAD_TARGETS_MAX] = {0};             \
        for (unsigned i = 0; i < (t)->n; i++) {       \
            const struct load_result *r = &(t)->r[i]; \
            const struct figures *f = &(t)->f[i];     \
            (void)r, (void)f;                         \
            v[i] = (double)(expr);                    \
        }                                             \
        row(t, name, v, digits, ratio);               \
    } while (0)

static void print_head(const struct load_report *rep, FILE *out, const char *title)
{
    fprintf(out, "\n%-34s", title);
    for (unsigned i = 0; i < rep->conf->ntargets; i++)
        fprintf(out, "%14s", rep->conf->targets[i].name);
    fprintf(out, "%14s\n", rep->conf->ntargets == 2 ? "ratio" : "");
}

static void print_counts(const struct table *t)
{
    ROW(t, "sessions asked for", 0, false, t->asked[i]);
    ROW(t, "sessions opened", 0, false, r->opened);
    ROW(t, "opening took, s", 1, false, r->opening_s);
    ROW(t, "sessions ended in order", 0, false, r->ended);
    ROW(t, "packets sent", 0, false, r->counts.sent);
    ROW(t, "packets lost", 0, false, r->counts.lost);
    ROW(t, "packets duplicated", 0, false, r->counts.dups);
    ROW(t, "dropped by the generator's host", 0, false, r->client_dropped);
}

static void print_costs(const struct table *t)
{
    ROW(t, "server CPU, us a packet", 2, true, f->cpu_us);
    ROW(t, "server CPU, % of one processor", 1, true, f->cpu_percent);
    ROW(t, "server memory, KiB a session", 2, true, f->memory_kib);
    ROW(t, "server memory, MiB", 1, true, f->memory_mib);
    ROW(t, "server memory idle, MiB", 1, false, (double)r->idle.pss_bytes / MIB);
    ROW(t, "of it not of files, KiB a session", 2, true, f->own_kib);
    ROW(t, "of it not of files, MiB", 1, true, (double)r->loaded.own_bytes / MIB);
    ROW(t, "records on disk, MiB", 1, false, (double)r->loaded.kept_bytes / MIB);
    ROW(t, "server descriptors", 0, true, r->loaded.files);
    ROW(t, "server processes", 0, true, r->loaded.processes);
    ROW(t, "server threads", 0, true, r->loaded.threads);
    ROW(t, "counted for, s", 1, false, r->window_s);
    ROW(t, "packets counted", 0, false, r->window_packets);
}

static void print_delays(const struct table *t, bool to)
{
    char name[64];
    for (int k = 0; k < 5; k++) {
        snprintf(name, sizeof name, "one-way delay %s, us", delay_name[k]);
        ROW(t, name, 0, true, f->delay_us[k]);
    }
    for (int k = 0; k < 2; k++) {
        snprintf(name, sizeof name, "%s sent late %s, us", to ? "generator" : "server", late_name[k]);
        ROW(t, name, 0, true, f->late_us[k]);
    }
}

static void print_faults(const struct load_report *rep, FILE *out, const struct load_result *results)
{
    for (unsigned i = 0; i < rep->conf->ntargets; i++)
        for (unsigned k = 0; k < LOAD_FAULTS_MAX && results[i].faults[k].sessions != 0; k++)
            fprintf(out, "  %s: %u sessions: %s\n", rep->conf->targets[i].name, results[i].faults[k].sessions,
                    results[i].faults[k].why);
}

static void print_direction(struct load_report *rep, FILE *out, bool to)
{
    struct table t = {.out = out, .n = rep->conf->ntargets, .r = rep->results[to ? 0 : 1]};
    for (unsigned i = 0; i < t.n; i++) {
        t.f[i] = figure(&t.r[i]);
        t.asked[i] = rep->conf->targets[i].sessions;
    }
    print_head(rep, out, to ? "to the server (it receives)" : "from the server (it sends)");
    print_counts(&t);
    print_costs(&t);
    print_delays(&t, to);
    print_faults(rep, out, t.r);
}

static void print_text(struct load_report *rep, FILE *out)
{
    const struct load_conf *c = rep->conf;
    fprintf(out, "sessions of %g packets/s (%s), %u a connection; load average before: %.2f\n", c->rate,
            c->fixed ? "fixed" : "exponential", c->per_connection, rep->load_average);
    if (c->to)
        print_direction(rep, out, true);
    if (c->from)
        print_direction(rep, out, false);
}

// JSON

static void json_percentiles(struct ps_json *j, const char *key, const double *us, const char *const *names,
                             int n)
{
    ps_json_put_open(j, key, '{');
    for (int i = 0; i < n; i++)
        ps_json_put_double(j, names[i], us[i]);
    ps_json_close(j, '}');
}

static void json_faults(struct ps_json *j, const struct load_result *r)
{
    ps_json_put_open(j, "faults", '[');
    for (unsigned k = 0; k < LOAD_FAULTS_MAX && r->faults[k].sessions != 0; k++) {
        ps_json_open(j, '{');
        ps_json_put_u64(j, "sessions", r->faults[k].sessions);
        ps_json_put_str(j, "why", r->faults[k].why);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
}

static void json_result(struct ps_json *j, struct load_result *r, const struct load_target *t, bool to)
{
    struct figures f = figure(r);
    ps_json_open(j, '{');
    ps_json_put_str(j, "server", t->name);
    ps_json_put_str(j, "direction", to ? "to" : "from");
    ps_json_put_u64(j, "sessions_asked", t->sessions);
    ps_json_put_u64(j, "sessions_opened", r->opened);
    ps_json_put_double(j, "opening_s", r->opening_s);
    ps_json_put_u64(j, "sessions_ended", r->ended);
    ps_json_put_u64(j, "packets_sent", r->counts.sent);
    ps_json_put_u64(j, "packets_lost", r->counts.lost);
    ps_json_put_u64(j, "packets_duplicated", r->counts.dups);
    ps_json_put_u64(j, "generator_dropped", r->client_dropped);
    ps_json_put_double(j, "counted_s", r->window_s);
    ps_json_put_u64(j, "counted_packets", r->window_packets);
    ps_json_put_double(j, "cpu_us_per_packet", f.cpu_us);
    ps_json_put_double(j, "cpu_percent", f.cpu_percent);
    ps_json_put_double(j, "memory_kib_per_session", f.memory_kib);
    ps_json_put_u64(j, "memory_bytes", r->loaded.pss_bytes);
    ps_json_put_u64(j, "memory_idle_bytes", r->idle.pss_bytes);
    ps_json_put_double(j, "own_memory_kib_per_session", f.own_kib);
    ps_json_put_u64(j, "own_memory_bytes", r->loaded.own_bytes);
    ps_json_put_u64(j, "records_bytes", r->loaded.kept_bytes);
    ps_json_put_u64(j, "descriptors", r->loaded.files);
    ps_json_put_u64(j, "processes", r->loaded.processes);
    ps_json_put_u64(j, "threads", r->loaded.threads);
    json_percentiles(j, "delay_us", f.delay_us, delay_name, 5);
    json_percentiles(j, "sent_late_us", f.late_us, late_name, 2);
    json_faults(j, r);
    ps_json_close(j, '}');
}

static void json_ratio_of(struct ps_json *j, const char *what, const char *at, double a, double b)
{
    char key[32];
    snprintf(key, sizeof key, "%s_%s", what, at);
    ps_json_put_double(j, key, per(a, b));
}

static void json_ratio(struct ps_json *j, struct load_result *r, bool to)
{
    struct figures a = figure(&r[0]), b = figure(&r[1]);
    ps_json_open(j, '{');
    ps_json_put_str(j, "direction", to ? "to" : "from");
    ps_json_put_double(j, "cpu_us_per_packet", per(a.cpu_us, b.cpu_us));
    ps_json_put_double(j, "memory_kib_per_session", per(a.memory_kib, b.memory_kib));
    ps_json_put_double(j, "own_memory_kib_per_session", per(a.own_kib, b.own_kib));
    for (int i = 0; i < 5; i++)
        json_ratio_of(j, "delay_us", delay_name[i], a.delay_us[i], b.delay_us[i]);
    for (int i = 0; i < 2; i++)
        json_ratio_of(j, "sent_late_us", late_name[i], a.late_us[i], b.late_us[i]);
    ps_json_close(j, '}');
}

static void json_runs(struct ps_json *j, struct load_report *rep)
{
    for (int d = 0; d < 2; d++)
        for (unsigned i = 0; (d == 0 ? rep->conf->to : rep->conf->from) && i < rep->conf->ntargets; i++)
            json_result(j, &rep->results[d][i], &rep->conf->targets[i], d == 0);
}

static int print_json(struct load_report *rep, FILE *out)
{
    const struct load_conf *c = rep->conf;
    struct ps_json j;
    ps_json_init(&j, out, true);
    ps_json_open(&j, '{');
    ps_json_put_u64(&j, "sessions", c->targets[0].sessions);
    ps_json_put_u64(&j, "sessions_per_connection", c->per_connection);
    ps_json_put_double(&j, "packets_per_second", c->rate);
    ps_json_put_str(&j, "schedule", c->fixed ? "fixed" : "exponential");
    ps_json_put_double(&j, "load_average", rep->load_average);
    ps_json_put_open(&j, "runs", '[');
    json_runs(&j, rep);
    ps_json_close(&j, ']');
    ps_json_put_open(&j, "ratios", '[');
    for (int d = 0; d < 2 && c->ntargets == 2; d++)
        if (d == 0 ? c->to : c->from)
            json_ratio(&j, rep->results[d], d == 0);
    ps_json_close(&j, ']');
    ps_json_close(&j, '}');
    return ps_json_end(&j);
}

int load_report_print(struct load_report *r, FILE *out)
{
    if (r->conf->json)
        return print_json(r, out);
    print_text(r, out);
    return fflush(out) != 0 || ferror(out) ? -EIO : 0;
}
