// SPDX-License-Identifier: Apache-2.0
// The limit url-fetch: up to three transforms make the question, somebody else's server answers it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "limits/lim_eval_impl.h"
#include "limits/lim_merge.h"

enum step { STEP_URL, STEP_HEADERS, STEP_PARAMS, STEP_FETCH };

// What the transforms have made so far.
struct lim_fetching {
    struct ps_buf input;
    struct ps_jdoc *made[STEP_FETCH];
    const char *url;
    struct ps_jnode headers, params;
};

void lim_fetching_free(struct lim_fetching *f)
{
    if (!f)
        return;
    for (int i = 0; i < STEP_FETCH; i++)
        ps_jdoc_free(f->made[i]);
    ps_buf_fini(&f->input);
    free(f);
}

// What then holds is the rules' to say; where they do not, nobody knows.
static void failed(struct lim_eval *e, size_t i, const char *what, const char *why)
{
    const struct lim_limit *l = &e->rules->limits[i];
    bool passes = l->fetch.fail_result, said = l->fetch.has_fail_result;
    enum lim_result result = !said ? LIM_ERROR : passes != l->invert ? LIM_YES : LIM_NO;
    lim_decide(e, &e->limits[i], result, "%s%s%s%s", what, why ? ": " : "", why ? why : "",
               !said    ? ""
               : passes ? " (fail-result is true)"
                        : " (fail-result is false)");
}

static struct lim_fetching *begin(const struct lim_fetch *f)
{
    struct lim_fetching *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    ps_buf_init(&g->input, 0);
    g->url = f->url;
    g->headers = f->headers;
    g->params = f->params;
    return g;
}

static int put_node(struct ps_buf *out, const char *key, struct ps_jnode n, const char *otherwise)
{
    size_t len = strlen(otherwise);
    const char *raw = ps_jnode_there(n) ? ps_jnode_raw(n, &len) : otherwise;
    int err = ps_buf_printf(out, ",\"%s\":", key);
    return err ? err : ps_buf_append(out, raw, len);
}

// {"url","headers","params","task","run"}: the last two are the same, by documentation and by custom.
static int put_input(struct lim_eval *e, struct lim_fetching *g)
{
    struct ps_buf *b = &g->input;
    ps_buf_clear(b);
    int err = ps_buf_printf(b, "{\"url\":");
    if (!err)
        err = lim_put_string(b, g->url);
    if (!err)
        err = put_node(b, "headers", g->headers, "{}");
    if (!err)
        err = put_node(b, "params", g->params, "{}");
    for (int k = 0; k < 2 && !err; k++) {
        err = ps_buf_printf(b, ",\"%s\":", k ? "run" : "task");
        if (!err)
            err = ps_buf_append(b, ps_buf_head(&e->input), ps_buf_len(&e->input));
    }
    return err ? err : ps_buf_append(b, "}", 1);
}

static bool ask_program(struct lim_eval *e, size_t i, const struct lim_program *p, struct lim_ask *ask)
{
    struct lim_fetching *g = e->limits[i].fetching;
    if (put_input(e, g) != 0) {
        lim_decide(e, &e->limits[i], LIM_ERROR, "%s", ps_strerror(-ENOMEM));
        return false;
    }
    ask->fact = LIM_FACT_JQ;
    ask->program = p;
    ask->input = (struct lim_text){(const char *)ps_buf_head(&g->input), ps_buf_len(&g->input)};
    ask->given[0].text = ps_jnode_raw(e->request.hints, &ask->given[0].len);
    return true;
}

static void ask_server(struct lim_eval *e, size_t i, struct lim_ask *ask)
{
    const struct lim_fetching *g = e->limits[i].fetching;
    const struct lim_fetch *f = &e->rules->limits[i].fetch;
    ask->fact = LIM_FACT_FETCH;
    ask->url = g->url;
    ask->headers = g->headers;
    ask->params = g->params;
    ask->timeout = f->timeout;
    ask->fetch = f;
}

