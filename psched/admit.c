// SPDX-License-Identifier: Apache-2.0
#include "psched/admit.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psched/allow.h"
#include "psched/archive.h"
#include "psched/planner.h"
#include "psched/reply.h"
#include "psched/rest.h"
#include "spec/sp_cli.h"
#include "spec/sp_json.h"

// --- its end

static void admission_free(struct admission *a)
{
    archive_free(a->archive);
    ps_buf_fini(&a->declined);
    task_detail_fini(&a->detail);
    ps_jdoc_free(a->shown);
    ps_jdoc_free(a->doc);
    free(a);
}

enum admit_step admit_end(struct admission *a)
{
    admission_free(a);
    return ADMIT_OVER;
}

enum admit_step admit_refuse(struct admission *a, int status, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        reply_no_memory(a->req);
    else
        reply_text(a->req, status, "%s", text);
    free(n < 0 ? NULL : text);
    return admit_end(a);
}

static enum admit_step refuse_err(struct admission *a, int err, const struct ps_fault *fault)
{
    return admit_refuse(a, err == -ENOMEM ? 500 : 400, "%s",
                        fault && fault->text[0] ? fault->text : ps_strerror(err));
}

// --- reading

static enum admit_step read_task(struct admission *a)
{
    struct sch_schedule schedule;
    struct ps_fault fault = {""};
    int err = sp_task_read(&a->task, ps_jdoc_root(a->doc), SP_TASK_SCHEMA, false, &fault);

    if (!err)
        err = sch_schedule_read(&schedule, a->task.schedule, &fault);
    if (err)
        return refuse_err(a, err, &fault);
    a->test = sp_test_find(a->task.type);
    a->plugin =
        !a->test && a->site->plugins ? tl_plugins_find(a->site->plugins, TL_PLUGIN_TEST, a->task.type) : NULL;
    if (!a->test && !a->plugin)
        return admit_refuse(a, 400, "No test '%.100s' available", a->task.type);
    return ADMIT_ON;
}

static enum admit_step check_spec(struct admission *a)
{
    struct ps_fault fault = {""};
    int err;

    if (a->plugin)
        return admit_plugin_valid(a);
    err = sp_validate(a->test, a->task.spec, &fault);
    return err ? refuse_err(a, err, &fault) : ADMIT_ON;
}

static enum admit_step check_bind(struct admission *a)
{
    struct ps_addr addr;

    if (!a->task.lead_bind)
        return ADMIT_ON;
    if (ps_addr_parse(a->task.lead_bind, 0, &addr) || !ps_localnet_is_own(a->site->localnet, &addr))
        return admit_refuse(a, 400, "At /lead-bind: '%.100s' is no address of this host", a->task.lead_bind);
    return ADMIT_ON;
}

// --- archives, one after the other

// "At /archives/1 (http): ..."
static enum admit_step refuse_archive(struct admission *a, int status, const char *why)
{
    const char *name = "?";
    unsigned nth = 0;

    for (struct ps_jnode n = ps_jnode_first(a->task.archives); n.at != a->next_archive.at;
         n = ps_jnode_next(n))
        nth++;
    (void)ps_jnode_str(ps_jnode_member(a->next_archive, "archiver"), 0, SIZE_MAX, &name, NULL);
    return admit_refuse(a, status, "At /archives/%u (%.40s): %s", nth, name, why);
}

static void archive_checked(void *ctx, int err, const char *why)
{
    struct admission *a = ctx;

    if (err) {
        (void)refuse_archive(a, err == -ENOMEM ? 500 : 400, why);
        return;
    }
    a->next_archive = ps_jnode_next(a->next_archive);
    admit_on(a);
}

static enum admit_step check_archives(struct admission *a)
{
    struct archive_env env = {.site = a->site};
    struct ps_fault fault = {""};
    size_t len;
    const char *text;
    int err;

    archive_free(a->archive);
    a->archive = NULL;
    if (!ps_jnode_there(a->next_archive))
        return ADMIT_ON;
    text = ps_jnode_raw(a->next_archive, &len);
    err = archive_new(&a->archive, &env, text, len, &fault);
    if (!err && archive_writes_here(a->archive) && !a->who.local)
        return admit_refuse(
            a, 403, "Only tasks from this host may name the archiver 'spool', which writes to its disk");
    if (!err)
        err = archive_permitted(a->archive, &fault);
    if (err == PS_EREFUSED)
        return admit_refuse(a, 403, "%s", fault.text);
    if (!err)
        err = archive_check(a->archive, archive_checked, a);
    if (err)
        return refuse_archive(a, err == -ENOMEM ? 500 : 400, fault.text[0] ? fault.text : ps_strerror(err));
    return ADMIT_WAITS;
}

