// SPDX-License-Identifier: Apache-2.0
// The management messages of IEEE 1588 (clause 15) that ptp4l of linuxptp answers on its Unix sockets: what it
// follows and how far off it is.
//
// Both ways: 34 octets of header (transport and message type 13 (u8), version (u8), length (u16), domain (u8),
// 17 octets of no interest here, the sender's clock identity (8) and port (u16), sequence (u16), control, interval),
// target identity and port, two hop counts, action (0: get, 2: response), a reserved octet, and a TLV: type
// (1: management, 2: an error), length, what it is about (u16), data.
#pragma once
#include "clock/ps_source.h"

#define PS_PTP_REQUEST 54

// In this order it is asked. The last of them tells that all ports have answered.
enum ps_ptp_data { PS_PTP_STATUS, PS_PTP_CURRENT, PS_PTP_PARENT, PS_PTP_PORT, PS_PTP_TIME, PS_PTP_DATA };

// Whom and how. ptp4l is silent on what comes with another domain or transport than its own.
struct ps_ptp_query {
    uint8_t self[8];   // our clock identity: random
    uint16_t sequence; // of the first data; the others count on
    uint8_t domain, transport;
};

// What has been told so far; zero at first.
struct ps_ptp_state {
    unsigned told; // bits of enum ps_ptp_data
    uint8_t domain, transport;
    ps_ns offset;
    bool has_master, is_slave; // there is another grandmaster; a port follows it
    uint8_t grandmaster[8];
    uint16_t steps;
    ps_ns path_delay;
    uint8_t accuracy, flags;
};

void ps_ptp_request(const struct ps_ptp_query *q, enum ps_ptp_data which, uint8_t out[PS_PTP_REQUEST]);
// Adds what the message tells; *which: of what. PS_ENOTFOUND: it is no answer to this query, the right one may yet
// come; PS_EREFUSED: an error, as of one that does not know these data; PS_EMALFORMED.
int ps_ptp_reply(const void *data, size_t len, const struct ps_ptp_query *q, struct ps_ptp_state *st,
                 enum ps_ptp_data *which);
// Good once all has been told but PS_PTP_PORT perhaps.
void ps_ptp_source(const struct ps_ptp_state *st, struct ps_source *out);
