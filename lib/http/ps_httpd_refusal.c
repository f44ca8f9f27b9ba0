// SPDX-License-Identifier: Apache-2.0
// What the library refuses before it calls anything of ours (a length that is none, a head that is too large, another
// version of HTTP) it answers with a page of HTML, and nothing can be set to change that. But it makes that answer with
// a function that it exports, and calls as everybody else does: ours stands before it, and makes it the answer that all
// other refusals have. Where a library does not call it so, the page of HTML remains.
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "http/ps_httpd_impl.h"

#define TITLE_MAX 100

// The page's title, or other words.
static void title_of(const char *page, size_t len, char out[TITLE_MAX])
{
    const char *at = memmem(page, len, "<title>", 7), *end = NULL;

    if (at)
        end = memchr(at + 7, '<', len - (size_t)(at + 7 - page));
    if (end)
        snprintf(out, TITLE_MAX, "%.*s", (int)(end - at - 7), at + 7);
    else
        snprintf(out, TITLE_MAX, "the request cannot be read");
}

static struct MHD_Response *refusal(const char *page, size_t len)
{
    char title[TITLE_MAX];
    size_t size;
    char *text;
    struct MHD_Response *r;

    title_of(page, len, title);
    text = httpd_reply_text(title, &size);
    r = text ? MHD_create_response_from_buffer_with_free_callback(size, text, free) : NULL;
    if (r)
        MHD_add_response_header(r, "Content-Type", "application/json");
    else
        free(text);
    return r;
}

// We call it with MHD_RESPMEM_MUST_FREE, the library with MHD_RESPMEM_PERSISTENT.
struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer,
                                                     enum MHD_ResponseMemoryMode mode)
{
    if (mode == MHD_RESPMEM_MUST_FREE)
        return MHD_create_response_from_buffer_with_free_callback(size, buffer, free);
    return refusal(buffer, size);
}
