// SPDX-License-Identifier: Apache-2.0
// The life of the process: checks, daemonising, privileges, pid and info files, signals.
#pragma once
#include "owampd/options.h"

// owampd -n: 0 good, 1 faulty.
int run_check(const struct options *o);
// Serves until told to end. The exit status.
int run_serve(const struct options *o);
