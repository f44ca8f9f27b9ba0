// SPDX-License-Identifier: Apache-2.0
#include "http/ps_route.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "http/ps_url.h"

struct segment {
    const char *text; // literal, or the name
    bool name;
};

struct route {
    struct route *next;
    unsigned methods;
    void *value;
    size_t n;
    bool rest;       // the last one stands for all that follow
    uint32_t weight; // the first segment in the highest bit: it is literal
    struct segment segments[PS_ROUTE_SEGMENTS];
    char text[];
};

struct ps_routes {
    struct route *first;
    bool merge; // slashes
};

static const struct {
    const char *name;
    unsigned bit;
} methods[] = {{"GET", PS_HTTP_GET},   {"HEAD", PS_HTTP_GET},      {"PUT", PS_HTTP_PUT},
               {"POST", PS_HTTP_POST}, {"DELETE", PS_HTTP_DELETE}, {"PATCH", PS_HTTP_PATCH}};

#define METHODS (sizeof methods / sizeof methods[0])

unsigned ps_http_method(const char *name)
{
    for (size_t i = 0; i < METHODS; i++)
        if (strcmp(name, methods[i].name) == 0)
            return methods[i].bit;
    return 0;
}

const char *ps_http_allow(unsigned bits, char out[PS_HTTP_ALLOW])
{
    *out = '\0';
    for (size_t i = 0; i < METHODS; i++) {
        if (bits & methods[i].bit) {
            strcat(out, methods[i].name);
            strcat(out, ", ");
        }
    }
    return strcat(out, "OPTIONS");
}

int ps_routes_new(struct ps_routes **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? 0 : -ENOMEM;
}

void ps_routes_free(struct ps_routes *r)
{
    struct route *next;

    for (struct route *it = r ? r->first : NULL; it; it = next) {
        next = it->next;
        free(it);
    }
    free(r);
}

void ps_routes_merge_slashes(struct ps_routes *r)
{
    r->merge = true;
}

// patterns

static bool is_name(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", text[i]))
            return false;
    return n > 0;
}

// "{name}" or "{name...}", a NUL put behind the name.
static int add_name(struct route *r, struct segment *s, char *text)
{
    size_t n = strlen(text), args = 0;

    for (size_t i = 0; i < r->n; i++)
        args += r->segments[i].name;
    if (args == PS_ROUTE_ARGS || n < 3 || text[n - 1] != '}')
        return PS_ESYNTAX;
    text[n - 1] = '\0';
    n -= 2;
    r->rest = n > 3 && strcmp(text + 1 + n - 3, "...") == 0;
    if (r->rest)
        n -= 3;
    text[1 + n] = '\0';
    *s = (struct segment){text + 1, true};
    return is_name(text + 1, n) ? 0 : PS_ESYNTAX;
}

static int add_segment(struct route *r, char *text)
{
    struct segment *s = &r->segments[r->n];
    int err = 0;

    if (r->rest || r->n == PS_ROUTE_SEGMENTS || !*text)
        return PS_ESYNTAX;
    if (*text == '{') {
        err = add_name(r, s, text);
    } else {
        *s = (struct segment){text, false};
        r->weight |= UINT32_C(1) << (31 - r->n);
        if (strpbrk(text, "{}%"))
            err = PS_ESYNTAX;
    }
    r->n++;
    return err;
}

static int read_pattern(struct route *r)
{
    char *rest = r->text + 1, *segment;
    int err = r->text[0] == '/' ? 0 : PS_ESYNTAX;

    while (!err && (segment = strsep(&rest, "/")) && (*segment || rest))
        err = add_segment(r, segment);
    return err;
}

static bool same_pattern(const struct route *a, const struct route *b)
{
    if (a->n != b->n || a->rest != b->rest || a->weight != b->weight)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!a->segments[i].name && strcmp(a->segments[i].text, b->segments[i].text) != 0)
            return false;
    return true;
}

static bool is_taken(const struct ps_routes *rs, const struct route *r)
{
    for (const struct route *it = rs->first; it; it = it->next)
        if ((it->methods & r->methods) && same_pattern(it, r))
            return true;
    return false;
}

