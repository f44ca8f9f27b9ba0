// SPDX-License-Identifier: Apache-2.0
// Loads an archive with results of latencybg as a mesh makes them, and asks it; for bench/archive.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_rand.h"
#include "bench/archive_bare.h"
#include "psarchive/intake.h"
#include "psarchive/schema.h"
#include "psarchive/series.h"
#include "psarchive/writer.h"

#define START INT64_C(1700000400) // the beginning of an hour
#define STEP 60

struct load {
    const char *dir;
    uint64_t results, paths;
    bool documents;
    struct ps_rand rand;
    struct store *store;
    struct writer *writer;
    struct port *port;
    const struct meta **metas;
    uint64_t failed;
};

__attribute__((noreturn)) static void fail(const char *what, int err, const struct ps_fault *fault)
{
    fprintf(stderr, "archive_load: %s: %s\n", what,
            fault != NULL && fault->text[0] != '\0' ? fault->text : ps_strerror(err));
    exit(4);
}

static double seconds(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void open_store(struct load *l)
{
    struct ps_fault fault = {""};
    struct store_conf conf = {.dir = l->dir};
    int err = store_open(&l->store, &conf, &fault);
    if (err == 0)
        err = writer_start(&l->writer, l->store, &fault);
    if (err == 0)
        err = port_new(&l->port, l->writer);
    if (err != 0)
        fail("opening", err, &fault);
}

static void close_store(struct load *l)
{
    port_free(l->port);
    writer_stop(l->writer);
    store_close(l->store);
}

// --- what a mesh makes

static void done(void *ctx, struct put *p)
{
    struct load *l = ctx;
    l->failed += p->err != 0;
    put_free(p);
}

static void summaries(struct registration *r, const char *event, enum summary_type type)
{
    static const uint32_t windows[] = {300, 3600, 86400};
    for (size_t i = 0; i < 3; i++)
        (void)registration_summary(r, event_find(event), type, windows[i]);
}

static void describe(struct registration *r, uint64_t path)
{
    static const char *const plain[] = {"failures",        "histogram-ttl",        "packet-duplicates",
                                        "packet-reorders", "time-error-estimates", "pscheduler-run-href"};
    static const char *const params[][2] = {{"subject-type", "point-to-point"},
                                            {"tool-name", "pscheduler/powstream"},
                                            {"time-duration", "86400"},
                                            {"sample-bucket-width", "0.0001"},
                                            {"sample-size", "600"},
                                            {"time-probe-interval", "0.1"},
                                            {"ip-transport-protocol", "udp"},
                                            {"mode-flip", "False"}};
    char text[80];
    registration_init(r);
    for (size_t i = 0; i < sizeof params / sizeof *params; i++)
        (void)registration_set(r, params[i][0], params[i][1]);
    snprintf(text, sizeof text, "10.0.%" PRIu64 ".%" PRIu64, path / 250, path % 250 + 1);
    (void)registration_set(r, "source", text);
    (void)registration_set(r, "measurement-agent", text);
    (void)registration_set(r, "destination", "192.0.2.1");
    snprintf(text, sizeof text, "host%" PRIu64 ".example.net", path);
    (void)registration_set(r, "input-source", text);
    (void)registration_set(r, "input-destination", "centre.example.net");
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        (void)registration_event(r, event_find(plain[i]));
    summaries(r, "packet-count-sent", SUMMARY_AGGREGATION);
    summaries(r, "packet-count-lost", SUMMARY_AGGREGATION);
    summaries(r, "packet-loss-rate", SUMMARY_AGGREGATION);
    summaries(r, "histogram-owdelay", SUMMARY_AGGREGATION);
    summaries(r, "histogram-owdelay", SUMMARY_STATISTICS);
    (void)registration_summary(r, event_find("histogram-owdelay"), SUMMARY_STATISTICS, 0);
    (void)registration_check(r, NULL);
}

static void register_paths(struct load *l)
{
    l->metas = calloc(l->paths, sizeof *l->metas);
    struct put **puts = calloc(l->paths, sizeof *puts);
    if (l->metas == NULL || puts == NULL)
        fail("registering", -12, NULL);
    for (uint64_t i = 0; i < l->paths; i++) {
        struct registration r;
        uint8_t hash[32];
        describe(&r, i);
        struct put *p = put_new(NULL);
        (void)registration_hash(&r, hash);
        put_register(p, &r);
        p->done = done;
        p->ctx = l;
        (void)port_put(l->port, p);
        port_wait(l->port, 0);
        l->metas[i] = catalog_find_hash(store_catalog(l->store), hash);
    }
    free(puts);
}

static double normal(struct ps_rand *r)
{
    double u = ps_rand_double(r), v = ps_rand_double(r);
    return sqrt(-2 * log(u + 1e-12)) * cos(6.283185307179586 * v);
}

// 600 delays about the path's own, some with a queue in front of them; buckets of 0.1 ms printed with two
// decimals, as powstream's are.
static struct value delays(struct ps_rand *r, uint64_t path, unsigned packets)
{
    struct value v = {.form = VALUE_HIST};
    double base = 5 + (double)(path * 7919 % 9000) / 100, width = 0.02 + (double)(path % 7) / 100;
    unsigned counts[200] = {0};
    char key[32];
    for (unsigned i = 0; i < packets; i++) {
        double late = fabs(normal(r)) * width;
        if (ps_rand_u64(r) % 100 == 0)
            late += ps_rand_double(r) * 1.5;
        unsigned k = (unsigned)(late * 100);
        counts[k < 199 ? k : 199]++;
    }
    for (unsigned k = 0; k < 200; k++) {
        if (counts[k] == 0)
            continue;
        snprintf(key, sizeof key, "%.2f", base + (double)k / 100);
        (void)hist_add(&v.hist, key, counts[k]);
    }
    (void)hist_settle(&v.hist);
    return v;
}

static void uuid_text(struct ps_rand *r, char out[37])
{
    uint8_t o[16];
    ps_rand_fill(r, o, sizeof o);
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", o[0], o[1],
             o[2], o[3], o[4], o[5], o[6], o[7], o[8], o[9], o[10], o[11], o[12], o[13], o[14], o[15]);
}

