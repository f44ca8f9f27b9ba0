// SPDX-License-Identifier: Apache-2.0
// URLs: what is read and written is read and written as the same; what is joined is a URL. The first line is the
// base, the rest a reference.
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "fuzz.h"
#include "http/ps_url.h"

static void reread(const struct ps_buf *text)
{
    struct ps_buf again;
    struct ps_url u;

    if (ps_buf_len(text) > PS_URL_MAX)
        return;
    if (ps_url_parse(&u, (char *)ps_buf_head(text), ps_buf_len(text)) != 0)
        abort();
    ps_buf_init(&again, 0);
    if (ps_url_format(&u, false, &again) || ps_buf_len(&again) != ps_buf_len(text) ||
        memcmp(ps_buf_head(&again), ps_buf_head(text), ps_buf_len(text)) != 0)
        abort();
    ps_buf_fini(&again);
    ps_url_fini(&u);
}

static void use(const struct ps_url *u, const char *ref)
{
    struct ps_buf out;

    ps_url_port(u);
    ps_buf_init(&out, 0);
    if (ps_url_format(u, false, &out) == 0)
        reread(&out);
    ps_buf_clear(&out);
    if (ps_url_join(u, ref, &out) == 0)
        reread(&out);
    ps_buf_fini(&out);
}

static void escape(const char *text, size_t len)
{
    struct ps_buf out;
    size_t n;

    ps_buf_init(&out, 0);
    if (len > 0 && ps_url_escape(&out, text, len) == 0 && !memchr(text, '\0', len)) {
        char *p = (char *)ps_buf_head(&out);
        if (ps_url_unescape(p, ps_buf_len(&out), true, p, &n) || n != len || memcmp(p, text, len) != 0)
            abort();
    }
    ps_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = size ? memchr(text, '\n', size) : NULL;
    size_t len = end ? (size_t)(end - text) : size;
    char *ref = strndup(end ? end + 1 : "", end ? size - len - 1 : 0);
    struct ps_url u;

    if (ref && ps_url_parse(&u, text, len) == 0) {
        use(&u, ref);
        ps_url_fini(&u);
    }
    escape(text, len);
    free(ref);
    return 0;
}
