// SPDX-License-Identifier: Apache-2.0
// The system calls that change a spool, counted: any of them can be the last one of the process, or fail.
// Linked with --wrap for each of them.
#pragma once

#define CALLS_DIED 77 // exit status of a process that died at its call

struct calls {
    int count;     // calls so far
    int die_at;    // the call before which the process ends, in the midst of a write; 0: none
    int fail_at;   // the call that fails; 0: none
    int fail_from; // all from this one on fail, but those that remove; 0: none
    int error;     // their errno
    int nuisance;  // every other call is interrupted, and writes are short
};
extern struct calls calls;
