// SPDX-License-Identifier: Apache-2.0
// Archivers' data, which come with the tasks of others: what a kind takes it also takes a second time, and a refusal
// has words. The first octet chooses the kind.
#include <stdlib.h>
#include "deliver/ps_deliver.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *const *names;
    size_t n = ps_deliver_kinds(&names);
    struct ps_jdoc *doc = NULL;
    struct ps_fault fault = {.text = ""};

    if (size == 0 || ps_jdoc_parse_foreign(&doc, NULL, (const char *)data + 1, size - 1, &fault))
        return 0;
    const struct ps_deliver_kind *kind = ps_deliver_kind(names[data[0] % n]);
    int err = ps_deliver_check(kind, ps_jdoc_root(doc), &fault);
    if ((err != 0) != (fault.text[0] != '\0') || ps_deliver_check(kind, ps_jdoc_root(doc), &fault) != err)
        abort();
    ps_jdoc_free(doc);
    return 0;
}
