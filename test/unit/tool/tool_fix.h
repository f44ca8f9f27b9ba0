// SPDX-License-Identifier: Apache-2.0
// What the tests of tools share: a spec as a node, what a tool makes of an output, and command lines.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_conf.h"
#include "tool/tl_tool_impl.h"

struct spec {
    struct ps_jdoc *doc;
    struct tl_test test;
};

static inline void open_spec(struct spec *s, const char *type, const char *text)
{
    struct ps_fault fault = {""};

    if (ps_jdoc_parse(&s->doc, NULL, text, strlen(text), &fault))
        fail_msg("%s", fault.text);
    s->test = (struct tl_test){type, ps_jdoc_root(s->doc)};
}

static inline void close_spec(struct spec *s)
{
    ps_jdoc_free(s->doc);
}

// The captured output of that name; the caller's to free.
static inline char *captured(const char *name)
{
    const char *top = getenv("top_srcdir");
    char path[1024], *text;
    size_t len;

    snprintf(path, sizeof path, "%s/test/unit/tool/captured/%s", top ? top : ".", name);
    if (ps_conf_load(path, 1 << 20, &text, &len))
        fail_msg("%s cannot be read", path);
    return text;
}

// What the tool makes of an output: the object, or "error: ...". The caller's to free.
static inline char *parsed(const char *tool, const char *type, const char *spec, const char *out,
                           const char *err, int status)
{
    const struct tl_tool *t = tl_tool_find(tool);
    struct tl_said said = {
        .out = out, .out_len = strlen(out), .err = err, .err_len = strlen(err), .status = status};
    struct tl_names names;
    struct tl_answer a;
    struct spec s;
    char *got = NULL;

    assert_non_null(t);
    open_spec(&s, type, spec);
    said.test = s.test;
    tl_answer_init(&a);
    assert_int_equal(tl_names_init(&names, true, true), 0);
    t->parse(&said, &names, &a);
    assert_true(asprintf(&got, a.succeeded ? "%s" : "error: %s", a.succeeded ? a.text : a.error) >= 0);
    tl_names_fini(&names);
    tl_answer_fini(&a);
    close_spec(&s);
    return got;
}

static inline void claim_parsed(const char *tool, const char *type, const char *spec, const char *out,
                                const char *err, int status, const char *wanted)
{
    char *got = parsed(tool, type, spec, out, err, status);

    assert_string_equal(got, wanted);
    free(got);
}

// The same of a captured output of a program that ended well.
static inline void claim_captured(const char *tool, const char *type, const char *spec, const char *name,
                                  const char *wanted)
{
    char *out = captured(name);

    claim_parsed(tool, type, spec, out, "", 0, wanted);
    free(out);
}

// Its command line for a spec, behind the program's name.
static inline void claim_command(const char *tool, const char *type, const char *spec, const char *near,
                                 int family, const char *wanted)
{
    const struct tl_tool *t = tl_tool_find(tool);
    struct tl_site site = {.raw = true};
    struct tl_argv argv;
    struct ps_fault fault = {""};
    struct ps_buf text;
    struct spec s;

    open_spec(&s, type, spec);
    struct tl_job job = {.site = &site, .test = s.test, .near = near, .far = "192.0.2.1", .family = family};
    tl_argv_init(&argv);
    t->command(&job, &argv);
    if (tl_argv_end(&argv, &fault))
        fail_msg("%s", fault.text);
    ps_buf_init(&text, 0);
    assert_int_equal(tl_argv_show(&argv, &text), 0);
    assert_int_equal(ps_buf_append(&text, "", 1), 0);
    assert_string_equal((char *)ps_buf_head(&text), wanted);
    ps_buf_fini(&text);
    close_spec(&s);
}

// Why it cannot, one after the other with "|" between; "" if it can.
static inline void claim_reasons(const char *tool, const char *type, const char *spec, const char *wanted)
{
    const struct tl_tool *t = tl_tool_find(tool);
    struct tl_site site = {.raw = false};
    struct tl_reasons why;
    char got[TL_REASONS * 201] = "";
    struct spec s;
    bool can;

    for (int i = 0; i < TL_PROGRAMS; i++)
        strcpy(site.path[i], "/bin/true");
    open_spec(&s, type, spec);
    can = tl_can_run(t, &site, &s.test, &why);
    assert_int_equal(can, why.n == 0);
    for (size_t i = 0; i < why.n; i++) {
        strcat(got, i > 0 ? "|" : "");
        strcat(got, why.text[i]);
    }
    assert_string_equal(got, wanted);
    close_spec(&s);
}

static inline void claim_duration(const char *tool, const char *type, const char *spec, ps_ns wanted)
{
    const struct tl_tool *t = tl_tool_find(tool);
    struct tl_span span;
    struct spec s;

    open_spec(&s, type, spec);
    assert_int_equal(tl_duration(t, &s.test, &span), 0);
    assert_int_equal(span.duration, wanted);
    close_spec(&s);
}
