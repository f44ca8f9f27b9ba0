// SPDX-License-Identifier: Apache-2.0
// Giving up root, daemonising, pid files.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Resolves "name" or "-number". PS_ENOTFOUND, PS_ESYNTAX.
int ps_priv_user(const char *text, uid_t *uid, gid_t *gid);
int ps_priv_group(const char *text, gid_t *gid);
// Becomes uid/gid for good (supplementary groups too), keeping CAP_SYS_NICE and CAP_NET_RAW (for
// -B) in the permitted and effective sets where they are held. 0 or -errno.
int ps_priv_drop(uid_t uid, gid_t gid);
// chdir /, setsid, standard descriptors to /dev/null; returns in the child with the write end of a
// pipe: writing one octet there lets the parent exit with that status. 0 or -errno.
int ps_priv_daemonise(int *ready_fd);
// Lets the waiting parent exit with this status and closes the descriptor (-1 is fine).
void ps_priv_ready(int ready_fd, int status);
// Opens and locks path (fcntl write lock, held by this process until exit), writes "pid\n".
// -EAGAIN: another process holds it (*holder is its pid).
int ps_priv_pidfile(const char *path, int *fd, pid_t *holder);
