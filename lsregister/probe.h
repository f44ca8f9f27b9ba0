// SPDX-License-Identifier: Apache-2.0
// Whether a service answers: a daemon of this suite on its Unix socket, any other by a connection of TCP to any of its
// addresses; so is one whose socket is not there or may not be opened. An OWAMP or TWAMP server has to greet with a mode
// that it offers. A service that speaks HTTP and that nobody has named (plan_service.optional), or that was to be asked
// at a socket, is asked at each of its addresses whether it is one: a connection is not enough, any web server takes it.
#pragma once
#include "loop/ps_loop.h"
#include "lsregister/plan.h"
#include "lsregister/words.h"

#define PROBE_PATIENCE (5 * PS_SEC)

struct probe_answer {
    bool up;
    const char *why;     // it is not, in words
    const char *version; // NULL: not told
    struct record *said; // what a daemon says of itself, as keys of records
    const struct words
        *where;      // the addresses at which it said what it is, or that it listens; empty: not known
    uint16_t port;   // at which it says that it listens; 0: it does not
    bool at_socket;  // it was asked there, rather than otherwise
    const char *how; // it was asked: "asked at /run/x.sock", "asked by TCP, as /run/x.sock: ..."
};

struct probe;
// Called once, from the loop; the answer is good during the call.
typedef void (*probe_cb)(void *ctx, const struct probe_answer *answer);
// addresses: of the service, in numbers or names. What is given is copied. 0 or -ENOMEM.
int probe_start(struct ps_loop *l, const struct plan_service *s, const struct words *addresses, probe_cb cb,
                void *ctx, struct probe **out);
void probe_cancel(struct probe *p); // cb is not called; NULL is fine

// Whether an answer to GET of a service's root is one of that kind: pScheduler's is a text, an archive's a list or an
// object, in JSON. Pure.
bool probe_is_kind(enum plan_kind kind, int status, const char *body, size_t len);
// The reply of the daemon of a kind to {"verb": "status"}, which is not another one's: version, of psched what tests and tools it has, and where it listens
// (ADDR:PORT). 0; PS_EMALFORMED with the fault told. Pure.
int probe_read_status(enum plan_kind kind, const char *text, size_t len, struct record *said,
                      struct words *listen, struct ps_fault *fault);
// Whether an error of a socket says that it is not there, or not for us: then it is asked otherwise.
bool probe_is_shut(int err);
// What asking otherwise is called: "TCP" or "HTTP".
const char *probe_otherwise(const struct plan_service *s);
