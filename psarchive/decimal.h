// SPDX-License-Identifier: Apache-2.0
// Sums that do not depend on the order of what is summed: a fixed point of twelve decimals in 128 bits. A number
// of more decimals is rounded to that first.
#pragma once
#include <stdint.h>
#include "psarchive/bits.h"

#define DECIMAL_ONE INT64_C(1000000000000)

__extension__ typedef __int128 decimal_sum;

// |number| <= ES_VALUE_NUMBER_MAX; some 10^8 of them fit into a sum.
decimal_sum decimal_from(double number);
// The nearest double, or one beside it.
double decimal_to(decimal_sum sum);
// sum / n.
double decimal_mean(decimal_sum sum, uint64_t n);

void decimal_pack(struct bitput *w, decimal_sum sum);
decimal_sum decimal_unpack(struct bitget *r);

// A number as it was given: exact.
void number_pack(struct bitput *w, double number);
double number_unpack(struct bitget *r);
