// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_task.h"
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"
#include "spec/sp_check.h"
#include "spec/sp_json.h"

#define TYPE_MAX 200
#define PARTICIPANT_CONTEXTS 32
#define PUSHED (-1) // in place of a schema: what a lead adds

// What each key may be; where it goes is read behind the checks.
static const struct task_key {
    const char *name;
    int since;
    enum ps_jtype type; // PS_JTYPE_NONE: any
} task_keys[] = {
    {"schema", 1, PS_JTYPE_NUMBER},
    {"test", 1, PS_JTYPE_OBJECT},
    {"tool", 1, PS_JTYPE_STRING},
    {"tools", 1, PS_JTYPE_ARRAY},
    {"schedule", 1, PS_JTYPE_OBJECT},
    {"archives", 1, PS_JTYPE_ARRAY},
    {"lead-bind", 1, PS_JTYPE_STRING},
    {"reference", 1, PS_JTYPE_NONE},
    {"_key", 1, PS_JTYPE_STRING},
    {"contexts", 2, PS_JTYPE_OBJECT},
    {"priority", 3, PS_JTYPE_NUMBER},
    {"debug", 4, PS_JTYPE_BOOL},
    {"keep-after-archive", 5, PS_JTYPE_STRING},
    {"participants", PUSHED, PS_JTYPE_ARRAY},
};

static const struct task_key *key_find(const char *name)
{
    for (size_t i = 0; i < sizeof task_keys / sizeof task_keys[0]; i++)
        if (strcmp(task_keys[i].name, name) == 0)
            return &task_keys[i];
    return NULL;
}

static int check_known(struct sp_check *c, const char *name, int schema, bool pushed)
{
    const struct task_key *k = key_find(name);
    char why[60];

    if (!k || (k->since == PUSHED && !pushed))
        return sp_check_unexpected(c, name, NULL);
    if (k->since <= schema)
        return 0;
    snprintf(why, sizeof why, "it needs \"schema\": %d", k->since);
    return sp_check_unexpected(c, name, why);
}

static int check_keys(struct sp_check *c, struct ps_jnode task, int schema, bool pushed)
{
    int err = 0;

    for (struct ps_jnode n = ps_jnode_first(task); !err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *name = ps_jnode_key(n);
        if (name[0] == '#')
            continue;
        err = check_known(c, name, schema, pushed);
        if (err || key_find(name)->type == PS_JTYPE_NONE)
            continue;
        size_t mark = sp_check_enter(c, name);
        err = sp_check_type(c, n, key_find(name)->type);
        sp_check_leave(c, mark);
    }
    return err;
}

static int check_schema(struct sp_check *c, struct ps_jnode task, int max, int *out)
{
    struct ps_jnode n = ps_jnode_member(task, "schema");
    int64_t schema = 1;

    size_t mark = sp_check_enter(c, "schema");
    int err = ps_jnode_there(n) ? sp_check_int(c, n, 1, SP_INT_MAX, &schema) : 0;
    if (!err && schema > max)
        err = sp_check_fail(c, PS_EVERSION, "%lld is newer than the highest schema of tasks %s, which is %d",
                            (long long)schema, max < SP_TASK_SCHEMA ? "taken here" : "known", max);
    sp_check_leave(c, mark);
    *out = (int)schema;
    return err;
}

static int read_type(struct sp_check *c, struct ps_jnode n, const char **out)
{
    size_t mark = sp_check_enter(c, "type");
    int err = sp_check_string(c, n, out);
    if (!err && (!**out || strlen(*out) > TYPE_MAX))
        err = sp_check_fail(c, PS_EMALFORMED, "is not the name of a test");
    sp_check_leave(c, mark);
    return err;
}

static int read_test(struct sp_check *c, struct ps_jnode task, struct sp_task *out)
{
    struct ps_jnode test = ps_jnode_member(task, "test");

    if (!ps_jnode_there(test))
        return sp_check_missing(c, "test");
    size_t mark = sp_check_enter(c, "test");
    int err = 0;
    for (struct ps_jnode n = ps_jnode_first(test); !err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *key = ps_jnode_key(n);
        if (strcmp(key, "type") == 0)
            err = read_type(c, n, &out->type);
        else if (strcmp(key, "spec") == 0)
            out->spec = n;
        else if (key[0] != '#')
            err = sp_check_unexpected(c, key, NULL);
    }
    if (!err && !out->type)
        err = sp_check_missing(c, "type");
    if (!err && !ps_jnode_there(out->spec))
        err = sp_check_missing(c, "spec");
    if (!err) {
        (void)sp_check_enter(c, "spec");
        err = sp_check_type(c, out->spec, PS_JTYPE_OBJECT);
    }
    sp_check_leave(c, mark);
    return err;
}

