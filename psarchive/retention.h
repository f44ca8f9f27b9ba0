// SPDX-License-Identifier: Apache-2.0
// How long what is kept: esmond's policy file,
//
//   {"policies": [{"event_type": "*" or a name, "summary_type": "*", "base", "aggregation", "average" or
//                  "statistics", "summary_window": "*" or seconds, "expire": days, "0" or "never"}]}
//
// Of the policies that fit, the most specific event type counts, then the summary type, then the window; where
// none fits data is kept. Pure.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "esmond/es_event.h"

#define RETENTION_MAX 1000 // policies
#define RETENTION_NEVER INT64_MIN

struct retention;
// The fault names file, line and place. 0, PS_EMALFORMED, PS_EUNKNOWN, ..., -errno.
int retention_load(struct retention **out, const char *path, struct ps_fault *fault);
int retention_parse(struct retention **out, const char *name, const char *text, size_t len,
                    struct ps_fault *fault);
void retention_free(struct retention *r); // NULL is fine

// What is older than this (ts of a point, end of a window) is not kept. RETENTION_NEVER: all is.
int64_t retention_cut(const struct retention *r, int event, enum es_summary_type type, uint32_t window,
                      int64_t now);
