// SPDX-License-Identifier: Apache-2.0
// The file of a plan: a task, an array of tasks, or an object whose "tasks" are an array of them.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "psched/plan.h"
#include "psched/task.h"
#include "spec/sp_task.h"
#include "tool/tl_spec.h"

#define PIECE 65536
#define STANDARD_INPUT "standard input"

static void name_it(struct plan_task *t, const struct sp_task *task)
{
    static const char *const ends[] = {"dest", "url", "query", "host", "network", NULL};
    const char *end = NULL;
    for (size_t i = 0; end == NULL && ends[i] != NULL; i++)
        end = tl_spec_str(task->spec, ends[i]);
    snprintf(t->name, sizeof t->name, end != NULL ? "%.30s to %.40s" : "%.30s", task->type, end);
    for (char *p = t->name; *p != '\0'; p++)
        if ((unsigned char)*p < ' ' || *p == 127)
            *p = '?';
}

static int read_test(struct plan *p, struct plan_task *t, const struct sp_task *task, struct ps_fault *fault)
{
    const struct sp_test *test = sp_test_find(task->type);
    const char *tool = task->tool;
    if (test == NULL) {
        ps_fault_set(fault, NULL, 0, "there is no test %.60s among those that psched brings along",
                     task->type);
        return PS_EUNKNOWN;
    }
    if (tool == NULL && ps_jnode_there(task->tools))
        (void)ps_jnode_str(ps_jnode_first(task->tools), 1, SIZE_MAX, &tool, NULL);
    int err = sp_validate(test, task->spec, fault);
    if (err == 0)
        err = plan_test_run(&t->of, test, task->spec, tool, p->rate, fault);
    t->conf.cls = task_class(sp_test_class(test));
    t->conf.duration = t->of.duration;
    t->conf.participants = (unsigned)(err == 0 ? sp_participants_count(test, task->spec) : 1);
    p->assumed_rate |= err == 0 && t->of.rate_is_a_guess;
    return err;
}

static int read_task(struct plan *p, struct ps_jnode n, struct ps_fault *fault)
{
    struct plan_task *t = &p->tasks[p->ntasks];
    struct sp_task task;
    int err = sp_task_read(&task, n, SP_TASK_SCHEMA, false, fault);
    if (err == 0)
        err = sch_schedule_read(&t->conf.schedule, task.schedule, fault);
    if (err == 0)
        err = read_test(p, t, &task, fault);
    if (err != 0)
        return err;
    name_it(t, &task);
    t->conf.priority = task.has_priority ? task.priority : 0;
    snprintf(t->conf.id, sizeof t->conf.id, "00000000-0000-4000-8000-%012zx", p->ntasks);
    p->ntasks++;
    return 0;
}

// Says which task it is about.
static void tell_which(struct ps_fault *fault, const char *path, struct ps_jnode n, size_t i)
{
    struct ps_fault inner = *fault;
    ps_fault_set(fault, path, ps_jnode_line(n), "task %zu: %.380s", i + 1, inner.text);
}

static int read_all(struct plan *p, const char *path, struct ps_jnode first, size_t n, struct ps_fault *fault)
{
    int err = 0;
    p->tasks = calloc(n > 0 ? n : 1, sizeof *p->tasks);
    if (p->tasks == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n && err == 0; i++, first = ps_jnode_next(first)) {
        err = read_task(p, first, fault);
        if (err != 0)
            tell_which(fault, path, first, i);
    }
    return err;
}

static int read_doc(struct plan *p, const char *path, struct ps_jnode root, struct ps_fault *fault)
{
    struct ps_jnode list = ps_jnode_member(root, "tasks");
    if (ps_jnode_type(root) == PS_JTYPE_ARRAY)
        list = root;
    else if (!ps_jnode_there(list))
        return read_all(p, path, root, 1, fault);
    if (ps_jnode_type(list) != PS_JTYPE_ARRAY || ps_jnode_count(list) > PLAN_TASKS_MAX ||
        ps_jnode_count(list) == 0) {
        ps_fault_set(fault, path, ps_jnode_line(list), "wants an array of 1 to %d tasks", PLAN_TASKS_MAX);
        return PS_EMALFORMED;
    }
    return read_all(p, path, ps_jnode_first(list), ps_jnode_count(list), fault);
}

// All of standard input, which may be a pipe.
static int load_standard_input(struct ps_jdoc **doc, struct ps_fault *fault)
{
    struct ps_buf text;
    uint8_t *room;
    size_t n = 1;
    int err = 0;
    ps_buf_init(&text, PLAN_FILE_MAX);
    while (n > 0 && (err = ps_buf_reserve(&text, PIECE, &room)) == 0) {
        n = fread(room, 1, PIECE, stdin);
        ps_buf_commit(&text, n);
    }
    if (err == 0 && ferror(stdin))
        err = -EIO;
    if (err != 0)
        ps_fault_set(fault, STANDARD_INPUT, 0, "%s", ps_strerror(err));
    else
        err = ps_jdoc_parse(doc, STANDARD_INPUT, (const char *)ps_buf_head(&text), ps_buf_len(&text), fault);
    ps_buf_fini(&text);
    return err;
}

int plan_load(struct plan *p, const char *path, struct ps_fault *fault)
{
    const bool standard = strcmp(path, "-") == 0;
    struct ps_jdoc *doc;
    int err = standard ? load_standard_input(&doc, fault) : ps_jdoc_load(&doc, path, PLAN_FILE_MAX, fault);
    if (err != 0)
        return err;
    err = read_doc(p, standard ? STANDARD_INPUT : path, ps_jdoc_root(doc), fault);
    ps_jdoc_free(doc);
    return err;
}

void plan_fini(struct plan *p)
{
    free(p->tasks);
    free(p->hours);
    *p = (struct plan){0};
}
