// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_parts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "tool/tl_run_impl.h"
#include "tool/tl_spec.h"

struct tl_parts {
    struct tl_runner *runner;
    struct tl_parts_ask ask;
    tl_parts_cb cb;
    void *ctx;
    struct ps_timer *soon;
    struct tl_plugin_call *calling;
    size_t told;
    char *data[TL_PARTS_MAX];
};

void tl_parts_free(struct tl_parts *p)
{
    if (!p)
        return;
    ps_timer_free(p->soon);
    tl_plugin_cancel(p->calling);
    for (size_t i = 0; i < p->told; i++)
        free(p->data[i]);
    free(p);
}

static void fail(struct tl_parts *p, const char *why)
{
    tl_parts_cb cb = p->cb;
    void *ctx = p->ctx;

    cb(ctx, NULL, why); // the text may be ours
    tl_parts_free(p);
}

static void tell(struct tl_parts *p)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    char *parts;

    ps_json_open(j, '[');
    for (size_t i = 0; i < p->told; i++)
        ps_json_raw(j, p->data[i], strlen(p->data[i]));
    ps_json_close(j, ']');
    parts = ps_text_close(&t, NULL);
    p->cb(p->ctx, parts, parts ? NULL : ps_strerror(-ENOMEM));
    free(parts);
    tl_parts_free(p);
}

static void take(struct tl_parts *p, char *data)
{
    if (!data) {
        fail(p, ps_strerror(-ENOMEM));
        return;
    }
    p->data[p->told++] = data;
    ps_timer_start(p->soon, 0);
}

static void plugin_told(void *ctx, const struct tl_plugin_answer *a)
{
    struct tl_parts *p = ctx;
    struct ps_fault fault = {""};
    struct ps_jdoc *doc;
    char *data;

    p->calling = NULL;
    if (a->err) {
        fail(p, a->why);
        return;
    }
    if (ps_jdoc_parse_foreign(&doc, "participant-data", a->text, a->len, &fault)) {
        fail(p, fault.text);
        return;
    }
    data = ps_jnode_copy(ps_jdoc_root(doc));
    ps_jdoc_free(doc);
    take(p, data);
}

static int call_plugin(struct tl_parts *p)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    char *input;
    size_t len;
    int err;

    ps_json_open(j, '{');
    ps_json_put_u64(j, "participant", p->told);
    tl_put_test(j, &p->ask.test);
    ps_json_close(j, '}');
    input = ps_text_close(&t, &len);
    err = input ? tl_plugin_call(p->runner->conf.plugins, p->ask.plugin, "participant-data", NULL, input, len,
                                 TL_PLUGIN_PATIENCE, plugin_told, p, &p->calling)
                : -ENOMEM;
    free(input);
    return err;
}

static void ask_plugin(struct tl_parts *p)
{
    int err = call_plugin(p);

    if (err == PS_ENOTFOUND)
        take(p, strdup("{}"));
    else if (err)
        fail(p, ps_strerror(err));
}

static void ask_tool(struct tl_parts *p)
{
    struct ps_text t;
    int err = tl_participant_data(p->ask.tool, p->runner->conf.site, &p->ask.test, (unsigned)p->told,
                                  p->ask.port, ps_text_open(&t));
    char *data = ps_text_close(&t, NULL);

    if (!err) {
        take(p, data);
        return;
    }
    free(data);
    fail(p, ps_strerror(err));
}

static void ask_next(void *ctx)
{
    struct tl_parts *p = ctx;

    if (p->told == p->ask.n)
        tell(p);
    else if (p->ask.plugin)
        ask_plugin(p);
    else
        ask_tool(p);
}

int tl_parts_ask(struct tl_runner *r, const struct tl_parts_ask *ask, tl_parts_cb cb, void *ctx,
                 struct tl_parts **out)
{
    struct tl_parts *p = ask->n <= TL_PARTS_MAX ? calloc(1, sizeof *p) : NULL;

    if (!p || ps_timer_new(r->loop, &p->soon, ask_next, p)) {
        free(p);
        return -ENOMEM;
    }
    p->runner = r;
    p->ask = *ask;
    p->cb = cb;
    p->ctx = ctx;
    ps_timer_start(p->soon, 0);
    *out = p;
    return 0;
}
