// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_server.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "crypto/ps_crypto.h"
#include "owamp/ow_server_impl.h"

static int write_greeting(struct ow_server *s)
{
    const struct ow_server_conf *conf = &s->shake->conf;
    struct ow_greeting g = {.modes = conf->modes & OW_MODE_ALL, .count = conf->count};
    uint8_t out[OW_GREETING_LEN];

    memcpy(g.unused, OW_HELLO, 4);
    memcpy(g.challenge, conf->challenge, sizeof g.challenge);
    memcpy(g.salt, conf->salt, sizeof g.salt);
    ow_greeting_pack(&g, out);
    return ow_ctl_put(&s->ctl, out, sizeof out);
}

int ow_server_new(struct ow_server **out, const struct ow_server_conf *conf)
{
    struct ow_server *s = calloc(1, sizeof *s);
    int err;

    if (s == NULL)
        return -ENOMEM;
    ow_ctl_init(&s->ctl);
    s->shake = calloc(1, sizeof *s->shake);
    err = s->shake == NULL ? -ENOMEM : 0;
    if (err == 0) {
        s->shake->conf = *conf;
        err = write_greeting(s);
    }
    if (err != 0) {
        ow_server_free(s);
        return err;
    }
    if ((conf->modes & OW_MODE_ALL) == 0)
        ow_ctl_fail(&s->ctl, PS_EREFUSED, "no mode of operation is offered to this peer");
    *out = s;
    return 0;
}

static void drop_handshake(struct ow_server *s)
{
    if (s->shake != NULL)
        ps_mem_wipe(s->shake, sizeof *s->shake);
    free(s->shake);
    s->shake = NULL;
}

void ow_server_free(struct ow_server *s)
{
    if (s == NULL)
        return;
    drop_handshake(s);
    ow_ctl_fini(&s->ctl);
    free(s->slots);
    ps_mem_wipe(s, sizeof *s);
    free(s);
}

int ow_server_input(struct ow_server *s, const void *data, size_t n)
{
    return ow_ctl_input(&s->ctl, data, n);
}

size_t ow_server_want(const struct ow_server *s)
{
    return ow_ctl_want(&s->ctl);
}

struct ps_buf *ow_server_out(struct ow_server *s)
{
    return &s->ctl.out;
}

// Server-Start that refuses; all of it in the clear, and the end of the connection.
static int refuse(struct ow_server *s, uint8_t accept, int err, const char *why)
{
    const struct ow_start start = {.accept = accept};
    uint8_t out[OW_START_LEN];
    int put_err;

    ow_start_pack(&start, out);
    put_err = ow_ctl_put(&s->ctl, out, sizeof out);
    ow_ctl_fail(&s->ctl, err, "%s", why);
    return put_err;
}

static int establish(struct ow_server *s)
{
    const struct ow_server_conf *conf = &s->shake->conf;
    struct ow_start start = {.start_time = conf->start_time};
    uint8_t out[OW_START_LEN];
    int err;

    if (s->ctl.mode != OW_MODE_OPEN)
        memcpy(start.iv, conf->iv, sizeof start.iv);
    ow_start_pack(&start, out);
    err = ow_chan_new(&s->ctl.chan, s->ctl.mode, &s->ctl.keys, conf->iv, s->shake->setup.iv);
    if (ow_ctl_fault(&s->ctl, err) != 0)
        return err;
    err = ow_ctl_put(&s->ctl, out, OW_START_LEN - OW_BLK);
    if (err == 0)
        err = ow_ctl_seal(&s->ctl, out + OW_START_LEN - OW_BLK, OW_BLK);
    s->state = SV_READY;
    return err;
}

static bool one_bit(uint32_t mode)
{
    return mode != 0 && (mode & (mode - 1)) == 0;
}

static int unpack_setup(struct ow_server *s, uint8_t in[OW_SETUP_LEN])
{
    struct ps_rd r;

    // In open mode the other fields mean nothing, so what stands there cannot be wrong either.
    ps_rd_init(&r, in, 4);
    if (ps_rd_u32(&r) == OW_MODE_OPEN)
        memset(in + 4, 0, OW_SETUP_LEN - 4);
    return ow_setup_unpack(in, &s->shake->setup);
}

