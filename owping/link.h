// SPDX-License-Identifier: Apache-2.0
// The way to the server as the command line describes it: credentials, source, name look-up, control
// connection. Says itself, on standard error, what goes wrong.
#pragma once
#include "endpoint/ep_client.h"
#include "endpoint/ep_pass.h"
#include "owping/options.h"

struct link {
    const struct options *o;
    struct ps_loop *loop;
    struct ps_hostport server;
    struct ps_addr source; // len 0: the kernel's choice
    uint8_t pass[EP_PASS_MAX];
    size_t pass_len;
    struct ep_client *client; // NULL until the name is resolved
    bool ready;               // the connection has been set up
    bool closed;
    void *ctx;
    void (*event)(void *ctx, const struct ow_client_event *ev);
    void (*failed)(void *ctx); // the reason has been told
};

// Reads the pass-phrase and works out the source before anything else: 0, or an error that was told.
int link_prepare(struct link *l, const struct options *o, struct ps_loop *loop, const char *operand);
// Resolves and connects; events follow.
int link_open(struct link *l, void *ctx, void (*event)(void *, const struct ow_client_event *),
              void (*failed)(void *));
void link_close(struct link *l);
