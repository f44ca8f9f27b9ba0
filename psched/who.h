// SPDX-License-Identifier: Apache-2.0
// Who asks: what the limits are told of a requester, and who may change a task (fact sheet scheduler, 1.6).
#pragma once
#include "psched/site.h"

struct task;

struct who {
    char requester[PS_ADDR_STRLEN]; // the address; that of loopback for who comes by the Unix socket
    char server[PS_ADDR_STRLEN];    // where the request arrived
    bool local;                     // from this host
};
void who_asks(const struct site *s, const struct ps_http_req *req, struct who *out);
// {"requester","server"} as JSON text, malloc'd; NULL: no memory.
char *who_hints(const struct who *w);

// The right key, the requester of the task, or this host. key: what the request has; NULL: none.
bool who_may_write(const struct who *w, const struct task *t, const char *key);
// What may be seen of a task: 0: without its secrets; 1: with them; PS_EAUTH: the wrong key.
int who_may_see(const struct task *t, const char *key);
