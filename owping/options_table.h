// SPDX-License-Identifier: Apache-2.0
// The option letters, their long names, and which program takes which.
#pragma once
#include "base/ps_opt.h"
#include "owping/options.h"

#define OPTIONS_MAX 40
#define OPTIONS_HW 257 // has no letter

enum group { GROUP_NONE, GROUP_CONNECTION, GROUP_TEST, GROUP_DIRECTION, GROUP_OUTPUT };

enum group options_group(int letter);
const char *options_long_name(int letter);
// Fills the table of one program and its description.
void options_program(enum program program, struct ps_opt table[OPTIONS_MAX], struct ps_opt_prog *prog);
