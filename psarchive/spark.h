// SPDX-License-Identifier: Apache-2.0
// A series of numbers as one line of blocks of eight heights, as wide as it has to be. Pure.
#pragma once
#include <stddef.h>

// Into at most `width` characters (each three octets of UTF-8): where there are more values, the greatest of those
// that share a place. Heights are between the least and the greatest. out has 3 * width + 1 octets. Returns out.
const char *spark_line(const double *values, size_t n, size_t width, char *out);
