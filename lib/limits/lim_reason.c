// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_reason.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Where the last whole character of text ends, up to len octets.
static size_t whole_characters(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

char *lim_words(const char *fmt, va_list ap)
{
    char *all = NULL, *out;
    int n = vasprintf(&all, fmt, ap);
    if (n < 0)
        return NULL;
    if (n <= LIM_WORDS_MAX)
        return all;
    int kept = (int)whole_characters(all, LIM_WORDS_MAX);
    if (asprintf(&out, "%.*s... (cut after %d octets)", kept, all, kept) < 0)
        out = NULL;
    free(all);
    return out;
}

void lim_reasons_fini(struct lim_reasons *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->at[i].text);
    free(r->at);
    memset(r, 0, sizeof *r);
}

size_t lim_reason_add(struct lim_reasons *r, unsigned depth, const char *kind, const char *name,
                      const char *type)
{
    if (r->n == r->cap) {
        size_t wanted = r->cap ? r->cap * 2 : 32;
        struct lim_reason *p = realloc(r->at, wanted * sizeof *p);
        if (!p) {
            r->err = -ENOMEM;
            return r->n;
        }
        r->at = p;
        r->cap = wanted;
    }
    r->at[r->n] = (struct lim_reason){depth, kind, name, type, LIM_MOOT, NULL};
    return r->n++;
}

void lim_reason_say(struct lim_reasons *r, size_t place, enum lim_result result, const char *fmt, ...)
{
    va_list ap;
    if (place >= r->n)
        return;
    struct lim_reason *one = &r->at[place];
    one->result = result;
    free(one->text);
    one->text = NULL;
    if (!fmt)
        return;
    va_start(ap, fmt);
    one->text = lim_words(fmt, ap);
    va_end(ap);
    if (!one->text)
        r->err = -ENOMEM;
}
