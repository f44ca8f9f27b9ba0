// SPDX-License-Identifier: Apache-2.0
// The runs of latencybg: one powstream for all of them, which is told of streams on its control socket and puts its
// documents into a spool. It is started with the first stream, started again when it dies (after a second, then less
// often), and told anew of all streams then. Used from the loop's thread; what blocks is done by workers.
#pragma once
#include "base/ps_conf.h"
#include "base/ps_log.h"
#include "json/ps_jdoc.h"
#include "loop/ps_loop.h"
#include "tool/tl_site.h"

struct tl_streams;
struct tl_stream;

struct tl_streams_conf {
    const struct tl_site *site; // stays the caller's
    const char *dir;            // for the socket, the spool and notes; made if it is missing; copied
    struct ps_log *log;         // of powstream's ends and returns; NULL: none
};

int tl_streams_new(struct ps_loop *l, const struct tl_streams_conf *conf, struct tl_streams **out,
                   struct ps_fault *fault);
// Asks powstream to end, which it does when it has put what it has into the spool, or in 5 s; then calls `done`, from the
// loop. Streams tell nothing more. Their documents are read by who begins them anew.
void tl_streams_stop(struct tl_streams *s, void (*done)(void *ctx), void *ctx);
// Kills powstream, too. Calls nothing. NULL is fine.
void tl_streams_free(struct tl_streams *s);

struct tl_stream_ops {
    // A result in pScheduler's form, JSON text, good during the call.
    void (*record)(void *ctx, const char *text, size_t len);
    // Nothing was measured for a while, which is told when it is over, and each minute while it lasts.
    void (*gap)(void *ctx, double seconds, const char *why);
    // Nothing is measured for now, and why; NULL: it is again. Told when it changes.
    void (*trouble)(void *ctx, const char *why);
    // The stream cannot be, because powstream refuses it. It is gone: not to be freed.
    void (*failed)(void *ctx, const char *why);
};

// name: by which its documents are known, also after a restart of this process: what is in the spool of a name that
// nobody has is dropped. spec: of latencybg.
int tl_stream_new(struct tl_streams *s, const char *name, struct ps_jnode spec,
                  const struct tl_stream_ops *ops, void *ctx, struct tl_stream **out, struct ps_fault *fault);
// Has powstream end it; calls nothing any more. NULL is fine.
void tl_stream_free(struct tl_stream *st);
