// SPDX-License-Identifier: Apache-2.0
// Specifications and results of tests. The first octet says of which; what follows is JSON, taken for the one and
// for the other. A command line that is made of a specification makes one again.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "spec/sp_cli.h"
#include "spec/sp_text.h"

#define TEXT_MAX (1u << 20)

static char *command_line(const struct sp_test *t, struct ps_jnode spec, size_t *len)
{
    struct ps_text out;

    sp_to_cli(t, spec, false, ps_text_open(&out));
    return ps_text_close(&out, len);
}

static void there_and_back(const struct sp_test *t, struct ps_jnode spec)
{
    const char *args[SP_CLI_ARGS_MAX];
    struct ps_fault fault = {""};
    struct ps_jdoc *doc;
    struct ps_buf out;
    size_t len, n = 0;
    char *text = command_line(t, spec, &len);

    if (ps_jdoc_parse(&doc, NULL, text, len, NULL) != 0)
        abort();
    for (struct ps_jnode a = ps_jnode_first(ps_jdoc_root(doc)); ps_jnode_there(a) && n < SP_CLI_ARGS_MAX;
         a = ps_jnode_next(a))
        if (ps_jnode_str(a, 0, SIZE_MAX, &args[n++], NULL) != 0)
            abort();
    ps_buf_init(&out, 0);
    if (sp_from_cli(t, args, n, &out, &fault) != 0) {
        fprintf(stderr, "%s: %s\n", text, fault.text);
        abort();
    }
    ps_buf_fini(&out);
    ps_jdoc_free(doc);
    free(text);
}

static void texts(const struct sp_test *t, struct ps_jnode spec, struct ps_jnode n)
{
    struct ps_buf out;

    ps_buf_init(&out, TEXT_MAX);
    for (int m = SP_TEXT; m <= SP_HTML; m++) {
        (void)sp_result_text(t, (enum sp_mime)m, spec, n, &out);
        if (ps_jnode_there(spec))
            (void)sp_spec_text(t, (enum sp_mime)m, spec, &out);
    }
    ps_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sp_test *t = size ? sp_test_at(data[0] % 16) : NULL;
    struct ps_fault fault = {""};
    struct ps_jdoc *doc;

    if (!t || ps_jdoc_parse_foreign(&doc, NULL, (const char *)data + 1, size - 1, NULL) != 0)
        return 0;
    struct ps_jnode root = ps_jdoc_root(doc);
    int err = sp_validate(t, root, &fault);
    if (err != 0 && strncmp(fault.text, "At /", 4) != 0)
        abort();
    if (err == 0) {
        for (size_t i = 0; i < sp_participants_count(t, root); i++)
            (void)sp_participant(t, root, i);
        there_and_back(t, root);
    }
    texts(t, err == 0 ? root : (struct ps_jnode){NULL, 0}, root);
    ps_jdoc_free(doc);
    return 0;
}
