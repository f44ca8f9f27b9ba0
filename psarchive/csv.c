// SPDX-License-Identifier: Apache-2.0
#include "psarchive/csv.h"
#include <string.h>

void csv_heading(struct jtext *j, enum es_summary_type type)
{
    jtext_put(j, type == ES_SUMMARY_STATISTICS
                     ? "ts,minimum,percentile-25,median,percentile-75,percentile-95,maximum,mean\n"
                     : "ts,value\n");
}

static bool is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strchr(",\"\r\n", text[i]) != NULL)
            return false;
    return true;
}

void csv_text(struct jtext *j, const char *text, size_t len)
{
    if (is_plain(text, len)) {
        jtext_raw(j, text, len);
        return;
    }
    jtext_put(j, "\"");
    for (const char *end; (end = memchr(text, '"', len)) != NULL;) {
        size_t n = (size_t)(end - text) + 1;
        jtext_raw(j, text, n);
        jtext_put(j, "\"");
        text += n;
        len -= n;
    }
    jtext_raw(j, text, len);
    jtext_put(j, "\"");
}

static void put_hist(struct jtext *j, const struct es_hist *h)
{
    char key[ES_HIST_KEY_MAX + 1];
    bool plain = true;
    for (size_t i = 0; plain && i < h->n; i++)
        plain = h->at[i].decimals != ES_HIST_TEXT || is_plain(h->at[i].text, strlen(h->at[i].text));
    jtext_put(j, plain ? "" : "\"");
    for (size_t i = 0; i < h->n; i++) {
        const char *text = es_hist_key(&h->at[i], key);
        jtext_put(j, i > 0 ? " " : "");
        for (; *text != '\0'; text++)
            jtext_raw(j, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
        jtext_put(j, ":");
        jtext_int(j, (int64_t)h->at[i].count);
    }
    jtext_put(j, plain ? "" : "\"");
}

static void put_stats(struct jtext *j, const struct es_hist_stats *s)
{
    const double figures[] = {s->minimum,       s->percentile_25, s->median, s->percentile_75,
                              s->percentile_95, s->maximum,       s->mean};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        jtext_put(j, i > 0 ? "," : "");
        if (s->defined)
            jtext_real(j, figures[i]);
    }
}

static void put_value(struct jtext *j, const struct es_value *v)
{
    switch (v->form) {
    case ES_VALUE_NUMBER:
        jtext_real(j, v->number);
        return;
    case ES_VALUE_RATIO:
        jtext_real(j, (double)v->ratio.numerator / (double)v->ratio.denominator);
        return;
    case ES_VALUE_HIST:
        put_hist(j, &v->hist);
        return;
    case ES_VALUE_JSON:
        csv_text(j, v->json.text, v->json.len);
        return;
    case ES_VALUE_STATS:
        put_stats(j, v->stats);
        return;
    case ES_VALUE_NONE:
        return;
    }
}

void csv_point(struct jtext *j, const struct point *p)
{
    jtext_int(j, p->ts);
    jtext_put(j, ",");
    put_value(j, &p->value);
    jtext_put(j, "\n");
}
