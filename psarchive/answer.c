// SPDX-License-Identifier: Apache-2.0
#include "psarchive/answer.h"
#include <stdio.h>

// --- metadata

static void put_key(struct jtext *j, const char *key)
{
    jtext_put(j, ",\"");
    jtext_put(j, key);
    jtext_put(j, "\":");
}

// Its key and the beginning of its URIs, made once for all of them.
struct about {
    const struct meta *m;
    bool marked; // the text is to be a shape: marks stand for what differs
    char key[2 * ES_REG_KEY_LEN + 1];
    char path[128];
    size_t len;
};

static void about_init(struct about *a, const struct meta *m, const struct answer_place *at)
{
    a->m = m;
    a->marked = false;
    meta_key_text(m, a->key);
    a->len = (size_t)snprintf(a->path, sizeof a->path, "%.80s/%s/", at->path, a->key);
}

static void put_path(struct jtext *j, const struct about *a)
{
    jtext_raw(j, a->path, a->len);
}

static size_t time_text(char out[24], const struct about *a, int event)
{
    if (!a->marked)
        return shape_time(out, a->m, event);
    out[0] = SHAPE_TIME;
    out[1] = (char)(event + 1);
    return 2;
}

static void put_time(struct jtext *j, const struct about *a, int event)
{
    char text[24];
    size_t len = time_text(text, a, event);

    jtext_raw(j, text, len);
}

// A text that is made of pieces before it goes to the answer, which takes longer for many short ones. What does not
// fit is left out: names and paths are shorter.
struct piece {
    char text[512];
    size_t len;
};

static void piece_add(struct piece *p, const char *text, size_t len)
{
    if (len > sizeof p->text - p->len)
        return;
    memcpy(p->text + p->len, text, len);
    p->len += len;
}

static void piece_put(struct piece *p, const char *text)
{
    piece_add(p, text, strlen(text));
}

// What the summaries of an event type have in common: ...","time-updated":T,"uri":"/.../throughput/
static void middle_init(struct piece *mid, const struct about *a, int event)
{
    char time[24];
    size_t len = time_text(time, a, event);

    mid->len = 0;
    piece_put(mid, "\",\"time-updated\":");
    piece_add(mid, time, len);
    piece_put(mid, ",\"uri\":\"");
    piece_add(mid, a->path, a->len);
    piece_put(mid, es_event_name(event));
    piece_put(mid, "/");
}

static void put_summary(struct jtext *j, const struct piece *mid, const struct es_summary *s)
{
    enum es_summary_type type = (enum es_summary_type)s->type;
    char window[24];
    size_t len = jtext_digits(window, s->window);
    struct piece p;

    p.len = 0;
    piece_put(&p, "{\"summary-type\":\"");
    piece_put(&p, es_summary_name(type, false));
    piece_put(&p, "\",\"summary-window\":\"");
    piece_add(&p, window, len);
    piece_add(&p, mid->text, mid->len);
    piece_put(&p, es_summary_name(type, true));
    piece_put(&p, "/");
    piece_add(&p, window, len);
    piece_put(&p, "\"}");
    jtext_raw(j, p.text, p.len);
}

static void put_summaries(struct jtext *j, const struct about *a, int event, enum es_summary_type type)
{
    const struct meta *m = a->m;
    const char *comma = "";
    struct piece mid;

    middle_init(&mid, a, event);
    jtext_put(j, "[");
    for (size_t i = 0; i < m->nsummaries; i++) {
        const struct es_summary *s = &m->summaries[i];
        if (s->event != event || (type != ES_SUMMARY_BASE && s->type != type))
            continue;
        jtext_put(j, comma);
        put_summary(j, &mid, s);
        comma = ",";
    }
    jtext_put(j, "]");
}

void answer_summaries(struct jtext *j, const struct meta *m, int event, enum es_summary_type type,
                      const struct answer_place *at)
{
    struct about a;

    about_init(&a, m, at);
    put_summaries(j, &a, event, type);
}

static void put_event(struct jtext *j, const struct about *a, int event)
{
    const char *name = es_event_name(event);

    jtext_put(j, "{\"event-type\":\"");
    jtext_put(j, name);
    jtext_put(j, "\",\"base-uri\":\"");
    put_path(j, a);
    jtext_put(j, name);
    jtext_put(j, "/base\",\"time-updated\":");
    put_time(j, a, event);
    jtext_put(j, ",\"summaries\":");
    put_summaries(j, a, event, ES_SUMMARY_BASE);
    jtext_put(j, "}");
}

void answer_event(struct jtext *j, const struct meta *m, int event, const struct answer_place *at)
{
    struct about a;

    about_init(&a, m, at);
    put_event(j, &a, event);
}

