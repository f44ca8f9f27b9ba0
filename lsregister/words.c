// SPDX-License-Identifier: Apache-2.0
#include "lsregister/words.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int words_add(struct words *w, const char *text)
{
    // Room doubles whenever the count is a power of two.
    if ((w->n & (w->n - 1)) == 0) {
        char **at = realloc(w->at, (w->n ? 2 * w->n : 1) * sizeof *at);
        if (!at)
            return -ENOMEM;
        w->at = at;
    }
    w->at[w->n] = strdup(text);
    if (!w->at[w->n])
        return -ENOMEM;
    w->n++;
    return 0;
}

bool words_has(const struct words *w, const char *text)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->at[i], text) == 0)
            return true;
    return false;
}

int words_add_new(struct words *w, const char *text)
{
    return words_has(w, text) ? 0 : words_add(w, text);
}

int words_copy(struct words *to, const struct words *from)
{
    int err = 0;
    for (size_t i = 0; i < from->n && !err; i++)
        err = words_add(to, from->at[i]);
    return err;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void words_sort(struct words *w)
{
    size_t kept = 0;
    if (w->n == 0)
        return;
    qsort(w->at, w->n, sizeof *w->at, compare);
    for (size_t i = 1; i < w->n; i++)
        if (strcmp(w->at[kept], w->at[i]) == 0)
            free(w->at[i]);
        else
            w->at[++kept] = w->at[i];
    w->n = kept + 1;
}

void words_fini(struct words *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->at[i]);
    free(w->at);
    *w = (struct words){0};
}
