// SPDX-License-Identifier: Apache-2.0
// The archivers "bitbucket" and "failer": nothing is kept, and failures are made on purpose.
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "base/ps_rand.h"
#include "deliver/ps_deliver_kind.h"

#define DELAY_MAX (INT64_C(86400) * PS_SEC)
#define RETRY (10 * PS_SEC)

struct target {
    ps_ns delay;
    bool fails;
};

// A job under way.
struct own {
    struct ps_timer *timer;
    struct ps_deliver_call *call;
    bool fails;
};

// Uniform in [0, 1).
static double chance(void)
{
    uint64_t r = 0;

    (void)ps_rand_bytes(&r, sizeof r);
    return (double)(r >> 11) / 9007199254740992.0;
}

static int read_bitbucket(struct ps_jget *g, void *target, struct ps_deliver_retry *retry)
{
    (void)target;
    (void)retry;
    (void)ps_deliver_schema(g, 1);
    return ps_deliver_data_end(g, NULL, 0);
}

static int read_failer(struct ps_jget *g, void *target, struct ps_deliver_retry *retry)
{
    struct target *t = target;
    unsigned schema = ps_deliver_schema(g, 2);

    t->delay = ps_deliver_duration(g, "delay", 0, DELAY_MAX, 0);
    t->fails = chance() < ps_jget_double(g, "fail", 0, 1, 0.5);
    retry->n = chance() < ps_jget_double(g, "retry", 0, 1, 0.5) ? 1 : 0;
    retry->steps[0] = (struct ps_retry_step){INT64_MAX, RETRY};
    ps_deliver_since(g, "badly", schema, 2);
    (void)ps_jget_bool(g, "badly", false); // there is no process that could crash
    return ps_deliver_data_end(g, NULL, 0);
}

static void cancel(void *own)
{
    struct own *o = own;

    ps_timer_free(o->timer);
    free(o);
}

static void over(void *ctx)
{
    struct own *o = ctx;
    struct ps_deliver_call *call = o->call;
    bool fails = o->fails;

    cancel(o);
    if (fails)
        ps_deliver_failed(call, 0, "it fails on purpose");
    else
        ps_deliver_done(call);
}

static int send_job(void *state, void *target, struct ps_deliver_call *call, const struct ps_deliver_job *job,
                    void **own, struct ps_fault *fault)
{
    const struct target *t = target;
    struct own *o = calloc(1, sizeof *o);

    (void)job;
    if (!o || ps_timer_new(state, &o->timer, over, o)) {
        free(o);
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(-ENOMEM));
        return -ENOMEM;
    }
    o->call = call;
    o->fails = t->fails;
    ps_timer_start(o->timer, t->delay);
    *own = o;
    return 0;
}

const struct ps_deliver_kind ps_deliver_bitbucket = {
    .name = "bitbucket",
    .target_size = sizeof(struct target),
    .read = read_bitbucket,
    .send = send_job,
    .cancel = cancel,
};
const struct ps_deliver_kind ps_deliver_failer = {
    .name = "failer",
    .decides = true,
    .target_size = sizeof(struct target),
    .read = read_failer,
    .send = send_job,
    .cancel = cancel,
};
