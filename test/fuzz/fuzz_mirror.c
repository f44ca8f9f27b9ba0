// SPDX-License-Identifier: Apache-2.0
// The head of a copy that was found on disk. What was read of it is written again and must be the same.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "http/ps_mirror_impl.h"

#define URL "http://host.example/list"

static void write_again(const struct ps_mirror_head *head)
{
    struct ps_mirror_head again;
    struct ps_buf out;
    size_t at = 0;

    ps_buf_init(&out, 0);
    if (ps_mirror_head_put(&out, URL, head))
        abort();
    if (ps_mirror_head_parse((const char *)ps_buf_head(&out), ps_buf_len(&out), URL, &again, &at))
        abort();
    if (at != ps_buf_len(&out) || strcmp(again.etag, head->etag) != 0 ||
        strcmp(again.modified, head->modified) != 0)
        abort();
    ps_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_mirror_head head;
    size_t at = 0;

    if (ps_mirror_head_parse((const char *)data, size, URL, &head, &at))
        return 0;
    if (at > size)
        abort();
    write_again(&head);
    return 0;
}
