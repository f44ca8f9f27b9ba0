// SPDX-License-Identifier: Apache-2.0
// What the tests of lib/endpoint share: a loop, a clock, a pump, and a plain socket as the other end of
// test packets. All on 127.0.0.1.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "data/ow_file.h"
#include "endpoint/ep_receiver.h"
#include "endpoint/ep_sender.h"

#define GUARD (60 * PS_SEC) // a test that waits longer has failed
#define SECONDS(n) ((ps_ntp)(n) << 32)
#define ERR 0x8801

struct fix {
    struct ps_loop *loop;
    struct ps_clock *clock;
    struct ps_pump *pump;
    struct ps_timer *guard, *pause;
    bool late;
    int fd; // the plain socket
    struct ps_addr addr, here;
    int done, complete, failed, failed_err; // callbacks
    struct ep_sender *close_sender;         // closed from inside of the callback
    struct ep_receiver *close_receiver;
};

static const struct ow_keys the_keys = {.aes = "session AES key", .hmac = "the thirty-two octets of HMAC.."};
static const uint8_t the_sid[16] = {0x0a, 1, 2, 3, 0xe0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static inline void fix_late(void *ctx)
{
    struct fix *f = ctx;
    f->late = true;
    ps_loop_stop(f->loop);
}

static inline void fix_pause(void *ctx)
{
    struct fix *f = ctx;
    ps_timer_start(f->pause, PS_MSEC);
    ps_loop_stop(f->loop);
}

// Runs until the condition holds; it is looked at every millisecond and after each callback.
#define RUN_UNTIL(f, condition)              \
    do {                                     \
        ps_timer_start((f)->guard, GUARD);   \
        ps_timer_start((f)->pause, PS_MSEC); \
        while (!(condition) && !(f)->late)   \
            ps_loop_run((f)->loop);          \
        ps_timer_stop((f)->guard);           \
        ps_timer_stop((f)->pause);           \
        assert_true(condition);              \
    } while (0)

static inline int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);
    socklen_t len = sizeof f->addr.in6;
    assert_non_null(f);
    assert_int_equal(ps_loop_new(&f->loop), 0);
    assert_int_equal(ps_clock_new(&f->clock, 0), 0);
    struct ps_pump_conf pc = {.loop = f->loop, .clock = f->clock};
    assert_int_equal(ps_pump_new(&f->pump, &pc), 0);
    assert_int_equal(ps_timer_new(f->loop, &f->guard, fix_late, f), 0);
    assert_int_equal(ps_timer_new(f->loop, &f->pause, fix_pause, f), 0);
    assert_int_equal(ps_addr_parse("127.0.0.1", 0, &f->here), 0);
    f->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(f->fd >= 0);
    assert_int_equal(bind(f->fd, &f->here.sa, f->here.len), 0);
    assert_int_equal(getsockname(f->fd, &f->addr.sa, &len), 0);
    f->addr.len = len;
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fix *f = *state;
    ps_pump_free(f->pump);
    ps_timer_free(f->guard);
    ps_timer_free(f->pause);
    ps_loop_free(f->loop);
    ps_clock_free(f->clock);
    close(f->fd);
    free(f);
    return 0;
}

static inline ps_ntp now(const struct fix *f)
{
    return ps_ntp_from_ns(ps_clock_now(f->clock));
}

static inline struct ow_request a_request(ps_ntp start, uint32_t npackets, ps_ntp timeout)
{
    struct ow_request r = {
        .ipvn = 4, .nslots = 1, .npackets = npackets, .start = start, .timeout = timeout, .padding = 7};
    memcpy(r.sid, the_sid, 16);
    return r;
}

static inline struct ow_slot every(ps_ntp distance)
{
    return (struct ow_slot){OW_SLOT_FIXED, distance};
}

// --- ends

