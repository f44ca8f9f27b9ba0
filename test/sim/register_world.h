// SPDX-License-Identifier: Apache-2.0
// Two hosts with their registrars, two lookup servers as upstream's are, and a clock that the test makes up.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "lsregister/ledger.h"
#include "test/sim/lsdouble.h"

#define HOUR (3600 * PS_SEC)
#define MINUTE (60 * PS_SEC)
#define RECORDS 5 // of a host

extern const char uuid_a[], uuid_b[];
extern const char *const server_names[2];

// A host with a registrar, and what it has noted down.
struct host {
    struct registrar *r;
    struct ledger ledger;
    char *note;
    size_t note_len;
    struct wishes wishes;
    uint64_t seed;
    bool deaf_next;  // is killed between the server's answer and its note
    bool turns_away; // changes to the other server between a registration and its answer
    bool no_note;    // cannot note anything down
};

struct world {
    struct lsdouble server[2];
    ps_ns mono;
    ps_ns step; // by which the wall clock is off
    struct host host[2];
    struct registrar_conf conf;
    bool verbose;
    unsigned complaints; // lines of the log that tell a failure
};

// What a host with an interface and two services wishes for.
void make_wishes(struct wishes *w, const char *address);
// With what it has noted down before.
void start_host(struct world *w, struct host *h, const char *uuid, int server);
void kill_host(struct host *h);
// Lets time pass.
void run(struct world *w, ps_ns time);
// The first host is started; the other one is not.
int set_up(void **state);
int tear_down(void **state);
// What has to hold whatever went before: all is registered once, where it should be, and each link leads to a record.
void assert_whole(const struct world *w, const struct host *h, int server);
