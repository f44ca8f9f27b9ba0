// SPDX-License-Identifier: Apache-2.0
#include "http/ps_query.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "http/ps_url.h"

static size_t count(const char *text, size_t len)
{
    size_t n = 1;

    for (size_t i = 0; i < len; i++)
        n += text[i] == '&';
    return n;
}

// Decodes in place; the text ends with a NUL then.
static int decode(char *text, size_t len)
{
    size_t n;
    int err = memchr(text, '\0', len) ? PS_EMALFORMED : ps_url_unescape(text, len, true, text, &n);

    if (!err)
        text[n] = '\0';
    return err;
}

// One parameter, which a NUL may follow.
static int take(struct ps_query *q, char *text, size_t len)
{
    char *eq = memchr(text, '=', len);
    size_t n = eq ? (size_t)(eq - text) : len;
    int err;

    if (len == 0)
        return 0;
    err = decode(text, n);
    if (!err && eq)
        err = decode(eq + 1, len - n - 1);
    if (!err)
        q->params[q->n++] = (struct ps_query_param){text, eq ? eq + 1 : ""};
    return err;
}

static int take_all(struct ps_query *q, char *text, size_t len)
{
    char *end = text + len;
    int err = 0;

    while (!err && text <= end) {
        char *amp = memchr(text, '&', (size_t)(end - text));
        char *stop = amp ? amp : end;
        err = take(q, text, (size_t)(stop - text));
        text = stop + 1;
    }
    return err;
}

int ps_query_parse(struct ps_query *q, const char *text, size_t len)
{
    size_t most = count(text, len);
    int err;

    *q = (struct ps_query){.n = 0};
    if (len == 0)
        return 0;
    // Those that are empty are bounded as well: a million "&" is work too.
    if (most > PS_QUERY_MAX)
        return PS_ELIMIT;
    q->params = calloc(most, sizeof *q->params);
    q->text = malloc(len + 1);
    if (!q->params || !q->text) {
        ps_query_fini(q);
        return -ENOMEM;
    }
    memcpy(q->text, text, len);
    q->text[len] = '\0';
    err = take_all(q, q->text, len);
    if (err)
        ps_query_fini(q);
    return err;
}

void ps_query_fini(struct ps_query *q)
{
    free(q->params);
    free(q->text);
    *q = (struct ps_query){.n = 0};
}

const char *ps_query_each(const struct ps_query *q, const char *name, size_t *at)
{
    while (*at < q->n) {
        const struct ps_query_param *p = &q->params[(*at)++];
        if (strcmp(p->name, name) == 0)
            return p->value;
    }
    return NULL;
}

const char *ps_query_get(const struct ps_query *q, const char *name)
{
    size_t at = 0;

    return ps_query_each(q, name, &at);
}

bool ps_query_flag(const struct ps_query *q, const char *name)
{
    const char *v = ps_query_get(q, name);

    return v && (!*v || strcasecmp(v, "true") == 0 || strcasecmp(v, "yes") == 0 || strcmp(v, "1") == 0);
}
