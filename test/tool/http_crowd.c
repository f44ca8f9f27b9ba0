// SPDX-License-Identifier: Apache-2.0
// Many connections to a server of lib/http, none of which gets on: "idle" ones say nothing, "half" ones never end
// their request, "slow" ones ask for a long stream and do not read it, "hasty" ones for a TLS handshake without going
// on. Says "there" when all are connected, and holds them until standard input ends.
//
// Usage: http_crowd PORT KIND COUNT [TARGET]: TARGET is what slow ones ask for
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    const char *kind, *text;
} kinds[] = {
    {"idle", ""},
    {"half", "GET / HTTP/1.1\r\nHost: h\r\nX: "},
    {"slow", "GET %s HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"hasty", "\x16\x03\x01"},
};

static const char *text_of(const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kind, kinds[i].kind) == 0)
            return kinds[i].text;
    return NULL;
}

static void fill(char *out, size_t size, const char *kind, const char *target)
{
    const char *mark = strstr(kind, "%s");

    if (mark)
        snprintf(out, size, "%.*s%s%s", (int)(mark - kind), kind, target, mark + 2);
    else
        snprintf(out, size, "%s", kind);
}

static int join(const struct sockaddr_in *to, const char *text)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), small = 4096;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 ||
        send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        return -errno;
    return 0;
}

static void want_descriptors(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const char *kind = argc == 4 || argc == 5 ? text_of(argv[2]) : NULL;
    char text[1024];
    int err = 0;

    if (!kind) {
        fputs("Usage: http_crowd PORT idle|half|slow|hasty COUNT [TARGET]\n", stderr);
        return 2;
    }
    fill(text, sizeof text, kind, argc == 5 ? argv[4] : "/stream?octets=1000000000");
    want_descriptors();
    to.sin_port = htons((uint16_t)atoi(argv[1]));
    for (int i = atoi(argv[3]); i > 0 && !err; i--)
        err = join(&to, text);
    if (err) {
        fprintf(stderr, "http_crowd: %s\n", strerror(-err));
        return 3;
    }
    puts("there");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}
