// SPDX-License-Identifier: Apache-2.0
#include "base/ps_wire.h"
#include "base/ps_err.h"
#include <string.h>

void ps_rd_init(struct ps_rd *r, const void *data, size_t len)
{
    r->p = data;
    r->end = len ? r->p + len : r->p;
    r->err = 0;
}

void ps_rd_fail(struct ps_rd *r, int err)
{
    if (!r->err)
        r->err = err;
    r->p = r->end;
}

size_t ps_rd_left(const struct ps_rd *r)
{
    return r->err ? 0 : (size_t)(r->end - r->p);
}

// The next n octets, or NULL and the error.
static const uint8_t *rd_take(struct ps_rd *r, size_t n)
{
    const uint8_t *p = r->p;

    if (r->err || (size_t)(r->end - p) < n) {
        ps_rd_fail(r, PS_ESHORT);
        return NULL;
    }
    r->p += n;
    return p;
}

static uint64_t rd_int(struct ps_rd *r, size_t n)
{
    const uint8_t *p = rd_take(r, n);
    uint64_t v = 0;

    for (size_t i = 0; p && i < n; i++)
        v = v << 8 | p[i];
    return v;
}

uint8_t ps_rd_u8(struct ps_rd *r)
{
    return (uint8_t)rd_int(r, 1);
}

uint16_t ps_rd_u16(struct ps_rd *r)
{
    return (uint16_t)rd_int(r, 2);
}

uint32_t ps_rd_u32(struct ps_rd *r)
{
    return (uint32_t)rd_int(r, 4);
}

uint64_t ps_rd_u64(struct ps_rd *r)
{
    return rd_int(r, 8);
}

void ps_rd_bytes(struct ps_rd *r, void *out, size_t n)
{
    const uint8_t *p;

    if (n == 0)
        return;
    p = rd_take(r, n);
    if (p)
        memcpy(out, p, n);
    else
        memset(out, 0, n);
}

void ps_rd_skip(struct ps_rd *r, size_t n)
{
    if (n)
        rd_take(r, n);
}

void ps_wr_init(struct ps_wr *w, void *data, size_t cap)
{
    w->start = w->p = data;
    w->end = cap ? w->p + cap : w->p;
    w->err = 0;
}

// Room for n octets, or NULL and the error.
static uint8_t *wr_take(struct ps_wr *w, size_t n)
{
    uint8_t *p = w->p;

    if (!w->err && (size_t)(w->end - p) < n)
        w->err = PS_ELIMIT;
    if (w->err)
        return NULL;
    w->p += n;
    return p;
}

static void wr_int(struct ps_wr *w, uint64_t v, size_t n)
{
    uint8_t *p = wr_take(w, n);

    for (size_t i = n; p && i-- > 0; v >>= 8)
        p[i] = (uint8_t)v;
}

void ps_wr_u8(struct ps_wr *w, uint8_t v)
{
    wr_int(w, v, 1);
}

void ps_wr_u16(struct ps_wr *w, uint16_t v)
{
    wr_int(w, v, 2);
}

void ps_wr_u32(struct ps_wr *w, uint32_t v)
{
    wr_int(w, v, 4);
}

void ps_wr_u64(struct ps_wr *w, uint64_t v)
{
    wr_int(w, v, 8);
}

void ps_wr_bytes(struct ps_wr *w, const void *data, size_t n)
{
    uint8_t *p = n ? wr_take(w, n) : NULL;

    if (p)
        memcpy(p, data, n);
}

void ps_wr_zero(struct ps_wr *w, size_t n)
{
    uint8_t *p = n ? wr_take(w, n) : NULL;

    if (p)
        memset(p, 0, n);
}

size_t ps_wr_len(const struct ps_wr *w)
{
    return (size_t)(w->p - w->start);
}