// A list of strings, or of strings and null.
static int check_strings(struct sp_check *c, struct ps_jnode n, const char *key, size_t max, bool nulls)
{
    const char *text;
    size_t i = 0;

    size_t mark = sp_check_enter(c, key);
    int err = sp_check_count(c, n, max);
    for (struct ps_jnode m = ps_jnode_first(n); !err && ps_jnode_there(m); m = ps_jnode_next(m)) {
        size_t inner = sp_check_enter_nth(c, i++);
        if (!nulls || ps_jnode_type(m) != PS_JTYPE_NULL)
            err = sp_check_string(c, m, &text);
        sp_check_leave(c, inner);
    }
    sp_check_leave(c, mark);
    return err;
}

static int check_archives(struct sp_check *c, struct ps_jnode archives)
{
    struct sp_archive a;
    size_t i = 0;

    size_t mark = sp_check_enter(c, "archives");
    int err = sp_check_count(c, archives, SP_TASK_ARCHIVES_MAX);
    for (struct ps_jnode n = ps_jnode_first(archives); !err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        size_t inner = sp_check_enter_nth(c, i++);
        err = sp_archive_read(&a, n, c->path, c->fault);
        sp_check_leave(c, inner);
    }
    sp_check_leave(c, mark);
    return err;
}

// {"context": NAME, "data": anything}
static int check_context(struct sp_check *c, struct ps_jnode context)
{
    const char *name;

    int err = sp_check_type(c, context, PS_JTYPE_OBJECT);
    for (struct ps_jnode n = ps_jnode_first(context); !err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *key = ps_jnode_key(n);
        if (strcmp(key, "context") != 0 && strcmp(key, "data") != 0 && key[0] != '#')
            err = sp_check_unexpected(c, key, NULL);
    }
    if (err)
        return err;
    if (!ps_jnode_there(ps_jnode_member(context, "context")))
        return sp_check_missing(c, "context");
    if (!ps_jnode_there(ps_jnode_member(context, "data")))
        return sp_check_missing(c, "data");
    size_t mark = sp_check_enter(c, "context");
    err = sp_check_string(c, ps_jnode_member(context, "context"), &name);
    sp_check_leave(c, mark);
    return err;
}

// The contexts of one participant.
static int check_participant_contexts(struct sp_check *c, struct ps_jnode list)
{
    size_t i = 0;

    int err = sp_check_type(c, list, PS_JTYPE_ARRAY);
    if (!err)
        err = sp_check_count(c, list, PARTICIPANT_CONTEXTS);
    for (struct ps_jnode n = ps_jnode_first(list); !err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        size_t mark = sp_check_enter_nth(c, i++);
        err = check_context(c, n);
        sp_check_leave(c, mark);
    }
    return err;
}

static int check_context_keys(struct sp_check *c, struct ps_jnode contexts)
{
    struct ps_jnode schema = ps_jnode_member(contexts, "schema");
    int64_t v = 1;
    int err = 0;

    for (struct ps_jnode n = ps_jnode_first(contexts); !err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *key = ps_jnode_key(n);
        if (strcmp(key, "schema") != 0 && strcmp(key, "contexts") != 0 && key[0] != '#')
            err = sp_check_unexpected(c, key, NULL);
    }
    if (err || !ps_jnode_there(schema))
        return err;
    size_t mark = sp_check_enter(c, "schema");
    err = sp_check_int(c, schema, 1, 1, &v);
    sp_check_leave(c, mark);
    return err;
}

