// SPDX-License-Identifier: Apache-2.0
// What a process and all its descendants use, from /proc.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct load_usage {
    double cpu_s; // user and system, ended and awaited children included
    // Memory; 0 unless asked for.
    uint64_t pss_bytes;  // proportional set size
    uint64_t own_bytes;  // of it, what no file on a disk backs
    uint64_t kept_bytes; // size of the files that are open
    uint64_t files;      // descriptors
    unsigned processes, threads;
};

// -ESRCH when there is no such process; -EACCES when its memory may not be looked at.
int load_usage_read(pid_t root, bool memory, struct load_usage *out);

struct load_process {
    pid_t pid, parent;
    uint64_t started;     // with the pid, says which process it is
    uint64_t runtime_ns;  // of its threads, to the nanosecond
    uint64_t children_ns; // of its ended and awaited children and theirs, in whole ticks
    unsigned long threads;
    bool ours;
};

// These processes and all their descendants, by pid, in an array to be freed; -ESRCH when one of the
// roots is not there.
int load_tree_read(const pid_t *roots, size_t nroots, struct load_process **out, size_t *n);
// Adds the proportional set size of a process, and to own_bytes (NULL: it is not asked for) what of it is
// not of files; nothing when there is none.
int load_pss_add(pid_t pid, uint64_t *bytes, uint64_t *own_bytes);
