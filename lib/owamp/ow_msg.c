// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_msg.h"
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_wire.h"

#define TYPEP_DSCP_BITS 0x3F000000u

const char *ow_accept_text(uint8_t accept)
{
    static const char *const text[] = {
        "accepted",
        "rejected",
        "internal failure",
        "not supported",
        "permanent resource limitation",
        "temporary resource limitation",
    };
    return accept < sizeof text / sizeof text[0] ? text[accept] : "unknown Accept value";
}

const char *ow_mode_text(uint32_t mode)
{
    switch (mode) {
    case OW_MODE_OPEN:
        return "open";
    case OW_MODE_AUTH:
        return "authenticated";
    case OW_MODE_ENC:
        return "encrypted";
    default:
        return "unknown";
    }
}

static uint32_t mode_of_letter(char c)
{
    switch (c) {
    case 'A':
    case 'a':
        return OW_MODE_AUTH;
    case 'E':
    case 'e':
        return OW_MODE_ENC;
    case 'O':
    case 'o':
        return OW_MODE_OPEN;
    default:
        return 0;
    }
}

int ow_modes_parse(const char *letters, uint32_t *modes)
{
    uint32_t sum = 0;
    for (const char *p = letters; *p; p++) {
        uint32_t mode = mode_of_letter(*p);
        if (!mode)
            return PS_ESYNTAX;
        sum |= mode;
    }
    if (!sum)
        return PS_ESYNTAX;
    *modes = sum;
    return 0;
}

void ow_greeting_pack(const struct ow_greeting *g, uint8_t out[OW_GREETING_LEN])
{
    struct ps_wr w;
    ps_wr_init(&w, out, OW_GREETING_LEN);
    ps_wr_bytes(&w, g->unused, sizeof g->unused);
    ps_wr_u32(&w, g->modes);
    ps_wr_bytes(&w, g->challenge, sizeof g->challenge);
    ps_wr_bytes(&w, g->salt, sizeof g->salt);
    ps_wr_u32(&w, g->count);
    ps_wr_zero(&w, 12);
}

void ow_greeting_unpack(const uint8_t in[OW_GREETING_LEN], struct ow_greeting *g)
{
    struct ps_rd r;
    ps_rd_init(&r, in, OW_GREETING_LEN);
    ps_rd_bytes(&r, g->unused, sizeof g->unused);
    g->modes = ps_rd_u32(&r);
    ps_rd_bytes(&r, g->challenge, sizeof g->challenge);
    ps_rd_bytes(&r, g->salt, sizeof g->salt);
    g->count = ps_rd_u32(&r);
}

void ow_setup_pack(const struct ow_setup *s, uint8_t out[OW_SETUP_LEN])
{
    size_t len = strnlen(s->keyid, OW_KEYID_LEN);
    struct ps_wr w;
    ps_wr_init(&w, out, OW_SETUP_LEN);
    ps_wr_u32(&w, s->mode);
    ps_wr_bytes(&w, s->keyid, len);
    ps_wr_zero(&w, OW_KEYID_LEN - len);
    ps_wr_bytes(&w, s->token, sizeof s->token);
    ps_wr_bytes(&w, s->iv, sizeof s->iv);
}

static bool all_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

int ow_setup_unpack(const uint8_t in[OW_SETUP_LEN], struct ow_setup *s)
{
    struct ps_rd r;
    ps_rd_init(&r, in, OW_SETUP_LEN);
    s->mode = ps_rd_u32(&r);
    ps_rd_bytes(&r, s->keyid, OW_KEYID_LEN);
    s->keyid[OW_KEYID_LEN] = '\0';
    ps_rd_bytes(&r, s->token, sizeof s->token);
    ps_rd_bytes(&r, s->iv, sizeof s->iv);
    // Otherwise two different KeyIDs on the wire would be one identity here.
    size_t len = strlen(s->keyid);
    return all_zero(s->keyid + len, OW_KEYID_LEN - len) ? 0 : PS_EMALFORMED;
}

void ow_start_pack(const struct ow_start *s, uint8_t out[OW_START_LEN])
{
    struct ps_wr w;
    ps_wr_init(&w, out, OW_START_LEN);
    ps_wr_zero(&w, 15);
    ps_wr_u8(&w, s->accept);
    ps_wr_bytes(&w, s->iv, sizeof s->iv);
    ps_wr_u64(&w, s->start_time);
    ps_wr_zero(&w, 8);
}

