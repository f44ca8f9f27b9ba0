// SPDX-License-Identifier: Apache-2.0
#include "pslimits/try.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "limits/lim_merge.h"
#include "limits/lim_same.h"
#include "pslimits/cases.h"
#include "pslimits/exits.h"
#include "pslimits/ground.h"
#include "pslimits/judgement.h"
#include "pslimits/report.h"
#include "pslimits/source.h"
#include "pslimits/tell.h"

struct trial {
    const struct options *o;
    struct ground ground;
    struct regime *regime;
    struct cases cases;
    struct witness witness;
    const struct case_of *now;
    size_t failed;
    bool judged;
    struct ps_buf amiss; // with the case under way
    struct ps_json json;
};

// A case is not as expected.
static void miss(struct trial *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void miss(struct trial *t, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)ps_buf_printf(&t->amiss, "%s%s", ps_buf_len(&t->amiss) ? "; " : "", text);
}

static bool in_array(struct ps_jnode array, const char *name)
{
    for (struct ps_jnode n = ps_jnode_first(array); ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *s = "";
        if (ps_jnode_str(n, 0, SIZE_MAX, &s, NULL) == 0 && strcmp(s, name) == 0)
            return true;
    }
    return false;
}

static void compare_classifiers(struct trial *t, const struct lim_eval *e)
{
    struct ps_jnode want = t->now->classifiers;
    const size_t *got;
    size_t n = lim_eval_classifiers(e, &got), there = 0;
    struct ps_buf names;
    if (!ps_jnode_there(want))
        return;
    ps_buf_init(&names, 400);
    for (size_t i = 0; i < n; i++) {
        const char *name = t->regime->rules->classifiers[got[i]].name;
        there += in_array(want, name);
        (void)ps_buf_printf(&names, "%s%s", i ? ", " : "", name);
    }
    if (there != n || n != ps_jnode_count(want))
        miss(t, "it is classified as %.*s", n ? (int)ps_buf_len(&names) : 7,
             n ? (const char *)ps_buf_head(&names) : "nothing");
    ps_buf_fini(&names);
}

static void compare_task(struct trial *t, const struct lim_verdict *v)
{
    struct ps_jnode task = t->now->request.task;
    struct ps_jdoc *doc = NULL;
    size_t len;
    if (!ps_jnode_there(t->now->task))
        return;
    if (v->task && ps_jdoc_parse(&doc, NULL, v->task, v->task_len, NULL) == 0)
        task = ps_jdoc_root(doc);
    const char *raw = ps_jnode_raw(task, &len);
    if (!lim_same(task, t->now->task))
        miss(t, "the task is %.*s", (int)(len > 400 ? 400 : len), raw);
    ps_jdoc_free(doc);
}

static void compare_priority(struct trial *t, const struct lim_verdict *v)
{
    int64_t want;
    if (!ps_jnode_there(t->now->priority))
        return;
    if (ps_jnode_i64(t->now->priority, INT64_MIN, INT64_MAX, &want, NULL) != 0) {
        if (v->has_priority)
            miss(t, "the priority is %lld", (long long)v->priority);
    } else if (!v->has_priority) {
        miss(t, "there is no priority");
    } else if (want != v->priority) {
        miss(t, "the priority is %lld", (long long)v->priority);
    }
}

static bool is_told(const struct lim_verdict *v, const char *words)
{
    for (size_t i = 0; i < v->reasons->n; i++)
        if (v->reasons->at[i].text && strstr(v->reasons->at[i].text, words))
            return true;
    return false;
}

static void put_result(struct trial *t, const struct lim_verdict *v, bool good)
{
    struct ps_json *j = &t->json;
    char amiss[1000];
    snprintf(amiss, sizeof amiss, "%.*s", good ? 0 : (int)ps_buf_len(&t->amiss),
             good ? "" : (const char *)ps_buf_head(&t->amiss));
    ps_json_open(j, '{');
    ps_json_put_str(j, "name", t->now->name);
    ps_json_put_bool(j, "as-expected", good);
    ps_json_put_str(j, "amiss", good ? NULL : amiss);
    tell_json(j, v, !good);
    ps_json_close(j, '}');
}

