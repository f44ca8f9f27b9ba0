// SPDX-License-Identifier: Apache-2.0
// Hardware's arrival stamps, where the pump was given an interface that makes them.
#include "loop/ps_pump_impl.h"

#define READ_EVERY PS_SEC

static void on_timer(void *ctx)
{
    struct ps_pump *p = ctx;

    ps_hwstamp_read(p->hw);
    if (p->flows == 0)
        ps_timer_stop(p->hw_timer);
    p->hw_reading = p->flows != 0;
}

int pump_hw_open(struct ps_pump *p)
{
    return p->hw ? ps_timer_new(p->loop, &p->hw_timer, on_timer, p) : 0;
}

void pump_hw_close(struct ps_pump *p)
{
    ps_timer_free(p->hw_timer);
}

void pump_hw_wanted(struct ps_pump *p)
{
    if (!p->hw || p->hw_reading)
        return;
    p->hw_reading = true;
    ps_hwstamp_read(p->hw);
    ps_timer_repeat(p->hw_timer, READ_EVERY);
}

void pump_hw_turn(struct ps_pump *p)
{
    if (p->hw)
        ps_hwstamp_get(p->hw, &p->t.phc);
}
