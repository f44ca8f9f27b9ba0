// SPDX-License-Identifier: Apache-2.0
// limits_load SOCKET CONNECTIONS REQUESTS RATE [DEADLINE]: asks a pslimits that serves for verdicts, with the lines of
// standard input in turn. RATE 0: each connection sends all its requests at once; else so many a second, each on a
// connection that waits for nothing, and times count from when a request was due. Prints "requests R passed P denied
// D errors E lost L seconds S p50_us A p99_us B max_us C"; what has no answer DEADLINE seconds after its start (60)
// is lost.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINES_MAX 100
#define REPLY_MAX 65536

struct conn {
    int fd;
    size_t to_send, sent, out_at; // requests, and octets of the one that is leaving
    size_t awaited;               // replies
    int64_t due;                  // of the one that is awaited
    size_t in;
    char buf[REPLY_MAX];
};

static struct load {
    const char *line[LINES_MAX];
    size_t nlines, next_line;
    struct conn *conn;
    struct pollfd *poll;
    size_t nconns, requests, answered, passed, denied, errors, lost;
    double rate;
    int64_t *took, begun, deadline;
} load;

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void read_lines(void)
{
    char *text = NULL;
    size_t size = 0;
    while (load.nlines < LINES_MAX && getline(&text, &size, stdin) > 0) {
        load.line[load.nlines++] = text;
        text = NULL;
    }
    free(text);
}

static bool connect_one(struct conn *c, const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof a) != 0)
        return false;
    return fcntl(c->fd, F_SETFL, O_NONBLOCK) == 0;
}

// What was not answered on a connection that is gone has no answer.
static void give_up(struct conn *c)
{
    load.lost += c->awaited;
    load.answered += c->awaited;
    c->awaited = 0;
    close(c->fd);
    c->fd = -1;
}

static void take_reply(struct conn *c, char *reply, int64_t at)
{
    if (strstr(reply, "\"passed\":true"))
        load.passed++;
    else if (strstr(reply, "\"passed\":false"))
        load.denied++;
    else
        load.errors++;
    load.took[load.answered++] = at - c->due;
    c->awaited--;
}

static void receive(struct conn *c)
{
    ssize_t n = read(c->fd, c->buf + c->in, sizeof c->buf - 1 - c->in);
    int64_t at = now();
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            give_up(c);
        return;
    }
    c->in += (size_t)n;
    c->buf[c->in] = '\0';
    for (char *end; (end = memchr(c->buf, '\n', c->in)) != NULL;) {
        *end = '\0';
        take_reply(c, c->buf, at);
        c->in -= (size_t)(end + 1 - c->buf);
        memmove(c->buf, end + 1, c->in + 1);
    }
}

static void send_some(struct conn *c)
{
    while (c->sent < c->to_send) {
        const char *line = load.line[load.next_line % load.nlines];
        size_t len = strlen(line);
        ssize_t n = write(c->fd, line + c->out_at, len - c->out_at);
        if (n < 0)
            return;
        c->out_at += (size_t)n;
        if (c->out_at < len)
            return;
        c->out_at = 0;
        c->sent++;
        load.next_line++;
    }
}

static struct conn *idle_conn(void)
{
    for (size_t i = 0; i < load.nconns; i++)
        if (load.conn[i].fd >= 0 && load.conn[i].awaited == 0)
            return &load.conn[i];
    return NULL;
}

// Requests that are due, as far as connections are free.
static void send_due(size_t *begun)
{
    while (*begun < load.requests) {
        int64_t due = load.begun + (int64_t)((double)*begun * 1e9 / load.rate);
        struct conn *c = due <= now() ? idle_conn() : NULL;
        if (!c)
            return;
        c->due = due;
        c->awaited = 1;
        c->to_send = c->sent + 1;
        (*begun)++;
        send_some(c);
    }
}

static void begin_burst(size_t *begun)
{
    for (size_t i = 0; i < load.requests; i++) {
        load.conn[i % load.nconns].to_send++;
        load.conn[i % load.nconns].awaited++;
    }
    for (size_t i = 0; i < load.nconns; i++)
        load.conn[i].due = load.begun;
    *begun = load.requests;
}

// Until the next request is due, where there is one.
static struct timespec pause_of(size_t begun)
{
    int64_t left = 100000000;
    if (load.rate > 0 && begun < load.requests)
        left = load.begun + (int64_t)((double)begun * 1e9 / load.rate) - now();
    left = left < 0 ? 0 : left;
    return (struct timespec){left / 1000000000, left % 1000000000};
}

static void wait_for_events(size_t begun)
{
    struct timespec timeout = pause_of(begun);
    for (size_t i = 0; i < load.nconns; i++) {
        struct conn *c = &load.conn[i];
        load.poll[i] = (struct pollfd){.fd = c->fd, .events = POLLIN};
        if (c->sent < c->to_send)
            load.poll[i].events |= POLLOUT;
    }
    if (ppoll(load.poll, load.nconns, &timeout, NULL) < 0)
        return;
    for (size_t i = 0; i < load.nconns; i++) {
        if (load.poll[i].revents & POLLOUT)
            send_some(&load.conn[i]);
        if (load.poll[i].revents & (POLLIN | POLLHUP | POLLERR))
            receive(&load.conn[i]);
    }
}

static void run(void)
{
    size_t begun = 0;
    load.begun = now();
    if (load.rate <= 0)
        begin_burst(&begun);
    while (load.answered < load.requests && now() - load.begun < load.deadline) {
        if (load.rate > 0)
            send_due(&begun);
        wait_for_events(begun);
    }
    load.lost += load.requests - load.answered;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void report(double seconds)
{
    size_t n = load.passed + load.denied + load.errors;
    qsort(load.took, n, sizeof *load.took, by_time);
    printf("requests %zu passed %zu denied %zu errors %zu lost %zu seconds %.3f", load.requests, load.passed,
           load.denied, load.errors, load.lost, seconds);
    if (n > 0)
        printf(" p50_us %" PRId64 " p99_us %" PRId64 " max_us %" PRId64, load.took[n / 2] / 1000,
               load.took[n * 99 / 100] / 1000, load.took[n - 1] / 1000);
    putchar('\n');
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    load.nconns = strtoul(argv[2], NULL, 10);
    load.requests = strtoul(argv[3], NULL, 10);
    load.rate = strtod(argv[4], NULL);
    load.deadline = (int64_t)((argc > 5 ? strtod(argv[5], NULL) : 60) * 1e9);
    load.conn = calloc(load.nconns + 1, sizeof *load.conn);
    load.poll = calloc(load.nconns + 1, sizeof *load.poll);
    load.took = calloc(load.requests + load.nconns + 1, sizeof *load.took);
    read_lines();
    if (!load.conn || !load.poll || !load.took || load.nlines == 0 || load.nconns == 0)
        return 2;
    for (size_t i = 0; i < load.nconns; i++) {
        if (connect_one(&load.conn[i], argv[1]))
            continue;
        fprintf(stderr, "limits_load: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    run();
    report((double)(now() - load.begun) / 1e9);
    return 0;
}
