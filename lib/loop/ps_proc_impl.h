// SPDX-License-Identifier: Apache-2.0
// What ps_proc.c, which looks after programs, and ps_proc_fork.c, which starts them, share.
#pragma once
#include "loop/ps_proc.h"

// Starts the program. ours[i] is our end of pipe i, else -1. 0 or -errno, the fault told.
int ps_proc_fork(const struct ps_proc_conf *conf, pid_t *pid, int ours[3], struct ps_fault *fault);
