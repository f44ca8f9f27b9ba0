// SPDX-License-Identifier: Apache-2.0
// Strict numbers from text: the whole string must be the number, or the answer is PS_ESYNTAX;
// outside [min, max] it is PS_ERANGE.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Decimal, 0x hexadecimal or 0 octal when base is 0.
int ps_num_u64(const char *s, int base, uint64_t min, uint64_t max, uint64_t *out);
int ps_num_i64(const char *s, int base, int64_t min, int64_t max, int64_t *out);
// Finite; no hexadecimal, no "inf", no "nan".
int ps_num_double(const char *s, double min, double max, double *out);
// An integer with an optional suffix k m g t p e z (any case), powers of 1000.
int ps_num_scaled(const char *s, uint64_t max, uint64_t *out);
// Exactly 2*n hexadecimal digits to n octets.
int ps_num_hex(const char *s, uint8_t *out, size_t n);
// n octets to 2*n lower-case digits and NUL: out has 2*n+1 places.
void ps_num_to_hex(const uint8_t *in, size_t n, char *out);
