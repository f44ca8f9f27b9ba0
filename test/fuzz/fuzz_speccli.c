// SPDX-License-Identifier: Apache-2.0
// Command lines of tests. The first octet says of which; arguments stand between newlines.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "spec/sp_cli.h"

static size_t cut(char *text, const char *args[SP_CLI_ARGS_MAX])
{
    size_t n = 0;

    for (char *rest = text, *word; n < SP_CLI_ARGS_MAX && (word = strsep(&rest, "\n")) != NULL;)
        args[n++] = word;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sp_test *t = size ? sp_test_at(data[0] % 16) : NULL;
    char *text = t ? strndup((const char *)data + 1, size - 1) : NULL;
    const char *args[SP_CLI_ARGS_MAX];
    struct ps_fault fault = {""};
    struct ps_jdoc *doc;
    struct ps_buf out;

    if (!text)
        return 0;
    ps_buf_init(&out, 0);
    int err = sp_from_cli(t, args, cut(text, args), &out, &fault);
    if (err < 0 && (fault.text[0] == '\0' || ps_buf_len(&out) != 0))
        abort();
    if (err == 0) {
        if (ps_jdoc_parse(&doc, NULL, (const char *)ps_buf_head(&out), ps_buf_len(&out), NULL) != 0 ||
            sp_validate(t, ps_jdoc_root(doc), NULL) != 0)
            abort();
        ps_jdoc_free(doc);
    }
    ps_buf_fini(&out);
    free(text);
    return 0;
}