void ow_start_unpack(const uint8_t in[OW_START_LEN], struct ow_start *s)
{
    struct ps_rd r;
    ps_rd_init(&r, in, OW_START_LEN);
    ps_rd_skip(&r, 15);
    s->accept = ps_rd_u8(&r);
    ps_rd_bytes(&r, s->iv, sizeof s->iv);
    s->start_time = ps_rd_u64(&r);
}

void ow_slot_pack(const struct ow_slot *s, uint8_t out[OW_BLK])
{
    struct ps_wr w;
    ps_wr_init(&w, out, OW_BLK);
    ps_wr_u8(&w, s->type);
    ps_wr_zero(&w, 7);
    ps_wr_u64(&w, s->value);
}

int ow_slot_unpack(const uint8_t in[OW_BLK], struct ow_slot *s)
{
    struct ps_rd r;
    ps_rd_init(&r, in, OW_BLK);
    s->type = ps_rd_u8(&r);
    ps_rd_skip(&r, 7);
    s->value = ps_rd_u64(&r);
    return s->type == OW_SLOT_EXP || s->type == OW_SLOT_FIXED ? 0 : PS_EUNSUPPORTED;
}

void ow_request_pack(const struct ow_request *q, uint8_t out[OW_REQUEST_LEN])
{
    struct ps_wr w;
    ps_wr_init(&w, out, OW_REQUEST_LEN);
    ps_wr_u8(&w, OW_CMD_REQUEST);
    ps_wr_u8(&w, q->ipvn & 0x0F);
    ps_wr_u8(&w, q->conf_sender);
    ps_wr_u8(&w, q->conf_receiver);
    ps_wr_u32(&w, q->nslots);
    ps_wr_u32(&w, q->npackets);
    ps_wr_u16(&w, q->sender_port);
    ps_wr_u16(&w, q->receiver_port);
    ps_wr_bytes(&w, q->sender_addr, sizeof q->sender_addr);
    ps_wr_bytes(&w, q->receiver_addr, sizeof q->receiver_addr);
    ps_wr_bytes(&w, q->sid, sizeof q->sid);
    ps_wr_u32(&w, q->padding);
    ps_wr_u64(&w, q->start);
    ps_wr_u64(&w, q->timeout);
    ps_wr_u32(&w, q->typep);
    ps_wr_zero(&w, 8 + OW_BLK);
}

int ow_request_unpack(const uint8_t in[OW_REQUEST_LEN], struct ow_request *q)
{
    struct ps_rd r;
    ps_rd_init(&r, in, OW_REQUEST_LEN);
    uint8_t command = ps_rd_u8(&r);
    q->ipvn = ps_rd_u8(&r) & 0x0F;
    q->conf_sender = ps_rd_u8(&r) != 0;
    q->conf_receiver = ps_rd_u8(&r) != 0;
    q->nslots = ps_rd_u32(&r);
    q->npackets = ps_rd_u32(&r);
    q->sender_port = ps_rd_u16(&r);
    q->receiver_port = ps_rd_u16(&r);
    ps_rd_bytes(&r, q->sender_addr, sizeof q->sender_addr);
    ps_rd_bytes(&r, q->receiver_addr, sizeof q->receiver_addr);
    ps_rd_bytes(&r, q->sid, sizeof q->sid);
    q->padding = ps_rd_u32(&r);
    q->start = ps_rd_u64(&r);
    q->timeout = ps_rd_u64(&r);
    q->typep = ps_rd_u32(&r);
    return command == OW_CMD_REQUEST ? 0 : PS_EPROTO;
}

int ow_typep_dscp(uint32_t typep, uint8_t *dscp)
{
    if (typep & ~TYPEP_DSCP_BITS)
        return PS_EUNSUPPORTED;
    *dscp = (uint8_t)(typep >> 24);
    return 0;
}

static bool digit_in(char c, char low, char high)
{
    return c >= low && c <= high;
}

