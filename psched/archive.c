// SPDX-License-Identifier: Apache-2.0
#include "psched/archive.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_list.h"
#include "base/ps_out.h"
#include "jq/ps_jq.h"
#include "psched/show.h"
#include "spec/sp_task.h"

#define RECORD "\x1e"           // begins a record (RFC 7464)
#define PATIENCE (130 * PS_SEC) // for a plug-in: its own is two minutes

struct archive {
    struct archive_env env;
    struct ps_jdoc *doc; // the specification
    struct sp_archive spec;
    const struct ps_deliver_kind *kind; // NULL: a plug-in
    const struct tl_plugin *plugin;
    struct ps_jq_program *script; // NULL: none
    size_t nargs;
    struct ps_jq_value args[PS_JQ_ARGS_MAX];
    char *origin; // NULL: none of its own
    struct ps_list sends;
    // of a check
    archive_checked_cb checked;
    void *checked_ctx;
    struct ps_timer *soon; // where there is nothing to wait for
    struct ps_jq_request *checking;
    struct tl_plugin_call *asking;
};

// A try under way.
struct archive_send {
    struct ps_list link;
    struct archive *archive;
    struct archive_job job;
    archive_sent_cb cb;
    void *ctx;
    char *text; // what is sent
    size_t len;
    char *task, *run; // hrefs, for a plug-in; NULL: the document has none
    struct ps_jq_request *transforming;
    struct ps_deliver_call *delivering;
    struct tl_plugin_call *calling;
};

// --- reading a specification

// A script is a text or lines.
static int read_script(struct ps_jnode script, struct ps_buf *out, struct ps_fault *fault)
{
    const char *line;
    int err = 0;

    if (ps_jnode_type(script) == PS_JTYPE_STRING) {
        err = ps_jnode_str(script, 0, PS_JQ_PROGRAM_MAX, &line, fault);
        return err ? err : ps_buf_append(out, line, strlen(line));
    }
    for (struct ps_jnode n = ps_jnode_first(script); !err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        err = ps_jnode_str(n, 0, PS_JQ_PROGRAM_MAX, &line, fault);
        if (!err)
            err = ps_buf_printf(out, "%s\n", line);
    }
    return err;
}

static int read_args(struct archive *a, const char **names, struct ps_fault *fault)
{
    struct ps_jnode args = ps_jnode_member(a->spec.transform, "args");

    for (struct ps_jnode n = ps_jnode_first(args); ps_jnode_there(n); n = ps_jnode_next(n)) {
        if (a->nargs == PS_JQ_ARGS_MAX) {
            ps_fault_set(fault, NULL, 0, "At /transform/args: more than %d arguments", PS_JQ_ARGS_MAX);
            return PS_ELIMIT;
        }
        names[a->nargs] = ps_jnode_key(n);
        a->args[a->nargs].text = ps_jnode_raw(n, &a->args[a->nargs].len);
        a->nargs++;
    }
    return 0;
}

static int read_transform(struct archive *a, struct ps_fault *fault)
{
    const char *names[PS_JQ_ARGS_MAX];
    struct ps_jq_source source = {.names = names};
    struct ps_buf text;
    int err = ps_jnode_there(a->spec.transform) ? read_args(a, names, fault) : PS_ENOTFOUND;

    if (err)
        return err == PS_ENOTFOUND ? 0 : err;
    ps_buf_init(&text, PS_JQ_PROGRAM_MAX);
    err = read_script(ps_jnode_member(a->spec.transform, "script"), &text, fault);
    source.text = (const char *)ps_buf_head(&text);
    source.len = ps_buf_len(&text);
    source.nnames = a->nargs;
    if (!err)
        err = ps_jq_program_new(a->env.site->jq, &source, &a->script);
    if (err && !fault->text[0])
        ps_fault_set(fault, NULL, 0, "At /transform: %s", ps_strerror(err));
    ps_buf_fini(&text);
    return err;
}

static int find_archiver(struct archive *a, struct ps_fault *fault)
{
    a->kind = ps_deliver_kind(a->spec.archiver);
    if (a->kind)
        return ps_deliver_check(a->kind, a->spec.data, fault);
    if (a->env.site->plugins)
        a->plugin = tl_plugins_find(a->env.site->plugins, TL_PLUGIN_ARCHIVER, a->spec.archiver);
    if (a->plugin)
        return 0;
    ps_fault_set(fault, NULL, 0, "No archiver '%.100s' available", a->spec.archiver);
    return PS_EUNKNOWN;
}

