// SPDX-License-Identifier: Apache-2.0
// Arrival stamps that a network interface makes. Its clock (PHC) is another one than ours and may show another
// time scale: once a second both are read together, and a stamp is converted by the last reading. Where
// hardware and kernel do not agree on a packet, the kernel's stamp holds.
#pragma once
#include "base/ps_conf.h"
#include "base/ps_time.h"

// pure: readings, conversion, choice

// How far a reading may be off; worse ones are not used. Two of them make a rate: a converted stamp is good to
// three times that, until the next reading.
#define PS_PHC_DOUBT PS_USEC
#define PS_HWSTAMP_ERROR (3 * PS_PHC_DOUBT)

struct ps_phc_sample {
    ps_ns before, hw, after; // our clock, its, ours again
};
struct ps_phc_point {
    ps_ns hw, sys; // one moment by both
};
struct ps_phc {
    bool known, rated;
    struct ps_phc_point at; // the last reading
    double rate;            // ours runs so much faster than its: 1e-6, a microsecond a second
};

// The best of some samples; false: none is good enough.
bool ps_phc_pick(const struct ps_phc_sample *s, size_t n, struct ps_phc_point *out);
// A new reading. Where it does not follow from the one before (a clock was set, the first one) there is no
// rate until the next.
void ps_phc_update(struct ps_phc *c, const struct ps_phc_point *p);
// False: no reading is near enough, or there is no rate.
bool ps_phc_to_sys(const struct ps_phc *c, ps_ns hw, ps_ns *sys);
// True: *stamp is the hardware's by our clock. False: it cannot be, and *stamp is the kernel's.
bool ps_hwstamp_choose(const struct ps_phc *c, ps_ns kernel, ps_ns hw, ps_ns *stamp);

// an interface

struct ps_hwstamp;
// Whether the interface says of itself that it can make such stamps; changes nothing. 0, or an error as below.
int ps_hwstamp_check(const char *iface, struct ps_fault *fault);
// Has the interface stamp all arrivals, unless it does already (that needs CAP_NET_ADMIN), and opens its clock
// (/dev/ptpN). An error: the fault names the interface and tells why there will be no such stamps.
int ps_hwstamp_open(const char *iface, struct ps_hwstamp **out, struct ps_fault *fault);
void ps_hwstamp_free(struct ps_hwstamp *h); // NULL is fine
// Reads both clocks. One thread; what it gave any thread may have.
void ps_hwstamp_read(struct ps_hwstamp *h);
void ps_hwstamp_get(struct ps_hwstamp *h, struct ps_phc *out);
