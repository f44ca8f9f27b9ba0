// SPDX-License-Identifier: Apache-2.0
// The core that ow_server and ow_client share; private to these and their parts. After the first
// fault (ow_ctl_fail) nothing is read or written any more and the machine says OW_xEV_FAILED once.
#pragma once
#include "base/ps_err.h"
#include "base/ps_wire.h"
#include "owamp/ow_ctl.h"

// What one step of a machine came to.
enum ow_step {
    OW_STEP_WAIT,  // more octets or an answer are needed, or the machine failed
    OW_STEP_MORE,  // go on
    OW_STEP_EVENT, // the event is filled in
};

struct ow_skips {
    struct ow_skip *v;
    size_t n, cap;
};

enum ow_stop_phase { OW_STOP_HEADER, OW_STOP_SID, OW_STOP_COUNTS, OW_STOP_RANGES, OW_STOP_END };

// A Stop-Sessions being read. Arrays grow with what has come, not with what was announced.
struct ow_stop_rd {
    enum ow_stop_phase phase;
    uint8_t accept;
    uint32_t expected; // session records announced
    struct ow_stop_rec *recs;
    size_t have, cap;
    uint32_t left;         // skip ranges of the last record still to come
    struct ow_skips skips; // of all records
};

struct ow_ctl {
    struct ps_buf in, out;
    struct ow_chan *chan; // NULL until the connection is set up
    uint32_t mode;        // 0 until it is known
    struct ow_keys keys;  // cipher modes
    bool testing, stop_sent, stop_got;
    struct ow_stop_rd stop;
    int err; // the fault, 0: none
    bool told;
    char *why; // NULL: the words for err
};

void ow_ctl_init(struct ow_ctl *c);
void ow_ctl_fini(struct ow_ctl *c);
// Takes octets; none after a fault. Too many: the fault, and PS_ELIMIT.
int ow_ctl_input(struct ow_ctl *c, const void *data, size_t n);
size_t ow_ctl_want(const struct ow_ctl *c);
// The first fault stays.
void ow_ctl_fail(struct ow_ctl *c, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
// The fault of a call that returned err, in the words for err; returns err. 0 is none.
int ow_ctl_fault(struct ow_ctl *c, int err);
// True once when there is a fault to tell; its words are in why then, as far as they fit.
bool ow_ctl_tell(struct ow_ctl *c, char *why, size_t size);

// Reading. True when it is done; false when octets are missing or there was a fault.
bool ow_ctl_has(const struct ow_ctl *c, size_t n);
bool ow_ctl_take(struct ow_ctl *c, void *out, size_t n); // in the clear
bool ow_ctl_open(struct ow_ctl *c, void *out, size_t n); // whole blocks
// n octets (maybe 0) and the HMAC behind them; `what` names the message if the HMAC is wrong.
bool ow_ctl_open_msg(struct ow_ctl *c, void *out, size_t n, const char *what);

// Writing. 0 or an error, which is then the machine's fault too.
int ow_ctl_put(struct ow_ctl *c, const void *data, size_t n);  // in the clear
int ow_ctl_seal(struct ow_ctl *c, const void *data, size_t n); // whole blocks
int ow_ctl_seal_hmac(struct ow_ctl *c);
// A message whose last 16 octets of n are the place of its HMAC.
int ow_ctl_seal_msg(struct ow_ctl *c, const void *data, size_t n);
int ow_ctl_seal_slots(struct ow_ctl *c, const struct ow_slot *slots, uint32_t n);

// The next skip range of a list that began at index `from`: in order, apart, and below limit.
int ow_skips_add(struct ow_skips *s, size_t from, struct ow_skip skip, uint32_t limit);
// Skip ranges as octets; the host sees to whole blocks.
void ow_skips_pack(struct ps_wr *w, const struct ow_skip *skips, uint32_t n);

// Stop-Sessions. begin takes the header block if it was read already, NULL if not.
void ow_ctl_stop_begin(struct ow_ctl *c, const uint8_t *header);
bool ow_ctl_stop_read(struct ow_ctl *c, struct ow_stop *out); // true when all has come and the HMAC was right
void ow_ctl_stop_clear(struct ow_ctl *c);
int ow_ctl_stop_write(struct ow_ctl *c, uint8_t accept, const struct ow_stop_rec *recs, uint32_t nrecs);
// Begins a test, ends it when both stops have passed.
void ow_ctl_test_begin(struct ow_ctl *c);
