// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_client.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "crypto/ps_crypto.h"
#include "owamp/ow_client_impl.h"

int ow_client_new(struct ow_client **out, uint32_t modes)
{
    struct ow_client *c = calloc(1, sizeof *c);

    if (c == NULL)
        return -ENOMEM;
    ow_ctl_init(&c->ctl);
    c->wanted = modes & OW_MODE_ALL;
    *out = c;
    return 0;
}

void ow_client_free(struct ow_client *c)
{
    if (c == NULL)
        return;
    ow_ctl_fini(&c->ctl);
    ow_client_fetch_clear(c);
    ps_mem_wipe(c, sizeof *c);
    free(c);
}

int ow_client_input(struct ow_client *c, const void *data, size_t n)
{
    return ow_ctl_input(&c->ctl, data, n);
}

struct ps_buf *ow_client_out(struct ow_client *c)
{
    return &c->ctl.out;
}

static uint32_t strongest(uint32_t modes)
{
    if ((modes & OW_MODE_ENC) != 0)
        return OW_MODE_ENC;
    return (modes & OW_MODE_AUTH) != 0 ? OW_MODE_AUTH : modes & OW_MODE_OPEN;
}

static bool count_good(const struct ow_client *c, uint32_t mode)
{
    return mode == OW_MODE_OPEN || mode == 0 ||
           (c->greeting.count >= OW_COUNT_MIN && c->greeting.count <= OW_COUNT_MAX);
}

static enum ow_step step_greeting(struct ow_client *c, struct ow_client_event *ev)
{
    uint8_t in[OW_GREETING_LEN];

    if (!ow_ctl_take(&c->ctl, in, sizeof in))
        return OW_STEP_WAIT;
    ow_greeting_unpack(in, &c->greeting);
    c->hello = memcmp(c->greeting.unused, OW_HELLO, 4) == 0;
    ev->greeting = c->greeting;
    ev->mode = strongest(c->greeting.modes & c->wanted);
    if (c->greeting.modes == 0) {
        c->refusal = OW_ACCEPT_REJECT;
        ow_ctl_fail(&c->ctl, PS_EREFUSED, "the server offers no mode of operation to us");
    } else if (!count_good(c, ev->mode)) {
        ow_ctl_fail(&c->ctl, PS_ELIMIT,
                    "the server asks for %u rounds of key derivation; %u to %u are allowed",
                    c->greeting.count, OW_COUNT_MIN, OW_COUNT_MAX);
    }
    ev->type = OW_CEV_GREETING;
    c->state = CL_CHOOSE;
    return OW_STEP_EVENT;
}

static bool choice_good(const struct ow_client *c, uint32_t mode)
{
    return mode != 0 && (mode & (mode - 1)) == 0 && (mode & c->greeting.modes & c->wanted) != 0 &&
           count_good(c, mode);
}

static int fill_setup(struct ow_client *c, struct ow_setup *s, const char *keyid, const uint8_t key[16],
                      const struct ow_keys *keys, const uint8_t iv[16])
{
    if (keyid == NULL || key == NULL || keys == NULL || iv == NULL || strlen(keyid) > OW_KEYID_LEN)
        return PS_ERANGE;
    memcpy(s->keyid, keyid, strlen(keyid));
    memcpy(s->iv, iv, sizeof s->iv);
    memcpy(c->iv, iv, sizeof c->iv);
    c->ctl.keys = *keys;
    return ow_token_pack(key, c->greeting.challenge, keys, s->token);
}

int ow_client_choose(struct ow_client *c, uint32_t mode, const char *keyid, const uint8_t key[16],
                     const struct ow_keys *keys, const uint8_t iv[16])
{
    struct ow_setup s = {.mode = mode};
    uint8_t out[OW_SETUP_LEN];
    int err = 0;

    if (c->ctl.err != 0 || c->state != CL_CHOOSE)
        return PS_ESTATE;
    if (!choice_good(c, mode))
        return PS_ERANGE;
    if (mode != OW_MODE_OPEN)
        err = fill_setup(c, &s, keyid, key, keys, iv);
    if (err != 0)
        return err;
    c->ctl.mode = mode;
    c->state = CL_START;
    ow_setup_pack(&s, out);
    return ow_ctl_put(&c->ctl, out, sizeof out);
}

