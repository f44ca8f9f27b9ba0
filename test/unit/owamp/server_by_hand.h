// SPDX-License-Identifier: Apache-2.0
// A server machine with its client played by hand.
#pragma once
#include "by_hand.h"
#include "owamp/ow_server.h"

static const struct ow_server_conf plain_conf = {
    .modes = OW_MODE_ALL,
    .count = 2048,
    .start_time = 0xe000000011223344u,
    .challenge = "the challenge..",
    .salt = "the salt.......",
    .iv = "server's IV....",
};

struct rig {
    struct ow_server *s;
    struct ow_chan *chan; // the client's
    struct ps_buf *out;
    struct ow_server_event ev;
};

static inline void rig_new(struct rig *r, uint32_t modes)
{
    struct ow_server_conf conf = plain_conf;
    memset(r, 0, sizeof *r);
    conf.modes = modes;
    assert_int_equal(ow_server_new(&r->s, &conf), 0);
    r->out = ow_server_out(r->s);
}

static inline void rig_end(struct rig *r)
{
    ow_chan_free(r->chan);
    ow_server_free(r->s);
}

static inline void give(struct rig *r, const void *data, size_t n)
{
    assert_int_equal(ow_server_input(r->s, data, n), 0);
}

static inline void expect(struct rig *r, enum ow_server_event_type type)
{
    assert_true(ow_server_next(r->s, &r->ev));
    assert_int_equal(r->ev.type, type);
}

static inline void expect_nothing(struct rig *r)
{
    assert_false(ow_server_next(r->s, &r->ev));
}

static inline void expect_failure(struct rig *r, int err, const char *part)
{
    expect(r, OW_SEV_FAILED);
    assert_int_equal(r->ev.err, err);
    if (strstr(r->ev.why, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", r->ev.why, part);
    expect_nothing(r);
    assert_int_equal(ow_server_want(r->s), 0);
}

// n octets of which the last 16 are the place of the HMAC.
static inline void give_msg(struct rig *r, uint8_t *data, size_t n)
{
    seal_msg(r->chan, data, n - 16);
    give(r, data, n);
}

static inline void give_setup(struct rig *r, uint32_t mode, const char *keyid, const uint8_t key[16])
{
    struct ow_setup setup = {.mode = mode};
    uint8_t out[OW_SETUP_LEN];
    memcpy(setup.keyid, keyid, strlen(keyid));
    if (key)
        assert_int_equal(ow_token_pack(key, plain_conf.challenge, &session_keys, setup.token), 0);
    memcpy(setup.iv, client_iv, 16);
    ow_setup_pack(&setup, out);
    give(r, out, sizeof out);
}

static inline void skip_greeting(struct rig *r)
{
    uint8_t in[OW_GREETING_LEN];
    drain(r->out, in, sizeof in);
}

// Connected and ready in this mode.
static inline void rig_up(struct rig *r, uint32_t mode)
{
    uint8_t in[OW_START_LEN];
    rig_new(r, OW_MODE_ALL);
    skip_greeting(r);
    give_setup(r, mode, mode == OW_MODE_OPEN ? "" : "ana", mode == OW_MODE_OPEN ? NULL : secret);
    if (mode != OW_MODE_OPEN) {
        expect(r, OW_SEV_IDENTIFY);
        assert_string_equal(r->ev.setup.keyid, "ana");
        assert_int_equal(ow_server_identity(r->s, secret), 0);
    }
    expect(r, OW_SEV_READY);
    assert_int_equal(r->ev.mode, mode);
    assert_int_equal(ow_chan_new(&r->chan, mode, &session_keys, client_iv, server_iv), 0);
    drain(r->out, in, sizeof in);
    assert_int_equal(in[15], 0);
    assert_int_equal(ow_chan_open(r->chan, in + 32, 16), 0);
    assert_int_equal(get32(in + 32), 0xe0000000u);
    assert_int_equal(get32(in + 36), 0x11223344u);
    expect_nothing(r);
}

static inline void give_request(struct rig *r, const struct ow_request *req)
{
    uint8_t out[OW_REQUEST_LEN], blk[32] = {0};
    ow_request_pack(req, out);
    give_msg(r, out, sizeof out);
    for (uint32_t i = 0; i < req->nslots; i++) {
        const struct ow_slot slot = {.type = i % 2, .value = i + 1};
        ow_slot_pack(&slot, blk);
        assert_int_equal(ow_chan_seal(r->chan, blk, 16), 0);
        give(r, blk, 16);
    }
    assert_int_equal(ow_chan_seal_hmac(r->chan, blk), 0);
    give(r, blk, 16);
}

static inline void expect_accept(struct rig *r, uint8_t accept, uint16_t port, const uint8_t sid[16])
{
    uint8_t in[OW_ACCEPT_LEN];
    drain_msg(r->chan, r->out, in, sizeof in);
    assert_int_equal(in[0], accept);
    assert_int_equal(in[2] * 256 + in[3], port);
    assert_memory_equal(in + 4, sid, 16);
}

static inline void give_start(struct rig *r, uint8_t early)
{
    uint8_t out[32] = {2, early};
    give_msg(r, out, sizeof out);
}

static inline void start_test(struct rig *r)
{
    uint8_t in[32];
    give_start(r, 0);
    expect(r, OW_SEV_START);
    assert_int_equal(ow_server_start(r->s, 0), 0);
    drain_msg(r->chan, r->out, in, sizeof in);
    assert_int_equal(in[0], 0);
    assert_true(ow_server_testing(r->s));
}

static inline void give_empty_stop(struct rig *r)
{
    uint8_t out[32] = {3};
    give_msg(r, out, sizeof out);
}
