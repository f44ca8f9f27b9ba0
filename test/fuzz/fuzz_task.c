// SPDX-License-Identifier: Apache-2.0
// Task documents and archives of others: read, and copied without comments and secrets.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "spec/sp_json.h"
#include "spec/sp_task.h"

// A copy is JSON again, and holds all that the original does but what was taken out.
static void copy(struct ps_jnode n, unsigned flags)
{
    struct ps_jdoc *doc;
    struct ps_text t;
    char *text;
    size_t len;

    sp_json_put(ps_text_open(&t), n, flags);
    text = ps_text_close(&t, &len);
    if (ps_jdoc_parse(&doc, NULL, text, len, NULL) != 0)
        abort();
    if (flags == 0 && sp_json_depth(n) < 60 && !sp_json_contains(ps_jdoc_root(doc), n))
        abort();
    ps_jdoc_free(doc);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_fault fault = {""};
    struct sp_archive archive;
    struct sp_task task;
    struct ps_jdoc *doc;

    if (ps_jdoc_parse(&doc, NULL, (const char *)data, size, NULL) != 0)
        return 0;
    int err = sp_task_read(&task, ps_jdoc_root(doc), SP_TASK_SCHEMA, size % 2 == 0, &fault);
    if (err != 0 && strncmp(fault.text, "At /", 4) != 0)
        abort();
    (void)sp_archive_read(&archive, ps_jdoc_root(doc), "", &fault);
    copy(ps_jdoc_root(doc), 0);
    copy(ps_jdoc_root(doc), SP_JSON_UNCOMMENT | SP_JSON_SANITISE | SP_JSON_SORT);
    ps_jdoc_free(doc);
    return 0;
}
