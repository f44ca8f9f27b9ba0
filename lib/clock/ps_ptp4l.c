// SPDX-License-Identifier: Apache-2.0
#include "clock/ps_ptp4l.h"
#include <math.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_wire.h"

#define MANAGEMENT 0xd
#define PTP_VERSION 2
#define NIBBLE 0xf
#define CONTROL_MANAGEMENT 4
#define INTERVAL_NONE 0x7f
#define ACTION_GET 0
#define ACTION_RESPONSE 2
#define TLV_MANAGEMENT 1
#define TLV_ERROR 2
#define STATE_SLAVE 9
#define FLAG_LEAP_61 1
#define FLAG_LEAP_59 2
#define SUBNANO 65536 // of time intervals: 2^-16 ns

static const uint16_t ids[PS_PTP_DATA] = {
    [PS_PTP_STATUS] = 0xc000,  // TIME_STATUS_NP, linuxptp's own
    [PS_PTP_CURRENT] = 0x2001, // CURRENT_DATA_SET
    [PS_PTP_PARENT] = 0x2002,  // PARENT_DATA_SET
    [PS_PTP_PORT] = 0x2004,    // PORT_DATA_SET, of each port
    [PS_PTP_TIME] = 0x2003,    // TIME_PROPERTIES_DATA_SET
};

void ps_ptp_request(const struct ps_ptp_query *q, enum ps_ptp_data which, uint8_t out[PS_PTP_REQUEST])
{
    struct ps_wr w;

    ps_wr_init(&w, out, PS_PTP_REQUEST);
    ps_wr_u8(&w, (uint8_t)(q->transport << 4 | MANAGEMENT));
    ps_wr_u8(&w, PTP_VERSION);
    ps_wr_u16(&w, PS_PTP_REQUEST);
    ps_wr_u8(&w, q->domain);
    ps_wr_zero(&w, 15);
    ps_wr_bytes(&w, q->self, sizeof q->self);
    ps_wr_u16(&w, 1);
    ps_wr_u16(&w, (uint16_t)(q->sequence + which));
    ps_wr_u8(&w, CONTROL_MANAGEMENT);
    ps_wr_u8(&w, INTERVAL_NONE);
    ps_wr_u64(&w, UINT64_MAX); // every clock
    ps_wr_u16(&w, UINT16_MAX); // and port
    ps_wr_u16(&w, 0);          // it goes no further
    ps_wr_u8(&w, ACTION_GET);
    ps_wr_u8(&w, 0);
    ps_wr_u16(&w, TLV_MANAGEMENT);
    ps_wr_u16(&w, 2);
    ps_wr_u16(&w, ids[which]);
}

// What a message says of itself.
struct head {
    uint8_t type, version, domain, action;
    uint16_t length, sequence;
    uint8_t target[8];
};

static void read_head(struct ps_rd *r, struct head *h)
{
    h->type = ps_rd_u8(r);
    h->version = ps_rd_u8(r);
    h->length = ps_rd_u16(r);
    h->domain = ps_rd_u8(r);
    ps_rd_skip(r, 15 + 8 + 2);
    h->sequence = ps_rd_u16(r);
    ps_rd_skip(r, 2);
    ps_rd_bytes(r, h->target, sizeof h->target);
    ps_rd_skip(r, 2 + 2);
    h->action = ps_rd_u8(r) & NIBBLE;
    ps_rd_skip(r, 1);
}

static bool is_ours(const struct head *h, const struct ps_ptp_query *q)
{
    return (h->type & NIBBLE) == MANAGEMENT && (h->version & NIBBLE) == PTP_VERSION &&
           h->action == ACTION_RESPONSE && (uint16_t)(h->sequence - q->sequence) < PS_PTP_DATA &&
           memcmp(h->target, q->self, sizeof h->target) == 0;
}

static int64_t read_i64(struct ps_rd *r)
{
    return (int64_t)ps_rd_u64(r);
}

static void read_status(struct ps_rd *r, struct ps_ptp_state *st)
{
    st->offset = read_i64(r);
    ps_rd_skip(r, 8 + 4 + 4 + 2 + 12);
    st->has_master = ps_rd_u32(r) != 0;
    ps_rd_bytes(r, st->grandmaster, sizeof st->grandmaster);
}

