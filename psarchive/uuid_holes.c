// SPDX-License-Identifier: Apache-2.0
#include "psarchive/uuid_holes.h"
#include <stdbool.h>
#include <string.h>

static bool is_dash_place(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_uuid(const char *text)
{
    for (size_t i = 0; i < UUID_TEXT; i++)
        if (is_dash_place(i) ? text[i] != '-' : digit(text[i]) < 0)
            return false;
    return true;
}

size_t uuids_find(const char *text, size_t len, size_t *at, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; n < max && i + UUID_TEXT <= len;) {
        const char *dash = memchr(text + i + 8, '-', len - i - 8);
        if (dash == NULL)
            break;
        size_t start = (size_t)(dash - text) - 8;
        if (start + UUID_TEXT <= len && is_uuid(text + start)) {
            at[n++] = start;
            i = start + UUID_TEXT;
        } else
            i = start + 1;
    }
    return n;
}

size_t uuids_cut(const char *text, size_t len, const size_t *at, size_t from, size_t n, char *out)
{
    size_t to = 0, done = 0;
    for (size_t i = from; i < n; i++) {
        memcpy(out + to, text + done, at[i] - done);
        to += at[i] - done;
        out[to++] = UUID_HOLE;
        done = at[i] + UUID_TEXT;
    }
    memcpy(out + to, text + done, len - done);
    return to + len - done;
}

void uuid_get(const char *text, uint8_t out[UUID_LEN])
{
    for (size_t i = 0, n = 0; n < UUID_LEN; i += 2) {
        i += is_dash_place(i);
        out[n++] = (uint8_t)(digit(text[i]) << 4 | digit(text[i + 1]));
    }
}

void uuid_put(const uint8_t uuid[UUID_LEN], char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0, n = 0; n < UUID_LEN; n++) {
        if (is_dash_place(i))
            out[i++] = '-';
        out[i++] = digits[uuid[n] >> 4];
        out[i++] = digits[uuid[n] & 15];
    }
}