bool lim_fetch_ask(struct lim_eval *e, size_t i, struct lim_ask *ask)
{
    const struct lim_fetch *f = &e->rules->limits[i].fetch;
    const struct lim_program *program[STEP_FETCH] = {f->url_transform, f->headers_transform,
                                                     f->params_transform};
    struct lim_item *item = &e->limits[i];
    if (!item->fetching)
        item->fetching = begin(f);
    if (!item->fetching) {
        lim_decide(e, &e->limits[i], LIM_ERROR, "%s", ps_strerror(-ENOMEM));
        return false;
    }
    while (item->step < STEP_FETCH && !program[item->step])
        item->step++;
    if (item->step < STEP_FETCH)
        return ask_program(e, i, program[item->step], ask);
    ask_server(e, i, ask);
    return true;
}

// What a transform made: a string, or everything it was given with its part changed.
static int take(struct lim_fetching *g, unsigned step, const struct lim_answer *a)
{
    static const char *const parts[] = {[STEP_HEADERS] = "headers", [STEP_PARAMS] = "params"};
    int err = a->text ? ps_jdoc_parse(&g->made[step], NULL, a->text, a->len, NULL) : PS_ENOTFOUND;
    if (err)
        return err;
    struct ps_jnode root = ps_jdoc_root(g->made[step]);
    if (step == STEP_URL)
        return ps_jnode_str(root, 1, SIZE_MAX, &g->url, NULL);
    struct ps_jnode part = ps_jnode_member(root, parts[step]);
    if (ps_jnode_type(root) != PS_JTYPE_OBJECT ||
        (ps_jnode_there(part) && ps_jnode_type(part) != PS_JTYPE_OBJECT))
        return PS_EMALFORMED;
    *(step == STEP_HEADERS ? &g->headers : &g->params) = part;
    return 0;
}

static void transformed(struct lim_eval *e, size_t i, const struct lim_answer *a)
{
    static const char *const whats[] = {"the url-transform failed", "the headers-transform failed",
                                        "the params-transform failed"};
    struct lim_item *item = &e->limits[i];
    int err = a->err ? a->err : take(item->fetching, item->step, a);
    if (err) {
        failed(e, i, whats[item->step], a->err ? a->why : "what it makes is not what is wanted");
        return;
    }
    item->step++;
    item->state = LIM_TODO;
}

static void judge(struct lim_eval *e, size_t i, bool yes, const char *message)
{
    const struct lim_limit *l = &e->rules->limits[i];
    const char *inverted = !l->invert ? "" : yes ? " (passed, but inverted)" : " (inverted)";
    lim_decide(e, &e->limits[i], yes != l->invert ? LIM_YES : LIM_NO, "the server says %s%s%s%s",
               yes ? "yes" : "no", message[0] ? ": " : "", message, inverted);
}

// {"passed": true or false, "message": "..."}
static void read_body(struct lim_eval *e, size_t i, const struct lim_answer *a)
{
    struct ps_jdoc *doc = NULL;
    const char *message = "";
    bool passed = false;
    int err = ps_jdoc_parse(&doc, NULL, a->text ? a->text : "", a->text ? a->len : 0, NULL);
    if (!err)
        err = ps_jnode_bool(ps_jnode_member(ps_jdoc_root(doc), "passed"), &passed, NULL);
    if (err) {
        failed(e, i, "the server's answer is not {\"passed\": true or false}", NULL);
    } else {
        (void)ps_jnode_str(ps_jnode_member(ps_jdoc_root(doc), "message"), 0, SIZE_MAX, &message, NULL);
        judge(e, i, passed, message);
    }
    ps_jdoc_free(doc);
}

void lim_fetched(struct lim_eval *e, size_t i, const struct lim_answer *a)
{
    const struct lim_fetch *f = &e->rules->limits[i].fetch;
    char status[40];
    if (e->limits[i].step < STEP_FETCH) {
        transformed(e, i, a);
        return;
    }
    if (a->err) {
        failed(e, i, "no answer", a->why);
    } else if (f->success_only && (a->status == 200 || a->status == 404)) {
        judge(e, i, a->status == 200, "");
    } else if (a->status != 200) {
        snprintf(status, sizeof status, "HTTP status %d", a->status);
        failed(e, i, "the server does not say", status);
    } else {
        read_body(e, i, a);
    }
}
