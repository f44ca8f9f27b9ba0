// SPDX-License-Identifier: Apache-2.0
// The verbs of a server, in open mode, and Stop-Sessions, which both sides send.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_wire.h"
#include "raw_peer.h"

static int send_greeting(struct peer *p)
{
    struct ow_greeting g = {.modes = p->modes, .count = p->count};
    uint8_t out[OW_GREETING_LEN];
    if (p->early != 0)
        memcpy(g.unused, OW_HELLO, 4);
    ow_greeting_pack(&g, out);
    return raw_put(p, out, sizeof out);
}

static int read_setup(struct peer *p)
{
    uint8_t in[OW_SETUP_LEN];
    return raw_get(p, in, sizeof in);
}

static int send_start(struct peer *p)
{
    const struct ow_start s = {.accept = p->accept, .start_time = raw_now(0)};
    uint8_t out[OW_START_LEN];
    ow_start_pack(&s, out);
    return raw_put(p, out, sizeof out);
}

static int read_request(struct peer *p)
{
    uint8_t in[OW_REQUEST_LEN], blk[OW_BLK];
    int rc = raw_open_msg(p, in, sizeof in);
    if (rc != RAW_ON || ow_request_unpack(in, &p->req) != 0)
        return rc != RAW_ON ? rc : RAW_FAULT;
    p->sent_slots = p->req.nslots < RAW_SLOTS ? p->req.nslots : RAW_SLOTS;
    for (uint32_t i = 0; i < p->req.nslots && rc == RAW_ON; i++) {
        rc = raw_open(p, blk, sizeof blk);
        if (rc == RAW_ON && i < RAW_SLOTS && ow_slot_unpack(blk, &p->slots[i]) != 0)
            rc = RAW_FAULT;
    }
    return rc != RAW_ON ? rc : raw_open_mac(p);
}

static int send_accept(struct peer *p)
{
    struct ow_accept_msg a = {.accept = p->accept, .port = p->port};
    uint8_t out[OW_ACCEPT_LEN];
    if (p->req.conf_receiver)
        memset(p->req.sid, 0x5a, OW_SID_LEN);
    memcpy(a.sid, p->req.sid, OW_SID_LEN);
    ow_accept_pack(&a, out);
    return raw_seal_msg(p, out, sizeof out);
}

static int read_go(struct peer *p)
{
    uint8_t in[32];
    return raw_open_msg(p, in, sizeof in);
}

static int send_ack(struct peer *p)
{
    const uint8_t out[32] = {p->accept};
    return raw_seal_msg(p, out, sizeof out);
}

// Header and, for up to one session, its counts; skip ranges beyond those that fit are only announced.
static int send_stop(struct peer *p)
{
    uint8_t out[3 * OW_BLK] = {OW_CMD_STOP, p->accept};
    struct ps_wr w;
    ps_wr_init(&w, out + 4, sizeof out - 4);
    ps_wr_u32(&w, p->sessions);
    ps_wr_zero(&w, 8);
    ps_wr_bytes(&w, p->req.sid, OW_SID_LEN);
    ps_wr_u32(&w, p->next_seqno);
    ps_wr_u32(&w, p->nskips);
    ps_wr_zero(&w, 8);
    int rc = raw_seal(p, out, p->sessions == 0 ? OW_BLK : sizeof out);
    return rc != RAW_ON ? rc : raw_seal_mac(p);
}

static int read_stop(struct peer *p)
{
    uint8_t in[OW_BLK];
    struct ps_rd r;
    int rc = raw_open(p, in, sizeof in);
    if (rc != RAW_ON)
        return rc;
    ps_rd_init(&r, in, sizeof in);
    ps_rd_skip(&r, 4);
    uint32_t sessions = ps_rd_u32(&r);
    for (uint32_t i = 0; i < sessions && rc == RAW_ON; i++) {
        uint8_t rec[2 * OW_BLK];
        rc = raw_open(p, rec, sizeof rec);
        ps_rd_init(&r, rec + OW_BLK + 4, 4);
        for (uint32_t k = ps_rd_u32(&r) / 2; k > 0 && rc == RAW_ON; k--)
            rc = raw_open(p, rec, OW_BLK);
    }
    if (rc == RAW_ON)
        rc = raw_open_mac(p);
    if (rc == RAW_ON)
        printf("stop accept=%u sessions=%u\n", in[1], sessions);
    return rc;
}

static int read_fetch(struct peer *p)
{
    uint8_t in[OW_FETCH_LEN];
    return raw_open_msg(p, in, sizeof in);
}

static int send_fetch_ack(struct peer *p)
{
    const struct ow_fetch_ack ack = {.accept = p->accept,
                                     .finished = (uint8_t)p->finished,
                                     .next_seqno = p->next_seqno,
                                     .nskips = p->nskips,
                                     .nrecords = p->nrecords};
    uint8_t out[OW_ACK_LEN];
    ow_fetch_ack_pack(&ack, out);
    return raw_seal_msg(p, out, sizeof out);
}

// The copy of the request, slots, and no skips.
static int send_head(struct peer *p)
{
    uint8_t out[OW_REQUEST_LEN];
    ow_request_pack(&p->req, out);
    int rc = raw_seal_msg(p, out, sizeof out);
    if (rc == RAW_ON)
        rc = raw_seal_slots(p);
    return rc != RAW_ON ? rc : raw_seal_mac(p);
}

// Zeros for as long as they are taken.
static int send_endless(struct peer *p)
{
    static const uint8_t zeros[65536];
    int rc;
    do
        rc = raw_put(p, zeros, sizeof zeros);
    while (rc == RAW_ON);
    return rc;
}

const struct verb raw_server_verbs[] = {
    {"greeting", send_greeting}, {"setup?", read_setup},
    {"start", send_start},       {"request?", read_request},
    {"accept", send_accept},     {"go?", read_go},
    {"ack", send_ack},           {"stop", send_stop},
    {"stop?", read_stop},        {"fetch??", read_fetch},
    {"head", send_head},         {"fetch-ack", send_fetch_ack},
    {"endless", send_endless},   {NULL, NULL},
};
