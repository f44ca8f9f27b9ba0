// SPDX-License-Identifier: Apache-2.0
// What the kinds that speak HTTP have in common.
#pragma once
#include "deliver/ps_deliver_kind.h"
#include "http/ps_httpc.h"

#define PS_DELIVER_ANSWER_MAX ((size_t)256 << 10) // octets of an answer that are of interest
#define PS_DELIVER_WEB_WORDS 400

// Where to.
struct ps_deliver_web {
    char *url, *label, *bind; // label: the URL without user and query, for messages
    bool insecure;            // certificates are not looked at
};
void ps_deliver_web_drop(struct ps_deliver_web *w);
// key*: a URL of http or https, which no fault shows.
void ps_deliver_web_url(struct ps_jget *g, const char *key, struct ps_deliver_web *w);
// "bind" and "verify-ssl", which is false by default, as pScheduler has it.
void ps_deliver_web_ways(struct ps_jget *g, struct ps_deliver_web *w);
// A fault of a member whose value is not to be shown: what it wants.
void ps_deliver_web_fail(struct ps_jget *g, const char *key, int err, const char *what);
// A text that can stand in a header: one line.
bool ps_deliver_web_printable(const char *text);

// A kind's open and close: its state is a struct ps_httpc.
int ps_deliver_web_open(const struct ps_deliver_env *env, void **state);
void ps_deliver_web_close(void *state);

// An answer is one of success also when it says more than is of interest.
bool ps_deliver_web_good(const struct ps_httpc_answer *a);
// What came in place of a good answer, for people: ": cause", ": answers 403: excerpt".
const char *ps_deliver_web_words(const struct ps_httpc_answer *a, char out[PS_DELIVER_WEB_WORDS]);
// The seconds of Retry-After (RFC 9110, 10.2.3), at most an hour; 0: not said.
ps_ns ps_deliver_web_wait(const struct ps_httpc_answer *a);
