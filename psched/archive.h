// SPDX-License-Identifier: Apache-2.0
// One archive: who gets results, what is made of them before (jq), and how a try to hand one over ends. Archivers of
// lib/deliver, and plug-ins (fact sheet scheduler, section 4).
#pragma once
#include "deliver/ps_deliver.h"
#include "psched/site.h"

struct archive;

// What archives share.
struct archive_env {
    struct site *site;
    struct ps_deliver *deliver;
};

// spec: an archive specification, JSON text. Errors as sp_archive_read and ps_deliver_check, PS_EUNKNOWN: there is no
// such archiver; the fault tells in words that can be shown to a client.
int archive_new(struct archive **out, const struct archive_env *env, const char *spec, size_t len,
                struct ps_fault *fault);
// What is under way is ended without calling back. NULL is fine; fine from inside a callback.
void archive_free(struct archive *a);

const char *archive_label(const struct archive *a); // or the archiver's name
bool archive_wants(const struct archive *a, bool succeeded);
ps_ns archive_ttl(const struct archive *a);        // -1: for ever
bool archive_has_policy(const struct archive *a);  // of its own, for failures
bool archive_writes_here(const struct archive *a); // into this host's files, wherever psched may write
// "https://host": of hrefs in what it is sent; NULL: this host's.
const char *archive_origin(const struct archive *a);

// archive_place.c: where the archive with these data is, for people: host and port, a folder. Nothing that is secret.
// NULL: the data do not say.
#define ARCHIVE_PLACE 320
const char *archive_place(struct ps_jnode data, char out[ARCHIVE_PLACE]);

// What a task may not ask for: a spool in a folder that the settings do not name. 0, or PS_EREFUSED with the fault told.
int archive_permitted(const struct archive *a, struct ps_fault *fault);
// err 0: its script is a program and its data are good. Called once, from the loop.
typedef void (*archive_checked_cb)(void *ctx, int err, const char *why);
// What archive_new cannot see at once: compiles the script, asks a plug-in. 0 or -ENOMEM, PS_ELIMIT.
int archive_check(struct archive *a, archive_checked_cb cb, void *ctx);

struct archive_job {
    const char *doc; // the result, JSON text; copied
    size_t len;
    uint8_t id[PS_DELIVER_ID_LEN];
    uint64_t attempts;  // made before
    ps_ns last_attempt; // when the last one ended; 0: there was none
    ps_ns elapsed;
};
struct archive_send;
// The outcome as ps_deliver's; nothing is sent when the script gives null, which is success.
typedef void (*archive_sent_cb)(void *ctx, const struct ps_deliver_outcome *o);
int archive_send(struct archive *a, const struct archive_job *job, archive_sent_cb cb, void *ctx,
                 struct ps_fault *fault);
// How a document ends that could not be sent at all, for an error of archive_send.
enum ps_deliver_end archive_end_of(int err);
size_t archive_sending(const struct archive *a);
