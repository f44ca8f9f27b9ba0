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
#include "bench/archive_mesh.h"
#include "psarchive/intake.h"
#include "psarchive/schema.h"
#include "psarchive/series.h"
#include "psarchive/writer.h"

struct load {
    const char *dir;
    uint64_t results, paths, step;
    uint64_t stored;
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

static void summaries(struct es_reg *r, const char *event, enum es_summary_type type)
{
    static const uint32_t windows[] = {300, 3600, 86400};
    for (size_t i = 0; i < 3; i++)
        (void)es_reg_summary(r, es_event_find(event), type, windows[i]);
}

static void describe(struct es_reg *r, uint64_t path)
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
    es_reg_init(r);
    for (size_t i = 0; i < sizeof params / sizeof *params; i++)
        (void)es_reg_set(r, params[i][0], params[i][1]);
    snprintf(text, sizeof text, "10.0.%" PRIu64 ".%" PRIu64, path / 250, path % 250 + 1);
    (void)es_reg_set(r, "source", text);
    (void)es_reg_set(r, "measurement-agent", text);
    (void)es_reg_set(r, "destination", "192.0.2.1");
    snprintf(text, sizeof text, "host%" PRIu64 ".example.net", path);
    (void)es_reg_set(r, "input-source", text);
    (void)es_reg_set(r, "input-destination", "centre.example.net");
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        (void)es_reg_event(r, es_event_find(plain[i]));
    summaries(r, "packet-count-sent", ES_SUMMARY_AGGREGATION);
    summaries(r, "packet-count-lost", ES_SUMMARY_AGGREGATION);
    summaries(r, "packet-loss-rate", ES_SUMMARY_AGGREGATION);
    summaries(r, "histogram-owdelay", ES_SUMMARY_AGGREGATION);
    summaries(r, "histogram-owdelay", ES_SUMMARY_STATISTICS);
    (void)es_reg_summary(r, es_event_find("histogram-owdelay"), ES_SUMMARY_STATISTICS, 0);
    (void)es_reg_check(r, NULL);
}

