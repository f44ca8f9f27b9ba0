// SPDX-License-Identifier: Apache-2.0
#include "psarchive/ratio.h"
#include <string.h>

bool ratio_of_counts(int event, int *numerator, int *denominator)
{
    const char *name = es_event_name(event);
    *denominator = es_event_find("packet-count-sent");
    if (strcmp(name, "packet-loss-rate") == 0)
        *numerator = es_event_find("packet-count-lost");
    else if (strcmp(name, "packet-loss-rate-bidir") == 0)
        *numerator = es_event_find("packet-count-lost-bidir");
    else
        return false;
    return true;
}
