// SPDX-License-Identifier: Apache-2.0
// The one thread that writes. What waits when it is free goes into one transaction (group commit), and is told
// done when that is durable. Who gives it something does so through a port of his own, and is told there: on
// the thread that calls port_reap. When nothing waits it looks every other second whether another process has written,
// and the catalog takes in what that registered and purged.
//
//     port_new(&port, writer)
//     ps_watch_new(loop, port_fd(port), on_ready, me, &watch); ps_watch_set(watch, PS_WATCH_READ)
//     on_ready: port_reap(port)                  calls done() of each that is
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "psarchive/put.h"
#include "psarchive/store.h"

#define WRITER_WAITING_MAX 20000             // puts that may wait
#define WRITER_OCTETS_MAX ((size_t)32 << 20) // of them

struct writer;
// Starts the thread. One a store.
int writer_start(struct writer **out, struct store *s, struct ps_fault *fault);
// Writes what waits, and ends the thread. All ports are freed before. NULL is fine.
void writer_stop(struct writer *w);

struct port;
int port_new(struct port **out, struct writer *w);
// Waits until nothing of it is with the writer any more, and tells what is done. NULL is fine.
void port_free(struct port *p);
// Gives a put to the writer; it comes back with done(), and is the writer's until then. PS_ELIMIT: too much waits;
// PS_ESTATE: the writer ends. Then it stays the caller's.
int port_put(struct port *p, struct put *put);
// Runs work on the writer's thread between transactions (purge, backup, tokens), then done on the port's.
int port_call(struct port *p, int (*work)(void *ctx, struct store *s), void (*done)(void *ctx, int err),
              void *ctx);
// Readable as long as something is done and not told.
int port_fd(const struct port *p);
// Calls done() of what is done. Returns how many.
size_t port_reap(struct port *p);
// Waits until at most `left` are with the writer, and tells what is done meanwhile (for threads without a loop).
void port_wait(struct port *p, size_t left);

struct writer_state {
    uint64_t puts, values, transactions; // written since the start
    uint64_t same, conflicts, failed;    // puts that were there already, conflicts, other errors
    uint64_t waiting, waiting_octets;
    int trouble; // the last transaction's error; 0: it went well
};
struct catalog *writer_catalog(const struct writer *w); // of its store
void writer_look(struct writer *w, struct writer_state *out);
