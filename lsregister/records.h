// SPDX-License-Identifier: Apache-2.0
// From what a configuration says, what was found on this host, and how its services are, to the records that are to be
// registered (fact sheet 2.3). Pure.
#pragma once
#include "lsregister/discover.h"
#include "lsregister/plan.h"
#include "lsregister/wishes.h"

// How a service is.
struct service_look {
    bool there;          // it is registered: it answers, or did so a moment ago, or is said to be up
    struct words where;  // the addresses at which it does; empty: any
    uint16_t port;       // at which it says that it does; 0: it does not say
    struct record attrs; // what it says of itself: service-version, pscheduler-tests, ...
};

struct records_from {
    const struct plan *plan;
    const struct discovered *found;
    const struct record *names; // of addresses, as the DNS has them
    const struct service_look
        *looks; // one for each service of each host, in their order; NULL: none is there
};

// All that is to be registered. notes: why something is not, in words. 0 or -ENOMEM; both are empty before, and have to
// be freed either way.
int records_make(const struct records_from *from, struct wishes *out, struct words *notes);
// The addresses of a host (service NULL) or of a service, in numbers or names, the main one first.
int records_addresses(const struct records_from *from, const struct plan_host *h,
                      const struct plan_service *service, struct words *out);
// Where a service of that kind listens: its default port, and the path of its URL (NULL: it speaks no HTTP).
uint16_t records_port(const struct plan_service *s, bool *tls);
const char *records_path(const struct plan_service *s);
// The id of a service's wish: number `service` of host number `host`.
#define RECORDS_ID 100
void records_service_id(enum plan_kind kind, size_t host, size_t service, char out[RECORDS_ID]);
