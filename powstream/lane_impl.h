// SPDX-License-Identifier: Apache-2.0
// What the parts of a lane share: lane_connect.c sets the connection up, lane_ask.c agrees on a session and
// starts it, lane.c ends it and all the rest.
#pragma once
#include "endpoint/ep_retrieve.h"
#include "endpoint/ep_trial.h"
#include "powstream/lane.h"

#define LANE_REASON 200 // longer ones are cut

enum lane_stage { STAGE_DOWN, STAGE_IDLE, STAGE_ASKING, STAGE_STARTING, STAGE_TEST, STAGE_FETCH, STAGE_PART };

struct lane {
    struct lane_conf conf;
    struct name_query *query;
    struct ep_client *client;
    enum lane_stage stage;
    struct ep_trial trial;
    struct ep_party party;
    bool has_party;            // the session's UDP port is open
    struct ps_timer *patience; // with the server's answer to a request, a start or a stop
    ps_ns asked;               // mono: since when it owes an answer; 0: it does not
    bool mute;                 // it owed one for too long, and has said nothing since
    struct ep_retrieve retrieve;
    int fd; // of the session's file; -1: none
    int linkable;
    ps_ntp start, end;
    uint32_t mode;
    bool early;
    bool cut;
    ps_ntp cut_at;
    bool stopping;         // told to stop
    bool failing;          // by lane_fail_soon
    bool hurried, silent;  // see lane_hurry
    uint32_t steps_before; // of the clock, when the session was started
    char *reason;          // why the session is not whole; NULL: it is, so far
    struct ps_addr local, remote;
};

static inline const struct stream_conf *lane_want(const struct lane *l)
{
    return l->conf.stream;
}

static inline ps_ntp lane_wall(const struct lane *l)
{
    return ps_ntp_from_ns(ps_clock_now(l->conf.ground->clock));
}

// The connection, or what runs on it, has failed: gives what there is of the session, and tells the owner.
void lane_fail(struct lane *l, const char *why);
void lane_failf(struct lane *l, const char *what, const char *why);
void lane_refused(struct lane *l, const char *what, uint8_t accept);
// The same from inside a call of the owner's: it is told later.
void lane_fail_soon(struct lane *l, const char *what, int err);
// Notes why the session is not whole.
void lane_blame(struct lane *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lane_drop_session(struct lane *l);
int lane_make_file(struct lane *l);

// lane_ask.c: what the server answers.
void lane_accepted(struct lane *l, const struct ow_accept_msg *accept);
void lane_started(struct lane *l, uint8_t accept);
// lane.c
void lane_fetch_event(struct lane *l, const struct ow_client_event *ev);
