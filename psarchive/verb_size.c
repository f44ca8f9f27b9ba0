// SPDX-License-Identifier: Apache-2.0
// psarchive size: what a mesh would need.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_out.h"
#include "psarchive/mesh.h"
#include "psarchive/octets.h"
#include "psarchive/verb_options.h"
#include "psarchive/verbs.h"
#include "psarchive/when.h"
#include "psarchive/workplace.h"

enum { OPT_HOSTS = VERB_OWN, OPT_PATHS, OPT_TEMPLATE, OPT_RETENTION, OPT_TEST }; // OPT_TEST + n: test n

#define LOADS_MAX 1000
#define TEMPLATE_MAX ((size_t)64 << 20)
#define EVERY_MAX (366 * 86400)

static const struct ps_opt table[] = {
    {OPT_HOSTS, "hosts", "N", "all of N hosts measure to all others", "The mesh"},
    {OPT_PATHS, "paths", "N", "or N paths; a way and its way back are two", NULL},
    {OPT_TEST + SIZING_LATENCYBG, "latencybg", "EVERY",
     "on each path a result of latencybg so often: 60s, 10m, 6h, 1d", NULL},
    {OPT_TEST + SIZING_LATENCY, "latency", "EVERY", "of latency", NULL},
    {OPT_TEST + SIZING_THROUGHPUT, "throughput", "EVERY", "of throughput", NULL},
    {OPT_TEST + SIZING_RTT, "rtt", "EVERY", "of rtt", NULL},
    {OPT_TEST + SIZING_TRACE, "trace", "EVERY", "of trace", NULL},
    {OPT_TEST + SIZING_OTHER, "other", "EVERY", "of another test, which is kept as it is", NULL},
    {OPT_TEMPLATE, "template", "FILE", "the tasks of a pSConfig template, beside these", NULL},
    {OPT_RETENTION, "retention", "FILE", "what of it is kept how long: a policy as of psarchive purge",
     "The archive"},
    {VERB_DATA, "data", "DIR", "octets a result as they are in this archive", NULL},
    {VERB_JSON, "json", NULL, "as JSON", "Output"},
    {'h', "help", NULL, "this text", "Other"},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psarchive size",
    "[options]",
    "Tells how many results a mesh makes, and how much room they take in a year: values and roll-ups, and "
    "beside them "
    "the documents that results came in. Octets a result are those of measured archives, or with --data of "
    "one that "
    "is there. 1 GB is 10^9 octets.",
    "Examples:\n"
    "  psarchive size --hosts 100 --latencybg 60s --throughput 6h\n"
    "  psarchive size --template mesh.json --retention retention.json --data /srv/archive\n"
    "Exit status: 0 done; 2 usage; 4 a file cannot be read.\nSee psarchive(1).",
    table,
};

struct load {
    struct sizing_load load;
    char name[64];
    struct sizing need;
};

struct size {
    uint64_t paths; // of the options; 0: none
    int64_t every[SIZING_TESTS];
    const char *template, *retention_file;
    struct retention *policy;
    bool measured; // an archive was looked at
    struct octets octets[SIZING_TESTS];
    struct load loads[LOADS_MAX];
    size_t n;
    struct sizing sum;
    bool full; // there were more tasks
};

// --- options

static int bad(const char *name, const char *value, const char *wants)
{
    fprintf(stderr, "%s: --%s '%s': wants %s\n", prog.name, name, value, wants);
    return PS_ESYNTAX;
}

static int set_number(struct size *s, int letter, const char *value)
{
    uint64_t n;
    if (ps_num_u64(value, 10, 1, 1000000, &n) != 0)
        return bad(letter == OPT_HOSTS ? "hosts" : "paths", value, "a number from 1 to 1000000");
    if (s->paths > 0) {
        fprintf(stderr, "%s: --hosts and --paths say the same: give one of them, once\n", prog.name);
        return PS_EDUPLICATE;
    }
    if (letter == OPT_HOSTS && n < 2)
        return bad("hosts", value, "two hosts at least");
    s->paths = letter == OPT_HOSTS ? n * (n - 1) : n;
    return 0;
}

static int set_own(void *ctx, int letter, const char *value)
{
    struct size *s = ctx;
    if (letter == OPT_HOSTS || letter == OPT_PATHS)
        return set_number(s, letter, value);
    if (letter == OPT_TEMPLATE)
        s->template = value;
    else if (letter == OPT_RETENTION)
        s->retention_file = value;
    else if (when_length(value, &s->every[letter - OPT_TEST]) != 0 || s->every[letter - OPT_TEST] < 1 ||
             s->every[letter - OPT_TEST] > EVERY_MAX)
        return bad(sizing_name((enum sizing_test)(letter - OPT_TEST)), value,
                   "a time from a second to a year, as in 60s, 10m, 6h, 1d");
    return 0;
}

