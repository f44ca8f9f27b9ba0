// SPDX-License-Identifier: Apache-2.0
// The document of a task: what was imported, and what options say in its place.
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "psched/cli_task.h"
#include "sched/sch_schedule.h"
#include "spec/sp_json.h"
#include "spec/sp_task.h"

#define FILE_MAX ((size_t)4 << 20)
#define NUMBER_MAX INT64_C(9007199254740991)

struct doc {
    const struct cli_link *l;
    const struct task_ask *ask;
    struct ps_jnode imported;
    const char *spec;
    struct ps_json *j;
    int status; // the first failure
};

static void fail(struct doc *d, const char *option, const char *why)
{
    if (!d->status)
        d->status = cli_fail(d->l, CLI_USAGE, "--%s: %s", option, why);
}

static void fail_document(struct doc *d, const char *option, const char *text, const char *fault)
{
    char why[600];

    snprintf(why, sizeof why, "%s%.500s", text[0] == '@' ? "" : "wants JSON or @FILE: ", fault);
    fail(d, option, why);
}

static void fail_number(struct doc *d, const char *option, int64_t min, const char *value)
{
    char why[100];

    snprintf(why, sizeof why, "wants a number%s; got '%.40s'", min > 0 ? " of at least 1" : "", value);
    fail(d, option, why);
}

// JSON of the command line, or of a file when it begins with '@'.
static struct ps_jdoc *load(struct doc *d, const char *option, const char *text)
{
    struct ps_fault fault = {""};
    struct ps_jdoc *doc = NULL;
    int err;

    if (text[0] == '@')
        err = ps_jdoc_load(&doc, text + 1, FILE_MAX, &fault);
    else
        err = ps_jdoc_parse(&doc, NULL, text, strlen(text), &fault);
    if (err) {
        fail_document(d, option, text, fault.text[0] ? fault.text : ps_strerror(err));
        return NULL;
    }
    return doc;
}

static void put_loaded(struct doc *d, const char *option, const char *text)
{
    struct ps_jdoc *doc = load(d, option, text);

    if (doc)
        sp_json_put(d->j, ps_jdoc_root(doc), SP_JSON_UNCOMMENT);
    else
        ps_json_null(d->j);
    ps_jdoc_free(doc);
}

static void put_imported(struct doc *d, struct ps_jnode from, const char *key)
{
    struct ps_jnode n = ps_jnode_member(from, key);

    if (ps_jnode_there(n)) {
        ps_json_key(d->j, key);
        sp_json_put(d->j, n, SP_JSON_UNCOMMENT);
    }
}

static void put_text(struct doc *d, struct ps_jnode from, const char *key, const char *value)
{
    if (value)
        ps_json_put_str(d->j, key, value);
    else
        put_imported(d, from, key);
}

// A bare number is seconds, as in a test's options.
static void put_duration(struct doc *d, struct ps_jnode from, const char *key, const char *value)
{
    char text[32];
    bool bare = value && *value && strlen(value) < 20 && value[strspn(value, "0123456789")] == '\0';

    if (bare)
        snprintf(text, sizeof text, "PT%sS", value);
    put_text(d, from, key, bare ? text : value);
}

static void put_number(struct doc *d, struct ps_jnode from, const char *key, const char *value, int64_t min)
{
    int64_t v = 0;

    if (!value) {
        put_imported(d, from, key);
        return;
    }
    if (ps_num_i64(value, 10, min, NUMBER_MAX, &v) != 0)
        fail_number(d, key, min, value);
    ps_json_put_i64(d->j, key, v);
}

static void put_switch(struct doc *d, struct ps_jnode from, const char *key, bool on)
{
    if (on)
        ps_json_put_bool(d->j, key, true);
    else
        put_imported(d, from, key);
}

static void put_json(struct doc *d, const char *key, const char *option, const char *text)
{
    if (text) {
        ps_json_key(d->j, key);
        put_loaded(d, option, text);
    } else {
        put_imported(d, d->imported, key);
    }
}

// What is no part of a task is not dropped in silence: it is refused as by the scheduler, in check.
static void put_strange(struct doc *d, struct ps_jnode from, const char *const *known, size_t n)
{
    for (struct ps_jnode m = ps_jnode_first(from); ps_jnode_there(m); m = ps_jnode_next(m)) {
        const char *key = ps_jnode_key(m);
        size_t i = 0;

        while (i < n && strcmp(known[i], key) != 0)
            i++;
        if (i < n || key[0] == '#')
            continue;
        ps_json_key(d->j, key);
        sp_json_put(d->j, m, SP_JSON_UNCOMMENT);
    }
}

// The parts

static void put_test(struct doc *d)
{
    if (!d->spec) {
        put_imported(d, d->imported, "test");
        return;
    }
    ps_json_put_open(d->j, "test", '{');
    ps_json_put_str(d->j, "type", d->ask->type);
    ps_json_put_raw(d->j, "spec", d->spec, strlen(d->spec));
    ps_json_close(d->j, '}');
}

static bool has_schedule(const struct task_ask *a)
{
    return a->start || a->slip || a->sliprand || a->repeat || a->repeat_cron || a->until || a->max_runs;
}

