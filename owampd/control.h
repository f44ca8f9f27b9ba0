// SPDX-License-Identifier: Apache-2.0
// The control socket: {"verb": "status"} and {"verb": "reload"}, a line of JSON each. Every answer has "ok", and "error"
// when that is false.
#pragma once
#include "loop/ps_ctl.h"
#include "owampd/daemon.h"
#include "owampd/options.h"

struct control {
    struct ps_ctl *ctl; // NULL: there is none
    struct daemon *d;
    const struct options *o;
    const char *confined; // what holds, as it will be told
};

// The folder of a socket's path. Returns out.
const char *control_folder(const char *path, char out[CONF_SOCKET]);
// Makes the socket, if the configuration names one: as whom the daemon is to stay, so that it can remove it again, and
// before what confines it. d, o and confined stay. Errors as ps_ctl_listen.
int control_open(struct control *c, struct daemon *d, const struct options *o, const char *confined,
                 struct ps_fault *fault);
void control_close(struct control *c); // fine if it is not open