static void refused(struct ow_client *c, uint8_t accept)
{
    c->refusal = accept;
    if (accept > OW_ACCEPT_TEMPORARY)
        ow_ctl_fail(&c->ctl, PS_EPROTO, "Server-Start with the unknown Accept value %u", accept);
    else
        ow_ctl_fail(&c->ctl, PS_EREFUSED, "the server refused the connection: %s%s", ow_accept_text(accept),
                    c->ctl.mode != OW_MODE_OPEN && accept == OW_ACCEPT_REJECT
                        ? " (unknown identity or wrong pass-phrase?)"
                        : "");
}

// A refusal is told as soon as its first 32 octets are there: the rest says nothing more.
static enum ow_step step_start(struct ow_client *c, struct ow_client_event *ev)
{
    uint8_t in[OW_START_LEN];
    struct ow_start start;
    int err;

    if (!ow_ctl_has(&c->ctl, OW_START_LEN - OW_BLK))
        return OW_STEP_WAIT;
    if (ps_buf_head(&c->ctl.in)[15] != OW_ACCEPT_OK) {
        refused(c, ps_buf_head(&c->ctl.in)[15]);
        return OW_STEP_WAIT;
    }
    if (!ow_ctl_has(&c->ctl, OW_START_LEN) || !ow_ctl_take(&c->ctl, in, OW_START_LEN - OW_BLK))
        return OW_STEP_WAIT;
    err = ow_chan_new(&c->ctl.chan, c->ctl.mode, &c->ctl.keys, c->iv, in + OW_BLK);
    if (ow_ctl_fault(&c->ctl, err) != 0 || !ow_ctl_open(&c->ctl, in + OW_START_LEN - OW_BLK, OW_BLK))
        return OW_STEP_WAIT;
    ow_start_unpack(in, &start);
    ev->type = OW_CEV_READY;
    ev->start = start;
    c->state = CL_IDLE;
    return OW_STEP_EVENT;
}

static bool may_command(const struct ow_client *c)
{
    return c->ctl.err == 0 && c->state == CL_IDLE && !c->ctl.testing;
}

int ow_client_request(struct ow_client *c, const struct ow_request *req, const struct ow_slot *slots)
{
    uint8_t out[OW_REQUEST_LEN];
    int err;

    if (!may_command(c))
        return PS_ESTATE;
    if (req->nslots > OW_MAX_SLOTS)
        return PS_ELIMIT;
    ow_request_pack(req, out);
    err = ow_ctl_seal_msg(&c->ctl, out, sizeof out);
    if (err == 0)
        err = ow_ctl_seal_slots(&c->ctl, slots, req->nslots);
    c->state = CL_ACCEPT;
    return err;
}

static enum ow_step step_accept(struct ow_client *c, struct ow_client_event *ev)
{
    uint8_t in[OW_ACCEPT_LEN];

    if (!ow_ctl_open_msg(&c->ctl, in, OW_ACCEPT_LEN - OW_BLK, "Accept-Session"))
        return OW_STEP_WAIT;
    ow_accept_unpack(in, &ev->accept);
    ev->type = OW_CEV_ACCEPT;
    c->state = CL_IDLE;
    return OW_STEP_EVENT;
}

int ow_client_start(struct ow_client *c)
{
    const uint8_t out[2 * OW_BLK] = {OW_CMD_START, c->hello ? OW_EARLY : 0};

    if (!may_command(c))
        return PS_ESTATE;
    c->state = CL_ACK;
    return ow_ctl_seal_msg(&c->ctl, out, sizeof out);
}

static enum ow_step step_ack(struct ow_client *c, struct ow_client_event *ev)
{
    uint8_t in[OW_BLK];

