// SPDX-License-Identifier: Apache-2.0
#include "pslimits/load.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/ps_conf.h"
#include "base/ps_err.h"
#include "http/ps_mirror.h"
#include "http/ps_url.h"
#include "pslimits/source.h"

#define URL_MAX 4096
#define FETCH_TIME (10 * PS_SEC)

// A script that jq is asked to compile.
struct script {
    struct load *load;
    const struct lim_program *program;
    struct ps_jq_program *jq;
    struct ps_jq_request *request;
};

struct load {
    struct ps_loop *loop;
    struct ps_jq *jq;
    struct ps_httpc *http;
    load_cb cb;
    void *ctx;
    char *path;
    struct ps_timer *start;
    struct ps_httpc_call *call;
    bool by_url;
    char *url; // NULL: what was read is the file
    struct lim_rules *rules;
    struct lim_faults faults;
    struct script *scripts;
    size_t nscripts, left, unchecked;
};

void load_drop(struct load *l)
{
    if (!l)
        return;
    ps_timer_free(l->start);
    ps_httpc_cancel(l->call);
    for (size_t i = 0; i < l->nscripts; i++) {
        ps_jq_cancel(l->scripts[i].request);
        ps_jq_program_free(l->scripts[i].jq);
    }
    free(l->scripts);
    lim_rules_free(l->rules);
    lim_faults_fini(&l->faults);
    free(l->path);
    free(l->url);
    free(l);
}

static void finish(struct load *l, int err, const char *why)
{
    struct load_result r = {.err = err, .why = why, .faults = &l->faults, .by_url = l->by_url};
    r.unchecked = l->unchecked;
    r.name = l->url ? l->url : source_name(l->path);
    lim_faults_sort(&l->faults);
    r.rules = err || l->faults.faults ? NULL : l->rules;
    if (r.rules)
        l->rules = NULL;
    l->cb(l->ctx, &r);
    load_drop(l);
}

// scripts

static const char *line_hint(const struct ps_jq_result *r, char out[60])
{
    if (r->err == -ENOENT || r->err == -EACCES)
        return "PSUITE_JQ_WORKER names one that is not installed";
    if (!r->line)
        return NULL;
    snprintf(out, 60, "see line %u of the script", r->line);
    return out;
}

// That jq cannot be asked is not the script's fault.
static void tell(struct load *l, const struct lim_program *p, const struct ps_jq_result *r)
{
    bool blame = r->err == PS_ESYNTAX || r->err == PS_ELIMIT || r->err == PS_ETIMEOUT || r->err == PS_ECLOSED;
    char hint[60];
    l->unchecked += !blame;
    lim_fault_place(&l->faults, blame ? LIM_FAULT : LIM_WARNING, p->line, p->path, line_hint(r, hint),
                    "%s: %s", blame ? "does not compile" : "could not be given to jq", r->why);
}

static void compiled(void *ctx, const struct ps_jq_result *r)
{
    struct script *s = ctx;
    struct load *l = s->load;
    s->request = NULL;
    if (r->err)
        tell(l, s->program, r);
    if (--l->left == 0)
        finish(l, l->faults.err, "out of memory");
}

static int compile(struct load *l, struct script *s, const struct lim_program *p)
{
    struct ps_jq_source source = {p->text, strlen(p->text), p->prelude, p->names, p->nnames};
    s->load = l;
    s->program = p;
    int err = ps_jq_program_new(l->jq, &source, &s->jq);
    return err ? err : ps_jq_check(s->jq, compiled, s, &s->request);
}

static void compile_all(struct load *l)
{
    size_t n = l->rules ? l->rules->nprograms : 0;
    int err = 0;
    l->scripts = calloc(n + 1, sizeof *l->scripts);
    if (!l->scripts)
        err = -ENOMEM;
    for (size_t i = 0; i < n && !err; i++) {
        const struct lim_program *p = l->rules->programs[i];
        if (p->sound)
            err = compile(l, &l->scripts[l->nscripts++], p);
    }
    l->left = l->nscripts;
    if (err || l->nscripts == 0)
        finish(l, err, ps_strerror(err));
}

