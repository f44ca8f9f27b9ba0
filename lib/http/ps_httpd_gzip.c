// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>
#include "base/ps_err.h"
#include "http/ps_httpd_impl.h"

// 16 KiB of window and 32 KiB of tables: thousands of answers may be on their way.
#define WINDOW_BITS 12
#define MEMORY_LEVEL 5
#define LEVEL 4
#define AS_GZIP 16
#define STEP ((size_t)16384)

struct httpd_gzip {
    z_stream z;
};

int httpd_gzip_new(struct httpd_gzip **out)
{
    struct httpd_gzip *g = calloc(1, sizeof *g);

    if (g && deflateInit2(&g->z, LEVEL, Z_DEFLATED, AS_GZIP + WINDOW_BITS, MEMORY_LEVEL,
                          Z_DEFAULT_STRATEGY) == Z_OK) {
        *out = g;
        return 0;
    }
    free(g);
    return -ENOMEM;
}

void httpd_gzip_free(struct httpd_gzip *g)
{
    if (g)
        deflateEnd(&g->z);
    free(g);
}

int httpd_gzip_put(struct httpd_gzip *g, struct ps_buf *in, enum httpd_flush flush, struct ps_buf *out)
{
    static const int modes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
    z_stream *z = &g->z;

    z->next_in = ps_buf_head(in);
    z->avail_in = (unsigned)ps_buf_len(in);
    do {
        uint8_t *to;
        int err = ps_buf_reserve(out, STEP, &to);
        if (err)
            return err;
        z->next_out = to;
        z->avail_out = STEP;
        if (deflate(z, modes[flush]) == Z_STREAM_ERROR)
            return -EIO;
        ps_buf_commit(out, STEP - z->avail_out);
    } while (z->avail_out == 0);
    ps_buf_clear(in);
    return 0;
}

static int inflate_all(z_stream *z, struct ps_buf *out)
{
    int rc = Z_OK;

    while (rc == Z_OK) {
        size_t room = out->max - ps_buf_len(out), step = room < STEP ? room : STEP;
        uint8_t *to, spare = 0;
        int err = ps_buf_reserve(out, step, &to);
        if (err)
            return err;
        z->next_out = step ? to : &spare;
        z->avail_out = step ? (unsigned)step : 1;
        rc = inflate(z, Z_NO_FLUSH);
        if (step == 0 && z->avail_out == 0)
            return PS_ELIMIT;
        if (step)
            ps_buf_commit(out, step - z->avail_out);
    }
    if (rc == Z_MEM_ERROR)
        return -ENOMEM;
    return rc == Z_STREAM_END && z->avail_in == 0 ? 0 : PS_EMALFORMED;
}

int httpd_gunzip(const void *data, size_t len, struct ps_buf *out)
{
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)data, .avail_in = (unsigned)len};
    int err;

    if (len > UINT_MAX)
        return PS_ELIMIT;
    if (inflateInit2(&z, AS_GZIP + MAX_WBITS) != Z_OK)
        return -ENOMEM;
    err = inflate_all(&z, out);
    inflateEnd(&z);
    return err;
}
