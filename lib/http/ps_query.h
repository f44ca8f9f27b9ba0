// SPDX-License-Identifier: Apache-2.0
// The query of a URL as names and values (application/x-www-form-urlencoded: "a=1&b=x+y%21&flag"). Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define PS_QUERY_MAX 256 // parameters

struct ps_query_param {
    const char *name;
    const char *value; // "" where there is no "="
};

struct ps_query {
    struct ps_query_param *params; // in their order; a name may come more than once
    size_t n;
    char *text; // what they point into
};

// Decodes len octets, which may go afterwards. Empty parameters ("a&&b") are left out. PS_EMALFORMED: an escape
// that is none, or NUL; PS_ELIMIT: more than PS_QUERY_MAX; -ENOMEM.
int ps_query_parse(struct ps_query *q, const char *text, size_t len);
void ps_query_fini(struct ps_query *q); // also of one that is all zeros
// The first value of that name; NULL: none.
const char *ps_query_get(const struct ps_query *q, const char *name);
// All values of a name: begin with *at = 0; NULL at the end.
const char *ps_query_each(const struct ps_query *q, const char *name, size_t *at);
// A parameter that says yes or no: there and "", "true", "yes" or "1" (any case) is yes.
bool ps_query_flag(const struct ps_query *q, const char *name);
