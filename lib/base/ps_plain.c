// SPDX-License-Identifier: Apache-2.0
#include "base/ps_plain.h"

// C0, DEL, and C1 as UTF-8 has it.
static size_t control_len(const unsigned char *p)
{
    if (*p < 0x20 || *p == 0x7f)
        return 1;
    return p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f ? 2 : 0;
}

void ps_plain_put(FILE *f, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    while (p && *p) {
        size_t n = control_len(p);
        if (*p == '\n' || *p == '\t')
            fputs(*p == '\n' ? "\\n" : "\\t", f);
        else if (n == 0)
            fputc(*p, f);
        for (size_t i = 0; i < n && *p != '\n' && *p != '\t'; i++)
            fprintf(f, "\\x%02x", p[i]);
        p += n ? n : 1;
    }
}
