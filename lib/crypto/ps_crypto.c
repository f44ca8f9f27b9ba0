// SPDX-License-Identifier: Apache-2.0
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/ps_crypto.h"

#include <errno.h>
#include <limits.h>
#include <openssl/aes.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

// EVP counts in int; a longer run is cut into pieces of this many octets.
#define RUN_MAX ((size_t)1 << 30)

struct ps_aes {
    EVP_CIPHER_CTX *ctx;
    bool cbc;
};

struct ps_hmac {
    EVP_MAC_CTX *ctx;
    bool rekey;
    size_t key_len;
    uint8_t key[];
};

static const uint8_t zeros[PS_AES_BLOCK];

static bool use_is_cbc(enum ps_aes_use use)
{
    return use == PS_AES_CBC_ENCRYPT || use == PS_AES_CBC_DECRYPT;
}

static bool use_encrypts(enum ps_aes_use use)
{
    return use == PS_AES_ECB_ENCRYPT || use == PS_AES_CBC_ENCRYPT;
}

static int aes_setup(struct ps_aes *a, enum ps_aes_use use, const uint8_t *key, const uint8_t *iv)
{
    const EVP_CIPHER *cipher = a->cbc ? EVP_aes_128_cbc() : EVP_aes_128_ecb();
    if (a->cbc && !iv)
        iv = zeros;
    if (EVP_CipherInit_ex2(a->ctx, cipher, key, a->cbc ? iv : NULL, use_encrypts(use), NULL) != 1)
        return PS_ECRYPTO;
    return EVP_CIPHER_CTX_set_padding(a->ctx, 0) == 1 ? 0 : PS_ECRYPTO;
}

int ps_aes_new(struct ps_aes **out, enum ps_aes_use use, const uint8_t key[16], const uint8_t iv[16])
{
    struct ps_aes *a = calloc(1, sizeof *a);
    if (!a)
        return -ENOMEM;
    a->cbc = use_is_cbc(use);
    a->ctx = EVP_CIPHER_CTX_new();
    int err = a->ctx ? aes_setup(a, use, key, iv) : -ENOMEM;
    if (err) {
        ps_aes_free(a);
        return err;
    }
    *out = a;
    return 0;
}

void ps_aes_free(struct ps_aes *a)
{
    if (!a)
        return;
    EVP_CIPHER_CTX_free(a->ctx);
    free(a);
}

int ps_aes_set_iv(struct ps_aes *a, const uint8_t iv[16])
{
    if (!a->cbc)
        return 0;
    return EVP_CipherInit_ex2(a->ctx, NULL, NULL, iv ? iv : zeros, -1, NULL) == 1 ? 0 : PS_ECRYPTO;
}

int ps_aes_run(struct ps_aes *a, const uint8_t *in, size_t n, uint8_t *out)
{
    // EVP would keep a partial block for later; here that is a mistake of the caller's.
    if (n % PS_AES_BLOCK != 0)
        return PS_ERANGE;
    while (n > 0) {
        size_t part = n < RUN_MAX ? n : RUN_MAX;
        int done = 0;
        if (EVP_CipherUpdate(a->ctx, out, &done, in, (int)part) != 1 || (size_t)done != part)
            return PS_ECRYPTO;
        in += part;
        out += part;
        n -= part;
    }
    return 0;
}

#ifdef HAVE_AES_SET_ENCRYPT_KEY
// A tenth of what a context costs that is used once. The library would rather have that, but still has this.
int ps_aes_once(const uint8_t key[16], const uint8_t *in, size_t n, uint8_t *out)
{
    AES_KEY k;
    if (n % PS_AES_BLOCK != 0)
        return PS_ERANGE;
    if (AES_set_encrypt_key(key, 8 * PS_AES_KEY, &k) != 0)
        return PS_ECRYPTO;
    for (size_t at = 0; at < n; at += PS_AES_BLOCK)
        AES_encrypt(in + at, out + at, &k);
    OPENSSL_cleanse(&k, sizeof k);
    return 0;
}
#else
int ps_aes_once(const uint8_t key[16], const uint8_t *in, size_t n, uint8_t *out)
{
    struct ps_aes *a;
    int err = ps_aes_new(&a, PS_AES_ECB_ENCRYPT, key, NULL);
    if (err)
        return err;
    err = ps_aes_run(a, in, n, out);
    ps_aes_free(a);
    return err;
}
#endif

