// SPDX-License-Identifier: Apache-2.0
// -n of a daemon that becomes another user: what that one may not do shows when it is him who looks.
#include "http/ps_front.h"
#include "loop/ps_access.h"
#include "loop/ps_daemon.h"

int ps_front_check_user(const struct ps_front_conf *c, struct ps_fault *fault)
{
    int err = ps_daemon_check_who(c->user, c->group, fault);

    return err ? err : ps_daemon_become(c->user, c->group, 0, fault);
}

static void warn_of(const char *program, const char *key, const char *path)
{
    struct ps_fault fault = {""};

    if (path && path[0] && ps_access_read(key, path, &fault))
        fprintf(stderr, "%s: warning: a reload will fail: %s\n", program, fault.text);
}

void ps_front_warn_of_reload(const struct ps_front_conf *c, const struct ps_front_options *o)
{
    warn_of(o->prog->name, "--config", o->file);
    warn_of(o->prog->name, "certificate", c->certificate);
    warn_of(o->prog->name, "key", c->key);
}
