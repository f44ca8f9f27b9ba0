// SPDX-License-Identifier: Apache-2.0
// half_open [-n HELD] [-r RATE] [-d SECONDS] PORT: opens control connections to 127.0.0.1 that come to
// nothing, from 127.0.0.2 to 127.0.0.201, so many a second and no more than HELD at once, and replaces those
// that the server closes. Three kinds take turns: those that never speak, those that stop in
// Set-Up-Response, and those that stop in a request. Prints how many there were and how many were closed.
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_num.h"

#define SOURCES 200
#define SETUP_LEN 164
#define TICK_NS 10000000u
#define SEC_NS 1000000000u

struct storm {
    uint64_t held_max, rate, port;
    double seconds;
    struct pollfd *held;
    size_t n;
    uint64_t opened, failed, closed;
    int last_error;
};

// A Set-Up-Response for open mode, and the beginning of a Request-Session.
static size_t words_of(uint64_t number, uint8_t out[SETUP_LEN + 8])
{
    memset(out, 0, SETUP_LEN + 8);
    out[3] = 1;
    out[SETUP_LEN] = 1;
    out[SETUP_LEN + 1] = 4;
    return number % 3 == 0 ? 0 : number % 3 == 1 ? 10 : SETUP_LEN + 8;
}

static int connect_one(const struct storm *s)
{
    uint8_t words[SETUP_LEN + 8];
    size_t n = words_of(s->opened, words);
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr =
                                   htonl(INADDR_LOOPBACK + 1 + (uint32_t)(s->opened % SOURCES))},
                       to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)s->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0 ||
        (n > 0 && send(fd, words, n, MSG_NOSIGNAL) < 0)) {
        int err = -errno;
        close(fd);
        return err;
    }
    return fd;
}

static void open_some(struct storm *s, uint64_t due)
{
    while (s->n < s->held_max && s->opened + s->failed < due) {
        int fd = connect_one(s);
        if (fd < 0) {
            s->failed++;
            s->last_error = -fd;
            continue;
        }
        s->opened++;
        s->held[s->n++] = (struct pollfd){.fd = fd, .events = POLLRDHUP};
    }
}

static void drop_closed(struct storm *s)
{
    size_t kept = 0;
    if (poll(s->held, s->n, 0) <= 0)
        return;
    for (size_t i = 0; i < s->n; i++) {
        if (s->held[i].revents & (POLLRDHUP | POLLHUP | POLLERR)) {
            close(s->held[i].fd);
            s->closed++;
        } else {
            s->held[kept++] = s->held[i];
        }
    }
    s->n = kept;
}

static void storm(struct storm *s)
{
    struct timespec at;
    uint64_t ticks = (uint64_t)(s->seconds * SEC_NS / TICK_NS);
    clock_gettime(CLOCK_MONOTONIC, &at);
    for (uint64_t k = 1; k <= ticks; k++) {
        open_some(s, k * s->rate * TICK_NS / SEC_NS);
        if (k % 10 == 0)
            drop_closed(s);
        at.tv_nsec += TICK_NS;
        at.tv_sec += at.tv_nsec / SEC_NS;
        at.tv_nsec %= SEC_NS;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    }
}

static bool read_arguments(struct storm *s, int argc, char **argv)
{
    int opt;
    bool good = true;
    while (good && (opt = getopt(argc, argv, "n:r:d:")) != -1)
        good = opt == 'n'   ? ps_num_u64(optarg, 10, 1, 20000, &s->held_max) == 0
               : opt == 'r' ? ps_num_u64(optarg, 10, 1, 20000, &s->rate) == 0
               : opt == 'd' ? ps_num_double(optarg, 0.1, 86400, &s->seconds) == 0
                            : false;
    return good && optind + 1 == argc && ps_num_u64(argv[optind], 10, 1, 65535, &s->port) == 0;
}

int main(int argc, char **argv)
{
    struct storm s = {.held_max = 1000, .rate = 500, .seconds = 10};
    struct rlimit rl;
    if (!read_arguments(&s, argc, argv)) {
        fprintf(stderr, "Usage: half_open [-n HELD] [-r RATE] [-d SECONDS] PORT\n");
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
        rl.rlim_cur = rl.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &rl);
    }
    s.held = calloc(s.held_max, sizeof *s.held);
    if (s.held == NULL)
        return 4;
    storm(&s);
    printf("%llu half-open connections, %zu held, %llu closed by the server, %llu not connected%s%s\n",
           (unsigned long long)s.opened, s.n, (unsigned long long)s.closed, (unsigned long long)s.failed,
           s.failed > 0 ? ": " : "", s.failed > 0 ? strerror(s.last_error) : "");
    free(s.held);
    return 0;
}
