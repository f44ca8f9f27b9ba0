// SPDX-License-Identifier: Apache-2.0
// Tests, tools, archivers and contexts: those of psched's own and plug-ins, one list each.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "deliver/ps_deliver.h"
#include "psched/archive.h"
#include "psched/rest.h"
#include "spec/sp_cli.h"
#include "spec/sp_json.h"
#include "spec/sp_test.h"

#define MAINTAINER_NAME "psuite"

// --- one of each kind

// An archiver of lib/deliver has no more to say of itself.
static void put_archiver(struct ps_json *j, const char *name)
{
    ps_json_open(j, '{');
    ps_json_put_u64(j, "schema", 1);
    ps_json_put_str(j, "name", name);
    ps_json_put_str(j, "description", "Archives results");
    ps_json_put_str(j, "version", PACKAGE_VERSION);
    ps_json_put_open(j, "maintainer", '{');
    ps_json_put_str(j, "name", MAINTAINER_NAME);
    ps_json_close(j, '}');
}

static void put_foreign(struct ps_json *j, const struct tl_plugin *p, const char *href)
{
    ps_json_open(j, '{');
    for (struct ps_jnode m = ps_jnode_first(tl_plugin_enumeration(p)); ps_jnode_there(m);
         m = ps_jnode_next(m)) {
        ps_json_key(j, ps_jnode_key(m));
        sp_json_put(j, m, 0);
    }
    ps_json_put_str(j, "href", href);
    ps_json_close(j, '}');
}

struct lister {
    struct site *site;
    struct ps_json *json;
    const char *origin;
    bool expanded;
};

static const char *const folders[TL_PLUGIN_CLASSES] = {
    [TL_PLUGIN_TEST] = "tests",
    [TL_PLUGIN_TOOL] = "tools",
    [TL_PLUGIN_ARCHIVER] = "archivers",
    [TL_PLUGIN_CONTEXT] = "contexts",
};

#define HREF 512

static const char *href_of(const struct lister *l, enum tl_plugin_class c, const char *name, char out[HREF])
{
    snprintf(out, HREF, "%s/pscheduler/%s/%.100s", l->origin, folders[c], name);
    return out;
}

static void put_own(const struct lister *l, enum tl_plugin_class c, size_t i, const char *name)
{
    char href[HREF];

    href_of(l, c, name, href);
    if (!l->expanded) {
        ps_json_str(l->json, href);
    } else if (c == TL_PLUGIN_TEST) {
        sp_test_enumerate(sp_test_at(i), href, l->json);
    } else {
        if (c == TL_PLUGIN_TOOL)
            tl_tool_enumerate(tl_tool_at(i), l->json);
        else
            put_archiver(l->json, name);
        ps_json_put_str(l->json, "href", href);
        ps_json_close(l->json, '}');
    }
}

// The name of the i-th of our own; NULL: there are no more.
static const char *own_name(enum tl_plugin_class c, size_t i)
{
    const char *const *names;

    switch (c) {
    case TL_PLUGIN_TEST:
        return sp_test_at(i) ? sp_test_name(sp_test_at(i)) : NULL;
    case TL_PLUGIN_TOOL:
        return tl_tool_at(i) ? tl_tool_name(tl_tool_at(i)) : NULL;
    case TL_PLUGIN_ARCHIVER:
        return i < ps_deliver_kinds(&names) ? names[i] : NULL;
    case TL_PLUGIN_CONTEXT:
    case TL_PLUGIN_CLASSES:
        break;
    }
    return NULL;
}

static bool is_own(enum tl_plugin_class c, const char *name)
{
    const char *own;

    for (size_t i = 0; (own = own_name(c, i)); i++)
        if (strcmp(own, name) == 0)
            return true;
    return false;
}

static void put_one(const struct lister *l, enum tl_plugin_class c, const struct tl_plugin *p)
{
    char href[HREF];

    href_of(l, c, tl_plugin_name(p), href);
    if (l->expanded)
        put_foreign(l->json, p, href);
    else
        ps_json_str(l->json, href);
}

