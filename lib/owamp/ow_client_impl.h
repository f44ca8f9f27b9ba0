// SPDX-License-Identifier: Apache-2.0
// The client machine's inside; private to ow_client.c and ow_client_fetch.c.
#pragma once
#include "owamp/ow_client.h"
#include "owamp/ow_ctl_impl.h"
#include "owamp/ow_rec.h"

// Records travel in chunks of 16: 400 octets, which are 25 blocks.
#define OW_CHUNK_RECS 16u
#define OW_CHUNK_LEN (OW_CHUNK_RECS * OW_REC_LEN)
#define OW_BATCH_CHUNKS 16u // most chunks in one FETCH_DATA

enum ow_client_state {
    CL_GREETING,
    CL_CHOOSE, // the host chooses
    CL_START,  // Server-Start is due
    CL_IDLE,   // nothing is due
    CL_ACCEPT, // Accept-Session is due
    CL_ACK,    // Start-Ack is due
    CL_STOP,   // the server's Stop-Sessions is due
    CL_FETCH_ACK,
    CL_FETCH_REQUEST,
    CL_FETCH_SLOTS,
    CL_FETCH_SLOTS_HMAC,
    CL_FETCH_SKIPS,
    CL_FETCH_SKIPS_HMAC,
    CL_FETCH_DATA,
    CL_FETCH_END,
};

struct ow_client {
    struct ow_ctl ctl;
    enum ow_client_state state;
    uint32_t wanted;
    bool hello;
    struct ow_greeting greeting;
    uint8_t iv[16];
    uint8_t refusal; // Accept of the Server-Start that refused us
    uint8_t fetch_sid[OW_SID_LEN];
    struct ow_fetch_ack ack;
    struct ow_request request;
    struct ow_slot *slots;
    uint32_t nslots; // read so far
    struct ow_skips skips;
    uint32_t records_due;
    uint8_t *batch; // OW_BATCH_CHUNKS * OW_CHUNK_LEN octets while a session is fetched
};

enum ow_step ow_client_fetch_step(struct ow_client *c, struct ow_client_event *ev);
void ow_client_fetch_clear(struct ow_client *c);
