// SPDX-License-Identifier: Apache-2.0
// One metadata: registered, then its series one after the other, page by page: points first, shares behind the counts
// that they are shares of, then sums of the time before the first point.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "esmond/es_param.h"
#include "psarchive/pull_impl.h"

#define PAGE 1000

struct step {
    struct pull_series series;
    char *uri;
};

struct pull_job {
    struct ps_list link;
    struct pull *p;
    struct es_reg reg;
    char key[2 * ES_REG_KEY_LEN + 1]; // there
    uint8_t id[ES_REG_KEY_LEN];
    const struct meta *meta; // here
    struct step *steps;
    size_t nsteps, at;
    int64_t next; // ts from which on the step's next page is; -1: it has not begun
    int64_t end;
};

struct ps_list *pull_job_link(struct pull_job *j)
{
    return &j->link;
}

struct pull_job *pull_job_of(struct ps_list *link)
{
    return PS_CONTAINER(link, struct pull_job, link);
}

void pull_job_free(struct pull_job *j)
{
    if (j == NULL)
        return;
    for (size_t i = 0; i < j->nsteps; i++)
        free(j->steps[i].uri);
    free(j->steps);
    es_reg_fini(&j->reg);
    meta_unref(j->meta);
    free(j);
}

// --- what there is to ask for

static const char *text_of(struct ps_jnode object, const char *key)
{
    const char *text;
    return ps_jnode_str(ps_jnode_member(object, key), 1, 4096, &text, NULL) == 0 ? text : NULL;
}

static int add_step(struct pull_job *j, const struct pull_series *series, const char *uri)
{
    struct step *steps = realloc(j->steps, (j->nsteps + 1) * sizeof *steps);
    if (steps == NULL)
        return -ENOMEM;
    j->steps = steps;
    steps[j->nsteps] = (struct step){*series, strdup(uri)};
    return steps[j->nsteps++].uri != NULL ? 0 : -ENOMEM;
}

// Statistics are made of histograms, and sums of no window are the points.
static int add_summary(struct pull_job *j, int event, struct ps_jnode n)
{
    const char *type = text_of(n, "summary-type"), *uri = text_of(n, "uri"),
               *text = text_of(n, "summary-window");
    struct pull_series s = {.event = (uint8_t)event};
    enum es_summary_type summary;
    uint64_t window = 0;
    memcpy(s.key, j->id, ES_REG_KEY_LEN);
    if (text != NULL)
        (void)ps_num_u64(text, 10, 0, ES_SUMMARY_WINDOW_MAX, &window);
    else
        (void)ps_jnode_u64(ps_jnode_member(n, "summary-window"), 0, ES_SUMMARY_WINDOW_MAX, &window, NULL);
    if (type == NULL || uri == NULL || window == 0 || es_summary_find(type, false, &summary) != 0 ||
        (summary != ES_SUMMARY_AGGREGATION && summary != ES_SUMMARY_AVERAGE))
        return 0;
    s.type = (uint8_t)summary;
    s.window = (uint32_t)window;
    return add_step(j, &s, uri);
}

static int add_event(struct pull_job *j, struct ps_jnode n)
{
    const char *name = text_of(n, "event-type"), *uri = text_of(n, "base-uri");
    struct pull_series s = {.type = ES_SUMMARY_BASE};
    int event = name != NULL ? es_event_find(name) : -1, err;
    if (event < 0 || uri == NULL)
        return 0;
    s.event = (uint8_t)event;
    memcpy(s.key, j->id, ES_REG_KEY_LEN);
    err = add_step(j, &s, uri);
    struct ps_jnode m = ps_jnode_first(ps_jnode_member(n, "summaries"));
    for (; err == 0 && ps_jnode_there(m); m = ps_jnode_next(m))
        err = add_summary(j, event, m);
    return err;
}

static int rank(const struct step *s)
{
    bool share = es_event_kind(s->series.event) == ES_EVENT_PERCENTAGE;
    return (s->series.type != ES_SUMMARY_BASE) * 2 + share;
}

static int by_rank(const void *a, const void *b)
{
    const struct step *x = a, *y = b;
    if (rank(x) != rank(y))
        return rank(x) - rank(y);
    if (x->series.event != y->series.event)
        return x->series.event - y->series.event;
    if (x->series.type != y->series.type)
        return x->series.type - y->series.type;
    return x->series.window < y->series.window ? -1 : x->series.window > y->series.window;
}

int pull_job_new(struct pull *p, struct ps_jnode object, struct pull_job **out, struct ps_fault *fault)
{
    struct pull_job *j = calloc(1, sizeof *j);
    const char *key;
    if (j == NULL)
        return -ENOMEM;
    j->p = p;
    j->next = -1;
    ps_list_init(&j->link);
    es_reg_init(&j->reg);
    int err = ps_jnode_str(ps_jnode_member(object, "metadata-key"), 2 * ES_REG_KEY_LEN, 2 * ES_REG_KEY_LEN,
                           &key, fault);
    if (err == 0 && (err = ps_num_hex(key, j->id, ES_REG_KEY_LEN)) != 0)
        ps_jnode_fault(object, fault, "wants a metadata-key of 32 hexadecimal digits; got %.40s", key);
    if (err == 0) {
        memcpy(j->key, key, sizeof j->key);
        err = es_param_listed(&j->reg, object, fault);
    }
    if (err == 0)
        err = es_reg_check(&j->reg, fault);
    struct ps_jnode n = ps_jnode_first(ps_jnode_member(object, "event-types"));
    for (; err == 0 && ps_jnode_there(n); n = ps_jnode_next(n))
        err = add_event(j, n);
    if (err != 0) {
        pull_job_free(j);
        return err;
    }
    if (j->nsteps > 0)
        qsort(j->steps, j->nsteps, sizeof *j->steps, by_rank);
    *out = j;
    return 0;
}

