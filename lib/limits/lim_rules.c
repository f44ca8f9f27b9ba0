// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_rules.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "limits/lim_match.h"
#include "limits/lim_script.h"

const char *const lim_id_types[LIM_ID_TYPES] = {
    "always",       "hint",           "ip-cidr-list", "ip-cidr-list-url", "ip-cymru-bogon",
    "ip-cymru-asn", "ip-reverse-dns", "jq",           "localif",          "local-subnet"};
const char *const lim_limit_types[LIM_LIMIT_TYPES] = {"pass-fail",     "test-type",    "jq",
                                                      "run-daterange", "run-schedule", "url-fetch"};
const char *const lim_requires[4] = {"none", "one", "any", "all"};
const char *const lim_fields[LIM_FIELDS] = {"year",    "month", "week",   "day",
                                            "weekday", "hour",  "minute", "second"};

static void free_identifier(struct lim_identifier *id)
{
    lim_match_fini(&id->match);
    free(id->nets.net);
    ps_netset_free(id->nets.set);
    free(id->asns);
}

static void free_limit(struct lim_limit *l)
{
    ps_jdoc_free(l->merged);
    free(l->types);
    free(l->schedule.years);
}

static void free_application(struct lim_application *a)
{
    for (size_t i = 0; i < a->ngroups; i++)
        free(a->groups[i].limits);
    free(a->groups);
}

static void free_lists(struct lim_rules *r)
{
    for (size_t i = 0; i < r->nprograms; i++)
        lim_program_free(r->programs[i]);
    for (size_t i = 0; i < r->nlists; i++)
        free(r->lists[i]);
    free(r->programs);
    free(r->lists);
}

void lim_rules_free(struct lim_rules *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->nidentifiers; i++)
        free_identifier(&r->identifiers[i]);
    for (size_t i = 0; i < r->nclassifiers; i++)
        free(r->classifiers[i].identifiers);
    for (size_t i = 0; i < r->nlimits; i++)
        free_limit(&r->limits[i]);
    for (size_t i = 0; i < r->napplications; i++)
        free_application(&r->applications[i]);
    free(r->identifiers);
    free(r->classifiers);
    free(r->limits);
    free(r->applications);
    free_lists(r);
    ps_jdoc_free(r->doc);
    free(r);
}

bool lim_is_url(const char *text, size_t len, char *out, size_t size)
{
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    while (len > 0 && isspace((unsigned char)*text)) {
        text++;
        len--;
    }
    if (len > 2 && text[0] == '"' && text[len - 1] == '"') {
        text++;
        len -= 2;
    }
    if (len < 8 || len >= size || (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == '"' || text[i] == 0x7f)
            return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}
