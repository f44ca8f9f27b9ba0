// SPDX-License-Identifier: Apache-2.0
// The query of a request to an archive.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "psarchive/ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ask *a = malloc(sizeof *a);
    struct ask_page page;
    struct ps_fault fault;
    struct ps_query q;
    struct ps_addr addr;

    if (!a || ps_query_parse(&q, (const char *)data, size)) {
        free(a);
        return 0;
    }
    ps_addr_parse("192.0.2.1", 0, &addr);
    if (ask_parse(a, &q, 1700000000, &fault) == 0)
        for (int i = 0; i < ASK_ENDS; i++)
            if (a->host[i].text && !a->host[i].known)
                (void)ask_found(a, (enum ask_end)i, &addr, 1, &fault);
    for (size_t i = 0; i < a->filter.nparams; i++)
        for (size_t k = 0; k < a->filter.params[i].nvalues; k++)
            if (strlen(a->filter.params[i].values[k]) > size + PS_ADDR_STRLEN)
                abort();
    (void)ask_page_parse(&page, &q, 1700000000, &fault);
    ps_query_fini(&q);
    free(a);
    return 0;
}
