// SPDX-License-Identifier: Apache-2.0
// Tasks and runs as JSON, for clients and archives (fact sheet scheduler, 1.5 and 1.7).
#pragma once
#include "base/ps_out.h"
#include "psched/store.h"
#include "psched/task.h"

// "https://host:port"; the API is below /pscheduler there.
struct show {
    struct site *site;
    const char *origin;
    bool secrets; // what stands behind keys that begin with "_" is told, too
};

// A path below the API's root ("/tasks/..."), as a URL.
void show_href(const struct show *s, struct ps_json *j, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void show_time(struct ps_json *j, const char *key, ps_ns t);     // SCH_NEVER and INT64_MIN: null
void show_duration(struct ps_json *j, const char *key, ps_ns d); // negative: null

// The member "cli": the arguments behind the test's name.
void show_cli(struct ps_json *j, const struct task *t);
// The members of a task, inside an object that the caller has opened: the document's, and its href.
void show_task_members(const struct show *s, struct ps_json *j, const struct task *t);
// The member "warning": what is to be known of a task that will not do all that it seems to; null: nothing.
void show_warning(struct ps_json *j, const struct sch_task *t);
// The member "detail".
void show_task_detail(const struct show *s, struct ps_json *j, const struct task *t);

enum {
    SHOW_RUN_RESULTS = 1,    // result, result-full, result-merged
    SHOW_RUN_ARCHIVINGS = 2, // archivings
};
// The members of a run. texts: what the store has of it; its JSON is written as it is, but for secrets.
void show_run_members(const struct show *s, struct ps_json *j, const struct sch_run *r,
                      const struct store_texts *texts, unsigned what);
// The document that an archiver is given of a run ("result" in fact sheet 4.2).
void show_result(const struct show *s, struct ps_json *j, const struct task *t, const struct sch_run *r,
                 const struct store_texts *texts);
