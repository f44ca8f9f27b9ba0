// SPDX-License-Identifier: Apache-2.0
// What the files behind map.h share. For them alone.
#pragma once
#include "base/ps_out.h"
#include "psarchive/map.h"

// Writes one thing after the other, until something fails.
struct map_writer {
    const struct map *map;
    struct registration *reg; // while it is made
    struct put *put;          // afterwards
    struct ps_fault *fault;
    int err;
};

// --- parameters and event types
void map_param(struct map_writer *w, const char *key, struct ps_jnode n);
void map_param_text(struct map_writer *w, const char *key, const char *value); // NULL is passed over
void map_param_seconds(struct map_writer *w, const char *key, struct ps_jnode duration); // of ISO 8601
void map_param_flat(struct map_writer *w, const char *key, struct ps_jnode n);           // see param_flatten
// With the summaries that pScheduler asks for where nobody says anything else.
void map_event(struct map_writer *w, const char *name);

// --- values. What is not there or null is passed over, and so is an empty object. Counts of packets are whole and not
// negative, and no more of them are lost than were sent, or the document is refused.
void map_value(struct map_writer *w, const char *name, struct ps_jnode n);
void map_value_ratio(struct map_writer *w, const char *name, struct ps_jnode numerator,
                     struct ps_jnode denominator);
void map_value_take(struct map_writer *w, const char *name, struct value *v); // which is VALUE_NONE then
void map_object_text(struct map_writer *w, const char *name, const char *key,
                     const char *text); // {key: text}
void map_failure(struct map_writer *w, const char *why);
// JSON that is made: what is written between begin and end. end passes it over when it says so.
struct map_text {
    struct ps_json json;
    FILE *file;
    char *text;
    size_t len;
};
bool map_text_begin(struct map_writer *w, struct map_text *t); // false: no memory, which is noted
void map_text_end(struct map_writer *w, struct map_text *t, const char *name, bool any);

struct ps_jnode map_member(struct ps_jnode n, const char *path); // "summary/summary/rtt"
const char *map_str(struct ps_jnode n);                          // NULL: no text, or an empty one
double map_number(struct ps_jnode n, double otherwise);
bool map_truth(struct ps_jnode n); // of JSON: what Python takes for true

// --- kinds of runs (map_run.c, map_throughput.c, map_trace.c)
int map_run_begin(struct map *m, struct ps_fault *fault);
void map_run_registration(struct map_writer *w);
void map_run_values(struct map_writer *w);
void map_throughput_registration(struct map_writer *w);
void map_throughput_values(struct map_writer *w);
void map_trace_registration(struct map_writer *w);
void map_trace_values(struct map_writer *w);

// --- powstream (map_powstream.c)
int map_powstream_begin(struct map *m, struct ps_fault *fault);
void map_powstream_registration(struct map_writer *w);
void map_powstream_values(struct map_writer *w);