static int read_contexts(struct sp_check *c, struct ps_jnode contexts, struct sp_task *out)
{
    size_t i = 0;

    size_t mark = sp_check_enter(c, "contexts");
    int err = check_context_keys(c, contexts);
    out->contexts = ps_jnode_member(contexts, "contexts");
    if (!err && !ps_jnode_there(out->contexts))
        err = sp_check_missing(c, "contexts");
    (void)sp_check_enter(c, "contexts");
    if (!err)
        err = sp_check_type(c, out->contexts, PS_JTYPE_ARRAY);
    if (!err)
        err = sp_check_count(c, out->contexts, SP_PARTICIPANTS_MAX);
    for (struct ps_jnode n = ps_jnode_first(out->contexts); !err && ps_jnode_there(n); n = ps_jnode_next(n)) {
        size_t inner = sp_check_enter_nth(c, i++);
        err = check_participant_contexts(c, n);
        sp_check_leave(c, inner);
    }
    sp_check_leave(c, mark);
    return err;
}

static int read_key(struct sp_check *c, struct ps_jnode n, struct sp_task *out)
{
    size_t mark = sp_check_enter(c, "_key");
    int err = sp_check_string(c, n, &out->key);
    if (!err && strlen(out->key) > SP_TASK_KEY_MAX)
        err = sp_check_fail(c, PS_ELIMIT, "is longer than %d octets", SP_TASK_KEY_MAX);
    sp_check_leave(c, mark);
    return err;
}

// Members of one value each.
static int read_scalars(struct sp_check *c, struct ps_jnode task, struct sp_task *out)
{
    struct ps_jnode n;
    int err = 0;

    if (ps_jnode_there(n = ps_jnode_member(task, "tool"))) {
        size_t mark = sp_check_enter(c, "tool");
        err = sp_check_string(c, n, &out->tool);
        sp_check_leave(c, mark);
    }
    if (!err && ps_jnode_there(n = ps_jnode_member(task, "lead-bind"))) {
        size_t mark = sp_check_enter(c, "lead-bind");
        err = sp_check_host(c, n, &out->lead_bind);
        sp_check_leave(c, mark);
    }
    if (!err && ps_jnode_there(n = ps_jnode_member(task, "priority"))) {
        size_t mark = sp_check_enter(c, "priority");
        err = sp_check_int(c, n, -SP_INT_MAX, SP_INT_MAX, &out->priority);
        out->has_priority = true;
        sp_check_leave(c, mark);
    }
    if (!err && ps_jnode_there(n = ps_jnode_member(task, "keep-after-archive"))) {
        size_t mark = sp_check_enter(c, "keep-after-archive");
        err = sp_check_duration(c, n, &out->keep_after_archive);
        sp_check_leave(c, mark);
    }
    (void)ps_jnode_bool(ps_jnode_member(task, "debug"), &out->debug, NULL);
    if (!err && ps_jnode_there(n = ps_jnode_member(task, "_key")))
        err = read_key(c, n, out);
    return err;
}

static int read_lists(struct sp_check *c, struct ps_jnode task, struct sp_task *out)
{
    struct ps_jnode contexts = ps_jnode_member(task, "contexts");

    out->tools = ps_jnode_member(task, "tools");
    out->archives = ps_jnode_member(task, "archives");
    out->participants = ps_jnode_member(task, "participants");
    int err = check_strings(c, out->tools, "tools", SP_TASK_TOOLS_MAX, false);
    if (!err)
        err = check_strings(c, out->participants, "participants", SP_PARTICIPANTS_MAX, true);
    if (!err)
        err = check_archives(c, out->archives);
    if (!err && ps_jnode_there(contexts))
        err = read_contexts(c, contexts, out);
    return err;
}

int sp_task_read(struct sp_task *out, struct ps_jnode task, int max_schema, bool pushed,
                 struct ps_fault *fault)
{
    struct sp_check c;

    *out = (struct sp_task){.keep_after_archive = -1};
    sp_check_init(&c, "", fault);
    if (!ps_jnode_there(task))
        return sp_check_fail(&c, PS_ENOTFOUND, "there is no task");
    int err = sp_check_type(&c, task, PS_JTYPE_OBJECT);
    if (!err && sp_json_depth(task) > SP_TASK_DEPTH)
        err = sp_check_fail(&c, PS_ELIMIT, "is nested deeper than %d levels", SP_TASK_DEPTH);
    if (!err)
        err = check_schema(&c, task, max_schema, &out->schema);
    if (!err)
        err = check_keys(&c, task, out->schema, pushed);
    if (!err)
        err = read_test(&c, task, out);
    if (!err)
        err = read_scalars(&c, task, out);
    if (!err)
        err = read_lists(&c, task, out);
    out->schedule = ps_jnode_member(task, "schedule");
    out->reference = ps_jnode_member(task, "reference");
    return err;
}