static void register_paths(struct load *l)
{
    l->metas = calloc(l->paths, sizeof *l->metas);
    struct put **puts = calloc(l->paths, sizeof *puts);
    if (l->metas == NULL || puts == NULL)
        fail("registering", -12, NULL);
    for (uint64_t i = 0; i < l->paths; i++) {
        struct es_reg r;
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

static struct es_value href(struct ps_rand *r, uint64_t path, int64_t ts)
{
    struct ps_rand task;
    struct es_value v;
    char run[37], of[37], text[250];
    ps_rand_seed(&task, path * 1000003 + (uint64_t)(ts / 86400)); // a task is renewed each day
    mesh_uuid(&task, of);
    mesh_uuid(r, run);
    int n = snprintf(text, sizeof text,
                     "{\"href\":\"https://host%" PRIu64 ".example.net/pscheduler/tasks/%s/runs/%s\"}", path,
                     of, run);
    (void)es_value_json(text, (size_t)n, &v);
    return v;
}

static void add(struct put *p, int64_t ts, const char *event, struct es_value v)
{
    (void)put_value(p, ts, es_event_find(event), &v);
}

static void add_number(struct put *p, int64_t ts, const char *event, double d)
{
    struct es_value v;
    (void)es_value_number(d, &v);
    add(p, ts, event, v);
}

static struct put *result(struct load *l, uint64_t path, int64_t ts)
{
    struct ps_rand *r = &l->rand;
    struct put *p = put_new(l->metas[path]);
    unsigned lost = ps_rand_u64(r) % 10 == 0 ? (unsigned)(ps_rand_u64(r) % 6) : 0;
    struct es_value loss, ttl = {.form = ES_VALUE_HIST};
    add_number(p, ts, "packet-count-sent", 600);
    add_number(p, ts, "packet-count-lost", lost);
    add_number(p, ts, "packet-duplicates", 0);
    add_number(p, ts, "packet-reorders", ps_rand_u64(r) % 20 == 0);
    add_number(p, ts, "time-error-estimates", round(100 * (0.1 + ps_rand_double(r) * 2)) / 100);
    (void)es_value_ratio(lost, 600, &loss);
    add(p, ts, "packet-loss-rate", loss);
    add(p, ts, "histogram-owdelay", mesh_delays(r, path, 600 - lost));
    (void)es_hist_add(&ttl.hist, "251", 600 - lost);
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

// The next ones. Results are made ahead, a piece at a time, so that only storing is measured.
static void load_results(struct load *l, uint64_t more)
{
    enum { PIECE = 2000 };
    struct put **puts = calloc(PIECE, sizeof *puts);
    double took = 0, cpu = 0;
    uint64_t at = l->stored, end = at + more;
    while (puts != NULL && at < end) {
        size_t n = 0;
        for (; n < PIECE && at < end; n++, at++)
            puts[n] = result(l, at % l->paths, MESH_START + (int64_t)(at / l->paths) * MESH_STEP);
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
           more, l->paths, took, (double)more / took, cpu / (double)more * 1e6, l->failed);
    l->stored = end;
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

static void read_series(struct load *l, struct reader *r, const char *event, enum es_summary_type type,
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
        if (series_open(&s, r, l->metas[path], es_event_find(event), type, window, from, to) != 0)
            fail("reading", PS_ENOTFOUND, NULL);
        for (points = 0; series_next(s, &p) > 0;)
            points++;
        series_close(s);
        double took = (seconds(CLOCK_MONOTONIC) - began) * 1e3;
        sum += took;
        best = took < best ? took : best;
    }
    printf("a day of %s %s/%u: %zu points in %.2f ms (mean of %d paths), best %.2f ms\n", event,
           es_summary_name(type, true), window, points, sum / TIMES, TIMES, best);
}

static void read_all(struct load *l)
{
    struct reader *r;
    struct ps_fault fault = {""};
    int64_t end = MESH_START + (int64_t)(l->stored / l->paths) * MESH_STEP, from = end - 86400;
    int err = reader_new(&r, l->store, &fault);
    if (err != 0)
        fail("reading", err, &fault);
    read_series(l, r, "histogram-owdelay", ES_SUMMARY_STATISTICS, 0, from, end - 1);
    read_series(l, r, "histogram-owdelay", ES_SUMMARY_BASE, 0, from, end - 1);
    read_series(l, r, "packet-loss-rate", ES_SUMMARY_BASE, 0, from, end - 1);
    read_series(l, r, "histogram-owdelay", ES_SUMMARY_STATISTICS, 300, from, end - 1);
    read_series(l, r, "histogram-owdelay", ES_SUMMARY_STATISTICS, 86400, from - 86400, end - 1);
    reader_free(r);
}

// --- by the spool

// The next documents.
static void fill_spool(struct load *l, const char *dir, uint64_t n_new)
{
    enum { PIECE = 256 };
    static const struct ps_spool_conf conf;
    struct ps_spool *s;
    struct ps_fault fault = {""};
    uint64_t octets = 0, at = l->stored, end = at + n_new;
    int err = ps_spool_open(&s, dir, &conf, 0, &fault);
    if (err != 0)
        fail("spool", err, &fault);
    while (at < end) {
        struct ps_spool_doc docs[PIECE] = {0};
        char *texts[PIECE];
        size_t n = 0, len = 0;
        for (; n < PIECE && at < end; n++, at++) {
            texts[n] = mesh_powstream(&l->rand, at % l->paths,
                                      MESH_START + (int64_t)(at / l->paths) * MESH_STEP, &len);
            docs[n] = (struct ps_spool_doc){.data = texts[n], .len = len};
            octets += len;
        }
        err = ps_spool_write(s, docs, n, MESH_START * PS_SEC, NULL);
        if (err != 0)
            fail("spool", err, NULL);
        for (size_t i = 0; i < n; i++)
            free(texts[i]);
    }
    ps_spool_close(s);
    l->stored = end;
    printf("spool: %" PRIu64 " documents of %" PRIu64 " octets\n", n_new, octets / n_new);
    fflush(stdout);
}

static void say(void *ctx, enum ps_log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    fprintf(stderr, "archive_load: %s\n", line);
}

struct intake_cost { // in all
    uint64_t documents, transactions;
    double seconds, cpu; // cpu: seconds of processor
};

static struct intake_cost load_spool(struct load *l, const char *dir)
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
    return (struct intake_cost){
        .documents = state.stored, .transactions = written.transactions, .seconds = took, .cpu = cpu};
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
}

static void by_puts(struct load *l)
{
    open_store(l);
    register_paths(l);
    while (l->stored < l->results) {
        uint64_t left = l->results - l->stored;
        load_results(l, left < l->step ? left : l->step);
        printf("memory: %.0f MiB at most, %.0f MiB now\n", memory_mib("VmHWM:"), memory_mib("VmRSS:"));
        read_all(l);
        tell_size(l);
        fflush(stdout);
    }
    end(l);
}

// Adds to *cost. How many transactions it took.
static uint64_t take_in(struct load *l, uint64_t n, struct intake_cost *cost)
{
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/spool", l->dir);
    fill_spool(l, dir, n);
    open_store(l);
    struct intake_cost more = load_spool(l, dir);
    end(l);
    if (more.documents != n)
        fail("documents were refused", PS_ESTATE, NULL);
    cost->documents += more.documents;
    cost->transactions += more.transactions;
    cost->seconds += more.seconds;
    cost->cpu += more.cpu;
    return more.transactions;
}

static void tell_both(const struct intake_cost *ours, const struct bare_cost *bare)
{
    double n = (double)ours->documents, m = (double)bare->results;
    printf("intake: %" PRIu64 " documents in %" PRIu64
           " transactions: %.0f a second, %.0f us of processor each\n",
           ours->documents, ours->transactions, n / ours->seconds, ours->cpu / n * 1e6);
    printf("bare SQLite, the same rows (%" PRIu64 " of results, %" PRIu64 " of roll-ups) in %" PRIu64
           " transactions: %.0f results a second, %.0f us of processor each\n",
           bare->results, bare->rollups, bare->transactions, m / bare->seconds, bare->cpu / m * 1e6);
    printf("intake / bare SQLite: %.2f of the results a second; %.2f times the processor time\n",
           n / ours->seconds / (m / bare->seconds), ours->cpu / n / (bare->cpu / m));
}

// As many again as the archive has by then: its paths have a history, as they have in use, and few of their pages are
// shared. By turns, so that what else the machine does meets both.
static void by_spool(struct load *l)
{
    enum { TURNS = 5 };
    struct intake_cost history = {0}, ours = {0};
    struct bare_cost bare = {0};
    uint64_t piece = l->results / TURNS > 0 ? l->results / TURNS : 1;
    (void)take_in(l, l->results, &history);
    if (bare_copy(l->dir) != 0)
        fail("copying", PS_ESTATE, NULL);
    for (int i = 0; i < TURNS; i++) {
        uint64_t transactions = take_in(l, piece, &ours);
        if (bare_sqlite(l->dir, transactions, &bare) != 0)
            fail("bare", PS_ESTATE, NULL);
    }
    tell_size(l);
    tell_both(&ours, &bare);
}

int main(int argc, char **argv)
{
    if (argc < 5 || argc > 6 ||
        (strcmp(argv[1], "puts") != 0 && strcmp(argv[1], "spool") != 0 && strcmp(argv[1], "fill") != 0)) {
        fprintf(stderr, "Usage: archive_load puts|spool|fill DIR RESULTS PATHS [STEP]\n");
        return 2;
    }
    struct load l = {.dir = argv[2], .results = number(argv[3]), .paths = number(argv[4])};
    l.step = argc > 5 ? number(argv[5]) : l.results;
    ps_rand_seed(&l.rand, 42);
    if (strcmp(argv[1], "puts") == 0)
        by_puts(&l);
    else if (strcmp(argv[1], "spool") == 0)
        by_spool(&l);
    else
        fill_spool(&l, l.dir, l.results);
    return 0;
}