// for_test: tools of that type of test alone; NULL: all.
static void put_list(const struct lister *l, enum tl_plugin_class c, const char *for_test)
{
    const struct tl_plugins *plugins = l->site->plugins;
    const char *name;

    ps_json_open(l->json, '[');
    for (size_t i = 0; (name = own_name(c, i)); i++)
        if (!for_test || tl_tool_does(tl_tool_at(i), for_test))
            put_own(l, c, i, name);
    for (size_t i = 0; plugins && i < tl_plugins_count(plugins, c); i++) {
        const struct tl_plugin *p = tl_plugins_at(plugins, c, i);

        if (!is_own(c, tl_plugin_name(p)) && (!for_test || tl_plugin_does(p, for_test)))
            put_one(l, c, p);
    }
    ps_json_close(l->json, ']');
}

void rest_plugin_names(const struct site *s, enum tl_plugin_class c, struct ps_json *j)
{
    const char *name;

    ps_json_open(j, '[');
    for (size_t i = 0; (name = own_name(c, i)); i++)
        ps_json_str(j, name);
    for (size_t i = 0; s->plugins && i < tl_plugins_count(s->plugins, c); i++) {
        name = tl_plugin_name(tl_plugins_at(s->plugins, c, i));
        if (!is_own(c, name))
            ps_json_str(j, name);
    }
    ps_json_close(j, ']');
}

static void list(struct site *s, struct ps_http_req *req, enum tl_plugin_class c, const char *for_test)
{
    struct lister l = {.site = s, .expanded = reply_flag(req, "expanded", false)};
    struct reply r;

    l.json = reply_open(&r, req);
    l.origin = reply_here(&r);
    put_list(&l, c, for_test);
    reply_send(&r);
}

static bool put_named(const struct lister *l, enum tl_plugin_class c, const char *name)
{
    const struct tl_plugin *p;
    const char *own;

    for (size_t i = 0; (own = own_name(c, i)); i++) {
        if (strcmp(own, name) == 0) {
            put_own(l, c, i, own);
            return true;
        }
    }
    p = l->site->plugins ? tl_plugins_find(l->site->plugins, c, name) : NULL;
    if (p)
        put_one(l, c, p);
    return p != NULL;
}

static void one(struct site *s, struct ps_http_req *req, enum tl_plugin_class c, const char *name)
{
    struct lister l = {.site = s, .expanded = true};
    struct reply r;

    if (!is_own(c, name) && !(s->plugins && tl_plugins_find(s->plugins, c, name))) {
        reply_not_found(req);
        return;
    }
    l.json = reply_open(&r, req);
    l.origin = reply_here(&r);
    (void)put_named(&l, c, name);
    reply_send(&r);
}

void rest_tests(void *site, struct ps_http_req *req)
{
    list(site, req, TL_PLUGIN_TEST, NULL);
}

void rest_test(void *site, struct ps_http_req *req)
{
    one(site, req, TL_PLUGIN_TEST, ps_http_arg(req, "test"));
}

void rest_archivers(void *site, struct ps_http_req *req)
{
    list(site, req, TL_PLUGIN_ARCHIVER, NULL);
}

void rest_archiver(void *site, struct ps_http_req *req)
{
    one(site, req, TL_PLUGIN_ARCHIVER, ps_http_arg(req, "archiver"));
}

void rest_contexts(void *site, struct ps_http_req *req)
{
    list(site, req, TL_PLUGIN_CONTEXT, NULL);
}

void rest_context(void *site, struct ps_http_req *req)
{
    one(site, req, TL_PLUGIN_CONTEXT, ps_http_arg(req, "context"));
}

void rest_tool(void *site, struct ps_http_req *req)
{
    one(site, req, TL_PLUGIN_TOOL, ps_http_arg(req, "tool"));
}

static bool is_test(struct site *s, struct ps_http_req *req)
{
    const char *name = ps_http_arg(req, "test");

    if (sp_test_find(name) || (s->plugins && tl_plugins_find(s->plugins, TL_PLUGIN_TEST, name)))
        return true;
    reply_not_found(req);
    return false;
}

void rest_test_tools(void *site, struct ps_http_req *req)
{
    if (is_test(site, req))
        list(site, req, TL_PLUGIN_TOOL, ps_http_arg(req, "test"));
}

// --- asking a plug-in

static void passed_on(void *ctx, const struct tl_plugin_answer *a)
{
    struct ps_http_req *req = ctx;

    if (a->err)
        reply_text(req, 400, "%s", a->why);
    else
        reply_json(req, a->text, a->len);
}

