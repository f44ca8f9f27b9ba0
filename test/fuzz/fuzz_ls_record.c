// SPDX-License-Identifier: Apache-2.0
// A record that is sent to a lookup server: what is kept of it is a record, and the same one.
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "lsregister/dir_draft.h"

static int read_text(struct dir_draft *d, struct ps_jdoc **doc, const char *text, size_t len)
{
    struct ps_fault fault = {""};
    int err = ps_jdoc_parse_foreign(doc, NULL, text, len, &fault);

    *d = (struct dir_draft){0};
    if (!err)
        err = dir_draft_read(d, ps_jdoc_root(*doc), &fault);
    if (err && !fault.text[0])
        abort(); // a refusal without a reason
    return err;
}

static void read_back(const struct dir_draft *d)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);
    struct dir_draft again;
    struct ps_jdoc *doc = NULL;
    char *text;
    size_t len;

    ps_json_open(j, '{');
    dir_draft_write(d, j);
    ps_json_close(j, '}');
    text = ps_text_close(&t, &len);
    if (!text || read_text(&again, &doc, text, len) ||
        memcmp(again.identity, d->identity, sizeof d->identity) != 0 || again.n != d->n)
        abort();
    dir_draft_fini(&again);
    ps_jdoc_free(doc);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_jdoc *doc = NULL;
    struct dir_draft d;

    if (read_text(&d, &doc, (const char *)data, size) == 0)
        read_back(&d);
    dir_draft_fini(&d);
    ps_jdoc_free(doc);
    return 0;
}