static enum ow_step step_setup(struct ow_server *s, struct ow_server_event *ev)
{
    const struct ow_handshake *shake = s->shake;
    uint8_t in[OW_SETUP_LEN];
    int err;

    if (!ow_ctl_take(&s->ctl, in, sizeof in))
        return OW_STEP_WAIT;
    err = unpack_setup(s, in);
    if (s->refuse != 0) {
        refuse(s, s->refuse, PS_EREFUSED, "the connection was refused");
    } else if (err != 0) {
        refuse(s, OW_ACCEPT_REJECT, err, "malformed Set-Up-Response");
    } else if (!one_bit(shake->setup.mode) || (shake->setup.mode & shake->conf.modes & OW_MODE_ALL) == 0) {
        refuse(s, OW_ACCEPT_REJECT, PS_EPROTO, "the peer chose a mode that was not offered");
    } else if ((s->ctl.mode = shake->setup.mode) != OW_MODE_OPEN) {
        ev->type = OW_SEV_IDENTIFY;
        s->state = SV_IDENTIFY;
        return OW_STEP_EVENT;
    } else if (establish(s) == 0) {
        return OW_STEP_MORE;
    }
    return OW_STEP_WAIT;
}

int ow_server_identity(struct ow_server *s, const uint8_t key[16])
{
    int err;

    if (s->ctl.err != 0 || s->state != SV_IDENTIFY)
        return PS_ESTATE;
    if (key == NULL)
        return refuse(s, OW_ACCEPT_REJECT, PS_EAUTH, "unknown identity");
    err = ow_token_unpack(key, s->shake->conf.challenge, s->shake->setup.token, &s->ctl.keys);
    if (err == PS_EAUTH)
        return refuse(s, OW_ACCEPT_REJECT, err, "wrong pass-phrase");
    if (err != 0)
        return refuse(s, OW_ACCEPT_FAILURE, err, ps_strerror(err));
    return establish(s);
}

int ow_server_refuse(struct ow_server *s, uint8_t accept)
{
    if (accept == OW_ACCEPT_OK)
        return PS_ERANGE;
    if (s->ctl.err != 0 || (s->state != SV_SETUP && s->state != SV_IDENTIFY))
        return PS_ESTATE;
    s->refuse = accept;
    return s->state == SV_SETUP ? 0 : refuse(s, accept, PS_EREFUSED, "the connection was refused");
}

static enum ow_step step_ready(struct ow_server *s, struct ow_server_event *ev)
{
    ev->type = OW_SEV_READY;
    s->state = SV_COMMAND;
    return OW_STEP_EVENT;
}

static void unknown_command(struct ow_server *s, uint8_t cmd)
{
    if (cmd == 5)
        ow_ctl_fail(&s->ctl, PS_EPROTO, "command 5: TWAMP request; this is an OWAMP server");
    else
        ow_ctl_fail(&s->ctl, PS_EPROTO, "unknown command %u", cmd);
}

static void choose_command(struct ow_server *s)
{
    switch (s->msg[0]) {
    case OW_CMD_REQUEST:
        s->state = SV_REQUEST;
        break;
    case OW_CMD_START:
        s->state = SV_START;
        break;
    case OW_CMD_STOP:
        s->state = SV_STOP;
        ow_ctl_stop_begin(&s->ctl, s->msg);
        break;
    case OW_CMD_FETCH:
        s->state = SV_FETCH;
        break;
    default:
        unknown_command(s, s->msg[0]);
    }
}

static enum ow_step step_command(struct ow_server *s)
{
    if (!ow_ctl_has(&s->ctl, OW_BLK))
        return OW_STEP_WAIT;
    if (ps_buf_len(&s->ctl.out) > OW_OUT_HARD) {
        ow_ctl_fail(&s->ctl, PS_ELIMIT, "the peer sends commands and does not read the answers");
        return OW_STEP_WAIT;
    }
    if (!ow_ctl_open(&s->ctl, s->msg, OW_BLK))
        return OW_STEP_WAIT;
    if (s->ctl.testing && s->msg[0] != OW_CMD_STOP)
        ow_ctl_fail(&s->ctl, PS_EPROTO, "command %u while a test runs", s->msg[0]);
    else if (!s->ctl.testing && s->msg[0] == OW_CMD_STOP)
        ow_ctl_fail(&s->ctl, PS_EPROTO, "command 3, Stop-Sessions, while no test runs");
    else
        choose_command(s);
    return s->ctl.err == 0 ? OW_STEP_MORE : OW_STEP_WAIT;
}

