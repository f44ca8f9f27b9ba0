// SPDX-License-Identifier: Apache-2.0
// The cryptographic skin of a control connection (RFC 4656 section 3.1 to 3.4; the fact sheet's
// 1.2 and 1.3): keys, token, and in each direction one CBC chain and one running HMAC. In open
// mode octets pass as they are and HMAC fields are zero and not checked.
#pragma once
#include "owamp/ow_msg.h"

#define OW_COUNT_DEFAULT 2048u
#define OW_COUNT_MIN 1024u      // RFC 4656: the least; a peer that offers less is refused
#define OW_COUNT_MAX (1u << 20) // a peer's count is bounded: about 0.5 s of work

// The session keys that both ends share.
struct ow_keys {
    uint8_t aes[16], hmac[32];
};

// Key derived from a pass-phrase; slow (PBKDF2).
int ow_derive(const uint8_t *pass, size_t pass_len, const uint8_t salt[16], uint32_t count, uint8_t key[16]);
// Token = AES-CBC(key, IV 0, challenge || aes || hmac), and back. unpack: PS_EAUTH if the
// challenge inside is not ours.
int ow_token_pack(const uint8_t key[16], const uint8_t challenge[16], const struct ow_keys *keys,
                  uint8_t token[64]);
int ow_token_unpack(const uint8_t key[16], const uint8_t challenge[16], const uint8_t token[64],
                    struct ow_keys *keys);

struct ow_chan;
// mode OPEN: keys and IVs are ignored (may be NULL). out_iv: IV of our direction, in_iv: the peer's.
int ow_chan_new(struct ow_chan **out, uint32_t mode, const struct ow_keys *keys, const uint8_t out_iv[16],
                const uint8_t in_iv[16]);
void ow_chan_free(struct ow_chan *c);
// Whole blocks, in place: adds plaintext to the outgoing HMAC, then encrypts.
int ow_chan_seal(struct ow_chan *c, uint8_t *data, size_t n);
// Writes the HMAC of everything sealed since the last one, encrypted; restarts the HMAC.
int ow_chan_seal_hmac(struct ow_chan *c, uint8_t out[16]);
// In place: decrypts, then adds to the incoming HMAC.
int ow_chan_open(struct ow_chan *c, uint8_t *data, size_t n);
// Decrypts an HMAC field and compares. PS_EAUTH when it differs.
int ow_chan_open_hmac(struct ow_chan *c, uint8_t in[16]);
