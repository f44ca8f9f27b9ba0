// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_match.h"
#include <string.h>
#include <strings.h>

static const char *const styles[] = {"exact", "contains", "regex"};

void lim_match_read(struct lim_match *m, struct ps_jnode object, struct lim_faults *faults)
{
    struct lim_read r;
    struct ps_fault fault;
    lim_read_begin(&r, object, faults);
    m->style = (enum lim_style)lim_get_word(&r, "style", LIM_NEEDED, styles, 3, LIM_EXACT);
    m->text = lim_get_str(&r, "match", LIM_NEEDED, 0);
    m->caseless = lim_get_bool(&r, "case-insensitive", LIM_OPTIONAL, false);
    m->invert = lim_get_bool(&r, "invert", LIM_OPTIONAL, false);
    if (!lim_read_end(&r) || m->style != LIM_REGEX)
        return;
    if (ps_regex_new(m->text, m->caseless, &m->regex, &fault) != 0)
        lim_fault_at(faults, LIM_FAULT, ps_jnode_member(object, "match"), NULL,
                     "in JSON a backslash is written twice: \"\\\\.example\\\\.org$\"",
                     "is not a regular expression: %s", fault.text);
}

void lim_match_fini(struct lim_match *m)
{
    ps_regex_free(m->regex);
}

static int plain_match(const struct lim_match *m, const char *text)
{
    if (m->style == LIM_REGEX)
        return ps_regex_search(m->regex, text, strlen(text));
    if (m->style == LIM_EXACT)
        return (m->caseless ? strcasecmp(text, m->text) : strcmp(text, m->text)) == 0;
    return (m->caseless ? strcasestr(text, m->text) : strstr(text, m->text)) != NULL;
}

int lim_match(const struct lim_match *m, const char *text)
{
    int got = plain_match(m, text);
    return got >= 0 && m->invert ? !got : got;
}
