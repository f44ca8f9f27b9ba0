// SPDX-License-Identifier: Apache-2.0
// Questions to the DNS on the loop: each asker has a deadline of its own, the same question is asked once
// however many wait for it, and answers are kept as long as they say (a second at least). Only the DNS is
// asked, neither /etc/hosts nor a search list. Each question has a socket, and so a port, of its own.
// Everything happens on the loop's thread, which never blocks. c-ares opens /dev/urandom for each question: a
// daemon that confines itself has to allow that, and sockets of UDP and TCP.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_dnsname.h"
#include "loop/ps_loop.h"

enum ps_dns_type { PS_DNS_A = 1, PS_DNS_PTR = 12, PS_DNS_TXT = 16, PS_DNS_AAAA = 28 };

// What is 0 or NULL has the default behind it.
struct ps_dns_conf {
    const struct ps_addr *servers; // to be asked in this order, IPv4 or IPv6, port 0 for 53; copied
    size_t nservers;               // 0: those of resolv_conf
    const char *resolv_conf;       // read again when it changes: "/etc/resolv.conf"; copied
    unsigned under_way_max;        // questions that are with a server; more wait for their turn: 64
    unsigned waiting_max;          // askers that wait for an answer: 20,000
    size_t cache_max;              // octets of answers that are kept: 4 MiB
    ps_ns try_for;                 // how long a server may take to answer before another is asked: 1 s
    ps_ns give_up;                 // how long a question is worth asking at all: 6 s
    ps_ns keep_max;                // the longest that an answer is kept, whatever it says: 1 h
    ps_ns keep_none_max;           // the same, of the answer that there is nothing: 5 min
    ps_ns keep_failure;            // how long it is kept that nobody answered, or that they could not: 5 s
};

struct ps_dns;
struct ps_dns_query;

// 0, -ENOMEM, PS_EUNSUPPORTED (a server's address). That resolv_conf cannot be read is no error: 127.0.0.1 is
// asked.
int ps_dns_new(struct ps_loop *l, const struct ps_dns_conf *conf, struct ps_dns **out);
// Ends all that is on its way without calling back. NULL is fine; fine from inside a callback.
void ps_dns_free(struct ps_dns *d);

struct ps_dns_text {
    const char *at; // with a NUL behind len octets; it may hold others
    size_t len;
};

// What came. All is good during the call.
struct ps_dns_answer {
    // 0: there are records. PS_ENOTFOUND: the name does not exist, or has none of this type. PS_ETIMEOUT:
    // nobody answered in time. PS_EREFUSED: the servers cannot be reached, failed or refused. PS_EMALFORMED:
    // what came could not be read. PS_ELIMIT: more than waiting_max would wait. PS_ESYNTAX: the name is none.
    // -ENOMEM.
    int err;
    const char *why;             // of an error, in words: "NAME: cause"
    const struct ps_addr *addrs; // A, AAAA; ports are 0
    // PTR: names as ps_dnsname_normal has them; TXT: the strings of a record in one.
    const struct ps_dns_text *texts;
    size_t n; // of either; 0 with an error
    bool cached;
    ps_ns left; // how long it will be kept
};
#define PS_DNS_RECORDS 64 // of one answer; more are left out

typedef void (*ps_dns_cb)(void *ctx, const struct ps_dns_answer *a);

// Asks; cb is called once, from the loop and not from inside this call, after `patience` (0: give_up) at the
// latest, unless the query is cancelled before. Whatever is wrong comes as an answer; -ENOMEM alone is
// returned, and then cb is not called. out (may be NULL): for ps_dns_cancel, until cb is called.
int ps_dns_ask(struct ps_dns *d, enum ps_dns_type type, const char *name, ps_ns patience, ps_dns_cb cb,
               void *ctx, struct ps_dns_query **out);
// Others may wait for the same answer; if nobody does, it is still waited for while there is room, for the
// next one.
void ps_dns_cancel(struct ps_dns_query *q); // NULL is fine
// Calls cb from inside and returns true if the answer is known already. Never asks anybody.
bool ps_dns_known(struct ps_dns *d, enum ps_dns_type type, const char *name, ps_dns_cb cb, void *ctx);

// Forward-confirmed reverse: the names of an address's PTR records that have that address.
struct ps_dns_names {
    // 0: there is such a name. PS_ENOTFOUND: the address has no name, or none that leads back; else as above.
    int err;
    const char *why; // of an error: "192.0.2.1: cause"; else of names that could not be checked, or ""
    const char *const *names;
    size_t n;
};
#define PS_DNS_NAMES 16 // of an address that are checked

typedef void (*ps_dns_names_cb)(void *ctx, const struct ps_dns_names *names);
struct ps_dns_reverse;
// As ps_dns_ask. When patience ends, the names confirmed by then are told. An IPv4-mapped address is taken
// for IPv4.
int ps_dns_reverse(struct ps_dns *d, const struct ps_addr *addr, ps_ns patience, ps_dns_names_cb cb,
                   void *ctx, struct ps_dns_reverse **out);
void ps_dns_reverse_cancel(struct ps_dns_reverse *r); // NULL is fine

struct ps_dns_stats {
    uint64_t asked;      // by callers
    uint64_t from_cache; // of these, answered at once
    uint64_t sent;       // questions that went to a server
    uint64_t late;       // askers whose patience ended
    uint64_t failed;     // questions that nobody answered, or not with sense
    size_t under_way, queued, waiting;
    size_t cached, cached_octets;
};
void ps_dns_stats(const struct ps_dns *d, struct ps_dns_stats *out);
// Forgets all answers.
void ps_dns_forget(struct ps_dns *d);
