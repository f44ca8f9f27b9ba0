// SPDX-License-Identifier: Apache-2.0
// flood_udp [-r RATE] [-d SECONDS] [-s LOW-HIGH] PORT...: sends datagrams that belong to no session to UDP
// ports of 127.0.0.1, at a rate and for a time, and prints how many left. Four kinds take turns: empty or
// far too long, as long as a test packet but from a port that is nobody's, noise of any length, and (-s) as
// long as a test packet and from a port in the range that the server's own test ports are in.
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_num.h"
#include "base/ps_rand.h"

#define BATCH 50
#define LONGEST 1400
#define TEST_LEN 14 // of an unauthenticated test packet
#define SEC_NS 1000000000u
#define PORTS_MAX 65536

struct flood {
    uint64_t rate, low, high;
    double seconds;
    int apart, within; // sockets: from anywhere, from the range
    size_t nports;
    uint16_t *ports;
    struct ps_rand random;
    uint64_t sent;
    uint8_t data[LONGEST];
};

static size_t length_of(struct flood *f, uint64_t number)
{
    switch (number % 4) {
    case 0:
        return number % 8 == 0 ? 0 : LONGEST;
    case 2:
        return 1 + ps_rand_u64(&f->random) % 200;
    default:
        return TEST_LEN;
    }
}

static void send_batch(struct flood *f, uint64_t number)
{
    struct mmsghdr out[2][BATCH];
    struct iovec iov[BATCH];
    struct sockaddr_in dest[BATCH];
    unsigned n[2] = {0, 0};
    for (unsigned i = 0; i < BATCH; i++, number++) {
        unsigned within = f->within >= 0 && number % 4 == 3;
        struct mmsghdr *m = &out[within][n[within]++];
        iov[i] = (struct iovec){f->data + ps_rand_u64(&f->random) % 8, length_of(f, number)};
        if (iov[i].iov_len > LONGEST - 8)
            iov[i].iov_len = LONGEST - 8;
        dest[i] = (struct sockaddr_in){.sin_family = AF_INET,
                                       .sin_port = htons(f->ports[ps_rand_u64(&f->random) % f->nports]),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        m->msg_hdr = (struct msghdr){
            .msg_name = &dest[i], .msg_namelen = sizeof dest[i], .msg_iov = &iov[i], .msg_iovlen = 1};
    }
    for (unsigned k = 0; k < 2; k++) {
        for (unsigned at = 0; at < n[k];) {
            int r = sendmmsg(k ? f->within : f->apart, out[k] + at, n[k] - at, 0);
            f->sent += r > 0 ? (unsigned)r : 0;
            at += r > 0 ? (unsigned)r : 1; // an error here is of an earlier datagram: its port is closed
        }
    }
}

static uint64_t mono_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * SEC_NS + (uint64_t)ts.tv_nsec;
}

static double flood(struct flood *f)
{
    uint64_t begin = mono_ns(), now = begin, length = (uint64_t)(f->seconds * SEC_NS);
    uint64_t step = BATCH * (uint64_t)SEC_NS / f->rate, most = (uint64_t)(f->seconds * (double)f->rate);
    for (uint64_t k = 0; now - begin < length && k * BATCH < most; k++) {
        uint64_t due = begin + k * step;
        struct timespec at = {.tv_sec = (time_t)(due / SEC_NS), .tv_nsec = (long)(due % SEC_NS)};
        if (due > now)
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        for (unsigned i = 0; i < TEST_LEN; i++) // headers that are right now and then
            f->data[i] = (uint8_t)(ps_rand_u64(&f->random) >> (k % 3 == 0 ? 60 : 24));
        send_batch(f, k * BATCH);
        now = mono_ns();
    }
    return (double)(now - begin) / SEC_NS;
}

static int open_from(uint64_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool open_all(struct flood *f)
{
    uint64_t seed;
    if (ps_rand_bytes(&seed, sizeof seed) != 0)
        return false;
    ps_rand_seed(&f->random, seed);
    ps_rand_fill(&f->random, f->data, sizeof f->data);
    f->apart = open_from(0);
    f->within = -1;
    for (uint64_t p = f->high; f->high != 0 && p >= f->low && f->within < 0; p--)
        f->within = open_from(p);
    return f->apart >= 0;
}

static bool set_range(struct flood *f, char *text)
{
    char *dash = strchr(text, '-');
    if (dash == NULL)
        return false;
    *dash = '\0';
    return ps_num_u64(text, 10, 1, 65535, &f->low) == 0 &&
           ps_num_u64(dash + 1, 10, f->low, 65535, &f->high) == 0;
}

static bool read_arguments(struct flood *f, int argc, char **argv)
{
    int opt;
    bool good = true;
    while (good && (opt = getopt(argc, argv, "r:d:s:")) != -1)
        good = opt == 'r'   ? ps_num_u64(optarg, 10, BATCH, 2000000, &f->rate) == 0
               : opt == 'd' ? ps_num_double(optarg, 0.1, 86400, &f->seconds) == 0
               : opt == 's' ? set_range(f, optarg)
                            : false;
    for (; good && optind < argc && f->nports < PORTS_MAX; optind++) {
        uint64_t port;
        good = ps_num_u64(argv[optind], 10, 1, 65535, &port) == 0;
        f->ports[f->nports++] = (uint16_t)port;
    }
    return good && f->nports > 0;
}

int main(int argc, char **argv)
{
    struct flood f = {.rate = 100000, .seconds = 10};
    int status = 0;
    f.ports = calloc(PORTS_MAX, sizeof *f.ports);
    if (f.ports == NULL || !read_arguments(&f, argc, argv)) {
        fprintf(stderr, "Usage: flood_udp [-r RATE] [-d SECONDS] [-s LOW-HIGH] PORT...\n");
        status = 2;
    } else if (!open_all(&f)) {
        perror("flood_udp");
        status = 4;
    } else {
        double took = flood(&f);
        printf("%llu datagrams in %.2f s, %.0f a second, to %zu ports%s\n", (unsigned long long)f.sent, took,
               (double)f.sent / took, f.nports, f.within >= 0 ? "" : "; none from the server's range");
    }
    free(f.ports);
    return status;
}
