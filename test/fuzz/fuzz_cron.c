// SPDX-License-Identifier: Apache-2.0
// Cron times: what is taken comes, in order, and at whole minutes, whatever the zone does. The first octet is a zone.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "sched/sch_cron.h"

#define BEGIN (INT64_C(1800000000) * PS_SEC)
#define MONTH (30 * 86400 * PS_SEC)

static void want(int condition)
{
    if (!condition)
        abort();
}

// Clocks on the wall that are set each month, forward and back, by up to two hours.
static int32_t offset(ps_ns at, const void *arg)
{
    const uint8_t zone = *(const uint8_t *)arg;
    return (zone % 24 - 12) * 3600 + (at / MONTH % 2 ? (zone / 24 + 1) * 720 : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_fault fault;
    struct sch_cron c;
    char text[SCH_CRON_TEXT + 8] = "";
    if (size < 1 || size > sizeof text)
        return 0;
    memcpy(text, data + 1, size - 1);
    const struct sch_zone zone = {offset, data};
    if (sch_cron_parse(&c, text, &fault) != 0)
        return 0;
    ps_ns at = BEGIN;
    for (int i = 0; i < 50; i++) {
        ps_ns next, again;
        if (sch_cron_next(&c, &zone, at, &next) != 0)
            return 0; // times end in 2200
        want(next >= at && next % (60 * PS_SEC) == 0);
        want(sch_cron_next(&c, &zone, next, &again) == 0 && again == next);
        want(next == at || (sch_cron_next(&c, &zone, at + (next - at) / 2, &again) == 0 && again == next));
        at = next + 1;
    }
    return 0;
}
