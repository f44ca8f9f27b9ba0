// SPDX-License-Identifier: Apache-2.0
// A peer that speaks OWAMP word by word, as told on its command line, and so can say what no program of
// ours would. Words of the form name=value set a field, all others are verbs that send or read one
// message. What is read is printed, one line for each message.
#pragma once
#include "base/ps_addr.h"
#include "owamp/ow_rec.h"
#include "owamp/ow_test.h"

#define RAW_SLOTS 16

struct peer {
    int fd; // of the control connection
    struct ow_chan *chan;
    struct ow_keys keys;
    uint8_t iv[16];
    bool bad_mac; // the HMACs we send are wrong
    struct ps_addr local, remote;

    // Fields.
    uint32_t modes, count; // of a greeting
    uint8_t challenge[16], salt[16];
    uint32_t mode;
    char keyid[OW_KEYID_LEN + 1], pass[128];
    uint8_t accept; // of whatever answer is sent
    uint16_t port;  // of Accept-Session
    uint8_t early;  // octet 1 of Start-Sessions
    struct ow_request req;
    struct ow_slot slots[RAW_SLOTS];
    uint32_t sent_slots; // how many are really sent
    double start;        // seconds from now
    uint32_t sessions;   // announced in Stop-Sessions
    uint32_t next_seqno, nskips;
    uint32_t begin, end;
    uint32_t finished, nrecords, version;
    uint64_t skip_offset, data_offset;

    // Test packets.
    int udp;
    uint32_t seq, step, repeat, size, pace; // size 0: the right one; pace: packets a millisecond
    uint32_t err;
    double stamp; // seconds from now
};

// What a verb came to.
enum { RAW_ON = 0, RAW_CLOSED = 1, RAW_FAULT = -1 };

struct verb {
    const char *name;
    int (*run)(struct peer *p);
};
extern const struct verb raw_client_verbs[], raw_server_verbs[], raw_udp_verbs[];

// The control connection, blocking.
int raw_put(struct peer *p, const void *data, size_t n);  // in the clear
int raw_seal(struct peer *p, const void *data, size_t n); // whole blocks
int raw_seal_mac(struct peer *p);
int raw_seal_msg(struct peer *p, const void *data, size_t n); // its last 16 octets are the HMAC's place
int raw_seal_slots(struct peer *p);
int raw_get(struct peer *p, void *data, size_t n); // in the clear
int raw_open(struct peer *p, void *data, size_t n);
int raw_open_mac(struct peer *p);
int raw_open_msg(struct peer *p, void *data, size_t n);
// Reads and throws away until the other side closes.
int raw_drain(struct peer *p);
// Writes a session file as the fields say.
int raw_file(struct peer *p, const char *path);
ps_ntp raw_now(double offset);
