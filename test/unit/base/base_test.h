// SPDX-License-Identifier: Apache-2.0
// What every test program of this folder needs.
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

// Exactly, and showing both: cmocka compares floats only, within a tolerance.
static inline void assert_same_double(double got, double want)
{
    if (!(got == want))
        fail_msg("got %.17g, want %.17g", got, want);
}
