// SPDX-License-Identifier: Apache-2.0
// psched plan: what a file of tasks would do to a host, found out by running the scheduler's engine over it with a
// clock that the plan makes.
#pragma once
#include "psched/plan_test.h"
#include "sched/sch_engine.h"

#define PLAN_FILE_MAX (64u << 20) // octets of the file
#define PLAN_TASKS_MAX 10000
#define PLAN_HOURS_MAX 8784 // a year
#define PLAN_NAME 80

// The verb. Returns an exit status.
int plan_main(int argc, char **argv);

struct plan_task {
    struct sch_task_conf conf;
    struct plan_run of;                            // what a run of it does
    char name[PLAN_NAME];                          // "rtt to h2.example.net"
    uint64_t runs, done, moved, preempted, missed; // done: started; moved: later than it was due
    uint64_t skipped;                              // due while the run before it lasted
    ps_ns wait, worst; // by how much the moved ones were later: the sum, and the most
    char why[512];     // of the last one that was not carried out
};

struct plan_hour {
    uint64_t starts, moved, lost; // lost: not carried out, or skipped
    ps_ns exclusive, normal;      // time that exclusive and normal runs take
    double packets, bits;
    double octets;     // of the archive
    unsigned together; // the most that ran at a time
};

struct plan {
    struct plan_task *tasks;
    size_t ntasks;
    ps_ns from, to; // whole hours
    struct plan_hour *hours;
    size_t nhours;
    double rate;       // bits a second of a throughput test that does not say
    bool assumed_rate; // some did not
    struct plan_hour sum;
    uint64_t planned;
    uint64_t by_reason[SCH_RUN_DELETED + 1]; // of what was not carried out
};

// file: reads the tasks. "-": standard input. Faults name file, task and place. An error code; -ENOMEM.
int plan_load(struct plan *p, const char *path, struct ps_fault *fault);
void plan_fini(struct plan *p);
// run: lives through it. 0 or -ENOMEM; PS_E... with a fault when the engine takes a task not.
int plan_live(struct plan *p, const struct sch_conf *conf, struct ps_fault *fault);
// print
void plan_text(const struct plan *p, FILE *out, bool each_hour);
int plan_json(const struct plan *p, FILE *out); // 0 or -EIO
