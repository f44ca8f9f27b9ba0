// SPDX-License-Identifier: Apache-2.0
// OWAMP-Control messages as values and as octets (RFC 4656 section 3). Fixed-size messages only;
// who may say what and when is the business of ow_server and ow_client.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/ps_time.h"

#define OW_PORT 861
#define OW_BLK 16
#define OW_GREETING_LEN 64
#define OW_SETUP_LEN 164
#define OW_START_LEN 48
#define OW_REQUEST_LEN 112 // HMAC included
#define OW_ACCEPT_LEN 48
#define OW_FETCH_LEN 48
#define OW_ACK_LEN 32
#define OW_KEYID_LEN 80
#define OW_SID_LEN 16

enum ow_mode { OW_MODE_OPEN = 1, OW_MODE_AUTH = 2, OW_MODE_ENC = 4 };
#define OW_MODE_ALL 7u

enum ow_command { OW_CMD_REQUEST = 1, OW_CMD_START = 2, OW_CMD_STOP = 3, OW_CMD_FETCH = 4 };

enum ow_accept {
    OW_ACCEPT_OK = 0,
    OW_ACCEPT_REJECT = 1,
    OW_ACCEPT_FAILURE = 2,
    OW_ACCEPT_UNSUPPORTED = 3,
    OW_ACCEPT_PERMANENT = 4, // permanent resource limitation
    OW_ACCEPT_TEMPORARY = 5, // temporary resource limitation
};
// The words for an Accept value; for an unknown one too.
const char *ow_accept_text(uint8_t accept);
const char *ow_mode_text(uint32_t mode); // "open", "authenticated", "encrypted"
// Letters of A E O in any case to mode bits. PS_ESYNTAX.
int ow_modes_parse(const char *letters, uint32_t *modes);

// Server-Greeting. `unused` is the protocol's 12 unused octets; see OW_HELLO.
struct ow_greeting {
    uint8_t unused[12];
    uint32_t modes;
    uint8_t challenge[16], salt[16];
    uint32_t count;
};
// What a psuite server writes into the first four of the greeting's unused octets: "I can end a
// test as soon as it is complete". A psuite client answers with octet 1 of Start-Sessions set to
// OW_EARLY; other makes leave both zero and get the RFC's timing. ARCHITECTURE.md, "Ending early".
#define OW_HELLO "psE1"
#define OW_EARLY 0x45
void ow_greeting_pack(const struct ow_greeting *g, uint8_t out[OW_GREETING_LEN]);
void ow_greeting_unpack(const uint8_t in[OW_GREETING_LEN], struct ow_greeting *g);

struct ow_setup {
    uint32_t mode;
    char keyid[OW_KEYID_LEN + 1]; // NUL-terminated
    uint8_t token[64], iv[16];
};
void ow_setup_pack(const struct ow_setup *s, uint8_t out[OW_SETUP_LEN]);
// PS_EMALFORMED when the KeyID has octets behind its first NUL that are not NUL.
int ow_setup_unpack(const uint8_t in[OW_SETUP_LEN], struct ow_setup *s);

struct ow_start {
    uint8_t accept;
    uint8_t iv[16];
    ps_ntp start_time; // octets 32..39, encrypted in the cipher modes
};
void ow_start_pack(const struct ow_start *s, uint8_t out[OW_START_LEN]);
// The caller has decrypted octets 32..47 where they are.
void ow_start_unpack(const uint8_t in[OW_START_LEN], struct ow_start *s);

enum ow_slot_type { OW_SLOT_EXP = 0, OW_SLOT_FIXED = 1 };
struct ow_slot {
    uint8_t type;
    ps_ntp value; // mean or offset, 32.32 seconds
};
void ow_slot_pack(const struct ow_slot *s, uint8_t out[OW_BLK]);
// PS_EUNSUPPORTED for an unknown type.
int ow_slot_unpack(const uint8_t in[OW_BLK], struct ow_slot *s);

// Request-Session. The same octets stand in session files and in Fetch-Session's answer.
struct ow_request {
    uint8_t ipvn; // low nibble
    bool conf_sender, conf_receiver;
    uint32_t nslots, npackets;
    uint16_t sender_port, receiver_port;
    uint8_t sender_addr[16], receiver_addr[16];
    uint8_t sid[OW_SID_LEN];
    uint32_t padding;
    ps_ntp start, timeout;
    uint32_t typep; // Type-P descriptor: DSCP << 24
};
// The HMAC's 16 octets are set to zero.
void ow_request_pack(const struct ow_request *r, uint8_t out[OW_REQUEST_LEN]);
// PS_EPROTO if the command octet is not 1. No judgement on the values.
int ow_request_unpack(const uint8_t in[OW_REQUEST_LEN], struct ow_request *r);
// DSCP 0..63 of a Type-P descriptor in DSCP form; PS_EUNSUPPORTED otherwise.
int ow_typep_dscp(uint32_t typep, uint8_t *dscp);
// Number (decimal, hex, octal) 0..63 or a name: none default df be ef csN afXY va. PS_ESYNTAX, PS_ERANGE.
int ow_dscp_parse(const char *text, uint8_t *dscp);

struct ow_accept_msg {
    uint8_t accept;
    uint16_t port;
    uint8_t sid[OW_SID_LEN];
};
void ow_accept_pack(const struct ow_accept_msg *a, uint8_t out[OW_ACCEPT_LEN]); // HMAC zero
void ow_accept_unpack(const uint8_t in[OW_ACCEPT_LEN], struct ow_accept_msg *a);

struct ow_fetch {
    uint32_t begin, end; // inclusive; 0 and 0xFFFFFFFF: the whole session
    uint8_t sid[OW_SID_LEN];
};
void ow_fetch_pack(const struct ow_fetch *f, uint8_t out[OW_FETCH_LEN]); // HMAC zero
int ow_fetch_unpack(const uint8_t in[OW_FETCH_LEN], struct ow_fetch *f);

enum ow_finished { OW_FIN_ERROR = 0, OW_FIN_NORMAL = 1, OW_FIN_INCOMPLETE = 2 };
struct ow_fetch_ack {
    uint8_t accept, finished;
    uint32_t next_seqno, nskips, nrecords;
};
void ow_fetch_ack_pack(const struct ow_fetch_ack *a, uint8_t out[OW_ACK_LEN]); // HMAC zero
void ow_fetch_ack_unpack(const uint8_t in[OW_ACK_LEN], struct ow_fetch_ack *a);

// A skipped range of sequence numbers, both ends included.
struct ow_skip {
    uint32_t first, last;
};
// One session's part of Stop-Sessions.
struct ow_stop_rec {
    uint8_t sid[OW_SID_LEN];
    uint32_t next_seqno, nskips;
    struct ow_skip *skips;
};
