// SPDX-License-Identifier: Apache-2.0
#include "endpoint/ep_here.h"
#include <string.h>

static double seconds(ps_ns t)
{
    return (double)t / (double)PS_SEC;
}

static double told_seconds(ps_ns t)
{
    return t == PS_SOURCE_UNKNOWN ? -1 : seconds(t);
}

void ep_here_source(const struct ps_clock *clock, struct ow_clock_source *out)
{
    const struct ps_source *s = ps_clock_source(clock);
    _Static_assert(sizeof out->reference == sizeof s->reference, "one holds the other");
    if (s->name == NULL) {
        *out = (struct ow_clock_source){.name = "unknown", .stratum = -1, .error = -1, .bound = -1};
        return;
    }
    *out = (struct ow_clock_source){.name = s->name,
                                    .stratum = s->stratum,
                                    .synced = s->synced,
                                    .leap = s->synced ? ps_leap_text(s->leap) : NULL,
                                    .error = told_seconds(s->error),
                                    .bound = told_seconds(s->bound)};
    memcpy(out->reference, s->reference, sizeof out->reference);
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
    if (out->known)
        ep_here_source(clock, &out->source);
}
