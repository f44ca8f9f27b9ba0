// SPDX-License-Identifier: Apache-2.0
// A pass-phrase from a file (owamp-server.pfs(5)), for a client.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"

// Longer ones are refused.
#define EP_PASS_MAX 8192

// The pass-phrase of the identity, to be wiped and freed by ep_pass_free. PS_ENOTFOUND, PS_ELIMIT or what
// reading and parsing give, with the fault told.
int ep_pass_load(const char *path, const char *identity, uint8_t **pass, size_t *len, struct ps_fault *fault);
void ep_pass_free(uint8_t *pass, size_t len); // NULL is fine
