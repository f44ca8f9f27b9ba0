// SPDX-License-Identifier: Apache-2.0
// A client of psarchive serve, for bench/archive; plain HTTP on 127.0.0.1, connections that are kept.
//   archive_http results PORT CONNECTIONS RESULTS PATHS FIRST
//     writes result documents as pScheduler's http archiver does, one a request, each connection the next one when
//     its answer is there; of PATHS paths, from the minute FIRST (0 ...) on. They are made ahead, 50,000 at a time.
//   archive_http get PORT TARGET TIMES
//     reads TARGET so many times on one connection.
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_num.h"
#include "bench/archive_mesh.h"

#define CONNS_MAX 512
#define PIECE 50000
#define ANSWER_MAX 4096

struct conn {
    int fd;
    const char *out; // what is to leave
    size_t out_len, in;
    double asked;
    char head[200];
    bool busy;
    char buf[ANSWER_MAX + 1];
};

static struct client {
    struct conn conns[CONNS_MAX];
    struct pollfd polls[CONNS_MAX];
    size_t nconns;
    char *docs[PIECE]; // whole requests
    size_t lens[PIECE], ndocs, next, busy;
    double *took;
    size_t answered, refused;
} c;

__attribute__((noreturn)) static void fail(const char *what, const char *why)
{
    fprintf(stderr, "archive_http: %s: %s\n", what, why);
    exit(4);
}

static double seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t number(const char *text, uint64_t max)
{
    uint64_t n;
    if (ps_num_u64(text, 10, 0, max, &n) != 0) {
        fprintf(stderr, "archive_http: '%s' is no number up to %" PRIu64 "\n", text, max);
        exit(2);
    }
    return n;
}

static int dial(uint64_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        fail("connecting", strerror(errno));
    return fd;
}

// --- writing

static void make_request(size_t i, struct ps_rand *r, uint64_t path, int64_t ts)
{
    size_t len, size;
    char *body = mesh_run(r, path, ts, &len);
    FILE *f = open_memstream(&c.docs[i], &size);
    fprintf(f,
            "PUT /logstash HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: archive_http\r\nAccept: */*\r\n"
            "x-ps-observer: 10.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
            len, body);
    fclose(f);
    c.lens[i] = size;
    free(body);
}

static void give(struct conn *k)
{
    k->busy = c.next < c.ndocs;
    k->in = 0;
    if (!k->busy)
        return;
    k->out = c.docs[c.next];
    k->out_len = c.lens[c.next++];
    k->asked = seconds();
    c.busy++;
}

