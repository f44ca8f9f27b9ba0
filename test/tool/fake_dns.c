// SPDX-License-Identifier: Apache-2.0
// fake_dns ZONE [ADDRESS]: a DNS server for the tests, on a free port of 127.0.0.1 or the address, that answers, fails and lies as its
// zone says (the lines of test/unit/loop/dns_server.h; "-": standard input). Prints its port, and runs until
// it is killed.
#include "test/unit/loop/dns_server.h"

static int read_zone(struct dns_server *s, const char *path)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char line[1000];
    int bad = 0;

    if (!in) {
        perror(path);
        return -1;
    }
    while (!bad && fgets(line, sizeof line, in))
        bad = line[0] != '#' && line[0] != '\n' && !dns_add(s, line);
    if (bad)
        fprintf(stderr, "fake_dns: %s", line);
    if (in != stdin)
        fclose(in);
    return bad ? -1 : 0;
}

int main(int argc, char **argv)
{
    struct dns_server s;
    struct ps_loop *loop;

    if (argc < 2 || argc > 3 || ps_loop_new(&loop))
        return 2;
    if (!dns_serve_at(&s, loop, argc > 2 ? argv[2] : "127.0.0.1")) {
        fprintf(stderr, "fake_dns: no port\n");
        return 1;
    }
    if (read_zone(&s, argv[1]))
        return 2;
    printf("%u\n", ps_addr_port(&s.addr));
    fflush(stdout);
    ps_loop_run(loop);
    dns_close(&s);
    ps_loop_free(loop);
    return 0;
}
