// SPDX-License-Identifier: Apache-2.0
// Delivers result documents to archives: pScheduler's archivers (fact sheet of the scheduler, section 4) as
// functions on the loop. A job is one try to hand one document to one destination; what comes of it is an
// outcome: delivered, to be tried again after a time, given up, or refused for good. Who asks keeps documents, tries and times,
// because they outlive the process; nothing is kept here.
//
// Which kinds of destinations there are: lib/deliver/ps_deliver_kind.h. All happens on the loop's thread, but for
// what may block (spools, look-ups of names).
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "base/ps_time.h"
#include "json/ps_jdoc.h"
#include "loop/ps_loop.h"

#define PS_DELIVER_ID_LEN 16

struct ps_deliver;      // what delivers
struct ps_deliver_call; // a job on its way
struct ps_deliver_kind;

// A kind by its name as archive specifications have it ("archiver"): "http", "spool". NULL: none of that name.
const struct ps_deliver_kind *ps_deliver_kind(const char *name);
// All names, for messages. Returns how many there are.
size_t ps_deliver_kinds(const char *const **names);
// Whether it says itself if a failure is worth another try, without a retry-policy.
bool ps_deliver_decides(const struct ps_deliver_kind *kind);

// Whether a kind takes these data (the member "data" of an archive specification; an object is wanted). 0; else
// PS_EMALFORMED, PS_EUNKNOWN, PS_ERANGE, PS_ENOTFOUND, PS_EUNSUPPORTED, PS_ESYNTAX, PS_ELIMIT with the fault naming
// the place, or -ENOMEM. The fault says nothing of values that may be secret (keys that begin with '_').
int ps_deliver_check(const struct ps_deliver_kind *kind, struct ps_jnode data, struct ps_fault *fault);

struct ps_deliver_conf {
    const char *agent;       // User-Agent of HTTP; NULL: none. Copied
    size_t calls_max;        // jobs on their way at a time; 0: 1,000
    uint64_t octets_max;     // of their documents; 0: 256 MiB
    unsigned conns_per_host; // connections to one host at a time; 0: 8
};

// The loop stays the caller's and outlives it. -ENOMEM.
int ps_deliver_new(struct ps_loop *l, const struct ps_deliver_conf *conf, struct ps_deliver **out);
// Ends all jobs without calling back. Whether a document then arrives is not known, as after a cut connection: it
// has to be sent again. What a worker is writing is finished first, on the loop. NULL is fine; fine from inside a
// callback.
void ps_deliver_free(struct ps_deliver *d);
size_t ps_deliver_calls(const struct ps_deliver *d); // on their way

struct ps_deliver_job {
    const struct ps_deliver_kind *kind;
    struct ps_jnode data; // the archiver's; read anew for each job, so good only during the call
    const void *doc;      // the document: one JSON value; copied
    size_t len;
    // Tells the receiver a second delivery where the way has room for it (spools). The same at each try of a
    // document; all zero: one at random.
    uint8_t id[PS_DELIVER_ID_LEN];
    uint64_t attempts; // tries of this document before this one, all in vain
    ps_ns elapsed;     // since the first of them
    ps_ns ttl;         // how long it is worth trying, from the first of them; 0: for ever
};

enum ps_deliver_end {
    PS_DELIVER_DONE,    // the destination has it, in its own word
    PS_DELIVER_AGAIN,   // not now; the retry policy wants another try
    PS_DELIVER_GIVE_UP, // not now; the policy, or the time to live, is used up
    PS_DELIVER_REFUSED, // never: it is the document that is at fault
};

struct ps_deliver_outcome {
    enum ps_deliver_end end;
    ps_ns wait;       // PS_DELIVER_AGAIN: from now to the next try
    const char *text; // of a failure, for people: destination and cause, without what is secret; else ""
};
// All of it is good during the call.
typedef void (*ps_deliver_cb)(void *ctx, const struct ps_deliver_outcome *o);

// One try. cb is called once, later, from the loop, unless the job is cancelled. out (may be NULL): for
// ps_deliver_cancel, until cb is called. An error means that nothing is on its way and cb is not called: PS_ELIMIT
// (calls_max, octets_max), PS_EREFUSED (the document is larger than the destination takes), those of ps_deliver_check,
// -ENOMEM, with the fault telling which.
int ps_deliver_send(struct ps_deliver *d, const struct ps_deliver_job *job, ps_deliver_cb cb, void *ctx,
                    struct ps_deliver_call **out, struct ps_fault *fault);
// Without calling back; whether the document arrives is not known. NULL is fine.
void ps_deliver_cancel(struct ps_deliver_call *call);
