// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_ctl_json.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/ps_err.h"

#define VERBS_MAX 16

static struct ps_json *begin(struct ps_text *t, bool ok)
{
    struct ps_json *j = ps_text_open(t);

    ps_json_open(j, '{');
    ps_json_put_bool(j, "ok", ok);
    return j;
}

static void finish(struct ps_text *t, struct ps_ctl_request req)
{
    static const char sorry[] = "{\"ok\":false,\"error\":\"out of memory\"}";
    char *text;
    size_t len;

    ps_json_close(&t->json, '}');
    (void)ps_json_end(&t->json);
    text = ps_text_close(t, &len);
    (void)ps_ctl_reply(req, text ? text : sorry, text ? len : sizeof sorry - 1);
    free(text);
}

void ps_ctl_refuse(struct ps_ctl_request req, const char *why)
{
    struct ps_text t;

    ps_json_put_str(begin(&t, false), "error", why);
    finish(&t, req);
}

void ps_ctl_answer(struct ps_ctl_request req, ps_ctl_put_cb put, void *ctx)
{
    struct ps_fault fault = {""};
    struct ps_text t;
    struct ps_json *j = begin(&t, true);
    int err = put ? put(ctx, j, &fault) : 0;

    if (!err) {
        finish(&t, req);
        return;
    }
    free(ps_text_close(&t, NULL));
    ps_ctl_refuse(req, fault.text[0] ? fault.text : ps_strerror(err));
}

void ps_ctl_put_program(struct ps_json *j, const char *name)
{
    ps_json_put_str(j, "program", name);
    ps_json_put_str(j, "version", PACKAGE_VERSION);
    ps_json_put_u64(j, "pid", (uint64_t)getpid());
}

// A request and who obeys it.
struct order {
    const struct ps_ctl_verb *verbs;
    size_t nverbs;
    void *ctx;
    struct ps_jnode root;
};

static int follow(void *ctx, struct ps_json *answer, struct ps_fault *fault)
{
    const struct order *o = ctx;
    const char *names[VERBS_MAX];
    struct ps_jget args;
    size_t verb;

    for (size_t i = 0; i < o->nverbs; i++)
        names[i] = o->verbs[i].name;
    ps_jget_init(&args, o->root, fault);
    verb = ps_jneed_word(&args, "verb", names, o->nverbs);
    // Members are a question of the verb: without one there is nothing to say of them.
    if (args.err || (!o->verbs[verb].takes_members && ps_jget_end(&args)))
        return args.err;
    return o->verbs[verb].obey(o->ctx, &args, answer, fault);
}

void ps_ctl_obey(const struct ps_ctl_verb *verbs, size_t nverbs, void *ctx, struct ps_ctl_request req,
                 const char *line, size_t len)
{
    struct order o = {verbs, nverbs, ctx, {0}};
    struct ps_fault fault = {""};
    struct ps_jdoc *doc = NULL;
    int err = ps_jdoc_parse(&doc, NULL, line, len, &fault);

    assert(nverbs <= VERBS_MAX);
    if (err) {
        ps_ctl_refuse(req, fault.text[0] ? fault.text : ps_strerror(err));
    } else {
        o.root = ps_jdoc_root(doc);
        ps_ctl_answer(req, follow, &o);
    }
    ps_jdoc_free(doc);
}
