// SPDX-License-Identifier: Apache-2.0
#include "psarchive/get_print.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "psarchive/answer.h"
#include "psarchive/csv.h"
#include "psarchive/spark.h"
#include "psarchive/when.h"

#define DRAWN_MAX 100000
#define WIDTH_MAX 500

int get_form_find(const char *name, enum get_form *out)
{
    static const char *const names[] = {"text", "csv", "json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (enum get_form)i;
            return 0;
        }
    return PS_EUNKNOWN;
}

void get_print_begin(struct get_print *g, enum get_form form)
{
    *g = (struct get_print){.form = form, .draw = form == GET_TEXT && isatty(STDOUT_FILENO)};
    ps_buf_init(&g->text, 0);
}

static void heading(struct get_print *g, const char *csv)
{
    if (g->form == GET_JSON)
        putchar(g->begun ? ',' : '[');
    else if (g->form == GET_CSV && !g->begun)
        printf("%s\n", csv);
    g->begun = true;
}

static int put_text(struct get_print *g, int err)
{
    if (err == 0 && ps_buf_len(&g->text) > 0) // an empty buffer may have no memory
        fwrite(ps_buf_head(&g->text), 1, ps_buf_len(&g->text), stdout);
    ps_buf_clear(&g->text);
    return err;
}

// --- metadata

static const char *or_dash(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : "-";
}

static void print_events(const struct meta *m, char between)
{
    for (size_t i = 0; i < m->nevents; i++)
        printf("%s%s", i > 0 ? (char[2]){between, '\0'} : "", es_event_name(m->event[i]));
}

static void quote_csv(const char *text)
{
    putchar('"');
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void meta_csv(const struct meta *m)
{
    static const char *const params[] = {"source",    "destination",  "measurement-agent",
                                         "tool-name", "input-source", "input-destination"};
    char key[2 * ES_REG_KEY_LEN + 1];
    meta_key_text(m, key);
    printf("%s,", key);
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        quote_csv(meta_get(m, params[i]));
        putchar(',');
    }
    printf("%lld,", (long long)meta_updated(m, -1));
    print_events(m, ' ');
    putchar('\n');
}

static void meta_text(const struct meta *m)
{
    char key[2 * ES_REG_KEY_LEN + 1], when[WHEN_SIZE];
    int64_t updated = meta_updated(m, -1);
    meta_key_text(m, key);
    printf("%s  %s -> %s  %s  %s\n    ", key, or_dash(meta_get(m, "source")),
           or_dash(meta_get(m, "destination")), or_dash(meta_get(m, "tool-name")),
           updated > 0 ? when_text(updated, when) : "never written");
    print_events(m, ' ');
    putchar('\n');
}

int get_print_meta(struct get_print *g, const struct meta *m)
{
    static const struct answer_place here = {"", ""};
    struct jtext j = {.out = &g->text};
    g->draw = false;
    heading(g, "metadata-key,source,destination,measurement-agent,tool-name,input-source,input-destination,"
               "time-updated,event-types");
    if (g->form == GET_TEXT)
        meta_text(m);
    else if (g->form == GET_CSV)
        meta_csv(m);
    else
        answer_meta(&j, m, &here, NULL, NULL);
    return put_text(g, j.err);
}

// --- points

static bool as_number(const struct es_value *v, double *out)
{
    if (v->form == ES_VALUE_NUMBER)
        *out = v->number;
    else if (v->form == ES_VALUE_RATIO)
        *out = (double)v->ratio.numerator / (double)v->ratio.denominator;
    else if (v->form == ES_VALUE_STATS && v->stats->defined)
        *out = v->stats->median;
    else
        return false;
    return true;
}

static void remember(struct get_print *g, const struct es_value *v)
{
    double d;
    if (!g->draw || g->n == DRAWN_MAX || !as_number(v, &d))
        return;
    if (g->n == g->cap) {
        size_t cap = g->cap == 0 ? 256 : 2 * g->cap;
        double *values = realloc(g->values, cap * sizeof *values);
        if (values == NULL) {
            g->draw = false;
            return;
        }
        g->values = values;
        g->cap = cap;
    }
    g->values[g->n++] = d;
}

// With the digits that JSON has.
static void stats_line(struct jtext *j, const struct es_hist_stats *s, const char *between)
{
    const double figures[] = {s->minimum,       s->percentile_25, s->median, s->percentile_75,
                              s->percentile_95, s->maximum,       s->mean};
    for (size_t i = 0; s->defined && i < sizeof figures / sizeof figures[0]; i++) {
        if (i > 0)
            jtext_put(j, between);
        jtext_real(j, figures[i]);
    }
}

static void hist_text(const struct es_hist *h)
{
    char key[ES_HIST_KEY_MAX + 1];
    for (size_t i = 0; i < h->n; i++)
        printf("%s%s:%llu", i > 0 ? " " : "", es_hist_key(&h->at[i], key),
               (unsigned long long)h->at[i].count);
}

static void value_text(struct jtext *j, const struct es_value *v)
{
    double d;
    if (v->form == ES_VALUE_STATS)
        stats_line(j, v->stats, "\t");
    else if (as_number(v, &d))
        jtext_real(j, d);
    else if (v->form == ES_VALUE_HIST)
        hist_text(&v->hist);
    else if (v->form == ES_VALUE_JSON)
        printf("%.*s", (int)v->json.len, v->json.text);
}

static int csv_line(struct get_print *g, struct jtext *j, enum es_summary_type type, const struct point *p)
{
    if (!g->begun)
        csv_heading(j, type);
    g->begun = true;
    csv_point(j, p);
    return put_text(g, j->err);
}

int get_print_point(struct get_print *g, enum es_summary_type type, const struct point *p)
{
    struct jtext j = {.out = &g->text};
    char when[WHEN_SIZE];
    if (g->form == GET_CSV)
        return csv_line(g, &j, type, p);
    heading(g, NULL);
    if (g->form == GET_JSON) {
        answer_point(&j, p);
        return put_text(g, j.err);
    }
    printf("%s\t", when_text(p->ts, when));
    value_text(&j, &p->value);
    int err = put_text(g, j.err);
    putchar('\n');
    remember(g, &p->value);
    return err;
}

static size_t terminal_width(void)
{
    struct winsize w = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_col == 0)
        return 80;
    return w.ws_col < WIDTH_MAX ? w.ws_col : WIDTH_MAX;
}

void get_print_end(struct get_print *g)
{
    char line[3 * WIDTH_MAX + 1];
    if (g->form == GET_JSON)
        printf("%s]\n", g->begun ? "" : "[");
    if (g->draw && g->n > 1)
        printf("%s\n", spark_line(g->values, g->n, terminal_width(), line));
    free(g->values);
    ps_buf_fini(&g->text);
}
