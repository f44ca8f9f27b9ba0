// SPDX-License-Identifier: Apache-2.0
// A stream's life in the simulator: the chain and the ledger of powstream on lanes made up here, whose
// sessions are those of lib/owamp, under faults. What became of each moment and of each packet is kept and
// added up at the end.
#pragma once
#include "powstream/chain.h"
#include "world.h"

enum day_kind {
    DAY_NAME,    // the server's name is not found; amount: so long until that is known
    DAY_DOWN,    // the server is killed, and runs again at the end
    DAY_HANG,    // it answers nothing; packets go on
    DAY_CUT,     // nothing passes; amount not 0: connections break in it
    DAY_BREAK,   // every connection breaks; amount not 0: those that are idle
    DAY_REFUSAL, // it refuses sessions
    DAY_LATE,    // it agrees late, by amount
    DAY_DISK,    // results cannot be written
    DAY_STEP,    // our clock is set by amount
    DAY_KILL,    // powstream is killed, and runs again at the end; amount: the clock is set meanwhile
    DAY_RESET,   // SIGHUP
    DAY_KINDS
};

struct day_fault {
    enum day_kind kind;
    struct sim_span span;
    sim_time amount;
    struct sim_event begin, end;
    struct day *day;
};

#define DAY_FAULTS 600

struct day_conf {
    uint64_t seed;
    sim_time life;
    bool to, rfc;      // rfc: the server does not end early
    uint32_t count;    // packets of a session
    sim_time interval; // fixed, or the mean
    bool random;       // exponential
    sim_time timeout, delay, rtt;
    double loss;
    int64_t ppb;           // our clock's drift
    sim_time server_ahead; // its clock
    struct day_fault *faults;
    unsigned nfaults;
};

enum day_fate { FATE_NONE, FATE_SENT, FATE_LOST, FATE_CAME, FATE_SKIPPED };

struct day_session {
    struct day *d;
    unsigned lane;
    uint32_t id; // of all sessions ever
    struct ow_request req;
    ps_ntp start, end;
    ps_ntp *due;
    uint8_t *fate;
    struct ow_send *send;
    struct ow_recv *recv;
    struct ow_test *test;
    struct ow_writer *writer;
    int fd;
    struct sim_event sends, expires, ends;
    bool sending, ending, stopping, cut;
    bool blinked; // our clock was set and set back before anybody looked
    ps_ntp cut_at;
    sim_time sent_all_at;
};

enum day_phase { PHASE_DOWN, PHASE_CONNECT, PHASE_IDLE, PHASE_ASK, PHASE_TEST };

struct day_lane {
    struct day *d;
    unsigned index;
    enum day_phase phase;
    struct sim_event act;
    char reason[80]; // "": it goes well
    ps_ntp start;
    struct day_session *session;
};

struct day_entry {
    enum ledger_kind kind;
    unsigned gen; // between two steps
    ps_ntp from, to;
    sim_time at;
    char reason[200];
};

// A session whose file was handed on: its packets from..upto are measured.
struct day_file {
    unsigned gen;
    ps_ntp start, upto;
};

// A time between two steps as the ledger has it.
struct day_gen {
    ps_ntp from, to;
    sim_time ahead; // of our clock then
};

struct day {
    struct sim sim;
    struct day_conf conf;
    struct chain chain;
    struct ledger ledger;
    struct day_lane lanes[CHAIN_LANES];
    struct sim_event tick, watch, finish;
    sim_time ahead;      // of our clock, but for its drift
    sim_time seen_ahead; // when it was looked at last
    ps_ntp last_good;
    bool alive, over;
    struct ledger_note noted;
    uint32_t sessions;
    struct day_entry *entries;
    size_t nentries, entries_cap;
    struct day_file *files;
    size_t nfiles, files_cap;
    struct day_gen *gens;
    unsigned gen, gens_cap;
    sim_time stepped;   // by all steps that were set while it ran
    sim_time told;      // by all steps that the ledger tells
    bool ahead_of_time; // a run had accounted for what had not come yet when the next one began
    sim_time silently;  // by those that it tells of the time when it did not run
    uint64_t came, lost, skipped, unsent;
};

// --- day.c
struct day *day_run(const struct day_conf *conf);
void day_free(struct day *d);
ps_ntp day_clock(const struct day *d);
ps_ntp day_server_clock(const struct day *d);
void day_wake(struct day *d);
// As powstream looks at the clock: every second, before it acts, and before a session's file is ended.
void day_look(struct day *d);
struct chain_now day_now(const struct day *d);
// A fault of this kind that is on.
const struct day_fault *day_fault(const struct day *d, enum day_kind kind);
void day_keep_file(struct day *d, ps_ntp start, ps_ntp upto);

// --- day_lane.c
extern const struct chain_ops day_lane_ops;
void day_lane_init(struct day *d, unsigned index);
void day_lane_drop(struct day_lane *l);
// The connection breaks, if there is one.
void day_lane_break(struct day_lane *l, const char *reason);
// Writes "refused #3".
void day_reason(const struct day *d, char *out, size_t size, const char *what, const struct day_fault *f);

// --- day_session.c
struct day_session *day_session_new(struct day *d, unsigned lane, ps_ntp start);
void day_session_free(struct day_session *ss);
void day_session_begin(struct day_session *ss);
void day_session_stop(struct day_session *ss);
void day_session_clock_set(struct day_session *ss);
// Ends its file, whole or as far as it goes, and counts its packets; how far it reaches, 0: nowhere.
ps_ntp day_session_end(struct day_session *ss, bool broken, bool *whole);
// All that is sent has come or is lost.
bool day_session_complete(struct day_session *ss);

// --- day_check.c
// Adds up: fails with the seed where a moment is missing, or is there twice, or has no reason that fits.
void day_check(const struct day *d);
sim_time day_sum(const struct day *d, enum ledger_kind kind);
