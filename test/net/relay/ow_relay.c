// SPDX-License-Identifier: Apache-2.0
// Joins two network namespaces by a path made to measure, and logs what became of each test packet.
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_opt.h"
#include "relay.h"

#define LOG_BUFFER (8u * 1024 * 1024)

enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_SYSTEM = 4, EXIT_NOT_ALLOWED = 77 };

static const struct ps_opt options[] = {
    {'t', "there", "SPEC", "what the path from NETNS1 to NETNS2 does (nothing)", NULL},
    {'b', "back", "SPEC", "what the path from NETNS2 to NETNS1 does (nothing)", NULL},
    {'s', "seed", "N", "seed of all that is drawn (1)", NULL},
    {'c', "cut", "SEQ:S", "nothing passes for S seconds from the moment that test packet SEQ leaves NETNS1",
     NULL},
    {'n', "nat", "OUT=IN", "IPv4 address OUT, as NETNS1 knows it, is address IN in NETNS2", NULL},
    {'o', "log", "FILE", "one line for each test packet lost and for each copy that arrives", NULL},
    {'h', "help", NULL, "print this help and exit", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog program = {
    .name = "ow_relay",
    .synopsis = "[options] NETNS1 NETNS2",
    .about =
        "Makes a TUN device " DOOR_DEVICE " in each of two network namespaces and passes packets between "
        "them, prints \"ready\", and ends on SIGTERM. UDP packets and echoes of ICMP are test "
        "packets; all others meet the delay alone.",
    .notes = "SPEC is a list of delay=S, jitter=S, tail=S, loss=P, burst=P:P, dup=P, reorder=P:S,\n"
             "until=SEQ, ttl=HOPS with times in seconds and shares of 1.\n"
             "A line of the log: direction, IP version, ports, sequence number, TOS, TTL on arrival,\n"
             "time of entry, times between which it left (nanoseconds since 1970; 0: lost), number of\n"
             "the copy.",
    .opts = options,
};

struct job {
    struct relay relay;
    struct impair_spec there, back;
    uint64_t seed;
    const char *log;
};

static int usage(const char *what, const char *value)
{
    fprintf(stderr, "ow_relay: %s: %s; try 'ow_relay --help'\n", value, what);
    return EXIT_USAGE;
}

static int read_cut(struct job *j, const char *text)
{
    char seq[16];
    const char *colon = strchr(text, ':');
    uint64_t n;
    double s;

    if (!colon || colon - text >= (ptrdiff_t)sizeof seq)
        return PS_ESYNTAX;
    snprintf(seq, sizeof seq, "%.*s", (int)(colon - text), text);
    int err = ps_num_u64(seq, 10, 0, UINT32_MAX, &n);
    if (!err)
        err = ps_num_double(colon + 1, 0, 60, &s);
    if (err)
        return err;
    j->relay.cut_on = true;
    j->relay.cut_seq = (uint32_t)n;
    j->relay.cut_for = (ps_ns)(s * (double)PS_SEC);
    return 0;
}

static int read_nat(struct job *j, const char *text)
{
    char outside[INET_ADDRSTRLEN];
    const char *eq = strchr(text, '=');

    if (!eq || eq - text >= (ptrdiff_t)sizeof outside)
        return PS_ESYNTAX;
    snprintf(outside, sizeof outside, "%.*s", (int)(eq - text), text);
    j->relay.nat.on = true;
    if (inet_pton(AF_INET, outside, j->relay.nat.outside) != 1 ||
        inet_pton(AF_INET, eq + 1, j->relay.nat.inside) != 1)
        return PS_ESYNTAX;
    return 0;
}

static int read_option(struct job *j, int letter, const char *value)
{
    switch (letter) {
    case 't':
        return impair_parse(value, &j->there);
    case 'b':
        return impair_parse(value, &j->back);
    case 's':
        return ps_num_u64(value, 10, 0, UINT64_MAX, &j->seed);
    case 'c':
        return read_cut(j, value);
    case 'n':
        return read_nat(j, value);
    case 'o':
        j->log = value;
        return 0;
    default:
        return PS_EUNKNOWN;
    }
}

// -1: go on, with the namespaces at argv[*first].
static int read_options(struct job *j, int argc, char **argv, int *first)
{
    struct ps_opt_iter it;
    int letter, rc = -1;

    ps_opt_begin(&it, &program, argc, argv, false);
    while (rc < 0 && (letter = ps_opt_next(&it)) != -1) {
        int err = letter == '?' || letter == 'h' ? 0 : read_option(j, letter, it.value);
        if (letter == 'h')
            ps_opt_help(&program, stdout);
        if (letter == '?' || letter == 'h')
            rc = letter == 'h' ? EXIT_DONE : EXIT_USAGE;
        else if (err)
            rc = usage(ps_strerror(err), it.value);
    }
    *first = ps_opt_index(&it);
    ps_opt_end(&it);
    if (rc < 0 && argc - *first != 2)
        rc = usage("two namespaces are wanted", argc > *first ? argv[*first] : "nothing");
    return rc;
}

static int open_log(struct job *j)
{
    j->relay.log = fopen(j->log ? j->log : "/dev/null", "we");
    if (!j->relay.log) {
        fprintf(stderr, "ow_relay: %s: %s\n", j->log, strerror(errno));
        return EXIT_SYSTEM;
    }
    setvbuf(j->relay.log, NULL, _IOFBF, LOG_BUFFER);
    return 0;
}

static int open_doors(struct job *j, char **netns)
{
    const char *what;

    for (int i = 0; i < 2; i++) {
        int err = door_open(&j->relay.door[i], netns[i], &what);
        if (err) {
            fprintf(stderr, "ow_relay: %s: %s: %s\n", netns[i], what, ps_strerror(err));
            return err == -EPERM || err == -EACCES || err == -ENOENT || err == -ENODEV ? EXIT_NOT_ALLOWED
                                                                                       : EXIT_SYSTEM;
        }
    }
    return 0;
}

static void join(struct job *j)
{
    struct relay *r = &j->relay;

    r->there = (struct relay_leg){.name = "there", .from = &r->door[0], .to = &r->door[1]};
    r->back = (struct relay_leg){.name = "back", .from = &r->door[1], .to = &r->door[0]};
    impair_init(&r->there.impair, &j->there, 2 * j->seed);
    impair_init(&r->back.impair, &j->back, 2 * j->seed + 1);
    relay_init(r);
}

// As punctual as the host allows.
static void hasten(void)
{
    struct sched_param sp = {.sched_priority = sched_get_priority_max(SCHED_FIFO) / 2};

    (void)sched_setscheduler(0, SCHED_FIFO, &sp);
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    (void)mlockall(MCL_CURRENT | MCL_FUTURE);
}

static int ending(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void await(struct pollfd *fds, nfds_t n, ps_ns due)
{
    ps_ns left = due == INT64_MAX ? PS_SEC : due - door_now();
    struct timespec ts = {.tv_sec = 0, .tv_nsec = 0};

    if (left > 0)
        ts = (struct timespec){.tv_sec = left / PS_SEC, .tv_nsec = left % PS_SEC};
    if (ppoll(fds, n, &ts, NULL) <= 0)
        for (nfds_t i = 0; i < n; i++)
            fds[i].revents = 0;
}

static int run(struct relay *r, int end)
{
    struct pollfd fds[] = {{r->door[0].tun, POLLIN, 0}, {r->door[1].tun, POLLIN, 0}, {end, POLLIN, 0}};
    struct relay_leg *legs[] = {&r->there, &r->back};
    int err = 0;

    while (!err && !fds[2].revents) {
        await(fds, 3, relay_release(r));
        for (int i = 0; i < 2 && !err; i++) {
            if (fds[i].revents)
                err = relay_take(r, legs[i]);
            relay_release(r);
        }
    }
    return err;
}

static int relay(struct job *j)
{
    struct relay *r = &j->relay;
    int rc = EXIT_DONE, end = ending();

    join(j);
    hasten();
    puts("ready");
    fflush(stdout);
    int err = run(r, end);
    if (err)
        fprintf(stderr, "ow_relay: cannot read a packet: %s\n", ps_strerror(err));
    if (r->failed)
        fprintf(stderr, "ow_relay: %" PRIu64 " test packets were not taken by a device\n", r->failed);
    if (r->door[0].unstamped + r->door[1].unstamped)
        fprintf(stderr, "ow_relay: %" PRIu64 " packets had no stamp\n",
                r->door[0].unstamped + r->door[1].unstamped);
    if (err || fflush(r->log))
        rc = EXIT_SYSTEM;
    relay_fini(r);
    close(end);
    return rc;
}

int main(int argc, char **argv)
{
    struct job j = {.relay.door = {{.tun = -1, .tap = -1}, {.tun = -1, .tap = -1}}, .seed = 1};
    int first, rc;

    (void)impair_parse("delay=0", &j.there);
    (void)impair_parse("delay=0", &j.back);
    rc = read_options(&j, argc, argv, &first);
    if (rc >= 0)
        return rc;
    rc = open_log(&j);
    if (!rc)
        rc = open_doors(&j, argv + first);
    if (!rc)
        rc = relay(&j);
    door_close(&j.relay.door[0]);
    door_close(&j.relay.door[1]);
    if (j.relay.log)
        fclose(j.relay.log);
    return rc;
}