static inline void sender_done(void *ctx)
{
    struct fix *f = ctx;
    f->done++;
    ep_sender_close(f->close_sender);
    f->close_sender = NULL;
    ps_loop_stop(f->loop);
}

static inline struct ep_sender *open_sender(struct fix *f, const struct ps_addr *to)
{
    struct ep_sender_conf conf = {
        .pump = f->pump, .local = f->here, .peer = *to, .ctx = f, .done = sender_done};
    struct ep_sender *s;
    assert_int_equal(ep_sender_open(&s, &conf), 0);
    return s;
}

static inline void receiver_complete(void *ctx)
{
    struct fix *f = ctx;
    f->complete++;
    ep_receiver_close(f->close_receiver);
    f->close_receiver = NULL;
    ps_loop_stop(f->loop);
}

static inline void receiver_failed(void *ctx, int err)
{
    struct fix *f = ctx;
    f->failed++;
    f->failed_err = err;
    ep_receiver_close(f->close_receiver);
    f->close_receiver = NULL;
    ps_loop_stop(f->loop);
}

static inline struct ep_receiver *open_receiver(struct fix *f)
{
    struct ep_receiver_conf conf = {.loop = f->loop,
                                    .pump = f->pump,
                                    .clock = f->clock,
                                    .local = f->here,
                                    .peer = f->addr,
                                    .ctx = f,
                                    .complete = receiver_complete,
                                    .failed = receiver_failed};
    struct ep_receiver *r;
    assert_int_equal(ep_receiver_open(&r, &conf), 0);
    return r;
}

static inline int memory_file(void)
{
    int fd = memfd_create("session", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_true(fd >= 0);
    return fd;
}

// A receiver of open mode that runs.
static inline struct ep_receiver *run_receiver(struct fix *f, const struct ow_request *req,
                                               const struct ow_slot *slot)
{
    struct ep_receiver *r = open_receiver(f);
    assert_int_equal(ep_receiver_ready(r, req, slot, OW_MODE_OPEN, NULL, 0, memory_file()), 0);
    assert_int_equal(ep_receiver_start(r), 0);
    return r;
}

// --- packets by hand

static inline void send_octets(const struct fix *f, uint16_t port, const void *data, size_t n)
{
    struct ps_addr to = f->here;
    ps_addr_set_port(&to, port);
    assert_int_equal(sendto(f->fd, data, n, 0, &to.sa, to.len), (ssize_t)n);
}

static inline void send_packet(const struct fix *f, const struct ep_receiver *r, uint32_t seq, ps_ntp stamp)
{
    const struct ow_test_packet p = {seq, stamp, ERR};
    uint8_t out[OW_TEST_OPEN_LEN + 7] = {0};
    struct ow_test *t;
    assert_int_equal(ow_test_new(&t, OW_MODE_OPEN, NULL, the_sid), 0);
    assert_int_equal(ow_test_pack(t, &p, out), 0);
    ow_test_free(t);
    send_octets(f, ep_receiver_port(r), out, sizeof out);
}

// --- the file

struct seen {
    uint32_t finished, next_seqno, nskips, n;
    struct ow_rec recs[64];
};

static inline struct seen read_file(const struct ep_receiver *r)
{
    struct ps_fault fault = {0};
    struct seen s = {0};
    struct ow_file *file;
    int err = ow_file_new(&file, ep_receiver_fd(r), "file", &fault);
    if (err != 0)
        fail_msg("%s", fault.text);
    s.finished = ow_file_head(file)->finished;
    s.next_seqno = ow_file_head(file)->next_seqno;
    ow_file_skips(file, &s.nskips);
    assert_true(ow_file_count(file) <= 64);
    while (ow_file_next(file, &s.recs[s.n]) > 0)
        s.n++;
    assert_int_equal(s.n, ow_file_count(file));
    ow_file_free(file);
    return s;
}

static inline uint32_t count_lost(const struct seen *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n; i++)
        n += ow_rec_lost(&s->recs[i]);
    return n;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
