// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_test.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_wire.h"
#include "crypto/ps_crypto.h"

#define HMAC_OFFSET 32
#define HMAC_LEN 16 // of SHA-1's 20 octets
#define ERR_SYNCED 0x8000u

// The contexts are NULL in open mode.
struct ow_test {
    uint32_t mode;
    struct ps_aes *enc, *dec; // ECB, also in encrypted mode: see encrypt()
    struct ps_hmac *mac;
};

// The session's keys: the control connection's, encrypted under the SID.
static int derive(const struct ow_keys *keys, const uint8_t sid[16], struct ow_keys *out)
{
    struct ps_aes *cbc = NULL;
    int err = ps_aes_new(&cbc, PS_AES_CBC_ENCRYPT, sid, NULL);
    if (err)
        return err;
    // From a zero IV, the first block of CBC is that of ECB.
    err = ps_aes_run(cbc, keys->aes, sizeof keys->aes, out->aes);
    if (!err)
        err = ps_aes_set_iv(cbc, NULL);
    if (!err)
        err = ps_aes_run(cbc, keys->hmac, sizeof keys->hmac, out->hmac);
    ps_aes_free(cbc);
    return err;
}

static int test_setup(struct ow_test *t, const struct ow_keys *keys, const uint8_t sid[16])
{
    struct ow_keys own;
    int err = derive(keys, sid, &own);
    if (!err)
        err = ps_aes_new(&t->enc, PS_AES_ECB_ENCRYPT, own.aes, NULL);
    if (!err)
        err = ps_aes_new(&t->dec, PS_AES_ECB_DECRYPT, own.aes, NULL);
    if (!err)
        err = ps_hmac_new(&t->mac, own.hmac, sizeof own.hmac);
    ps_mem_wipe(&own, sizeof own);
    return err;
}

int ow_test_new(struct ow_test **out, uint32_t mode, const struct ow_keys *keys, const uint8_t sid[16])
{
    if (mode != OW_MODE_OPEN && mode != OW_MODE_AUTH && mode != OW_MODE_ENC)
        return PS_EUNSUPPORTED;
    struct ow_test *t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    t->mode = mode;
    int err = mode == OW_MODE_OPEN ? 0 : test_setup(t, keys, sid);
    if (err) {
        ow_test_free(t);
        return err;
    }
    *out = t;
    return 0;
}

void ow_test_free(struct ow_test *t)
{
    if (!t)
        return;
    ps_aes_free(t->enc);
    ps_aes_free(t->dec);
    ps_hmac_free(t->mac);
    free(t);
}

size_t ow_test_header_len(uint32_t mode)
{
    return mode == OW_MODE_OPEN ? OW_TEST_OPEN_LEN : OW_TEST_AUTH_LEN;
}

// How much of the header is encrypted and under the HMAC.
static size_t covered(const struct ow_test *t)
{
    return t->mode == OW_MODE_ENC ? 2 * OW_BLK : OW_BLK;
}

static void block_xor(uint8_t *to, const uint8_t *from)
{
    for (int i = 0; i < OW_BLK; i++)
        to[i] ^= from[i];
}

// Each packet of encrypted mode is two blocks of CBC from a zero IV. Chained here over ECB:
// resetting the IV of a CBC context costs several times the encryption.
static int encrypt(struct ow_test *t, uint8_t *head)
{
    int err = ps_aes_run(t->enc, head, OW_BLK, head);
    if (err || t->mode != OW_MODE_ENC)
        return err;
    block_xor(head + OW_BLK, head);
    return ps_aes_run(t->enc, head + OW_BLK, OW_BLK, head + OW_BLK);
}

static int decrypt(struct ow_test *t, const uint8_t *in, uint8_t *head)
{
    memcpy(head, in, HMAC_OFFSET);
    int err = ps_aes_run(t->dec, in, covered(t), head);
    if (!err && t->mode == OW_MODE_ENC)
        block_xor(head + OW_BLK, in);
    return err;
}

static int header_mac(struct ow_test *t, const uint8_t *head, uint8_t mac[PS_SHA1_LEN])
{
    int err = ps_hmac_update(t->mac, head, covered(t));
    return err ? err : ps_hmac_final(t->mac, mac);
}

static void write_open(const struct ow_test_packet *p, uint8_t *out)
{
    struct ps_wr w;
    ps_wr_init(&w, out, OW_TEST_OPEN_LEN);
    ps_wr_u32(&w, p->seq);
    ps_wr_u64(&w, p->stamp);
    ps_wr_u16(&w, p->err);
}

static void write_head(const struct ow_test_packet *p, uint8_t *out)
{
    struct ps_wr w;
    ps_wr_init(&w, out, HMAC_OFFSET);
    ps_wr_u32(&w, p->seq);
    ps_wr_zero(&w, 12);
    ps_wr_u64(&w, p->stamp);
    ps_wr_u16(&w, p->err);
    ps_wr_zero(&w, 6);
}

int ow_test_pack(struct ow_test *t, const struct ow_test_packet *p, uint8_t *out)
{
    uint8_t mac[PS_SHA1_LEN];
    if (t->mode == OW_MODE_OPEN) {
        write_open(p, out);
        return 0;
    }
    write_head(p, out);
    int err = header_mac(t, out, mac);
    if (err)
        return err;
    memcpy(out + HMAC_OFFSET, mac, HMAC_LEN);
    return encrypt(t, out);
}

static void read_packet(const uint8_t *in, size_t len, size_t gap, struct ow_test_packet *p)
{
    struct ps_rd r;
    ps_rd_init(&r, in, len);
    p->seq = ps_rd_u32(&r);
    ps_rd_skip(&r, gap);
    p->stamp = ps_rd_u64(&r);
    p->err = ps_rd_u16(&r);
}

int ow_test_unpack(struct ow_test *t, const uint8_t *in, size_t len, struct ow_test_packet *p)
{
    uint8_t head[HMAC_OFFSET], mac[PS_SHA1_LEN];
    if (len < ow_test_header_len(t->mode))
        return PS_ESHORT;
    if (t->mode == OW_MODE_OPEN) {
        read_packet(in, OW_TEST_OPEN_LEN, 0, p);
        return 0;
    }
    int err = decrypt(t, in, head);
    if (!err)
        err = header_mac(t, head, mac);
    if (err)
        return err;
    if (!ps_mem_equal(mac, in + HMAC_OFFSET, HMAC_LEN))
        return PS_EAUTH;
    read_packet(head, sizeof head, 12, p);
    return 0;
}

uint16_t ow_err_pack(bool synced, ps_ns error_ns)
{
    // 33 bits more than a ps_ns has room for.
    unsigned __int128 e = error_ns > 0 ? (unsigned __int128)error_ns << 32 : 0;
    e = (e + (PS_SEC - 1)) / PS_SEC;
    unsigned scale = 0;
    // Rounding up at each halving keeps the result from falling below the error.
    while (e > 255) {
        e = (e + 1) / 2;
        scale++;
    }
    unsigned multiplier = e > 0 ? (unsigned)e : 1;
    return (uint16_t)((synced ? ERR_SYNCED : 0) | scale << 8 | multiplier);
}

bool ow_err_synced(uint16_t err)
{
    return (err & ERR_SYNCED) != 0;
}

bool ow_err_valid(uint16_t err)
{
    return (err & 0xFF) != 0;
}

double ow_err_seconds(uint16_t err)
{
    int scale = err >> 8 & 0x3F;
    return ldexp(err & 0xFF, scale - 32);
}
