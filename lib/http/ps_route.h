// SPDX-License-Identifier: Apache-2.0
// Which request is whose: a table of methods and patterns of paths. Pure.
//
// A pattern is a path whose segments are literal or "{name}", which stands for any segment that is not empty; the
// last may be "{name...}", which stands for the rest of the path, also an empty one. A slash at the end of a
// pattern or a path means nothing. Segments are compared decoded, so "%2F" is part of a segment. Where several
// patterns fit, literal segments win over names, the earlier ones first.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum ps_http_method {
    PS_HTTP_GET = 1, // HEAD as well
    PS_HTTP_PUT = 2,
    PS_HTTP_POST = 4,
    PS_HTTP_DELETE = 8,
    PS_HTTP_PATCH = 16,
};

#define PS_ROUTE_SEGMENTS 24 // in a pattern
#define PS_ROUTE_ARGS 8      // names in a pattern

// The bit for a method's name; HEAD is PS_HTTP_GET's. 0: none of them.
unsigned ps_http_method(const char *name);
// "GET, HEAD, PUT, OPTIONS" for the bits; out has 64 places. Returns out.
#define PS_HTTP_ALLOW 64
const char *ps_http_allow(unsigned methods, char out[PS_HTTP_ALLOW]);

struct ps_routes;
int ps_routes_new(struct ps_routes **out);
void ps_routes_free(struct ps_routes *r); // NULL is fine
// From now on several slashes in a path mean one, where they otherwise make an empty segment that no pattern fits.
void ps_routes_merge_slashes(struct ps_routes *r);
// value is what a find gives back. PS_ESYNTAX: not a pattern; PS_EDUPLICATE: one of the methods is taken
// for the same pattern (by whatever names); -ENOMEM.
int ps_routes_add(struct ps_routes *r, unsigned methods, const char *pattern, void *value);

struct ps_route_arg {
    const char *name;
    const char *value; // decoded
};

struct ps_route_hit {
    void *value;
    unsigned allowed; // methods of all patterns that fit the path
    size_t nargs;
    struct ps_route_arg args[PS_ROUTE_ARGS];
};

// path: as it came, without the query. scratch has len + 1 places, and holds the arguments' values.
// 0; PS_ENOTFOUND: no pattern fits; PS_EUNSUPPORTED: one does, but not for that method (hit->allowed says
// for which, hit->value is that of the pattern which says most); PS_EMALFORMED: a bad escape, a segment "." or "..", no "/" in front.
int ps_routes_find(const struct ps_routes *r, unsigned method, const char *path, size_t len, char *scratch,
                   struct ps_route_hit *hit);
