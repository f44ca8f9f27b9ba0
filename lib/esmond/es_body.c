// SPDX-License-Identifier: Apache-2.0
#include "esmond/es_body.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_out.h"

// There are clients of archives that take nothing but ASCII.
static struct ps_json *begin(struct ps_text *t)
{
    struct ps_json *j = ps_text_open(t);

    j->ascii = true;
    return j;
}

static int end(struct ps_text *t, char **text, size_t *len)
{
    *text = ps_text_close(t, len);
    return *text ? 0 : -ENOMEM;
}

// --- registrations

static void put_summaries(struct ps_json *j, const struct es_reg *r, int event)
{
    ps_json_put_open(j, "summaries", '[');
    for (size_t i = 0; i < r->nsummaries; i++) {
        const struct es_summary *s = &r->summaries[i];

        if (s->event != event)
            continue;
        ps_json_open(j, '{');
        ps_json_put_str(j, "summary-type", es_summary_name((enum es_summary_type)s->type, false));
        ps_json_put_u64(j, "summary-window", s->window);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
}

int es_body_registration(const struct es_reg *r, char **text, size_t *len)
{
    struct ps_text t;
    struct ps_json *j = begin(&t);

    ps_json_open(j, '{');
    for (size_t i = 0; i < r->nparams; i++)
        ps_json_put_str(j, r->params[i].key, r->params[i].value);
    ps_json_put_open(j, "event-types", '[');
    for (int e = 0; e < ES_EVENT_COUNT; e++) {
        if (!(r->events >> e & 1))
            continue;
        ps_json_open(j, '{');
        ps_json_put_str(j, "event-type", es_event_name(e));
        put_summaries(j, r, e);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
    ps_json_close(j, '}');
    return end(&t, text, len);
}

// --- values

void es_body_init(struct es_body *b)
{
    *b = (struct es_body){0};
}

void es_body_fini(struct es_body *b)
{
    for (size_t i = 0; i < b->n; i++)
        free(b->at[i].text);
    es_body_init(b);
}

static void put_hist(struct ps_json *j, const struct es_hist *h)
{
    char key[ES_HIST_KEY_MAX + 1];

    ps_json_open(j, '{');
    for (size_t i = 0; i < h->n; i++)
        ps_json_put_u64(j, es_hist_key(&h->at[i], key), h->at[i].count);
    ps_json_close(j, '}');
}

static void put_ratio(struct ps_json *j, const struct es_value *v)
{
    ps_json_open(j, '{');
    ps_json_put_u64(j, "numerator", v->ratio.numerator);
    ps_json_put_u64(j, "denominator", v->ratio.denominator);
    ps_json_close(j, '}');
}

static void put_value(struct ps_json *j, const struct es_value *v)
{
    switch (v->form) {
    case ES_VALUE_NUMBER:
        ps_json_double(j, v->number);
        return;
    case ES_VALUE_RATIO:
        put_ratio(j, v);
        return;
    case ES_VALUE_HIST:
        put_hist(j, &v->hist);
        return;
    case ES_VALUE_JSON:
        ps_json_raw(j, v->json.text, v->json.len);
        return;
    case ES_VALUE_NONE:
    case ES_VALUE_STATS:
        break;
    }
    ps_json_null(j);
}

static int write_value(struct es_body_value *to, int event, const struct es_value *v)
{
    struct ps_text t;

    to->event = event;
    put_value(begin(&t), v);
    return end(&t, &to->text, &to->len);
}

int es_body_take(void *body, int64_t ts, int event, struct es_value *v)
{
    struct es_body *b = body;
    int err = b->n < ES_EVENT_COUNT ? write_value(&b->at[b->n], event, v) : PS_ELIMIT;

    es_value_fini(v);
    if (err)
        return err;
    b->ts = ts;
    b->n++;
    return 0;
}

int es_body_values(const struct es_body *b, size_t first, size_t n, char **text, size_t *len)
{
    struct ps_text t;
    struct ps_json *j = begin(&t);

    ps_json_open(j, '{');
    ps_json_put_open(j, "data", '[');
    ps_json_open(j, '{');
    ps_json_put_i64(j, "ts", b->ts);
    ps_json_put_open(j, "val", '[');
    for (size_t i = first; i < first + n && i < b->n; i++) {
        ps_json_open(j, '{');
        ps_json_put_str(j, "event-type", es_event_name(b->at[i].event));
        ps_json_put_raw(j, "val", b->at[i].text, b->at[i].len);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
    ps_json_close(j, '}');
    ps_json_close(j, ']');
    ps_json_close(j, '}');
    return end(&t, text, len);
}

// --- answers

static bool is_key(const char *text)
{
    static const char others[] = "_.-";
    size_t n = 0;

    for (; text[n]; n++)
        if (!(text[n] >= 'a' && text[n] <= 'z') && !(text[n] >= 'A' && text[n] <= 'Z') &&
            !(text[n] >= '0' && text[n] <= '9') && !strchr(others, text[n]))
            return false;
    return n > 0 && text[strspn(text, ".")]; // "." and ".." would be other places
}

int es_body_key(const char *text, size_t len, char out[ES_BODY_KEY_MAX + 1])
{
    struct ps_jdoc *doc;
    const char *key;
    int err = PS_EMALFORMED;

    if (ps_jdoc_parse_careless(&doc, NULL, text, len, NULL))
        return PS_EMALFORMED;
    if (ps_jnode_type(ps_jdoc_root(doc)) == PS_JTYPE_OBJECT &&
        ps_jnode_str(ps_jnode_member(ps_jdoc_root(doc), "metadata-key"), 1, ES_BODY_KEY_MAX, &key, NULL) ==
            0 &&
        is_key(key)) {
        snprintf(out, ES_BODY_KEY_MAX + 1, "%s", key);
        err = 0;
    }
    ps_jdoc_free(doc);
    return err;
}

bool es_body_is_error(const char *text, size_t len)
{
    struct ps_jdoc *doc;
    bool is;

    if (ps_jdoc_parse_careless(&doc, NULL, text, len, NULL))
        return false;
    is = ps_jnode_type(ps_jdoc_root(doc)) == PS_JTYPE_OBJECT &&
         ps_jnode_type(ps_jnode_member(ps_jdoc_root(doc), "detail")) == PS_JTYPE_STRING;
    ps_jdoc_free(doc);
    return is;
}