static int hmac_restart(struct ps_hmac *h)
{
    const uint8_t *key = h->rekey ? h->key : NULL;
    return EVP_MAC_init(h->ctx, key, key ? h->key_len : 0, NULL) == 1 ? 0 : PS_ECRYPTO;
}

static int hmac_setup(struct ps_hmac *h)
{
    char digest[] = "SHA1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (!mac)
        return PS_ECRYPTO;
    h->ctx = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    if (!h->ctx)
        return -ENOMEM;
    return EVP_MAC_init(h->ctx, h->key, h->key_len, params) == 1 ? 0 : PS_ECRYPTO;
}

int ps_hmac_new(struct ps_hmac **out, const uint8_t *key, size_t key_len)
{
    // An empty key and one zero octet are the same to HMAC, and OpenSSL refuses the first.
    size_t room = key_len > 0 ? key_len : 1;
    if (room > SIZE_MAX - sizeof(struct ps_hmac))
        return -ENOMEM;
    struct ps_hmac *h = calloc(1, sizeof *h + room);
    if (!h)
        return -ENOMEM;
    h->key_len = room;
    if (key_len > 0)
        memcpy(h->key, key, key_len);
    // OpenSSL before 3.0.3 takes a restart without the key for success and does nothing
    // (openssl issue 17811); giving the key again costs twice the time.
    h->rekey = OpenSSL_version_num() < 0x30000030UL;
    int err = hmac_setup(h);
    if (err) {
        ps_hmac_free(h);
        return err;
    }
    *out = h;
    return 0;
}

void ps_hmac_free(struct ps_hmac *h)
{
    if (!h)
        return;
    EVP_MAC_CTX_free(h->ctx);
    ps_mem_wipe(h->key, h->key_len);
    free(h);
}

int ps_hmac_update(struct ps_hmac *h, const void *data, size_t n)
{
    return n == 0 || EVP_MAC_update(h->ctx, data, n) == 1 ? 0 : PS_ECRYPTO;
}

int ps_hmac_final(struct ps_hmac *h, uint8_t out[PS_SHA1_LEN])
{
    size_t len = 0;
    if (EVP_MAC_final(h->ctx, out, &len, PS_SHA1_LEN) != 1 || len != PS_SHA1_LEN)
        return PS_ECRYPTO;
    return hmac_restart(h);
}

int ps_pbkdf2(const uint8_t *pass, size_t pass_len, const uint8_t *salt, size_t salt_len, uint32_t count,
              uint8_t *key, size_t key_len)
{
    if (pass_len > INT_MAX || salt_len > INT_MAX || key_len > INT_MAX || count == 0 || count > INT_MAX)
        return PS_ERANGE;
    const char *text = pass_len > 0 ? (const char *)pass : "";
    int ok = PKCS5_PBKDF2_HMAC_SHA1(text, (int)pass_len, salt, (int)salt_len, (int)count, (int)key_len, key);
    return ok == 1 ? 0 : PS_ECRYPTO;
}

int ps_mem_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

int ps_sha256(const void *data, size_t n, uint8_t out[PS_SHA256_LEN])
{
    unsigned len = 0;
    int ok = EVP_Digest(data, n, out, &len, EVP_sha256(), NULL);
    return ok == 1 && len == PS_SHA256_LEN ? 0 : PS_ECRYPTO;
}

void ps_mem_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}
