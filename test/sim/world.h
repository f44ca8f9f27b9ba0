// SPDX-License-Identifier: Apache-2.0
// The inside of the simulator: events, clocks, paths, hosts and the two ends of a session.
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "data/ow_file.h"
#include "owamp/ow_client.h"
#include "owamp/ow_send.h"
#include "owamp/ow_server.h"
#include "sim.h"

#define SIM_HEAD 48

struct sim_event {
    struct ps_heap_node node;
    void (*fire)(void *ctx);
    void *ctx;
};

struct sim_clock {
    ps_ntp epoch;
    const struct sim_host_conf *conf;
};

// A copy of a packet that arrived.
struct sim_copy {
    uint32_t seq;
    sim_time sent, delay;
    uint8_t ttl;
};

// What happened to the packets of a session, whatever the machines make of it.
struct sim_truth {
    ps_ntp *sched;
    sim_time *left; // when it left; -1: it did not
    bool *skipped;
    struct sim_copy *copies; // as they arrived
    size_t ncopies, cap;
};

struct sim_session {
    struct sim *sim;
    const struct sim_session_conf *conf;
    struct sim_host *sender, *receiver;
    struct ow_request req; // as both sides know it in the end
    struct sim_truth truth;
    // the sending end
    struct ow_send *send;
    struct sim_event due;
    bool sending;
    // the receiving end
    struct ow_recv *recv;
    struct ow_test *test;
    struct ow_writer *writer;
    struct sim_event expiry;
    int fd; // its file, in memory
    bool ended, cut;
    ps_ntp stop; // the receiver's time of the sender's Stop-Sessions
    sim_time ended_at;
    // what is reported, from the file or fetched
    struct ow_rec *recs;
    size_t nrecs, recs_cap;
    struct ow_skip *skips;
    uint32_t nskips;
    struct ow_stats *stats;
    struct sim_result result;
};

struct sim_host {
    struct sim *sim;
    const char *name;
    const struct sim_host_conf *conf;
    struct sim_clock clock;
    struct ow_client *client; // one of the two
    struct ow_server *server;
    uint32_t asked; // sessions asked for, or heard of
    struct sim_event finish, step, interrupt;
    bool testing, cut_short, stop_sent, stop_seen, concluded;
    sim_time heard; // the last octets from the other host arrive then
};

struct sim_path {
    const struct sim_path_conf *conf;
    bool bursting;
};

struct sim {
    struct sim_conf conf;
    struct ps_rand rand;
    struct ps_heap heap;
    sim_time now;
    struct sim_host client, server;
    struct sim_path up, down;
    struct sim_session sessions[SIM_SESSIONS];
    uint32_t fetching;
    bool fetched; // all that the server received
};

// --- world.c
void sim_event_init(struct sim_event *e, void (*fire)(void *ctx), void *ctx);
void sim_at(struct sim *s, struct sim_event *e, sim_time when);
void sim_cancel(struct sim *s, struct sim_event *e);
// Lets the next event happen; false when there is none.
bool sim_step(struct sim *s);
bool sim_chance(struct sim *s, double p);
// Below n, at random; 0 for n 0.
sim_time sim_upto(struct sim *s, sim_time n);
void *sim_alloc(size_t n, size_t size);
bool sim_within(const struct sim_span *span, sim_time t);

// How far the clock is ahead of the true time then.
sim_time sim_clock_ahead(const struct sim_clock *c, sim_time t);
ps_ntp sim_clock_read(const struct sim_clock *c, sim_time t);
// From now on the first time at which the clock, if nobody sets it, shows local or more.
sim_time sim_clock_when(const struct sim_clock *c, ps_ntp local, sim_time now);

// Sends a packet: its copies reach session_arrival, and the truth.
void sim_path_send(struct sim_session *ss, uint32_t seq, const uint8_t *data);
// Octets for the other host's machine: in order, in pieces.
void sim_pipe_send(struct sim_host *from, struct ps_buf *out);

// --- session.c
void session_init(struct sim_session *ss, struct sim *s, const struct sim_session_conf *conf);
void session_fini(struct sim_session *ss);
struct ow_request session_request(struct sim_session *ss);
void session_prepare_send(struct sim_session *ss, const struct ow_slot *slots, const struct ow_keys *keys);
void session_prepare_recv(struct sim_session *ss, const struct ow_slot *slots, const struct ow_keys *keys);
void session_start_send(struct sim_session *ss);
void session_stop_send(struct sim_session *ss);
void session_arrival(struct sim_session *ss, const struct sim_copy *copy, const uint8_t *data);
// Packets that are overdue are lost; the timer for the next. After each change of what is awaited.
void session_tick(struct sim_session *ss);
// The receiver's clock has just been set.
void session_clock_set(struct sim_session *ss);
// The sender's Stop-Sessions came. Wants a session_tick.
void session_limit(struct sim_session *ss, const struct ow_stop_rec *rec);
void session_end(struct sim_session *ss);
void session_keep(struct sim_session *ss, const struct ow_rec *rec);
void session_keep_file(struct sim_session *ss);

// --- host.c
void host_init(struct sim_host *h, struct sim *s, const char *name, const struct sim_host_conf *conf);
void host_fini(struct sim_host *h);
void host_input(struct sim_host *h, const uint8_t *data, size_t n);
// A sender is through or a receiver complete: sends our Stop-Sessions when it is time.
void host_progress(struct sim_host *h);
uint32_t host_mode(const struct sim *s);

// --- truth.c
void truth_init(struct sim_session *ss);
void truth_fini(struct sim_truth *t);
void truth_copy(struct sim_truth *t, const struct sim_copy *copy);
// Holds the report of a session to what happened.
void truth_check(struct sim_session *ss);
