// SPDX-License-Identifier: Apache-2.0
// The answer to Fetch-Session: acknowledgement, request, slots, skip ranges, records, each with an
// HMAC of its own. The counts in it only say how much is to come; memory grows with what came.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "owamp/ow_client_impl.h"

void ow_client_fetch_clear(struct ow_client *c)
{
    free(c->slots);
    free(c->skips.v);
    free(c->batch);
    c->batch = NULL;
    c->slots = NULL;
    memset(&c->skips, 0, sizeof c->skips);
}

static void check_ack(struct ow_client *c)
{
    if (c->ack.finished > OW_FIN_INCOMPLETE)
        ow_ctl_fail(&c->ctl, PS_EPROTO, "Fetch-Ack: %u is not a state of a session", c->ack.finished);
    if (c->ack.nskips > OW_MAX_SKIPS)
        ow_ctl_fail(&c->ctl, PS_ELIMIT, "Fetch-Ack: %u skip ranges are too many", c->ack.nskips);
}

static enum ow_step step_ack(struct ow_client *c, struct ow_client_event *ev)
{
    uint8_t in[OW_ACK_LEN];

    if (!ow_ctl_open_msg(&c->ctl, in, OW_ACK_LEN - OW_BLK, "Fetch-Ack"))
        return OW_STEP_WAIT;
    ow_fetch_ack_unpack(in, &c->ack);
    ev->type = OW_CEV_FETCH_ACK;
    ev->ack = c->ack;
    c->state = CL_IDLE;
    if (c->ack.accept == OW_ACCEPT_OK) {
        check_ack(c);
        c->records_due = c->ack.nrecords;
        c->state = CL_FETCH_REQUEST;
    }
    return OW_STEP_EVENT;
}

static void check_request(struct ow_client *c, int err)
{
    const struct ow_request *r = &c->request;

    if (err != 0)
        ow_ctl_fail(&c->ctl, err, "Fetch-Session: what should be the session's request is none");
    else if (r->ipvn != 4 && r->ipvn != 6)
        ow_ctl_fail(&c->ctl, PS_EMALFORMED, "Fetch-Session: the request is for IP version %u", r->ipvn);
    else if (memcmp(r->sid, c->fetch_sid, OW_SID_LEN) != 0)
        ow_ctl_fail(&c->ctl, PS_EPROTO, "Fetch-Session: the server sends another session than was asked for");
    else if (r->nslots == 0)
        ow_ctl_fail(&c->ctl, PS_EMALFORMED, "Fetch-Session: the request has no schedule slots");
    else if (r->nslots > OW_MAX_SLOTS)
        ow_ctl_fail(&c->ctl, PS_ELIMIT, "Fetch-Session: a request with %u schedule slots; the limit is %u",
                    r->nslots, OW_MAX_SLOTS);
    else if (c->ack.next_seqno > r->npackets)
        ow_ctl_fail(&c->ctl, PS_EMALFORMED, "Fetch-Session: Next Seqno %u of a session of %u packets",
                    c->ack.next_seqno, r->npackets);
}

static enum ow_step step_request(struct ow_client *c)
{
    uint8_t in[OW_REQUEST_LEN] = {0};

    if (!ow_ctl_open_msg(&c->ctl, in, OW_REQUEST_LEN - OW_BLK, "the fetched request"))
        return OW_STEP_WAIT;
    check_request(c, ow_request_unpack(in, &c->request));
    if (c->ctl.err != 0)
        return OW_STEP_WAIT;
    c->nslots = 0;
    c->slots = calloc(c->request.nslots, sizeof *c->slots);
    c->state = CL_FETCH_SLOTS;
    return ow_ctl_fault(&c->ctl, c->slots == NULL ? -ENOMEM : 0) == 0 ? OW_STEP_MORE : OW_STEP_WAIT;
}

static enum ow_step step_slots(struct ow_client *c)
{
    uint8_t blk[OW_BLK];
    int err;

    if (c->nslots == c->request.nslots) {
        c->state = CL_FETCH_SLOTS_HMAC;
        return OW_STEP_MORE;
    }
    if (!ow_ctl_open(&c->ctl, blk, sizeof blk))
        return OW_STEP_WAIT;
    err = ow_slot_unpack(blk, &c->slots[c->nslots++]);
    if (err == PS_EUNSUPPORTED)
        ow_ctl_fail(&c->ctl, err, "Fetch-Session: schedule slot %u is of unknown type %u", c->nslots - 1,
                    blk[0]);
    return ow_ctl_fault(&c->ctl, err) == 0 ? OW_STEP_MORE : OW_STEP_WAIT;
}

