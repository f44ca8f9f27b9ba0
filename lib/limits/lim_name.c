// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_name.h"
#include <stdio.h>
#include <string.h>
#include "base/ps_near.h"

static void list_names(const char *const *names, size_t n, char out[LIM_NAME_HINT])
{
    size_t used = (size_t)snprintf(out, LIM_NAME_HINT, "there %s ", n == 1 ? "is" : "are");
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(names[i]) + 2;
        if (used + len + 6 > LIM_NAME_HINT) {
            strcpy(out + used, i ? ", ..." : "...");
            return;
        }
        used += (size_t)snprintf(out + used, LIM_NAME_HINT - used, "%s%s", i ? ", " : "", names[i]);
    }
}

const char *lim_name_hint(const char *word, const char *const *names, size_t n, char out[LIM_NAME_HINT])
{
    const char *near = ps_near(word, names, n);
    if (n == 0)
        return NULL;
    if (near)
        snprintf(out, LIM_NAME_HINT, "did you mean \"%s\"?", near);
    else
        list_names(names, n, out);
    return out;
}
