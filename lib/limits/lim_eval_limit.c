// SPDX-License-Identifier: Apache-2.0
// May it be? Limits, each with its reason.
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "limits/lim_eval_impl.h"
#include "limits/lim_schedule.h"

// A limit that could not be judged fails, inverted or not.
static void decide(struct lim_eval *e, size_t i, bool yes, const char *why)
{
    const struct lim_limit *l = &e->rules->limits[i];
    const char *inverted = !l->invert ? "" : yes ? " (passed, but inverted)" : " (inverted)";
    lim_decide(e, &e->limits[i], yes != l->invert ? LIM_YES : LIM_NO, "%s%s", why, inverted);
}

static void by_type(struct lim_eval *e, size_t i)
{
    const struct lim_limit *l = &e->rules->limits[i];
    char why[300];
    bool yes = false;
    for (size_t k = 0; k < l->ntypes; k++)
        yes |= strcmp(l->types[k], e->request.test_type) == 0;
    snprintf(why, sizeof why, "test \"%.200s\" is %s", e->request.test_type, yes ? "listed" : "not listed");
    decide(e, i, yes, why);
}

static ps_ns run_end(const struct lim_request *q)
{
    ps_ns end;
    return __builtin_add_overflow(q->start.at, q->duration, &end) ? INT64_MAX : end;
}

static void by_daterange(struct lim_eval *e, size_t i)
{
    const struct lim_limit *l = &e->rules->limits[i];
    char from[PS_ISO8601_TIME], to[PS_ISO8601_TIME], why[300];
    bool yes = lim_daterange_has(l, e->request.start.at, run_end(&e->request));
    snprintf(why, sizeof why, "the run, %.60s for %.60s, is %s %s to %s", e->request.start_text,
             e->request.duration_text, yes ? "within" : "not within", ps_iso8601_put_time(&l->start, from),
             ps_iso8601_put_time(&l->end, to));
    decide(e, i, yes, why);
}

static unsigned given_fields(const struct lim_schedule *s)
{
    unsigned given = 0;
    for (unsigned f = 0; f < LIM_FIELDS; f++)
        given |= s->given[f] ? 1u << f : 0;
    return given;
}

static void by_schedule(struct lim_eval *e, size_t i)
{
    const struct lim_schedule *s = &e->rules->limits[i].schedule;
    const struct lim_request *q = &e->request;
    char words[400];
    struct ps_buf why;
    unsigned wrong;
    bool yes = lim_schedule_has(s, &q->start, q->duration, &wrong);
    ps_buf_init(&why, 0);
    // A limit that is inverted fails by what matches.
    unsigned of_interest = yes ? given_fields(s) : wrong;
    for (unsigned f = 0; f < LIM_FIELDS; f++)
        if (of_interest & 1u << f)
            (void)ps_buf_printf(&why, "%s%s",
                                ps_buf_len(&why) ? "; "
                                : yes            ? "the run's time matches: "
                                                 : "the run's ",
                                lim_schedule_words(s, &q->start, q->duration, f, words, sizeof words));
    (void)ps_buf_append(&why, "", 1);
    decide(e, i, yes, ps_buf_len(&why) > 1 ? (char *)ps_buf_head(&why) : "the run's time may be any");
    ps_buf_fini(&why);
}

static bool is_about_runs(const struct lim_limit *l)
{
    return l->type == LIM_DATERANGE || l->type == LIM_SCHEDULE;
}

bool lim_limit(struct lim_eval *e, size_t i, struct lim_ask *ask)
{
    const struct lim_limit *l = &e->rules->limits[i];
    struct lim_item *item = &e->limits[i];
    item->state = LIM_ASKED;
    *ask = (struct lim_ask){.id = (unsigned)i, .of = l->name, .requester = &e->request.requester};
    if (is_about_runs(l) && !e->request.has_run)
        lim_decide(e, item, LIM_YES, "is for runs; this is a task");
    else if (l->type == LIM_PASS_FAIL)
        decide(e, i, l->pass, l->pass ? "always passes" : "never passes");
    else if (l->type == LIM_TEST_TYPE)
        by_type(e, i);
    else if (l->type == LIM_DATERANGE)
        by_daterange(e, i);
    else if (l->type == LIM_SCHEDULE)
        by_schedule(e, i);
    else if (l->type == LIM_FETCH)
        return lim_fetch_ask(e, i, ask);
    if (item->state == LIM_DONE)
        return false;
    ask->fact = LIM_FACT_JQ;
    ask->program = l->program;
    ask->input = (struct lim_text){(const char *)ps_buf_head(&e->input), ps_buf_len(&e->input)};
    return true;
}

// true passes; false, and a string with its reason, do not; nor does anything else.
static void by_output(struct lim_eval *e, size_t i, const struct lim_answer *a)
{
    struct ps_jdoc *doc = NULL;
    const char *reason = NULL;
    bool yes = false;
    int err = a->text ? ps_jdoc_parse(&doc, NULL, a->text, a->len, NULL) : PS_ENOTFOUND;
    if (err)
        lim_decide(e, &e->limits[i], LIM_ERROR,
                   a->text ? "the script's answer cannot be read" : "the script says nothing");
    else if (ps_jnode_bool(ps_jdoc_root(doc), &yes, NULL) == 0)
        decide(e, i, yes, yes ? "the script says true" : "the script says false");
    else if (ps_jnode_str(ps_jdoc_root(doc), 0, SIZE_MAX, &reason, NULL) == 0)
        decide(e, i, false, reason);
    else
        lim_decide(e, &e->limits[i], LIM_ERROR,
                   "the script's answer is %s, which is neither true or false nor a reason",
                   ps_jtype_words(ps_jnode_type(ps_jdoc_root(doc))));
    ps_jdoc_free(doc);
}

void lim_limited(struct lim_eval *e, size_t i, const struct lim_answer *a)
{
    const struct lim_limit *l = &e->rules->limits[i];
    if (l->type == LIM_FETCH)
        lim_fetched(e, i, a);
    else if (a->err)
        lim_no_answer(e, &e->limits[i], LIM_ERROR, a);
    else
        by_output(e, i, a);
}
