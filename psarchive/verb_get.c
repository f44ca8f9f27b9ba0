// SPDX-License-Identifier: Apache-2.0
// psarchive get: the list of metadata, and series.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psarchive/choice.h"
#include "psarchive/get_print.h"
#include "psarchive/settings.h"
#include "psarchive/verbs.h"
#include "psarchive/workplace.h"

enum { OPT_FORMAT = VERB_OWN };

static const struct ps_opt table[] = {
    {VERB_DATA, "data", "DIR", "the archive's directory (" SETTINGS_DATA ")", NULL},
    CHOICE_OPTIONS,
    {VERB_FROM, "from", "TIME", "of a series: from this time on", "Series"},
    {VERB_TO, "to", "TIME", "and to this one, both included", NULL},
    {OPT_FORMAT, "format", "FORM", "text, csv or json (text)", "Output"},
    {VERB_JSON, "json", NULL, "the same as --format json", NULL},
    {'h', "help", NULL, "this text", "Other"},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psarchive get",
    "[options] [KEY EVENT-TYPE[/SUMMARY[/WINDOW]]]",
    "Without operands lists the metadata; with a metadata key and an event type prints the series, and on a "
    "terminal draws "
    "it. SUMMARY is base, aggregations, averages or statistics, WINDOW its seconds. A TIME is "
    "2026-01-02T03:04:05Z, "
    "2026-01-02, seconds since 1970, or how long ago: 90s, 10m, 6h, 7d, 2w.",
    "Examples:\n"
    "  psarchive get --source 192.0.2.1 --event-type histogram-owdelay\n"
    "  psarchive get 3f1c... histogram-owdelay/statistics/300 --from 6h --format csv\n"
    "Exit status: 0 done; 1 nothing was found; 2 usage; 4 it failed.\n"
    "See psarchive(1).",
    table,
};

struct options {
    struct choice choice;
    enum get_form form;
};

static int set_own(void *ctx, int letter, const char *value)
{
    struct options *o = ctx;
    if (letter != OPT_FORMAT)
        return choice_set(&o->choice, prog.name, letter, value);
    if (get_form_find(value, &o->form) == 0)
        return 0;
    fprintf(stderr, "%s: --format '%s': wants text, csv or json\n", prog.name, value);
    return PS_EUNKNOWN;
}

static int list(struct workplace *w, const struct options *o)
{
    struct search search;
    const struct meta *found[64];
    struct get_print print;
    size_t total = 0;
    int err = 0;
    get_print_begin(&print, o->form);
    search_begin(&search, store_catalog(w->store), &o->choice.filter);
    for (size_t n; (n = search_next(&search, found, 64)) > 0; total += n)
        for (size_t i = 0; i < n; i++) {
            err = err == 0 ? get_print_meta(&print, found[i]) : err;
            meta_unref(found[i]);
        }
    get_print_end(&print);
    if (err != 0)
        return workplace_fail("get", EXIT_SYSTEM, "%s", ps_strerror(err));
    return workplace_flush("get", total > 0 ? EXIT_DONE : EXIT_NO);
}

// --- a series

struct wanted {
    int event;
    enum es_summary_type type;
    uint32_t window;
};

static int parse_window(const char *text, uint32_t *out)
{
    char *end;
    unsigned long v = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || v > ES_SUMMARY_WINDOW_MAX)
        return PS_ESYNTAX;
    *out = (uint32_t)v;
    return 0;
}

// EVENT-TYPE[/SUMMARY[/WINDOW]]; the summary's name in singular or plural.
static int parse_wanted(char *text, struct wanted *out)
{
    char *type = strchr(text, '/'), *window = NULL;
    *out = (struct wanted){.type = ES_SUMMARY_BASE};
    if (type != NULL) {
        *type++ = '\0';
        window = strchr(type, '/');
    }
    if (window != NULL)
        *window++ = '\0';
    out->event = es_event_find(text);
    if (out->event < 0)
        return workplace_fail("get", EXIT_USAGE, "there is no event type '%s'", text);
    if (type != NULL && es_summary_find(type, true, &out->type) != 0 &&
        es_summary_find(type, false, &out->type) != 0)
        return workplace_fail("get", EXIT_USAGE, "'%s': wants base, aggregations, averages or statistics",
                              type);
    if (window != NULL && parse_window(window, &out->window) != 0)
        return workplace_fail("get", EXIT_USAGE, "'%s': wants a window in seconds", window);
    return 0;
}

static int print_series(struct workplace *w, struct series *s, const struct options *o,
                        const struct wanted *wanted)
{
    struct get_print print;
    const struct point *p;
    bool any = false;
    int got, err = 0;
    get_print_begin(&print, o->form);
    for (; (got = series_next(s, &p)) > 0 && err == 0; any = true)
        err = get_print_point(&print, wanted->type, p);
    get_print_end(&print);
    if (got < 0 || err != 0)
        return workplace_fail("get", EXIT_SYSTEM, "%s: %s", store_path(w->store),
                              ps_strerror(got < 0 ? got : err));
    return workplace_flush("get", any ? EXIT_DONE : EXIT_NO);
}

static int get_series(struct workplace *w, const struct verb_options *v, const struct options *o)
{
    struct wanted wanted;
    struct series *s;
    int status = parse_wanted(v->argv[1], &wanted);
    if (status != 0)
        return status;
    struct meta *m = catalog_find(store_catalog(w->store), v->argv[0]);
    if (m == NULL)
        return workplace_fail("get", EXIT_NO, "there is no metadata with the key %s", v->argv[0]);
    int err = series_open(&s, w->reader, m, wanted.event, wanted.type, wanted.window, v->from, v->to);
    if (err == 0) {
        status = print_series(w, s, o, &wanted);
        series_close(s);
    } else if (err == PS_ENOTFOUND)
        status =
            workplace_fail("get", EXIT_NO, "%s/%s/%u is not registered for it", es_event_name(wanted.event),
                           es_summary_name(wanted.type, true), wanted.window);
    else
        status = workplace_fail("get", EXIT_SYSTEM, "%s: %s", store_path(w->store), ps_strerror(err));
    meta_unref(m);
    return status;
}

int get_main(int argc, char **argv)
{
    struct options *o = calloc(1, sizeof *o);
    struct verb_options v = {.own = set_own, .ctx = o};
    struct workplace w;
    if (o == NULL)
        return workplace_fail("get", EXIT_SYSTEM, "out of memory");
    int status = verb_options_read(&v, &prog, argc, argv);
    if (status < 0 && v.argc != 0 && v.argc != 2)
        status =
            workplace_fail("get", EXIT_USAGE, "wants a key and an event type, or neither; --help tells more");
    if (status < 0 && v.argc == 0 && (v.from != 0 || v.to != INT64_MAX))
        status = workplace_fail("get", EXIT_USAGE,
                                "--from and --to are for a series: they want a key and an event type");
    if (v.json)
        o->form = GET_JSON;
    if (status < 0)
        status = workplace_open(&w, "get", v.data, WORKPLACE_READ) == 0 ? -1 : EXIT_SYSTEM;
    if (status < 0) {
        status = v.argc == 0 ? list(&w, o) : get_series(&w, &v, o);
        workplace_close(&w);
    }
    free(o);
    return status;
}
