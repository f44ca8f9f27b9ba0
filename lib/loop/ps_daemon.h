// SPDX-License-Identifier: Apache-2.0
// What daemons do at their start.
#pragma once
#include <stdbool.h>
#include "base/ps_conf.h"

// As many descriptors may be open as the system lets this process have; most: no more than that, 0: no bound.
void ps_daemon_raise_files(unsigned long most);
// Makes the folder of a socket if it is all that is missing, as /run/NAME is after a start of the host, and root gives it to
// the user and the group. To be called before ps_daemon_become; what goes wrong shows when the socket is made. "": nothing.
// True: it was made.
bool ps_daemon_make_folder(const char *socket, const char *user, const char *group);
// One process at a time has what it keeps data in: the lock is that of the file `lock`, made if it is missing, and ends
// with the process, whatever ends it. Closing *fd gives it up. -EAGAIN: another one has `what`: the fault says which
// process of `program`, and what to do, `next` behind ending that; -errno.
#define PS_DAEMON_NEXT "name another place with --data"
int ps_daemon_hold(const char *lock, const char *what, const char *program, const char *next, int *fd,
                   struct ps_fault *fault);
// The same of a folder, made (not its parents) if it is missing, by the file "lock" in it.
int ps_daemon_hold_folder(const char *folder, const char *program, int *fd, struct ps_fault *fault);
// Whether there are such a user and such a group ("": none is meant): the fault says which is not.
int ps_daemon_check_who(const char *user, const char *group, struct ps_fault *fault);
// What root makes from here on, a socket above all, is of that group (or the user's), until ps_daemon_group_back. For others
// nothing changes. 0, or as ps_daemon_become.
int ps_daemon_group(const char *user, const char *group, struct ps_fault *fault);
int ps_daemon_group_back(void); // 0 or -errno
// Root becomes the user and the group (NULL or "": none, the user's own), for good, and anybody gives up all
// capabilities but those of keep (see ps_priv_drop). The fault says in words what cannot be. 0, PS_ENOTFOUND, or -errno.
int ps_daemon_become(const char *user, const char *group, unsigned keep, struct ps_fault *fault);
