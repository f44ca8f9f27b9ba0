// SPDX-License-Identifier: Apache-2.0
// What ps-probe's tools share: what they are asked, and how they answer. The scheduler's fact sheet, sections 3 and 7.
#pragma once
#include "json/ps_jdoc.h"
#include "tool/tl_answer.h"
#include "tool/tl_spec.h"

struct probe {
    struct ps_jdoc *doc;
    struct ps_jnode spec;
    struct ps_jnode parts; // what participants told, an array
    unsigned participant;
    ps_ns duration; // of the run
    struct tl_answer answer;
};

// Reads the request, of which the text may go afterwards. PS_EMALFORMED, the fault told.
int probe_init(struct probe *p, const char *text, size_t len, struct ps_fault *fault);
void probe_fini(struct probe *p);
ps_ns probe_mono(void);
ps_ns probe_wall(void);
// Sleeps until this much has passed since `since` (of probe_mono).
void probe_sleep(ps_ns since, ps_ns length);
// Whether something of this probability happens now.
bool probe_happens(double probability);
// Writes a record of a tool that has several (RFC 7464), with the answer as it is.
int probe_record(const struct probe *p);

// The tools. Each makes p->answer, in either way, and returns before the run's time is over.
void probe_idle(struct probe *p);    // sleep, snooze
void probe_idlebgm(struct probe *p); // writes records by itself
void probe_clock(struct probe *p);
void probe_response(struct probe *p);
void probe_http(struct probe *p);
void probe_dns(struct probe *p);
void probe_mtu(struct probe *p);
void probe_noop(struct probe *p);
void probe_stream(struct probe *p);
