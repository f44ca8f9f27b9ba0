// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_uuid.h"
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_rand.h"

int dir_uuid_parse(const char *text, uint8_t out[16])
{
    char digits[33];
    size_t n = 0;

    if (strlen(text) != DIR_UUID_TEXT - 1)
        return PS_ESYNTAX;
    for (size_t i = 0; text[i]; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-')
                return PS_ESYNTAX;
        } else {
            digits[n++] = text[i];
        }
    }
    digits[n] = '\0';
    return ps_num_hex(digits, out, 16);
}

const char *dir_uuid_text(const uint8_t uuid[16], char out[DIR_UUID_TEXT])
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    char *at = out;

    for (size_t i = 0; i < sizeof groups; i++) {
        ps_num_to_hex(uuid, groups[i], at);
        uuid += groups[i];
        at += 2 * groups[i];
        *at++ = '-';
    }
    at[-1] = '\0';
    return out;
}

int dir_uuid_make(uint8_t out[16])
{
    int err = ps_rand_bytes(out, 16);

    out[6] = (uint8_t)((out[6] & 0x0f) | 0x40);
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
    return err;
}
