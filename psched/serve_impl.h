// SPDX-License-Identifier: Apache-2.0
// What the files behind serve.h share. For them alone.
#pragma once
#include "http/ps_front.h"
#include "loop/ps_fswatch.h"
#include "psched/site.h"

struct serve_options {
    struct ps_front_options front;
    const char *limits, *unix_path, *control; // NULL: what the file says
};

enum ps_opt_next serve_options_read(struct serve_options *o, int argc, char **argv);
// File and options as one, checked; s is to be freed in any case.
int serve_settings(struct settings *s, const struct serve_options *o, struct ps_fault *fault);

struct serve {
    const struct serve_options *o;
    struct settings now, next;
    struct ps_log log;
    struct ps_front front;
    struct site site;
    struct ps_timer *certificate; // looks whether it is another one, or runs out
    ps_ns expires;                // of it
    char cert_file[PATH_MAX + 16], key_file[PATH_MAX + 16];
    bool self_made;
    uint64_t cert_stamp; // of the files when they were read
    int lock_fd;         // holds the folder of data; closed with the process
};

int serve_reload(void *serve, struct ps_fault *fault);

// serve_cert.c: makes one where none is configured, loads it, and watches it from then on.
int serve_certificate(struct serve *s, struct ps_fault *fault);
// serve_parts.c: everything that the site consists of, in order; the end in the other one.
int serve_parts(struct serve *s, struct ps_fault *fault);
void serve_parts_end(struct serve *s);
// serve_control.c: what is asked of the control socket.
#define SERVE_VERBS 7
extern const struct ps_ctl_verb serve_verbs[SERVE_VERBS];
// serve_check.c: what a start would fail on, or go without, told in the fault. Root has become the user then.
int serve_check(const struct settings *s, struct ps_fault *fault);
// Folders that it goes on without, into the log.
void serve_warn(struct serve *s);
