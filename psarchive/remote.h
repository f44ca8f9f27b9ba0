// SPDX-License-Identifier: Apache-2.0
// Another archive, asked by esmond's API: so many requests at a time, each tried again after a failure that may pass,
// with waits that grow. What comes is JSON that was read, or the reason why nothing does.
#pragma once
#include "base/ps_buf.h"
#include "json/ps_jdoc.h"
#include "loop/ps_loop.h"

struct remote;
struct remote_conf {
    const char *url;      // of the list: ".../esmond/perfsonar/archive"
    const char *token;    // NULL: none
    const char *ca_file;  // NULL: the system's
    const char *bind;     // NULL: the kernel's choice
    bool insecure;        // certificates are not looked at
    unsigned connections; // at a time
    ps_ns timeout;        // of a request
    ps_ns patience;       // from a request's first failure to giving it up
};
// PS_ESYNTAX (the URL), -ENOMEM, with the fault told.
int remote_new(struct remote **out, struct ps_loop *l, const struct remote_conf *conf,
               struct ps_fault *fault);
// Ends all requests without telling. NULL is fine; fine from inside a callback.
void remote_free(struct remote *r);

struct remote_answer {
    bool missing;         // 404: there is no such thing
    struct ps_jnode root; // what came, an array; else not there
    const char *why;      // nothing came: the reason; else NULL
};
typedef void (*remote_cb)(void *ctx, const struct remote_answer *a);
// GETs what a reference means from the list's URL: "?limit=1", "KEY/EVENT/base?...", "/esmond/..." (a path of the same
// host; one to another host is refused, since the token would go there). cb is called once, later. PS_ESYNTAX (the
// reference), PS_EREFUSED (another host), -ENOMEM.
int remote_get(struct remote *r, const char *ref, remote_cb cb, void *ctx);
struct remote_stats {
    uint64_t requests, failures; // those that were tried again count each time
};
void remote_look(const struct remote *r, struct remote_stats *out);
