// SPDX-License-Identifier: Apache-2.0
// A document that somebody else publishes at a URL, kept fresh: fetched at the start and again every so
// often, taken over when its user finds nothing wrong with it, and kept on disk, so that there is one after a
// restart without a network. What is bad (no answer, too slow, too large, empty, a page of HTML where none
// belongs, refused by the user) leaves the one before in force and is told with its reason.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "http/ps_httpc.h"
#include "loop/ps_loop.h"

struct ps_mirror;

#define PS_MIRROR_LATER 1

struct ps_mirror_doc {
    const char *data; // with a NUL behind len octets
    size_t len;
    ps_ns fetched; // when it was found to be what the URL has; wall clock
    bool from_disk;
};

struct ps_mirror_conf {
    const char *url;  // http or https; copied, as are all strings
    ps_ns update;     // from a success to the next fetch; at least 1 s
    ps_ns retry;      // from a failure to the next fetch; at least 1 s
    ps_ns timeout;    // of a fetch; 0: 30 s
    size_t max;       // octets; 0: 16 MiB
    const char *path; // the copy on disk, written by renaming PATH.tmp; its folder must be there. NULL: none
    const char *bind; // as in ps_httpc_ask, these four
    const char *ca_file;
    const char *proxy;
    bool insecure;
    bool html; // it may be HTML
    // Looks at a document and takes over what it needs: 0, or a negative code with words in why: it is not in
    // force. PS_MIRROR_LATER: ps_mirror_decide will tell, and until then data is good. Called for the copy on
    // disk (from inside ps_mirror_start) and for what is fetched (from the loop), never for one that the
    // server says has not changed.
    int (*take)(void *ctx, const struct ps_mirror_doc *doc, char *why, size_t size);
    // After each attempt; NULL is fine. ps_mirror_free is fine from inside.
    void (*told)(void *ctx, struct ps_mirror *m);
    void *ctx;
};

struct ps_mirror_state {
    bool in_force;  // there is a document
    bool from_disk; // and it has not been fetched or confirmed since the start
    ps_ns fetched;  // when it was what the URL has; wall clock; 0: never
    ps_ns age;      // since then; 0: never
    size_t len;     // octets of it
    bool fetching;
    uint64_t attempts; // since the start
    unsigned failures; // since the last success
    int err; // of the last attempt: 0, a code of ps_httpc_answer, PS_EMALFORMED (bad content), or the user's
    const char *why; // in words, "URL: cause"; "" without an error
    int disk_err;    // the copy on disk could not be written or read: 0 or a code
};

// Checks conf and reads nothing yet. PS_ESYNTAX (the URL), PS_EUNSUPPORTED (its scheme), -ENOMEM. The client
// must stay until the mirror is freed.
int ps_mirror_new(struct ps_loop *l, struct ps_httpc *http, const struct ps_mirror_conf *conf,
                  struct ps_mirror **out);
// Reads the copy on disk, if there is one of this URL, and fetches. 0 or -ENOMEM.
int ps_mirror_start(struct ps_mirror *m);
void ps_mirror_free(struct ps_mirror *m); // NULL is fine
// What became of a document whose taking was put off: 0 or a negative code with words (may be NULL).
void ps_mirror_decide(struct ps_mirror *m, int err, const char *why);
// Fetches now, if it is not being fetched.
void ps_mirror_refresh(struct ps_mirror *m);
void ps_mirror_get(const struct ps_mirror *m,
                   struct ps_mirror_state *out); // why is good until the next attempt
// A text (with a NUL behind it) is a page of HTML, as errors and logins are. What a server says of its type is often
// wrong.
bool ps_mirror_is_html(const char *text);
