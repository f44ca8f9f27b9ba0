// SPDX-License-Identifier: Apache-2.0
// The format of perfSONAR's lsregistrationdaemon.conf, that of Perl's Config::General: "key value" or "key = value",
// "<block NAME> ... </block>", comments behind "#" and between "/*" and "*/", lines that go on behind a backslash,
// values in quotes, here-documents (fact sheet 2.1). Pure.
#pragma once
#include "base/ps_conf.h"

#define UPSTREAM_DEPTH 16     // blocks inside each other
#define UPSTREAM_LINES 100000 // keys and blocks of a file
#define UPSTREAM_WORD 256     // octets of a key

struct upstream_key {
    char *name, *value;
    int line;
};

struct upstream_block {
    char *name; // "" of the file itself
    char *arg;  // "" without one
    int line;
    struct upstream_key *keys; // in their order, each as often as it is given
    size_t nkeys;
    struct upstream_block *blocks;
    size_t nblocks;
};

// text has a NUL behind its len octets. PS_EMALFORMED (no UTF-8), PS_ESYNTAX (a block that is not ended, a key without a name, ...), PS_EUNSUPPORTED (an include), PS_ELIMIT, with the
// fault telling file, line and cause; -ENOMEM. root has to be freed either way.
int upstream_conf_read(struct upstream_block *root, const char *file, const char *text, size_t len,
                       struct ps_fault *fault);
void upstream_conf_fini(struct upstream_block *b);
// The last value of a key, as Perl has it where one is wanted; NULL: none.
const char *upstream_conf_get(const struct upstream_block *b, const char *key);
