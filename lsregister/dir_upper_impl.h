// SPDX-License-Identifier: Apache-2.0
// What the files behind dir_upper.h share. For them alone.
#pragma once
#include "base/ps_map.h"
#include "http/ps_httpc.h"
#include "lsregister/dir_upper.h"

#define UPPER_BULK 500 // uris in a renewal

// A record that the upper server has.
struct up {
    uint8_t uuid[DIR_UUID]; // ours
    char *uri;              // its
    const char *way;        // of our record, while they are put in order
};

enum upper_phase { UPPER_IDLE, UPPER_REMOVE, UPPER_ADD, UPPER_RENEW };

struct dir_upper {
    struct dir_site *site;
    struct ps_httpc *client;
    struct ps_timer *timer;
    struct ps_httpc_call *call;
    struct ps_map ups;
    enum upper_phase phase;
    struct up **work;               // of this phase
    size_t n, at, to;               // those of a renewal end before to
    char its_id[DIR_SELF_TEXT];     // as the upper server says, if it is one of ours
    int rank;                       // of the records that are being added
    struct dir_hits hits;           // of them
    uint8_t now[DIR_UUID];          // the record that is being added
    uint8_t identity[DIR_IDENTITY]; // as the upper server sees it
    struct dir_upper_state state;
};

// dir_upper.c
void upper_go_on(struct dir_upper *u);
void upper_give_up(struct dir_upper *u, const char *why); // until the next time
int upper_know(struct dir_upper *u, const uint8_t uuid[DIR_UUID], const char *uri);
void upper_forget(struct dir_upper *u, struct up *up);
// The way of our record; NULL: its host registers it here, or it has gone.
const char *upper_way(const struct dir_upper *u, const struct up *up);

// dir_upper_ask.c: each asks for one thing, and goes on when it is answered.
void upper_ask_remove(struct dir_upper *u, const struct up *up);
void upper_ask_renew(struct dir_upper *u);
// False: nothing was asked, since the record leads to what the upper server is to have and has not.
bool upper_ask_add(struct dir_upper *u, const struct dir_rec *rec);
