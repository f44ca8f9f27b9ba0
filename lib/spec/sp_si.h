// SPDX-License-Identifier: Apache-2.0
// Numbers with SI letters (fact sheet 2.2): "10", "1.5G", "64Ki". Pure.
#pragma once
#include <stdint.h>

// A whole number: digits, perhaps a fraction, perhaps one of K M G T P E Z Y (of any case) for powers of 1000 or, with
// an "i" behind it, of 1024. What is left of a fraction is rounded. PS_ESYNTAX; PS_ERANGE past 2^53.
int sp_si_parse(const char *text, int64_t *out);
