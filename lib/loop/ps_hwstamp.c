// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_hwstamp.h"

#define NEAR (10 * PS_SEC)     // a stamp this far from the last reading is not converted
#define APART_MIN (PS_SEC / 2) // readings nearer to each other give no rate
#define RATE_MAX 1e-3
#define KERNEL_LATE_MAX (10 * PS_MSEC) // behind the hardware: interrupt moderation, a busy CPU

bool ps_phc_pick(const struct ps_phc_sample *s, size_t n, struct ps_phc_point *out)
{
    ps_ns best = 2 * PS_PHC_DOUBT + 1;

    for (size_t i = 0; i < n; i++) {
        ps_ns took = s[i].after - s[i].before;
        if (took < 0 || took >= best)
            continue;
        best = took;
        *out = (struct ps_phc_point){s[i].hw, s[i].before + took / 2};
    }
    return best <= 2 * PS_PHC_DOUBT;
}

void ps_phc_update(struct ps_phc *c, const struct ps_phc_point *p)
{
    ps_ns hw = p->hw - c->at.hw, sys = p->sys - c->at.sys;
    double rate = hw > 0 ? (double)(sys - hw) / (double)hw : 1;
    bool follows = c->known && hw <= NEAR && rate <= RATE_MAX && rate >= -RATE_MAX;

    if (follows && hw < APART_MIN)
        return;
    *c = (struct ps_phc){.known = true, .rated = follows, .at = *p, .rate = follows ? rate : 0};
}

bool ps_phc_to_sys(const struct ps_phc *c, ps_ns hw, ps_ns *sys)
{
    ps_ns since;

    if (!c->rated || __builtin_sub_overflow(hw, c->at.hw, &since) || since > NEAR || since < -NEAR)
        return false;
    *sys = c->at.sys + since + (ps_ns)((double)since * c->rate);
    return true;
}

bool ps_hwstamp_choose(const struct ps_phc *c, ps_ns kernel, ps_ns hw, ps_ns *stamp)
{
    ps_ns sys;

    *stamp = kernel;
    if (!ps_phc_to_sys(c, hw, &sys) || kernel - sys > KERNEL_LATE_MAX || sys - kernel > PS_HWSTAMP_ERROR)
        return false;
    *stamp = sys;
    return true;
}
