// SPDX-License-Identifier: Apache-2.0
// Which metadata a verb is about, from its options: the same for get and export.
#pragma once
#include "psarchive/catalog.h"
#include "psarchive/verb_options.h"

enum {
    CHOICE_SOURCE = VERB_OWN + 50,
    CHOICE_DESTINATION,
    CHOICE_AGENT,
    CHOICE_TOOL,
    CHOICE_EVENT,
    CHOICE_PARAM
};

// Lines of a table of options.
#define CHOICE_OPTIONS                                                                               \
    {CHOICE_SOURCE, "source", "ADDR", "only what is measured from this address", "Which"},           \
        {CHOICE_DESTINATION, "destination", "ADDR", "only what is measured to this address", NULL},  \
        {CHOICE_AGENT, "agent", "ADDR", "only what this measurement agent has measured", NULL},      \
        {CHOICE_TOOL, "tool", "NAME", "only what this tool has measured", NULL},                     \
        {CHOICE_EVENT, "event-type", "NAME", "only what has this event type", NULL},                 \
    {                                                                                                \
        CHOICE_PARAM, "param", "KEY=VALUE", "only what has this parameter; may be given again", NULL \
    }

struct choice {
    struct filter filter;
    char keys[FILTER_PARAMS_MAX][ES_REG_NAME_MAX + 1];
    char addresses[3][80];
};

// As verb_options' own. What is wrong is told.
int choice_set(struct choice *c, const char *prog, int letter, const char *value);
