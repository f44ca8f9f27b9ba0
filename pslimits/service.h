// SPDX-License-Identifier: Apache-2.0
// Requests of the control socket, and their answers.
#pragma once
#include "loop/ps_ctl.h"
#include "pslimits/rules_file.h"

#define SERVICE_CONNS 12000 // at most; no more than half of the files that may be open

struct service;

struct service_conf {
    struct ps_loop *loop;
    struct facts *facts;
    struct rules_file *rules;
    struct ps_log *log;
    const char *file;
    const char *confined; // what confines the process, in words; "": nothing
};

int service_new(const struct service_conf *conf, struct service **out);
// Those that wait get no answer.
void service_free(struct service *s); // NULL is fine
// For ps_ctl_listen; ctx is the service.
void service_request(void *ctx, struct ps_ctl_request req, const char *line, size_t len);
// The rules were read, well or not: whoever has asked for it is told.
void service_reloaded(struct service *s);
