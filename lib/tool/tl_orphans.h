// SPDX-License-Identifier: Apache-2.0
// Processes that belong to a run, wherever they have got to: in a group or a session of their own, or left behind by a
// psched that was killed. They are known by what stands in the environment they were started with: PSCHED_RUN is the
// run, PSCHED_OWNER the process that has started it.
#pragma once
#include <stddef.h>
#include <sys/types.h>

#define TL_ORPHANS_RUN 40 // a UUID, of participants behind the first with "/" and its number, and the NUL
#define TL_ORPHANS_MARKS 2
#define TL_ORPHANS_MARK 80

// The two variables for a run that this process starts: "PSCHED_RUN=...", "PSCHED_OWNER=...".
void tl_orphans_mark(const char *run, char out[TL_ORPHANS_MARKS][TL_ORPHANS_MARK]);

struct tl_orphan {
    pid_t pid;
    unsigned long long began; // in the kernel's ticks since it was up: with pid, one process
    char run[TL_ORPHANS_RUN];
};

// The processes of a run; or, run NULL, of those runs whose owner is no longer there. As far as this user may look into
// them, and without this process. The first max of them, *n. Reads /proc; blocks for some ms. 0 or -errno.
int tl_orphans_find(const char *run, struct tl_orphan *out, size_t max, size_t *n);
// Kills those with SIGKILL, until there are none: how many they were, or -errno. One whose number has become another
// process's in the meantime is not hit.
int tl_orphans_kill(const char *run);
