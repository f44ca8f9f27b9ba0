// SPDX-License-Identifier: Apache-2.0
#include "pslimits/explain.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "limits/lim_merge.h"
#include "limits/lim_hint.h"
#include "pslimits/exits.h"
#include "pslimits/ground.h"
#include "pslimits/judgement.h"
#include "pslimits/source.h"
#include "pslimits/tell.h"

#define TASK_MAX ((size_t)4 << 20)
#define DEFAULT_TASK "{\"test\":{\"type\":\"idle\",\"spec\":{\"duration\":\"PT2S\"}}}"

// What is explained.
struct question_asked {
    const struct options *o;
    struct ground ground;
    struct ps_jdoc *hints, *task, *run;
    struct lim_request request;
    int status;
};

// the request

static int put_member(struct ps_buf *b, const char *name, size_t len, const char *value)
{
    char key[200];
    if (len >= sizeof key)
        return PS_ELIMIT;
    memcpy(key, name, len);
    key[len] = '\0';
    int err = ps_buf_len(b) > 1 ? ps_buf_append(b, ",", 1) : 0;
    if (!err)
        err = lim_put_string(b, key);
    if (!err)
        err = ps_buf_append(b, ":", 1);
    return err ? err : lim_put_string(b, value);
}

static int put_hints(struct ps_buf *b, const struct options *o)
{
    int err = ps_buf_append(b, "{", 1);
    if (!err && o->requester)
        err = put_member(b, "requester", strlen("requester"), o->requester);
    for (size_t i = 0; i < o->nhints && !err; i++) {
        const char *equals = strchr(o->hints[i], '=');
        err = put_member(b, o->hints[i], (size_t)(equals - o->hints[i]), equals + 1);
    }
    return err ? err : ps_buf_append(b, "}", 1);
}

static int put_run(struct ps_buf *b, const struct options *o)
{
    int err = ps_buf_append(b, "{", 1);
    if (!err)
        err = put_member(b, "start", strlen("start"), o->start);
    if (!err)
        err = put_member(b, "duration", strlen("duration"), o->duration);
    return err ? err : ps_buf_append(b, "}", 1);
}

static int make_doc(int (*put)(struct ps_buf *, const struct options *), const struct options *o,
                    struct ps_jdoc **out)
{
    struct ps_buf b;
    struct ps_fault fault = {""};
    ps_buf_init(&b, 0);
    int err = put(&b, o);
    if (!err)
        err = ps_jdoc_parse(out, NULL, (char *)ps_buf_head(&b), ps_buf_len(&b), &fault);
    if (err)
        fprintf(stderr, "pslimits: %s\n", fault.text[0] ? fault.text : ps_strerror(err));
    ps_buf_fini(&b);
    return err;
}

// A file that cannot be read is a matter of the system, and not of usage: then *status says so.
static int read_task(const char *path, struct ps_jdoc **out, int *status)
{
    struct ps_fault fault = {""};
    char *text = NULL;
    size_t len;
    if (!path)
        return ps_jdoc_parse(out, NULL, DEFAULT_TASK, strlen(DEFAULT_TASK), NULL);
    int err = source_read(path, TASK_MAX, &text, &len);
    if (err) {
        *status = EXIT_SYSTEM;
        return err;
    }
    err = ps_jdoc_parse(out, source_name(path), text, len, &fault);
    if (err)
        fprintf(stderr, "pslimits: %s\n", fault.text);
    free(text);
    return err;
}

static int make_request(struct question_asked *q)
{
    struct ps_fault fault = {""};
    struct ps_jnode run = {NULL, 0};
    int err = make_doc(put_hints, q->o, &q->hints);
    if (!err)
        err = read_task(q->o->task, &q->task, &q->status);
    if (!err && q->o->start)
        err = make_doc(put_run, q->o, &q->run);
    if (err)
        return err;
    if (q->run)
        run = ps_jdoc_root(q->run);
    err = lim_request_read(&q->request, ps_jdoc_root(q->hints), ps_jdoc_root(q->task), run, &fault);
    if (err)
        fprintf(stderr, "pslimits: %s\n", fault.text);
    q->request.rewrite = !q->o->as_is && !q->run; // as where it is served: a run is of the task as it is
    return err;
}

// the verdict

static int print_json(const struct lim_verdict *v)
{
    struct ps_json j;
    ps_json_init(&j, stdout, true);
    ps_json_open(&j, '{');
    tell_json(&j, v, true);
    ps_json_close(&j, '}');
    return ps_json_end(&j);
}

static int print_text(const struct lim_verdict *v)
{
    tell_text(stdout, v);
    if (v->task)
        printf("the task as rewritten: %.*s\n", (int)v->task_len, v->task);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -EIO;
}

static void judged(void *ctx, const struct lim_verdict *v, const struct lim_eval *e)
{
    struct question_asked *q = ctx;
    int err = q->o->json ? print_json(v) : print_text(v);
    (void)e;
    q->status = v->busy ? EXIT_SYSTEM : v->passed ? EXIT_YES : EXIT_NO;
    if (err) {
        fprintf(stderr, "pslimits: standard output did not take the text\n");
        q->status = EXIT_SYSTEM;
    }
    ps_loop_stop(q->ground.loop);
}

// What is nearly one that is known is a slip, and no request.
static int check_hints(const struct question_asked *q, const struct lim_rules *rules)
{
    char near[LIM_NAME_HINT];
    struct ps_jnode hints = ps_jdoc_root(q->hints);
    const char *slip = lim_hint_slip(rules, hints, near);
    if (slip) {
        fprintf(stderr, "pslimits: neither pScheduler nor these rules know a hint \"%s\"; %s\n", slip, near);
        return EXIT_USAGE;
    }
    for (struct ps_jnode n = ps_jnode_first(hints); ps_jnode_there(n); n = ps_jnode_next(n))
        if (!lim_hint_is_known(rules, ps_jnode_key(n)))
            fprintf(stderr, "pslimits: warning: neither pScheduler nor these rules know a hint \"%s\"; %s\n",
                    ps_jnode_key(n), lim_hint_near(ps_jnode_key(n), near));
    return EXIT_YES;
}

static int judge(struct question_asked *q)
{
    struct regime *regime = NULL;
    int status = ground_regime(&q->ground, q->o->file, true, &regime);
    if (status != EXIT_YES)
        return status;
    status = check_hints(q, regime->rules);
    if (status != EXIT_YES) {
        regime_drop(regime);
        return status;
    }
    q->status = -1;
    int err = judgement_begin(facts_witness(q->ground.facts), regime, 0, &q->request, judged, q, NULL);
    if (!err && q->status < 0)
        err = ps_loop_run(q->ground.loop);
    regime_drop(regime);
    if (err < 0)
        fprintf(stderr, "pslimits: %s\n", ps_strerror(err));
    return err < 0 ? EXIT_SYSTEM : q->status;
}

int explain_run(const struct options *o)
{
    struct question_asked q = {.o = o, .status = EXIT_USAGE};
    int status = make_request(&q) ? q.status : ground_init(&q.ground, o);
    if (status == EXIT_YES)
        status = judge(&q);
    ground_fini(&q.ground);
    ps_jdoc_free(q.hints);
    ps_jdoc_free(q.task);
    ps_jdoc_free(q.run);
    return status;
}
