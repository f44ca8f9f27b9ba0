// SPDX-License-Identifier: Apache-2.0
#include "psarchive/ask.h"
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "psarchive/put.h"

static const char *const ends[ASK_ENDS] = {"source", "destination", "measurement-agent"};

const char *ask_end_name(enum ask_end end)
{
    return ends[end];
}

// --- parameters

static int put_param(struct ask *a, const char *key, const char *value, struct ps_fault *fault)
{
    struct filter *f = &a->filter;
    struct filter_param *p = NULL;

    for (size_t i = 0; !p && i < f->nparams; i++)
        if (strcmp(f->params[i].key, key) == 0)
            p = &f->params[i];
    if (!p && f->nparams == FILTER_PARAMS_MAX) {
        ps_fault_set(fault, NULL, 0, "too many parameters: %d at most", FILTER_PARAMS_MAX);
        return PS_ELIMIT;
    }
    if (!p)
        p = &f->params[f->nparams++];
    p->key = key;
    p->values[0] = value;
    p->nvalues = 1;
    return 0;
}

static int end_of(const char *name)
{
    for (int i = 0; i < ASK_ENDS; i++)
        if (strcmp(name, ends[i]) == 0)
            return i;
    return -1;
}

// Is asked for by its name elsewhere.
static bool is_reserved(const char *name)
{
    static const char *const words[] = {"format",       "limit",          "offset",        "time",
                                        "time-start",   "time-end",       "time-range",    "event-type",
                                        "summary-type", "dns-match-rule", "summary-window"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(name, words[i]) == 0)
            return true;
    return end_of(name) >= 0;
}

static int put_params(struct ask *a, const struct ps_query *q, struct ps_fault *fault)
{
    int err = 0;

    for (size_t i = 0; !err && i < q->n; i++)
        if (!is_reserved(q->params[i].name))
            err = put_param(a, q->params[i].name, q->params[i].value, fault);
    return err;
}

// --- hosts

static int no_address(const char *host, struct ps_fault *fault)
{
    ps_fault_set(fault, NULL, 0, "Unable to find address for host %.255s", host);
    return PS_ERESOLVE;
}

int ask_found(struct ask *a, enum ask_end end, const struct ps_addr *addrs, size_t n, struct ps_fault *fault)
{
    struct ask_host *h = &a->host[end];
    const struct ps_addr *v4 = NULL, *v6 = NULL, *first;
    struct filter_param *p;
    int err;

    for (size_t i = n; i-- > 0;) {
        if (ps_addr_version(&addrs[i]) == 4)
            v4 = &addrs[i];
        else if (ps_addr_version(&addrs[i]) == 6)
            v6 = &addrs[i];
    }
    if (a->rule == ASK_ONLY_V4 || (a->rule == ASK_PREFER_V4 && v4))
        v6 = NULL;
    if (a->rule == ASK_ONLY_V6 || (a->rule == ASK_PREFER_V6 && v6))
        v4 = NULL;
    first = v4 ? v4 : v6;
    if (!first)
        return no_address(h->text, fault);
    err = put_param(a, ends[end], ps_addr_host(first, h->addr[0]), fault);
    if (err)
        return err;
    p = &a->filter.params[a->filter.nparams - 1];
    if (v4 && v6)
        p->values[p->nvalues++] = ps_addr_host(v6, h->addr[1]);
    h->known = true;
    return 0;
}

static int parse_host(struct ask *a, enum ask_end end, const char *text, struct ps_fault *fault)
{
    struct ps_addr addr;

    a->host[end].text = text;
    if (!text)
        return 0;
    if (text[0] == '\0' || strlen(text) > 255)
        return no_address(text, fault);
    if (ps_addr_parse(text, 0, &addr))
        return ps_addr_is_numeric(text) ? no_address(text, fault) : 0;
    ps_addr_unmap(&addr);
    return ask_found(a, end, &addr, 1, fault);
}

