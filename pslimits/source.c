// SPDX-License-Identifier: Apache-2.0
#include "pslimits/source.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_conf.h"
#include "base/ps_err.h"

const char *source_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static int read_stream(FILE *f, size_t max, char **text, size_t *len)
{
    struct ps_buf b;
    uint8_t *room;
    size_t n;
    int err = 0;
    ps_buf_init(&b, max + 1);
    do {
        size_t left = max + 1 - ps_buf_len(&b), want = left < 65536 ? left : 65536;
        err = want ? ps_buf_reserve(&b, want, &room) : PS_ELIMIT;
        n = err ? 0 : fread(room, 1, want, f);
        ps_buf_commit(&b, n);
    } while (n > 0);
    if (!err && ferror(f))
        err = -EIO;
    if (!err)
        err = ps_buf_append(&b, "", 1);
    *len = err ? 0 : ps_buf_len(&b) - 1;
    *text = err ? NULL : malloc(*len + 1);
    if (*text)
        memcpy(*text, ps_buf_head(&b), *len + 1);
    else if (!err)
        err = -ENOMEM;
    ps_buf_fini(&b);
    return err;
}

static int read_again(const char *path, size_t max, char **text, size_t *len)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return -errno;
    int err = read_stream(f, max, text, len);
    fclose(f);
    return err;
}

int source_text(const char *path, size_t max, char **text, size_t *len, char *why, size_t size)
{
    int err =
        strcmp(path, "-") == 0 ? read_stream(stdin, max, text, len) : ps_conf_load(path, max, text, len);
    // No text: whoever reads it as JSON can tell where that begins.
    if (err == PS_EMALFORMED)
        err = read_again(path, max, text, len);
    if (err == PS_ELIMIT)
        snprintf(why, size, "%s: is larger than %zu octets", source_name(path), max);
    else if (err)
        snprintf(why, size, "%s: %s", source_name(path), ps_strerror(err));
    return err;
}

int source_read(const char *path, size_t max, char **text, size_t *len)
{
    char why[400];
    int err = source_text(path, max, text, len, why, sizeof why);
    // As a shell gives it: <(...)
    if (err == PS_ENOTFILE && (err = read_again(path, max, text, len)) != 0)
        snprintf(why, sizeof why, "%s: %s", path, ps_strerror(err));
    if (err)
        fprintf(stderr, "pslimits: %s\n", why);
    return err;
}
