// SPDX-License-Identifier: Apache-2.0
// The client's side of one control connection (RFC 4656 section 3) as a machine without I/O; see
// ow_server.h for how a host drives it. One command is outstanding at a time.
#pragma once
#include "owamp/ow_ctl.h"

enum ow_client_event_type {
    OW_CEV_NONE,
    OW_CEV_GREETING,   // ev.greeting, ev.mode: the strongest mode both offered and wanted (0: none). Answer
                       // ow_client_choose
    OW_CEV_READY,      // Server-Start accepted: ev.start
    OW_CEV_ACCEPT,     // answer to a request: ev.accept (code, port, SID)
    OW_CEV_STARTED,    // Start-Ack: ev.accept.accept
    OW_CEV_STOP,       // the server's Stop-Sessions: ev.stop
    OW_CEV_FETCH_ACK,  // ev.ack; when denied (accept != 0) the fetch is over
    OW_CEV_FETCH_HEAD, // ev.request, ev.slots, ev.skips, ev.ack
    OW_CEV_FETCH_DATA, // ev.records: nrecords of OW_REC_LEN octets, good until the next pull. Provisional:
                       // their HMAC comes behind the last of them; believe nothing before FETCH_DONE
    OW_CEV_FETCH_DONE, // all HMACs were right
    OW_CEV_FAILED,     // ev.err, ev.why. PS_EREFUSED with ev.accept.accept: the server refused the set-up
};

struct ow_client_event {
    enum ow_client_event_type type;
    struct ow_greeting greeting;
    uint32_t mode;
    struct ow_start start;
    struct ow_accept_msg accept;
    struct ow_stop stop;
    struct ow_fetch_ack ack;
    struct ow_request request;
    const struct ow_slot *slots; // request.nslots, owned by the machine until the next fetch
    const struct ow_skip *skips; // ack.nskips, likewise; NULL if there are none
    const uint8_t *records;
    uint32_t nrecords;
    int err;
    char why[160];
};

struct ow_client;
// modes: those wanted; drop AUTH and ENC from it when there is no pass-phrase.
int ow_client_new(struct ow_client **out, uint32_t modes);
void ow_client_free(struct ow_client *c);
// Takes octets from the server, at most OW_IN_SOFT at a time with pulls between. 0, -ENOMEM, or PS_ELIMIT
// when the server sends much more than it may now (then pull the event and close).
int ow_client_input(struct ow_client *c, const void *data, size_t n);
bool ow_client_next(struct ow_client *c, struct ow_client_event *ev);
struct ps_buf *ow_client_out(struct ow_client *c);

// Set-Up-Response. In the cipher modes: identity, the 16 octets from ow_derive (with the greeting's
// salt and count; a count outside OW_COUNT_MIN..OW_COUNT_MAX fails the machine before that event),
// fresh session keys and IV from the host. In open mode they are NULL.
int ow_client_choose(struct ow_client *c, uint32_t mode, const char *keyid, const uint8_t key[16],
                     const struct ow_keys *keys, const uint8_t iv[16]);
// Request-Session and its slots (req->nslots of them).
int ow_client_request(struct ow_client *c, const struct ow_request *req, const struct ow_slot *slots);
int ow_client_start(struct ow_client *c);
int ow_client_stop(struct ow_client *c, uint8_t accept, const struct ow_stop_rec *recs, uint32_t nrecs);
int ow_client_fetch(struct ow_client *c, const struct ow_fetch *f);

// A test runs: Start-Ack was positive and not both Stop-Sessions have passed.
bool ow_client_testing(const struct ow_client *c);
bool ow_client_early(const struct ow_client *c); // the server said OW_HELLO
uint32_t ow_client_mode(const struct ow_client *c);
const struct ow_keys *ow_client_keys(const struct ow_client *c); // NULL in open mode
