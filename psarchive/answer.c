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
    char key[2 * META_ID_LEN + 1];
    char path[128];
    size_t len;
};

static void about_init(struct about *a, const struct meta *m, const struct answer_place *at)
{
    a->m = m;
    meta_key_text(m, a->key);
    a->len = (size_t)snprintf(a->path, sizeof a->path, "%.80s/%s/", at->path, a->key);
}

static void put_path(struct jtext *j, const struct about *a)
{
    jtext_raw(j, a->path, a->len);
}

static void put_time(struct jtext *j, int64_t time)
{
    if (time)
        jtext_int(j, time);
    else
        jtext_put(j, "null");
}

// What the summaries of an event type have in common: ...","time-updated":T,"uri":"/.../throughput/
struct middle {
    char text[256];
    size_t len;
};

static void middle_put(struct middle *mid, const char *text, size_t len)
{
    if (len > sizeof mid->text - mid->len)
        return; // the names are shorter
    memcpy(mid->text + mid->len, text, len);
    mid->len += len;
}

static void middle_init(struct middle *mid, const struct about *a, int event)
{
    static const char before[] = "\",\"time-updated\":", between[] = ",\"uri\":\"";
    int64_t time = meta_updated(a->m, event);
    const char *name = event_name(event);
    char number[24];

    mid->len = 0;
    middle_put(mid, before, sizeof before - 1);
    middle_put(mid, time ? number : "null", time ? jtext_digits(number, (uint64_t)time) : 4);
    middle_put(mid, between, sizeof between - 1);
    middle_put(mid, a->path, a->len);
    middle_put(mid, name, strlen(name));
    middle_put(mid, "/", 1);
}

static void put_summary(struct jtext *j, const struct middle *mid, const struct summary *s)
{
    enum summary_type type = (enum summary_type)s->type;
    char window[24];
    size_t len = jtext_digits(window, s->window);

    jtext_put(j, "{\"summary-type\":\"");
    jtext_put(j, summary_name(type, false));
    jtext_put(j, "\",\"summary-window\":\"");
    jtext_raw(j, window, len);
    jtext_raw(j, mid->text, mid->len);
    jtext_put(j, summary_name(type, true));
    jtext_put(j, "/");
    jtext_raw(j, window, len);
    jtext_put(j, "\"}");
}

static void put_summaries(struct jtext *j, const struct about *a, int event, enum summary_type type)
{
    const struct meta *m = a->m;
    const char *comma = "";
    struct middle mid;

    middle_init(&mid, a, event);
    jtext_put(j, "[");
    for (size_t i = 0; i < m->nsummaries; i++) {
        const struct summary *s = &m->summaries[i];
        if (s->event != event || (type != SUMMARY_BASE && s->type != type))
            continue;
        jtext_put(j, comma);
        put_summary(j, &mid, s);
        comma = ",";
    }
    jtext_put(j, "]");
}

void answer_summaries(struct jtext *j, const struct meta *m, int event, enum summary_type type,
                      const struct answer_place *at)
{
    struct about a;

    about_init(&a, m, at);
    put_summaries(j, &a, event, type);
}

static void put_event(struct jtext *j, const struct about *a, int event)
{
    const char *name = event_name(event);

    jtext_put(j, "{\"event-type\":\"");
    jtext_put(j, name);
    jtext_put(j, "\",\"base-uri\":\"");
    put_path(j, a);
    jtext_put(j, name);
    jtext_put(j, "/base\",\"time-updated\":");
    put_time(j, meta_updated(a->m, event));
    jtext_put(j, ",\"summaries\":");
    put_summaries(j, a, event, SUMMARY_BASE);
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

void answer_meta(struct jtext *j, const struct meta *m, const struct answer_place *at,
                 const struct answer_total *total)
{
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
    for (size_t i = 0; i < m->nevents; i++) {
        if (i)
            jtext_put(j, ",");
        put_event(j, &a, m->event[i]);
    }
    jtext_put(j, "]");
    if (total)
        put_total(j, total);
    jtext_put(j, "}");
}

// --- points

static void put_buckets(struct jtext *j, const struct hist *h)
{
    char key[HIST_KEY_MAX + 1];

    jtext_put(j, "{");
    for (size_t i = 0; i < h->n; i++) {
        if (i)
            jtext_put(j, ",");
        // Keys that are numbers need no escapes.
        if (h->at[i].decimals == HIST_TEXT) {
            jtext_str(j, hist_key(&h->at[i], key));
        } else {
            jtext_put(j, "\"");
            jtext_put(j, hist_key(&h->at[i], key));
            jtext_put(j, "\"");
        }
        jtext_put(j, ":");
        jtext_int(j, (int64_t)h->at[i].count);
    }
    jtext_put(j, "}");
}

static void put_modes(struct jtext *j, const struct hist_stats *s)
{
    jtext_put(j, "\"mode\":[");
    for (size_t i = 0; i < s->nmodes; i++) {
        if (i)
            jtext_put(j, ",");
        jtext_real(j, s->modes[i]);
    }
    jtext_put(j, "]");
}

static void put_stats(struct jtext *j, const struct hist_stats *s)
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

static void put_value(struct jtext *j, const struct value *v)
{
    switch (v->form) {
    case VALUE_NONE:
        jtext_put(j, "{}");
        break;
    case VALUE_NUMBER:
        jtext_real(j, v->number);
        break;
    case VALUE_RATIO:
        jtext_real(j, (double)v->ratio.numerator / (double)v->ratio.denominator);
        break;
    case VALUE_HIST:
        put_buckets(j, &v->hist);
        break;
    case VALUE_JSON:
        jtext_raw(j, v->json.text, v->json.len);
        break;
    case VALUE_STATS:
        put_stats(j, &v->stats);
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