static struct value href(struct ps_rand *r, uint64_t path, int64_t ts)
{
    struct ps_rand task;
    struct value v;
    char run[37], of[37], text[250];
    ps_rand_seed(&task, path * 1000003 + (uint64_t)(ts / 86400)); // a task is renewed each day
    uuid_text(&task, of);
    uuid_text(r, run);
    int n = snprintf(text, sizeof text,
                     "{\"href\":\"https://host%" PRIu64 ".example.net/pscheduler/tasks/%s/runs/%s\"}", path,
                     of, run);
    (void)value_json(text, (size_t)n, &v);
    return v;
}

static void add(struct put *p, int64_t ts, const char *event, struct value v)
{
    (void)put_value(p, ts, event_find(event), &v);
}

static void add_number(struct put *p, int64_t ts, const char *event, double d)
{
    struct value v;
    (void)value_number(d, &v);
    add(p, ts, event, v);
}

static struct put *result(struct load *l, uint64_t path, int64_t ts)
{
    struct ps_rand *r = &l->rand;
    struct put *p = put_new(l->metas[path]);
    unsigned lost = ps_rand_u64(r) % 10 == 0 ? (unsigned)(ps_rand_u64(r) % 6) : 0;
    struct value loss, ttl = {.form = VALUE_HIST};
    add_number(p, ts, "packet-count-sent", 600);
    add_number(p, ts, "packet-count-lost", lost);
    add_number(p, ts, "packet-duplicates", 0);
    add_number(p, ts, "packet-reorders", ps_rand_u64(r) % 20 == 0);
    add_number(p, ts, "time-error-estimates", round(100 * (0.1 + ps_rand_double(r) * 2)) / 100);
    (void)value_ratio(lost, 600, &loss);
    add(p, ts, "packet-loss-rate", loss);
    add(p, ts, "histogram-owdelay", delays(r, path, 600 - lost));
    (void)hist_add(&ttl.hist, "251", 600 - lost);
    add(p, ts, "histogram-ttl", ttl);
    add(p, ts, "pscheduler-run-href", href(r, path, ts));
    p->done = done;
    p->ctx = l;
    return p;
}

