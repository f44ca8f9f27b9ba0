// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_hint.h"
#include <stdio.h>
#include <string.h>
#include "base/ps_near.h"

static const char *const given[] = {"requester", "server", "requester-proxied-by"};
#define GIVEN (sizeof given / sizeof *given)

bool lim_hint_is_given(const char *name)
{
    for (size_t i = 0; i < GIVEN; i++)
        if (strcmp(name, given[i]) == 0)
            return true;
    return false;
}

bool lim_hint_is_known(const struct lim_rules *rules, const char *name)
{
    bool known = lim_hint_is_given(name);
    for (size_t i = 0; i < rules->nidentifiers && !known; i++)
        known = rules->identifiers[i].type == LIM_ID_HINT && strcmp(rules->identifiers[i].hint, name) == 0;
    for (size_t i = 0; i < rules->nprograms && !known; i++)
        known = strstr(rules->programs[i]->text, name) != NULL;
    return known;
}

const char *lim_hint_near(const char *name, char out[LIM_NAME_HINT])
{
    return lim_name_hint(name, given, GIVEN, out);
}

// Of those given and those that identifiers look for.
static const char *nearest(const struct lim_rules *rules, const char *name)
{
    const char *near = ps_near(name, given, GIVEN);
    for (size_t i = 0; i < rules->nidentifiers && !near; i++)
        if (rules->identifiers[i].type == LIM_ID_HINT)
            near = ps_near(name, &rules->identifiers[i].hint, 1);
    return near;
}

const char *lim_hint_slip(const struct lim_rules *rules, struct ps_jnode hints, char near[LIM_NAME_HINT])
{
    for (struct ps_jnode n = ps_jnode_first(hints); ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *name = ps_jnode_key(n);
        if (name[0] == '#' || lim_hint_is_known(rules, name))
            continue;
        const char *meant = nearest(rules, name);
        if (!meant)
            continue;
        snprintf(near, LIM_NAME_HINT, "did you mean \"%.100s\"?", meant);
        return name;
    }
    return NULL;
}
