// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include "fuzz.h"
#include "owamp/ow_pfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ow_pfs *pfs = NULL;
    struct ps_fault fault;
    char *edited;
    size_t len;
    (void)ow_pfs_parse(&pfs, "fuzz", (const char *)data, size, &fault);
    if (ow_pfs_edit((const char *)data, size, "joe", data, size, &edited, &len) == 0)
        free(edited);
    ow_pfs_free(pfs);
    return 0;
}