static void read_data(struct ps_rd *r, enum ps_ptp_data which, struct ps_ptp_state *st)
{
    switch (which) {
    case PS_PTP_STATUS:
        read_status(r, st);
        break;
    case PS_PTP_CURRENT:
        st->steps = ps_rd_u16(r);
        ps_rd_skip(r, 8); // the offset, once more
        st->path_delay = read_i64(r) / SUBNANO;
        break;
    case PS_PTP_PARENT:
        ps_rd_skip(r, 10 + 1 + 1 + 2 + 4 + 1 + 1); // as far as the grandmaster's class
        st->accuracy = ps_rd_u8(r);
        ps_rd_skip(r, 2 + 1 + 8);
        break;
    case PS_PTP_PORT:
        ps_rd_skip(r, 10);
        st->is_slave = ps_rd_u8(r) == STATE_SLAVE || st->is_slave;
        ps_rd_skip(r, 15);
        break;
    case PS_PTP_TIME:
        ps_rd_skip(r, 2); // from UTC to the time of PTP
        st->flags = ps_rd_u8(r);
        ps_rd_skip(r, 1);
        break;
    case PS_PTP_DATA:
        break;
    }
}

static int read_tlv(struct ps_rd *r, enum ps_ptp_data which, struct ps_ptp_state *st)
{
    struct ps_ptp_state next = *st;
    uint16_t type = ps_rd_u16(r), length = ps_rd_u16(r);
    struct ps_rd in;

    if (r->err)
        return PS_EMALFORMED;
    if (type == TLV_ERROR)
        return PS_EREFUSED;
    if (type != TLV_MANAGEMENT || length > ps_rd_left(r))
        return PS_EMALFORMED;
    ps_rd_init(&in, r->p, length);
    if (ps_rd_u16(&in) != ids[which])
        return PS_EMALFORMED;
    read_data(&in, which, &next);
    if (in.err)
        return PS_EMALFORMED;
    *st = next;
    return 0;
}

int ps_ptp_reply(const void *data, size_t len, const struct ps_ptp_query *q, struct ps_ptp_state *st,
                 enum ps_ptp_data *which)
{
    struct ps_rd r;
    struct head h;
    int err;

    ps_rd_init(&r, data, len);
    read_head(&r, &h);
    if (r.err || !is_ours(&h, q))
        return PS_ENOTFOUND;
    if (h.length > len || h.length < len - ps_rd_left(&r))
        return PS_EMALFORMED;
    r.end = (const uint8_t *)data + h.length;
    *which = (enum ps_ptp_data)(uint16_t)(h.sequence - q->sequence);
    err = read_tlv(&r, *which, st);
    if (err)
        return err;
    st->told |= 1u << *which;
    st->domain = h.domain;
    st->transport = h.type >> 4;
    return 0;
}

// IEEE 1588, table 5; PS_SOURCE_UNKNOWN for what says nothing.
static ps_ns accuracy_ns(uint8_t code)
{
    static const ps_ns within[] = {
        25,           100,           250,           PS_USEC, 2500,           10 * PS_USEC,
        25 * PS_USEC, 100 * PS_USEC, 250 * PS_USEC, PS_MSEC, 2500 * PS_USEC, 10 * PS_MSEC,
        25 * PS_MSEC, 100 * PS_MSEC, 250 * PS_MSEC, PS_SEC,  10 * PS_SEC};

    if (code >= 0x17 && code < 0x20) // picoseconds to 10 ns, in later editions
        return 10;
    return code >= 0x20 && code <= 0x30 ? within[code - 0x20] : PS_SOURCE_UNKNOWN;
}

static double seconds(ps_ns t)
{
    return (double)t / (double)PS_SEC;
}

void ps_ptp_source(const struct ps_ptp_state *st, struct ps_source *out)
{
    ps_ns accuracy = accuracy_ns(st->accuracy);

    *out = (struct ps_source){.name = "ptp4l",
                              .stratum = st->has_master ? st->steps + 1 : PS_SOURCE_UNKNOWN,
                              .synced = st->has_master && st->is_slave,
                              .leap = st->flags & FLAG_LEAP_61   ? PS_LEAP_INSERT
                                      : st->flags & FLAG_LEAP_59 ? PS_LEAP_DELETE
                                                                 : PS_LEAP_NONE,
                              .error = ps_source_error(seconds(st->offset), 0),
                              .bound = PS_SOURCE_UNKNOWN};
    if (accuracy != PS_SOURCE_UNKNOWN)
        out->bound = ps_source_error(seconds(st->offset), fabs(seconds(st->path_delay)) + seconds(accuracy));
    ps_source_settle(out);
    ps_num_to_hex(st->grandmaster, sizeof st->grandmaster, out->reference);
}
