// SPDX-License-Identifier: Apache-2.0
#include "psprobe/fetch.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "psprobe/probe.h"

struct waiting {
    struct ps_loop *loop;
    struct fetched *out;
    ps_ns since;
};

static void came(void *ctx, const struct ps_httpc_answer *a)
{
    struct waiting *w = ctx;
    struct fetched *f = w->out;

    f->took = probe_mono() - w->since;
    f->came = probe_wall();
    f->err = a->err;
    f->status = a->status;
    snprintf(f->why, sizeof f->why, "%s", a->why ? a->why : "");
    f->body = a->err ? NULL : malloc(a->len + 1);
    if (f->body) {
        memcpy(f->body, a->body, a->len);
        f->body[a->len] = '\0';
        f->len = a->len;
    }
    f->headers = a->err || !a->headers ? NULL : strdup(a->headers);
    ps_loop_stop(w->loop);
}

static int ask_and_wait(struct waiting *w, struct ps_httpc *c, const struct ps_httpc_ask *ask)
{
    int err;

    w->since = probe_mono();
    w->out->sent = probe_wall();
    err = ps_httpc_ask(c, ask, came, w, NULL);
    if (!err)
        ps_loop_run(w->loop);
    return err;
}

int fetch(const struct ps_httpc_ask *ask, struct fetched *out)
{
    struct ps_httpc_conf conf = {.agent = "psched/" PACKAGE_VERSION};
    struct waiting w = {.out = out};
    struct ps_httpc *c = NULL;
    int err;

    memset(out, 0, sizeof *out);
    err = ps_loop_new(&w.loop);
    if (!err)
        err = ps_httpc_new(w.loop, &conf, &c);
    if (!err)
        err = ask_and_wait(&w, c, ask);
    ps_httpc_free(c);
    ps_loop_free(w.loop);
    if (err)
        snprintf(out->why, sizeof out->why, "%s", ps_strerror(err));
    else if (!out->err && (!out->body || !out->headers))
        err = -ENOMEM;
    return err;
}

void fetched_fini(struct fetched *f)
{
    free(f->body);
    free(f->headers);
}

int fetch_pscheduler_url(const char *host, const char *path, char *out, size_t size)
{
    struct ps_hostport hp;
    int err = ps_hostport_parse(host, 443, false, &hp), n;

    if (err)
        return err;
    n = snprintf(out, size,
                 strchr(hp.host, ':') ? "https://[%s]:%u/pscheduler%s" : "https://%s:%u/pscheduler%s",
                 hp.host, hp.port, path);
    return n < 0 || (size_t)n >= size ? PS_ELIMIT : 0;
}
