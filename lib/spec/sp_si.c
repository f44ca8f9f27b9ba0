// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_si.h"
#include <math.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

#define NUMBER_MAX 40
#define INT_MAX_EXACT 9007199254740992.0

static int power_of(const char *unit, double *out)
{
    static const char letters[] = "kmgtpezy";
    char letter = unit[0] >= 'A' && unit[0] <= 'Z' ? (char)(unit[0] - 'A' + 'a') : unit[0];
    const char *at = letter ? strchr(letters, letter) : NULL;

    *out = 1;
    if (!unit[0])
        return 0;
    if (!at || (unit[1] && strcmp(unit + 1, "i") != 0))
        return PS_ESYNTAX;
    *out = pow(unit[1] ? 1024 : 1000, (double)(at - letters + 1));
    return 0;
}

int sp_si_parse(const char *text, int64_t *out)
{
    size_t digits = strspn(text, "0123456789"), n = digits;
    char number[NUMBER_MAX];
    double v, power;

    if (text[n] == '.') {
        size_t fraction = strspn(text + n + 1, "0123456789");
        n += fraction ? fraction + 1 : 0;
    }
    if (digits == 0 || n >= sizeof number)
        return PS_ESYNTAX;
    memcpy(number, text, n);
    number[n] = '\0';
    int err = power_of(text + n, &power);
    if (!err)
        err = ps_num_double(number, 0, 1e39, &v);
    if (err)
        return err;
    if (v * power > INT_MAX_EXACT)
        return PS_ERANGE;
    *out = llround(v * power);
    return 0;
}