static enum ow_step step_slots_hmac(struct ow_client *c)
{
    if (!ow_ctl_open_msg(&c->ctl, NULL, 0, "the fetched schedule slots"))
        return OW_STEP_WAIT;
    c->state = CL_FETCH_SKIPS;
    return OW_STEP_MORE;
}

static enum ow_step step_skips(struct ow_client *c)
{
    uint8_t blk[OW_BLK];
    struct ps_rd r;
    int err = 0;

    if (c->skips.n == c->ack.nskips) {
        c->state = CL_FETCH_SKIPS_HMAC;
        return OW_STEP_MORE;
    }
    if (!ow_ctl_open(&c->ctl, blk, sizeof blk))
        return OW_STEP_WAIT;
    ps_rd_init(&r, blk, sizeof blk);
    for (int i = 0; i < 2 && err == 0 && c->skips.n < c->ack.nskips; i++) {
        struct ow_skip skip;

        skip.first = ps_rd_u32(&r);
        skip.last = ps_rd_u32(&r);
        err = ow_skips_add(&c->skips, 0, skip, c->request.npackets);
        if (err == PS_EMALFORMED || err == PS_ERANGE)
            ow_ctl_fail(&c->ctl, err, "Fetch-Session: bad skip range %u to %u", skip.first, skip.last);
    }
    return ow_ctl_fault(&c->ctl, err) == 0 ? OW_STEP_MORE : OW_STEP_WAIT;
}

static enum ow_step step_skips_hmac(struct ow_client *c, struct ow_client_event *ev)
{
    if (!ow_ctl_open_msg(&c->ctl, NULL, 0, "the fetched skip ranges"))
        return OW_STEP_WAIT;
    ev->type = OW_CEV_FETCH_HEAD;
    ev->ack = c->ack;
    ev->request = c->request;
    ev->slots = c->slots;
    ev->skips = c->skips.v;
    c->state = CL_FETCH_DATA;
    return OW_STEP_EVENT;
}

// How many records can be taken now: whole chunks, and at the very end what is left of one.
static uint32_t records_at_hand(const struct ow_client *c)
{
    size_t chunks = ps_buf_len(&c->ctl.in) / OW_CHUNK_LEN;

    if (c->records_due < OW_CHUNK_RECS)
        return c->records_due;
    chunks = chunks < OW_BATCH_CHUNKS ? chunks : OW_BATCH_CHUNKS;
    if (chunks > c->records_due / OW_CHUNK_RECS)
        chunks = c->records_due / OW_CHUNK_RECS;
    return (uint32_t)chunks * OW_CHUNK_RECS;
}

static enum ow_step step_data(struct ow_client *c, struct ow_client_event *ev)
{
    const uint32_t n = records_at_hand(c);
    const size_t len = ((size_t)n * OW_REC_LEN + OW_BLK - 1) / OW_BLK * OW_BLK;

    if (c->records_due == 0) {
        c->state = CL_FETCH_END;
        return OW_STEP_MORE;
    }
    if (n == 0)
        return OW_STEP_WAIT;
    if (c->batch == NULL && (c->batch = malloc(OW_BATCH_CHUNKS * OW_CHUNK_LEN)) == NULL) {
        ow_ctl_fail(&c->ctl, -ENOMEM, "out of memory");
        return OW_STEP_MORE;
    }
    if (!ow_ctl_open(&c->ctl, c->batch, len))
        return OW_STEP_WAIT;
    c->records_due -= n;
    ev->type = OW_CEV_FETCH_DATA;
    ev->records = c->batch;
    ev->nrecords = n;
    return OW_STEP_EVENT;
}

static enum ow_step step_end(struct ow_client *c, struct ow_client_event *ev)
{
    if (!ow_ctl_open_msg(&c->ctl, NULL, 0, "the fetched records"))
        return OW_STEP_WAIT;
    free(c->batch);
    c->batch = NULL;
    ev->type = OW_CEV_FETCH_DONE;
    c->state = CL_IDLE;
    return OW_STEP_EVENT;
}

enum ow_step ow_client_fetch_step(struct ow_client *c, struct ow_client_event *ev)
{
    if (c->state == CL_FETCH_ACK)
        return step_ack(c, ev);
    if (c->state == CL_FETCH_REQUEST)
        return step_request(c);
    if (c->state == CL_FETCH_SLOTS)
        return step_slots(c);
    if (c->state == CL_FETCH_SLOTS_HMAC)
        return step_slots_hmac(c);
    if (c->state == CL_FETCH_SKIPS)
        return step_skips(c);
    if (c->state == CL_FETCH_SKIPS_HMAC)
        return step_skips_hmac(c, ev);
    if (c->state == CL_FETCH_DATA)
        return step_data(c, ev);
    return step_end(c, ev);
}
