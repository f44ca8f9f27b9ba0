// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_chan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "crypto/ps_crypto.h"

#define TOKEN_LEN 64
#define HMAC_LEN 16 // of SHA-1's 20 octets

// All four are NULL in open mode.
struct ow_chan {
    struct ps_aes *seal, *open;
    struct ps_hmac *seal_mac, *open_mac;
};

int ow_derive(const uint8_t *pass, size_t pass_len, const uint8_t salt[16], uint32_t count, uint8_t key[16])
{
    if (count < OW_COUNT_MIN || count > OW_COUNT_MAX)
        return PS_ERANGE;
    return ps_pbkdf2(pass, pass_len, salt, 16, count, key, 16);
}

// One CBC run from a zero IV with a key used for nothing else.
static int cbc_once(enum ps_aes_use use, const uint8_t key[16], const uint8_t *in, size_t n, uint8_t *out)
{
    struct ps_aes *aes = NULL;
    int err = ps_aes_new(&aes, use, key, NULL);
    if (err)
        return err;
    err = ps_aes_run(aes, in, n, out);
    ps_aes_free(aes);
    return err;
}

int ow_token_pack(const uint8_t key[16], const uint8_t challenge[16], const struct ow_keys *keys,
                  uint8_t token[64])
{
    uint8_t plain[TOKEN_LEN];
    memcpy(plain, challenge, 16);
    memcpy(plain + 16, keys->aes, 16);
    memcpy(plain + 32, keys->hmac, 32);
    int err = cbc_once(PS_AES_CBC_ENCRYPT, key, plain, sizeof plain, token);
    ps_mem_wipe(plain, sizeof plain);
    return err;
}

int ow_token_unpack(const uint8_t key[16], const uint8_t challenge[16], const uint8_t token[64],
                    struct ow_keys *keys)
{
    uint8_t plain[TOKEN_LEN];
    int err = cbc_once(PS_AES_CBC_DECRYPT, key, token, sizeof plain, plain);
    if (!err && !ps_mem_equal(plain, challenge, 16))
        err = PS_EAUTH;
    if (!err) {
        memcpy(keys->aes, plain + 16, 16);
        memcpy(keys->hmac, plain + 32, 32);
    }
    ps_mem_wipe(plain, sizeof plain);
    return err;
}

static int chan_setup(struct ow_chan *c, const struct ow_keys *keys, const uint8_t *out_iv,
                      const uint8_t *in_iv)
{
    int err = ps_aes_new(&c->seal, PS_AES_CBC_ENCRYPT, keys->aes, out_iv);
    if (!err)
        err = ps_aes_new(&c->open, PS_AES_CBC_DECRYPT, keys->aes, in_iv);
    if (!err)
        err = ps_hmac_new(&c->seal_mac, keys->hmac, sizeof keys->hmac);
    if (!err)
        err = ps_hmac_new(&c->open_mac, keys->hmac, sizeof keys->hmac);
    return err;
}

int ow_chan_new(struct ow_chan **out, uint32_t mode, const struct ow_keys *keys, const uint8_t out_iv[16],
                const uint8_t in_iv[16])
{
    if (mode != OW_MODE_OPEN && mode != OW_MODE_AUTH && mode != OW_MODE_ENC)
        return PS_EUNSUPPORTED;
    struct ow_chan *c = calloc(1, sizeof *c);
    if (!c)
        return -ENOMEM;
    int err = mode == OW_MODE_OPEN ? 0 : chan_setup(c, keys, out_iv, in_iv);
    if (err) {
        ow_chan_free(c);
        return err;
    }
    *out = c;
    return 0;
}

void ow_chan_free(struct ow_chan *c)
{
    if (!c)
        return;
    ps_aes_free(c->seal);
    ps_aes_free(c->open);
    ps_hmac_free(c->seal_mac);
    ps_hmac_free(c->open_mac);
    free(c);
}

int ow_chan_seal(struct ow_chan *c, uint8_t *data, size_t n)
{
    // Before the HMAC takes the octets: a refused call must leave it as it was.
    if (n % OW_BLK != 0)
        return PS_ERANGE;
    if (!c->seal)
        return 0;
    int err = ps_hmac_update(c->seal_mac, data, n);
    return err ? err : ps_aes_run(c->seal, data, n, data);
}

int ow_chan_seal_hmac(struct ow_chan *c, uint8_t out[16])
{
    uint8_t mac[PS_SHA1_LEN];
    if (!c->seal) {
        memset(out, 0, HMAC_LEN);
        return 0;
    }
    int err = ps_hmac_final(c->seal_mac, mac);
    return err ? err : ps_aes_run(c->seal, mac, HMAC_LEN, out);
}

int ow_chan_open(struct ow_chan *c, uint8_t *data, size_t n)
{
    if (n % OW_BLK != 0)
        return PS_ERANGE;
    if (!c->open)
        return 0;
    int err = ps_aes_run(c->open, data, n, data);
    return err ? err : ps_hmac_update(c->open_mac, data, n);
}

int ow_chan_open_hmac(struct ow_chan *c, uint8_t in[16])
{
    uint8_t mac[PS_SHA1_LEN];
    if (!c->open)
        return 0;
    int err = ps_aes_run(c->open, in, HMAC_LEN, in);
    if (!err)
        err = ps_hmac_final(c->open_mac, mac);
    if (err)
        return err;
    return ps_mem_equal(mac, in, HMAC_LEN) ? 0 : PS_EAUTH;
}
