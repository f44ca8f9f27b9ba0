// SPDX-License-Identifier: Apache-2.0
// A whole dialogue with the server, in each mode, by a client that knows the pass-phrase: the input is what
// it means to say, and is encrypted and authenticated here, so that every state of the cipher modes is
// reached too. In fuzz_server what is said is taken as it is, and dies at the first wrong HMAC there.
//
// The first octet is the mode and how the stream is cut. Then steps, an octet each: the low three bits say
// what is done, the others how. Octets that a step takes stand behind it; what is missing is zero.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "owamp/ow_rec.h"
#include "owamp/ow_server.h"

#define STEPS_MAX 64
#define RECORDS_MAX 40

static const uint8_t key[16] = "fuzzing only key";
static const struct ow_keys keys = {{1}, {2}};
static const uint8_t iv[16] = {3};

enum { SAY_REQUEST, SAY_START, SAY_STOP, SAY_FETCH, SAY_BLOCKS, SAY_RAW, HOST_ACTS, MANNERS };

struct dialogue {
    const uint8_t *in;
    size_t left;
    uint32_t mode;
    size_t piece; // how many octets the server gets at once
    struct ow_server *server;
    struct ow_chan *chan; // the client's
    uint8_t manner;       // how the host answers
    uint32_t due;         // records still to be handed over
};

static void take(struct dialogue *d, void *out, size_t n)
{
    size_t have = n < d->left ? n : d->left;
    memset(out, 0, n);
    if (have > 0)
        memcpy(out, d->in, have);
    d->in += have;
    d->left -= have;
}

static uint8_t take_u8(struct dialogue *d)
{
    uint8_t v;
    take(d, &v, 1);
    return v;
}

// the host

static void fetch_more(struct dialogue *d, uint32_t n)
{
    static const uint8_t records[RECORDS_MAX * OW_REC_LEN];
    n = n < d->due ? n : d->due;
    if (ow_server_fetch_data(d->server, records, n) == 0)
        d->due -= n;
    if (d->due == 0)
        ow_server_fetch_end(d->server);
}

static void answer_fetch(struct dialogue *d)
{
    static const struct ow_skip skips[3] = {{1, 2}, {4, 4}, {6, 9}};
    static const struct ow_slot slots[2] = {{OW_SLOT_EXP, UINT64_C(1) << 30}, {OW_SLOT_FIXED, 1}};
    uint8_t how = take_u8(d);
    struct ow_request req = {.ipvn = 4, .nslots = how & 1 ? 2 : 1, .npackets = 10};
    struct ow_fetch_ack ack = {.finished = how >> 6, .next_seqno = 10, .nskips = how & 3};
    ack.nrecords = (how >> 2) % (RECORDS_MAX + 1);
    if (how == 0) {
        ow_server_fetch_deny(d->server, OW_ACCEPT_REJECT);
        return;
    }
    if (ow_server_fetch_begin(d->server, &ack, &req, slots, skips) != 0)
        return;
    d->due = ack.nrecords;
    fetch_more(d, d->manner & 1 ? RECORDS_MAX : how % 5); // the rest later, if the host is of that manner
}

static void stop(struct dialogue *d)
{
    static struct ow_skip skips[2] = {{1, 2}, {7, 7}};
    struct ow_stop_rec recs[2] = {{.next_seqno = 10, .nskips = 2, .skips = skips}, {.next_seqno = 3}};
    ow_server_stop(d->server, d->manner & 16 ? OW_ACCEPT_FAILURE : OW_ACCEPT_OK, recs, d->manner % 3);
}

static void answer(struct dialogue *d, const struct ow_server_event *ev)
{
    static const uint8_t sid[OW_SID_LEN] = {127, 0, 0, 1, 5};
    switch (ev->type) {
    case OW_SEV_IDENTIFY:
        ow_server_identity(d->server, d->manner == MANNERS ? NULL : key);
        break;
    case OW_SEV_REQUEST:
        ow_server_accept(d->server, d->manner & 2 ? OW_ACCEPT_TEMPORARY : OW_ACCEPT_OK, 8760, sid);
        break;
    case OW_SEV_START:
        ow_server_start(d->server, d->manner & 8 ? OW_ACCEPT_TEMPORARY : OW_ACCEPT_OK);
        break;
    case OW_SEV_STOP:
        if (d->manner & 4)
            stop(d);
        break;
    case OW_SEV_FETCH:
        answer_fetch(d);
        break;
    case OW_SEV_NONE:
    case OW_SEV_READY:
    case OW_SEV_FAILED:
        break;
    }
}

static void pull(struct dialogue *d)
{
    struct ow_server_event ev;
    while (ow_server_next(d->server, &ev))
        answer(d, &ev);
    ps_buf_clear(ow_server_out(d->server));
}

