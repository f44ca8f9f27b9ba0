// SPDX-License-Identifier: Apache-2.0
// Text of others on a terminal or in a log: rules, hints and what servers and scripts say may hold anything.
#pragma once
#include <stdio.h>

// Writes it with what controls terminals as \n, \t and \xHH, an octet each. NULL is nothing.
void ps_plain_put(FILE *f, const char *text);
