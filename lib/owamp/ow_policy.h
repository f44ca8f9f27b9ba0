// SPDX-License-Identifier: Apache-2.0
// What is in use under the limits: bandwidth and disk are charged to a class and all above it.
// Survives a reload of the limits: usage is kept by class name.
#pragma once
#include "owamp/ow_limits.h"
#include "owamp/ow_sched.h"

struct ow_policy;
int ow_policy_new(struct ow_policy **out);
void ow_policy_free(struct ow_policy *p);
// Takes the limits over (frees the former ones). Charges in force stay with the class of the same
// name, or the root's when it is gone.
int ow_policy_set_limits(struct ow_policy *p, struct ow_limits *limits, double diskfudge);
const struct ow_limits *ow_policy_limits(const struct ow_policy *p);

// What one session holds. Zero it before first use.
struct ow_charge {
    char class_name[OW_CLASS_NAME + 1];
    uint64_t bandwidth, disk;
    bool entered; // counted among the class's sessions
};
// Asks for bandwidth (bit/s) and disk (octets) on behalf of a class. PS_ELIMIT: refused, and *why says
// in one sentence which limit of which class, what is used and what was asked.
int ow_policy_charge(struct ow_policy *p, const struct ow_class *c, uint64_t bandwidth, uint64_t disk,
                     struct ow_charge *charge, struct ps_fault *why);
// Counts a session that was charged among its class's. PS_ELIMIT: that has max of them (0: no limit), *why says so.
int ow_policy_enter(struct ow_policy *p, struct ow_charge *charge, uint64_t max, struct ps_fault *why);
void ow_policy_leave(struct ow_policy *p, struct ow_charge *charge);
void ow_policy_release_bandwidth(struct ow_policy *p, struct ow_charge *charge);
void ow_policy_release_disk(struct ow_policy *p, struct ow_charge *charge);
// The session's file turned out to have so many octets: adjusts. PS_ELIMIT when the class is then
// over its disk limit times diskfudge (the file is to be deleted and the charge released).
int ow_policy_settle_disk(struct ow_policy *p, struct ow_charge *charge, uint64_t octets);
uint64_t ow_policy_used_bandwidth(const struct ow_policy *p, const char *class_name);
uint64_t ow_policy_used_disk(const struct ow_policy *p, const char *class_name);

// The bandwidth of a session in bit/s as the sheet's 4.3 counts it: packets/s * (IP + UDP + payload)
// * 8; saturates.
uint64_t ow_policy_bandwidth(uint32_t mode, const struct ow_request *req, const struct ow_slot *slots);
// The disk estimate in octets for a session that the server receives.
uint64_t ow_policy_disk(const struct ow_request *req);
