// SPDX-License-Identifier: Apache-2.0
#include "zstd/ps_zstd.h"
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>
#include "base/ps_err.h"

#define LEVEL 6 // of short texts against another one the best that takes less than 30 us
#define DATA_MAX (64u << 20)

struct ps_zstd {
    ZSTD_CCtx *packer;
    ZSTD_DCtx *unpacker;
    uint8_t *out;
    size_t cap;
};

int ps_zstd_new(struct ps_zstd **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? 0 : -ENOMEM;
}

void ps_zstd_free(struct ps_zstd *z)
{
    if (z == NULL)
        return;
    ZSTD_freeCCtx(z->packer);
    ZSTD_freeDCtx(z->unpacker);
    free(z->out);
    free(z);
}

static int reserve(struct ps_zstd *z, size_t len)
{
    if (z->cap >= len)
        return 0;
    uint8_t *out = realloc(z->out, len);
    if (out == NULL)
        return -ENOMEM;
    z->out = out;
    z->cap = len;
    return 0;
}

// No checksum and no length: both are kept elsewhere, and texts are short.
static int make_packer(struct ps_zstd *z)
{
    if (z->packer != NULL)
        return 0;
    z->packer = ZSTD_createCCtx();
    if (z->packer == NULL)
        return -ENOMEM;
    (void)ZSTD_CCtx_setParameter(z->packer, ZSTD_c_compressionLevel, LEVEL);
    (void)ZSTD_CCtx_setParameter(z->packer, ZSTD_c_contentSizeFlag, 0);
    return 0;
}

int ps_zstd_pack(struct ps_zstd *z, const void *dict, size_t dict_len, const void *data, size_t len,
                 const uint8_t **out, size_t *out_len)
{
    if (len > DATA_MAX || dict_len > DATA_MAX)
        return PS_ELIMIT;
    if (make_packer(z) != 0 || reserve(z, ZSTD_compressBound(len)) != 0)
        return -ENOMEM;
    if (ZSTD_isError(ZSTD_CCtx_refPrefix(z->packer, dict, dict_len)))
        return -ENOMEM;
    size_t n = ZSTD_compress2(z->packer, z->out, z->cap, data, len);
    if (ZSTD_isError(n))
        return -ENOMEM;
    *out = z->out;
    *out_len = n;
    return 0;
}

int ps_zstd_unpack(struct ps_zstd *z, const void *dict, size_t dict_len, const void *data, size_t data_len,
                   void *out, size_t len)
{
    if (z->unpacker == NULL && (z->unpacker = ZSTD_createDCtx()) == NULL)
        return -ENOMEM;
    if (ZSTD_isError(ZSTD_DCtx_refPrefix(z->unpacker, dict, dict_len)))
        return -ENOMEM;
    size_t n = ZSTD_decompressDCtx(z->unpacker, out, len, data, data_len);
    return ZSTD_isError(n) || n != len ? PS_EMALFORMED : 0;
}
