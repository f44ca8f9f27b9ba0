// SPDX-License-Identifier: Apache-2.0
// Specs of tests, as they may come to psched's tools: the first line is the tool's name, the rest the spec. Whatever
// it is, a tool can run it or says why not, has a duration for it, and a command line within its bounds of which no
// word of the spec's is taken for an option.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "tool/tl_powstream.h"
#include "tool/tl_spec.h"
#include "tool/tl_tool_impl.h"

static void make_command(const struct tl_tool *tool, const struct tl_site *site, const struct tl_test *test)
{
    const char *far = tl_spec_far(test->spec);
    struct tl_job job = {
        .site = site, .test = *test, .near = tl_spec_near(test->spec), .far = far ? far : ""};
    struct ps_fault fault;
    struct tl_argv argv;
    struct ps_buf b;

    for (job.participant = 0; job.participant < 2; job.participant++) {
        tl_argv_init(&argv);
        tool->command(&job, &argv);
        if (tl_argv_end(&argv, &fault))
            continue;
        ps_buf_init(&b, 0);
        if (argv.words[argv.n] ||
            (job.far[0] == '-' && argv.n > 0 && strcmp(argv.words[argv.n - 1], job.far) == 0) ||
            tl_argv_show(&argv, &b))
            abort();
        ps_buf_fini(&b);
    }
}

static void make_request(const struct tl_test *test)
{
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault;
    struct ps_text t;
    size_t len;
    int err = tl_powstream_add(ps_text_open(&t), "name", "/spool", test->spec, &fault);
    char *text = ps_text_close(&t, &len);

    if (!err && ps_jdoc_parse(&doc, NULL, text, len, &fault))
        abort();
    ps_jdoc_free(doc);
    free(text);
}

static void try_spec(const struct tl_tool *tool, struct ps_jnode spec)
{
    struct tl_site site = {.raw = false};
    struct tl_reasons why;
    struct tl_span span;

    for (size_t i = 0; i < sizeof tool->tests / sizeof *tool->tests && tool->tests[i]; i++) {
        struct tl_test test = {tool->tests[i], spec};
        if (!tl_can_run(tool, &site, &test, &why) && why.n == 0)
            abort();
        if (tl_duration(tool, &test, &span) || span.duration < PS_SEC || span.duration % PS_SEC)
            abort();
        if (tool->command)
            make_command(tool, &site, &test);
        else
            make_request(&test);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = size ? memchr(text, '\n', size) : NULL;
    char *name = end ? strndup(text, (size_t)(end - text)) : NULL;
    const struct tl_tool *tool = name ? tl_tool_find(name) : NULL;
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault;

    if (tool && ps_jdoc_parse_foreign(&doc, NULL, end + 1, size - (size_t)(end + 1 - text), &fault) == 0)
        try_spec(tool, ps_jdoc_root(doc));
    ps_jdoc_free(doc);
    free(name);
    return 0;
}
