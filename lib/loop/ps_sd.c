// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_sd.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// A service manager that does not read must not hold up the daemon for longer.
#define SEND_TIMEOUT_US 250000

// A path, or an abstract name written with '@' in front.
static int notify_address(const char *path, struct sockaddr_un *sa, socklen_t *len)
{
    size_t n = strlen(path);

    if (path[0] != '/' && path[0] != '@')
        return -EAFNOSUPPORT;
    if (n >= sizeof sa->sun_path)
        return -ENAMETOOLONG;
    memset(sa, 0, sizeof *sa);
    sa->sun_family = AF_UNIX;
    memcpy(sa->sun_path, path, n);
    if (path[0] == '@')
        sa->sun_path[0] = '\0';
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    return 0;
}

static int send_to(const struct sockaddr_un *sa, socklen_t len, const char *state)
{
    struct timeval timeout = {.tv_usec = SEND_TIMEOUT_US};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int rc = 0;

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0 ||
        sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)sa, len) < 0)
        rc = -errno;
    close(fd);
    return rc;
}

int ps_sd_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un sa;
    socklen_t len;
    int rc;

    if (!path || !path[0])
        return 0;
    rc = notify_address(path, &sa, &len);
    return rc ? rc : send_to(&sa, len, state);
}

void ps_sd_reloading(void)
{
    struct timespec now;
    char text[80];

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld%06ld", (long long)now.tv_sec,
             now.tv_nsec / 1000);
    (void)ps_sd_notify(text);
}
