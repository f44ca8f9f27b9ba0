// SPDX-License-Identifier: Apache-2.0
// The cryptography that OWAMP asks for: AES-128 in ECB and CBC, HMAC-SHA1, PBKDF2; and SHA-256. The only
// includer of OpenSSL. Contexts are made once and used for each packet without allocation.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define PS_AES_BLOCK 16
#define PS_AES_KEY 16
#define PS_SHA1_LEN 20

// AES-128 with one key, in one direction. CBC keeps its chain between calls.
struct ps_aes;
enum ps_aes_use { PS_AES_ECB_ENCRYPT, PS_AES_ECB_DECRYPT, PS_AES_CBC_ENCRYPT, PS_AES_CBC_DECRYPT };
// iv: 16 octets for CBC (NULL: zeros), ignored for ECB. PS_ECRYPTO or -ENOMEM.
int ps_aes_new(struct ps_aes **out, enum ps_aes_use use, const uint8_t key[16], const uint8_t iv[16]);
void ps_aes_free(struct ps_aes *a);
// Sets the chain to iv (NULL: zeros) for the next call.
int ps_aes_set_iv(struct ps_aes *a, const uint8_t iv[16]);
// n octets, a multiple of 16; in and out may be the same.
int ps_aes_run(struct ps_aes *a, const uint8_t *in, size_t n, uint8_t *out);

// ECB encryption with a key that is used but once, where a context would lie about for long. As ps_aes_run.
int ps_aes_once(const uint8_t key[16], const uint8_t *in, size_t n, uint8_t *out);

// HMAC-SHA1 over a stream, restarted with the same key after each result.
struct ps_hmac;
int ps_hmac_new(struct ps_hmac **out, const uint8_t *key, size_t key_len);
void ps_hmac_free(struct ps_hmac *h);
int ps_hmac_update(struct ps_hmac *h, const void *data, size_t n);
int ps_hmac_final(struct ps_hmac *h, uint8_t out[PS_SHA1_LEN]);

#define PS_SHA256_LEN 32
// SHA-256 (FIPS 180-4) of n octets. PS_ECRYPTO.
int ps_sha256(const void *data, size_t n, uint8_t out[PS_SHA256_LEN]);

// PBKDF2 with HMAC-SHA1 (RFC 2898). Slow on purpose: for a worker, not for a loop.
int ps_pbkdf2(const uint8_t *pass, size_t pass_len, const uint8_t *salt, size_t salt_len, uint32_t count,
              uint8_t *key, size_t key_len);
// Whether n octets are equal, in a time that does not tell where they differ.
int ps_mem_equal(const void *a, const void *b, size_t n);
// Overwrites secrets in a way the compiler keeps.
void ps_mem_wipe(void *p, size_t n);
