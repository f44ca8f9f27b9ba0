// SPDX-License-Identifier: Apache-2.0
// Where a daemon listens: a list of addresses with ports, as configuration files and command lines tell it.
#pragma once
#include <stdbool.h>
#include "base/ps_addr.h"
#include "base/ps_conf.h"

#define PS_PLACES_MAX 32
#define PS_PLACES_FORM "ADDR, ADDR:PORT, [V6]:PORT or :PORT" // of a place, for messages

struct ps_place {
    struct ps_addr addr;
    bool tls;
};

struct ps_places {
    struct ps_place at[PS_PLACES_MAX];
    size_t n;
    uint16_t port; // where none is said
};

// "ADDR:PORT", "[V6]:PORT", "ADDR", ":PORT" (all addresses). PS_ESYNTAX; PS_ELIMIT: there are too many.
int ps_places_add(struct ps_places *p, const char *text, bool tls);
// What the option --listen says goes in place of what is there, if it is given at all. PS_ESYNTAX, PS_ELIMIT, and the
// fault says which.
int ps_places_replace(struct ps_places *p, const char *const *texts, size_t n, bool tls,
                      struct ps_fault *fault);
// Whether any of them is for TLS.
bool ps_places_tls(const struct ps_places *p);