static int read_spec(struct archive *a, const char *spec, size_t len, struct ps_fault *fault)
{
    int err = ps_jdoc_parse_foreign(&a->doc, NULL, spec, len, fault);

    if (!err)
        err = sp_archive_read(&a->spec, ps_jdoc_root(a->doc), "", fault);
    if (!err)
        err = find_archiver(a, fault);
    if (!err)
        err = read_transform(a, fault);
    if (!err && a->spec.uri_host && asprintf(&a->origin, "https://%s", a->spec.uri_host) < 0) {
        a->origin = NULL;
        err = -ENOMEM;
    }
    return err;
}

int archive_new(struct archive **out, const struct archive_env *env, const char *spec, size_t len,
                struct ps_fault *fault)
{
    struct archive *a = calloc(1, sizeof *a);
    int err = a ? 0 : -ENOMEM;

    if (!err) {
        a->env = *env;
        ps_list_init(&a->sends);
        err = read_spec(a, spec, len, fault);
    }
    if (err)
        archive_free(a);
    else
        *out = a;
    return err;
}

static void send_free(struct archive_send *s)
{
    ps_list_remove(&s->link);
    ps_jq_cancel(s->transforming);
    ps_deliver_cancel(s->delivering);
    tl_plugin_cancel(s->calling);
    free(s->text);
    free(s->task);
    free(s->run);
    free(s);
}

void archive_free(struct archive *a)
{
    if (!a)
        return;
    PS_LIST_EACH_SAFE(it, &a->sends)
        send_free(PS_CONTAINER(it, struct archive_send, link));
    ps_timer_free(a->soon);
    ps_jq_cancel(a->checking);
    tl_plugin_cancel(a->asking);
    ps_jq_program_free(a->script);
    ps_jdoc_free(a->doc);
    free(a->origin);
    free(a);
}

const char *archive_label(const struct archive *a)
{
    return a->spec.label ? a->spec.label : a->spec.archiver;
}

bool archive_wants(const struct archive *a, bool succeeded)
{
    return a->spec.runs == SP_RUNS_ALL || (a->spec.runs == SP_RUNS_SUCCEEDED) == succeeded;
}

ps_ns archive_ttl(const struct archive *a)
{
    return a->spec.ttl;
}

bool archive_has_policy(const struct archive *a)
{
    return a->plugin || ps_deliver_decides(a->kind) ||
           ps_jnode_there(ps_jnode_member(a->spec.data, "retry-policy"));
}

bool archive_writes_here(const struct archive *a)
{
    return a->kind && strcmp(a->spec.archiver, "spool") == 0;
}

const char *archive_origin(const struct archive *a)
{
    return a->origin;
}

size_t archive_sending(const struct archive *a)
{
    size_t n = 0;

    PS_LIST_EACH(it, &a->sends)
        n++;
    return n;
}

int archive_permitted(const struct archive *a, struct ps_fault *fault)
{
    const struct settings *c = a->env.site->settings;
    const char *dir = "";

    if (strcmp(a->spec.archiver, "spool") != 0)
        return 0;
    (void)ps_jnode_str(ps_jnode_member(a->spec.data, "directory"), 0, SIZE_MAX, &dir, NULL);
    for (size_t i = 0; i < c->nspools; i++)
        if (strcmp(c->spools[i], dir) == 0)
            return 0;
    ps_fault_set(fault, NULL, 0, "The spool %.200s is none that tasks may name (psched.conf: spool)", dir);
    return PS_EREFUSED;
}

// --- checking

static void checked(struct archive *a, int err, const char *why)
{
    archive_checked_cb cb = a->checked;
    void *ctx = a->checked_ctx;

    a->checked = NULL;
    cb(ctx, err, why);
}

// {"valid":bool,"error"?}
static void data_answered(void *ctx, const struct tl_plugin_answer *answer)
{
    struct archive *a = ctx;
    const char *why = answer->why;
    struct ps_jdoc *doc = NULL;
    bool valid = false;
    int err = answer->err;

    a->asking = NULL;
    if (!err)
        err = ps_jdoc_parse_foreign(&doc, NULL, answer->text, answer->len, NULL);
    if (!err) {
        why = "its data are not valid";
        (void)ps_jnode_str(ps_jnode_member(ps_jdoc_root(doc), "error"), 1, SIZE_MAX, &why, NULL);
        if (ps_jnode_bool(ps_jnode_member(ps_jdoc_root(doc), "valid"), &valid, NULL) || !valid)
            err = PS_EMALFORMED;
    }
    checked(a, err, err ? why : "");
    ps_jdoc_free(doc);
}

