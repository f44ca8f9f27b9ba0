// SPDX-License-Identifier: Apache-2.0
// bare_calls [-r RATE] [-d SECONDS] [-j]: what the system calls that sending and receiving test packets cannot
// do without cost on this host: a timer's wake, sendmsg and recvmmsg of UDP datagrams on loopback, with the
// time in them and the kernel's arrival stamps. One thread does all of it, so its processor time is all there
// is, and on loopback the sender is charged with the way through the stack up to the receiving socket.
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_num.h"
#include "base/ps_out.h"

#define PACKET_LEN 56
#define BATCH_MAX 64
#define SEC_NS 1000000000u

struct bench {
    int from, to, epoll, timer;
    struct sockaddr_in dest;
    struct mmsghdr in[BATCH_MAX];
    struct iovec in_iov[BATCH_MAX];
    uint8_t in_data[BATCH_MAX][PACKET_LEN];
    uint8_t in_control[BATCH_MAX][128];
};

// What is done, and what of the thread's time it took.
struct work {
    const char *key, *text;
    unsigned wakes;  // a second; 0: as fast as it goes
    unsigned batch;  // datagrams a wake
    bool singly;     // received one a call, else all with one
    uint64_t nwakes; // done
    uint64_t wake_ns, send_ns, receive_ns;
};

static uint64_t now_ns(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * SEC_NS + (uint64_t)ts.tv_nsec;
}

static int send_one(const struct bench *b)
{
    uint8_t data[PACKET_LEN] = {0};
    uint64_t stamp = now_ns(CLOCK_REALTIME);
    struct iovec iov = {data, sizeof data};
    struct sockaddr_in dest = b->dest;
    struct msghdr m = {.msg_name = &dest, .msg_namelen = sizeof dest, .msg_iov = &iov, .msg_iovlen = 1};
    memcpy(data, &stamp, sizeof stamp);
    return sendmsg(b->from, &m, MSG_DONTWAIT) == PACKET_LEN ? 0 : -errno;
}

static void prepare_in(struct bench *b)
{
    for (int i = 0; i < BATCH_MAX; i++) {
        b->in_iov[i] = (struct iovec){b->in_data[i], PACKET_LEN};
        b->in[i].msg_hdr = (struct msghdr){.msg_iov = &b->in_iov[i],
                                           .msg_iovlen = 1,
                                           .msg_control = b->in_control[i],
                                           .msg_controllen = sizeof b->in_control[i]};
    }
}

static int receive(struct bench *b, unsigned n, bool singly)
{
    for (unsigned got = 0; got < n;) {
        prepare_in(b);
        int r = recvmmsg(b->to, b->in, singly ? 1 : n - got, MSG_DONTWAIT, NULL);
        if (r <= 0)
            return r < 0 ? -errno : -EIO;
        got += (unsigned)r;
    }
    return 0;
}

static int await_wake(const struct bench *b)
{
    struct epoll_event ev;
    uint64_t expired;
    if (epoll_wait(b->epoll, &ev, 1, -1) < 0)
        return -errno;
    return read(b->timer, &expired, sizeof expired) == sizeof expired ? 0 : -errno;
}

static int arm(const struct bench *b, uint64_t due)
{
    struct itimerspec at = {.it_value = {.tv_sec = (time_t)(due / SEC_NS), .tv_nsec = (long)(due % SEC_NS)}};
    return timerfd_settime(b->timer, TFD_TIMER_ABSTIME, &at, NULL) == 0 ? 0 : -errno;
}

// One wake and its datagrams.
static int turn(struct bench *b, struct work *w, uint64_t due)
{
    uint64_t cpu[4];
    int err = 0;
    cpu[0] = now_ns(CLOCK_THREAD_CPUTIME_ID);
    if (w->wakes > 0) {
        err = arm(b, due);
        if (err == 0)
            err = await_wake(b);
    }
    cpu[1] = now_ns(CLOCK_THREAD_CPUTIME_ID);
    for (unsigned i = 0; i < w->batch && err == 0; i++)
        err = send_one(b);
    cpu[2] = now_ns(CLOCK_THREAD_CPUTIME_ID);
    if (err == 0)
        err = receive(b, w->batch, w->singly);
    cpu[3] = now_ns(CLOCK_THREAD_CPUTIME_ID);
    w->nwakes++;
    w->wake_ns += cpu[1] - cpu[0];
    w->send_ns += cpu[2] - cpu[1];
    w->receive_ns += cpu[3] - cpu[2];
    return err;
}

static int run(struct bench *b, struct work *w, double seconds)
{
    uint64_t begin = now_ns(CLOCK_MONOTONIC), end = begin + (uint64_t)(seconds * SEC_NS), due = begin;
    int err = 0;
    while (err == 0 && now_ns(CLOCK_MONOTONIC) < end) {
        due = w->wakes > 0 ? due + SEC_NS / w->wakes : due;
        err = turn(b, w, due);
    }
    return err;
}

