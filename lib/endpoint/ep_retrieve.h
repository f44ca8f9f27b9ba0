// SPDX-License-Identifier: Apache-2.0
// A session being fetched from a server into a file.
#pragma once
#include "data/ow_file.h"
#include "owamp/ow_client.h"

struct ep_retrieve {
    int fd; // the caller's
    struct ow_writer *writer;
    struct ow_skip *skips;
    struct ow_fetch_ack ack;
    const struct ow_request *asked;
    const struct ow_slot *slots;
    uint32_t end_seq; // records from this number on are dropped; UINT32_MAX: none
    bool done;
};

// asked, slots: the session as it was requested, to be compared with what comes; NULL: unknown.
void ep_retrieve_init(struct ep_retrieve *r, int fd, const struct ow_request *asked,
                      const struct ow_slot *slots);
void ep_retrieve_fini(struct ep_retrieve *r);
// Takes the OW_CEV_FETCH_... events in their order. 0; PS_EREFUSED: denied (r->ack.accept says how);
// PS_EPROTO: another session than asked for; an error of the file. r->done is set when all has come and is right.
int ep_retrieve_event(struct ep_retrieve *r, const struct ow_client_event *ev);