// --- what is measured

static double memory_mib(const char *field)
{
    char line[200];
    double kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            kib = strtod(line + strlen(field) + 1, NULL);
    if (f != NULL)
        fclose(f);
    return kib / 1024;
}

// Results are made ahead, a piece at a time, so that only storing is measured.
static void load_results(struct load *l)
{
    enum { PIECE = 2000 };
    struct put **puts = calloc(PIECE, sizeof *puts);
    double took = 0, cpu = 0;
    for (uint64_t at = 0; puts != NULL && at < l->results;) {
        size_t n = 0;
        for (; n < PIECE && at < l->results; n++, at++)
            puts[n] = result(l, at % l->paths, START + (int64_t)(at / l->paths) * STEP);
        double began = seconds(CLOCK_MONOTONIC), busy = seconds(CLOCK_PROCESS_CPUTIME_ID);
        for (size_t i = 0; i < n; i++) {
            while (port_put(l->port, puts[i]) != 0)
                port_wait(l->port, 1000);
            (void)port_reap(l->port);
        }
        port_wait(l->port, 0);
        took += seconds(CLOCK_MONOTONIC) - began;
        cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - busy;
    }
    free(puts);
    printf("stored %" PRIu64 " results of %" PRIu64
           " paths in %.1f s: %.0f a second, %.0f us of processor each; %" PRIu64 " failed\n",
           l->results, l->paths, took, (double)l->results / took, cpu / (double)l->results * 1e6, l->failed);
}

static void tell_size(const struct load *l)
{
    struct ps_db *db;
    struct ps_db_size size = {0};
    struct ps_fault fault = {""};
    struct ps_db_conf conf = {.application = SCHEMA_APPLICATION};
    char path[4096];
    int64_t points = 0;
    snprintf(path, sizeof path, "%s/%s", l->dir, STORE_FILE);
    int err = ps_db_open(&db, path, &conf, &fault);
    if (err == 0)
        err = ps_db_checkpoint(db);
    if (err == 0)
        err = ps_db_size(db, &size);
    if (err == 0)
        err = ps_db_number(db, "SELECT count(*) FROM point", &points);
    if (err != 0)
        fail("measuring", err, &fault);
    ps_db_close(db);
    printf("on disk: %.1f MB, %.1f octets a result with indexes and roll-ups\n",
           (double)(size.pages * size.page_octets) / 1e6,
           (double)(size.pages * size.page_octets) / (double)points);
}

static void read_series(struct load *l, struct reader *r, const char *event, enum summary_type type,
                        uint32_t window, int64_t from, int64_t to)
{
    double best = 1e9, sum = 0;
    size_t points = 0;
    enum { TIMES = 20 };
    for (int i = 0; i < TIMES; i++) {
        struct series *s;
        const struct point *p;
        uint64_t path = ps_rand_u64(&l->rand) % l->paths;
        double began = seconds(CLOCK_MONOTONIC);
        if (series_open(&s, r, l->metas[path], event_find(event), type, window, from, to) != 0)
            fail("reading", PS_ENOTFOUND, NULL);
        for (points = 0; series_next(s, &p) > 0;)
            points++;
        series_close(s);
        double took = (seconds(CLOCK_MONOTONIC) - began) * 1e3;
        sum += took;
        best = took < best ? took : best;
    }
    printf("a day of %s %s/%u: %zu points in %.2f ms (mean of %d paths), best %.2f ms\n", event,
           summary_name(type, true), window, points, sum / TIMES, TIMES, best);
}

static void read_all(struct load *l)
{
    struct reader *r;
    struct ps_fault fault = {""};
    int64_t end = START + (int64_t)(l->results / l->paths) * STEP, from = end - 86400;
    int err = reader_new(&r, l->store, &fault);
    if (err != 0)
        fail("reading", err, &fault);
    read_series(l, r, "histogram-owdelay", SUMMARY_STATISTICS, 0, from, end - 1);
    read_series(l, r, "histogram-owdelay", SUMMARY_BASE, 0, from, end - 1);
    read_series(l, r, "packet-loss-rate", SUMMARY_BASE, 0, from, end - 1);
    read_series(l, r, "histogram-owdelay", SUMMARY_STATISTICS, 300, from, end - 1);
    read_series(l, r, "histogram-owdelay", SUMMARY_STATISTICS, 86400, from - 86400, end - 1);
    reader_free(r);
}

