// SPDX-License-Identifier: Apache-2.0
// owampd's command line and where it finds its files.
#pragma once
#include "owampd/daemon.h"

struct options {
    struct conf conf;
    struct conf of_file; // what owamp-server.conf alone says
    struct daemon_files files;
    bool foreground, check;
};

enum options_next { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_USAGE, OPTIONS_FAULT };
// Reads the command line and owamp-server.conf; the command line wins. Says itself what is wrong.
// DONE: help or version was printed.
enum options_next options_read(struct options *o, int argc, char **argv);
