// SPDX-License-Identifier: Apache-2.0
// The server machine's inside; private to ow_server.c and ow_server_fetch.c.
#pragma once
#include "owamp/ow_ctl_impl.h"
#include "owamp/ow_rec.h"
#include "owamp/ow_server.h"

enum ow_server_state {
    SV_SETUP,    // Set-Up-Response is due
    SV_IDENTIFY, // the host looks for the key
    SV_READY,    // Server-Start is written, the host is to be told
    SV_COMMAND,  // the first block of a command is due
    SV_REQUEST,  // the rest of that command
    SV_SLOTS,
    SV_SLOTS_HMAC,
    SV_REQUEST_ASKED, // the host judges the request
    SV_START,
    SV_START_ASKED,
    SV_STOP,
    SV_STOP_OWED, // the peer's Stop-Sessions came, ours is not sent
    SV_FETCH,
    SV_FETCH_ASKED,
    SV_FETCH_DATA, // the host hands over records
};

// What is of no use once the connection is set up.
struct ow_handshake {
    struct ow_server_conf conf;
    struct ow_setup setup;
};

struct ow_server {
    struct ow_ctl ctl;
    struct ow_handshake *shake; // NULL from SV_READY on
    enum ow_server_state state;
    uint8_t refuse; // Accept value with which Set-Up-Response is to be answered, 0: it is welcome
    bool early;
    uint8_t msg[OW_REQUEST_LEN]; // the fixed part of the command being read
    struct ow_request request;
    struct ow_slot *slots;
    uint32_t nslots;   // read so far
    uint32_t sessions; // accepted for the test to come
    uint32_t records_due;
    uint8_t carry[OW_BLK]; // octets of records short of a block
    size_t ncarry;
};
