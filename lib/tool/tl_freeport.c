// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_freeport.h"
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_addr.h"

#define TRIES 50
#define LISTENS 10 // TCP_LISTEN in /proc/net/tcp

// Port 0: the kernel's choice. The socket, or -1.
static int bind_to(unsigned port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static unsigned port_of(int fd)
{
    struct sockaddr_in at = {0};
    socklen_t len = sizeof at;

    return getsockname(fd, (struct sockaddr *)&at, &len) == 0 ? ntohs(at.sin_port) : 0;
}

unsigned tl_freeport_find(void)
{
    for (int i = 0; i < TRIES; i++) {
        int first = bind_to(0), second;
        unsigned port = first >= 0 ? port_of(first) : 0;
        bool good;
        second = port > 0 && port < 65535 ? bind_to(port + 1) : -1;
        good = second >= 0;
        if (first >= 0)
            close(first);
        if (second >= 0)
            close(second);
        if (good)
            return port;
    }
    return 0;
}

static bool is_in(const char *path, unsigned port)
{
    FILE *f = fopen(path, "re");
    char line[256];
    bool found = false;

    while (f && !found && fgets(line, sizeof line, f)) {
        unsigned here, state;
        if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &here, &state) == 2)
            found = here == port && state == LISTENS;
    }
    if (f)
        fclose(f);
    return found;
}

bool tl_freeport_is_listened(unsigned port)
{
    return is_in("/proc/net/tcp", port) || is_in("/proc/net/tcp6", port);
}

bool tl_freeport_is_own(const char *text)
{
    struct ps_addr a;
    bool own;
    int fd;

    if (ps_addr_parse(text, 0, &a))
        return false;
    fd = socket(a.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    own = bind(fd, &a.sa, a.len) == 0;
    close(fd);
    return own;
}
