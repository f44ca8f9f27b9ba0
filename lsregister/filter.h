// SPDX-License-Identifier: Apache-2.0
// Which records somebody looks for. Servers match words, in their own ways (fact sheet 1.3); so they are asked for what is
// surely enough, and what they send is judged here: whole values, case aside, "*" for any run of characters. Pure.
#pragma once
#include "base/ps_buf.h"
#include "base/ps_time.h"
#include "lsregister/record.h"

#define FILTER_TERMS 32

struct filter_term {
    const char *key;   // of a record; "location": any of site, city, state and country; "name": of what it is
    const char *value; // a pattern
};

struct filter {
    const char *type; // NULL: any
    struct filter_term terms[FILTER_TERMS];
    size_t n;
    int version; // 4 or 6: has such an address; 0: either
};

// "*" in pattern stands for any run of characters; case is no matter.
bool filter_like(const char *text, const char *pattern);
bool filter_matches(const struct filter *f, const struct record *r);
// Whether a record tells of an address of that version: in its addresses, names, locators, or by host-net-ipv6-enabled.
bool filter_has_address(const struct record *r, int version);
// The query that brings all that may match. 0 or -ENOMEM.
int filter_query(const struct filter *f, struct ps_buf *out);
