// SPDX-License-Identifier: Apache-2.0
// What the files behind serve.h share. For them alone.
#pragma once
#include <stdio.h>
#include "http/ps_front.h"
#include "loop/ps_watch.h"
#include "psarchive/confine.h"
#include "psarchive/inlets.h"
#include "psarchive/keeper.h"
#include "psarchive/metrics.h"
#include "psarchive/site.h"

struct serve_options {
    struct ps_front_options front;
    const char *retention;              // NULL: what the file says
    const char *spool[SETTINGS_SPOOLS]; // instead of what the file says, if any
    size_t nspool;
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
    struct metrics *metrics;
    struct keeper *keeper;
    struct ps_watch *watch; // of the writer's port
    int lock_fd;            // holds the folder of data; closed with the process
    int trouble;            // of the disk, that was told; 0: none
};

// Reads the file again: who may do what, the certificate, what is kept. The others need a restart.
int serve_reload(void *serve, struct ps_fault *fault);

// serve_control.c: what is asked of the control socket.
#define SERVE_VERBS 2
extern const struct ps_ctl_verb serve_verbs[SERVE_VERBS];

// serve_check.c: what the settings name and is not there; less is a warning on standard error. The process becomes the user. 0, or an error with the fault told.
int serve_check(const struct settings *s, const struct ps_front_options *o, struct ps_fault *fault);
