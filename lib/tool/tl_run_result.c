// SPDX-License-Identifier: Apache-2.0
// From what a tool wrote to the result that is told.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "tool/tl_run_impl.h"
#include "tool/tl_spec.h"

// --- diagnostics

static const char *end_of(const char *text, size_t len, size_t *kept)
{
    *kept = len < TL_RUN_DIAGS ? len : TL_RUN_DIAGS;
    return text + len - *kept;
}

// The command line, what it wrote, and what it complained of.
static void make_diags(struct tl_run *run)
{
    struct ps_buf b;
    size_t n;
    const char *p;
    int err;

    ps_buf_init(&b, 0);
    err = tl_argv_show(&run->argv, &b);
    if (!err && run->out && run->tool && !run->tool->probe && !run->tool->mute) {
        p = end_of(run->out, run->out_len, &n);
        err = ps_buf_printf(&b, "\n\n%.*s", (int)n, p);
    }
    if (!err && run->err && run->err_len > 0) {
        p = end_of(run->err, run->err_len, &n);
        err = ps_buf_printf(&b, "\n\n%.*s", (int)n, p);
    }
    if (!err && ps_buf_append(&b, "", 1) == 0)
        run->diags = strdup((char *)ps_buf_head(&b));
    ps_buf_fini(&b);
}

// --- telling

static bool is_multi(const struct tl_run *run)
{
    return run->recorded || (run->tool && run->tool->multi);
}

static void tell(struct tl_run *run, char *local, size_t local_len, char *merged, size_t merged_len)
{
    char *parts = run->parts ? ps_jnode_copy(ps_jdoc_root(run->parts)) : NULL;
    struct tl_result r = {.succeeded = run->answer.succeeded,
                          .error = run->answer.succeeded ? NULL : run->answer.error,
                          .local = local,
                          .local_len = local_len,
                          .parts = parts,
                          .said = run->plugin && run->status == 0 ? run->out : NULL,
                          .merged = merged,
                          .merged_len = merged_len};

    run->in_result = true;
    run->ops->result(run->ctx, &r);
    run->in_result = false;
    free(parts);
}

void tl_run_tell(struct tl_run *run)
{
    bool flat = run->tool && run->tool->flat;
    struct ps_text t;
    char *local, *merged;
    size_t local_len, merged_len;

    if (!run->diags)
        make_diags(run);
    tl_answer_local(&run->answer, flat, run->diags ? run->diags : "", ps_text_open(&t));
    local = ps_text_close(&t, &local_len);
    tl_answer_merged(&run->answer, flat, run->diags ? run->diags : "", ps_text_open(&t));
    merged = ps_text_close(&t, &merged_len);
    if (local && merged && !run->cancelled)
        tell(run, local, local_len, merged, merged_len);
    free(local);
    free(merged);
}

// --- what was a program's output

static void named(void *ctx);

static bool look_up_names(struct tl_run *run)
{
    const struct tl_runner *r = run->runner;

    return r->conf.dns && run->names.n > 0 && !run->naming &&
           tl_naming_start(r->conf.dns, &run->names, TL_RUN_NAMING, named, run, &run->naming) == 0;
}

static struct tl_said said(const struct tl_run *run)
{
    return (struct tl_said){.test = tl_run_test(run),
                            .out = run->out,
                            .out_len = run->out_len,
                            .err = run->err,
                            .err_len = run->err_len,
                            .status = run->status,
                            .participant = run->participant};
}

static void parse(struct tl_run *run)
{
    struct tl_said what = said(run);

    tl_answer_fini(&run->answer);
    tl_answer_init(&run->answer);
    run->tool->parse(&what, &run->names, &run->answer);
}

static void named(void *ctx)
{
    struct tl_run *run = ctx;

    tl_naming_free(run->naming);
    run->naming = NULL;
    parse(run);
    tl_run_tell(run);
    tl_run_end(run);
}

