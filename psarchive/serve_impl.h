// SPDX-License-Identifier: Apache-2.0
// What the files behind serve.h share. For them alone.
#pragma once
#include "loop/ps_ctl.h"
#include "loop/ps_watch.h"
#include "psarchive/inlets.h"
#include "psarchive/keeper.h"
#include "psarchive/metrics.h"
#include "psarchive/site.h"

struct serve_options {
    const char *file;                     // configuration; NULL: none
    const char *data, *retention;         // NULL: what the file says
    const char *listen[SETTINGS_LISTENS]; // instead of what the file says, if any
    size_t nlisten;
    const char *spool[SETTINGS_SPOOLS];
    size_t nspool;
    enum ps_log_level level;
    bool check;
};

enum serve_next { SERVE_RUN, SERVE_DONE, SERVE_USAGE };
// SERVE_USAGE: what is wrong has been told.
enum serve_next serve_options_read(struct serve_options *o, int argc, char **argv);
// File and options as one, checked; s is to be freed in any case.
int serve_settings(struct settings *s, const struct serve_options *o, struct ps_fault *fault);

struct serve {
    const struct serve_options *o;
    struct settings now, next;
    struct ps_log log;
    struct site site;
    struct metrics *metrics;
    struct keeper *keeper;
    struct ps_ctl *ctl;
    struct ps_watch *watch;                 // of the writer's port
    struct ps_addr bound[SETTINGS_LISTENS]; // where it listens, as the settings' listens
    bool ending;
};

// Reads the file again: who may do what, the certificate, what is kept. The others need a restart.
int serve_reload(struct serve *s, struct ps_fault *fault);
void serve_end(struct serve *s);

// serve_control.c: {"verb": "status"} and reload.
void serve_control(void *serve, struct ps_ctl_request req, const char *line, size_t len);
