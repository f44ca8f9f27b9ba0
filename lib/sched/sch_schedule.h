// SPDX-License-Identifier: Apache-2.0
// When a task is due: pScheduler's ScheduleSpecification, versions 1 and 2 (fact sheet 2.1). Pure.
//
// A task has a first due time, its anchor, and the ones that repeat and repeat-cron give. Due times are whole
// seconds. A run may begin later than it is due by as much as the slip.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "json/ps_jdoc.h"
#include "sched/sch_cron.h"

#define SCH_NEVER INT64_MAX                     // a time that does not come
#define SCH_LAST (INT64_C(7289654400) * PS_SEC) // 2201-01-01: nothing is due from then on

enum sch_start {
    SCH_START_SOON,     // as soon as possible
    SCH_START_AT,       // a moment
    SCH_START_IN,       // so long from now
    SCH_START_MULTIPLE, // at the next multiple of a duration since 1970
};

struct sch_schedule {
    enum sch_start start_form;
    ps_ns start; // the moment or the duration
    ps_ns slip;
    bool sliprand; // anywhere in the slip instead of as early as possible
    ps_ns repeat;  // 0: none
    bool by_cron;
    struct sch_cron cron;
    ps_ns until;       // SCH_NEVER: no end
    uint64_t max_runs; // 0: no bound; 1 where nothing repeats
};

// Reads a schedule; a node that is not there means once, as soon as possible. Keys that begin with '#' are comments.
// Durations are taken to whole seconds: the slip downwards, others upwards. Faults say where and what is wrong,
// "At /schedule/slip: ...": PS_EMALFORMED, PS_ERANGE, PS_EUNKNOWN (a key that there is not), PS_ESYNTAX,
// PS_EUNSUPPORTED (months; a later schema), PS_ENOTFOUND (a cron time that never comes).
int sch_schedule_read(struct sch_schedule *out, struct ps_jnode node, struct ps_fault *fault);

// The anchor of a task that is added now. As soon as possible is the first whole second from now + lead on; with
// repeat-cron it is the first time by the calendar. PS_ERANGE with a sentence: what does not repeat and is to begin
// in the past, further away than its slip, or in 2201; an end that has passed or is not after the start.
int sch_schedule_anchor(const struct sch_schedule *s, const struct sch_zone *zone, ps_ns now, ps_ns lead,
                        ps_ns *out, struct ps_fault *fault);

// The first due time at or after a moment; the anchor is one itself. SCH_NEVER: none any more (max_runs is left to
// the caller).
ps_ns sch_schedule_due(const struct sch_schedule *s, const struct sch_zone *zone, ps_ns anchor, ps_ns at);

// How many due times lie in [from, to); counting stops at most. *last is the last one counted, where there is one.
uint64_t sch_schedule_count(const struct sch_schedule *s, const struct sch_zone *zone, ps_ns anchor,
                            ps_ns from, ps_ns to, uint64_t most, ps_ns *last);

// How much later than it is due a run of this length may begin: the slip, cut so that it does not reach into the
// time that is due next.
ps_ns sch_schedule_slip(const struct sch_schedule *s, const struct sch_zone *zone, ps_ns anchor, ps_ns due,
                        ps_ns duration);