// --- by the spool

// As powstream writes it.
static char *document(struct load *l, uint64_t path, int64_t ts, size_t *len)
{
    struct ps_rand *r = &l->rand;
    unsigned lost = ps_rand_u64(r) % 10 == 0 ? (unsigned)(ps_rand_u64(r) % 6) : 0;
    struct value h = delays(r, path, 600 - lost);
    char *text = NULL, when[2][40], key[HIST_KEY_MAX + 1], sid[33];
    FILE *f = open_memstream(&text, len);
    uint8_t id[16];
    ps_rand_fill(r, id, sizeof id);
    ps_num_to_hex(id, sizeof id, sid);
    for (int i = 0; i < 2; i++)
        ps_ntp_format_utc(ps_ntp_from_ns((ts + i * STEP) * PS_SEC), when[i], sizeof when[i]);
    fprintf(f,
            "{\"type\":\"measurement\",\"schema\":1,\"succeeded\":true,\"stream\":\"path%" PRIu64 "\","
            "\"start\":\"%s\",\"end\":\"%s\",\"start-ntp\":%" PRIu64 ",\"end-ntp\":%" PRIu64
            ",\"source\":{\"host\":\"host%" PRIu64 ".example.net\",\"address\":\"10.0.%" PRIu64 ".%" PRIu64
            "\",\"port\":8760},\"dest\":{\"host\":\"centre.example.net\",\"address\":\"192.0.2.1\","
            "\"port\":8761},\"direction\":\"from\",\"packets-sent\":600,\"packets-received\":%u,"
            "\"packets-lost\":%u,\"packets-duplicated\":0,\"packets-reordered\":0,\"max-clock-error\":%.2f,"
            "\"histogram-latency\":{",
            path, when[0], when[1], ps_ntp_from_ns(ts * PS_SEC), ps_ntp_from_ns((ts + STEP) * PS_SEC), path,
            path / 250, path % 250 + 1, 600 - lost, lost, 0.1 + ps_rand_double(r));
    for (size_t i = 0; i < h.hist.n; i++)
        fprintf(f, "%s\"%s\":%" PRIu64, i > 0 ? "," : "", hist_key(&h.hist.at[i], key), h.hist.at[i].count);
    fprintf(f,
            "},\"histogram-ttl\":{\"251\":%u},\"sid\":\"%s\",\"session-packets\":600,\"first-seq\":0,"
            "\"last-seq\":599,\"packets-skipped\":0,\"packets-unrecorded\":0,\"mode\":\"open\",\"dscp\":0,"
            "\"padding\":0,\"timeout\":10.0,\"bucket-width\":0.001,\"delay\":{\"min\":0.0051,\"mean\":0.0052,"
            "\"median\":0.0052,\"max\":0.0071,\"p25\":0.0051,\"p75\":0.0053,\"p95\":0.006,\"p99\":0.0065},"
            "\"synced\":true,\"clock\":{\"source\":{\"synced\":true,\"error\":0.0001,\"bound\":null,"
            "\"stamps\":null,\"self-delay\":null,\"clock-source\":null},\"dest\":{\"synced\":true,\"error\":"
            "0.0001,"
            "\"bound\":0.0002,\"stamps\":\"kernel\",\"self-delay\":0.00001,\"clock-source\":\"chrony\"}},"
            "\"finished\":true,\"complete\":true,\"reason\":null,\"host-dropped\":0,\"ignored\":0,"
            "\"clock-steps\":0}\n",
            600 - lost, sid);
    fclose(f);
    value_fini(&h);
    return text;
}