// The rest of a command of len octets, of which the first block is there.
static bool read_rest(struct ow_server *s, size_t len, const char *what)
{
    return ow_ctl_open_msg(&s->ctl, s->msg + OW_BLK, len - 2 * OW_BLK, what);
}

static int write_accept(struct ow_server *s, const struct ow_accept_msg *a)
{
    uint8_t out[OW_ACCEPT_LEN];

    ow_accept_pack(a, out);
    return ow_ctl_seal_msg(&s->ctl, out, sizeof out);
}

static void refuse_slots(struct ow_server *s)
{
    const struct ow_accept_msg a = {.accept = OW_ACCEPT_PERMANENT};

    write_accept(s, &a);
    ow_ctl_fail(&s->ctl, PS_ELIMIT, "a request with %u schedule slots; the limit is %u", s->request.nslots,
                OW_MAX_SLOTS);
}

static enum ow_step step_request(struct ow_server *s)
{
    int err;

    if (!read_rest(s, OW_REQUEST_LEN, "Request-Session"))
        return OW_STEP_WAIT;
    err = ow_request_unpack(s->msg, &s->request);
    if (err == 0 && s->request.nslots > OW_MAX_SLOTS) {
        refuse_slots(s);
        return OW_STEP_WAIT;
    }
    s->nslots = 0;
    s->slots = calloc(s->request.nslots > 0 ? s->request.nslots : 1, sizeof *s->slots);
    if (err == 0 && s->slots == NULL)
        err = -ENOMEM;
    s->state = SV_SLOTS;
    return ow_ctl_fault(&s->ctl, err) == 0 ? OW_STEP_MORE : OW_STEP_WAIT;
}

static enum ow_step step_slots(struct ow_server *s)
{
    uint8_t blk[OW_BLK];
    int err;

    if (s->nslots == s->request.nslots) {
        s->state = SV_SLOTS_HMAC;
        return OW_STEP_MORE;
    }
    if (!ow_ctl_open(&s->ctl, blk, sizeof blk))
        return OW_STEP_WAIT;
    err = ow_slot_unpack(blk, &s->slots[s->nslots++]);
    if (err == PS_EUNSUPPORTED)
        ow_ctl_fail(&s->ctl, err, "schedule slot %u is of unknown type %u", s->nslots - 1, blk[0]);
    return ow_ctl_fault(&s->ctl, err) == 0 ? OW_STEP_MORE : OW_STEP_WAIT;
}

static void drop_slots(struct ow_server *s)
{
    free(s->slots);
    s->slots = NULL;
}

static enum ow_step step_slots_hmac(struct ow_server *s, struct ow_server_event *ev)
{
    const struct ow_accept_msg full = {.accept = OW_ACCEPT_TEMPORARY};

    if (!ow_ctl_open_msg(&s->ctl, NULL, 0, "the schedule slots"))
        return OW_STEP_WAIT;
    if (s->sessions == OW_MAX_SESSIONS) {
        drop_slots(s);
        s->state = SV_COMMAND;
        return write_accept(s, &full) == 0 ? OW_STEP_MORE : OW_STEP_WAIT;
    }
    ev->type = OW_SEV_REQUEST;
    ev->request = s->request;
    ev->slots = s->slots;
    s->state = SV_REQUEST_ASKED;
    return OW_STEP_EVENT;
}

int ow_server_accept(struct ow_server *s, uint8_t accept, uint16_t port, const uint8_t sid[16])
{
    struct ow_accept_msg a = {.accept = accept, .port = port};

    if (s->ctl.err != 0 || s->state != SV_REQUEST_ASKED)
        return PS_ESTATE;
    if (sid != NULL)
        memcpy(a.sid, sid, sizeof a.sid);
    if (accept == OW_ACCEPT_OK)
        s->sessions++;
    drop_slots(s);
    s->state = SV_COMMAND;
    return write_accept(s, &a);
}

static enum ow_step step_start(struct ow_server *s, struct ow_server_event *ev)
{
    if (!read_rest(s, 2 * OW_BLK, "Start-Sessions"))
        return OW_STEP_WAIT;
    s->early = s->msg[1] == OW_EARLY;
    ev->type = OW_SEV_START;
    ev->early = s->early;
    s->state = SV_START_ASKED;
    return OW_STEP_EVENT;
}

