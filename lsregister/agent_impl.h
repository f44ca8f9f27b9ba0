// SPDX-License-Identifier: Apache-2.0
// Inside the agent.
#pragma once
#include "http/ps_mirror.h"
#include "lsregister/agent.h"
#include "lsregister/choice.h"
#include "lsregister/scout.h"

#define SERVERS_EVERY (3600 * PS_SEC) // from one look at the servers to the next
#define SERVERS_RETRY (60 * PS_SEC)
#define FAILURES_TO_SWITCH 3 // of a server in a row, before others are looked for

struct agent {
    struct agent_conf conf;
    struct plan *plan, *next_plan; // next: when no look at the host is under way
    struct ledger ledger;
    struct registrar *registrar;
    struct ps_dns *dns;
    struct ps_httpc *http;
    struct lsclient client;
    struct lsclient_call *call;
    struct ps_timer *step_timer, *look_timer, *servers_timer, *idle_timer;

    // the host
    struct survey *survey;
    bool surveyed; // what is wished for is known
    bool look_again;
    unsigned empty_looks; // in a row, at which there was nothing to register
    char machine[DISCOVER_MACHINE];
    struct words notes;
    char suspicion[500]; // of this run, that there is a copy of this host

    // servers
    struct ps_mirror *mirror;
    char *mirror_path;
    struct choice_list list;
    struct choice choice;
    struct scout *scout;
    bool searched; // for a server, whatever came of it
    char no_server[400];
    bool off;          // registration is, until the end of this process: that could not be noted down
    char unsaved[512]; // why the ledger could not be written; "": it is
};

void agent_step(struct agent *a);
void agent_save(struct agent *a);
// Looks for servers: the list, how far they are, which to use.
int agent_servers_start(struct agent *a);
void agent_servers_stop(struct agent *a);
void agent_servers_look(struct agent *a);
