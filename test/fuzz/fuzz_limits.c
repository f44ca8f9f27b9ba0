// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"
#include "owamp/ow_limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ow_pfs *users = NULL;
    struct ow_limits *limits = NULL;
    struct ps_fault fault;
    struct ps_addr peer;
    if (ow_pfs_parse(&users, "users", "joe 61\n", 7, &fault) == 0 &&
        ow_limits_parse(&limits, "fuzz", (const char *)data, size, users, &fault) == 0 &&
        ps_addr_parse("10.1.2.3", 861, &peer) == 0)
        (void)ow_class_path(ow_limits_by_user(limits, "joe", &peer), NULL, 0);
    ow_limits_free(limits);
    ow_pfs_free(users);
    return 0;
}
