// SPDX-License-Identifier: Apache-2.0
// The two scripts that see the whole task: the rewrite and the priority.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "limits/lim_eval_impl.h"
#include "limits/lim_merge.h"
#include "limits/lim_same.h"
#include "limits/lim_script.h"

#define MESSAGES_MAX 100
#define PRIORITY_MAX 1e15 // beyond it a double is no longer exact

// ["home", "world"]
static int put_classifiers(struct lim_eval *e)
{
    struct ps_buf *b = &e->names;
    ps_buf_clear(b);
    int err = ps_buf_append(b, "[", 1);
    for (size_t i = 0; i < e->nclassifiers && !err; i++) {
        err = i ? ps_buf_append(b, ",", 1) : 0;
        if (!err)
            err = lim_put_string(b, e->rules->classifiers[e->classifiers[i]].name);
    }
    return err ? err : ps_buf_append(b, "]", 1);
}

// The task with one member more.
static int put_task(struct lim_eval *e, const char *private)
{
    struct ps_buf *b = &e->script_input;
    size_t len;
    const char *raw = ps_jnode_raw(e->request.task, &len);
    ps_buf_clear(b);
    int err = ps_buf_append(b, raw, len - 1);
    if (!err)
        err = ps_buf_printf(b, "%s\"" LIM_PRIVATE "\":%s}", ps_jnode_count(e->request.task) ? "," : "",
                            private);
    return err;
}

static struct lim_text text_of(const struct ps_buf *b)
{
    return (struct lim_text){(const char *)ps_buf_head(b), ps_buf_len(b)};
}

static bool ask_script(struct lim_eval *e, const struct lim_program *p, const char *private,
                       struct lim_ask *ask)
{
    int err = put_task(e, private);
    if (!err)
        err = put_classifiers(e);
    if (err) {
        e->err = err;
        return false;
    }
    *ask = (struct lim_ask){.fact = LIM_FACT_JQ, .program = p, .input = text_of(&e->script_input)};
    ask->given[0] = text_of(&e->names);
    e->script.state = LIM_ASKED;
    return true;
}

bool lim_rewrite_ask(struct lim_eval *e, struct lim_ask *ask)
{
    if (!ask_script(e, e->rules->rewrite, "{\"changed\":false,\"messages\":[]}", ask))
        return false;
    ask->given[1].text = ps_jnode_raw(e->request.hints, &ask->given[1].len);
    return true;
}

bool lim_priority_ask(struct lim_eval *e, struct lim_ask *ask)
{
    struct ps_jnode requested = ps_jnode_member(e->request.task, "priority");
    if (!ask_script(e, e->rules->priority, "{\"priority\":0,\"notes\":[]}", ask))
        return false;
    ask->given[1] = (struct lim_text){"null", 4};
    if (ps_jnode_there(requested))
        ask->given[1].text = ps_jnode_raw(requested, &ask->given[1].len);
    return true;
}

static void tell_messages(struct lim_eval *e, struct ps_jnode array, const char *kind)
{
    size_t count = ps_jnode_count(array);
    int left = MESSAGES_MAX;
    for (struct ps_jnode n = ps_jnode_first(array); ps_jnode_there(n) && left-- > 0; n = ps_jnode_next(n)) {
        const char *text = NULL;
        if (ps_jnode_str(n, 0, SIZE_MAX, &text, NULL) == 0)
            lim_reason_say(&e->reasons, lim_reason_add(&e->reasons, 1, kind, NULL, NULL), LIM_MOOT, "%s",
                           text);
    }
    if (count > MESSAGES_MAX)
        lim_reason_say(&e->reasons, lim_reason_add(&e->reasons, 1, kind, NULL, NULL), LIM_MOOT,
                       "and %zu more", count - MESSAGES_MAX);
}

// rewrite

static bool refuse(struct lim_eval *e, size_t place, const char *what, const char *why)
{
    lim_reason_say(&e->reasons, place, LIM_NO, "%s%s", what, why);
    lim_deny(e, "%s%s", what, why);
    return false;
}

// The result is a task of the same type, and in force from here on.
static int adopt(struct lim_eval *e, struct ps_jnode task)
{
    struct lim_request q;
    struct ps_fault fault;
    int err = lim_request_read(&q, e->request.hints, task, (struct ps_jnode){NULL, 0}, &fault);
    if (err)
        return err;
    if (strcmp(q.test_type, e->request.test_type) != 0)
        return PS_EPROTO;
    e->request.task = task;
    e->request.test_type = q.test_type;
    e->verdict.task = ps_jnode_raw(task, &e->verdict.task_len);
    return 0;
}

static bool take_result(struct lim_eval *e, size_t place)
{
    struct ps_jnode root = ps_jdoc_root(e->rewritten), task = ps_jnode_member(root, "task");
    bool said = false;
    (void)ps_jnode_bool(ps_jnode_member(root, "changed"), &said, NULL);
    if (!said && lim_same(task, e->request.task)) {
        lim_reason_say(&e->reasons, place, LIM_MOOT, "leaves the task as it is");
        return true;
    }
    int err = adopt(e, task);
    if (err)
        return refuse(e, place,
                      err == PS_EPROTO ? "the rewrite script changed the type of the test"
                                       : "the rewrite script makes no task",
                      "");
    lim_reason_say(&e->reasons, place, LIM_MOOT,
                   said ? "changes the task" : "changes the task and does not say so");
    tell_messages(e, ps_jnode_member(root, "messages"), "change");
    return true;
}

bool lim_rewritten(struct lim_eval *e, const struct lim_answer *a)
{
    size_t place = lim_reason_add(&e->reasons, 0, "rewrite", NULL, NULL);
    if (a->err && a->why && strncmp(a->why, "rejected: ", 10) == 0)
        return refuse(e, place, "the rewrite script rejects the task: ", a->why + 10);
    if (a->err || !a->text)
        return refuse(e, place, "the rewrite script failed: ", a->err ? a->why : "it has no output");
    if (ps_jdoc_parse(&e->rewritten, NULL, a->text, a->len, NULL) != 0)
        return refuse(e, place, "the rewrite script's output cannot be read", "");
    return take_result(e, place);
}

// priority

void lim_prioritised(struct lim_eval *e, const struct lim_answer *a)
{
    size_t place = lim_reason_add(&e->reasons, 0, "priority", NULL, NULL);
    struct ps_jdoc *doc = NULL;
    double v = 0;
    e->verdict.has_priority = true;
    if (a->err || !a->text) {
        lim_reason_say(&e->reasons, place, LIM_ERROR, "0: the priority script failed: %s",
                       a->err ? a->why : "it has no output");
        return;
    }
    if (ps_jdoc_parse(&doc, NULL, a->text, a->len, NULL) != 0 ||
        ps_jnode_double(ps_jnode_member(ps_jdoc_root(doc), "priority"), -PRIORITY_MAX, PRIORITY_MAX, &v,
                        NULL) != 0) {
        lim_reason_say(&e->reasons, place, LIM_ERROR, "0: the priority script does not set a number");
    } else {
        e->verdict.priority = (int64_t)trunc(v);
        lim_reason_say(&e->reasons, place, LIM_MOOT, "%lld", (long long)e->verdict.priority);
        tell_messages(e, ps_jnode_member(ps_jdoc_root(doc), "notes"), "note");
    }
    ps_jdoc_free(doc);
}