// true: names are looked up.
static bool read_output(struct tl_run *run)
{
    struct ps_jnode spec = ps_jdoc_root(run->spec);
    bool hosts = tl_spec_flag(spec, "hostnames", true);
    bool as = strcmp(run->type, "trace") == 0 && tl_spec_flag(spec, "as", true);

    if (tl_names_init(&run->names, hosts, as)) {
        tl_answer_fail(&run->answer, "%s", ps_strerror(-ENOMEM));
        tl_run_tell(run);
        return false;
    }
    run->names_made = true;
    parse(run);
    if (run->answer.succeeded && look_up_names(run))
        return true;
    tl_run_tell(run);
    return false;
}

// --- what is a document already

// A document of a participant becomes the answer: what it says of itself, the inner object if it has one.
static void take_document(struct tl_answer *a, const char *text, size_t len)
{
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault = {""};
    struct ps_jnode root, inner;
    const char *error, *raw;
    size_t raw_len;

    if (ps_jdoc_parse_foreign(&doc, "result", text, len, &fault)) {
        tl_answer_fail(a, "The tool wrote no result: %s", fault.text);
        return;
    }
    root = ps_jdoc_root(doc);
    error = tl_spec_str(root, "error");
    inner = ps_jnode_member(root, "result");
    if (ps_jnode_type(root) != PS_JTYPE_OBJECT) {
        tl_answer_fail(a, "The tool wrote no result: it is no object");
    } else if (!tl_spec_flag(root, "succeeded", false)) {
        tl_answer_fail(a, "%s", error && *error ? error : "The tool failed and did not say why.");
    } else {
        raw = ps_jnode_raw(ps_jnode_type(inner) == PS_JTYPE_OBJECT ? inner : root, &raw_len);
        tl_answer_take(a, true, raw, raw_len);
    }
    ps_jdoc_free(doc);
}

// A plug-in makes the result of the run by a method of its own.
static void merged(void *ctx, const struct tl_plugin_answer *a)
{
    struct tl_run *run = ctx;

    run->merging = NULL;
    if (a->err) {
        tl_answer_fail(&run->answer, "merged-results: %s", a->why);
    } else {
        tl_answer_fini(&run->answer);
        tl_answer_init(&run->answer);
        take_document(&run->answer, a->text, a->len);
    }
    tl_run_tell(run);
    tl_run_end(run);
}

static bool ask_to_merge(struct tl_run *run)
{
    struct tl_runner *r = run->runner;
    struct ps_buf b;
    const char *raw;
    size_t len;
    int err;

    if (!run->plugin || ps_jnode_count(ps_jdoc_root(run->parts)) > 1)
        return false;
    raw = ps_jnode_raw(ps_jdoc_root(run->spec), &len);
    ps_buf_init(&b, 0);
    err = ps_buf_printf(&b, "{\"test\":{\"type\":\"%s\",\"spec\":%.*s},\"results\":[%.*s]}", run->type,
                        (int)len, raw, (int)run->out_len, run->out);
    if (!err)
        err = tl_plugin_call(r->conf.plugins, run->plugin, "merged-results", NULL, (char *)ps_buf_head(&b),
                             ps_buf_len(&b), TL_PLUGIN_PATIENCE_SHORT, merged, run, &run->merging);
    ps_buf_fini(&b);
    return !err;
}

// true: the plug-in is asked for more.
static bool read_document(struct tl_run *run)
{
    struct tl_said what = said(run);

    if (run->status != 0)
        tl_answer_blame(&run->answer, &what, run->tool ? run->tool->name : tl_plugin_name(run->plugin));
    else
        take_document(&run->answer, run->out, run->out_len);
    if (run->answer.succeeded && ask_to_merge(run))
        return true;
    tl_run_tell(run);
    return false;
}

bool tl_run_read(struct tl_run *run)
{
    if (is_multi(run)) // its records have been told
        return run->status != 0 && read_document(run);
    return run->plugin || run->tool->probe ? read_document(run) : read_output(run);
}

void tl_run_record(struct tl_run *run, const char *text, size_t len)
{
    run->recorded = true;
    tl_answer_fini(&run->answer);
    tl_answer_init(&run->answer);
    take_document(&run->answer, text, len);
    tl_run_tell(run);
    tl_answer_fini(&run->answer);
    tl_answer_init(&run->answer);
}
