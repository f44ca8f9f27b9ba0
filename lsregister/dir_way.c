// SPDX-License-Identifier: Apache-2.0
#include "lsregister/dir_way.h"
#include <stdio.h>
#include <string.h>

#define DIGITS (DIR_SELF_TEXT - 1)

bool dir_way_good(const char *way)
{
    for (int n = 0; n < DIR_WAY_MAX; n++, way++) {
        if (strspn(way, "0123456789abcdef") != DIGITS)
            return false;
        way += DIGITS;
        if (*way != ',')
            return *way == '\0';
    }
    return false;
}

bool dir_way_has(const char *way, const char *self)
{
    while (way) {
        if (strncmp(way, self, DIGITS) == 0)
            return true;
        way = strchr(way, ',');
        way += way != NULL;
    }
    return false;
}

bool dir_way_on(const char *way, const char *self, char out[DIR_WAY_TEXT])
{
    return snprintf(out, DIR_WAY_TEXT, "%s%s%s", way ? way : "", way ? "," : "", self) < DIR_WAY_TEXT;
}
