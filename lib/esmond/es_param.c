// SPDX-License-Identifier: Apache-2.0
#include "esmond/es_param.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

// --- values

static int set(struct es_reg *r, const char *key, const char *value, struct ps_jnode n,
               struct ps_fault *fault)
{
    int err = es_reg_set(r, key, value);

    if (err == PS_ELIMIT)
        ps_jnode_fault(n, fault, "too much: %d parameters of at most %d octets are kept, their names of %d",
                       ES_REG_PARAMS_MAX, ES_REG_VALUE_MAX, ES_REG_NAME_MAX);
    return err;
}

static int set_raw(struct es_reg *r, const char *key, struct ps_jnode n, struct ps_fault *fault)
{
    char *text = ps_jnode_copy(n);
    int err = text ? set(r, key, text, n, fault) : -ENOMEM;

    free(text);
    return err;
}

int es_param_set(struct es_reg *r, const char *key, struct ps_jnode n, struct ps_fault *fault)
{
    const char *text = "";
    bool truth = false;

    switch (ps_jnode_type(n)) {
    case PS_JTYPE_NONE:
    case PS_JTYPE_NULL:
        return 0;
    case PS_JTYPE_STRING:
        (void)ps_jnode_str(n, 0, SIZE_MAX, &text, NULL);
        return set(r, key, text, n, fault);
    case PS_JTYPE_BOOL:
        (void)ps_jnode_bool(n, &truth, NULL);
        return set(r, key, truth ? "True" : "False", n, fault);
    case PS_JTYPE_NUMBER:
    case PS_JTYPE_ARRAY:
    case PS_JTYPE_OBJECT:
        break;
    }
    return set_raw(r, key, n, fault);
}

int es_param_flatten(struct es_reg *r, const char *key, struct ps_jnode n, struct ps_fault *fault)
{
    enum ps_jtype type = ps_jnode_type(n);
    char name[ES_REG_NAME_MAX + 2];
    size_t i = 0;
    int err = 0;

    if (type != PS_JTYPE_OBJECT && type != PS_JTYPE_ARRAY)
        return es_param_set(r, key, n, fault);
    for (struct ps_jnode m = ps_jnode_first(n); !err && ps_jnode_there(m); m = ps_jnode_next(m), i++) {
        const char *member = ps_jnode_key(m);
        if (member && member[0] == '_')
            continue;
        // One that does not fit is too long for a name as well.
        if (member)
            snprintf(name, sizeof name, "%s-%s", key, member);
        else
            snprintf(name, sizeof name, "%s-%zu", key, i);
        err = es_param_flatten(r, name, m, fault);
    }
    return err;
}

// --- registrations

static int read_window(struct ps_jnode n, uint32_t *out, struct ps_fault *fault)
{
    uint64_t window;
    const char *text;
    char *end;
    int err = 0;

    if (ps_jnode_str(n, 1, 20, &text, NULL) == 0) {
        errno = 0;
        window = strtoull(text, &end, 10);
        if (*end || errno || text[0] < '0' || text[0] > '9' || window > ES_SUMMARY_WINDOW_MAX)
            err = PS_ERANGE;
    } else {
        err = ps_jnode_u64(n, 0, ES_SUMMARY_WINDOW_MAX, &window, NULL);
    }
    if (err)
        ps_jnode_fault(n, fault, "wants a whole number of seconds from 0 to %d", ES_SUMMARY_WINDOW_MAX);
    else
        *out = (uint32_t)window;
    return err;
}

static int add_summary(struct es_reg *r, int event, struct ps_jnode n, struct ps_fault *fault)
{
    struct ps_jnode type, window;
    enum es_summary_type summary = ES_SUMMARY_BASE;
    uint32_t seconds = 0;
    const char *word;
    int err = ps_jnode_need(n, "summary-type", &type, fault);

    if (!err)
        err = ps_jnode_need(n, "summary-window", &window, fault);
    if (!err)
        err = ps_jnode_str(type, 1, 40, &word, fault);
    if (!err && es_summary_find(word, false, &summary)) {
        ps_jnode_fault(type, fault, "wants aggregation, average, statistics or base; got %s", word);
        return PS_EUNKNOWN;
    }
    if (!err)
        err = read_window(window, &seconds, fault);
    if (err || summary == ES_SUMMARY_BASE)
        return err;
    err = es_reg_summary(r, event, summary, seconds);
    if (err && err != -ENOMEM)
        ps_jnode_fault(n, fault, "%s of %s over %u s: %s", word, es_event_name(event), (unsigned)seconds,
                       err == PS_EUNSUPPORTED ? "values of this kind are not summarised so"
                                              : ps_strerror(err));
    return err;
}

static int add_event(struct es_reg *r, struct ps_jnode n, struct ps_fault *fault)
{
    struct ps_jnode type, summaries;
    const char *name;
    int event, err = ps_jnode_need(n, "event-type", &type, fault);

    if (!err)
        err = ps_jnode_str(type, 1, 100, &name, fault);
    if (err)
        return err;
    event = es_event_find(name);
    if (event < 0) {
        ps_jnode_fault(type, fault, "there is no event type '%s'", name);
        return PS_EUNKNOWN;
    }
    err = es_reg_event(r, event);
    summaries = ps_jnode_member(n, "summaries");
    if (!err && ps_jnode_there(summaries) && ps_jnode_type(summaries) != PS_JTYPE_NULL)
        err = ps_jnode_want(summaries, PS_JTYPE_ARRAY, fault);
    for (struct ps_jnode m = ps_jnode_first(summaries); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = add_summary(r, event, m, fault);
    return err;
}

static int add_events(struct es_reg *r, struct ps_jnode list, struct ps_fault *fault)
{
    int err = ps_jnode_want(list, PS_JTYPE_ARRAY, fault);

    for (struct ps_jnode m = ps_jnode_first(list); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = add_event(r, m, fault);
    return err;
}

// What the archive says of it when it is asked; somebody who hands on what he read has it in.
static bool is_told(const char *key)
{
    static const char *const words[] = {"uri", "url", "metadata-count-total", "metadata-previous-page",
                                        "metadata-next-page"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(key, words[i]) == 0)
            return true;
    return false;
}

static int add_member(struct es_reg *r, struct ps_jnode n, struct ps_fault *fault)
{
    const char *key = ps_jnode_key(n);

    if (strcmp(key, "event-types") == 0)
        return add_events(r, n, fault);
    if (is_told(key))
        return 0;
    if (strcmp(key, "metadata-key") != 0 && key[0])
        return es_param_set(r, key, n, fault);
    ps_jnode_fault(n, fault, key[0] ? "the archive makes the keys" : "a parameter needs a name");
    return PS_EMALFORMED;
}

int es_param_registration(struct es_reg *r, struct ps_jnode root, struct ps_fault *fault)
{
    struct ps_jnode events;
    int err = ps_jnode_need(root, "event-types", &events, fault);

    for (struct ps_jnode m = ps_jnode_first(root); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        err = add_member(r, m, fault);
    return err;
}

int es_param_listed(struct es_reg *r, struct ps_jnode object, struct ps_fault *fault)
{
    struct ps_jnode events;
    int err = ps_jnode_need(object, "event-types", &events, fault);

    for (struct ps_jnode m = ps_jnode_first(object); !err && ps_jnode_there(m); m = ps_jnode_next(m))
        if (strcmp(ps_jnode_key(m), "metadata-key") != 0)
            err = add_member(r, m, fault);
    return err;
}