// the text

static void refuse_html(struct load *l)
{
    const char *hint =
        l->by_url ? "name the file itself (often called raw), and see whether the server wants a login"
                  : "a browser may have saved a page in the file's place";
    lim_fault_place(&l->faults, LIM_FAULT, 1, "the document", hint, "is a page of HTML, and no rules");
    finish(l, l->faults.err, ps_strerror(-ENOMEM));
}

static void take_text(struct load *l, const char *text, size_t len)
{
    if (ps_mirror_is_html(text)) {
        refuse_html(l);
        return;
    }
    // Scripts of faulty rules are looked at, too.
    int err = lim_survey(&l->rules, text, len, &l->faults);
    if (err && err != PS_EMALFORMED)
        finish(l, err, ps_strerror(err));
    else
        compile_all(l);
}

static void fetched(void *ctx, const struct ps_httpc_answer *a)
{
    struct load *l = ctx;
    char why[200];
    l->call = NULL;
    if (a->err) {
        finish(l, a->err, a->why);
    } else if (a->status != 200) {
        snprintf(why, sizeof why, "%.120s: HTTP status %d", l->url, a->status);
        finish(l, PS_EREFUSED, why);
    } else {
        take_text(l, a->body, a->len);
    }
}

// For messages: without a password.
static char *shown(const char *url)
{
    struct ps_url u;
    struct ps_buf text;
    char *out = NULL;
    ps_buf_init(&text, 0);
    if (ps_url_parse(&u, url, strlen(url)) != 0)
        return strdup(url);
    if (ps_url_format(&u, true, &text) == 0)
        out = strndup((char *)ps_buf_head(&text), ps_buf_len(&text));
    ps_url_fini(&u);
    ps_buf_fini(&text);
    return out;
}

static int fetch(struct load *l, const char *url)
{
    struct ps_httpc_ask ask = {
        .method = "GET",
        .url = url,
        .timeout = FETCH_TIME,
        .answer_max = LIM_FILE_MAX,
        .redirects = 10,
        .proxy = PS_HTTPC_ENV_PROXY,
    };
    l->by_url = true;
    l->url = shown(url);
    if (!l->url)
        return -ENOMEM;
    return ps_httpc_ask(l->http, &ask, fetched, l, &l->call);
}

// A link that leads nowhere is a mistake, and not the absence of rules.
static int look_for_link(const char *path, int err, char *why, size_t size)
{
    struct stat st;
    if (err != -ENOENT || lstat(path, &st) != 0 || !S_ISLNK(st.st_mode))
        return err;
    snprintf(why, size, "%s: is a link to what is not there", path);
    return PS_ENOTFILE;
}

static void begin(void *ctx)
{
    struct load *l = ctx;
    char url[URL_MAX], why[400], *text = NULL;
    size_t len = 0;
    int err = source_text(l->path, LIM_FILE_MAX, &text, &len, why, sizeof why);
    if (err) {
        err = look_for_link(l->path, err, why, sizeof why);
        finish(l, err, why);
    } else if (lim_is_url(text, len, url, sizeof url)) {
        err = fetch(l, url);
        if (err)
            finish(l, err, ps_strerror(err));
    } else {
        take_text(l, text, len);
    }
    free(text);
}

int load_begin(struct ps_loop *loop, struct ps_jq *jq, struct ps_httpc *http, const char *path, load_cb cb,
               void *ctx, struct load **out)
{
    struct load *l = calloc(1, sizeof *l);
    if (!l)
        return -ENOMEM;
    *l = (struct load){.loop = loop, .jq = jq, .http = http, .cb = cb, .ctx = ctx, .path = strdup(path)};
    lim_faults_init(&l->faults);
    int err = l->path ? ps_timer_new(loop, &l->start, begin, l) : -ENOMEM;
    if (err) {
        load_drop(l);
        return err;
    }
    ps_timer_start(l->start, 0);
    if (out)
        *out = l;
    return 0;
}
