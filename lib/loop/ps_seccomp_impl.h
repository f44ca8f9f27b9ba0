// SPDX-License-Identifier: Apache-2.0
// How the filters of system calls (ps_seccomp.c, ps_seccomp_compute.c) are made. For lib/loop alone.
#pragma once
#include <seccomp.h>
#include <stddef.h>

#define PS_SECCOMP_INT (scmp_datum_t)0xffffffff // an int: the other half of the register may hold anything
#define PS_SECCOMP_COUNT(array) (sizeof(array) / sizeof((array)[0]))

// A condition under which a call is allowed: (argument & mask) == value.
struct ps_seccomp_rule {
    const char *name;
    unsigned argument;
    scmp_datum_t mask, value;
};

// All that no rule allows fails with EPERM. NULL: out of memory.
scmp_filter_ctx ps_seccomp_new(void);
// Names that this architecture or an older libseccomp does not know are passed over. 0 or -errno.
int ps_seccomp_names(scmp_filter_ctx f, const char *const *names, size_t n);
int ps_seccomp_rules(scmp_filter_ctx f, const struct ps_seccomp_rule *rules, size_t n);
// Signals to this process alone.
int ps_seccomp_own_signals(scmp_filter_ctx f);
// Enters the filter unless rc is an error already, and frees it (NULL is fine). rc or -errno.
int ps_seccomp_load(scmp_filter_ctx f, int rc);