static void put_out(struct conn *k)
{
    ssize_t n = send(k->fd, k->out, k->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        fail("sending", strerror(errno));
    if (n > 0) {
        k->out += n;
        k->out_len -= (size_t)n;
    }
}

// Octets of the whole answer, once its head is there; 0: it is not.
static size_t answer_len(const struct conn *k)
{
    const char *end = strstr(k->buf, "\r\n\r\n"), *len = strcasestr(k->buf, "\r\nContent-Length:");
    if (end == NULL || len == NULL || len > end)
        return 0;
    return (size_t)(end + 4 - k->buf) + strtoul(len + 17, NULL, 10);
}

static void take_in(struct conn *k)
{
    ssize_t n = recv(k->fd, k->buf + k->in, ANSWER_MAX - k->in, MSG_DONTWAIT);
    if (n == 0)
        fail("reading", "the server has ended the connection");
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        fail("reading", strerror(errno));
    k->in += n > 0 ? (size_t)n : 0;
    k->buf[k->in] = '\0';
    size_t len = answer_len(k);
    if (len == 0 || k->in < len)
        return;
    if (strncmp(k->buf, "HTTP/1.1 201 ", 13) != 0 && c.refused++ == 0)
        fprintf(stderr, "archive_http: refused: %s\n", k->buf);
    c.took[c.answered++] = seconds() - k->asked;
    c.busy--;
    give(k);
}

static void run_piece(void)
{
    for (size_t i = 0; i < c.nconns; i++)
        give(&c.conns[i]);
    while (c.busy > 0) {
        for (size_t i = 0; i < c.nconns; i++) {
            struct conn *k = &c.conns[i];
            if (k->busy && k->out_len > 0)
                put_out(k);
            c.polls[i] = (struct pollfd){k->fd, (short)(k->out_len > 0 ? POLLIN | POLLOUT : POLLIN), 0};
        }
        if (poll(c.polls, c.nconns, 60000) <= 0)
            fail("waiting", "nothing came for a minute");
        for (size_t i = 0; i < c.nconns; i++)
            if (c.polls[i].revents & (POLLIN | POLLHUP | POLLERR))
                take_in(&c.conns[i]);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void results(uint64_t port, uint64_t n, uint64_t paths, uint64_t first)
{
    struct ps_rand r;
    double took = 0;
    ps_rand_seed(&r, 43 + first);
    c.took = calloc(n, sizeof *c.took);
    if (c.took == NULL)
        fail("memory", strerror(errno));
    for (size_t i = 0; i < c.nconns; i++)
        c.conns[i].fd = dial(port);
    for (uint64_t at = 0; at < n;) {
        for (c.ndocs = c.next = 0; c.ndocs < PIECE && at < n; c.ndocs++, at++)
            make_request(c.ndocs, &r, at % paths, MESH_START + (int64_t)(first + at / paths) * MESH_STEP);
        double began = seconds();
        run_piece();
        took += seconds() - began;
        for (size_t i = 0; i < c.ndocs; i++)
            free(c.docs[i]);
    }
    qsort(c.took, c.answered, sizeof *c.took, by_size);
    printf("HTTP: %zu result documents on %zu connections in %.1f s: %.0f a second; an answer after %.1f ms "
           "(median), %.1f ms (99 %%); %zu refused\n",
           c.answered, c.nconns, took, (double)c.answered / took, c.took[c.answered / 2] * 1e3,
           c.took[c.answered * 99 / 100] * 1e3, c.refused);
}

// --- reading

static bool has_end(const char *tail, size_t n)
{
    return n >= 5 && memcmp(tail + n - 5, "0\r\n\r\n", 5) == 0;
}

// Answers in chunks, as lists and series are. Octets of one.
static size_t read_answer(int fd)
{
    static char buf[65536];
    char tail[5];
    size_t all = 0;
    for (;;) {
        ssize_t n = recv(fd, buf, sizeof buf, 0);
        if (n <= 0)
            fail("reading", n == 0 ? "the server has ended the connection" : strerror(errno));
        if (all == 0 && strncmp(buf, "HTTP/1.1 200 ", 13) != 0)
            fail("reading", "the answer is not 200");
        for (ssize_t i = n < 5 ? 0 : n - 5; i < n; i++) {
            memmove(tail, tail + 1, 4);
            tail[4] = buf[i];
        }
        all += (size_t)n;
        if (has_end(tail, 5))
            return all;
    }
}

static void get(uint64_t port, const char *target, uint64_t times)
{
    char head[2000];
    double best = 1e9, sum = 0;
    size_t octets = 0;
    int fd = dial(port);
    int n = snprintf(head, sizeof head, "GET %.1800s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", target);
    for (uint64_t i = 0; i < times; i++) {
        double began = seconds();
        if (send(fd, head, (size_t)n, MSG_NOSIGNAL) != n)
            fail("sending", strerror(errno));
        octets = read_answer(fd);
        double took = seconds() - began;
        best = took < best ? took : best;
        sum += took;
    }
    printf("GET %s: %zu octets in %.1f ms (mean of %" PRIu64 "), best %.1f ms\n", target, octets,
           sum / (double)times * 1e3, times, best * 1e3);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc == 7 && strcmp(argv[1], "results") == 0) {
        c.nconns = (size_t)number(argv[3], CONNS_MAX);
        results(number(argv[2], 65535), number(argv[4], UINT32_MAX), number(argv[5], 60000),
                number(argv[6], UINT32_MAX));
    } else if (argc == 5 && strcmp(argv[1], "get") == 0)
        get(number(argv[2], 65535), argv[3], number(argv[4], 1000000));
    else {
        fprintf(stderr,
                "Usage: archive_http results PORT CONNECTIONS RESULTS PATHS FIRST | get PORT TARGET TIMES\n");
        return 2;
    }
    return c.refused > 0;
}
