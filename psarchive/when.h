// SPDX-License-Identifier: Apache-2.0
// Times on a command line: seconds since 1970, "2026-01-02T03:04:05Z", "2026-01-02", or how long ago: "90s", "10m", "6h",
// "7d", "2w". Pure.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define WHEN_SIZE 24

// *out: seconds since 1970. PS_ESYNTAX.
int when_parse(const char *text, int64_t now, int64_t *out);
// How long: "90s", "10m", "6h", "7d", "2w". PS_ESYNTAX.
int when_length(const char *text, int64_t *seconds);
// "2026-01-02T03:04:05Z". Returns out.
const char *when_text(int64_t ts, char out[WHEN_SIZE]);