static enum admit_step begin_archives(struct admission *a)
{
    a->next_archive = ps_jnode_first(a->task.archives);
    a->next_contexts = ps_jnode_first(a->task.contexts);
    a->next_context = ps_jnode_first(a->next_contexts);
    return ADMIT_ON;
}

// --- limits

// What the limits made of the task is read and checked as if it had come so.
static int take_rewritten(struct admission *a, const struct allow_answer *answer, struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    int err = ps_jdoc_parse_foreign(&doc, NULL, answer->task, answer->task_len, fault);

    if (err)
        return err;
    ps_jdoc_free(a->doc);
    a->doc = doc;
    a->rewritten = true;
    a->step = 0;
    return 0;
}

static void task_judged(void *ctx, const struct allow_answer *answer)
{
    struct admission *a = ctx;
    struct ps_fault fault = {""};
    int err = 0;

    a->judged = true;
    if (answer->err) {
        (void)admit_refuse(a, 422, "%s", answer->why);
        return;
    }
    if (!answer->passed) {
        (void)admit_refuse(a, 403, "Task forbidden by limits:\n%s",
                           answer->diags[0] ? answer->diags : answer->why);
        return;
    }
    free(a->detail.diags);
    a->detail.diags = strdup(answer->diags);
    if (!a->detail.diags)
        err = -ENOMEM;
    else if (answer->task)
        err = take_rewritten(a, answer, &fault);
    if (err)
        (void)admit_refuse(a, 500, "What the limits made of the task cannot be used: %s",
                           fault.text[0] ? fault.text : ps_strerror(err));
    else
        admit_on(a);
}

static enum admit_step ask_limits(struct admission *a)
{
    struct allow_ask q = {a->detail.hints, NULL, 0, 0};
    char *text;
    int err;

    if (a->judged || !a->site->limits)
        return ADMIT_ON;
    text = ps_jnode_copy(ps_jdoc_root(a->doc));
    q.task = text;
    err = text ? allow_ask(a->site, &q, task_judged, a) : -ENOMEM;
    free(text);
    return err ? admit_refuse(a, 422, "The limits cannot be asked: %s", ps_strerror(err)) : ADMIT_WAITS;
}

// --- who takes part, and how it is called

static char *write_text(void (*put)(struct admission *a, struct ps_json *j), struct admission *a)
{
    struct ps_text t;

    put(a, ps_text_open(&t));
    return ps_text_close(&t, NULL);
}

static void put_participants(struct admission *a, struct ps_json *j)
{
    size_t n = sp_participants_count(a->test, a->task.spec);

    ps_json_open(j, '[');
    for (size_t i = 0; i < n; i++) {
        const char *host = sp_participant(a->test, a->task.spec, i);

        ps_json_str(j, host ? host : a->site->name);
    }
    ps_json_close(j, ']');
}

static enum admit_step name_participants(struct admission *a)
{
    if (a->plugin)
        return admit_plugin_participants(a);
    a->detail.participants = write_text(put_participants, a);
    return a->detail.participants ? ADMIT_ON : refuse_err(a, -ENOMEM, NULL);
}

static void put_cli(struct admission *a, struct ps_json *j)
{
    sp_to_cli(a->test, ps_jdoc_root(a->shown), true, j);
}

// Whoever may see the task sees its command line, in lists and by itself: without what is secret.
static enum admit_step name_cli(struct admission *a)
{
    int err = a->shown ? 0 : sp_json_copy(&a->shown, a->task.spec, SP_JSON_SANITISE);

    if (err)
        return refuse_err(a, err, NULL);
    if (a->plugin)
        return admit_plugin_cli(a);
    a->detail.cli = write_text(put_cli, a);
    return a->detail.cli ? ADMIT_ON : refuse_err(a, -ENOMEM, NULL);
}

// --- entering

// The task as it is told from now on: without comments, with its tool.
static void put_doc(struct admission *a, struct ps_json *j)
{
    ps_json_open(j, '{');
    for (struct ps_jnode m = ps_jnode_first(ps_jdoc_root(a->doc)); ps_jnode_there(m); m = ps_jnode_next(m)) {
        const char *key = ps_jnode_key(m);

        if (key[0] == '#' || strcmp(key, "tool") == 0)
            continue;
        ps_json_key(j, key);
        sp_json_put(j, m, SP_JSON_UNCOMMENT);
    }
    ps_json_put_str(j, "tool", a->tool);
    ps_json_close(j, '}');
}

