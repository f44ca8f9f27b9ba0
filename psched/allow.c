// SPDX-License-Identifier: Apache-2.0
#include "psched/allow.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_out.h"
#include "json/ps_jdoc.h"
#include "psched/health.h"
#include "sched/sch_cron.h"

struct asked {
    struct site *site;
    allow_cb cb;
    void *ctx;
};

static void give(struct asked *a, const struct allow_answer *answer)
{
    allow_cb cb = a->cb;
    void *ctx = a->ctx;

    free(a);
    cb(ctx, answer);
}

static void no_answer(struct asked *a, int err, const char *why)
{
    char text[640];
    struct allow_answer answer = {.err = err, .why = text, .diags = ""};

    snprintf(text, sizeof text, "The limits give no answer: %s", why);
    give(a, &answer);
}

static const char *string_of(struct ps_jnode object, const char *key)
{
    const char *text = "";

    (void)ps_jnode_str(ps_jnode_member(object, key), 0, SIZE_MAX, &text, NULL);
    return text;
}

static void read_answer(struct asked *a, struct ps_jnode reply)
{
    struct allow_answer answer = {.why = string_of(reply, "why"), .diags = string_of(reply, "diags")};
    struct ps_jnode task = ps_jnode_member(reply, "task"), priority = ps_jnode_member(reply, "priority");
    bool ok = false;

    (void)ps_jnode_bool(ps_jnode_member(reply, "ok"), &ok, NULL);
    if (!ok || ps_jnode_bool(ps_jnode_member(reply, "passed"), &answer.passed, NULL)) {
        no_answer(a, PS_EPROTO, string_of(reply, "error"));
        return;
    }
    if (ps_jnode_type(task) == PS_JTYPE_OBJECT)
        answer.task = ps_jnode_raw(task, &answer.task_len);
    answer.has_priority =
        ps_jnode_there(priority) && ps_jnode_i64(priority, INT64_MIN, INT64_MAX, &answer.priority, NULL) == 0;
    give(a, &answer);
}

static void answered(void *ctx, int err, const char *reply, size_t len, const char *why)
{
    struct asked *a = ctx;
    struct ps_jdoc *doc;
    struct ps_fault fault = {""};

    health_limits(a->site->health, err ? why : NULL);
    if (err) {
        no_answer(a, err, why);
        return;
    }
    err = ps_jdoc_parse_foreign(&doc, NULL, reply, len, &fault);
    if (err) {
        no_answer(a, err, fault.text);
        return;
    }
    read_answer(a, ps_jdoc_root(doc));
    ps_jdoc_free(doc);
}

// By this host's clock on the wall: rules of hours and weekdays hold by that.
static void put_run(struct ps_json *j, const struct allow_ask *ask)
{
    const struct ps_when at = {.at = ask->start,
                               .offset = sch_zone_local.offset(ask->start, sch_zone_local.arg)};
    char start[PS_ISO8601_TIME], duration[PS_ISO8601_DURATION];

    ps_json_put_open(j, "run", '{');
    ps_json_put_str(j, "start", ps_iso8601_put_time(&at, start));
    ps_json_put_str(j, "duration", ps_iso8601_put_duration(ask->duration, duration));
    ps_json_close(j, '}');
}

static char *write_line(const struct allow_ask *ask, size_t *len)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    char *text;

    ps_json_open(j, '{');
    ps_json_put_str(j, "verb", "judge");
    ps_json_put_raw(j, "hints", ask->hints, strlen(ask->hints));
    ps_json_put_raw(j, "task", ask->task, strlen(ask->task));
    if (ask->duration)
        put_run(j, ask);
    ps_json_put_bool(j, "rewrite", !ask->duration);
    ps_json_put_bool(j, "reasons", false);
    ps_json_put_bool(j, "diags", true);
    ps_json_close(j, '}');
    text = ps_text_close(&t, len);
    for (char *p = text; p && (p = strchr(p, '\n')); p++)
        *p = ' '; // between values: inside strings JSON has none
    return text;
}

int allow_ask(struct site *s, const struct allow_ask *ask, allow_cb cb, void *ctx)
{
    size_t len = 0;
    char *line = write_line(ask, &len);
    struct asked *a = line ? malloc(sizeof *a) : NULL;
    int err = a ? 0 : -ENOMEM;

    if (!err) {
        *a = (struct asked){s, cb, ctx};
        err = ps_ctl_ask(s->limits, line, len, ALLOW_PATIENCE, answered, a, NULL);
    }
    if (err)
        free(a);
    free(line);
    return err;
}
