// SPDX-License-Identifier: Apache-2.0
#include "psarchive/choice.h"
#include <stdio.h>
#include <string.h>
#include "base/ps_addr.h"
#include "base/ps_err.h"

static int add(struct choice *c, const char *prog, const char *key, const char *value)
{
    struct filter *f = &c->filter;
    if (f->nparams == FILTER_PARAMS_MAX) {
        fprintf(stderr, "%s: more than %d filters\n", prog, FILTER_PARAMS_MAX);
        return PS_ELIMIT;
    }
    f->params[f->nparams++] = (struct filter_param){.key = key, .values = {value}, .nvalues = 1};
    return 0;
}

// In the form in which they are kept.
static int add_address(struct choice *c, const char *prog, int which, const char *key, const char *value)
{
    struct ps_addr a;
    if (ps_addr_parse(value, 0, &a) != 0) {
        fprintf(stderr, "%s: '%s': wants an IP address\n", prog, value);
        return PS_ESYNTAX;
    }
    return add(c, prog, key, ps_addr_host(&a, c->addresses[which]));
}

static int add_event(struct choice *c, const char *prog, const char *name)
{
    c->filter.event = es_event_find(name);
    c->filter.by_event = true;
    if (c->filter.event >= 0)
        return 0;
    fprintf(stderr, "%s: there is no event type '%s'\n", prog, name);
    return PS_EUNKNOWN;
}

static int add_param(struct choice *c, const char *prog, const char *text)
{
    const char *equals = strchr(text, '=');
    char *key = c->keys[c->filter.nparams % FILTER_PARAMS_MAX];
    if (equals == NULL || equals == text || equals - text > ES_REG_NAME_MAX) {
        fprintf(stderr, "%s: --param '%s': wants KEY=VALUE\n", prog, text);
        return PS_ESYNTAX;
    }
    snprintf(key, ES_REG_NAME_MAX + 1, "%.*s", (int)(equals - text), text);
    return add(c, prog, key, equals + 1);
}

int choice_set(struct choice *c, const char *prog, int letter, const char *value)
{
    switch (letter) {
    case CHOICE_SOURCE:
        return add_address(c, prog, 0, "source", value);
    case CHOICE_DESTINATION:
        return add_address(c, prog, 1, "destination", value);
    case CHOICE_AGENT:
        return add_address(c, prog, 2, "measurement-agent", value);
    case CHOICE_TOOL:
        return add(c, prog, "tool-name", value);
    case CHOICE_EVENT:
        return add_event(c, prog, value);
    default:
        return add_param(c, prog, value);
    }
}
