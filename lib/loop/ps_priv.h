// SPDX-License-Identifier: Apache-2.0
// Giving up root and capabilities, daemonising, pid files.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Resolves "name" or "-number". PS_ENOTFOUND, PS_ESYNTAX.
int ps_priv_user(const char *text, uid_t *uid, gid_t *gid);
int ps_priv_group(const char *text, gid_t *gid);
#define PS_PRIV_NAME 64
// The user's name; its number where it has none. Returns out.
const char *ps_priv_name(uid_t uid, char out[PS_PRIV_NAME]);
// What is kept of the capabilities that are held.
enum ps_priv_keep {
    PS_KEEP_NICE = 1,  // CAP_SYS_NICE: real-time scheduling
    PS_KEEP_BIND = 2,  // CAP_NET_BIND_SERVICE: ports below 1024
    PS_KEEP_USUAL = 4, // alone: what the kernel leaves to who changes its user, and all to who does not
};
// Becomes uid/gid for good (supplementary groups too). Who is then not root keeps of its capabilities only
// those told, in the permitted and effective sets; this holds as well for who has been that user all along.
// 0 or -errno.
int ps_priv_drop(uid_t uid, gid_t gid, unsigned keep);
// The capabilities held, as "net_bind_service sys_nice"; "" when there are none. Returns out.
const char *ps_priv_caps(char *out, size_t size);
// No program started from here on gains privileges by its file's mode. 0 or -errno.
int ps_priv_no_new(void);
// Keeps the process's memory from being paged out, pages that it has yet to touch included. To be called while
// it may raise the limit for that. -EPERM: the limit is finite and may not be raised; other -errno.
int ps_priv_lock_memory(void);
// chdir /, setsid, standard descriptors to /dev/null; returns in the child with the write end of a
// pipe: writing one octet there lets the parent exit with that status. 0 or -errno.
int ps_priv_daemonise(int *ready_fd);
// Lets the waiting parent exit with this status and closes the descriptor (-1 is fine).
void ps_priv_ready(int ready_fd, int status);
// Opens and locks path (fcntl write lock, held by this process until exit). -EAGAIN: another process holds it (*holder is
// its pid; 0: it is not seen from here).
int ps_priv_lock(const char *path, int *fd, pid_t *holder);
// The same, and writes "pid\n".
int ps_priv_pidfile(const char *path, int *fd, pid_t *holder);
