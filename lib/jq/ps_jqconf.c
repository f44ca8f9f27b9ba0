// SPDX-License-Identifier: Apache-2.0
#include "jq/ps_jqconf.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifndef PS_JQ_WORKER
#define PS_JQ_WORKER "/usr/local/libexec/ps-jq-worker"
#endif
#ifndef PS_JQ_LIBRARY
#define PS_JQ_LIBRARY "/usr/local/share/psuite/jq"
#endif

#define START_TIME (10 * PS_SEC)

static char *path_of(const char *given, const char *variable, const char *otherwise)
{
    const char *named = given ? given : secure_getenv(variable);

    return strdup(named ? named : otherwise);
}

static void set_defaults(struct ps_jq_conf *c)
{
    if (!c->workers)
        c->workers = 2;
    if (!c->run_time)
        c->run_time = 500 * PS_MSEC;
    if (!c->compile_time)
        c->compile_time = 5 * PS_SEC;
    if (!c->wait_time)
        c->wait_time = 5 * PS_SEC;
    if (!c->memory)
        c->memory = (size_t)64 << 20;
    if (!c->output)
        c->output = (size_t)1 << 20;
    if (!c->queue)
        c->queue = 20000;
    if (!c->queue_octets)
        c->queue_octets = (size_t)64 << 20;
}

int ps_jqconf_init(struct ps_jqconf *c, const struct ps_jq_conf *given)
{
    memset(c, 0, sizeof *c);
    if (given)
        c->all = *given;
    set_defaults(&c->all);
    c->worker = path_of(c->all.worker, "PSUITE_JQ_WORKER", PS_JQ_WORKER);
    c->library = path_of(c->all.library, "PSUITE_JQ_LIBRARY", PS_JQ_LIBRARY);
    c->hand = (struct ps_jqhand_conf){.worker = c->worker,
                                      .library = c->library,
                                      .memory = c->all.memory,
                                      .output = c->all.output,
                                      .start_time = START_TIME,
                                      .compile_time = c->all.compile_time,
                                      .run_time = c->all.run_time};
    return c->worker && c->library ? 0 : -ENOMEM;
}

void ps_jqconf_fini(struct ps_jqconf *c)
{
    free(c->worker);
    free(c->library);
}