// --- the way through the steps

static void step(struct pull_job *j);

static void end(struct pull_job *j)
{
    struct pull *p = j->p;
    pull_job_free(j);
    pull_job_ended(p);
}

static void leave_step(struct pull_job *j)
{
    j->at++;
    j->next = -1;
}

static bool register_job(struct pull_job *j)
{
    struct pull *p = j->p;
    struct put *put = put_new(NULL);
    int err = put != NULL ? 0 : -ENOMEM;
    if (err == 0) {
        put_register(put, &j->reg);
        put->reg.keyed = true;
        memcpy(put->reg.key, j->id, ES_REG_KEY_LEN);
        err = pull_put(p, put);
    }
    if (err == 0)
        j->meta = meta_ref(put->meta);
    else if (err < 0 && err > PS_ESHORT) // the system's
        pull_fail(p, EXIT_SYSTEM, "%s: %s", store_path(p->w->store), ps_strerror(err));
    else
        pull_refuse(p, "metadata %s: %s", j->key, ps_strerror(err));
    put_free(put);
    return err == 0;
}

// ts of the first point that is here; INT64_MAX: there is none.
static int64_t first_point(const struct pull_job *j, int event)
{
    struct series *s;
    const struct point *point;
    int64_t ts = INT64_MAX;
    if (series_open(&s, j->p->w->reader, j->meta, event, ES_SUMMARY_BASE, 0, 0, INT64_MAX) != 0)
        return ts;
    if (series_next(s, &point) > 0)
        ts = point->ts;
    series_close(s);
    return ts;
}

// A roll-up has one sum and one count: what has a sum and an average of a window cannot be made from either.
static bool is_ambiguous(const struct pull_job *j, const struct step *s)
{
    enum es_summary_type other =
        s->series.type == ES_SUMMARY_AVERAGE ? ES_SUMMARY_AGGREGATION : ES_SUMMARY_AVERAGE;
    return meta_has_summary(j->meta, s->series.event, other, s->series.window);
}

// Whether there is anything to be asked for.
static bool begin_step(struct pull_job *j, const struct step *s)
{
    const struct pull_conf *conf = j->p->conf;
    int64_t here = pull_state_get(j->p->state, &s->series, conf->from);
    j->next = here >= conf->from ? here + 1 : conf->from;
    j->end = conf->to;
    if (s->series.type == ES_SUMMARY_BASE)
        return meta_has_event(j->meta, s->series.event) && j->next <= j->end;
    if (!meta_has_summary(j->meta, s->series.event, (enum es_summary_type)s->series.type, s->series.window) ||
        is_ambiguous(j, s))
        return false;
    int64_t first = first_point(j, s->series.event);
    j->end = first <= j->end ? first - 1 : j->end;
    return j->next <= j->end;
}

// False: no page comes any more.
static bool take_page(struct pull_job *j, struct ps_jnode root)
{
    struct pull *p = j->p;
    const struct step *s = &j->steps[j->at];
    struct pull_page page = {.meta = j->meta, .series = s->series, .points = root};
    if (ps_jnode_count(root) == 0)
        return false;
    if (pull_page_store(p, &page) != 0)
        return false;
    if (page.last < j->next) { // it does not heed the time that was asked for, or nothing can be read
        pull_refuse(p, "%s %s: a page that was asked for from %lld on has nothing of that time", j->key,
                    es_event_name(s->series.event), (long long)j->next);
        return false;
    }
    int err = pull_state_note(p->state, &s->series, p->conf->from, page.last);
    if (err != 0)
        pull_fail(p, EXIT_SYSTEM, "%s: %s", p->conf->state, ps_strerror(err));
    j->next = page.last + 1;
    return err == 0;
}

static void answered(void *ctx, const struct remote_answer *a)
{
    struct pull_job *j = ctx;
    struct pull *p = j->p;
    if (p->status == 0 && a->missing)
        p->tally.missing++;
    else if (p->status == 0 && a->why != NULL)
        pull_fail(p, EXIT_NET, "%s", a->why);
    if (p->status != 0 || a->why != NULL || !take_page(j, a->root))
        leave_step(j);
    pull_show(p, false);
    step(j);
}

static int ask(struct pull_job *j, const struct step *s)
{
    struct ps_buf b;
    ps_buf_init(&b, 8192);
    int err = ps_buf_printf(&b, "%s?time-start=%lld&time-end=%lld&limit=%d", s->uri, (long long)j->next,
                            (long long)j->end, PAGE);
    if (err == 0)
        err = ps_buf_append(&b, "", 1);
    if (err == 0)
        err = remote_get(j->p->remote, (const char *)ps_buf_head(&b), answered, j);
    ps_buf_fini(&b);
    return err;
}

static void step(struct pull_job *j)
{
    struct pull *p = j->p;
    for (; p->status == 0 && j->at < j->nsteps; leave_step(j)) {
        const struct step *s = &j->steps[j->at];
        if (j->next < 0 ? !begin_step(j, s) : j->next > j->end)
            continue;
        int err = ask(j, s);
        if (err == 0)
            return;
        if (err == PS_EREFUSED || err == PS_ESYNTAX)
            pull_refuse(p, "%s %s: '%.200s' is no place in the archive that was asked", j->key,
                        es_event_name(s->series.event), s->uri);
        else
            pull_fail(p, EXIT_SYSTEM, "%s", ps_strerror(err));
    }
    if (p->status == 0)
        p->tally.metas++;
    end(j);
}

void pull_job_start(struct pull_job *j)
{
    if (register_job(j))
        step(j);
    else
        end(j);
}