static void check_data(struct archive *a)
{
    size_t len;
    const char *data = ps_jnode_raw(a->spec.data, &len);
    int err = tl_plugin_call(a->env.site->plugins, a->plugin, "data-is-valid", NULL, data, len,
                             TL_PLUGIN_PATIENCE, data_answered, a, &a->asking);

    if (err)
        checked(a, err == PS_ENOTFOUND ? 0 : err, ps_strerror(err));
}

static void script_answered(void *ctx, const struct ps_jq_result *r)
{
    struct archive *a = ctx;
    struct ps_fault fault = {""};

    a->checking = NULL;
    if (r->err) {
        ps_fault_set(&fault, NULL, 0, "At /transform/script: %s", r->why);
        checked(a, r->err, fault.text);
    } else if (a->plugin) {
        check_data(a);
    } else {
        checked(a, 0, "");
    }
}

static void nothing_to_check(void *ctx)
{
    struct archive *a = ctx;

    if (a->plugin)
        check_data(a);
    else
        checked(a, 0, "");
}

int archive_check(struct archive *a, archive_checked_cb cb, void *ctx)
{
    a->checked = cb;
    a->checked_ctx = ctx;
    if (a->script)
        return ps_jq_check(a->script, script_answered, a, &a->checking);
    if (!a->soon && ps_timer_new(a->env.site->loop, &a->soon, nothing_to_check, a))
        return -ENOMEM;
    ps_timer_start(a->soon, 0);
    return 0;
}

// --- sending

static void finish(struct archive_send *s, const struct ps_deliver_outcome *o)
{
    archive_sent_cb cb = s->cb;
    void *ctx = s->ctx;

    send_free(s);
    cb(ctx, o);
}

static void give_up(struct archive_send *s, const char *why)
{
    const struct ps_deliver_outcome o = {.end = PS_DELIVER_GIVE_UP, .text = why};

    finish(s, &o);
}

enum ps_deliver_end archive_end_of(int err)
{
    return err == PS_EREFUSED ? PS_DELIVER_REFUSED : PS_DELIVER_GIVE_UP;
}

static void delivered(void *ctx, const struct ps_deliver_outcome *o)
{
    struct archive_send *s = ctx;

    s->delivering = NULL;
    finish(s, o);
}

// {"succeeded":bool,"error"?,"retry"?:"PTnS"}
static void read_record(struct archive_send *s, struct ps_jnode record)
{
    struct ps_deliver_outcome o = {.end = PS_DELIVER_GIVE_UP, .text = ""};
    const char *retry = NULL;
    bool ok = false;

    (void)ps_jnode_bool(ps_jnode_member(record, "succeeded"), &ok, NULL);
    (void)ps_jnode_str(ps_jnode_member(record, "error"), 0, SIZE_MAX, &o.text, NULL);
    (void)ps_jnode_str(ps_jnode_member(record, "retry"), 0, SIZE_MAX, &retry, NULL);
    if (ok)
        o.end = PS_DELIVER_DONE;
    else if (retry && ps_iso8601_duration(retry, &o.wait) == 0)
        o.end = PS_DELIVER_AGAIN;
    finish(s, &o);
}

static void plugin_answered(void *ctx, const struct tl_plugin_answer *answer)
{
    struct archive_send *s = ctx;
    const char *text = answer->text;
    size_t len = answer->len;
    struct ps_jdoc *doc;

    s->calling = NULL;
    if (answer->err) {
        give_up(s, answer->why);
        return;
    }
    if (len && text[0] == RECORD[0]) {
        text++;
        len--;
    }
    if (ps_jdoc_parse_foreign(&doc, NULL, text, len, NULL)) {
        give_up(s, "the archiver's answer is no JSON");
        return;
    }
    read_record(s, ps_jdoc_root(doc));
    ps_jdoc_free(doc);
}

// What a plug-in reads: the envelope of fact sheet 4.2 as one record.
static char *envelope(const struct archive_send *s, size_t *len)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_raw(j, RECORD, 1);
    ps_json_open(j, '{');
    ps_jnode_put(j, "data", s->archive->spec.data);
    ps_json_put_raw(j, "result", s->text, s->len);
    ps_json_put_str(j, "task-href", s->task);
    ps_json_put_str(j, "run-href", s->run);
    ps_json_put_u64(j, "attempts", s->job.attempts);
    show_time(j, "last-attempt", s->job.last_attempt ? s->job.last_attempt : SCH_NEVER);
    ps_json_close(j, '}');
    (void)ps_json_end(j);
    return ps_text_close(&t, len);
}

