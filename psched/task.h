// SPDX-License-Identifier: Apache-2.0
// The tasks of this host: their documents, and what was found out when they were accepted. The engine knows when
// they are due (lib/sched); a task here belongs to one there and goes with it.
#pragma once
#include "psched/site.h"
#include "sched/sch_engine.h"
#include "spec/sp_test.h"

#define TASK_KEY 257    // octets of a key, with the NUL
#define TASK_TOOL 64    // of a tool's name, with the NUL
#define TASK_VERSION 32 // of its version

// What is kept of a task beside its document.
struct task_detail {
    char requester[PS_ADDR_STRLEN];
    char tool_version[TASK_VERSION];
    char *hints;        // JSON text: an object of strings
    char *diags;        // what the limits said; ""
    char *cli;          // JSON text: an array of strings
    char *participants; // JSON text: an array of strings and null
    enum sch_class cls;
    ps_ns duration, post; // post -1: none
    int64_t priority;
    char resource[PS_KEY_NAME_MAX]; // "": the whole host
    ps_ns lead;
    bool childless;
};
void task_detail_fini(struct task_detail *d); // also of all zeros

struct task {
    char id[SCH_ID];
    const struct sch_task *sch;
    char *doc;                             // JSON text: the task as it is told, with its secrets
    char type[TASK_TOOL], tool[TASK_TOOL]; // the test's, and who runs it
    char key[TASK_KEY];                    // "_key"; "": none
    struct task_detail detail;
};

struct tasks;
int tasks_new(struct tasks **out);
void tasks_free(struct tasks *t); // NULL is fine

// Takes over the document (malloc'd) and the detail, in any case. ask: its runs are to be judged. The task is in the
// engine, and its document and detail are to be kept by the planner. PS_ERANGE, PS_ELIMIT and so on as of
// sch_engine_add; PS_EMALFORMED: the document is no task.
int task_new(struct site *s, const char *id, char *doc, struct task_detail *detail,
             const struct sch_mark *mark, ps_ns added, struct task **out, struct ps_fault *fault);
// When the engine has forgotten it.
void task_gone(struct site *s, struct task *t);
struct task *task_find(const struct tasks *t, const char *id); // NULL: none
struct task *task_of(const struct sch_task *t);
size_t task_participants(const struct task *t); // at least 1: all of them are this host
size_t tasks_count(const struct tasks *t);
// All, the oldest first: an array that the caller frees. 0 or -ENOMEM.
int tasks_all(const struct tasks *t, struct task ***out, size_t *n);

// A random name for a task. 0 or -errno.
int task_make_id(char id[SCH_ID]);
// The engine's word for a class of tests.
enum sch_class task_class(enum sp_class c);

// The detail as a JSON text, to be kept and read back; NULL: no memory.
char *task_detail_write(const struct task_detail *d);
int task_detail_read(struct task_detail *d, const char *text, struct ps_fault *fault);
