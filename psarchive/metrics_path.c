// SPDX-License-Identifier: Apache-2.0
#include "psarchive/metrics_path.h"
#include <string.h>
#include "base/ps_num.h"
#include "psarchive/jtext.h"

#define BUCKET_WIDTH 0.001 // seconds, where nobody says anything else

const struct metrics_about metrics_families[METRICS_FAMILIES] = {
    {"psarchive_delay_seconds", "seconds", "One-way delay in the latest result."},
    {"psarchive_loss_ratio", "ratio", "Share of packets lost in the latest result."},
    {"psarchive_throughput_bits_per_second", NULL, "Throughput in the latest result."},
    {"psarchive_rtt_seconds", "seconds", "Round trip time in the latest result."},
    {"psarchive_result_timestamp_seconds", "seconds", "When the latest result was measured."},
};

int metrics_heading(struct ps_buf *out, const char *name, const char *type, const char *unit,
                    const char *help)
{
    int err = ps_buf_printf(out, "# TYPE %s %s\n", name, type);

    if (!err && unit)
        err = ps_buf_printf(out, "# UNIT %s %s\n", name, unit);
    return err ? err : ps_buf_printf(out, "# HELP %s %s\n", name, help);
}

// --- a line

static void put_label(struct jtext *j, const char *name, const char *value)
{
    jtext_put(j, name);
    jtext_put(j, "=\"");
    while (value && *value) {
        size_t n = strcspn(value, "\\\"\n");
        jtext_raw(j, value, n);
        value += n;
        if (*value)
            jtext_put(j, *value == '\n' ? "\\n" : *value == '"' ? "\\\"" : "\\\\");
        value += *value != '\0';
    }
    jtext_put(j, "\"");
}

int metrics_label(struct ps_buf *out, const char *name, const char *suffix, const char *label,
                  const char *value)
{
    struct jtext j = {.out = out};

    jtext_put(&j, name);
    jtext_put(&j, suffix);
    jtext_put(&j, "{");
    put_label(&j, label, value);
    jtext_put(&j, "}");
    return j.err;
}

static int put_sample(struct ps_buf families[METRICS_FAMILIES], enum metrics_family family,
                      const struct meta *m, const char *label, const char *which, double v)
{
    static const struct {
        const char *label, *param;
    } labels[] = {
        {",source", "source"},
        {",destination", "destination"},
        {",agent", "measurement-agent"},
        {",tool", "tool-name"},
    };
    struct jtext j = {.out = &families[family]};
    char key[2 * ES_REG_KEY_LEN + 1];

    meta_key_text(m, key);
    jtext_put(&j, metrics_families[family].name);
    put_label(&j, "{key", key);
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        put_label(&j, labels[i].label, meta_get(m, labels[i].param));
    if (label)
        put_label(&j, label, which);
    jtext_put(&j, "} ");
    jtext_real(&j, v);
    jtext_put(&j, "\n");
    return j.err;
}

// --- values

static int put_statistics(struct ps_buf families[METRICS_FAMILIES], enum metrics_family family,
                          const struct meta *m, const struct es_hist *h, double width)
{
    struct es_hist_stats s;
    int err = es_hist_statistics(h, &s);
    const struct {
        const char *name;
        double v;
    } figures[] = {{"minimum", s.minimum},
                   {"median", s.median},
                   {"percentile-95", s.percentile_95},
                   {"maximum", s.maximum}};

    if (err)
        return err;
    for (size_t i = 0; !err && s.defined && i < sizeof figures / sizeof figures[0]; i++)
        err = put_sample(families, family, m, ",statistic", figures[i].name, figures[i].v * width);
    es_hist_stats_fini(&s);
    return err;
}

// Delays are counted in these.
static double bucket_width(const struct meta *m)
{
    const char *text = meta_get(m, "sample-bucket-width");
    double width;

    return text && ps_num_double(text, 1e-9, 1e6, &width) == 0 ? width : BUCKET_WIDTH;
}

static int put_value(struct ps_buf families[METRICS_FAMILIES], const struct meta *m, const char *event,
                     const struct es_value *v)
{
    if (v->form == ES_VALUE_HIST && strcmp(event, "histogram-owdelay") == 0)
        return put_statistics(families, METRICS_DELAY, m, &v->hist, bucket_width(m));
    if (v->form == ES_VALUE_HIST && strcmp(event, "histogram-rtt") == 0)
        return put_statistics(families, METRICS_RTT, m, &v->hist, 0.001);
    if (v->form == ES_VALUE_RATIO)
        return put_sample(families, METRICS_LOSS, m, ",path",
                          strcmp(event, "packet-loss-rate") == 0 ? "one-way" : "round-trip",
                          (double)v->ratio.numerator / (double)v->ratio.denominator);
    if (v->form == ES_VALUE_NUMBER && strcmp(event, "throughput") == 0)
        return put_sample(families, METRICS_THROUGHPUT, m, NULL, NULL, v->number);
    return 0;
}

int metrics_path(struct ps_buf families[METRICS_FAMILIES], const struct meta *m, const struct result *r)
{
    int err = put_sample(families, METRICS_TIME, m, NULL, NULL, (double)r->ts);

    for (size_t i = 0; !err && i < r->row.n; i++)
        err = put_value(families, m, es_event_name(r->row.at[i].event), &r->row.at[i].value);
    return err;
}
