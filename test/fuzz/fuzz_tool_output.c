// SPDX-License-Identifier: Apache-2.0
// Outputs of psched's tools: the first line is the tool's name, the second the spec, the rest the output. Whatever it
// is, there is a result that is JSON, or a reason why not; and it is the same once names are known.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "tool/tl_powstream.h"
#include "tool/tl_tool_impl.h"

static void check_answer(const struct tl_answer *a)
{
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault;

    if (!a->succeeded) {
        if (a->error[0] == '\0' || strpbrk(a->error, "\n\x1b"))
            abort();
        return;
    }
    if (ps_jdoc_parse_careless(&doc, NULL, a->text, a->len, &fault) ||
        ps_jnode_type(ps_jdoc_root(doc)) != PS_JTYPE_OBJECT)
        abort();
    ps_jdoc_free(doc);
}

static void parse(const struct tl_tool *tool, const struct tl_said *said)
{
    struct tl_names names;
    struct tl_answer a;
    bool first;

    tl_answer_init(&a);
    if (tl_names_init(&names, true, true))
        abort();
    tool->parse(said, &names, &a);
    check_answer(&a);
    first = a.succeeded;
    PS_LIST_EACH(it, &names.all) {
        struct tl_named *n = PS_CONTAINER(it, struct tl_named, link);
        strcpy(n->host, "host.example");
        n->asn = 64500;
    }
    tl_answer_fini(&a);
    tl_answer_init(&a);
    tool->parse(said, &names, &a);
    check_answer(&a);
    if (a.succeeded != first)
        abort();
    tl_answer_fini(&a);
    tl_names_fini(&names);
}

static void take_document(const char *text, size_t len)
{
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault;
    struct tl_answer a;
    double seconds;
    char words[512];
    const char *why;

    if (ps_jdoc_parse_foreign(&doc, NULL, text, len, &fault))
        return;
    tl_answer_init(&a);
    (void)tl_powstream_of(ps_jdoc_root(doc));
    (void)tl_powstream_gap(ps_jdoc_root(doc), &seconds, &why);
    (void)tl_powstream_trouble(ps_jdoc_root(doc), words, sizeof words);
    if (tl_powstream_result(ps_jdoc_root(doc), &a))
        check_answer(&a);
    tl_answer_fini(&a);
    ps_jdoc_free(doc);
}

// text ends with a NUL, and has none before.
static void read_output(char *text)
{
    char *spec = strchr(text, '\n'), *out = spec ? strchr(spec + 1, '\n') : NULL;
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault;
    const struct tl_tool *tool;
    struct tl_said said = {.err = ""};

    if (!out)
        return;
    *spec++ = '\0';
    *out++ = '\0';
    tool = tl_tool_find(text);
    said.out = out;
    said.out_len = strlen(out);
    if (tool && !tool->parse && !tool->command)
        take_document(out, said.out_len);
    if (!tool || !tool->parse || ps_jdoc_parse(&doc, NULL, spec, strlen(spec), &fault))
        return;
    said.test = (struct tl_test){tool->tests[0], ps_jdoc_root(doc)};
    parse(tool, &said);
    ps_jdoc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (!text)
        return 0;
    for (size_t i = 0; i < size; i++)
        text[i] = data[i] ? (char)data[i] : ' ';
    text[size] = '\0';
    read_output(text);
    free(text);
    return 0;
}
