// SPDX-License-Identifier: Apache-2.0
// One direction of a measurement.
#pragma once
#include "endpoint/ep_trial.h"
#include "owamp/ow_here.h"
#include "owping/options.h"
#include "endpoint/ep_retrieve.h"
#include "owping/savefile.h"

struct leg {
    struct ep_party party;
    struct ep_trial *trial;
    struct ps_clock *clock;
    struct ps_pump *pump;
    const struct options *o;
    bool to;   // from here to the server; else from it to here
    bool good; // there is a result in save
    struct savefile save;
    int64_t ignored, host_dropped; // -1: not known here
    uint32_t steps;                // of the clock: before, then during the test
    struct ow_here here;
    int failure; // of the recording
};

// What the legs stand on.
struct leg_ground {
    struct ps_loop *loop;
    struct ps_pump *pump;
    struct ps_clock *clock;
    struct ps_addr local, remote;
};

// Makes the file and opens the UDP port; fills leg->party.req for Request-Session. An error has been told.
int leg_open(struct leg *leg, const struct leg_ground *g, ps_ntp start, ps_ntp timeout);
// The server accepted.
int leg_ready(struct leg *leg, const struct ow_accept_msg *accept, uint32_t mode, const struct ow_keys *keys);
int leg_start(struct leg *leg);
// The test is over: ends the file of a receiving leg and looks at what the host dropped.
void leg_end(struct leg *leg);
void leg_close(struct leg *leg);
const char *leg_name(const struct leg *leg); // "to", "from"
