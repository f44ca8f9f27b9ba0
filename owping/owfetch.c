// SPDX-License-Identifier: Apache-2.0
#include "owping/owfetch.h"
#include <signal.h>
#include <stdio.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "owping/link.h"
#include "owping/output.h"
#include "endpoint/ep_retrieve.h"
#include "owping/savefile.h"

struct fetching {
    const struct options *o;
    struct link link;
    struct ps_loop *loop;
    struct ep_retrieve retrieve;
    struct savefile save;
    struct output out;
    int next; // operand of the SID being fetched
    bool over;
    int status;
};

static void over(struct fetching *f, int status)
{
    f->over = true;
    f->status = status;
    ps_loop_stop(f->loop);
}

static void fail(struct fetching *f, const char *what, const char *why)
{
    fprintf(stderr, "owfetch: %s: %s\n", what, why);
    over(f, 1);
}

static const char *sid_text(const struct fetching *f)
{
    return f->o->operands[f->next];
}

static void begin_next(struct fetching *f)
{
    struct ow_fetch want = {.begin = 0, .end = UINT32_MAX};
    f->next += f->next == 0 ? 1 : 2;
    if (f->next >= f->o->noperands) {
        over(f, 0);
        return;
    }
    (void)ps_num_hex(sid_text(f), want.sid, OW_SID_LEN); // looked at before connecting
    int err = savefile_open(&f->save, f->o->operands[f->next + 1]);
    if (err != 0) {
        fail(f, f->o->operands[f->next + 1], savefile_strerror(err));
        return;
    }
    ep_retrieve_init(&f->retrieve, f->save.fd, NULL, NULL);
    err = ep_client_fetch(f->link.client, &want);
    if (err != 0)
        fail(f, sid_text(f), ps_strerror(err));
}

static void finish_one(struct fetching *f)
{
    static const struct ow_report_extra unknown = {.host_dropped = -1, .ignored = -1, .clock_steps = -1};
    const char *path = f->o->operands[f->next + 1];
    int err = savefile_commit(&f->save);
    if (err != 0) {
        fail(f, path, ps_strerror(err));
        return;
    }
    err = output_session(&f->out, f->save.fd, path, NULL, &unknown);
    ep_retrieve_fini(&f->retrieve);
    savefile_close(&f->save);
    if (err != 0)
        over(f, 1);
    else
        begin_next(f);
}

static void on_event(void *ctx, const struct ow_client_event *ev)
{
    struct fetching *f = ctx;
    char why[160];
    if (f->over)
        return; // more may have come with what ended it
    if (ev->type == OW_CEV_READY) {
        begin_next(f);
        return;
    }
    int err = ep_retrieve_event(&f->retrieve, ev);
    if (err == PS_EREFUSED) {
        snprintf(why, sizeof why,
                 "the server denies it: %s (Accept %u): no such session, or it did not end regularly",
                 ow_accept_text(f->retrieve.ack.accept), (unsigned)f->retrieve.ack.accept);
        fail(f, sid_text(f), why);
    } else if (err != 0) {
        fail(f, sid_text(f), ps_strerror(err));
    } else if (f->retrieve.done) {
        finish_one(f);
    }
}

static void on_failed(void *ctx)
{
    over(ctx, 1);
}

static void on_signal(void *ctx, int signum)
{
    (void)signum;
    over(ctx, 2);
}

static int check_sids(const struct options *o)
{
    uint8_t sid[OW_SID_LEN];
    for (int i = 1; i < o->noperands; i += 2) {
        if (ps_num_hex(o->operands[i], sid, OW_SID_LEN) != 0) {
            fprintf(stderr, "owfetch: '%s': not a SID: wants 32 hexadecimal digits\n", o->operands[i]);
            return -1;
        }
    }
    return 0;
}

static int run(struct fetching *f)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
    int err = ps_loop_new(&f->loop);
    for (size_t i = 0; err == 0 && i < 3; i++)
        err = ps_signal_add(f->loop, signals[i], on_signal, f);
    if (err != 0) {
        fprintf(stderr, "owfetch: cannot start: %s\n", ps_strerror(err));
        return 1;
    }
    f->status = 1;
    if (link_prepare(&f->link, f->o, f->loop, f->o->operands[0]) != 0 ||
        link_open(&f->link, f, on_event, on_failed) != 0)
        return 1;
    output_begin(&f->out, f->o);
    output_sessions(&f->out);
    err = ps_loop_run(f->loop);
    return output_end(&f->out) != 0 || err != 0 ? 1 : f->status;
}

int owfetch_run(const struct options *o)
{
    struct fetching f = {.o = o, .save = {.fd = -1}};
    if (check_sids(o) != 0)
        return 1;
    int status = run(&f);
    link_close(&f.link);
    ep_retrieve_fini(&f.retrieve);
    savefile_close(&f.save);
    ps_loop_free(f.loop);
    return status;
}
