// SPDX-License-Identifier: Apache-2.0
// What the files behind ps_ctl.h share. For lib/loop alone.
#pragma once
#include <sys/stat.h>
#include <sys/un.h>
#include "loop/ps_ctl.h"

// A socket that listens at a path, and which file that is.
struct ps_ctl_claim {
    int fd;
    dev_t dev;
    ino_t ino;
};

// -ENAMETOOLONG with the fault told.
int ps_ctl_address(const char *path, struct sockaddr_un *sa, struct ps_fault *fault);
int ps_ctl_claim(const char *path, unsigned mode, struct ps_ctl_claim *out, struct ps_fault *fault);
// Removes the file if it is still the one that was claimed; does not close the socket.
void ps_ctl_unclaim(const char *path, const struct ps_ctl_claim *claim);
// A copy with its newlines made blanks and one newline at the end, its length in *len.
char *ps_ctl_line(const char *text, size_t *len);
// Why a connect(2) to such a socket failed, and what to do.
const char *ps_ctl_connect_words(int errnum);
