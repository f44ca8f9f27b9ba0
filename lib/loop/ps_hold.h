// SPDX-License-Identifier: Apache-2.0
// What a daemon still opens once it has started, and how it gives up the rest for good (ps_confine.h). Its list is filled
// first, {0} being one of nothing, and ps_hold_enter consumes it.
#pragma once
#include "base/ps_log.h"
#include "loop/ps_confine.h"

#define PS_HOLD_TEXT 160 // octets of the line on what holds

enum ps_hold_part { PS_HOLD_NO_NEW_PRIVS = 1, PS_HOLD_LANDLOCK = 2, PS_HOLD_SECCOMP = 4 };

struct ps_hold {
    unsigned also;    // of ps_confine_also; with PS_CONFINE_TCP Landlock leaves it TCP, too
    unsigned without; // parts that are left out

    // Its own.
    struct ps_confine_path *paths;
    size_t n;
    int err; // of what could not be added
};

// Each of these copies its path; NULL and "" are passed over. What does not fit memory ps_hold_enter tells.

// A file, or a folder with all below it; see struct ps_confine_path.
void ps_hold_path(struct ps_hold *h, const char *path, unsigned rights, bool optional);
// The folder that file is in, if it is there.
void ps_hold_folder(struct ps_hold *h, const char *file, unsigned rights);
// A file that is read again, and that another one may replace or a link lead to: the folder it is in, or the nearest above
// that is there, and the folder of what it is a link to now. Never all of "/": for what lies there it is the file alone.
void ps_hold_file(struct ps_hold *h, const char *file);
// What the C library reads for names of hosts and times. What it loads for that at its first use is loaded.
void ps_hold_system(struct ps_hold *h);
// Where certificates of authorities are, by which TLS trusts others.
void ps_hold_authorities(struct ps_hold *h);
// Holds from here on; to be called while there is one thread. What this kernel does not have is warned of, and text gets
// what holds, as "no_new_privs, landlock ABI 4, seccomp". The list is freed in any case. Anything else that fails is no
// reason to serve without: 0, or an error (-errno, PS_ESTATE: there are other threads) with the fault told.
int ps_hold_enter(struct ps_hold *h, struct ps_log *log, char text[PS_HOLD_TEXT], struct ps_fault *fault);
// Of a reload that failed with err: where Landlock may be why (-EACCES), the fault says so as well. text: what holds.
void ps_hold_explain(const char *text, int err, struct ps_fault *fault);
