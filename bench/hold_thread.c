// SPDX-License-Identifier: Apache-2.0
// hold_thread SECONDS TID...: holds these threads, and no others of their processes, for so long.
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include "base/ps_num.h"

static int hold(pid_t tid)
{
    int status;
    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0 || ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) != 0 ||
        waitpid(tid, &status, __WALL) != tid) {
        perror("hold_thread");
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    double seconds = 0;
    uint64_t tid;
    if (argc < 3 || ps_num_double(argv[1], 0.001, 600, &seconds) != 0) {
        fprintf(stderr, "Usage: hold_thread SECONDS TID...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++)
        if (ps_num_u64(argv[i], 10, 1, INT32_MAX, &tid) != 0 || hold((pid_t)tid) != 0)
            return 4;
    struct timespec ts = {.tv_sec = (time_t)seconds};
    ts.tv_nsec = (long)((seconds - (double)ts.tv_sec) * 1e9);
    nanosleep(&ts, NULL);
    return 0; // and lets go
}
