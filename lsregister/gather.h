// SPDX-License-Identifier: Apache-2.0
// Asks lookup servers for records and puts what they say together. What is expired is left out, and what several have is
// told once, as the one says that has it longest.
#pragma once
#include "http/ps_httpc.h"
#include "loop/ps_loop.h"
#include "lsregister/choice.h"
#include "lsregister/filter.h"
#include "lsregister/lsclient.h"

#define GATHER_RECORDS 500000

struct gather_conf {
    const struct words *servers; // empty: those that bootstrap tells alive
    const char *bootstrap;
    int ip_version;      // to reach them; 0: either
    const char *ca_file; // NULL: the system's
};

struct gather_record {
    struct record record;
    ps_ns expires;      // 0: it does not say
    const char *server; // of struct gathered
};

struct gather_server {
    char *server;
    size_t found;
    size_t left_out; // what is no record, or more than is read
    char why[400];   // it did not answer; "": it did
};

struct gathered {
    struct gather_record *at; // in the order of their names
    size_t n;
    struct gather_server servers[CHOICE_SERVERS];
    size_t nservers, answered;
    char why[512]; // there is no list of servers; "": there is one
};

// Asks and waits. 0 or -ENOMEM. out has to be freed either way.
int gather(const struct gather_conf *conf, const struct filter *filter, struct gathered *out);
void gathered_fini(struct gathered *g);
