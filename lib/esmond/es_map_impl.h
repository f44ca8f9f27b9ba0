// SPDX-License-Identifier: Apache-2.0
// What the files behind es_map.h share. For them alone.
#pragma once
#include "base/ps_out.h"
#include "esmond/es_map.h"

// Writes one thing after the other, until something fails.
struct es_map_writer {
    const struct es_map *map;
    struct es_reg *reg; // while it is made
    es_map_put put;     // afterwards
    void *ctx;
    struct ps_fault *fault;
    int err;
};

// --- parameters and event types
void es_map_param(struct es_map_writer *w, const char *key, struct ps_jnode n);
void es_map_param_text(struct es_map_writer *w, const char *key, const char *value); // NULL is passed over
void es_map_param_seconds(struct es_map_writer *w, const char *key, struct ps_jnode duration); // of ISO 8601
void es_map_param_flat(struct es_map_writer *w, const char *key, struct ps_jnode n); // see es_param_flatten
// With its summaries.
void es_map_event(struct es_map_writer *w, const char *name);

// --- values. What is not there or null is passed over, and so is an empty object. Counts of packets are whole and not
// negative, and no more of them are lost than were sent, or the document is refused.
void es_map_value(struct es_map_writer *w, const char *name, struct ps_jnode n);
void es_map_value_ratio(struct es_map_writer *w, const char *name, struct ps_jnode numerator,
                        struct ps_jnode denominator);
void es_map_value_take(struct es_map_writer *w, const char *name,
                       struct es_value *v); // which is ES_VALUE_NONE then
void es_map_object_text(struct es_map_writer *w, const char *name, const char *key,
                        const char *text); // {key: text}
void es_map_failure(struct es_map_writer *w, const char *why);
// JSON that was made; it is passed over when there is not any of it.
void es_map_value_text(struct es_map_writer *w, const char *name, struct ps_text *t, bool any);

struct ps_jnode es_map_member(struct ps_jnode n, const char *path); // "summary/summary/rtt"
const char *es_map_str(struct ps_jnode n);                          // NULL: no text, or an empty one
double es_map_number(struct ps_jnode n, double otherwise);
bool es_map_truth(struct ps_jnode n); // of JSON: what Python takes for true

// --- kinds of runs (es_map_run.c, es_map_throughput.c, es_map_trace.c)
int es_map_run_begin(struct es_map *m, struct ps_fault *fault);
bool es_map_run_knows(const struct es_map *m);               // the test has a mapping of its own
const char *es_map_run_href(const struct es_map *m);         // NULL: it has none
struct ps_jnode es_map_run_duration(const struct es_map *m); // which is none where it is not told
void es_map_run_registration(struct es_map_writer *w);
void es_map_run_values(struct es_map_writer *w);
void es_map_throughput_registration(struct es_map_writer *w);
void es_map_throughput_values(struct es_map_writer *w);
void es_map_trace_registration(struct es_map_writer *w);
void es_map_trace_values(struct es_map_writer *w);

// --- powstream (es_map_powstream.c)
int es_map_powstream_begin(struct es_map *m, struct ps_fault *fault);
void es_map_powstream_registration(struct es_map_writer *w);
void es_map_powstream_values(struct es_map_writer *w);
