// SPDX-License-Identifier: Apache-2.0
// What became of each moment of a stream's life: measured, or not and why. The entries tile the time
// from ledger_begin on without holes and without overlap, whatever order the sessions end in; where the
// clock was set, an entry says from when to when. A gap is told when it is over and all before it is told;
// what is measured is told as soon as it is known. Pure: time is an argument.
#pragma once
#include "base/ps_time.h"

// Sessions agreed with the server and not settled yet, gaps that are not over yet, and what was measured
// behind them.
#define LEDGER_SPANS 32
// The octets of a reason in a note, with the zero behind it.
#define LEDGER_REASON 96

enum ledger_kind { LEDGER_MEASURED, LEDGER_GAP, LEDGER_STEP };

struct ledger_entry {
    enum ledger_kind kind;
    ps_ntp from, to;
    const char *reason; // of a gap; good during the call
};

enum ledger_state { SPAN_OPEN, SPAN_GAP, SPAN_MEASURED }; // a gap that is not over may still turn out shorter

struct ledger_span {
    enum ledger_state state;
    uint32_t id;
    ps_ntp from, to;
    char *reason; // of a gap; NULL: there was no memory for it
};

// What the next run has to know: everything before `told` was told, and of these spans behind it what became
// of them.
struct ledger_note {
    ps_ntp told;
    unsigned n;
    struct {
        ps_ntp from, to;
        char reason[LEDGER_REASON]; // why it was not measured; "": it was
    } later[LEDGER_SPANS];
};

struct ledger {
    ps_ntp covered;            // everything before belongs to a span or has been told
    ps_ntp certain;            // up to here that is so for `reason`, whatever comes
    char *reason;              // as that of a span
    struct ledger_span *spans; // in the order of their times
    unsigned nspans, room;
    void *ctx;
    void (*emit)(void *ctx, const struct ledger_entry *e);
};

// Frees what it holds.
void ledger_fini(struct ledger *l);
// The stream's life begins; zero it, and set ctx and emit before. reason: why nothing is measured yet.
void ledger_begin(struct ledger *l, ps_ntp at, const char *reason);
// The same behind a former run: since its note nothing was measured but what it names, for this reason, and
// before what it names because results were lost.
void ledger_resume(struct ledger *l, const struct ledger_note *note, const char *reason);
// Less of a gap than this has no reason of its own.
#define LEDGER_LEAST (100 * PS_MSEC)
// Why it is that nothing is measured from `covered` on, when it comes to that, as was seen now. For what was
// certain before, the old reason stays: up to when it was blamed last, or confirmed, or a session broke off
// for it.
void ledger_blame(struct ledger *l, const char *reason, ps_ntp now);
// The reason that was blamed holds up to now: then something else is tried.
void ledger_confirm(struct ledger *l, ps_ntp now);
// A session that measures from..to. PS_ERANGE when it begins before `covered` or ends before it begins,
// PS_ELIMIT when too many are open, -ENOMEM.
int ledger_agree(struct ledger *l, uint32_t id, ps_ntp from, ps_ntp to);
// The session has ended and measured up to `upto` (its own end or more: all; its beginning or less:
// nothing); reason: why not all. An unknown id is ignored.
void ledger_settle(struct ledger *l, uint32_t id, ps_ntp upto, const char *reason, ps_ntp now);
// Tells the gaps that are over.
void ledger_pass(struct ledger *l, ps_ntp now);
// Nothing has been measured up to now: tells it, so that a long gap is seen before it ends.
void ledger_idle(struct ledger *l, ps_ntp now);
// The clock showed `before` and was set to `after`, for the reason blamed. No session may be open.
void ledger_step(struct ledger *l, ps_ntp before, ps_ntp after);
// Why nothing would be measured now.
const char *ledger_reason(const struct ledger *l);
// Everything before this has been told.
ps_ntp ledger_told(const struct ledger *l);
// The note accounts up to there, too: nothing was measured, for this reason.
void ledger_note_gap(struct ledger_note *note, ps_ntp upto, const char *reason);
// What is accounted for now, told or not.
void ledger_make_note(const struct ledger *l, ps_ntp now, struct ledger_note *note);