static void give(struct dialogue *d, const uint8_t *data, size_t n)
{
    for (size_t at = 0; at < n; at += d->piece) {
        size_t part = n - at < d->piece ? n - at : d->piece;
        // As large as it is, so that a read past its end shows.
        uint8_t *copy = malloc(part);
        if (copy == NULL)
            return;
        memcpy(copy, data + at, part);
        ow_server_input(d->server, copy, part);
        free(copy);
        pull(d);
    }
}

// the client

// Blocks, and behind them their HMAC unless it is to be wrong.
static void say(struct dialogue *d, uint8_t *data, size_t n, bool mac)
{
    uint8_t hmac[OW_BLK] = {0};
    if (ow_chan_seal(d->chan, data, n) != 0)
        return;
    give(d, data, n);
    if (mac && ow_chan_seal_hmac(d->chan, hmac) == 0)
        give(d, hmac, sizeof hmac);
}

static void say_request(struct dialogue *d, uint8_t how)
{
    uint8_t msg[OW_REQUEST_LEN], slots[4 * OW_BLK];
    uint8_t nslots = how % 5;
    take(d, msg, sizeof msg - OW_BLK);
    msg[0] = OW_CMD_REQUEST;
    if (how < 24) { // the number that follows is told
        memset(msg + 4, 0, 4);
        msg[7] = nslots;
    }
    say(d, msg, sizeof msg - OW_BLK, true);
    take(d, slots, (size_t)nslots * OW_BLK);
    say(d, slots, (size_t)nslots * OW_BLK, how != 31);
}

static void say_message(struct dialogue *d, uint8_t cmd, size_t len, bool mac)
{
    uint8_t msg[4 * OW_BLK];
    take(d, msg, len);
    msg[0] = cmd;
    say(d, msg, len, mac);
}

static void say_stop(struct dialogue *d, uint8_t how)
{
    uint8_t head[OW_BLK], rest[8 * OW_BLK];
    size_t len = (size_t)(how % 9) * OW_BLK;
    take(d, head, sizeof head);
    head[0] = OW_CMD_STOP;
    if (how < 24) { // few sessions
        memset(head + 4, 0, 3);
        head[7] &= 3;
    }
    say(d, head, sizeof head, false);
    take(d, rest, len);
    say(d, rest, len, true);
}

static void act(struct dialogue *d, uint8_t how)
{
    d->manner = how;
    if (d->due > 0)
        fetch_more(d, how);
    else if (how & 1)
        stop(d);
    else if (how == 30)
        ow_server_refuse(d->server, OW_ACCEPT_TEMPORARY);
    pull(d);
}

static void step(struct dialogue *d)
{
    uint8_t octet = take_u8(d), how = octet >> 3, raw[MANNERS * OW_BLK];
    switch (octet & 7) {
    case SAY_REQUEST:
        say_request(d, how);
        break;
    case SAY_START:
        say_message(d, OW_CMD_START, OW_BLK, how != 31);
        break;
    case SAY_STOP:
        say_stop(d, how);
        break;
    case SAY_FETCH:
        say_message(d, OW_CMD_FETCH, OW_FETCH_LEN - OW_BLK, how != 31);
        break;
    case SAY_BLOCKS:
        take(d, raw, (size_t)(how % MANNERS) * OW_BLK);
        say(d, raw, (size_t)(how % MANNERS) * OW_BLK, how & 16);
        break;
    case SAY_RAW:
        take(d, raw, how);
        give(d, raw, how);
        break;
    default:
        act(d, how);
    }
}

static int set_up(struct dialogue *d, const struct ow_server_conf *conf)
{
    struct ow_setup setup = {.mode = d->mode, .keyid = "fuzz"};
    uint8_t out[OW_SETUP_LEN];
    int err = d->mode == OW_MODE_OPEN ? 0 : ow_token_pack(key, conf->challenge, &keys, setup.token);
    memcpy(setup.iv, iv, sizeof iv);
    ow_setup_pack(&setup, out);
    if (err == 0)
        err = ow_chan_new(&d->chan, d->mode, &keys, iv, conf->iv);
    if (err == 0)
        give(d, out, sizeof out);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t modes[4] = {OW_MODE_OPEN, OW_MODE_AUTH, OW_MODE_ENC, OW_MODE_ENC};
    struct ow_server_conf conf = {.modes = OW_MODE_ALL, .count = OW_COUNT_MIN, .challenge = {7}, .iv = {8}};
    struct dialogue d = {.in = data, .left = size};
    uint8_t first = take_u8(&d);
    d.mode = modes[first & 3];
    d.piece = (size_t)(first >> 3) * 7 + 1;
    d.manner = take_u8(&d) & 31;
    if (ow_server_new(&d.server, &conf) != 0)
        return 0;
    if (set_up(&d, &conf) == 0)
        for (int i = 0; i < STEPS_MAX && d.left > 0; i++)
            step(&d);
    ow_chan_free(d.chan);
    ow_server_free(d.server);
    return 0;
}
