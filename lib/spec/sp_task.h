// SPDX-License-Identifier: Apache-2.0
// The task document (TaskSpecification schemas 1 to 5, fact sheet 2.1) in its form: keys by schema, archives
// (section 4.1), contexts. The test's specification is left to sp_validate, the schedule to lib/sched, an archive's
// data to its archiver. Pure.
#pragma once
#include "base/ps_time.h"
#include "spec/sp_test.h"

#define SP_TASK_SCHEMA 5
#define SP_ARCHIVE_SCHEMA 3
#define SP_TASK_DEPTH 32        // arrays and objects inside each other
#define SP_TASK_ARCHIVES_MAX 64 // of a task
#define SP_TASK_TOOLS_MAX 64    // of a task
#define SP_TASK_KEY_MAX 256     // octets of "_key"

// Parts of a task, good for as long as its document is. Nodes and strings that are not there are no nodes and NULL.
struct sp_task {
    int schema;
    const char *type; // of the test
    struct ps_jnode spec;
    const char *tool;      // the one that was chosen
    struct ps_jnode tools; // strings, preferred first
    struct ps_jnode schedule;
    struct ps_jnode archives; // each one of form sp_archive
    struct ps_jnode contexts; // the inner array: one array of {context,data} a participant
    const char *lead_bind;
    struct ps_jnode reference;
    const char *key; // "_key"
    bool has_priority;
    int64_t priority;
    bool debug;
    ps_ns keep_after_archive; // -1: not said
    // Only in what a lead posts to others (POST /tasks/ID):
    struct ps_jnode participants; // strings or null
};

// pushed: the document comes from a lead, so that "participants" is a key as well. max_schema is SP_TASK_SCHEMA or
// less. How many participants there are is not held against the contexts. Errors and words as of sp_validate. Comments (keys with '#') are passed over.
int sp_task_read(struct sp_task *out, struct ps_jnode task, int max_schema, bool pushed,
                 struct ps_fault *fault);

enum sp_archive_runs { SP_RUNS_ALL, SP_RUNS_SUCCEEDED, SP_RUNS_FAILED };
struct sp_archive {
    const char *archiver;
    struct ps_jnode data;      // the archiver's to judge
    struct ps_jnode transform; // {"script": string or strings, "output-raw", "args"}
    bool output_raw;           // of the transform
    ps_ns ttl;                 // -1: for ever
    enum sp_archive_runs runs;
    const char *uri_host; // host[:port] in place of this one's in hrefs
    const char *label;
};
// path is where the archive stands, for the fault ("/archives/0"); "" for a document of its own.
int sp_archive_read(struct sp_archive *out, struct ps_jnode archive, const char *path,
                    struct ps_fault *fault);