static void answer(struct admission *a, const char *id)
{
    const struct ps_query *q = ps_http_query(a->req);
    char target[160], url[SETTINGS_HOST + 160];
    struct ps_buf origin;

    snprintf(target, sizeof target, "/pscheduler/tasks/%s", id);
    ps_buf_init(&origin, 0);
    if (reply_origin(a->req, &origin)) {
        reply_no_memory(a->req);
    } else if (ps_query_flag(q, "expanded")) {
        snprintf(target + strlen(target), sizeof target - strlen(target), "?%s%s",
                 ps_query_flag(q, "detail") ? "detail=true&" : "",
                 ps_query_flag(q, "pretty") ? "pretty=true" : "");
        reply_see(a->req, (const char *)ps_buf_head(&origin), target);
    } else {
        snprintf(url, sizeof url, "%s%s", (const char *)ps_buf_head(&origin), target);
        reply_json_string(a->req, url);
    }
    ps_buf_fini(&origin);
}

static enum admit_step refuse_unkept(struct admission *a)
{
    struct planner_state st;

    planner_look(a->site->planner, &st);
    return admit_refuse(a, 500, "The task cannot be written down: %s", st.words);
}

static enum admit_step enter(struct admission *a)
{
    struct ps_fault fault = {""};
    char *doc = write_text(put_doc, a), id[SCH_ID];
    struct task *t;
    int err = doc ? task_make_id(id) : -ENOMEM;

    if (err) {
        free(doc);
        return refuse_err(a, err, NULL);
    }
    if (planner_ready(a->site->planner)) {
        free(doc);
        return refuse_unkept(a);
    }
    err = task_new(a->site, id, doc, &a->detail, NULL, site_now(a->site), &t, &fault);
    if (err == PS_ELIMIT)
        return admit_refuse(a, 503, "%s", fault.text);
    if (err)
        return refuse_err(a, err, &fault);
    if (planner_keep(a->site->planner, t))
        return refuse_unkept(a);
    answer(a, id);
    return admit_end(a);
}

// --- the way

static enum admit_step (*const steps[])(struct admission *a) = {
    read_task,         check_spec,
    check_bind,        begin_archives,
    check_archives,    admit_plugin_contexts,
    ask_limits,        name_participants,
    admit_all_here,    name_cli,
    admit_choose_tool, admit_take_time,
    admit_find_place,  enter,
};

// Of a test alone, and nothing is made of it.
static enum admit_step (*const steps_of_free[])(struct admission *a) = {
    read_task,         check_spec,      ask_limits,       name_participants, admit_all_here,
    admit_choose_tool, admit_take_time, admit_find_place, admit_tell_free,
};

// Goes on with the step that waited, or the next one, until one waits.
void admit_on(struct admission *a)
{
    enum admit_step next = ADMIT_ON;

    while (next == ADMIT_ON) {
        size_t step = a->step++;

        next = a->steps[step](a);
        if (next == ADMIT_WAITS)
            a->step = step; // it is asked again when the answer is there
    }
}

void admit_next(struct admission *a)
{
    a->step++;
    admit_on(a);
}

// --- the request

static int begin(struct admission *a)
{
    ps_buf_init(&a->declined, (size_t)64 << 10);
    a->detail.post = -1;
    who_asks(a->site, a->req, &a->who);
    snprintf(a->detail.requester, sizeof a->detail.requester, "%s", a->who.requester);
    a->detail.hints = who_hints(&a->who);
    a->detail.diags = strdup("");
    return a->detail.hints && a->detail.diags ? 0 : -ENOMEM;
}

// NULL: refused.
static struct admission *admission_new(struct site *s, struct ps_http_req *req,
                                       enum admit_step (*const *way)(struct admission *a))
{
    struct admission *a = calloc(1, sizeof *a);

    if (!a) {
        reply_no_memory(req);
        return NULL;
    }
    a->site = s;
    a->req = req;
    a->steps = way;
    if (begin(a) == 0)
        return a;
    (void)refuse_err(a, -ENOMEM, NULL);
    return NULL;
}

void rest_task_add(void *site, struct ps_http_req *req)
{
    struct admission *a = admission_new(site, req, steps);
    struct ps_fault fault = {""};
    size_t len;
    const char *body = ps_http_body(req, &len);
    int err = a ? ps_jdoc_parse_foreign(&a->doc, "the body", body, len, &fault) : 0;

    if (err)
        (void)refuse_err(a, err, &fault);
    else if (a)
        admit_on(a);
}

void admit_ask_free(struct site *s, struct ps_http_req *req, struct ps_jdoc *task)
{
    struct admission *a = admission_new(s, req, steps_of_free);

    if (!a) {
        ps_jdoc_free(task);
        return;
    }
    a->doc = task;
    admit_on(a);
}
