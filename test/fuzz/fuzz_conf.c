// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"
#include "owampd/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf conf;
    struct ps_fault fault;
    conf_init(&conf);
    (void)conf_parse(&conf, "fuzz", (const char *)data, size, &fault);
    return 0;
}
