// SPDX-License-Identifier: Apache-2.0
#include "pslimits/tell.h"
#include <string.h>
#include "base/ps_plain.h"

static const char *const results[] = {"no", "yes", "error", ""};

// What the first level is called.
static const char *head_of(const char *kind)
{
    static const char *const heads[][2] = {{"identify", "identified as"}, {"classify", "classified as"}};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (strcmp(heads[i][0], kind) == 0)
            return heads[i][1];
    return kind;
}

static void put_around(FILE *f, const char *before, const char *text, const char *behind)
{
    fputs(before, f);
    ps_plain_put(f, text);
    fputs(behind, f);
}

static void put_head(FILE *f, const struct lim_reason *r)
{
    fputs(head_of(r->kind), f);
    if (r->name)
        put_around(f, " \"", r->name, "\"");
    if (r->type)
        put_around(f, " for ", r->type, "");
    if (strcmp(r->kind, "verdict") == 0)
        fprintf(f, ": %s", r->result == LIM_YES ? "passed" : "denied");
}

static void put_step(FILE *f, const struct lim_reason *r)
{
    fprintf(f, "%*s%-5s ", 2 * (int)r->depth, "", results[r->result]);
    ps_plain_put(f, r->name ? r->name : r->type ? r->type : r->kind);
    if (r->name && r->type)
        put_around(f, " (", r->type, ")");
}

void tell_text(FILE *f, const struct lim_verdict *v)
{
    for (size_t i = 0; i < v->reasons->n; i++) {
        const struct lim_reason *r = &v->reasons->at[i];
        if (r->depth == 0)
            put_head(f, r);
        else
            put_step(f, r);
        put_around(f, r->text ? ": " : "", r->text, "\n");
    }
}

// JSON

static void put_reason(struct ps_json *j, const struct lim_reason *r)
{
    ps_json_put_str(j, "kind", r->kind);
    if (r->name)
        ps_json_put_str(j, "name", r->name);
    if (r->type)
        ps_json_put_str(j, "type", r->type);
    if (r->result != LIM_MOOT)
        ps_json_put_str(j, "result", results[r->result]);
    if (r->text)
        ps_json_put_str(j, "text", r->text);
}

// The steps from the i-th that are depth deep; the first behind them.
static size_t put_level(struct ps_json *j, const struct lim_reasons *r, size_t i, unsigned depth)
{
    ps_json_open(j, '[');
    while (i < r->n && r->at[i].depth >= depth) {
        ps_json_open(j, '{');
        put_reason(j, &r->at[i]);
        i++;
        if (i < r->n && r->at[i].depth > depth) {
            ps_json_key(j, "reasons");
            i = put_level(j, r, i, depth + 1);
        }
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
    return i;
}

void tell_json(struct ps_json *j, const struct lim_verdict *v, bool reasons)
{
    ps_json_put_bool(j, "passed", v->passed);
    ps_json_put_str(j, "why", v->why);
    if (v->has_priority)
        ps_json_put_i64(j, "priority", v->priority);
    if (v->task)
        ps_json_put_raw(j, "task", v->task, v->task_len);
    if (!reasons)
        return;
    ps_json_key(j, "reasons");
    (void)put_level(j, v->reasons, 0, 0);
}