static void fill_spool(struct load *l, const char *dir)
{
    enum { PIECE = 256 };
    static const struct ps_spool_conf conf;
    struct ps_spool *s;
    struct ps_fault fault = {""};
    uint64_t octets = 0;
    int err = ps_spool_open(&s, dir, &conf, 0, &fault);
    if (err != 0)
        fail("spool", err, &fault);
    for (uint64_t at = 0; at < l->results;) {
        struct ps_spool_doc docs[PIECE] = {0};
        char *texts[PIECE];
        size_t n = 0, len = 0;
        for (; n < PIECE && at < l->results; n++, at++) {
            texts[n] = document(l, at % l->paths, START + (int64_t)(at / l->paths) * STEP, &len);
            docs[n] = (struct ps_spool_doc){.data = texts[n], .len = len};
            octets += len;
        }
        err = ps_spool_write(s, docs, n, START * PS_SEC, NULL);
        if (err != 0)
            fail("spool", err, NULL);
        for (size_t i = 0; i < n; i++)
            free(texts[i]);
    }
    ps_spool_close(s);
    printf("spool: %" PRIu64 " documents of %" PRIu64 " octets\n", l->results,
           l->results > 0 ? octets / l->results : 0);
}

static void say(void *ctx, enum ps_log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    fprintf(stderr, "archive_load: %s\n", line);
}

static double load_spool(struct load *l, const char *dir, uint64_t *transactions)
{
    struct intake_conf conf = {.dir = dir, .once = true, .documents = l->documents, .tell = say};
    struct intake *in;
    struct intake_state state;
    struct writer_state written;
    struct ps_fault fault = {""};
    double began = seconds(CLOCK_MONOTONIC), busy = seconds(CLOCK_PROCESS_CPUTIME_ID);
    int err = intake_start(&in, l->writer, &conf, &fault);
    if (err != 0)
        fail("intake", err, &fault);
    intake_join(in);
    double took = seconds(CLOCK_MONOTONIC) - began, cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - busy;
    intake_look(in, &state);
    intake_stop(in);
    writer_look(l->writer, &written);
    *transactions = written.transactions;
    printf("intake: %" PRIu64 " documents stored, %" PRIu64 " refused in %.1f s and %" PRIu64
           " transactions: %.0f a second, %.0f us of processor each\n",
           state.stored, state.refused, took, written.transactions, (double)state.stored / took,
           cpu / (double)l->results * 1e6);
    return (double)state.stored / took;
}

static uint64_t number(const char *text)
{
    uint64_t n;
    if (ps_num_u64(text, 10, 1, UINT64_MAX / 2, &n) != 0) {
        fprintf(stderr, "archive_load: '%s' is no number\n", text);
        exit(2);
    }
    return n;
}

static void end(struct load *l)
{
    for (uint64_t i = 0; l->metas != NULL && i < l->paths; i++)
        meta_unref(l->metas[i]);
    free(l->metas);
    close_store(l);
    tell_size(l);
}

static void by_puts(struct load *l)
{
    open_store(l);
    register_paths(l);
    load_results(l);
    printf("memory: %.0f MiB at most, %.0f MiB now\n", memory_mib("VmHWM:"), memory_mib("VmRSS:"));
    read_all(l);
    end(l);
}

static void by_spool(struct load *l)
{
    char dir[4096];
    uint64_t transactions;
    open_store(l);
    snprintf(dir, sizeof dir, "%s/spool", l->dir);
    fill_spool(l, dir);
    double rate = load_spool(l, dir, &transactions);
    printf("memory: %.0f MiB at most\n", memory_mib("VmHWM:"));
    end(l);
    size_t group;
    double bare = bare_sqlite(l->dir, transactions, &group);
    if (bare < 0)
        fail("bare", PS_ESTATE, NULL);
    printf("bare SQLite, the same rows and roll-ups, %zu results a transaction: %.0f a second\n", group,
           bare);
    printf("intake / bare SQLite: %.2f\n", rate / bare);
}

int main(int argc, char **argv)
{
    if (argc != 5 || (strcmp(argv[1], "puts") != 0 && strcmp(argv[1], "spool") != 0)) {
        fprintf(stderr, "Usage: archive_load puts|spool DIR RESULTS PATHS\n");
        return 2;
    }
    struct load l = {.dir = argv[2], .results = number(argv[3]), .paths = number(argv[4])};
    ps_rand_seed(&l.rand, 42);
    if (strcmp(argv[1], "puts") == 0)
        by_puts(&l);
    else
        by_spool(&l);
    return 0;
}
