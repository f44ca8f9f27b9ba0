// SPDX-License-Identifier: Apache-2.0
// An HTTP client on the loop: any number of requests at a time, each with a deadline and a bound, connections kept
// for the next one. Certificates are verified unless a request says otherwise. Only http and https are spoken.
// Everything happens on the loop's thread, but for the look-up of names.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "loop/ps_loop.h"

struct ps_httpc;
struct ps_httpc_call;

struct ps_httpc_conf {
    unsigned conns_max;      // open at a time; requests past it wait for one (0: no bound)
    unsigned conns_per_host; // (0: no bound)
    const char *agent;       // User-Agent; NULL: none. Copied
};

int ps_httpc_new(struct ps_loop *l, const struct ps_httpc_conf *conf, struct ps_httpc **out);
// Ends every request that is on its way without calling back. NULL is fine; fine from inside a callback.
void ps_httpc_free(struct ps_httpc *c);
size_t ps_httpc_calls(const struct ps_httpc *c); // on their way

#define PS_HTTPC_ENV_PROXY "env:" // as the environment says (http_proxy, no_proxy and such)

struct ps_httpc_ask {
    const char *method; // "GET", "HEAD", "PUT", "POST", "DELETE", ...
    const char *url;
    const char *const *headers; // "Name: value"; "Name:" leaves out one that would be sent
    size_t nheaders;
    const void *body; // copied
    size_t body_len;
    ps_ns timeout;         // for all of it; 0: 30 s
    size_t answer_max;     // octets of the answer's body, decompressed; 0: 16 MiB
    int sink;              // > 0: a descriptor that the body is written to, which stays the caller's
    unsigned redirects;    // that are followed at most; 0: a redirect is an answer like others
    bool insecure;         // neither certificate nor name of the host is verified
    const char *ca_file;   // PEM; NULL: the system's
    const char *bind;      // source address or interface; NULL: the kernel's choice
    const char *proxy;     // a URL; PS_HTTPC_ENV_PROXY; NULL: none
    int ip_version;        // 4 or 6: addresses of the other kind are not tried; 0: both
    const char *unix_path; // a Unix socket to connect to in place of the URL's host; NULL: none
};

// What came. All is good during the call.
struct ps_httpc_answer {
    // 0: there is an answer, whatever its status. PS_ETIMEOUT, PS_ERESOLVE, PS_EREFUSED (no connection), PS_EAUTH
    // (the certificate), PS_ELIMIT (answer too large, too many redirects), PS_ECLOSED (cut off), PS_ESYNTAX (the
    // URL), PS_EUNSUPPORTED (its scheme), PS_EPROTO (anything else); -errno of the sink.
    int err;
    const char *why;  // of an error: "URL: cause", without a password
    int status;       // 0: none came
    const char *body; // with a NUL behind len octets; "" when it went to a sink
    size_t len;
    const char *url;     // after redirects
    const char *headers; // see ps_httpc_header
};
typedef void (*ps_httpc_cb)(void *ctx, const struct ps_httpc_answer *a);

// Sends the request; cb is called once, from the loop, unless it is cancelled before. The strings of the request
// are copied. out (may be NULL): for ps_httpc_cancel, until cb is called. -ENOMEM, -EINVAL (a header or method
// with a line's end inside), PS_EUNSUPPORTED (an option that this libcurl lacks).
int ps_httpc_ask(struct ps_httpc *c, const struct ps_httpc_ask *ask, ps_httpc_cb cb, void *ctx,
                 struct ps_httpc_call **out);
void ps_httpc_cancel(struct ps_httpc_call *call); // NULL is fine
// The first of that name (any case) in the last answer: its value is copied to out, cut off at size. NULL: none.
const char *ps_httpc_header(const struct ps_httpc_answer *a, const char *name, char *out, size_t size);
