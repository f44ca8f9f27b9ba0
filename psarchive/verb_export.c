// SPDX-License-Identifier: Apache-2.0
// psarchive export: metadata, results and documents as lines of JSON, which psarchive import reads.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "psarchive/choice.h"
#include "psarchive/jtext.h"
#include "psarchive/settings.h"
#include "psarchive/verbs.h"
#include "psarchive/workplace.h"

enum { OPT_NO_DOCUMENTS = VERB_OWN };

static const struct ps_opt table[] = {
    {VERB_DATA, "data", "DIR", "the archive's directory (" SETTINGS_DATA ")", NULL},
    CHOICE_OPTIONS,
    {VERB_FROM, "from", "TIME", "results from this time on", NULL},
    {VERB_TO, "to", "TIME", "and to this one, both included", NULL},
    {OPT_NO_DOCUMENTS, "no-documents", NULL, "without the documents that results are from", "Other"},
    {'h', "help", NULL, "this text", NULL},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psarchive export",
    "[options]",
    "Prints metadata and all results of them as lines of JSON, which psarchive import takes. What only "
    "roll-ups tell any "
    "longer is not among it: psarchive backup copies all. A TIME is 2026-01-02T03:04:05Z, 2026-01-02, "
    "seconds since 1970, or "
    "how long ago: 90s, 10m, 6h, 7d, 2w.",
    "Exit status: 0 done; 2 usage; 4 it failed.\nSee psarchive(1).",
    table,
};

struct options {
    struct choice choice;
    bool no_documents;
};

struct export
{
    const struct workplace *w;
    const struct verb_options *v;
    const struct options *o;
    struct ps_buf text;
    char key[2 * ES_REG_KEY_LEN + 1];
};

static int set_own(void *ctx, int letter, const char *value)
{
    struct options *o = ctx;
    if (letter != OPT_NO_DOCUMENTS)
        return choice_set(&o->choice, prog.name, letter, value);
    o->no_documents = true;
    return 0;
}

static void begin_line(struct export *x, struct jtext *j)
{
    *j = (struct jtext){.out = &x->text};
    jtext_put(j, "{\"metadata-key\":");
    jtext_str(j, x->key);
}

static int end_line(struct export *x, struct jtext *j)
{
    jtext_put(j, "}\n");
    if (j->err == 0)
        fwrite(ps_buf_head(&x->text), 1, ps_buf_len(&x->text), stdout);
    ps_buf_clear(&x->text);
    return j->err != 0 ? j->err : ferror(stdout) ? -EIO : 0;
}

// --- metadata

static void put_summaries(struct jtext *j, const struct meta *m, int event)
{
    bool first = true;
    for (size_t i = 0; i < m->nsummaries; i++) {
        const struct es_summary *s = &m->summaries[i];
        if (s->event != event)
            continue;
        jtext_put(j, first ? ",\"summaries\":[" : ",");
        first = false;
        jtext_put(j, "{\"summary-type\":");
        jtext_str(j, es_summary_name((enum es_summary_type)s->type, false));
        jtext_put(j, ",\"summary-window\":");
        jtext_int(j, s->window);
        jtext_put(j, "}");
    }
    if (!first)
        jtext_put(j, "]");
}

static int export_meta(struct export *x, const struct meta *m)
{
    struct jtext j;
    begin_line(x, &j);
    jtext_put(&j, ",\"metadata\":{");
    for (size_t i = 0; i < m->nparams; i++) {
        jtext_str(&j, m->params[i].key);
        jtext_put(&j, ":");
        jtext_str(&j, m->params[i].value);
        jtext_put(&j, ",");
    }
    jtext_put(&j, "\"event-types\":[");
    for (size_t i = 0; i < m->nevents; i++) {
        jtext_put(&j, i > 0 ? ",{\"event-type\":" : "{\"event-type\":");
        jtext_str(&j, es_event_name(m->event[i]));
        put_summaries(&j, m, m->event[i]);
        jtext_put(&j, "}");
    }
    jtext_put(&j, "]}");
    return end_line(x, &j);
}

// --- results

static void put_hist(struct jtext *j, const struct es_hist *h)
{
    char key[ES_HIST_KEY_MAX + 1];
    jtext_put(j, "{");
    for (size_t i = 0; i < h->n; i++) {
        if (i > 0)
            jtext_put(j, ",");
        jtext_str(j, es_hist_key(&h->at[i], key));
        jtext_put(j, ":");
        jtext_int(j, (int64_t)h->at[i].count);
    }
    jtext_put(j, "}");
}

