// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include "owamp/ow_server_impl.h"

static int write_ack(struct ow_server *s, const struct ow_fetch_ack *ack)
{
    uint8_t out[OW_ACK_LEN];

    ow_fetch_ack_pack(ack, out);
    return ow_ctl_seal_msg(&s->ctl, out, sizeof out);
}

int ow_server_fetch_deny(struct ow_server *s, uint8_t accept)
{
    const struct ow_fetch_ack ack = {.accept = accept};

    if (accept == OW_ACCEPT_OK)
        return PS_ERANGE;
    if (s->ctl.err != 0 || s->state != SV_FETCH_ASKED)
        return PS_ESTATE;
    s->state = SV_COMMAND;
    return write_ack(s, &ack);
}

static int write_skips(struct ow_server *s, const struct ow_skip *skips, uint32_t n)
{
    const size_t len = ((size_t)n + 1) / 2 * OW_BLK;
    uint8_t *blks = calloc(1, len > 0 ? len : 1);
    struct ps_wr w;
    int err;

    if (blks == NULL)
        return ow_ctl_fault(&s->ctl, -ENOMEM);
    ps_wr_init(&w, blks, len);
    ow_skips_pack(&w, skips, n);
    err = ow_ctl_seal(&s->ctl, blks, len);
    free(blks);
    return err != 0 ? err : ow_ctl_seal_hmac(&s->ctl);
}

int ow_server_fetch_begin(struct ow_server *s, const struct ow_fetch_ack *ack, const struct ow_request *req,
                          const struct ow_slot *slots, const struct ow_skip *skips)
{
    uint8_t copy[OW_REQUEST_LEN];
    int err;

    if (s->ctl.err != 0 || s->state != SV_FETCH_ASKED)
        return PS_ESTATE;
    if (ack->accept != OW_ACCEPT_OK || req->nslots > OW_MAX_SLOTS || ack->nskips > OW_MAX_SKIPS)
        return PS_ERANGE;
    s->records_due = ack->nrecords;
    s->ncarry = 0;
    s->state = SV_FETCH_DATA;
    ow_request_pack(req, copy);
    err = write_ack(s, ack);
    if (err == 0)
        err = ow_ctl_seal_msg(&s->ctl, copy, sizeof copy);
    if (err == 0)
        err = ow_ctl_seal_slots(&s->ctl, slots, req->nslots);
    return err != 0 ? err : write_skips(s, skips, ack->nskips);
}

// Fills the block that the last call left unfinished. Returns how many octets it took.
static size_t fill_carry(struct ow_server *s, const uint8_t *data, size_t len)
{
    size_t n = s->ncarry > 0 ? OW_BLK - s->ncarry : 0;

    n = n < len ? n : len;
    if (n > 0)
        memcpy(s->carry + s->ncarry, data, n);
    s->ncarry += n;
    return n;
}

int ow_server_fetch_data(struct ow_server *s, const uint8_t *records, uint32_t nrecords)
{
    size_t len = (size_t)nrecords * OW_REC_LEN, n, whole;
    int err = 0;

    if (s->ctl.err != 0 || s->state != SV_FETCH_DATA)
        return PS_ESTATE;
    if (nrecords > s->records_due)
        return PS_ERANGE;
    s->records_due -= nrecords;
    n = fill_carry(s, records, len);
    if (s->ncarry == OW_BLK) {
        err = ow_ctl_seal(&s->ctl, s->carry, OW_BLK);
        s->ncarry = 0;
    }
    whole = (len - n) / OW_BLK * OW_BLK;
    if (err == 0)
        err = ow_ctl_seal(&s->ctl, records + n, whole);
    n += whole;
    if (n < len) {
        s->ncarry = len - n;
        memcpy(s->carry, records + n, s->ncarry);
    }
    return err;
}

int ow_server_fetch_end(struct ow_server *s)
{
    int err = 0;

    if (s->ctl.err != 0 || s->state != SV_FETCH_DATA || s->records_due != 0)
        return PS_ESTATE;
    if (s->ncarry > 0) {
        memset(s->carry + s->ncarry, 0, OW_BLK - s->ncarry);
        err = ow_ctl_seal(&s->ctl, s->carry, OW_BLK);
    }
    s->state = SV_COMMAND;
    return err != 0 ? err : ow_ctl_seal_hmac(&s->ctl);
}