int ow_server_start(struct ow_server *s, uint8_t accept)
{
    const uint8_t out[2 * OW_BLK] = {accept};

    if (s->ctl.err != 0 || s->state != SV_START_ASKED)
        return PS_ESTATE;
    s->state = SV_COMMAND;
    if (accept == OW_ACCEPT_OK) {
        ow_ctl_test_begin(&s->ctl);
        s->sessions = 0;
    }
    return ow_ctl_seal_msg(&s->ctl, out, sizeof out);
}

static enum ow_step step_stop(struct ow_server *s, struct ow_server_event *ev)
{
    if (!ow_ctl_stop_read(&s->ctl, &ev->stop))
        return OW_STEP_WAIT;
    ev->type = OW_SEV_STOP;
    s->state = s->ctl.testing ? SV_STOP_OWED : SV_COMMAND;
    return OW_STEP_EVENT;
}

int ow_server_stop(struct ow_server *s, uint8_t accept, const struct ow_stop_rec *recs, uint32_t nrecs)
{
    int err = ow_ctl_stop_write(&s->ctl, accept, recs, nrecs);

    if (err == 0 && s->state == SV_STOP_OWED)
        s->state = SV_COMMAND;
    return err;
}

static enum ow_step step_fetch(struct ow_server *s, struct ow_server_event *ev)
{
    int err;

    if (!read_rest(s, OW_FETCH_LEN, "Fetch-Session"))
        return OW_STEP_WAIT;
    err = ow_fetch_unpack(s->msg, &ev->fetch);
    if (ow_ctl_fault(&s->ctl, err) != 0)
        return OW_STEP_WAIT;
    ev->type = OW_SEV_FETCH;
    s->state = SV_FETCH_ASKED;
    return OW_STEP_EVENT;
}

static enum ow_step step(struct ow_server *s, struct ow_server_event *ev)
{
    switch (s->state) {
    case SV_SETUP:
        return step_setup(s, ev);
    case SV_READY:
        return step_ready(s, ev);
    case SV_COMMAND:
        return step_command(s);
    case SV_REQUEST:
        return step_request(s);
    case SV_SLOTS:
        return step_slots(s);
    case SV_SLOTS_HMAC:
        return step_slots_hmac(s, ev);
    case SV_START:
        return step_start(s, ev);
    case SV_STOP:
        return step_stop(s, ev);
    case SV_FETCH:
        return step_fetch(s, ev);
    case SV_IDENTIFY:
    case SV_REQUEST_ASKED:
    case SV_START_ASKED:
    case SV_STOP_OWED:
    case SV_FETCH_ASKED:
    case SV_FETCH_DATA:
        return OW_STEP_WAIT;
    }
    return OW_STEP_WAIT;
}

bool ow_server_next(struct ow_server *s, struct ow_server_event *ev)
{
    enum ow_step r = OW_STEP_MORE;

    memset(ev, 0, sizeof *ev);
    if (s->state != SV_STOP)
        ow_ctl_stop_clear(&s->ctl);
    while (r == OW_STEP_MORE && s->ctl.err == 0)
        r = step(s, ev);
    if (s->ctl.err != 0) {
        memset(ev, 0, sizeof *ev);
        if (!ow_ctl_tell(&s->ctl, ev->why, sizeof ev->why))
            return false;
        ev->type = OW_SEV_FAILED;
        ev->err = s->ctl.err;
        r = OW_STEP_EVENT;
    }
    ev->mode = s->ctl.mode;
    if (s->shake != NULL)
        ev->setup = s->shake->setup;
    if (ev->type == OW_SEV_READY)
        drop_handshake(s);
    return r == OW_STEP_EVENT;
}

bool ow_server_testing(const struct ow_server *s)
{
    return s->ctl.testing;
}

bool ow_server_early(const struct ow_server *s)
{
    return s->early;
}

uint32_t ow_server_mode(const struct ow_server *s)
{
    return s->ctl.mode;
}

const struct ow_keys *ow_server_keys(const struct ow_server *s)
{
    return s->ctl.chan != NULL && s->ctl.mode != OW_MODE_OPEN ? &s->ctl.keys : NULL;
}
