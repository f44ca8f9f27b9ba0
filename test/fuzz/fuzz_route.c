// SPDX-License-Identifier: Apache-2.0
// A pattern in the first line, beside some of our own, and a path in the second.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "http/ps_route.h"

static void find(const struct ps_routes *r, const char *path, size_t len)
{
    char *scratch = malloc(len + 1);
    struct ps_route_hit hit;

    if (scratch && ps_routes_find(r, PS_HTTP_GET, path, len, scratch, &hit) == 0) {
        for (size_t i = 0; i < hit.nargs; i++)
            if (hit.args[i].value[0] && (hit.args[i].value < scratch || hit.args[i].value > scratch + len))
                abort();
        if (!hit.value || hit.nargs > PS_ROUTE_ARGS || !(hit.allowed & PS_HTTP_GET))
            abort();
    }
    free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char value;
    const char *text = (const char *)data, *end = size ? memchr(text, '\n', size) : NULL;
    size_t len = end ? (size_t)(end - text) : 0;
    char *pattern = strndup(text, len);
    struct ps_routes *r;

    if (!pattern || ps_routes_new(&r)) {
        free(pattern);
        return 0;
    }
    ps_routes_add(r, PS_HTTP_GET, "/a/{key}/{type}/base", &value);
    ps_routes_add(r, PS_HTTP_PUT, "/a/{key}", &value);
    ps_routes_add(r, PS_HTTP_GET, "/files/{rest...}", &value);
    ps_routes_add(r, PS_HTTP_GET, pattern, &value);
    find(r, end ? end + 1 : text, end ? size - len - 1 : size);
    ps_routes_free(r);
    free(pattern);
    return 0;
}
