// SPDX-License-Identifier: Apache-2.0
// What the files behind ow_limits.h share.
#pragma once
#include "owamp/ow_limits.h"

enum assign_kind { ASSIGN_DEFAULT, ASSIGN_NET, ASSIGN_USER };

struct assign {
    enum assign_kind kind;
    int version;   // net: 4 or 6
    unsigned bits; // net: length of the prefix
    uint8_t prefix[16];
    char user[OW_KEYID_LEN + 1];
    const struct ow_class *class_;
    int line;
};

struct ow_limits {
    struct ow_class **class_; // each in its own memory: parents and callers point to them
    size_t nclasses, classes_cap;
    struct assign *assign;
    size_t nassigns, assigns_cap;
};

// Enters a copy of a class. 0 or -ENOMEM.
int ow_limits_add_class(struct ow_limits *l, const struct ow_class *c);
// The class that is there when a file has none. 0 or -ENOMEM.
int ow_limits_add_default(struct ow_limits *l);