// Sends it what it is to read, and its answer to the client.
static void ask_test(struct site *s, struct ps_http_req *req, const char *method, const struct ps_jdoc *doc)
{
    const struct tl_plugin *p = tl_plugins_find(s->plugins, TL_PLUGIN_TEST, ps_http_arg(req, "test"));
    size_t len;
    const char *input = ps_jnode_raw(ps_jdoc_root(doc), &len);
    int err = tl_plugin_call(s->plugins, p, method, NULL, input, len, TL_PLUGIN_PATIENCE_SHORT, passed_on,
                             req, NULL);

    if (err)
        reply_text(req, 500, "The plug-in cannot be asked for its %s: %s", method, ps_strerror(err));
}

// --- specifications

static int strings_of(struct ps_jnode array, const char **out, size_t max, size_t *n)
{
    int err = 0;

    *n = 0;
    for (struct ps_jnode m = ps_jnode_first(array); !err && ps_jnode_there(m); m = ps_jnode_next(m)) {
        if (*n == max)
            return PS_ELIMIT;
        err = ps_jnode_str(m, 0, SP_SPEC_STRING, &out[*n], NULL);
        ++*n;
    }
    return err;
}

static void make_spec(struct ps_http_req *req, const struct sp_test *test, const struct ps_jdoc *doc)
{
    const char *args[512];
    struct ps_fault fault = {""};
    struct ps_buf out;
    size_t n;
    int err = strings_of(ps_jdoc_root(doc), args, sizeof args / sizeof args[0], &n);

    if (err) {
        reply_text(req, 400, "args: wants an array of strings");
        return;
    }
    ps_buf_init(&out, (size_t)1 << 20);
    err = sp_from_cli(test, args, n, &out, &fault);
    if (err == SP_CLI_HELP)
        reply_text(req, 400, "%.*s", (int)ps_buf_len(&out), (const char *)ps_buf_head(&out));
    else if (err)
        reply_text(req, 400, "%s", fault.text[0] ? fault.text : ps_strerror(err));
    else
        reply_json(req, (const char *)ps_buf_head(&out), ps_buf_len(&out));
    ps_buf_fini(&out);
}

void rest_test_spec(void *site, struct ps_http_req *req)
{
    const struct sp_test *test = sp_test_find(ps_http_arg(req, "test"));
    struct ps_jdoc *doc;

    if (!is_test(site, req))
        return;
    doc = rest_document(req, "args", true);
    if (!doc)
        return;
    if (ps_jnode_type(ps_jdoc_root(doc)) != PS_JTYPE_ARRAY)
        reply_text(req, 400, "args: wants an array of strings");
    else if (test)
        make_spec(req, test, doc);
    else
        ask_test(site, req, "cli-to-spec", doc);
    ps_jdoc_free(doc);
}

static void tell_valid(struct ps_http_req *req, int err, const char *why)
{
    struct reply r;

    reply_open(&r, req);
    ps_json_open(r.json, '{');
    ps_json_put_bool(r.json, "valid", !err);
    if (err)
        ps_json_put_str(r.json, "error", why[0] ? why : ps_strerror(err));
    ps_json_close(r.json, '}');
    reply_send(&r);
}

void rest_test_valid(void *site, struct ps_http_req *req)
{
    const struct sp_test *test = sp_test_find(ps_http_arg(req, "test"));
    struct ps_fault fault = {""};
    struct ps_jdoc *doc;

    if (!is_test(site, req))
        return;
    doc = rest_document(req, "spec", true);
    if (doc && test)
        tell_valid(req, sp_validate(test, ps_jdoc_root(doc), &fault), fault.text);
    else if (doc)
        ask_test(site, req, "spec-is-valid", doc);
    ps_jdoc_free(doc);
}

static void tell_participants(struct ps_http_req *req, const struct sp_test *test, struct ps_jnode spec)
{
    struct ps_fault fault = {""};
    int err = sp_validate(test, spec, &fault);
    struct reply r;

    if (err) {
        reply_text(req, 400, "%s", fault.text[0] ? fault.text : ps_strerror(err));
    } else {
        sp_participants(test, spec, reply_open(&r, req));
        reply_send(&r);
    }
}

void rest_test_participants(void *site, struct ps_http_req *req)
{
    const struct sp_test *test = sp_test_find(ps_http_arg(req, "test"));
    struct ps_jdoc *doc;

    if (!is_test(site, req))
        return;
    doc = rest_document(req, "spec", true);
    if (doc && test)
        tell_participants(req, test, ps_jdoc_root(doc));
    else if (doc)
        ask_test(site, req, "participants", doc);
    ps_jdoc_free(doc);
}

