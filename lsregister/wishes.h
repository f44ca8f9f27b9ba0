// SPDX-License-Identifier: Apache-2.0
// What is to be registered: records, and which of them point to which. Pure.
#pragma once
#include "lsregister/record.h"

// A key whose values are the uris of other wishes.
struct wish_link {
    char *key;
    struct words ids;
};

struct wish {
    char *id; // stays the same when what is said changes: "host/0", "interface/0/eth0"
    struct record record;
    struct wish_link *links;
    size_t nlinks;
};

// Those that are pointed to stand before those that point.
struct wishes {
    struct wish *at;
    size_t n;
};

// Appends one without a record. 0 or -ENOMEM.
int wishes_add(struct wishes *w, const char *id, struct wish **out);
// Takes out the last one.
void wishes_pop(struct wishes *w);
int wish_link(struct wish *w, const char *key, const char *id);
// They say the same, whatever their ids are.
bool wish_same(const struct wish *a, const struct wish *b);
struct wish *wishes_find(const struct wishes *w, const char *id);
int wishes_copy(struct wishes *to, const struct wishes *from); // to is empty
void wishes_fini(struct wishes *w);
