// SPDX-License-Identifier: Apache-2.0
// What the parts of a serving archive share. All of it belongs to the loop's thread.
#pragma once
#include "base/ps_log.h"
#include "http/ps_httpd.h"
#include "loop/ps_loop.h"
#include "psarchive/roster.h"
#include "psarchive/settings.h"
#include "psarchive/store.h"
#include "psarchive/writer.h"

struct inlets;
struct site {
    struct ps_loop *loop;
    struct ps_log *log;
    const struct settings *settings; // of now: a reload changes them
    struct ps_httpd *httpd;
    struct store *store;
    struct catalog *catalog;
    struct reader *reader;
    struct writer *writer;
    struct port *port;
    struct roster *roster;
    struct inlets *inlets;   // NULL: none
    int64_t started;         // seconds since 1970
    unsigned jobs;           // requests and such that wait for something: the loop is needed as long
    void (*idle)(void *ctx); // told when jobs has come to 0; NULL: nobody waits for that
    void *idle_ctx;
};

// Seconds since 1970.
int64_t site_now(void);
void site_job_begin(struct site *s);
void site_job_end(struct site *s);
// Runs work(ctx) and then done(ctx): on a worker when there is much to do (octets), else at once. Without memory
// for that, at once as well.
void site_work(struct site *s, size_t octets, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx);