    if (!ow_ctl_open_msg(&c->ctl, in, sizeof in, "Start-Ack"))
        return OW_STEP_WAIT;
    ev->type = OW_CEV_STARTED;
    ev->accept.accept = in[0];
    c->state = CL_IDLE;
    if (in[0] == OW_ACCEPT_OK) {
        ow_ctl_test_begin(&c->ctl);
        ow_ctl_stop_begin(&c->ctl, NULL);
        c->state = CL_STOP;
    }
    return OW_STEP_EVENT;
}

static enum ow_step step_stop(struct ow_client *c, struct ow_client_event *ev)
{
    if (!ow_ctl_stop_read(&c->ctl, &ev->stop))
        return OW_STEP_WAIT;
    ev->type = OW_CEV_STOP;
    c->state = CL_IDLE;
    return OW_STEP_EVENT;
}

int ow_client_stop(struct ow_client *c, uint8_t accept, const struct ow_stop_rec *recs, uint32_t nrecs)
{
    return ow_ctl_stop_write(&c->ctl, accept, recs, nrecs);
}

int ow_client_fetch(struct ow_client *c, const struct ow_fetch *f)
{
    uint8_t out[OW_FETCH_LEN];

    if (!may_command(c))
        return PS_ESTATE;
    ow_client_fetch_clear(c);
    memcpy(c->fetch_sid, f->sid, sizeof c->fetch_sid);
    c->state = CL_FETCH_ACK;
    ow_fetch_pack(f, out);
    return ow_ctl_seal_msg(&c->ctl, out, sizeof out);
}

static enum ow_step step_idle(struct ow_client *c)
{
    if (ow_ctl_has(&c->ctl, 1))
        ow_ctl_fail(&c->ctl, PS_EPROTO, "the server sends octets while no answer is due");
    return OW_STEP_WAIT;
}

static enum ow_step step(struct ow_client *c, struct ow_client_event *ev)
{
    switch (c->state) {
    case CL_GREETING:
        return step_greeting(c, ev);
    case CL_CHOOSE:
        return OW_STEP_WAIT;
    case CL_START:
        return step_start(c, ev);
    case CL_IDLE:
        return step_idle(c);
    case CL_ACCEPT:
        return step_accept(c, ev);
    case CL_ACK:
        return step_ack(c, ev);
    case CL_STOP:
        return step_stop(c, ev);
    case CL_FETCH_ACK:
    case CL_FETCH_REQUEST:
    case CL_FETCH_SLOTS:
    case CL_FETCH_SLOTS_HMAC:
    case CL_FETCH_SKIPS:
    case CL_FETCH_SKIPS_HMAC:
    case CL_FETCH_DATA:
    case CL_FETCH_END:
        return ow_client_fetch_step(c, ev);
    }
    return OW_STEP_WAIT;
}

static bool tell_failure(struct ow_client *c, struct ow_client_event *ev)
{
    memset(ev, 0, sizeof *ev);
    if (!ow_ctl_tell(&c->ctl, ev->why, sizeof ev->why))
        return false;
    ev->type = OW_CEV_FAILED;
    ev->err = c->ctl.err;
    ev->accept.accept = c->refusal;
    return true;
}

bool ow_client_next(struct ow_client *c, struct ow_client_event *ev)
{
    enum ow_step r = OW_STEP_MORE;

    memset(ev, 0, sizeof *ev);
    if (c->state != CL_STOP)
        ow_ctl_stop_clear(&c->ctl);
    while (r == OW_STEP_MORE && c->ctl.err == 0)
        r = step(c, ev);
    return c->ctl.err == 0 ? r == OW_STEP_EVENT : tell_failure(c, ev);
}

bool ow_client_testing(const struct ow_client *c)
{
    return c->ctl.testing;
}

bool ow_client_early(const struct ow_client *c)
{
    return c->hello;
}

uint32_t ow_client_mode(const struct ow_client *c)
{
    return c->ctl.mode;
}

const struct ow_keys *ow_client_keys(const struct ow_client *c)
{
    return c->ctl.chan != NULL && c->ctl.mode != OW_MODE_OPEN ? &c->ctl.keys : NULL;
}
