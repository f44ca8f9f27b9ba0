// SPDX-License-Identifier: Apache-2.0
// The time that a request asks for: time, time-start, time-end, time-range, in whole seconds since 1970. Pure.
// (Fact sheet of the archive, 1.5.)
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "http/ps_query.h"

struct span {
    int64_t from, to; // both inclusive
    bool given;       // the request says something of time
    bool open;        // it names no end: to is INT64_MAX
};

// time wins over all; start and end over start and range, that over end and range; then start alone (open), end
// alone (from 0), range alone (from now - range, open); nothing: from 0, open. Of a name that comes more than once
// the last counts. PS_ESYNTAX (no whole number) or PS_ERANGE (the end before the start), with the fault told.
int span_parse(struct span *s, const struct ps_query *q, int64_t now, struct ps_fault *fault);
// The last value of that name, NULL: none.
const char *span_last(const struct ps_query *q, const char *name);