static void print_result(const struct trial *t, const struct lim_verdict *v, bool good)
{
    if (good && !t->o->quiet)
        printf("ok    %s\n", t->now->name);
    if (good)
        return;
    printf("WRONG %s (line %d): %.*s\n", t->now->name, t->now->line, (int)ps_buf_len(&t->amiss),
           (const char *)ps_buf_head(&t->amiss));
    tell_text(stdout, v);
}

static void judged(void *ctx, const struct lim_verdict *v, const struct lim_eval *e)
{
    struct trial *t = ctx;
    if (v->passed != t->now->passed)
        miss(t, "it is %s: %s", v->passed ? "passed" : "denied", v->why);
    compare_classifiers(t, e);
    compare_task(t, v);
    compare_priority(t, v);
    if (t->now->why[0] && !is_told(v, t->now->why))
        miss(t, "no reason says \"%s\"", t->now->why);
    bool good = ps_buf_len(&t->amiss) == 0;
    t->failed += !good;
    if (t->o->json)
        put_result(t, v, good);
    else
        print_result(t, v, good);
    ps_buf_clear(&t->amiss);
    t->judged = true;
    ps_loop_stop(t->ground.loop);
}

static int try_one(struct trial *t, struct case_of *c)
{
    t->now = c;
    t->judged = false;
    t->witness = (struct witness){made_up_ask, &c->facts, NULL};
    int err = judgement_begin(&t->witness, t->regime, 0, &c->request, judged, t, NULL);
    while (!err && !t->judged)
        err = ps_loop_run(t->ground.loop);
    return err < 0 ? err : 0;
}

static int try_all(struct trial *t)
{
    int err = 0;
    if (t->o->json) {
        ps_json_init(&t->json, stdout, true);
        ps_json_open(&t->json, '[');
    }
    for (size_t i = 0; i < t->cases.n && !err; i++)
        err = try_one(t, &t->cases.at[i]);
    if (err) {
        fprintf(stderr, "pslimits: %s\n", ps_strerror(err));
        return EXIT_SYSTEM;
    }
    if (t->o->json)
        ps_json_close(&t->json, ']');
    else
        printf("%zu of %zu cases as expected\n", t->cases.n - t->failed, t->cases.n);
    err = t->o->json ? ps_json_end(&t->json) : 0;
    if (err || fflush(stdout) != 0) {
        fprintf(stderr, "pslimits: standard output did not take the text\n");
        return EXIT_SYSTEM;
    }
    return t->failed ? EXIT_NO : EXIT_YES;
}

static int read_cases(struct trial *t)
{
    struct lim_faults faults;
    char *text = NULL;
    size_t len;
    if (source_read(t->o->cases, LIM_FILE_MAX, &text, &len) != 0)
        return EXIT_SYSTEM;
    lim_faults_init(&faults);
    int err = cases_read(&t->cases, text, len, t->regime->rules, &faults);
    for (size_t i = 0; err && i < faults.n; i++)
        fprintf(stderr, "pslimits: %s:%d: %s: %s%s%s\n", source_name(t->o->cases), faults.at[i].line,
                faults.at[i].path, faults.at[i].text, faults.at[i].hint ? "; " : "",
                faults.at[i].hint ? faults.at[i].hint : "");
    lim_faults_fini(&faults);
    free(text);
    return err ? EXIT_SYSTEM : EXIT_YES;
}

int try_run(const struct options *o)
{
    struct trial t = {.o = o};
    ps_buf_init(&t.amiss, 4096);
    int status = ground_init(&t.ground, o);
    if (status == EXIT_YES)
        status = ground_regime(&t.ground, o->file, false, &t.regime);
    if (status == EXIT_YES)
        status = read_cases(&t);
    if (status == EXIT_YES)
        status = try_all(&t);
    regime_drop(t.regime);
    cases_fini(&t.cases);
    ps_buf_fini(&t.amiss);
    ground_fini(&t.ground);
    return status;
}
