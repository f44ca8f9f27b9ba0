// SPDX-License-Identifier: Apache-2.0
// Test packets as they come off the network. The first octet is the mode; then, for each datagram,
// its length, its arrival in 256ths of a second after the last one's, and its octets.
#include "fuzz.h"
#include "owamp/ow_recv.h"

#define START (PS_NTP_EPOCH << 32)

static int ignore(void *ctx, const struct ow_rec *rec)
{
    (void)ctx;
    (void)rec;
    return 0;
}

static void receive(struct ow_recv *r, struct ow_test *t, const uint8_t *data, size_t size)
{
    ps_ntp now = START;
    struct ow_test_packet p;
    while (size >= 2) {
        size_t len = data[0] < size - 2 ? data[0] : size - 2;
        now += (ps_ntp)data[1] << 24;
        if (ow_test_unpack(t, data + 2, len, &p) == 0 && ow_recv_packet(r, &p, now, 0x8001, 64) < 0)
            return;
        if (ow_recv_expire(r, now, 0x8001) < 0)
            return;
        data += 2 + len;
        size -= 2 + len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ow_keys keys = {{1}, {2}};
    static const struct ow_slot slot = {OW_SLOT_EXP, UINT64_C(1) << 28};
    static const uint8_t sid[OW_SID_LEN] = {127, 0, 0, 1};
    static const uint32_t modes[4] = {OW_MODE_OPEN, OW_MODE_AUTH, OW_MODE_ENC, OW_MODE_OPEN};
    struct ow_recv_conf conf = {.slots = &slot,
                                .nslots = 1,
                                .npackets = 1000,
                                .start = START,
                                .timeout = UINT64_C(2) << 32,
                                .max_window = 256};
    struct ow_test *t = NULL;
    struct ow_recv *r = NULL;
    uint32_t mode = size > 0 ? modes[data[0] & 3] : OW_MODE_OPEN;
    if (size > 0 && ow_test_new(&t, mode, mode == OW_MODE_OPEN ? NULL : &keys, sid) == 0 &&
        ow_recv_new(&r, &conf, ignore, NULL) == 0)
        receive(r, t, data + 1, size - 1);
    ow_recv_free(r);
    ow_test_free(t);
    return 0;
}
