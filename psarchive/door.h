// SPDX-License-Identifier: Apache-2.0
// Who may read and who may write: gates of routes, with the site as their context. (Fact sheet of the archive, 1.8.)
// Those behind the Unix socket may do both; its mode decides who that is.
#pragma once
#include "psarchive/site.h"

#define DOOR_SECRET 128 // octets of what stands for a token, with the NUL

bool door_read(void *site, struct ps_http_req *req);
bool door_write(void *site, struct ps_http_req *req);
// The token of an Authorization header: "Token T", "Bearer T", or the pass-word of "Basic ...". PS_ENOTFOUND: none of
// them; PS_EMALFORMED. Pure.
int door_token(const char *header, char token[DOOR_SECRET]);