// --- the mesh

static void add_load(struct size *s, const char *name, enum sizing_test test, double paths, double every)
{
    if (s->n == LOADS_MAX) {
        s->full = true;
        return;
    }
    struct load *l = &s->loads[s->n++];
    l->load = (struct sizing_load){test, paths, every,
                                   s->measured ? &s->octets[test].octets : sizing_measured(test)};
    snprintf(l->name, sizeof l->name, "%s", name);
}

static void take_task(void *ctx, const struct mesh_task *t)
{
    struct size *s = ctx;
    if (t->every > 0 && t->paths > 0)
        add_load(s, t->name, t->test, t->paths, t->every);
    else
        fprintf(stderr, "%s: task %s is not counted: %s\n", prog.name, t->name,
                t->every > 0 ? "nobody takes part in it" : "it has no schedule that repeats it");
}

static void take_note(void *ctx, const char *text)
{
    (void)ctx;
    fprintf(stderr, "%s: %s\n", prog.name, text);
}

static int take_template(struct size *s, struct ps_fault *fault)
{
    const struct mesh_sink sink = {take_task, take_note, s};
    struct ps_jdoc *doc;
    int err = ps_jdoc_load(&doc, s->template, TEMPLATE_MAX, fault);
    if (err != 0)
        return err;
    err = mesh_read(doc, &sink, fault);
    ps_jdoc_free(doc);
    return err;
}

static int take_loads(struct size *s, struct ps_fault *fault)
{
    for (int t = 0; t < SIZING_TESTS; t++)
        if (s->every[t] > 0)
            add_load(s, sizing_name((enum sizing_test)t), (enum sizing_test)t, (double)s->paths,
                     (double)s->every[t]);
    return s->template != NULL ? take_template(s, fault) : 0;
}

static void make(struct size *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct sizing *n = &s->loads[i].need;
        sizing_make(&s->loads[i].load, s->policy, n);
        s->sum.results_per_s += n->results_per_s;
        s->sum.results_per_year += n->results_per_year;
        s->sum.rollups_per_year += n->rollups_per_year;
        s->sum.per_year += n->per_year;
        s->sum.documents_per_year += n->documents_per_year;
        s->sum.metas += n->metas;
        s->sum.kept += n->kept;
        s->sum.documents_kept += n->documents_kept;
    }
}

// --- output

static void print_need_text(const char *name, const struct sizing *n, double paths, double every)
{
    printf("%-16.16s", name);
    if (paths > 0)
        printf(" %8.0f %6.0fs", paths, every);
    else
        printf(" %8s %7s", "", "");
    printf(" %10.4g %13.0f %13.0f %10.4g %10.4g\n", n->results_per_s, n->results_per_year,
           n->rollups_per_year, n->per_year / 1e9, n->documents_per_year / 1e9);
}

static void print_kept(const char *what, double octets)
{
    if (isinf(octets))
        printf("%s grow for ever: something of them is never removed\n", what);
    else
        printf("%s come to %.4g GB, when as much is removed as comes\n", what, octets / 1e9);
}

static void print_octets_text(const struct size *s)
{
    bool told[SIZING_TESTS] = {false};
    printf("\n%-16s %10s %10s %s\n", "octets of a row", "values", "document",
           "  roll-up of 300, 3600, 86400 s");
    for (size_t i = 0; i < s->n; i++) {
        enum sizing_test test = s->loads[i].load.test;
        const struct sizing_octets *o = s->loads[i].load.octets;
        if (told[test])
            continue;
        told[test] = true;
        printf("%-16s %10.1f %10.1f  ", sizing_name(test), o->row, o->document);
        for (int w = 0; w < SIZING_WINDOWS; w++)
            o->rollup[w] < 0 ? printf(" %7s", "-") : printf(" %7.1f", o->rollup[w]);
        printf("   %s\n", s->measured && s->octets[test].rows > 0 ? "as in this archive"
                          : test == SIZING_OTHER                  ? "an assumption"
                                                                  : "as measured elsewhere");
    }
}

static void print_text(const struct size *s)
{
    printf("%-16s %8s %7s %10s %13s %13s %10s %10s\n", "", "paths", "every", "results/s", "results/year",
           "roll-ups/year", "GB/year", "documents");
    for (size_t i = 0; i < s->n; i++)
        print_need_text(s->loads[i].name, &s->loads[i].need, s->loads[i].load.paths, s->loads[i].load.every);
    print_need_text("in all", &s->sum, 0, 0);
    printf("\nIn a year %.4g GB without documents, %.4g GB with them; metadata take %.4g GB once.\n",
           (s->sum.per_year + s->sum.metas) / 1e9,
           (s->sum.per_year + s->sum.documents_per_year + s->sum.metas) / 1e9, s->sum.metas / 1e9);
    if (s->policy != NULL) {
        printf("By %s ", s->retention_file);
        print_kept("values and roll-ups", s->sum.kept);
        printf("By %s ", s->retention_file);
        print_kept("documents", s->sum.documents_kept);
    }
    print_octets_text(s);
}

