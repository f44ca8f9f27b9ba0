// SPDX-License-Identifier: Apache-2.0
// What a server may send on a control connection. The first octet says how the stream is cut into
// pieces and which modes are wanted; keys are fixed, so that a seed can be encrypted.
#include <string.h>
#include "fuzz.h"
#include "owamp/ow_client.h"

static const uint8_t key[16] = "fuzzing only key";
static const struct ow_keys keys = {{1}, {2}};
static const uint8_t iv[16] = {3};
static const struct ow_slot slots[2] = {{OW_SLOT_EXP, UINT64_C(1) << 30}, {OW_SLOT_FIXED, UINT64_C(1) << 29}};

static void begin(struct ow_client *c)
{
    struct ow_request req = {.ipvn = 4, .conf_sender = true, .nslots = 2, .npackets = 10};
    ow_client_request(c, &req, slots);
}

static void fetch(struct ow_client *c)
{
    struct ow_fetch all = {.begin = 0, .end = 0xFFFFFFFF};
    ow_client_fetch(c, &all);
}

static void act(struct ow_client *c, const struct ow_client_event *ev)
{
    switch (ev->type) {
    case OW_CEV_GREETING:
        if (ev->mode == OW_MODE_OPEN)
            ow_client_choose(c, ev->mode, NULL, NULL, NULL, NULL);
        else
            ow_client_choose(c, ev->mode, "fuzz", key, &keys, iv);
        break;
    case OW_CEV_READY:
    case OW_CEV_FETCH_DONE:
        begin(c);
        break;
    case OW_CEV_ACCEPT:
        ow_client_start(c);
        break;
    case OW_CEV_STARTED:
        ow_client_stop(c, OW_ACCEPT_OK, NULL, 0);
        break;
    case OW_CEV_STOP:
        fetch(c);
        break;
    case OW_CEV_NONE:
    case OW_CEV_FETCH_ACK:
    case OW_CEV_FETCH_HEAD:
    case OW_CEV_FETCH_DATA:
    case OW_CEV_FAILED:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ow_client *c = NULL;
    struct ow_client_event ev;
    if (size == 0 || ow_client_new(&c, data[0] & 7) < 0)
        return 0;
    size_t piece = (size_t)(data[0] >> 3) * 7 + 1;
    for (size_t at = 1; at < size; at += piece) {
        if (ow_client_input(c, data + at, size - at < piece ? size - at : piece) < 0)
            break;
        while (ow_client_next(c, &ev))
            act(c, &ev);
        ps_buf_clear(ow_client_out(c));
    }
    ow_client_free(c);
    return 0;
}
