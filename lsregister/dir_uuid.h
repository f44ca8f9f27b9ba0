// SPDX-License-Identifier: Apache-2.0
// UUIDs (RFC 9562) and their text. Pure, but for the making of one.
#pragma once
#include <stdint.h>

#define DIR_UUID_TEXT 37 // octets of its text, with the NUL

// "8-4-4-4-12" hexadecimal digits, in any case. PS_ESYNTAX.
int dir_uuid_parse(const char *text, uint8_t out[16]);
const char *dir_uuid_text(const uint8_t uuid[16], char out[DIR_UUID_TEXT]); // in lower case; returns out
// A random one (version 4). 0 or -errno.
int dir_uuid_make(uint8_t out[16]);