static void put_double(struct ps_json *j, const char *key, double value)
{
    ps_json_put_double(j, key, isfinite(value) ? round(value * 1000) / 1000 : value);
}

static void put_need(struct ps_json *j, const struct size *s, const struct sizing *n)
{
    put_double(j, "results-per-second", n->results_per_s);
    put_double(j, "results-per-year", round(n->results_per_year));
    put_double(j, "rollups-per-year", round(n->rollups_per_year));
    put_double(j, "octets-per-year", round(n->per_year));
    put_double(j, "document-octets-per-year", round(n->documents_per_year));
    put_double(j, "metadata-octets", round(n->metas));
    if (s->policy != NULL) {
        put_double(j, "octets-kept", round(n->kept));
        put_double(j, "document-octets-kept", round(n->documents_kept));
    }
}

static void put_load(struct ps_json *j, const struct size *s, const struct load *l)
{
    ps_json_open(j, '{');
    ps_json_put_str(j, "name", l->name);
    ps_json_put_str(j, "test", sizing_name(l->load.test));
    put_double(j, "paths", l->load.paths);
    put_double(j, "every-seconds", l->load.every);
    put_double(j, "octets-per-result", l->load.octets->row);
    put_double(j, "octets-per-document", l->load.octets->document);
    ps_json_put_bool(j, "measured-here", s->measured && s->octets[l->load.test].rows > 0);
    put_need(j, s, &l->need);
    ps_json_close(j, '}');
}

static void print_json(const struct size *s)
{
    struct ps_json j;
    ps_json_init(&j, stdout, false);
    ps_json_open(&j, '{');
    ps_json_put_open(&j, "tests", '[');
    for (size_t i = 0; i < s->n; i++)
        put_load(&j, s, &s->loads[i]);
    ps_json_close(&j, ']');
    ps_json_put_open(&j, "total", '{');
    put_need(&j, s, &s->sum);
    ps_json_close(&j, '}');
    ps_json_close(&j, '}');
    (void)ps_json_end(&j);
}

// --- the verb

static int check(const struct size *s, const struct verb_options *v)
{
    bool tests = false;
    for (int t = 0; t < SIZING_TESTS; t++)
        tests |= s->every[t] > 0;
    if (v->argc != 0)
        return workplace_fail("size", EXIT_USAGE, "wants nothing but options; --help tells more");
    if (tests != (s->paths > 0))
        return workplace_fail("size", EXIT_USAGE, "%s",
                              tests ? "of how many paths? say --hosts or --paths"
                                    : "what is measured? say --latencybg, --throughput, ...");
    if (!tests && s->template == NULL)
        return workplace_fail("size", EXIT_USAGE,
                              "wants a mesh: --hosts and tests, or --template; --help tells more");
    return 0;
}

static int measure(struct size *s, const char *data)
{
    struct workplace w;
    int status = workplace_open(&w, "size", data, WORKPLACE_READ), err;
    if (status != 0)
        return status;
    err = octets_measure(w.store, s->octets);
    s->measured = err == 0;
    if (err != 0)
        status = workplace_fail("size", EXIT_SYSTEM, "%s: %s", store_path(w.store), ps_strerror(err));
    workplace_close(&w);
    return status;
}

static int run(struct size *s, const struct verb_options *v)
{
    struct ps_fault fault = {""};
    int status = v->data != NULL ? measure(s, v->data) : 0, err = 0;
    if (status != 0)
        return status;
    if (s->retention_file != NULL)
        err = retention_load(&s->policy, s->retention_file, &fault);
    if (err == 0)
        err = take_loads(s, &fault);
    if (err == 0 && s->full) {
        ps_fault_set(&fault, s->template, 0, "has more than %d tasks", LOADS_MAX);
        err = PS_ELIMIT;
    }
    if (err != 0)
        return workplace_fail("size", EXIT_SYSTEM, "%s",
                              fault.text[0] != '\0' ? fault.text : ps_strerror(err));
    make(s);
    if (v->json)
        print_json(s);
    else
        print_text(s);
    return workplace_flush("size", EXIT_DONE);
}

int size_main(int argc, char **argv)
{
    struct size *s = calloc(1, sizeof *s);
    if (s == NULL)
        return workplace_fail("size", EXIT_SYSTEM, "out of memory");
    struct verb_options v = {.own = set_own, .ctx = s};
    int status = verb_options_read(&v, &prog, argc, argv);
    if (status < 0 && (status = check(s, &v)) == 0)
        status = run(s, &v);
    retention_free(s->policy);
    free(s);
    return status;
}
