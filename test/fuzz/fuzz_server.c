// SPDX-License-Identifier: Apache-2.0
// What a client may send on a control connection. The first octet says how the stream is cut into
// pieces and what the host answers; the identity's key is fixed, so that a seed can be encrypted.
#include <string.h>
#include "fuzz.h"
#include "owamp/ow_rec.h"
#include "owamp/ow_server.h"

static const uint8_t key[16] = "fuzzing only key";

static void answer_fetch(struct ow_server *s, uint8_t choice)
{
    static const uint8_t records[2 * OW_REC_LEN];
    static const struct ow_skip skip = {3, 4};
    struct ow_slot slot = {OW_SLOT_EXP, UINT64_C(1) << 30};
    struct ow_request req = {.ipvn = 4, .nslots = 1, .npackets = 10};
    struct ow_fetch_ack ack = {.finished = OW_FIN_NORMAL, .next_seqno = 10, .nskips = 1, .nrecords = 2};
    if (choice & 2) {
        ow_server_fetch_deny(s, OW_ACCEPT_REJECT);
        return;
    }
    if (ow_server_fetch_begin(s, &ack, &req, &slot, &skip) == 0 && ow_server_fetch_data(s, records, 2) == 0)
        ow_server_fetch_end(s);
}

static void answer(struct ow_server *s, const struct ow_server_event *ev, uint8_t choice)
{
    static const uint8_t sid[OW_SID_LEN] = {127, 0, 0, 1, 5};
    static struct ow_skip skip = {1, 2};
    struct ow_stop_rec rec = {.next_seqno = 10, .nskips = 1, .skips = &skip};
    memcpy(rec.sid, sid, sizeof sid);
    switch (ev->type) {
    case OW_SEV_IDENTIFY:
        ow_server_identity(s, choice & 1 ? NULL : key);
        break;
    case OW_SEV_REQUEST:
        ow_server_accept(s, choice & 2 ? OW_ACCEPT_TEMPORARY : OW_ACCEPT_OK, 8760, sid);
        break;
    case OW_SEV_START:
        if (ow_server_start(s, OW_ACCEPT_OK) == 0 && (choice & 4))
            ow_server_stop(s, OW_ACCEPT_OK, &rec, 1);
        break;
    case OW_SEV_STOP:
        ow_server_stop(s, OW_ACCEPT_OK, &rec, 1);
        break;
    case OW_SEV_FETCH:
        answer_fetch(s, choice);
        break;
    case OW_SEV_NONE:
    case OW_SEV_READY:
    case OW_SEV_FAILED:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ow_server_conf conf = {.modes = OW_MODE_ALL, .count = OW_COUNT_MIN};
    struct ow_server *s = NULL;
    struct ow_server_event ev;
    if (size == 0 || ow_server_new(&s, &conf) < 0)
        return 0;
    size_t piece = (size_t)(data[0] >> 3) * 7 + 1;
    for (size_t at = 1; at < size; at += piece) {
        if (ow_server_input(s, data + at, size - at < piece ? size - at : piece) < 0)
            break;
        while (ow_server_next(s, &ev))
            answer(s, &ev, data[0]);
        ps_buf_clear(ow_server_out(s));
    }
    ow_server_free(s);
    return 0;
}
