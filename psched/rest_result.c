// SPDX-License-Identifier: Apache-2.0
// A run's result as JSON, or as text by its test.
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psched/planner.h"
#include "psched/rest.h"
#include "psched/show.h"
#include "psched/waiters.h"
#include "psched/who.h"
#include "spec/sp_json.h"
#include "spec/sp_text.h"

#define TEXT_MAX ((size_t)32 << 20)

static const char *format_of(const struct ps_http_req *req)
{
    const char *format = ps_query_get(ps_http_query(req), "format");

    return format && *format ? format : "application/json";
}

// --- a plug-in's test

struct asked {
    struct ps_http_req *req;
    char type[64];
};

static void formatted(void *ctx, const struct tl_plugin_answer *a)
{
    struct asked *k = ctx;

    if (a->err)
        reply_text(k->req, 500, "%s", a->why);
    else
        ps_http_reply(k->req, 200, k->type, a->text, a->len);
    free(k);
}

static void ask_plugin(struct site *s, struct ps_http_req *req, const struct tl_plugin *p, const char *input,
                       const char *format)
{
    struct asked *k = malloc(sizeof *k);
    int err = -1;

    if (k) {
        *k = (struct asked){.req = req};
        snprintf(k->type, sizeof k->type, "%.40s; charset=utf-8", format);
        err = tl_plugin_call(s->plugins, p, "result-format", format, input, strlen(input), TL_PLUGIN_PATIENCE,
                             formatted, k, NULL);
    }
    if (err) {
        free(k);
        reply_text(req, 500, "The plug-in cannot be asked: %s", ps_strerror(err));
    }
}

// {"spec","result"}; flags of sp_json_put.
static char *spec_and_result(struct ps_jnode spec, struct ps_jnode result, unsigned flags)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    ps_json_key(j, "spec");
    sp_json_put(j, spec, flags);
    ps_json_key(j, "result");
    sp_json_put(j, result, flags);
    ps_json_close(j, '}');
    return ps_text_close(&t, NULL);
}

// --- formats

static void tell_text(struct ps_http_req *req, const struct sp_test *test, const char *format,
                      struct ps_jnode spec, struct ps_jnode result)
{
    char type[80];
    enum sp_mime mime;
    struct ps_buf out;
    int err = sp_mime_find(format, &mime);

    ps_buf_init(&out, TEXT_MAX);
    if (!err)
        err = sp_result_text(test, mime, spec, result, &out);
    snprintf(type, sizeof type, "%.40s; charset=utf-8", format);
    if (err == PS_EUNSUPPORTED)
        reply_text(req, 400, "A result of %s cannot be had as '%.60s'", sp_test_name(test), format);
    else if (err)
        reply_text(req, 500, "The result cannot be written: %s", ps_strerror(err));
    else
        ps_http_reply(req, 200, type, ps_buf_head(&out), ps_buf_len(&out));
    ps_buf_fini(&out);
}

// input: {"spec","result"}
static void tell_own(struct ps_http_req *req, const struct sp_test *test, const char *format,
                     const char *input)
{
    struct ps_jdoc *doc;
    struct ps_jnode root;

    if (ps_jdoc_parse_foreign(&doc, NULL, input, strlen(input), NULL)) {
        reply_no_memory(req);
        return;
    }
    root = ps_jdoc_root(doc);
    tell_text(req, test, format, ps_jnode_member(root, "spec"), ps_jnode_member(root, "result"));
    ps_jdoc_free(doc);
}

static void tell_other(struct site *s, struct ps_http_req *req, const struct task *t, const char *format,
                       struct ps_jnode result, bool secrets)
{
    const struct sp_test *test = sp_test_find(t->type);
    const struct tl_plugin *plugin = s->plugins ? tl_plugins_find(s->plugins, TL_PLUGIN_TEST, t->type) : NULL;
    struct ps_jdoc *doc = NULL;
    struct ps_jnode spec;
    char *input;

    if (ps_jdoc_parse_foreign(&doc, NULL, t->doc, strlen(t->doc), NULL))
        doc = NULL;
    spec = ps_jnode_member(ps_jnode_member(ps_jdoc_root(doc), "test"), "spec");
    input = spec_and_result(spec, result, secrets ? 0 : SP_JSON_SANITISE);
    if (!input)
        reply_no_memory(req);
    else if (test)
        tell_own(req, test, format, input);
    else if (plugin)
        ask_plugin(s, req, plugin, input, format);
    else
        reply_text(req, 500, "The test %s is not known any more", t->type);
    free(input);
    ps_jdoc_free(doc);
}

static void tell_json(struct ps_http_req *req, struct ps_jnode result, bool secrets)
{
    struct reply r;

    reply_open(&r, req);
    sp_json_put(r.json, result, secrets ? 0 : SP_JSON_SANITISE);
    reply_send(&r);
}

static void tell_no_result(struct ps_http_req *req, const struct sch_run *run)
{
    bool multi = run->task->conf.cls == SCH_BACKGROUND_MULTI && run->state == SCH_FINISHED;

    if (multi)
        reply_text(req, 200, "The run has many results, each a run of its own%s%s",
                   run->sentence[0] ? "; " : "", run->sentence);
    else
        reply_text(req, 200, "The run has no result: %s",
                   run->sentence[0] ? run->sentence : sch_state_display(run->state));
}

static void tell_result(struct site *s, struct ps_http_req *req, const struct task *t,
                        const struct sch_run *run, bool secrets)
{
    const char *format = format_of(req);
    struct store_texts texts;
    struct ps_jdoc *doc = NULL;

    if (!rest_texts(s, req, run, &texts))
        return;
    if (!texts.merged || ps_jdoc_parse_foreign(&doc, NULL, texts.merged, strlen(texts.merged), NULL))
        doc = NULL;
    if (!doc && strcmp(format, "application/json") == 0)
        reply_not_found(req);
    else if (!doc)
        tell_no_result(req, run);
    else if (strcmp(format, "application/json") == 0)
        tell_json(req, ps_jdoc_root(doc), secrets);
    else
        tell_other(s, req, t, format, ps_jdoc_root(doc), secrets);
    ps_jdoc_free(doc);
    store_texts_free(&texts);
}

static bool look(struct site *s, struct ps_http_req *req, const char *task, bool last)
{
    const struct task *t = task_find(s->tasks, task);
    const struct sch_run *run = t ? rest_run_of(s, t, ps_http_arg(req, "run")) : NULL;
    int see = t ? who_may_see(t, ps_query_get(ps_http_query(req), "key")) : 0;

    if (run && !sch_state_over(run->state) && !last)
        return false;
    if (see < 0)
        reply_text(req, 403, "Forbidden: the key is another one");
    else if (run && sch_state_over(run->state))
        tell_result(s, req, t, run, see > 0);
    else
        reply_not_found(req);
    return true;
}

void rest_run_result(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    struct task *t = rest_task_of(s, req);

    if (t)
        waiters_add(s->waiters, req, t->id, reply_flag(req, "wait", false) ? WAITERS_PATIENCE : 0, look);
}
