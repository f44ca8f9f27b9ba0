// SPDX-License-Identifier: Apache-2.0
// A client machine with its server played by hand.
#pragma once
#include "by_hand.h"
#include "owamp/ow_client.h"

static const uint8_t challenge[16] = "the challenge..";

struct rig {
    struct ow_client *c;
    struct ow_chan *chan; // the server's
    struct ps_buf *out;
    struct ow_client_event ev;
};

static inline void give(struct rig *r, const void *data, size_t n)
{
    assert_int_equal(ow_client_input(r->c, data, n), 0);
}

static inline void expect(struct rig *r, enum ow_client_event_type type)
{
    assert_true(ow_client_next(r->c, &r->ev));
    assert_int_equal(r->ev.type, type);
}

static inline void expect_nothing(struct rig *r)
{
    assert_false(ow_client_next(r->c, &r->ev));
}

static inline void expect_failure(struct rig *r, int err, const char *part)
{
    expect(r, OW_CEV_FAILED);
    assert_int_equal(r->ev.err, err);
    if (strstr(r->ev.why, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", r->ev.why, part);
    expect_nothing(r);
    assert_int_equal(ow_client_start(r->c), PS_ESTATE);
}

static inline void give_msg(struct rig *r, uint8_t *data, size_t n)
{
    seal_msg(r->chan, data, n - 16);
    give(r, data, n);
}

static inline void give_greeting(struct rig *r, uint32_t modes, uint32_t count, bool hello)
{
    uint8_t out[OW_GREETING_LEN] = {0};
    if (hello)
        memcpy(out, "psE1", 4);
    put32(out + 12, modes);
    memcpy(out + 16, challenge, 16);
    memcpy(out + 32, "the salt.......", 16);
    put32(out + 48, count);
    give(r, out, sizeof out);
}

static inline void rig_new(struct rig *r, uint32_t modes)
{
    memset(r, 0, sizeof *r);
    assert_int_equal(ow_client_new(&r->c, modes), 0);
    r->out = ow_client_out(r->c);
}

static inline void rig_end(struct rig *r)
{
    ow_chan_free(r->chan);
    ow_client_free(r->c);
}

static inline int choose(struct rig *r, uint32_t mode)
{
    if (mode == OW_MODE_OPEN)
        return ow_client_choose(r->c, mode, NULL, NULL, NULL, NULL);
    return ow_client_choose(r->c, mode, "ana", secret, &session_keys, client_iv);
}

static inline void give_start(struct rig *r, uint32_t mode)
{
    uint8_t out[OW_START_LEN] = {0};
    assert_int_equal(ow_chan_new(&r->chan, mode, &session_keys, server_iv, client_iv), 0);
    memcpy(out + 16, server_iv, 16);
    put32(out + 32, 0xe0000000u);
    put32(out + 36, 0x11223344u);
    assert_int_equal(ow_chan_seal(r->chan, out + 32, 16), 0);
    give(r, out, sizeof out);
}

static inline void rig_up(struct rig *r, uint32_t mode)
{
    uint8_t in[OW_SETUP_LEN];
    rig_new(r, mode);
    give_greeting(r, OW_MODE_ALL, 2048, true);
    expect(r, OW_CEV_GREETING);
    assert_int_equal(r->ev.mode, mode);
    assert_int_equal(choose(r, mode), 0);
    drain(r->out, in, sizeof in);
    give_start(r, mode);
    expect(r, OW_CEV_READY);
    assert_true(r->ev.start.start_time == 0xe000000011223344u);
    expect_nothing(r);
}

static inline void start(struct rig *r, uint8_t code)
{
    uint8_t in[32], out[32] = {code};
    assert_int_equal(ow_client_start(r->c), 0);
    drain_msg(r->chan, r->out, in, sizeof in);
    assert_int_equal(in[0], 2);
    assert_int_equal(in[1], OW_EARLY);
    assert_false(ow_client_testing(r->c));
    give_msg(r, out, sizeof out);
    expect(r, OW_CEV_STARTED);
    assert_int_equal(r->ev.accept.accept, code);
    assert_int_equal(ow_client_testing(r->c), code == 0);
}