static char *copy_href(struct ps_jnode doc, const char *of)
{
    const char *href = NULL;

    (void)ps_jnode_str(ps_jnode_member(ps_jnode_member(doc, of), "href"), 0, SIZE_MAX, &href, NULL);
    return href ? strdup(href) : NULL;
}

// From the document, before a script makes something else of it.
static void note_hrefs(struct archive_send *s)
{
    struct ps_jdoc *doc;

    if (ps_jdoc_parse_foreign(&doc, NULL, s->text, s->len, NULL))
        return;
    if (ps_jnode_type(ps_jdoc_root(doc)) == PS_JTYPE_OBJECT) {
        s->task = copy_href(ps_jdoc_root(doc), "task");
        s->run = copy_href(ps_jdoc_root(doc), "run");
    }
    ps_jdoc_free(doc);
}

static int call_plugin(struct archive_send *s)
{
    struct archive *a = s->archive;
    size_t len;
    char *text = envelope(s, &len);
    int err = text ? tl_plugin_call(a->env.site->plugins, a->plugin, "archive", NULL, text, len, PATIENCE,
                                    plugin_answered, s, &s->calling)
                   : -ENOMEM;

    free(text);
    return err;
}

static int hand_over(struct archive_send *s, struct ps_fault *fault)
{
    struct archive *a = s->archive;
    struct ps_deliver_job job = {
        .kind = a->kind,
        .data = a->spec.data,
        .doc = s->text,
        .len = s->len,
        .attempts = s->job.attempts,
        .elapsed = s->job.elapsed,
        .ttl = a->spec.ttl > 0 ? a->spec.ttl : 0,
    };

    memcpy(job.id, s->job.id, sizeof job.id);
    return a->plugin ? call_plugin(s)
                     : ps_deliver_send(a->env.deliver, &job, delivered, s, &s->delivering, fault);
}

// --- the script

static int take_output(struct archive_send *s, const struct ps_jq_output *o)
{
    char *text = NULL;

    // A plug-in gets it inside of a JSON text.
    if (s->archive->spec.output_raw && !s->archive->plugin && o->text[0] == '"') {
        struct ps_jdoc *doc;
        const char *raw;

        if (ps_jdoc_parse_foreign(&doc, NULL, o->text, o->len, NULL) == 0) {
            if (ps_jnode_str(ps_jdoc_root(doc), 0, SIZE_MAX, &raw, NULL) == 0)
                text = strdup(raw);
            ps_jdoc_free(doc);
        }
    } else {
        text = strndup(o->text, o->len);
    }
    if (!text)
        return -ENOMEM;
    free(s->text);
    s->text = text;
    s->len = strlen(text);
    return 0;
}

static void transformed(void *ctx, const struct ps_jq_result *r)
{
    static const struct ps_deliver_outcome nothing = {.end = PS_DELIVER_DONE, .text = ""};
    struct archive_send *s = ctx;
    struct ps_fault fault = {""};
    int err;

    s->transforming = NULL;
    if (r->err) {
        ps_fault_set(&fault, NULL, 0, "the transform failed: %s", r->why);
        finish(s, &(struct ps_deliver_outcome){.end = archive_end_of(r->err), .text = fault.text});
        return;
    }
    if (r->noutputs == 0 || strcmp(r->outputs[0].text, "null") == 0) {
        finish(s, &nothing);
        return;
    }
    err = take_output(s, &r->outputs[0]);
    if (!err)
        err = hand_over(s, &fault);
    if (err)
        finish(s, &(struct ps_deliver_outcome){.end = archive_end_of(err),
                                               .text = fault.text[0] ? fault.text : ps_strerror(err)});
}

int archive_send(struct archive *a, const struct archive_job *job, archive_sent_cb cb, void *ctx,
                 struct ps_fault *fault)
{
    const struct ps_jq_value input = {job->doc, job->len};
    struct archive_send *s = calloc(1, sizeof *s);
    int err;

    if (!s)
        return -ENOMEM;
    *s = (struct archive_send){.archive = a, .job = *job, .cb = cb, .ctx = ctx, .len = job->len};
    s->text = strndup(job->doc, job->len);
    ps_list_append(&a->sends, &s->link);
    if (s->text && a->plugin)
        note_hrefs(s);
    if (!s->text)
        err = -ENOMEM;
    else if (a->script)
        err = ps_jq_run(a->script, &input, a->args, transformed, s, &s->transforming);
    else
        err = hand_over(s, fault);
    if (err)
        send_free(s);
    return err;
}
