// SPDX-License-Identifier: Apache-2.0
// Compression of texts, each by itself or against another text that both sides have (a dictionary). The only
// includer of zstd.h.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct ps_zstd;
// Working memory for one thread: some hundred kB, made when it is first needed.
int ps_zstd_new(struct ps_zstd **out);
void ps_zstd_free(struct ps_zstd *z); // NULL is fine

// Compresses into memory of z that is good until the next call; dict may be NULL with a length of 0. 0, -ENOMEM,
// PS_ELIMIT.
int ps_zstd_pack(struct ps_zstd *z, const void *dict, size_t dict_len, const void *data, size_t len,
                 const uint8_t **out, size_t *out_len);
// Into exactly len octets at out. PS_EMALFORMED: it is none, or of another length, or of another dictionary.
int ps_zstd_unpack(struct ps_zstd *z, const void *dict, size_t dict_len, const void *data, size_t data_len,
                   void *out, size_t len);
