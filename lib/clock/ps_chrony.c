// SPDX-License-Identifier: Apache-2.0
#include "clock/ps_chrony.h"
#include <math.h>
#include <string.h>
#include "base/ps_addr.h"
#include "base/ps_err.h"
#include "base/ps_wire.h"

#define PROTOCOL_VERSION 6
#define TYPE_REQUEST 1
#define TYPE_REPLY 2
#define REQ_TRACKING 33
#define RPY_TRACKING 5
#define FAMILY_V4 1
#define FAMILY_V6 2
#define LEAP_UNSYNCED 3
#define STRATUM_MAX 15
#define COEF_BITS 25

static const uint8_t own_clock[4] = {127, 127, 1, 1}; // the reference id of "local"

void ps_chrony_request(uint32_t sequence, uint8_t out[PS_CHRONY_REQUEST])
{
    struct ps_wr w;

    ps_wr_init(&w, out, PS_CHRONY_REQUEST);
    ps_wr_u8(&w, PROTOCOL_VERSION);
    ps_wr_u8(&w, TYPE_REQUEST);
    ps_wr_u16(&w, 0);
    ps_wr_u16(&w, REQ_TRACKING);
    ps_wr_u16(&w, 0);
    ps_wr_u32(&w, sequence);
    ps_wr_zero(&w, PS_CHRONY_REQUEST - ps_wr_len(&w));
}

static double read_float(struct ps_rd *r)
{
    uint32_t x = ps_rd_u32(r);
    int exponent = (int)(x >> COEF_BITS);
    int32_t coef = (int32_t)(x & ((UINT32_C(1) << COEF_BITS) - 1));

    if (exponent >= 1 << (31 - COEF_BITS))
        exponent -= 1 << (32 - COEF_BITS);
    if (coef >= 1 << (COEF_BITS - 1))
        coef -= 1 << COEF_BITS;
    return ldexp(coef, exponent - COEF_BITS);
}

static int read_header(struct ps_rd *r, uint32_t sequence)
{
    uint8_t version = ps_rd_u8(r), type = ps_rd_u8(r);
    uint16_t command, reply, status;
    uint32_t got;

    ps_rd_skip(r, 2);
    command = ps_rd_u16(r);
    reply = ps_rd_u16(r);
    status = ps_rd_u16(r);
    ps_rd_skip(r, 6);
    got = ps_rd_u32(r);
    ps_rd_skip(r, 8);
    if (r->err || type != TYPE_REPLY || command != REQ_TRACKING || got != sequence)
        return PS_ENOTFOUND;
    if (version != PROTOCOL_VERSION)
        return PS_EVERSION;
    if (status != 0)
        return PS_EREFUSED;
    return reply == RPY_TRACKING ? 0 : PS_EMALFORMED;
}

// Its address where it has one.
static void tell_reference(struct ps_source *out, const uint8_t id[4], const uint8_t addr[16],
                           uint16_t family)
{
    int version = family == FAMILY_V4 ? 4 : family == FAMILY_V6 ? 6 : 0;
    struct ps_addr a;
    char text[PS_ADDR_STRLEN];

    if (ps_addr_from_wire(version, addr, 0, &a) == 0) {
        ps_addr_host(&a, text);
        ps_source_text(out->reference, text, strlen(text));
    } else {
        ps_source_refid(out->reference, id);
    }
}

static int read_tracking(struct ps_rd *r, struct ps_source *out)
{
    uint8_t id[4], addr[16];
    uint16_t family, stratum, leap;
    double offset, rms, delay, dispersion;

    ps_rd_bytes(r, id, sizeof id);
    ps_rd_bytes(r, addr, sizeof addr);
    family = ps_rd_u16(r);
    ps_rd_skip(r, 2);
    stratum = ps_rd_u16(r);
    leap = ps_rd_u16(r);
    ps_rd_skip(r, 12);
    offset = read_float(r);
    ps_rd_skip(r, 4);
    rms = read_float(r);
    ps_rd_skip(r, 12);
    delay = read_float(r);
    dispersion = read_float(r);
    ps_rd_skip(r, 4);
    if (r->err)
        return r->err;
    if (leap > LEAP_UNSYNCED)
        return PS_EMALFORMED;
    *out = (struct ps_source){.name = "chrony",
                              .stratum = stratum > 0 && stratum <= STRATUM_MAX ? stratum : PS_SOURCE_UNKNOWN,
                              .synced = leap != LEAP_UNSYNCED && memcmp(id, own_clock, sizeof id) != 0,
                              .leap = (enum ps_leap)(leap % LEAP_UNSYNCED),
                              .error = ps_source_error(offset, rms),
                              .bound = ps_source_error(offset, fabs(dispersion) + fabs(delay) / 2)};
    ps_source_settle(out);
    tell_reference(out, id, addr, family);
    return 0;
}

int ps_chrony_reply(const void *data, size_t len, uint32_t sequence, struct ps_source *out)
{
    struct ps_rd r;
    int err;

    ps_rd_init(&r, data, len);
    err = read_header(&r, sequence);
    return err ? err : read_tracking(&r, out);
}
