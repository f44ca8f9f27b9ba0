// SPDX-License-Identifier: Apache-2.0
// Roll-ups of another archive whose points are gone there.
#include "base/ps_err.h"
#include "psarchive/batch_impl.h"
#include "psarchive/purged.h"

// Up to when points may be counted in what is set: they are not taken again, as if they had been purged here.
static void raise_cuts(const struct meta *m, const struct put_sum *sum, int64_t now,
                       int64_t cuts[ES_EVENT_COUNT])
{
    int64_t end = sum->ts + sum->window < now ? sum->ts + sum->window : now;
    for (size_t i = 0; i < m->nevents; i++)
        if (m->event[i] == sum->event && cuts[i] < end)
            cuts[i] = end;
}

int batch_sums(struct batch *b, struct touch *t, struct put *p)
{
    int64_t cuts[ES_EVENT_COUNT] = {0};
    int err = 0;
    for (size_t i = 0; err >= 0 && i < p->nsums; i++) {
        err = windows_set(b->windows, t->meta, &p->sums[i]);
        if (err >= 0) {
            *(err == 1 ? &p->same : &p->created) += 1;
            t->events |= UINT64_C(1) << p->sums[i].event;
            raise_cuts(t->meta, &p->sums[i], b->now, cuts);
        }
    }
    return err < 0 ? err : purged_note(b->store, t->meta, cuts);
}
