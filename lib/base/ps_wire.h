// SPDX-License-Identifier: Apache-2.0
// Bounded cursors over bytes with a sticky error: after a fault every read gives zero and every
// write does nothing, so that a parser is a straight list of reads and one check at the end.
// All integers are big-endian.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct ps_rd {
    const uint8_t *p, *end;
    int err; // 0 or PS_ESHORT, or what ps_rd_fail set
};

void ps_rd_init(struct ps_rd *r, const void *data, size_t len);
uint8_t ps_rd_u8(struct ps_rd *r);
uint16_t ps_rd_u16(struct ps_rd *r);
uint32_t ps_rd_u32(struct ps_rd *r);
uint64_t ps_rd_u64(struct ps_rd *r);
// Copies n octets to out; zeros out when they are not there.
void ps_rd_bytes(struct ps_rd *r, void *out, size_t n);
void ps_rd_skip(struct ps_rd *r, size_t n);
size_t ps_rd_left(const struct ps_rd *r);
// Marks the input as faulty; the first error stays.
void ps_rd_fail(struct ps_rd *r, int err);

struct ps_wr {
    uint8_t *start, *p, *end;
    int err; // 0 or PS_ELIMIT
};

void ps_wr_init(struct ps_wr *w, void *data, size_t cap);
void ps_wr_u8(struct ps_wr *w, uint8_t v);
void ps_wr_u16(struct ps_wr *w, uint16_t v);
void ps_wr_u32(struct ps_wr *w, uint32_t v);
void ps_wr_u64(struct ps_wr *w, uint64_t v);
void ps_wr_bytes(struct ps_wr *w, const void *data, size_t n);
void ps_wr_zero(struct ps_wr *w, size_t n);
size_t ps_wr_len(const struct ps_wr *w);
