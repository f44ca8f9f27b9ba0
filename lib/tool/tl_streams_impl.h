// SPDX-License-Identifier: Apache-2.0
// What tl_streams.c, which tells powstream, and tl_intake.c, which reads its results, share.
#pragma once
#include "base/ps_list.h"
#include "tool/tl_streams.h"

#define TL_STREAM_TROUBLE 512

enum tl_stream_state {
    TL_STREAM_WANTED,  // powstream does not know of it
    TL_STREAM_ASKING,  // it is being told
    TL_STREAM_HERE,    // it knows
    TL_STREAM_LEAVING, // it knows, and is told to forget
};

struct tl_stream {
    struct ps_list link;
    struct tl_streams *all;
    char *name, *request;
    enum tl_stream_state state;
    char trouble[TL_STREAM_TROUBLE]; // why it measures nothing; "": it does, as far as is known
    uint64_t told;                   // the last look at troubles that it was told of
    const struct tl_stream_ops *ops; // NULL: nobody wants it any more
    void *ctx;
};

struct asking;
struct intake;

struct tl_streams {
    struct ps_loop *loop;
    const struct tl_site *site;
    char dir[300], socket[100], spool[300];
    struct ps_list streams;
    struct tl_child *child;
    ps_ns started, again; // when, and how long it is waited before the next start
    struct ps_timer *timer;
    struct tl_stream *subject; // of the request that is under way
    struct asking *asking;
    uint64_t looks; // counts what tells troubles
    struct ps_log *log;
    bool ended;                 // powstream ended by itself, and is not back yet
    void (*stopped)(void *ctx); // NULL: it is to run
    void *stopped_ctx;
    struct intake *intake;
    struct tl_look *look;
};

void tl_stream_destroy(struct tl_stream *st);
void tl_stream_detach(struct tl_stream *st);
struct tl_stream *tl_streams_find(const struct tl_streams *s, const char *name); // NULL: there is none

// tl_streams_look.c: asks powstream now and then which streams measure nothing, and why.
int tl_look_start(struct tl_streams *s);
void tl_look_stop(struct tl_streams *s);
void tl_look_soon(struct tl_streams *s);                  // a stream has begun
void tl_look_none(struct tl_streams *s, const char *why); // no stream measures anything

// Reads the spool when something has come, and tells the streams. 0 or an error.
int tl_intake_start(struct tl_streams *s);
void tl_intake_stop(struct tl_streams *s);