static void put_schedule(struct doc *d)
{
    static const char *const known[] = {"schema", "start",       "slip",  "sliprand",
                                        "repeat", "repeat-cron", "until", "max-runs"};
    struct ps_jnode from = ps_jnode_member(d->imported, "schedule");
    const struct task_ask *a = d->ask;

    if (!has_schedule(a)) {
        put_imported(d, d->imported, "schedule");
        return;
    }
    ps_json_put_open(d->j, "schedule", '{');
    if (a->repeat_cron)
        ps_json_put_u64(d->j, "schema", 2);
    else
        put_imported(d, from, "schema");
    put_text(d, from, "start", a->start);
    put_duration(d, from, "slip", a->slip);
    put_switch(d, from, "sliprand", a->sliprand);
    put_duration(d, from, "repeat", a->repeat);
    put_text(d, from, "repeat-cron", a->repeat_cron);
    put_text(d, from, "until", a->until);
    put_number(d, from, "max-runs", a->max_runs, 1);
    put_strange(d, from, known, sizeof known / sizeof known[0]);
    ps_json_close(d->j, '}');
}

// Those imported, and behind them those of the command line.
static void put_archives(struct doc *d)
{
    struct ps_jnode from = ps_jnode_member(d->imported, "archives");

    if (d->ask->archives.n == 0) {
        put_imported(d, d->imported, "archives");
        return;
    }
    ps_json_put_open(d->j, "archives", '[');
    for (struct ps_jnode n = ps_jnode_first(from); ps_jnode_there(n); n = ps_jnode_next(n))
        sp_json_put(d->j, n, SP_JSON_UNCOMMENT);
    for (size_t i = 0; i < d->ask->archives.n; i++)
        put_loaded(d, "archive", d->ask->archives.at[i]);
    ps_json_close(d->j, ']');
}

static void put_tools(struct doc *d)
{
    if (d->ask->tools.n == 0) {
        put_imported(d, d->imported, "tools");
        return;
    }
    ps_json_put_open(d->j, "tools", '[');
    for (size_t i = 0; i < d->ask->tools.n; i++)
        ps_json_str(d->j, d->ask->tools.at[i]);
    ps_json_close(d->j, ']');
}

static bool has(const struct doc *d, const char *key, bool option)
{
    return option || ps_jnode_there(ps_jnode_member(d->imported, key));
}

// The oldest that knows all of it.
static unsigned schema_of(const struct doc *d)
{
    const struct task_ask *a = d->ask;

    if (has(d, "keep-after-archive", a->keep_after_archive != NULL))
        return 5;
    if (has(d, "debug", a->debug))
        return 4;
    if (has(d, "priority", a->priority != NULL))
        return 3;
    return has(d, "contexts", a->contexts != NULL) ? 2 : 1;
}

static void put_task(struct doc *d)
{
    static const char *const known[] = {
        "schema",    "test", "tool",      "tools",    "schedule", "archives",          "contexts",
        "reference", "_key", "lead-bind", "priority", "debug",    "keep-after-archive"};
    const struct task_ask *a = d->ask;

    ps_json_open(d->j, '{');
    ps_json_put_u64(d->j, "schema", schema_of(d));
    put_test(d);
    put_schedule(d);
    put_archives(d);
    put_tools(d);
    put_json(d, "contexts", "context", a->contexts);
    put_json(d, "reference", "reference", a->reference);
    put_text(d, d->imported, "_key", a->key);
    put_text(d, d->imported, "lead-bind", a->lead_bind);
    put_number(d, d->imported, "priority", a->priority, -NUMBER_MAX);
    put_switch(d, d->imported, "debug", a->debug);
    put_duration(d, d->imported, "keep-after-archive", a->keep_after_archive);
    put_strange(d, d->imported, known, sizeof known / sizeof known[0]);
    ps_json_close(d->j, '}');
}

static bool says(struct ps_jnode object, const char *key)
{
    return ps_jnode_there(ps_jnode_member(object, key));
}

// Taken, but it says nothing.
static void warn(const struct doc *d, struct ps_jnode schedule)
{
    uint64_t runs = 1;

    (void)ps_jnode_u64(ps_jnode_member(schedule, "max-runs"), 1, UINT64_MAX, &runs, NULL);
    if (runs > 1 && !says(schedule, "repeat") && !says(schedule, "repeat-cron"))
        (void)cli_fail(d->l, 0, "warning: max-runs without repeat or repeat-cron: there is one run");
}

static int check(const struct doc *d, const struct ps_buf *text)
{
    struct ps_fault fault = {""};
    struct sch_schedule schedule;
    struct sp_task task;
    struct ps_jdoc *doc;

    int err = ps_jdoc_parse(&doc, NULL, (const char *)ps_buf_head(text),
                            strlen((const char *)ps_buf_head(text)), &fault);
    if (err)
        return cli_fail(d->l, CLI_USAGE, "%s", fault.text);
    err = sp_task_read(&task, ps_jdoc_root(doc), SP_TASK_SCHEMA, false, &fault);
    if (!err)
        err = sch_schedule_read(&schedule, task.schedule, &fault);
    if (!err)
        warn(d, task.schedule);
    ps_jdoc_free(doc);
    return err ? cli_fail(d->l, CLI_USAGE, "%s", fault.text) : 0;
}

int task_compose(const struct cli_link *l, const struct task_ask *a, struct ps_jnode imported,
                 const char *spec, struct ps_buf *out)
{
    struct doc d = {.l = l, .ask = a, .imported = imported, .spec = spec};
    struct ps_text t;

    d.j = ps_text_open(&t);
    d.j->ascii = true;
    put_task(&d);
    int err = ps_text_append(&t, out);
    if (!err)
        err = ps_buf_append(out, "", 1);
    if (err)
        return cli_fail(l, CLI_SYSTEM, "%s", ps_strerror(err));
    return d.status ? d.status : check(&d, out);
}