static int parse_rule(struct ask *a, const struct ps_query *q, struct ps_fault *fault)
{
    static const char *const words[] = {"v4v6", "only-v4", "only-v6", "prefer-v4", "prefer-v6"};
    const char *word = span_last(q, "dns-match-rule");

    if (!word)
        return 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) == 0) {
            a->rule = (enum ask_rule)i;
            return 0;
        }
    }
    ps_fault_set(fault, NULL, 0,
                 "dns-match-rule wants v4v6, only-v4, only-v6, prefer-v4 or prefer-v6; got %.60s", word);
    return PS_EUNKNOWN;
}

static int parse_hosts(struct ask *a, const struct ps_query *q, struct ps_fault *fault)
{
    int err = parse_rule(a, q, fault);

    for (int i = 0; !err && i < ASK_ENDS; i++)
        err = parse_host(a, (enum ask_end)i, span_last(q, ends[i]), fault);
    return err;
}

// --- event types, summaries, times

static void parse_event(struct ask *a, const struct ps_query *q)
{
    struct filter *f = &a->filter;
    const char *event = span_last(q, "event-type"), *summary = span_last(q, "summary-type");
    const char *window = span_last(q, "summary-window");
    uint64_t seconds = 0;

    f->by_event = event;
    f->by_summary = summary;
    f->by_window = window;
    f->event = event ? es_event_find(event) : 0;
    a->nothing = f->event < 0 || (summary && es_summary_find(summary, false, &f->summary)) ||
                 (window && ps_num_u64(window, 10, 0, UINT32_MAX, &seconds));
    f->window = (uint32_t)seconds;
}

static int parse_time(struct ask *a, const struct ps_query *q, int64_t now, struct ps_fault *fault)
{
    struct span time;
    int err = span_parse(&time, q, now, fault);

    if (err)
        return err;
    a->filter.by_time = time.given;
    a->filter.from = time.from;
    a->filter.to = time.to;
    return 0;
}

// --- the whole

static size_t count_of(const struct ps_query *q, const char *name, size_t otherwise)
{
    const char *text = span_last(q, name);
    uint64_t n;

    return text && ps_num_u64(text, 10, 0, SIZE_MAX / 2, &n) == 0 ? (size_t)n : otherwise;
}

int ask_parse(struct ask *a, const struct ps_query *q, int64_t now, struct ps_fault *fault)
{
    int err;

    memset(a, 0, sizeof *a);
    parse_event(a, q);
    a->limit = count_of(q, "limit", ASK_LIMIT);
    a->limit = a->limit ? a->limit : ASK_LIMIT;
    a->offset = count_of(q, "offset", 0);
    err = put_params(a, q, fault);
    if (!err)
        err = parse_hosts(a, q, fault);
    return err ? err : parse_time(a, q, now, fault);
}

// --- series

static int parse_count(const struct ps_query *q, const char *name, size_t *out, struct ps_fault *fault)
{
    const char *text = span_last(q, name);
    uint64_t n;

    if (!text)
        return 0;
    if (ps_num_u64(text, 10, 0, SIZE_MAX / 2, &n)) {
        ps_fault_set(fault, NULL, 0, "%s wants a whole number, 0 or more; got %.60s", name, text);
        return PS_ESYNTAX;
    }
    *out = (size_t)n;
    return 0;
}

int ask_page_parse(struct ask_page *p, const struct ps_query *q, int64_t now, struct ps_fault *fault)
{
    int err = span_parse(&p->time, q, now, fault);

    p->limit = SIZE_MAX;
    p->offset = 0;
    if (!err && p->time.open)
        p->time.to = now + PUT_AHEAD; // clocks of those who measure may be ahead
    if (!err)
        err = parse_count(q, "limit", &p->limit, fault);
    if (!err)
        err = parse_count(q, "offset", &p->offset, fault);
    if (p->limit == 0)
        p->limit = ASK_LIMIT;
    return err;
}

bool ask_format_known(const struct ps_query *q)
{
    const char *format = span_last(q, "format");

    return !format || strcmp(format, "json") == 0;
}

bool ask_format_csv(const struct ps_query *q)
{
    const char *format = span_last(q, "format");

    return format && strcmp(format, "csv") == 0;
}
