// SPDX-License-Identifier: Apache-2.0
// Stands in for a tool of psched's: notes when it was started for which run, and becomes the tool.
//
// FOLDER/NAME (a link to this program) appends "RUN NANOSECONDS" to FOLDER/starts and executes FOLDER/real/NAME. Where
// it lies tells all of that, because tools are given no environment but psched's.
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int note(const char *folder, int len, const char *run, const struct timespec *at)
{
    char path[PATH_MAX], line[128];
    int n, fd;
    ssize_t written;

    snprintf(path, sizeof path, "%.*s/starts", len, folder);
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    n = snprintf(line, sizeof line, "%.40s %lld%09ld\n", run, (long long)at->tv_sec, at->tv_nsec);
    written = write(fd, line, (size_t)n); // one write, so that those of others do not mix with it
    close(fd);
    return written == n ? 0 : -1;
}

int main(int argc, char **argv)
{
    const char *run = getenv("PSCHED_RUN"), *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    struct timespec at;
    char path[PATH_MAX];

    clock_gettime(CLOCK_REALTIME, &at);
    if (!slash) {
        fprintf(stderr, "sched_start: wants to be called by its whole path\n");
        return 2;
    }
    if (run && note(argv[0], (int)(slash - argv[0]), run, &at))
        perror("sched_start: starts");
    snprintf(path, sizeof path, "%.*s/real%s", (int)(slash - argv[0]), argv[0], slash);
    execv(path, argv);
    perror(path);
    return 4;
}