static void put_total(struct jtext *j, const struct answer_total *t)
{
    put_key(j, "metadata-count-total");
    jtext_int(j, (int64_t)t->count);
    put_key(j, "metadata-previous-page");
    if (t->previous)
        jtext_str(j, t->previous);
    else
        jtext_put(j, "null");
    put_key(j, "metadata-next-page");
    if (t->next)
        jtext_str(j, t->next);
    else
        jtext_put(j, "null");
}

static void put_params(struct jtext *j, const struct meta *m)
{
    for (size_t i = 0; i < m->nparams; i++) {
        jtext_put(j, ",");
        jtext_str(j, m->params[i].key);
        jtext_put(j, ":");
        jtext_str(j, m->params[i].value);
    }
}

static void put_events(struct jtext *j, const struct about *a)
{
    for (size_t i = 0; i < a->m->nevents; i++) {
        if (i)
            jtext_put(j, ",");
        put_event(j, a, a->m->event[i]);
    }
}

static void put_marked(struct jtext *j, const struct meta *m)
{
    struct about a = {.m = m, .marked = true, .path = {SHAPE_PATH}, .len = 1};

    put_events(j, &a);
}

void answer_meta(struct jtext *j, const struct meta *m, const struct answer_place *at,
                 const struct answer_total *total, struct shapes *shapes)
{
    const struct shape *shape = shapes ? shapes_get(shapes, m, put_marked) : NULL;
    struct about a;

    about_init(&a, m, at);
    jtext_put(j, "{\"url\":\"");
    jtext_put(j, at->origin);
    put_path(j, &a);
    jtext_put(j, "\",\"uri\":\"");
    put_path(j, &a);
    jtext_put(j, "\",\"metadata-key\":\"");
    jtext_put(j, a.key);
    jtext_put(j, "\"");
    put_params(j, m);
    jtext_put(j, ",\"event-types\":[");
    if (shape)
        shape_put(j, shape, m, a.path, a.len);
    else
        put_events(j, &a);
    jtext_put(j, "]");
    if (total)
        put_total(j, total);
    jtext_put(j, "}");
}

// --- points

static void put_buckets(struct jtext *j, const struct es_hist *h)
{
    char key[ES_HIST_KEY_MAX + 1];

    jtext_put(j, "{");
    for (size_t i = 0; i < h->n; i++) {
        if (i)
            jtext_put(j, ",");
        // Keys that are numbers need no escapes.
        if (h->at[i].decimals == ES_HIST_TEXT) {
            jtext_str(j, es_hist_key(&h->at[i], key));
        } else {
            jtext_put(j, "\"");
            jtext_put(j, es_hist_key(&h->at[i], key));
            jtext_put(j, "\"");
        }
        jtext_put(j, ":");
        jtext_int(j, (int64_t)h->at[i].count);
    }
    jtext_put(j, "}");
}

static void put_modes(struct jtext *j, const struct es_hist_stats *s)
{
    jtext_put(j, "\"mode\":[");
    for (size_t i = 0; i < s->nmodes; i++) {
        if (i)
            jtext_put(j, ",");
        jtext_real(j, s->modes[i]);
    }
    jtext_put(j, "]");
}

static void put_stats(struct jtext *j, const struct es_hist_stats *s)
{
    const struct {
        const char *key;
        double v;
    } figures[] = {
        {",\"minimum\":", s->minimum},
        {",\"maximum\":", s->maximum},
        {",\"mean\":", s->mean},
        {",\"median\":", s->median},
        {",\"percentile-25\":", s->percentile_25},
        {",\"percentile-75\":", s->percentile_75},
        {",\"percentile-95\":", s->percentile_95},
        {",\"variance\":", s->variance},
        {",\"standard-deviation\":", s->standard_deviation},
    };

    if (!s->defined) {
        jtext_put(j, "{}");
        return;
    }
    jtext_put(j, "{");
    put_modes(j, s);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        jtext_put(j, figures[i].key);
        jtext_real(j, figures[i].v);
    }
    jtext_put(j, "}");
}

static void put_value(struct jtext *j, const struct es_value *v)
{
    switch (v->form) {
    case ES_VALUE_NONE:
        jtext_put(j, "{}");
        break;
    case ES_VALUE_NUMBER:
        jtext_real(j, v->number);
        break;
    case ES_VALUE_RATIO:
        jtext_real(j, (double)v->ratio.numerator / (double)v->ratio.denominator);
        break;
    case ES_VALUE_HIST:
        put_buckets(j, &v->hist);
        break;
    case ES_VALUE_JSON:
        jtext_raw(j, v->json.text, v->json.len);
        break;
    case ES_VALUE_STATS:
        put_stats(j, v->stats);
        break;
    }
}

void answer_point(struct jtext *j, const struct point *p)
{
    jtext_put(j, "{\"ts\":");
    jtext_int(j, p->ts);
    jtext_put(j, ",\"val\":");
    put_value(j, &p->value);
    jtext_put(j, "}");
}
