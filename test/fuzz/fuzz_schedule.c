// SPDX-License-Identifier: Apache-2.0
// Schedules: due times of what is taken come in order, are whole seconds, and are as many as are counted.
#include <stdlib.h>
#include "fuzz.h"
#include "sched/sch_schedule.h"

#define NOW (INT64_C(1800000000) * PS_SEC + 1)

static void want(int condition)
{
    if (!condition)
        abort();
}

static void use(const struct sch_schedule *s)
{
    struct ps_fault fault;
    ps_ns anchor, last = 0;
    if (sch_schedule_anchor(s, &sch_zone_utc, NOW, 5 * PS_SEC, &anchor, &fault) != 0)
        return;
    want(anchor % PS_SEC == 0 && s->slip >= 0 && s->slip % PS_SEC == 0);
    ps_ns from = anchor < NOW ? NOW : anchor, at = from;
    for (uint64_t n = 0; n < 20; n++) {
        const ps_ns due = sch_schedule_due(s, &sch_zone_utc, anchor, at);
        const uint64_t count = sch_schedule_count(s, &sch_zone_utc, anchor, from, due, 100, &last);
        want(count == n);
        if (due == SCH_NEVER)
            return;
        want(due >= at && due % PS_SEC == 0 && due <= s->until);
        const ps_ns slip = sch_schedule_slip(s, &sch_zone_utc, anchor, due, 10 * PS_SEC);
        want(slip >= 0 && slip <= s->slip);
        at = due + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_jdoc *doc;
    struct sch_schedule s;
    struct ps_fault fault;
    if (ps_jdoc_parse(&doc, NULL, (const char *)data, size, NULL) != 0)
        return 0;
    if (sch_schedule_read(&s, ps_jdoc_root(doc), &fault) == 0)
        use(&s);
    ps_jdoc_free(doc);
    return 0;
}
