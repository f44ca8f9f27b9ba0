// SPDX-License-Identifier: Apache-2.0
#include "owping/owup.h"
#include <stdio.h>
#include "base/ps_err.h"
#include "owping/link.h"

struct up {
    struct link link;
    struct ps_loop *loop;
    ps_ntp since;
    bool known;
};

static void on_event(void *ctx, const struct ow_client_event *ev)
{
    struct up *u = ctx;
    if (ev->type != OW_CEV_READY)
        return;
    u->since = ev->start.start_time;
    u->known = true;
    ps_loop_stop(u->loop);
}

static void on_failed(void *ctx)
{
    struct up *u = ctx;
    ps_loop_stop(u->loop);
}

int owup_run(const struct options *o)
{
    struct up u = {.known = false};
    char text[64];
    int err = ps_loop_new(&u.loop);
    if (err != 0) {
        fprintf(stderr, "owup: cannot start: %s\n", ps_strerror(err));
        return 1;
    }
    if (link_prepare(&u.link, o, u.loop, o->operands[0]) == 0 &&
        link_open(&u.link, &u, on_event, on_failed) == 0)
        (void)ps_loop_run(u.loop);
    link_close(&u.link);
    ps_loop_free(u.loop);
    if (!u.known)
        return 1;
    // On standard error, as the program we stand in for does.
    ps_ntp_format_zone(u.since, text, sizeof text);
    return fprintf(stderr, "Server Up Since: %s\n", text) < 0;
}
