// SPDX-License-Identifier: Apache-2.0
#include "endpoint/ep_here.h"

static double seconds(ps_ns t)
{
    return (double)t / (double)PS_SEC;
}

static void of_sender(const struct ps_pump *pump, ps_ns clock_bound, struct ow_here *out)
{
    struct ps_self_delay d;
    ps_pump_self_delay(pump, &d);
    *out = (struct ow_here){.known = true,
                            .bound = seconds(clock_bound + d.bound),
                            .stamps = "user",
                            .samples = d.samples,
                            .median = seconds(d.median),
                            .p99 = seconds(d.p99)};
}

static void of_receiver(unsigned stamps, ps_ns clock_bound, struct ow_here *out)
{
    static const char *const names[] = {
        NULL,       "kernel",          "user",          "kernel+user",
        "hardware", "hardware+kernel", "hardware+user", "hardware+kernel+user"};
    ps_ns worst = (stamps & EP_STAMPS_USER) != 0       ? PS_STAMP_USER_ERROR
                  : (stamps & EP_STAMPS_HARDWARE) != 0 ? PS_HWSTAMP_ERROR
                                                       : PS_STAMP_KERNEL_ERROR;
    *out =
        (struct ow_here){.known = true,
                         .bound = seconds(clock_bound + worst),
                         .stamps = names[stamps & (EP_STAMPS_KERNEL | EP_STAMPS_USER | EP_STAMPS_HARDWARE)]};
}

void ep_here_get(const struct ps_clock *clock, const struct ps_pump *pump, const struct ep_party *party,
                 struct ow_here *out)
{
    struct ps_clock_state st;
    ps_clock_get(clock, &st);
    if (party->sender != NULL)
        of_sender(pump, st.max_error, out);
    else if (party->receiver != NULL)
        of_receiver(ep_receiver_stamps(party->receiver), st.max_error, out);
    else
        *out = (struct ow_here){.known = false};
}
