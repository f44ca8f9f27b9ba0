// SPDX-License-Identifier: Apache-2.0
// How a task is accepted (fact sheet scheduler, 1.5): read, checked, judged by the limits, given a tool, and entered.
// Steps that wait for others let the loop go on.
#pragma once
#include "psched/site.h"
#include "psched/task.h"
#include "psched/who.h"
#include "spec/sp_task.h"

struct admission;

// A step. ADMIT_ON: the next one; ADMIT_WAITS: it goes on by admit_on; ADMIT_OVER: it has been refused.
enum admit_step { ADMIT_ON, ADMIT_WAITS, ADMIT_OVER };

struct admission {
    enum admit_step (*const *steps)(struct admission *a);
    struct site *site;
    struct ps_http_req *req;
    struct who who;
    size_t step;
    struct ps_jdoc *doc;   // the task
    struct ps_jdoc *shown; // its specification with what is secret as null; NULL: not needed yet
    struct sp_task task;
    const struct sp_test *test;     // NULL: a plug-in's
    const struct tl_plugin *plugin; // NULL: ours
    struct task_detail detail;
    char tool[TASK_TOOL]; // that was chosen
    bool rewritten;       // by the limits
    bool judged;
    // of the step that is under way
    struct archive *archive;
    struct ps_jnode next_archive;
    struct ps_jnode next_context, next_contexts; // of a participant; those of the next one
    size_t next_tool;
    size_t next_host;       // in the end how many take part, where they are several
    struct ps_buf declined; // who would not run it, and why
};

// Goes on: with the step that waited, or with the one behind it.
void admit_on(struct admission *a);
void admit_next(struct admission *a);
// Refuses, and ends it.
enum admit_step admit_refuse(struct admission *a, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// Ends it, answered.
enum admit_step admit_end(struct admission *a);
// Goes as far as to know by which tool and for how long the task, which it takes over, would run here: whatever is refused
// as a task is refused then. It ends with admit_tell_free.
void admit_ask_free(struct site *s, struct ps_http_req *req, struct ps_jdoc *task);

// rest_free.c: tells when.
enum admit_step admit_tell_free(struct admission *a);
// admit_tool.c
enum admit_step admit_choose_tool(struct admission *a);
enum admit_step admit_take_time(struct admission *a);
// admit_hosts.c: whether they all are this host.
enum admit_step admit_all_here(struct admission *a);
// admit_place.c: which interface it goes out by, where that matters.
enum admit_step admit_find_place(struct admission *a);
// admit_plugin.c: what a plug-in says of a test of its own.
enum admit_step admit_plugin_valid(struct admission *a);
enum admit_step admit_plugin_contexts(struct admission *a);
enum admit_step admit_plugin_participants(struct admission *a);
enum admit_step admit_plugin_cli(struct admission *a);
enum admit_step admit_plugin_time(struct admission *a, const struct tl_plugin *tool);
