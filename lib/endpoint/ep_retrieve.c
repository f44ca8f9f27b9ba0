// SPDX-License-Identifier: Apache-2.0
#include "endpoint/ep_retrieve.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

// Many more records than packets come of copies only; the server's count is not trusted with our disk.
#define RECORDS_A_PACKET 16u
#define RECORDS_MORE 4096u

void ep_retrieve_init(struct ep_retrieve *r, int fd, const struct ow_request *asked,
                      const struct ow_slot *slots)
{
    memset(r, 0, sizeof *r);
    r->fd = fd;
    r->asked = asked;
    r->slots = slots;
    r->end_seq = UINT32_MAX;
}

void ep_retrieve_fini(struct ep_retrieve *r)
{
    ow_writer_free(r->writer);
    free(r->skips);
    r->writer = NULL;
    r->skips = NULL;
}

// Addresses and start are the server's to put right.
static bool is_asked(const struct ep_retrieve *r, const struct ow_client_event *ev)
{
    const struct ow_request *a = r->asked, *b = &ev->request;
    if (a == NULL)
        return true;
    if (a->ipvn != b->ipvn || a->nslots != b->nslots || a->npackets != b->npackets ||
        a->padding != b->padding || a->timeout != b->timeout || a->typep != b->typep)
        return false;
    for (uint32_t i = 0; i < a->nslots; i++)
        if (r->slots[i].type != ev->slots[i].type || r->slots[i].value != ev->slots[i].value)
            return false;
    return r->ack.nrecords <= (uint64_t)a->npackets * RECORDS_A_PACKET + RECORDS_MORE;
}

static int take_head(struct ep_retrieve *r, const struct ow_client_event *ev)
{
    if (!is_asked(r, ev))
        return PS_EPROTO;
    r->skips = calloc(r->ack.nskips + (size_t)1, sizeof *r->skips);
    if (r->skips == NULL)
        return -ENOMEM;
    if (r->ack.nskips != 0)
        memcpy(r->skips, ev->skips, r->ack.nskips * sizeof *r->skips);
    return ow_writer_new(&r->writer, r->fd, &ev->request, ev->slots);
}

static int take_data(struct ep_retrieve *r, const struct ow_client_event *ev)
{
    int err = 0;
    for (uint32_t i = 0; err == 0 && i < ev->nrecords; i++) {
        struct ow_rec rec;
        ow_rec_unpack(ev->records + (size_t)i * OW_REC_LEN, &rec);
        err = ow_writer_add(r->writer, &rec);
    }
    return err;
}

static int finish(struct ep_retrieve *r)
{
    struct ow_file_end end = {.finished = (enum ow_finished)r->ack.finished,
                              .next_seqno = r->ack.next_seqno,
                              .skips = r->skips,
                              .nskips = r->ack.nskips,
                              .end_seq = r->end_seq};
    r->done = true;
    return ow_writer_finish(r->writer, &end);
}

int ep_retrieve_event(struct ep_retrieve *r, const struct ow_client_event *ev)
{
    switch (ev->type) {
    case OW_CEV_FETCH_ACK:
        r->ack = ev->ack;
        return ev->ack.accept == OW_ACCEPT_OK ? 0 : PS_EREFUSED;
    case OW_CEV_FETCH_HEAD:
        return take_head(r, ev);
    case OW_CEV_FETCH_DATA:
        return take_data(r, ev);
    case OW_CEV_FETCH_DONE:
        return finish(r);
    case OW_CEV_NONE:
    case OW_CEV_GREETING:
    case OW_CEV_READY:
    case OW_CEV_ACCEPT:
    case OW_CEV_STARTED:
    case OW_CEV_STOP:
    case OW_CEV_FAILED:
        break;
    }
    return PS_EPROTO;
}
