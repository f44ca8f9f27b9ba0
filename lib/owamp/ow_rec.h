// SPDX-License-Identifier: Apache-2.0
// Data records and the session file's header as octets (fact sheet 3.8); file versions 0, 2 and 3.
#pragma once
#include "owamp/ow_msg.h"

#define OW_REC_LEN 25     // version 3, and on the wire in Fetch-Session
#define OW_REC_OLD_LEN 24 // versions 0 and 2
#define OW_TTL_UNKNOWN 255
#define OW_LOST_ERR 0x0001 // send error of a lost packet's record

struct ow_rec {
    uint32_t seq;
    ps_ntp send, recv; // recv 0: lost
    uint16_t send_err, recv_err;
    uint8_t ttl;
};

static inline bool ow_rec_lost(const struct ow_rec *r)
{
    return r->recv == 0;
}
void ow_rec_pack(const struct ow_rec *r, uint8_t out[OW_REC_LEN]);
void ow_rec_unpack(const uint8_t in[OW_REC_LEN], struct ow_rec *r);
void ow_rec_unpack_old(const uint8_t in[OW_REC_OLD_LEN], struct ow_rec *r);

// The header up to the request: 40 octets of a version 3 file.
#define OW_FILE_MAGIC 0x4F774100u
#define OW_FILE_FIXED 40
struct ow_file_head {
    uint32_t version; // 0, 2 or 3
    uint32_t finished, next_seqno, nskips, nrecords;
    uint64_t skip_offset, data_offset;
    bool has_request; // version 0 has none
    struct ow_request request;
    size_t rec_len; // 25 or 24
};
// Version 3: 40 + 112 octets.
void ow_file_head_pack(const struct ow_file_head *h, uint8_t out[OW_FILE_FIXED + OW_REQUEST_LEN]);
// Reads the header of any version from the file's first len octets (all of them, or at least
// OW_FILE_FIXED + OW_REQUEST_LEN). PS_ESHORT, PS_EMALFORMED (magic), PS_EVERSION.
int ow_file_head_unpack(const uint8_t *in, size_t len, struct ow_file_head *h);
// Where the slots begin in a file of this version, and where data begins behind n slots (version 3).
uint64_t ow_file_slots_offset(uint32_t version);
uint64_t ow_file_data_offset(uint32_t nslots);
