// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_out.h"
#include "psched/task.h"

#define SECONDS_MAX (INT64_MAX / PS_SEC)

void task_detail_fini(struct task_detail *d)
{
    free(d->hints);
    free(d->diags);
    free(d->cli);
    free(d->participants);
    memset(d, 0, sizeof *d);
}

static void put_all(struct ps_json *j, const struct task_detail *d)
{
    ps_json_put_str(j, "requester", d->requester);
    ps_json_put_str(j, "tool-version", d->tool_version);
    ps_json_put_raw(j, "hints", d->hints, strlen(d->hints));
    ps_json_put_str(j, "diags", d->diags);
    ps_json_put_raw(j, "cli", d->cli, strlen(d->cli));
    ps_json_put_raw(j, "participants", d->participants, strlen(d->participants));
    ps_json_put_str(j, "class", sch_class_word(d->cls));
    ps_json_put_i64(j, "duration", d->duration);
    ps_json_put_i64(j, "post", d->post);
    ps_json_put_i64(j, "priority", d->priority);
    ps_json_put_str(j, "resource", d->resource);
    ps_json_put_i64(j, "lead", d->lead);
    ps_json_put_bool(j, "childless", d->childless);
}

char *task_detail_write(const struct task_detail *d)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    put_all(j, d);
    ps_json_close(j, '}');
    return ps_text_close(&t, NULL);
}

// --- reading

static char *raw_of(struct ps_jnode n)
{
    return ps_jnode_there(n) ? ps_jnode_copy(n) : NULL;
}

static void take(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

static void read_all(struct task_detail *d, struct ps_jget *g)
{
    const char *cls;

    take(d->requester, sizeof d->requester, ps_jneed_str(g, "requester", 0, sizeof d->requester - 1));
    take(d->tool_version, sizeof d->tool_version, ps_jneed_str(g, "tool-version", 0, TASK_VERSION - 1));
    d->hints = raw_of(ps_jneed_object(g, "hints"));
    d->diags = strdup(ps_jneed_str(g, "diags", 0, SIZE_MAX));
    d->cli = raw_of(ps_jneed_array(g, "cli"));
    d->participants = raw_of(ps_jneed_array(g, "participants"));
    cls = ps_jneed_str(g, "class", 1, 64);
    if (!g->err && sch_class_from_word(cls, &d->cls))
        ps_jget_fail(g, "class", PS_EUNKNOWN, "is no class");
    d->duration = ps_jneed_i64(g, "duration", PS_SEC, INT64_MAX);
    d->post = ps_jneed_i64(g, "post", -1, INT64_MAX);
    d->priority = ps_jneed_i64(g, "priority", INT64_MIN, INT64_MAX);
    take(d->resource, sizeof d->resource, ps_jneed_str(g, "resource", 0, sizeof d->resource - 1));
    d->lead = ps_jneed_i64(g, "lead", 0, SECONDS_MAX);
    d->childless = ps_jneed_bool(g, "childless");
}

int task_detail_read(struct task_detail *d, const char *text, struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    struct ps_jget g;
    int err = ps_jdoc_parse_foreign(&doc, NULL, text, strlen(text), fault);

    memset(d, 0, sizeof *d);
    if (err)
        return err;
    ps_jget_init(&g, ps_jdoc_root(doc), fault);
    read_all(d, &g);
    err = ps_jget_end(&g);
    ps_jdoc_free(doc);
    if (!err && (!d->hints || !d->diags || !d->cli || !d->participants))
        err = -ENOMEM;
    if (err)
        task_detail_fini(d);
    return err;
}
