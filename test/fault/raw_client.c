// SPDX-License-Identifier: Apache-2.0
// The verbs of a client.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_wire.h"
#include "raw_peer.h"

static int read_greeting(struct peer *p)
{
    uint8_t in[OW_GREETING_LEN];
    struct ow_greeting g;
    int rc = raw_get(p, in, sizeof in);
    if (rc != RAW_ON)
        return rc;
    ow_greeting_unpack(in, &g);
    memcpy(p->challenge, g.challenge, sizeof p->challenge);
    memcpy(p->salt, g.salt, sizeof p->salt);
    p->count = g.count;
    printf("greeting modes=%u count=%u\n", g.modes, g.count);
    return RAW_ON;
}

static int send_setup(struct peer *p)
{
    struct ow_setup s = {.mode = p->mode};
    uint8_t out[OW_SETUP_LEN], key[16];
    memcpy(s.keyid, p->keyid, sizeof s.keyid);
    memcpy(s.iv, p->iv, sizeof s.iv);
    if (p->mode != OW_MODE_OPEN && p->pass[0] != '\0' &&
        (ow_derive((const uint8_t *)p->pass, strlen(p->pass), p->salt, p->count, key) != 0 ||
         ow_token_pack(key, p->challenge, &p->keys, s.token) != 0))
        return RAW_FAULT;
    ow_setup_pack(&s, out);
    return raw_put(p, out, sizeof out);
}

static int read_start(struct peer *p)
{
    uint8_t in[OW_START_LEN];
    int rc = raw_get(p, in, sizeof in);
    if (rc != RAW_ON)
        return rc;
    printf("start accept=%u\n", in[15]);
    if (in[15] == 0 && p->mode != OW_MODE_OPEN &&
        (ow_chan_new(&p->chan, p->mode, &p->keys, p->iv, in + 16) != 0 ||
         ow_chan_open(p->chan, in + 32, 16) != 0))
        return RAW_FAULT;
    return RAW_ON;
}

static int send_request(struct peer *p)
{
    uint8_t out[OW_REQUEST_LEN];
    p->req.start = raw_now(p->start);
    ow_request_pack(&p->req, out);
    int rc = raw_seal_msg(p, out, sizeof out);
    return rc != RAW_ON ? rc : raw_seal_slots(p);
}

static int read_accept(struct peer *p)
{
    uint8_t in[OW_ACCEPT_LEN];
    struct ow_accept_msg a;
    int rc = raw_open_msg(p, in, sizeof in);
    if (rc != RAW_ON)
        return rc;
    ow_accept_unpack(in, &a);
    printf("accept=%u\n", a.accept);
    if (a.accept != OW_ACCEPT_OK)
        return RAW_ON;
    memcpy(p->req.sid, a.sid, OW_SID_LEN);
    if (p->req.conf_receiver)
        p->req.receiver_port = a.port;
    else
        p->req.sender_port = a.port;
    return RAW_ON;
}

static int send_go(struct peer *p)
{
    const uint8_t out[32] = {OW_CMD_START, p->early};
    return raw_seal_msg(p, out, sizeof out);
}

static int read_ack(struct peer *p)
{
    uint8_t in[32];
    int rc = raw_open_msg(p, in, sizeof in);
    if (rc == RAW_ON)
        printf("ack accept=%u\n", in[0]);
    return rc;
}

static int send_fetch(struct peer *p)
{
    struct ow_fetch f = {.begin = p->begin, .end = p->end};
    uint8_t out[OW_FETCH_LEN];
    memcpy(f.sid, p->req.sid, OW_SID_LEN);
    ow_fetch_pack(&f, out);
    return raw_seal_msg(p, out, sizeof out);
}

// Request copy, slots and skips: thrown away, but held against their HMACs.
static int read_head(struct peer *p, const struct ow_fetch_ack *ack)
{
    uint8_t copy[OW_REQUEST_LEN], blk[OW_BLK];
    struct ow_request req;
    int rc = raw_open_msg(p, copy, sizeof copy);
    if (rc != RAW_ON || ow_request_unpack(copy, &req) != 0)
        return rc != RAW_ON ? rc : RAW_FAULT;
    for (uint32_t i = 0; i < req.nslots && rc == RAW_ON; i++)
        rc = raw_open(p, blk, sizeof blk);
    if (rc == RAW_ON)
        rc = raw_open_mac(p);
    for (uint32_t i = 0; i < (ack->nskips + 1) / 2 && rc == RAW_ON; i++)
        rc = raw_open(p, blk, sizeof blk);
    return rc != RAW_ON ? rc : raw_open_mac(p);
}

struct tally {
    uint32_t lost, came;
};

static void count_records(struct tally *t, const uint8_t *data, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct ow_rec rec;
        ow_rec_unpack(data + (size_t)i * OW_REC_LEN, &rec);
        if (ow_rec_lost(&rec))
            t->lost++;
        else
            t->came++;
    }
}

static int read_records(struct peer *p, uint32_t left, struct tally *t)
{
    uint8_t data[160 * OW_REC_LEN];
    int rc = RAW_ON;
    while (left > 0 && rc == RAW_ON) {
        uint32_t n = left < 160 ? left : 160;
        rc = raw_open(p, data, ((size_t)n * OW_REC_LEN + 15) / 16 * 16);
        if (rc == RAW_ON)
            count_records(t, data, n);
        left -= n;
    }
    return rc != RAW_ON ? rc : raw_open_mac(p);
}

static int read_fetch(struct peer *p)
{
    uint8_t in[OW_ACK_LEN];
    struct ow_fetch_ack ack;
    struct tally t = {0, 0};
    int rc = raw_open_msg(p, in, sizeof in);
    if (rc != RAW_ON)
        return rc;
    ow_fetch_ack_unpack(in, &ack);
    if (ack.accept == OW_ACCEPT_OK) {
        rc = read_head(p, &ack);
        if (rc == RAW_ON)
            rc = read_records(p, ack.nrecords, &t);
    }
    if (rc == RAW_ON)
        printf("fetch accept=%u finished=%u next=%u came=%u lost=%u\n", ack.accept, ack.finished,
               ack.next_seqno, t.came, t.lost);
    return rc;
}

// The acknowledgement alone: what follows is left unread.
static int read_fetch_ack(struct peer *p)
{
    uint8_t in[OW_ACK_LEN];
    int rc = raw_open_msg(p, in, sizeof in);
    if (rc == RAW_ON)
        printf("fetch accept=%u\n", in[0]);
    return rc;
}

static int print_sid(struct peer *p)
{
    printf("sid ");
    for (int i = 0; i < OW_SID_LEN; i++)
        printf("%02x", p->req.sid[i]);
    putchar('\n');
    return RAW_ON;
}

static int print_port(struct peer *p)
{
    printf("port %u\n", p->req.conf_receiver ? p->req.receiver_port : p->req.sender_port);
    return RAW_ON;
}

const struct verb raw_client_verbs[] = {
    {"greeting?", read_greeting},
    {"setup", send_setup},
    {"start?", read_start},
    {"request", send_request},
    {"accept?", read_accept},
    {"go", send_go},
    {"ack?", read_ack},
    {"fetch", send_fetch},
    {"fetch?", read_fetch},
    {"fetch-ack?", read_fetch_ack},
    {"sid", print_sid},
    {"port", print_port},
    {NULL, NULL},
};
