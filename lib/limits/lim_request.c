// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_request.h"
#include <string.h>
#include "base/ps_err.h"

#define HINT_MAX 4096

static int read_hints(struct lim_request *q, struct ps_jnode hints, struct ps_fault *fault)
{
    const char *text;
    int err = ps_jnode_want(hints, PS_JTYPE_OBJECT, fault);
    for (struct ps_jnode n = ps_jnode_first(hints); !err && ps_jnode_there(n); n = ps_jnode_next(n))
        if (ps_jnode_key(n)[0] != '#')
            err = ps_jnode_str(n, 0, HINT_MAX, &text, fault);
    struct ps_jnode requester = ps_jnode_member(hints, "requester");
    if (err || !ps_jnode_there(requester))
        return err;
    (void)ps_jnode_str(requester, 0, HINT_MAX, &text, NULL);
    err = ps_addr_parse(text, 0, &q->requester);
    if (err)
        ps_jnode_fault(requester, fault, "\"%.60s\" is no IP address", text);
    ps_addr_unmap(&q->requester);
    return err ? PS_EMALFORMED : 0;
}

// What is looked at besides the test.
static int read_rest(struct ps_jnode task, struct ps_fault *fault)
{
    static const char *const runs[] = {"run", "run_schedule"};
    struct ps_jnode priority = ps_jnode_member(task, "priority");
    int64_t v;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct ps_jnode run = ps_jnode_member(task, runs[i]);
        if (!ps_jnode_there(run))
            continue;
        ps_jnode_fault(run, fault, "is no part of a task: a run is told beside it");
        return PS_EMALFORMED;
    }
    return ps_jnode_there(priority) ? ps_jnode_i64(priority, INT64_MIN, INT64_MAX, &v, fault) : 0;
}

static int read_task(struct lim_request *q, struct ps_jnode task, struct ps_fault *fault)
{
    int err = ps_jnode_want(task, PS_JTYPE_OBJECT, fault);
    if (err)
        return PS_EMALFORMED;
    struct ps_jget g, test;
    ps_jget_init(&g, task, fault);
    ps_jget_init(&test, ps_jneed_object(&g, "test"), fault);
    if (g.err)
        return PS_EMALFORMED;
    q->test_type = ps_jneed_str(&test, "type", 1, 200);
    (void)ps_jneed_object(&test, "spec");
    return test.err ? PS_EMALFORMED : read_rest(task, fault);
}

static int read_run(struct lim_request *q, struct ps_jnode run, struct ps_fault *fault)
{
    struct ps_jget g;
    ps_jget_init(&g, run, fault);
    q->start_text = ps_jneed_str(&g, "start", 1, 100);
    q->duration_text = ps_jneed_str(&g, "duration", 1, 100);
    if (!g.err && ps_iso8601_time(q->start_text, &q->start) != 0)
        ps_jget_fail(&g, "start", PS_EMALFORMED, "\"%.40s\" is no ISO 8601 time, as in 2026-06-21T12:00:00Z",
                     q->start_text);
    if (!g.err && ps_iso8601_duration(q->duration_text, &q->duration) != 0)
        ps_jget_fail(&g, "duration", PS_EMALFORMED, "\"%.40s\" is no ISO 8601 duration, as in PT30S",
                     q->duration_text);
    q->has_run = true;
    return ps_jget_end(&g);
}

int lim_request_read(struct lim_request *out, struct ps_jnode hints, struct ps_jnode task,
                     struct ps_jnode run, struct ps_fault *fault)
{
    *out = (struct lim_request){.hints = hints, .task = task};
    if (!ps_jnode_there(hints) || !ps_jnode_there(task)) {
        ps_fault_set(fault, NULL, 0, "%s: is missing", ps_jnode_there(hints) ? "task" : "hints");
        return PS_EMALFORMED;
    }
    int err = read_hints(out, hints, fault);
    if (!err)
        err = read_task(out, task, fault);
    if (!err && ps_jnode_there(run))
        err = read_run(out, run, fault);
    return err;
}
