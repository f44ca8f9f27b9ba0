// SPDX-License-Identifier: Apache-2.0
// What a daemon that keeps the system's clock says of it. Each has a file here that writes its requests and
// reads its replies: pure, without sockets and clocks.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_time.h"

#define PS_SOURCE_TEXT 64
#define PS_SOURCE_UNKNOWN (-1) // of a stratum or an error: not told

enum ps_leap { PS_LEAP_NONE, PS_LEAP_INSERT, PS_LEAP_DELETE };

struct ps_source {
    const char *name; // "chrony", "ntpd", "ptp4l"; NULL: nobody answered
    char reference
        [PS_SOURCE_TEXT]; // what it follows: an address, a name or an identifier, printable; "": not told
    int stratum;          // of ptp4l its steps from the grandmaster and one
    bool synced;          // it follows something, and not its own clock
    enum ps_leap leap;    // a second that is inserted or deleted at the end of the day
    ps_ns error;          // how far off it thinks the clock may well be
    ps_ns bound;          // how far off it can be at most, if what it follows is right
};

// How the two are made of what is told, while it is synced (else they are not told):
//   chrony   error  |system time's offset| + root mean square of offsets
//            bound  |system time's offset| + root dispersion + root delay / 2 (as chrony's own documents have it)
//   ntpd     error  |offset| + system jitter
//            bound  |offset| + root dispersion + root delay / 2 (the root distance of RFC 5905, 11.2.3)
//   ptp4l    error  |offset from the master|
//            bound  |offset from the master| + mean path delay + the grandmaster's accuracy (IEEE 1588, 7.6.2.6): a
//                   path may be as uneven as it is long. Of the clock that ptp4l steers: with stamps of hardware
//                   that is the interface's, and what phc2sys adds in copying it is not told.

#define PS_SOURCE_ERROR_MAX (1000000 * PS_SEC) // more is told as this much

// Copies n octets, those that are not printable ASCII as '?', and what does not fit not at all.
void ps_source_text(char out[PS_SOURCE_TEXT], const void *text, size_t n);
// Four octets that identify a reference: as text where they are, padded with zeros at the end, else in hexadecimal.
void ps_source_refid(char out[PS_SOURCE_TEXT], const uint8_t id[4]);
// The sizes of both added; an infinite one or none that is a number is PS_SOURCE_ERROR_MAX.
ps_ns ps_source_error(double seconds, double more);
// Of one that is not synced nothing holds but who and where it is.
void ps_source_settle(struct ps_source *s);
// "none", "insert", "delete".
const char *ps_leap_text(enum ps_leap leap);
