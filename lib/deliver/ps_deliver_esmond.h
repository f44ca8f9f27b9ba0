// SPDX-License-Identifier: Apache-2.0
// The data of the archiver "esmond", for its own files.
#pragma once
#include "deliver/ps_deliver_web.h"
#include "esmond/es_reg.h"

enum ps_deliver_es_policy {
    PS_DELIVER_PREFER_MAPPED,
    PS_DELIVER_MAPPED_AND_RAW,
    PS_DELIVER_MAPPED_ONLY,
    PS_DELIVER_RAW_ONLY,
};

struct ps_deliver_es {
    struct ps_deliver_web web;
    char *root;          // web.url, with a slash behind it
    char *authorization; // a header; NULL: none
    char *agent;         // NULL: the run's lead
    enum ps_deliver_es_policy policy;
    bool own_summaries;
    struct es_reg wanted; // its summaries are those of the data
};

// As the kind's read and drop.
int ps_deliver_es_read(struct ps_jget *g, void *target, struct ps_deliver_retry *retry);
void ps_deliver_es_drop(void *target);
