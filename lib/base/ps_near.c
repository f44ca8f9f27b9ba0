// SPDX-License-Identifier: Apache-2.0
#include "base/ps_near.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

// Three rows of the table of distances between beginnings: the current one and the two above.
struct rows {
    size_t above2[PS_NEAR_MAX + 1], above[PS_NEAR_MAX + 1], now[PS_NEAR_MAX + 1];
};

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool swapped(const char *a, size_t i, const char *b, size_t j)
{
    return i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]);
}

static void fill_row(struct rows *r, const char *a, size_t i, const char *b, size_t blen)
{
    r->now[0] = i;
    for (size_t j = 1; j <= blen; j++) {
        size_t d = r->above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
        d = least(d, r->above[j] + 1);
        d = least(d, r->now[j - 1] + 1);
        if (swapped(a, i, b, j))
            d = least(d, r->above2[j - 2] + 1);
        r->now[j] = d;
    }
    memcpy(r->above2, r->above, sizeof(r->above));
    memcpy(r->above, r->now, sizeof(r->now));
}

size_t ps_near_distance(const char *a, const char *b)
{
    size_t alen = strlen(a), blen = strlen(b);
    if (alen > PS_NEAR_MAX || blen > PS_NEAR_MAX)
        return SIZE_MAX;
    struct rows r = {.now = {0}};
    for (size_t j = 0; j <= blen; j++)
        r.above[j] = j;
    for (size_t i = 1; i <= alen; i++)
        fill_row(&r, a, i, b, blen);
    return r.above[blen];
}

const char *ps_near(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t third = strlen(word) / 3, best_distance = third > 1 ? third : 1;
    for (size_t i = 0; i < n; i++) {
        size_t d = ps_near_distance(word, names[i]);
        // A single letter is one replacement away from every other.
        if (d >= strlen(word) || d > best_distance || (best && d == best_distance))
            continue;
        best = names[i];
        best_distance = d;
    }
    return best;
}

const char *ps_near_hint(const char *word, const char *const *names, size_t n, char out[PS_NEAR_HINT])
{
    const char *near = ps_near(word, names, n);
    out[0] = '\0';
    if (near)
        snprintf(out, PS_NEAR_HINT, "; did you mean \"%s\"?", near);
    return out;
}
