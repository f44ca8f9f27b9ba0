// SPDX-License-Identifier: Apache-2.0
// What a process and all its descendants use, from /proc.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct load_usage {
    double cpu_s;       // user and system, ended and awaited children included
    uint64_t pss_bytes; // proportional set size; 0 unless asked for
    unsigned processes, threads;
};

// -ESRCH when there is no such process; -EACCES when its memory may not be looked at.
int load_usage_read(pid_t root, bool memory, struct load_usage *out);
