// SPDX-License-Identifier: Apache-2.0
// The specification that words of the command line stand for: of our own tests here, of a plug-in's by the scheduler.
#pragma once
#include "psched/cli_link.h"

struct cli_spec {
    struct cli_link *link;
    const char *verb; // for the help
    const char *type; // of the test
    const char *const *args;
    size_t nargs;
};

// Writes the specification (JSON, with a NUL). -1: go on; else the exit status, told (the help was wanted, what is
// wrong).
int cli_spec(const struct cli_spec *q, struct ps_buf *out);
// "/tests/TYPE/WHAT?NAME=VALUE", with a NUL. 0 or an error.
int cli_test_url(const char *type, const char *what, const char *name, const char *value, struct ps_buf *out);