int ps_routes_add(struct ps_routes *rs, unsigned bits, const char *pattern, void *value)
{
    size_t size = strlen(pattern) + 1;
    struct route *r = calloc(1, sizeof *r + size);
    int err;

    if (!r)
        return -ENOMEM;
    memcpy(r->text, pattern, size);
    r->methods = bits;
    r->value = value;
    err = read_pattern(r);
    if (!err && is_taken(rs, r))
        err = PS_EDUPLICATE;
    if (err) {
        free(r);
        return err;
    }
    r->next = rs->first;
    rs->first = r;
    return 0;
}

// paths

#define PATH_SEGMENTS 64 // of a path; with more it fits nothing

struct path {
    size_t n;
    char *segments[PATH_SEGMENTS]; // one behind the other in the scratch
};

// Decodes len octets to *to, which is moved behind them and a NUL.
static int take_segment(struct path *p, const char *text, size_t len, char **to)
{
    size_t n;
    int err = memchr(text, '\0', len) ? PS_EMALFORMED : ps_url_unescape(text, len, false, *to, &n);

    if (err)
        return err;
    (*to)[n] = '\0';
    if (strcmp(*to, ".") == 0 || strcmp(*to, "..") == 0)
        return PS_EMALFORMED;
    if (p->n < PATH_SEGMENTS)
        p->segments[p->n] = *to;
    p->n++;
    *to += n + 1;
    return 0;
}

static int split(struct path *p, const char *text, size_t len, bool merge, char *scratch)
{
    const char *end = text + len;
    int err = len > 0 && *text == '/' ? 0 : PS_EMALFORMED;

    p->n = 0;
    // One slash at the end means nothing; that of "/" alone is its beginning.
    if (len > 0 && end[-1] == '/')
        end--;
    while (!err && text < end) {
        const char *from = text + 1;
        const char *slash = memchr(from, '/', (size_t)(end - from));
        text = slash ? slash : end;
        if (merge && text == from)
            continue;
        err = take_segment(p, from, (size_t)(text - from), &scratch);
    }
    return err;
}

static bool fits(const struct route *r, const struct path *p)
{
    size_t fixed = r->n - r->rest;

    if (r->rest ? p->n < fixed : p->n != fixed)
        return false;
    for (size_t i = 0; i < fixed; i++) {
        const struct segment *s = &r->segments[i];
        if (s->name ? !*p->segments[i] : strcmp(s->text, p->segments[i]) != 0)
            return false;
    }
    return true;
}

// Of two that fit, the one that says more.
static bool is_better(const struct route *a, const struct route *b)
{
    if (!b || a->weight != b->weight)
        return !b || a->weight > b->weight;
    return a->n - a->rest > b->n - b->rest || (a->n == b->n && !a->rest && b->rest);
}

// The segments from i on as one text again.
static const char *join(struct path *p, size_t i)
{
    for (size_t k = i; k + 1 < p->n; k++)
        p->segments[k][strlen(p->segments[k])] = '/'; // the NUL in front of the next one
    return i < p->n ? p->segments[i] : "";
}

static void fill(struct ps_route_hit *hit, const struct route *r, struct path *p)
{
    hit->value = r->value;
    for (size_t i = 0; i < r->n; i++) {
        const struct segment *s = &r->segments[i];
        if (s->name)
            hit->args[hit->nargs++] =
                (struct ps_route_arg){s->text, r->rest && i == r->n - 1 ? join(p, i) : p->segments[i]};
    }
}

int ps_routes_find(const struct ps_routes *rs, unsigned method, const char *path, size_t len, char *scratch,
                   struct ps_route_hit *hit)
{
    const struct route *best = NULL, *any = NULL;
    struct path p;
    int err = split(&p, path, len, rs->merge, scratch);

    *hit = (struct ps_route_hit){.value = NULL};
    if (err)
        return err;
    for (const struct route *r = rs->first; r && p.n <= PATH_SEGMENTS; r = r->next) {
        if (!fits(r, &p))
            continue;
        hit->allowed |= r->methods;
        if ((r->methods & method) && is_better(r, best))
            best = r;
        if (is_better(r, any))
            any = r;
    }
    if (!any)
        return PS_ENOTFOUND;
    if (!best) {
        hit->value = any->value;
        return PS_EUNSUPPORTED;
    }
    fill(hit, best, &p);
    return 0;
}
