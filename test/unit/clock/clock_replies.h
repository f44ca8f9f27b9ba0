// SPDX-License-Identifier: Apache-2.0
// Replies as the daemons write them, for tests and for servers made up by tests.
#pragma once
#include <math.h>
#include <string.h>
#include "base/ps_wire.h"
#include "clock/ps_chrony.h"
#include "clock/ps_ntpd.h"
#include "clock/ps_ptp4l.h"

#define REPLY_MAX 512

// --- chronyd

struct chrony_says {
    uint32_t sequence;
    uint8_t version;
    uint16_t command, reply, status;
    uint8_t id[4];
    uint8_t addr[16];
    uint16_t family, stratum, leap;
    double offset, rms, delay, dispersion;
};

static const struct chrony_says chrony_good = {.sequence = 77,
                                               .version = 6,
                                               .command = 33,
                                               .reply = 5,
                                               .id = {192, 0, 2, 1},
                                               .addr = {192, 0, 2, 1},
                                               .family = 1,
                                               .stratum = 3,
                                               .offset = -0.25,
                                               .rms = 0.0625,
                                               .delay = 0.5,
                                               .dispersion = 0.125};

// x as coefficient * 2^(exponent - 25), rounded towards zero.
static inline void put_chrony_float(struct ps_wr *w, double x)
{
    int exponent = 0;
    double fraction = x == 0 ? 0 : frexp(x, &exponent); // 0.5 <= |fraction| < 1
    int32_t coef = (int32_t)ldexp(fraction, 24);

    ps_wr_u32(w, ((uint32_t)(x == 0 ? 0 : exponent + 1) & 0x7f) << 25 | ((uint32_t)coef & 0x1ffffff));
}

static inline size_t chrony_reply(const struct chrony_says *s, uint8_t out[REPLY_MAX])
{
    const double floats[9] = {s->offset, 0.5, s->rms, -1.5, 0.25, 0.125, s->delay, s->dispersion, 64};
    struct ps_wr w;

    ps_wr_init(&w, out, REPLY_MAX);
    ps_wr_u8(&w, s->version);
    ps_wr_u8(&w, 2);
    ps_wr_u16(&w, 0);
    ps_wr_u16(&w, s->command);
    ps_wr_u16(&w, s->reply);
    ps_wr_u16(&w, s->status);
    ps_wr_zero(&w, 6);
    ps_wr_u32(&w, s->sequence);
    ps_wr_zero(&w, 8);
    ps_wr_bytes(&w, s->id, 4);
    ps_wr_bytes(&w, s->addr, 16);
    ps_wr_u16(&w, s->family);
    ps_wr_u16(&w, 0);
    ps_wr_u16(&w, s->stratum);
    ps_wr_u16(&w, s->leap);
    ps_wr_zero(&w, 12);
    for (int i = 0; i < 9; i++)
        put_chrony_float(&w, floats[i]);
    return ps_wr_len(&w);
}

// --- ntpd

struct ntpd_says {
    uint16_t sequence;
    uint8_t mode, op;
    uint16_t status, association, offset;
    int count; // -1: that of the text
    const char *text;
};

static const struct ntpd_says ntpd_good = {
    .sequence = 77,
    .mode = 2 << 3 | 6,
    .op = 0x82,
    .status = 0x0615,
    .count = -1,
    .text = "stratum=2, rootdelay=8.000, rootdisp=1.500, refid=192.0.2.1,\r\noffset=-0.250000, "
            "sys_jitter=0.125000\r\n"};

static inline size_t ntpd_reply(const struct ntpd_says *s, uint8_t out[REPLY_MAX])
{
    size_t n = strlen(s->text);
    struct ps_wr w;

    ps_wr_init(&w, out, REPLY_MAX);
    ps_wr_u8(&w, s->mode);
    ps_wr_u8(&w, s->op);
    ps_wr_u16(&w, s->sequence);
    ps_wr_u16(&w, s->status);
    ps_wr_u16(&w, s->association);
    ps_wr_u16(&w, s->offset);
    ps_wr_u16(&w, (uint16_t)(s->count < 0 ? (int)n : s->count));
    ps_wr_bytes(&w, s->text, n);
    ps_wr_zero(&w, (4 - n % 4) % 4);
    return ps_wr_len(&w);
}

// --- ptp4l

struct ptp_says {
    uint8_t type, action;
    uint8_t domain;
    uint16_t tlv, id;
    int64_t offset;     // nanoseconds
    int64_t path_delay; // 2^-16 ns
    uint32_t has_master;
    uint16_t steps;
    uint8_t state, accuracy, flags;
};

static const struct ptp_says ptp_good = {.type = 0x0d,
                                         .action = 2,
                                         .tlv = 1,
                                         .offset = -300,
                                         .path_delay = INT64_C(2000) << 16,
                                         .has_master = 1,
                                         .steps = 1,
                                         .state = 9,
                                         .accuracy = 0x21};

static const uint8_t ptp_grandmaster[8] = {0x4a, 0xc0, 0xa5, 0xff, 0xfe, 0x6a, 0xe0, 0x27};

static inline void put_ptp_data(struct ps_wr *w, uint16_t id, const struct ptp_says *s)
{
    switch (id) {
    case 0xc000:
        ps_wr_u64(w, (uint64_t)s->offset);
        ps_wr_zero(w, 30);
        ps_wr_u32(w, s->has_master);
        ps_wr_bytes(w, ptp_grandmaster, 8);
        break;
    case 0x2001:
        ps_wr_u16(w, s->steps);
        ps_wr_u64(w, (uint64_t)s->offset << 16);
        ps_wr_u64(w, (uint64_t)s->path_delay);
        break;
    case 0x2002:
        ps_wr_zero(w, 20);
        ps_wr_u8(w, s->accuracy);
        ps_wr_zero(w, 11);
        break;
    case 0x2004:
        ps_wr_zero(w, 10);
        ps_wr_u8(w, s->state);
        ps_wr_zero(w, 15);
        break;
    default:
        ps_wr_u16(w, 37);
        ps_wr_u8(w, s->flags);
        ps_wr_u8(w, 0xa0);
    }
}

// The answer to a request; s->id 0: about what it asks for.
static inline size_t ptp_reply(const uint8_t request[PS_PTP_REQUEST], const struct ptp_says *s,
                               uint8_t out[REPLY_MAX])
{
    uint16_t id = (uint16_t)(request[52] << 8 | request[53]);
    struct ps_wr w, length;

    ps_wr_init(&w, out, REPLY_MAX);
    ps_wr_u8(&w, s->type);
    ps_wr_u8(&w, 2);
    ps_wr_u16(&w, 0); // see below
    ps_wr_u8(&w, s->domain);
    ps_wr_zero(&w, 25);
    ps_wr_bytes(&w, request + 30, 2); // sequence
    ps_wr_u16(&w, 0x047f);
    ps_wr_bytes(&w, request + 20, 10); // who asked
    ps_wr_u16(&w, 0);
    ps_wr_u8(&w, s->action);
    ps_wr_u8(&w, 0);
    ps_wr_u16(&w, s->tlv);
    ps_wr_u16(&w, 0); // see below
    ps_wr_u16(&w, s->id != 0 ? s->id : id);
    put_ptp_data(&w, id, s);
    ps_wr_init(&length, out + 2, 2);
    ps_wr_u16(&length, (uint16_t)ps_wr_len(&w));
    ps_wr_init(&length, out + 50, 2);
    ps_wr_u16(&length, (uint16_t)(ps_wr_len(&w) - 52));
    return ps_wr_len(&w);
}
