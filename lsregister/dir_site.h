// SPDX-License-Identifier: Apache-2.0
// What the parts of a running directory share. All of it belongs to the loop's thread.
#pragma once
#include "base/ps_log.h"
#include "http/ps_httpd.h"
#include "loop/ps_loop.h"
#include "lsregister/dir_index.h"
#include "lsregister/dir_settings.h"
#include "lsregister/dir_store.h"

#define DIR_HITS_MAX ((size_t)16 << 20) // octets of answers that are under way

struct dir_counts {
    uint64_t registered, renewed, removed, adopted, pruned, refused, queries;
};

struct dir_site {
    struct ps_loop *loop;
    struct ps_log *log;
    const struct dir_settings *settings; // of now: a reload changes them
    struct ps_httpd *httpd;
    struct dir_store *store;
    struct dir_index *index;
    size_t hits_octets; // held by answers
    struct dir_counts counts;
    ps_ns started;           // since 1970
    bool full;               // it took no record for want of room, and said so
    unsigned jobs;           // what waits for something: the loop is needed as long
    void (*idle)(void *ctx); // told when jobs has come to 0; NULL: nobody waits for that
    void *idle_ctx;
};

int64_t dir_now_ms(void); // milliseconds since 1970
void dir_job_begin(struct dir_site *s);
void dir_job_end(struct dir_site *s);
