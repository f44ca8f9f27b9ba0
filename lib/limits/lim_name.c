// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_name.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_near.h"

static bool is_double(const char *const *names, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(names[k], names[i]) == 0)
            return true;
    return false;
}

static size_t count_names(const char *const *names, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += names[i][0] && !is_double(names, i);
    return count;
}

static void list_names(const char *const *names, size_t n, char out[LIM_NAME_HINT])
{
    size_t used =
        (size_t)snprintf(out, LIM_NAME_HINT, "there %s ", count_names(names, n) == 1 ? "is" : "are");
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (!names[i][0] || is_double(names, i))
            continue;
        if (used + strlen(names[i]) + 8 > LIM_NAME_HINT) {
            strcpy(out + used, any ? ", ..." : "...");
            return;
        }
        used += (size_t)snprintf(out + used, LIM_NAME_HINT - used, "%s%s", any ? ", " : "", names[i]);
        any = true;
    }
}

const char *lim_name_hint(const char *word, const char *const *names, size_t n, char out[LIM_NAME_HINT])
{
    const char *near = ps_near(word, names, n);
    if (count_names(names, n) == 0)
        return NULL;
    if (near)
        snprintf(out, LIM_NAME_HINT, "did you mean \"%s\"?", near);
    else
        list_names(names, n, out);
    return out;
}