// The names of RFC 2474, 2597, 3246 and 5865; -1 if it is none of them.
static int dscp_of_name(const char *s)
{
    if (!strcasecmp(s, "none") || !strcasecmp(s, "default") || !strcasecmp(s, "df") || !strcasecmp(s, "be"))
        return 0;
    if (!strcasecmp(s, "ef"))
        return 46;
    if (!strcasecmp(s, "va"))
        return 44;
    if (!strncasecmp(s, "cs", 2) && digit_in(s[2], '0', '7') && !s[3])
        return 8 * (s[2] - '0');
    if (!strncasecmp(s, "af", 2) && digit_in(s[2], '1', '4') && digit_in(s[3], '1', '3') && !s[4])
        return 8 * (s[2] - '0') + 2 * (s[3] - '0');
    return -1;
}

int ow_dscp_parse(const char *text, uint8_t *dscp)
{
    int named = dscp_of_name(text);
    if (named >= 0) {
        *dscp = (uint8_t)named;
        return 0;
    }
    uint64_t n;
    int err = ps_num_u64(text, 0, 0, 63, &n);
    if (!err)
        *dscp = (uint8_t)n;
    return err;
}

void ow_accept_pack(const struct ow_accept_msg *a, uint8_t out[OW_ACCEPT_LEN])
{
    struct ps_wr w;
    ps_wr_init(&w, out, OW_ACCEPT_LEN);
    ps_wr_u8(&w, a->accept);
    ps_wr_zero(&w, 1);
    ps_wr_u16(&w, a->port);
    ps_wr_bytes(&w, a->sid, sizeof a->sid);
    ps_wr_zero(&w, 12 + OW_BLK);
}

void ow_accept_unpack(const uint8_t in[OW_ACCEPT_LEN], struct ow_accept_msg *a)
{
    struct ps_rd r;
    ps_rd_init(&r, in, OW_ACCEPT_LEN);
    a->accept = ps_rd_u8(&r);
    ps_rd_skip(&r, 1);
    a->port = ps_rd_u16(&r);
    ps_rd_bytes(&r, a->sid, sizeof a->sid);
}

void ow_fetch_pack(const struct ow_fetch *f, uint8_t out[OW_FETCH_LEN])
{
    struct ps_wr w;
    ps_wr_init(&w, out, OW_FETCH_LEN);
    ps_wr_u8(&w, OW_CMD_FETCH);
    ps_wr_zero(&w, 7);
    ps_wr_u32(&w, f->begin);
    ps_wr_u32(&w, f->end);
    ps_wr_bytes(&w, f->sid, sizeof f->sid);
    ps_wr_zero(&w, OW_BLK);
}

int ow_fetch_unpack(const uint8_t in[OW_FETCH_LEN], struct ow_fetch *f)
{
    struct ps_rd r;
    ps_rd_init(&r, in, OW_FETCH_LEN);
    uint8_t command = ps_rd_u8(&r);
    ps_rd_skip(&r, 7);
    f->begin = ps_rd_u32(&r);
    f->end = ps_rd_u32(&r);
    ps_rd_bytes(&r, f->sid, sizeof f->sid);
    return command == OW_CMD_FETCH ? 0 : PS_EPROTO;
}

void ow_fetch_ack_pack(const struct ow_fetch_ack *a, uint8_t out[OW_ACK_LEN])
{
    struct ps_wr w;
    ps_wr_init(&w, out, OW_ACK_LEN);
    ps_wr_u8(&w, a->accept);
    ps_wr_u8(&w, a->finished);
    ps_wr_zero(&w, 2);
    ps_wr_u32(&w, a->next_seqno);
    ps_wr_u32(&w, a->nskips);
    ps_wr_u32(&w, a->nrecords);
    ps_wr_zero(&w, OW_BLK);
}

void ow_fetch_ack_unpack(const uint8_t in[OW_ACK_LEN], struct ow_fetch_ack *a)
{
    struct ps_rd r;
    ps_rd_init(&r, in, OW_ACK_LEN);
    a->accept = ps_rd_u8(&r);
    a->finished = ps_rd_u8(&r);
    ps_rd_skip(&r, 2);
    a->next_seqno = ps_rd_u32(&r);
    a->nskips = ps_rd_u32(&r);
    a->nrecords = ps_rd_u32(&r);
}
