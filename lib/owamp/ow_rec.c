// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_rec.h"
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_wire.h"

#define V2_SLOTS 132 // behind 20 octets and the request
#define V3_SLOTS 152

void ow_rec_pack(const struct ow_rec *r, uint8_t out[OW_REC_LEN])
{
    struct ps_wr w;
    ps_wr_init(&w, out, OW_REC_LEN);
    ps_wr_u32(&w, r->seq);
    ps_wr_u16(&w, r->send_err);
    ps_wr_u16(&w, r->recv_err);
    ps_wr_u64(&w, r->send);
    ps_wr_u64(&w, r->recv);
    ps_wr_u8(&w, r->ttl);
}

void ow_rec_unpack(const uint8_t in[OW_REC_LEN], struct ow_rec *r)
{
    struct ps_rd rd;
    ps_rd_init(&rd, in, OW_REC_LEN);
    r->seq = ps_rd_u32(&rd);
    r->send_err = ps_rd_u16(&rd);
    r->recv_err = ps_rd_u16(&rd);
    r->send = ps_rd_u64(&rd);
    r->recv = ps_rd_u64(&rd);
    r->ttl = ps_rd_u8(&rd);
}

void ow_rec_unpack_old(const uint8_t in[OW_REC_OLD_LEN], struct ow_rec *r)
{
    struct ps_rd rd;
    ps_rd_init(&rd, in, OW_REC_OLD_LEN);
    r->seq = ps_rd_u32(&rd);
    r->send = ps_rd_u64(&rd);
    r->send_err = ps_rd_u16(&rd);
    r->recv = ps_rd_u64(&rd);
    r->recv_err = ps_rd_u16(&rd);
    r->ttl = OW_TTL_UNKNOWN;
}

void ow_file_head_pack(const struct ow_file_head *h, uint8_t out[OW_FILE_FIXED + OW_REQUEST_LEN])
{
    struct ps_wr w;
    ps_wr_init(&w, out, OW_FILE_FIXED);
    ps_wr_u32(&w, OW_FILE_MAGIC);
    ps_wr_u32(&w, 3);
    ps_wr_u32(&w, h->finished);
    ps_wr_u32(&w, h->next_seqno);
    ps_wr_u32(&w, h->nskips);
    ps_wr_u32(&w, h->nrecords);
    ps_wr_u64(&w, h->skip_offset);
    ps_wr_u64(&w, h->data_offset);
    ow_request_pack(&h->request, out + OW_FILE_FIXED);
}

static void head_fields_v3(struct ps_rd *r, struct ow_file_head *h)
{
    h->finished = ps_rd_u32(r);
    h->next_seqno = ps_rd_u32(r);
    h->nskips = ps_rd_u32(r);
    h->nrecords = ps_rd_u32(r);
    h->skip_offset = ps_rd_u64(r);
    h->data_offset = ps_rd_u64(r);
    h->has_request = true;
    h->rec_len = OW_REC_LEN;
}

static void head_fields_old(struct ps_rd *r, struct ow_file_head *h)
{
    h->data_offset = ps_rd_u64(r);
    h->has_request = h->version == 2;
    h->rec_len = OW_REC_OLD_LEN;
    if (h->has_request)
        h->finished = ps_rd_u32(r);
}

int ow_file_head_unpack(const uint8_t *in, size_t len, struct ow_file_head *h)
{
    struct ps_rd r;
    ps_rd_init(&r, in, len);
    memset(h, 0, sizeof *h);
    uint32_t magic = ps_rd_u32(&r);
    h->version = ps_rd_u32(&r);
    if (r.err)
        return r.err;
    if (magic != OW_FILE_MAGIC)
        return PS_EMALFORMED;
    if (h->version == 3)
        head_fields_v3(&r, h);
    else if (h->version == 2 || h->version == 0)
        head_fields_old(&r, h);
    else
        return PS_EVERSION;
    if (!h->has_request)
        return r.err;
    uint8_t request[OW_REQUEST_LEN];
    ps_rd_bytes(&r, request, sizeof request);
    if (r.err)
        return r.err;
    return ow_request_unpack(request, &h->request) ? PS_EMALFORMED : 0;
}

uint64_t ow_file_slots_offset(uint32_t version)
{
    return version == 3 ? V3_SLOTS : V2_SLOTS;
}

uint64_t ow_file_data_offset(uint32_t nslots)
{
    return V3_SLOTS + OW_BLK * ((uint64_t)nslots + 1);
}