static int set_up(struct bench *b)
{
    int on = 1;
    socklen_t len = sizeof b->dest;
    struct epoll_event ev = {.events = EPOLLIN};
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    b->dest = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    b->from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    b->to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    b->epoll = epoll_create1(EPOLL_CLOEXEC);
    b->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (b->from < 0 || b->to < 0 || b->epoll < 0 || b->timer < 0 ||
        bind(b->to, (struct sockaddr *)&b->dest, sizeof b->dest) != 0 ||
        getsockname(b->to, (struct sockaddr *)&b->dest, &len) != 0 ||
        setsockopt(b->to, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
        setsockopt(b->to, IPPROTO_IP, IP_RECVTTL, &on, sizeof on) != 0 ||
        epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->timer, &ev) != 0)
        return -errno;
    return 0;
}

static double us(uint64_t ns, uint64_t n)
{
    return n > 0 ? (double)ns / 1e3 / (double)n : 0;
}

static void put_text(const struct work *w)
{
    uint64_t n = w->nwakes * w->batch;
    printf("%-32s", w->text);
    if (w->wakes > 0)
        printf("%10.2f", us(w->wake_ns, w->nwakes));
    else
        printf("%10s", "-");
    if (w->batch > 0)
        printf("%10.2f%12.2f%14.2f%14.2f\n", us(w->send_ns, n), us(w->receive_ns, n),
               us(w->wake_ns + w->send_ns, n), us(w->wake_ns + w->receive_ns, n));
    else
        printf("%10s%12s%14s%14s\n", "-", "-", "-", "-");
}

static void put_json(struct ps_json *j, const struct work *w)
{
    uint64_t n = w->nwakes * w->batch;
    ps_json_put_open(j, w->key, '{');
    ps_json_put_double(j, "wake_us", us(w->wake_ns, w->wakes > 0 ? w->nwakes : 0));
    ps_json_put_double(j, "send_us", us(w->send_ns, n));
    ps_json_put_double(j, "receive_us", us(w->receive_ns, n));
    ps_json_close(j, '}');
}

static int report(const struct work *w, size_t n, bool json)
{
    struct ps_json j;
    if (!json) {
        printf("%-32s%10s%10s%12s%14s%14s\n", "CPU, us", "a wake", "a send", "a receive", "wake+send",
               "wake+receive");
        for (size_t i = 0; i < n; i++)
            put_text(&w[i]);
        return fflush(stdout) == 0 ? 0 : -EIO;
    }
    ps_json_init(&j, stdout, true);
    ps_json_open(&j, '{');
    for (size_t i = 0; i < n; i++)
        put_json(&j, &w[i]);
    ps_json_close(&j, '}');
    return ps_json_end(&j);
}

static int usage(void)
{
    fprintf(stderr, "Usage: bare_calls [-r PACKETS_A_SECOND] [-d SECONDS_EACH] [-j]\n");
    return 2;
}

int main(int argc, char **argv)
{
    uint64_t rate = 4000;
    double seconds = 3;
    bool json = false;
    int opt, err = 0;
    while ((opt = getopt(argc, argv, "r:d:j")) != -1) {
        json = json || opt == 'j';
        if (opt == '?' || (opt == 'r' && ps_num_u64(optarg, 10, 100, 100000, &rate) != 0) ||
            (opt == 'd' && ps_num_double(optarg, 0.1, 600, &seconds) != 0))
            return usage();
    }
    if (optind != argc)
        return usage();
    unsigned r = (unsigned)rate, four = r / 4;
    struct work work[] = {
        {.key = "wakes_1000", .text = "1,000 wakes/s, nothing else", .wakes = 1000},
        {.key = "wakes_5000", .text = "5,000 wakes/s, nothing else", .wakes = 5000},
        {.key = "paced_singly", .text = "the rate, one a wake", .wakes = r, .batch = 1, .singly = true},
        {.key = "paced_four", .text = "the rate, four a wake", .wakes = four, .batch = 4},
        {.key = "paced_sixteen", .text = "the rate, sixteen a wake", .wakes = r / 16, .batch = 16},
        {.key = "unpaced_singly", .text = "back to back, one a call", .batch = 64, .singly = true},
        {.key = "unpaced", .text = "back to back, received by 64", .batch = 64},
    };
    struct bench *b = calloc(1, sizeof *b);
    err = b == NULL ? -ENOMEM : set_up(b);
    for (size_t i = 0; i < sizeof work / sizeof *work && err == 0; i++)
        err = run(b, &work[i], seconds);
    free(b);
    if (err == 0)
        err = report(work, sizeof work / sizeof *work, json);
    if (err != 0)
        fprintf(stderr, "bare_calls: %s\n", strerror(-err));
    return err == 0 ? 0 : 4;
}