// As it was posted.
static void put_value_as_posted(struct jtext *j, const struct es_value *v)
{
    switch (v->form) {
    case ES_VALUE_NUMBER:
        jtext_real(j, v->number);
        break;
    case ES_VALUE_RATIO:
        jtext_put(j, "{\"numerator\":");
        jtext_int(j, (int64_t)v->ratio.numerator);
        jtext_put(j, ",\"denominator\":");
        jtext_int(j, (int64_t)v->ratio.denominator);
        jtext_put(j, "}");
        break;
    case ES_VALUE_HIST:
        put_hist(j, &v->hist);
        break;
    case ES_VALUE_JSON:
        jtext_raw(j, v->json.text, v->json.len);
        break;
    case ES_VALUE_NONE:
    case ES_VALUE_STATS:
        jtext_put(j, "null");
        break;
    }
}

// A line break inside JSON is white space: one result stays one line.
static void flatten(struct ps_buf *b)
{
    char *text = (char *)ps_buf_head(b);
    for (size_t i = 0; i < ps_buf_len(b); i++)
        if (text[i] == '\n' || text[i] == '\r')
            text[i] = ' ';
}

static int export_result(struct export *x, const struct result *r)
{
    struct jtext j;
    begin_line(x, &j);
    jtext_put(&j, ",\"ts\":");
    jtext_int(&j, r->ts);
    jtext_put(&j, ",\"values\":{");
    for (size_t i = 0; i < r->row.n; i++) {
        if (i > 0)
            jtext_put(&j, ",");
        jtext_str(&j, es_event_name(r->row.at[i].event));
        jtext_put(&j, ":");
        put_value_as_posted(&j, &r->row.at[i].value);
    }
    jtext_put(&j, "}");
    flatten(&x->text);
    return end_line(x, &j);
}

static int export_document(struct export *x, const struct meta *m, int64_t ts)
{
    struct jtext j;
    char *text;
    size_t len;
    int err = document_read(x->w->reader, m, ts, &text, &len);
    if (err != 0)
        return err == PS_ENOTFOUND ? 0 : err;
    begin_line(x, &j);
    jtext_put(&j, ",\"ts\":");
    jtext_int(&j, ts);
    jtext_put(&j, ",\"document\":");
    char *copy = strndup(text, len);
    free(text);
    if (copy == NULL)
        return -ENOMEM;
    jtext_str(&j, copy);
    free(copy);
    return end_line(x, &j);
}

static int export_results(struct export *x, const struct meta *m)
{
    struct results *all;
    struct result *r;
    int err = results_open(&all, x->w->reader, m, x->v->from, x->v->to), got = 0;
    if (err != 0)
        return err;
    while (err == 0 && (got = results_next(all, &r)) > 0) {
        err = export_result(x, r);
        if (err == 0 && !x->o->no_documents)
            err = export_document(x, m, r->ts);
    }
    results_close(all);
    return err != 0 ? err : got;
}

static int export_all(struct export *x)
{
    struct search search;
    const struct meta *m;
    int err = 0;
    search_begin(&search, store_catalog(x->w->store), &x->o->choice.filter);
    while (err == 0 && search_next(&search, &m, 1) > 0) {
        meta_key_text(m, x->key);
        err = export_meta(x, m);
        if (err == 0)
            err = export_results(x, m);
        meta_unref(m);
    }
    return err;
}

static int run(const struct verb_options *v, const struct options *o)
{
    struct workplace w;
    struct export x = {.w = &w, .v = v, .o = o};
    int status = workplace_open(&w, "export", v->data, WORKPLACE_READ);
    if (status != 0)
        return status;
    ps_buf_init(&x.text, 0);
    int err = export_all(&x);
    if (err != 0 && err != -EIO)
        status = workplace_fail("export", EXIT_SYSTEM, "%s: %s", store_path(w.store), ps_strerror(err));
    ps_buf_fini(&x.text);
    workplace_close(&w);
    return status != 0 ? status : workplace_flush("export", EXIT_DONE);
}

int export_main(int argc, char **argv)
{
    struct options *o = calloc(1, sizeof *o);
    struct verb_options v = {.own = set_own, .ctx = o};
    if (o == NULL)
        return workplace_fail("export", EXIT_SYSTEM, "out of memory");
    int status = verb_options_read(&v, &prog, argc, argv);
    if (status < 0 && v.argc != 0)
        status = workplace_fail("export", EXIT_USAGE, "wants nothing but options; --help tells more");
    if (status < 0)
        status = run(&v, o);
    free(o);
    return status;
}