// --- archivers' data

static void check_own(struct ps_http_req *req, const char *name, struct ps_jnode data)
{
    struct ps_fault fault = {""};
    int err = ps_deliver_check(ps_deliver_kind(name), data, &fault);

    tell_valid(req, err, fault.text);
}

void rest_archiver_valid(void *site, struct ps_http_req *req)
{
    struct site *s = site;
    const char *name = ps_http_arg(req, "archiver");
    const struct tl_plugin *p = s->plugins ? tl_plugins_find(s->plugins, TL_PLUGIN_ARCHIVER, name) : NULL;
    struct ps_jdoc *doc = NULL;
    size_t len;
    const char *data;

    if (ps_deliver_kind(name) || p)
        doc = rest_document(req, "data", true);
    else
        reply_not_found(req);
    if (!doc)
        return;
    data = ps_jnode_raw(ps_jdoc_root(doc), &len);
    if (ps_deliver_kind(name))
        check_own(req, name, ps_jdoc_root(doc));
    else if (tl_plugin_call(s->plugins, p, "data-is-valid", NULL, data, len, TL_PLUGIN_PATIENCE, passed_on,
                            req, NULL))
        reply_text(req, 500, "The plug-in cannot be asked");
    ps_jdoc_free(doc);
}

// --- which tools would run a test

static void put_can_run(struct ps_json *j, bool yes, const struct tl_reasons *why)
{
    ps_json_put_open(j, "can-run", '{');
    ps_json_put_bool(j, "can-run", yes);
    if (!yes) {
        ps_json_put_open(j, "reasons", '[');
        for (size_t i = 0; i < why->n; i++)
            ps_json_str(j, why->text[i]);
        ps_json_close(j, ']');
    }
    ps_json_close(j, '}');
}

static void put_offer(const struct lister *l, const struct tl_tool *tool, const struct tl_test *test,
                      bool with_reasons)
{
    struct tl_reasons why = {0};
    bool yes = tl_can_run(tool, &l->site->programs, test, &why);
    char href[HREF];

    if (!yes && !with_reasons)
        return;
    if (with_reasons) {
        ps_json_open(l->json, '{');
        put_can_run(l->json, yes, &why);
        ps_json_key(l->json, "tool");
    }
    tl_tool_enumerate(tool, l->json);
    ps_json_put_str(l->json, "href", href_of(l, TL_PLUGIN_TOOL, tl_tool_name(tool), href));
    ps_json_close(l->json, '}');
    if (with_reasons)
        ps_json_close(l->json, '}');
}

static void put_offers(const struct lister *l, const struct tl_test *test, bool with_reasons)
{
    const struct tl_tool *tool;

    ps_json_open(l->json, '[');
    for (size_t i = 0; (tool = tl_tool_at(i)); i++)
        if (tl_tool_does(tool, test->type))
            put_offer(l, tool, test, with_reasons);
    ps_json_close(l->json, ']');
}

static void tell_offers(struct site *s, struct ps_http_req *req, const struct tl_test *test)
{
    struct lister l = {.site = s};
    uint64_t level;
    struct reply r;

    if (!rest_count(req, "api", 1, REPLY_API, 1, &level))
        return;
    l.json = reply_open(&r, req);
    l.origin = reply_here(&r);
    put_offers(&l, test, level >= 6);
    reply_send(&r);
}

void rest_tools(void *site, struct ps_http_req *req)
{
    struct ps_jdoc *doc = rest_document(req, "test", false);
    struct tl_test test = {NULL, {NULL, 0}};
    struct ps_fault fault = {""};
    const struct sp_test *known;

    if (!doc) {
        if (!ps_query_get(ps_http_query(req), "test"))
            list(site, req, TL_PLUGIN_TOOL, NULL);
        return;
    }
    test.spec = ps_jnode_member(ps_jdoc_root(doc), "spec");
    if (ps_jnode_str(ps_jnode_member(ps_jdoc_root(doc), "type"), 1, 255, &test.type, NULL))
        reply_text(req, 400, "test: wants an object with type and spec");
    else if (!(known = sp_test_find(test.type)))
        reply_text(req, 400, "No test '%.100s' available", test.type);
    else if (sp_validate(known, test.spec, &fault))
        reply_text(req, 400, "%s", fault.text);
    else
        tell_offers(site, req, &test);
    ps_jdoc_free(doc);
}
