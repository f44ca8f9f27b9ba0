// SPDX-License-Identifier: Apache-2.0
// pSConfig templates of others: counted, or refused with words; the counts are numbers.
#include <math.h>
#include <stdlib.h>
#include "fuzz.h"
#include "psarchive/mesh.h"

static void on_task(void *ctx, const struct mesh_task *t)
{
    (void)ctx;
    if (!(t->paths >= 0) || !isfinite(t->paths) || !(t->every >= 0))
        abort();
}

static void on_note(void *ctx, const char *text)
{
    (void)ctx;
    if (!text[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct mesh_sink sink = {on_task, on_note, NULL};
    struct ps_fault fault = {.text = ""};
    struct ps_jdoc *doc;

    if (ps_jdoc_parse_foreign(&doc, NULL, (const char *)data, size, &fault))
        return 0;
    if (mesh_read(doc, &sink, &fault) != 0 && !fault.text[0])
        abort();
    ps_jdoc_free(doc);
    return 0;
}
