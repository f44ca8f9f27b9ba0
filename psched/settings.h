// SPDX-License-Identifier: Apache-2.0
// psched.conf as a value. Man page psched.conf(5).
#pragma once
#include <limits.h>
#include "base/ps_time.h"
#include "http/ps_front.h"

#define SETTINGS_PORT 443
#define SETTINGS_FILE_MAX (1u << 20) // octets of the file
#define SETTINGS_DATA "/var/lib/psched"
#define SETTINGS_UNIX "/run/psched/api.sock"
#define SETTINGS_CONTROL "/run/psched/psched.sock"
#define SETTINGS_LIMITS "/run/pslimits/pslimits.sock"
#define SETTINGS_SPOOLS 16
#define SETTINGS_HOST 256 // octets of a host's name, with the NUL

struct settings {
    char data[PATH_MAX];
    char name[SETTINGS_HOST];   // of this host, where it has to be named; "": what it calls itself
    struct ps_front_conf front; // where it listens, and for whom. Without a certificate one is made, in data
    char limits[PATH_MAX];      // pslimits' socket; "": everything is allowed
    char archives[PATH_MAX];    // a folder of archive specifications, for what this host leads
    char spools[SETTINGS_SPOOLS][PATH_MAX]; // which tasks may name for archives; defaults may name any
    size_t nspools;
    char plugins[PATH_MAX]; // a folder of upstream's kind of plug-ins; "": none

    ps_ns horizon;  // runs are planned so far ahead
    ps_ns keep;     // runs and tasks are kept so long behind their end
    ps_ns straggle; // after which a run that does not begin or end is given up
    ps_ns margin;   // tools are started so long before their run
    unsigned tasks, tasks_per_requester;
    unsigned runs; // that are known at a time, past ones included
    unsigned children, children_per_requester;
    bool
        per_interface; // tests exclude each other on the interface that they go out by, not on the whole host

    uint64_t backlog;  // octets of each archive's spool
    ps_ns backlog_age; // at which a document there is dropped
};

// Everything at its default: no listener but the Unix socket.
void settings_init(struct settings *s);
void settings_fini(struct settings *s);
// Takes over what the file says. Errors as ps_keys_load.
int settings_load(struct settings *s, const char *path, struct ps_fault *fault);
// What cannot be as a whole. PS_ESTATE.
int settings_check(const struct settings *s, struct ps_fault *fault);
// What a running daemon cannot change it keeps: next gets it from now. out: the keys of what would have changed,
// separated by blanks; "": none. Returns out.
const char *settings_keep_fixed(struct settings *next, const struct settings *now, char *out, size_t size);
