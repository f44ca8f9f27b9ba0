// SPDX-License-Identifier: Apache-2.0
// Programs as people write them. What is composed of one keeps its lines, and a fault is in one of them.
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>
#include "jq/ps_jqtext.h"

static void want(int condition)
{
    if (!condition)
        abort();
}

static size_t lines(const char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += text[i] == '\n';
    return n;
}

static void check(const struct ps_jqtext_parts *parts, const struct ps_buf *out)
{
    const char *text = (const char *)ps_buf_head(out);
    size_t len = ps_buf_len(out);
    want(len > parts->text.len && text[len - 1] == '\0' && strlen(text) == len - 1);
    size_t n = lines(text, len) - lines(parts->text.text, parts->text.len);
    want(n == 0 || (n == 1 && strcmp(text + len - 3, "\n.") == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ps_jq_value names[] = {{"a", 1}, {"b", 1}};
    struct ps_jqtext_parts parts = {.prelude = {"def f: $a;", 10}, .names = names};
    struct ps_jqtext_fault fault = {NULL, 0};
    struct ps_buf out;
    if (memchr(data, '\0', size) != NULL || size > PS_JQ_PROGRAM_MAX)
        return 0;
    parts.text = (struct ps_jq_value){(const char *)data, size};
    for (parts.nnames = 0; parts.nnames <= 2; parts.nnames += 2) {
        ps_buf_init(&out, 0);
        if (ps_jqtext_compose(&parts, &out, &fault) == 0)
            check(&parts, &out);
        else
            want(fault.why != NULL && fault.line >= 1 && fault.line <= lines((const char *)data, size) + 1);
        ps_buf_fini(&out);
    }
    return 0;
}
