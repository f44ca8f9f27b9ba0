// SPDX-License-Identifier: Apache-2.0
// fake_clock chrony|ntpd|ptp4l udp|PATH HOW: such a daemon, for the tests. Prints its port (or its path), then a
// line for each request, until it is killed.
#include <stdlib.h>
#include "test/unit/clock/clock_server.h"

static int word(const char *text, const char *const *words, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    fprintf(stderr, "fake_clock: %s?\n", text);
    exit(2);
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = SERVER_KINDS, *const hows[] = SERVER_HOWS;
    uint16_t port = 0;
    if (argc != 4)
        return 2;
    bool udp = strcmp(argv[2], "udp") == 0;
    struct clock_server s = {.kind = (enum server_kind)word(argv[1], kinds, 3),
                             .how = (enum server_how)word(argv[3], hows, 8)};
    if (server_open(&s, udp ? NULL : argv[2], &port) != 0) {
        perror("fake_clock");
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (udp)
        printf("%u\n", port);
    else
        printf("%s\n", argv[2]);
    for (;;)
        if (server_turn(&s, -1))
            printf("asked\n");
}
