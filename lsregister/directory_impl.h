// SPDX-License-Identifier: Apache-2.0
// What the files behind lsregister directory share. For them alone.
#pragma once
#include "http/ps_front.h"
#include "loop/ps_watch.h"
#include "lsregister/dir_hosts.h"
#include "lsregister/dir_prune.h"
#include "lsregister/dir_site.h"
#include "lsregister/dir_snapshot.h"
#include "lsregister/dir_upper.h"

enum ps_opt_next directory_options_read(struct ps_front_options *o, int argc, char **argv);
// File and options as one, checked; s is to be freed in any case.
int directory_settings(struct dir_settings *s, const struct ps_front_options *o, struct ps_fault *fault);

struct directory {
    const struct ps_front_options *o;
    struct dir_settings now, next;
    struct ps_log log;
    struct ps_front front;
    struct dir_site site;
    struct dir_hosts *hosts;
    struct dir_prune *prune;
    struct dir_snapshot *snapshot;
    struct dir_upper *upper;
    struct ps_watch *watch; // of the store's queue
};

// Reads the file again. Where the directory listens, and its data, need a restart.
int directory_reload(void *directory, struct ps_fault *fault);
// directory_confine.c: gives up for good what serving with these settings takes no part in, if they have it so. Comes when
// what is listened on is bound and the store is open, while there is one thread.
int directory_confine(struct directory *d, struct ps_fault *fault);
// Whether what is written by the next settings can be: -EACCES, with the fault told.
int directory_confine_reload(const struct directory *d, const struct dir_settings *next,
                             struct ps_fault *fault);
// directory_control.c: what is asked of the control socket.
#define DIRECTORY_VERBS 2
extern const struct ps_ctl_verb directory_verbs[DIRECTORY_VERBS];
