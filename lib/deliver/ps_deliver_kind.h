// SPDX-License-Identifier: Apache-2.0
// What a kind of destination is to lib/deliver; read by those who write one. A new kind is a file with a
// `const struct ps_deliver_kind`, declared here and named in the table of ps_deliver.c.
//
// The kinds, by what their data may have (closed: other keys are refused; * has to be there; "schema" is the
// version of the data, by default 1):
//
// http (schema 1 to 4): one request for each document; any 2xx is success. Redirects are not followed, because
// most lose the document; they are failures whose text has the new place.
//   _url*         http or https; user and password in it are sent as Basic authentication
//   op            "post" (default) or "put"
//   bind          address or interface that requests leave from
//   retry-policy
//   _headers      (2) object of strings; "" leaves a header out. Content-Type is application/json otherwise
//   verify-ssl    (3) whether the server's certificate has to be good; default false, as pScheduler has it
//   timeout       (4) ISO 8601 duration for all of it, at most a day; default PT30S
// An answer's Retry-After in seconds (RFC 9110, 10.2.3) makes the policy's wait longer, by up to an hour.
//
// esmond (schema 1): what esmond keeps of a result (esmond/es_map.h), by its API: metadata are registered, then values
// written. Where the metadata of a registration are is remembered for an hour. What the archive says to have already
// counts as delivered, so that sending again does no harm.
//   url*          of its API, as in https://archive.example.org/esmond/perfsonar/archive/
//   _auth-token   without one the archive has to know this host's address
//   bind, verify-ssl, retry-policy   as http
//   measurement-agent       host, in place of the run's lead
//   data-formatting-policy  "prefer-mapped" (default), "mapped-and-raw", "mapped-only" (of tests that are not mapped
//                           nothing is sent, which is a success), "raw-only"
//   summaries     array of {event-type*, summary-type*, summary-window*}, in place of all that there are by default
// A document that is none, or that the archive does not want (400, 413 or 422 in its own words), is refused for good;
// whatever else goes wrong may be mended.
//
// spool (schema 1): a record for each document in a spool directory of this host (lib/spool), which psarchive
// reads. Documents that come while others are being written are written together. Success is told when the
// document outlives a power cut.
//   directory*    absolute; made if it is missing, but not its parents
//   max-octets    of records in the spool, with their headings; default a gibibyte. Past it the oldest are dropped
//                 and counted
//   max-age       ISO 8601 duration, after which they are dropped; default P30D
//   retry-policy
//
// bitbucket (schema 1): nothing is kept.
//
// failer (schema 1 to 2): nothing is kept, and it fails by chance.
//   delay         ISO 8601 duration before it ends; default nothing
//   fail, retry   how probable a failure is, and after one that it is worth another try in 10 s; default 0.5
//   badly         (2) taken, without effect
//
// syslog (schema 1): a line to this host's logger.
//   ident, facility, priority   default pScheduler, user, info
//
// tcp (schema 1): a connection for each document, which is all that it carries.
// udp (schema 1): a datagram.
//   host*, port*, bind, ip-version, retry-policy
//   payload-size  udp: octets; a larger document is a failure. Default 508
//
// retry-policy: array of up to 64 {"attempts": 1 or more, "wait": ISO 8601 duration}. The number of tries made
// before the present one is counted off the segments in turn; the segment that it falls into has the wait. Behind
// the last one a document is given up; without a policy after the first try.
#pragma once
#include "base/ps_retry.h"
#include "deliver/ps_deliver.h"

extern const struct ps_deliver_kind ps_deliver_bitbucket, ps_deliver_esmond, ps_deliver_failer,
    ps_deliver_http, ps_deliver_spool, ps_deliver_syslog, ps_deliver_tcp, ps_deliver_udp;

#define PS_DELIVER_RETRY_MAX 64 // segments

struct ps_deliver_retry {
    size_t n;
    struct ps_retry_step steps[PS_DELIVER_RETRY_MAX];
};

// What all kinds get for their state.
struct ps_deliver_env {
    struct ps_loop *loop;
    const char *agent; // NULL: none
    unsigned conns_per_host;
};

struct ps_deliver_kind {
    const char *name;
    size_t target_size; // octets of what data become, a target
    // Reads data into target, which is all zeros, and the retry policy, which is empty. Errors as ps_deliver_check.
    int (*read)(struct ps_jget *g, void *target, struct ps_deliver_retry *retry);
    void (*drop)(
        void *target); // what it points to, also of one that was read in part; NULL: it points to nothing
    // What the kind keeps for all its jobs in one ps_deliver; made when the first is sent. close may be called
    // from inside ps_deliver_ended; the jobs are cancelled before. Both NULL: nothing, the state is the loop.
    int (*open)(const struct ps_deliver_env *env, void **state);
    void (*close)(void *state);
    // Sends a job to its target, which lives until the job has ended. *own is for cancel. The end is told by
    // one of the functions below, later, not from inside. An error: nothing was begun; the fault is told.
    int (*send)(void *state, void *target, struct ps_deliver_call *call, const struct ps_deliver_job *job,
                void **own, struct ps_fault *fault);
    void (*cancel)(void *own);
    bool decides; // it says itself whether a failure is worth another try
};

// --- how a job ends: the call and its target are gone afterwards

void ps_deliver_done(struct ps_deliver_call *call);
// The policy says whether there is another try, after `wait` at least.
void ps_deliver_failed(struct ps_deliver_call *call, ps_ns wait, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
// No other try can go better.
void ps_deliver_refused(struct ps_deliver_call *call, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

// --- reading data

// "schema": 1 to max.
unsigned ps_deliver_schema(struct ps_jget *g, unsigned max);
// A key that came with a later schema than this one: a fault if it is there.
void ps_deliver_since(struct ps_jget *g, const char *key, unsigned schema, unsigned since);
// An ISO 8601 duration from min to max.
ps_ns ps_deliver_duration(struct ps_jget *g, const char *key, ps_ns min, ps_ns max, ps_ns otherwise);
void ps_deliver_retry_policy(struct ps_jget *g, struct ps_deliver_retry *out);
// The end: as ps_jget_end, but keys that begin with '_' have to be known, too, since that is how archivers mark
// what is secret. known: those, n of them.
int ps_deliver_data_end(struct ps_jget *g, const char *const *known, size_t n);
