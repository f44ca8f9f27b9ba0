// SPDX-License-Identifier: Apache-2.0
// The other end of a control machine, played by hand: octets laid out by the test, with only the
// channel's cryptography from the library.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "base/ps_wire.h"
#include "owamp/ow_ctl.h"
#include "owamp/ow_rec.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const uint32_t all_modes[] = {OW_MODE_OPEN, OW_MODE_AUTH, OW_MODE_ENC};
static const struct ow_keys session_keys = {.aes = "session AES key",
                                            .hmac = "the thirty-two octets of HMAC.."};
static const uint8_t secret[16] = "from passphrase";
static const uint8_t client_iv[16] = "client's IV....";
static const uint8_t server_iv[16] = "server's IV....";
static const uint8_t a_sid[16] = {0x0a, 1, 2, 3, 0xe0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static inline void put32(uint8_t *p, uint32_t v)
{
    struct ps_wr w;
    ps_wr_init(&w, p, 4);
    ps_wr_u32(&w, v);
}

static inline uint32_t get32(const uint8_t *p)
{
    struct ps_rd r;
    ps_rd_init(&r, p, 4);
    return ps_rd_u32(&r);
}

// n octets that the machine wrote.
static inline void drain(struct ps_buf *out, void *data, size_t n)
{
    assert_true(ps_buf_len(out) >= n);
    memcpy(data, ps_buf_head(out), n);
    ps_buf_consume(out, n);
}

// A message of n octets that the machine wrote, opened, its HMAC (the last block) checked.
static inline void drain_msg(struct ow_chan *chan, struct ps_buf *out, uint8_t *data, size_t n)
{
    drain(out, data, n);
    assert_int_equal(ow_chan_open(chan, data, n - 16), 0);
    assert_int_equal(ow_chan_open_hmac(chan, data + n - 16), 0);
}

// Seals n octets in place and writes the HMAC into the 16 behind them.
static inline void seal_msg(struct ow_chan *chan, uint8_t *data, size_t n)
{
    assert_int_equal(ow_chan_seal(chan, data, n), 0);
    assert_int_equal(ow_chan_seal_hmac(chan, data + n), 0);
}

// Session i's part of a hand-made Stop-Sessions; returns its length.
static inline size_t lay_stop_rec(uint8_t *out, const uint8_t sid[16], uint32_t next, uint32_t nskips,
                                  const uint32_t *ranges)
{
    const size_t len = 16 + (8 + (size_t)nskips * 8 + 15) / 16 * 16;
    memset(out, 0, len);
    memcpy(out, sid, 16);
    put32(out + 16, next);
    put32(out + 20, nskips);
    for (uint32_t i = 0; i < 2 * nskips; i++)
        put32(out + 24 + (size_t)4 * i, ranges[i]);
    return len;
}

static inline struct ow_request a_request(uint32_t nslots)
{
    struct ow_request r = {.ipvn = 4,
                           .conf_receiver = true,
                           .nslots = nslots,
                           .npackets = 1000,
                           .sender_port = 9001,
                           .receiver_port = 9002,
                           .sender_addr = {192, 0, 2, 1},
                           .receiver_addr = {192, 0, 2, 2},
                           .padding = 7,
                           .start = 0x0123456789abcdefu,
                           .timeout = (ps_ntp)2 << 32,
                           .typep = 0x2e000000};
    memcpy(r.sid, a_sid, 16);
    return r;
}

static inline void assert_same_request(const struct ow_request *a, const struct ow_request *b)
{
    uint8_t x[OW_REQUEST_LEN], y[OW_REQUEST_LEN];
    ow_request_pack(a, x);
    ow_request_pack(b, y);
    assert_memory_equal(x, y, OW_REQUEST_LEN);
}

// Records that differ from each other; the caller frees them.
static inline uint8_t *some_records(uint32_t n)
{
    uint8_t *v = malloc((size_t)n * OW_REC_LEN + 1);
    assert_non_null(v);
    for (size_t i = 0; i < (size_t)n * OW_REC_LEN; i++)
        v[i] = (uint8_t)(i * 7 + i / 256 + 1);
    return v;
}
