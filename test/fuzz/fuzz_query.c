// SPDX-License-Identifier: Apache-2.0
// The query of a request.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "http/ps_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_query q;
    size_t octets = 0;

    if (ps_query_parse(&q, (const char *)data, size) != 0)
        return 0;
    for (size_t i = 0; i < q.n; i++) {
        size_t at = 0;
        octets += strlen(q.params[i].name) + strlen(q.params[i].value);
        ps_query_flag(&q, q.params[i].name);
        if (!ps_query_each(&q, q.params[i].name, &at) || at > i + 1)
            abort();
    }
    if (q.n > PS_QUERY_MAX || octets > size)
        abort();
    ps_query_fini(&q);
    return 0;
}
